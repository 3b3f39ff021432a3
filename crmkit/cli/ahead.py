"""The command ``ahead``: the months to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmkit.cli.app import Format, OutputFormat, PeriodText, SettingsPath, app
from crmkit.errors import printable

if TYPE_CHECKING:
    import pandas as pd


@app.command(epilog="Examples: crmkit ahead | crmkit ahead turnover --months 12 | crmkit ahead --period 2026-06")
def ahead(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[METRIC]...", help="Which; without it turnover, orders, customers and the like."),
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=12, help="How many months.")] = 6,
    period: PeriodText = None,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """Say what the months ahead bring, with 80 and 95 % intervals, and whether the goals of the year are reached.

    With --period what would have been said at its end.
    """
    import crmkit as ck
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame, print_rows
    from crmkit.insights.ahead import goal_sentences
    from crmkit.periods import last_day
    from crmkit.reporting.reported_period import covered_period

    with working("Looking ahead"):
        catalog = ck.connect(settings)
        asked = covered_period(catalog, period) if period else None
        rows = ck.ahead(catalog, names or None, months, as_of=last_day(catalog.data_through, asked))
    if output is not Format.table:
        print_frame(rows, output.value)
        return
    currency = catalog.settings.company.currency
    print_rows(["metric", "month", "expected", "80 %", "95 %", "note"], _lines(rows, currency))
    for sentence in goal_sentences(rows, currency):
        typer.echo(printable(sentence))


def _lines(rows: pd.DataFrame, currency: str) -> list[list[str]]:
    from crmkit.metrics.formatting import scale_for

    lines = []
    for row in rows.to_dict("records"):
        scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
        name, period = str(row["label"]), str(row["period"])
        if row["status"] != "ok":
            lines.append([name, period, str(row["status"]), "", "", _note(row)])
            continue
        expected = [scale.words(row["value"]), scale.interval(row["low_80"], row["high_80"])]
        lines.append([name, period, *expected, scale.interval(row["low"], row["high"]), _note(row)])
    return lines


def _note(row: dict[Any, Any]) -> str:
    return str(row["reason"] or "")
