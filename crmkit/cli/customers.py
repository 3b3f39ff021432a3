"""Commands on single customers: ``duplicates``, ``unmerge``, ``forget``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crmkit.cli.app import Format, OutputFormat, SettingsPath, app
from crmkit.cli.data import read_nearby
from crmkit.errors import printable


@app.command(
    epilog="Examples: crmkit duplicates | crmkit duplicates --questions | crmkit duplicates --answer q37acb836=same | "
    "crmkit duplicates --format csv > merges.csv"
)
def duplicates(
    questions: Annotated[
        bool, typer.Option("--questions", help="List the kinds of pairs that wait for an answer, with masked examples.")
    ] = False,
    answer: Annotated[
        str | None,
        typer.Option(
            metavar="QUESTION=ANSWER", help="Answer all pairs of a kind: same, different, or open to take it back."
        ),
    ] = None,
    settings: SettingsPath = None,
    output: OutputFormat = Format.table,
) -> None:
    """List the customers that loads have merged, and why; `crmkit unmerge` undoes a merge.

    Single pairs are answered in the review file that `crmkit load` writes.
    """
    from crmkit.cleaning.duplicates.questions import answer_question, open_questions
    from crmkit.cleaning.duplicates.unmerge import merge_log
    from crmkit.cli.show import print_frame

    wanted = read_nearby(settings)
    if answer is not None:
        typer.echo(printable(answer_question(wanted, answer)))
    elif questions:
        print_frame(open_questions(wanted), output.value)
    else:
        print_frame(merge_log(wanted), output.value)


@app.command(epilog="Examples: crmkit unmerge C-900001 | crmkit unmerge C-900001 --settings sample")
def unmerge(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of the account to take out.")],
    settings: SettingsPath = None,
) -> None:
    """Make a merged account a customer of its own again; later loads do not merge it."""
    from crmkit.cleaning.duplicates.unmerge import unmerge as unmerge_account
    from crmkit.cli.progress import working

    with working("Undoing the merge"):
        done = unmerge_account(read_nearby(settings), customer)
    typer.echo(printable(done))


@app.command(epilog="Examples: crmkit forget C-10001 --dry-run | crmkit forget ada@example.org")
def forget(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id or e-mail address.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    reports: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the reports.", show_default="as in the settings")
    ] = None,
    settings: SettingsPath = None,
) -> None:
    """Remove a customer from store, predictions, lists, cache and reports, and from all later loads.

    Orders, deals and paid terms stay for accounting, without the customer. The export files stay as they are.
    """
    from crmkit.cli.progress import working
    from crmkit.reporting.runner.forget import forget as forget_customer

    with working("Looking for the customer"):
        forgotten = forget_customer(customer, settings, reports=reports, dry_run=dry_run)
    typer.echo(printable(str(forgotten)))
    raise typer.Exit(1 if forgotten.remains else 0)
