"""Commands on people who are in there twice: ``duplicates``, ``unmerge``."""

from __future__ import annotations

from typing import Annotated

import typer

from crmkit.cli.app import Format, OutputFormat, SettingsPath, app


@app.command(epilog="Examples: crmkit duplicates | crmkit duplicates --format csv > merges.csv")
def duplicates(settings: SettingsPath = None, output: OutputFormat = Format.table) -> None:
    """List the customers whom loads have merged, and why; `crmkit unmerge` undoes a merge."""
    from crmkit.cleaning.duplicates.unmerge import merge_log
    from crmkit.cli.data import read
    from crmkit.cli.show import print_frame

    print_frame(merge_log(read(settings)), output.value)


@app.command(name="unmerge", epilog="Examples: crmkit unmerge C-900001 | crmkit unmerge C-900001 --settings sample")
def take_apart(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of the account to be taken out.")],
    settings: SettingsPath = None,
) -> None:
    """Make a merged account a customer of its own again, and keep it so."""
    from crmkit.cleaning.duplicates.unmerge import unmerge
    from crmkit.cli.data import read
    from crmkit.cli.progress import working

    with working("Taking them apart"):
        told = unmerge(read(settings), customer)
    typer.echo(told)
