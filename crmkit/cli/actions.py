"""Commands on what to do and whether it worked: ``actions``, ``actions draw``, ``actions undo``."""

from __future__ import annotations

from typing import Annotated

import typer

from crmkit.cli.app import Format, OutputFormat, SettingsPath, app
from crmkit.errors import printable

actions = typer.Typer(
    no_args_is_help=False,
    invoke_without_command=True,
    help="Say what to do next, which trials run, and what earlier ones showed.",
    epilog="Examples: crmkit actions | crmkit actions draw reorder | crmkit actions undo reorder | crmkit actions --results",
)
app.add_typer(actions, name="actions")

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DAY", help="Last day whose data are used.", show_default="last day of the data"),
]


@actions.callback()
def actions_overview(
    context: typer.Context,
    results: Annotated[bool, typer.Option("--results", help="List what each trial showed.")] = False,
    columns: Annotated[bool, typer.Option("--columns", help="List the columns that rules can compare.")] = False,
    as_of: AsOf = None,
    settings: SettingsPath = None,
    output: OutputFormat = Format.table,
) -> None:
    """Say what to do next, which trials run, and what earlier ones showed."""
    if context.invoked_subcommand is not None:
        return
    import pandas as pd

    from crmkit.cleaning.loading.connect import connect
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame
    from crmkit.insights.actions.measure import measure
    from crmkit.insights.actions.people import COLUMNS
    from crmkit.insights.actions.propose import propose
    from crmkit.insights.actions.report import actions_in_words

    if columns:
        print_frame(pd.DataFrame(COLUMNS.items(), columns=["column", "meaning"]), output.value)
        return
    with working("Looking at what there is to do"):
        catalog = connect(settings)
        found = measure(catalog, as_of) if results else propose(catalog, as_of)
    if results or output is not Format.table:
        print_frame(found, output.value)
    else:
        typer.echo(printable(actions_in_words(catalog, found, as_of)))


@actions.command(
    name="draw",
    epilog="Examples: crmkit actions draw reorder | crmkit actions draw keep --treat 20 --hold 10 --contacts",
)
def actions_draw(
    action: Annotated[str, typer.Argument(metavar="NAME", help="Of the action, as `crmkit actions` lists it.")],
    treat: Annotated[int | None, typer.Option(min=2, help="People to treat.", show_default="earns most")] = None,
    hold: Annotated[int | None, typer.Option(min=2, help="People to hold out.", show_default="earns most")] = None,
    contacts: Annotated[
        bool, typer.Option("--contacts", help="Put names, addresses and telephone numbers on the list.")
    ] = False,
    as_of: AsOf = None,
    settings: SettingsPath = None,
) -> None:
    """Draw people for an action and its holdout by lot, and write the list of those to treat."""
    from crmkit.cleaning.loading.connect import connect
    from crmkit.cli.progress import working
    from crmkit.insights.actions.draw import draw
    from crmkit.insights.actions.report import draw_in_words

    with working("Drawing"):
        drawn = draw(connect(settings), action, as_of, treat=treat, hold=hold, contacts=contacts)
    typer.echo(printable(draw_in_words(drawn)))


@actions.command(name="undo", epilog="Example: crmkit actions undo reorder")
def actions_undo(
    action: Annotated[str, typer.Argument(metavar="NAME", help="Of the action.")],
    settings: SettingsPath = None,
) -> None:
    """Take back the latest draw of an action, as long as nothing was sent."""
    from crmkit.cleaning.loading.connect import connect
    from crmkit.insights.actions.draw import undo_draw

    typer.echo(printable(undo_draw(connect(settings), action)))
