"""Commands on the way in: ``sample``, ``load``, ``check``. Each imports what it needs itself: ``--help`` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crmkit.cli.app import Format, OutputFormat, SettingsPath, app
from crmkit.errors import CrmkitError


@app.command(epilog="Example: crmkit sample demo && crmkit report --settings demo")
def sample(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to write; it must be new or empty.")] = Path(
        "sample"
    ),
) -> None:
    """Write an invented company: its settings and its export files."""
    from crmkit.cli.progress import working
    from crmkit.sources.sample import sample_company, write_exports

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CrmkitError(f"{folder} is not empty. Name a new folder, such as: crmkit sample {folder}2")
    with working("Inventing a company"):
        write_exports(sample_company(), folder)
    typer.echo(folder / "crmkit.toml")


@app.command()
def load(settings: SettingsPath = None) -> None:
    """Read the export files, check them and write the store that reports read."""
    from crmkit.cleaning import load as load_exports
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame
    from crmkit.settings import read_settings
    from crmkit.sources.connect import find_settings

    with working("Loading the exports"):
        loaded = load_exports(read_settings(find_settings(settings)))
    print_frame(loaded.summary())


@app.command()
def check(settings: SettingsPath = None, output: OutputFormat = Format.table) -> None:
    """Say what is wrong with the export files, without writing anything."""
    from crmkit.cleaning import check as check_exports
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame

    with working("Checking the exports"):
        findings = check_exports(settings)
    print_frame(findings, output.value)
