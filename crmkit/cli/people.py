"""The command about single people: ``forget``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crmkit.cli.app import SettingsPath, app


@app.command(epilog="Examples: crmkit forget C-10001 --dry-run | crmkit forget ada@example.org")
def forget(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Her id, or her e-mail address.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    reports: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the reports.", show_default="as in the settings")
    ] = None,
    settings: SettingsPath = None,
) -> None:
    """Remove a customer from store, predictions, lists, cache and reports, and keep her out of the next load.

    Her orders, deals and paid terms stay for the books, without her. The export files stay as they are.
    """
    from crmkit.cli.progress import working
    from crmkit.reporting.runner.forget import forget as forget_customer

    with working("Looking for the customer"):
        forgotten = forget_customer(customer, settings, reports=reports, dry_run=dry_run)
    typer.echo(forgotten)
    raise typer.Exit(1 if forgotten.remains else 0)
