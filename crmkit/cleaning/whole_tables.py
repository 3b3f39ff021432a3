"""What only shows when a whole table is looked at: gaps and early ends, amounts beyond all others, odd orders, joins.

Written once for export files and for a database: each check is an aggregate query where the rows are, and brings back
counts, or a row per day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from crmkit.cleaning.event_order import odd_events
from crmkit.cleaning.findings import Finding
from crmkit.cleaning.joins import Join, joins
from crmkit.cleaning.outliers import Outliers, outliers
from crmkit.cleaning.report import LoadReport
from crmkit.cleaning.timeline import Stretch, improbable_stretches, rows_by_day
from crmkit.periods import day_in_words, days_in_words
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import period_ordinal
from crmkit.tables.remembering import remember_each
from crmkit.tables.schema import SCHEMAS
from crmkit.tables.span import dated

_AMOUNTS = {
    "orders": "revenue",
    "costs": "amount",
    "deals": "amount",
    "subscription_terms": "mrr",
    "mailings": "revenue",
}
_BOOKED = {"subscription_terms"}  # begin when they like, ahead of the day too
_MOST_GAPS = 3
_MEND = "Mend it in the tool it comes from, and load again."


def table_findings(catalog: Catalog) -> list[Finding]:
    """Return what is odd about the tables of a catalog as wholes, shares still 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmkit.cleaning.connect import connect
    >>> days = pd.date_range("2026-01-01", periods=120).delete(range(60, 70))
    >>> orders = pd.DataFrame({"order_id": range(110), "ordered_at": days, "revenue": 12.5})
    >>> table_findings(connect({"orders": orders}))[0].finding
    'no row from 2 to 11 March 2026 (10 days), where about 10 were to be expected'
    """
    # Two pages ask for it at the same time: part by part they share the work.
    parts = remember_each(catalog, _part, [(part,) for part in _PARTS])
    return [
        Finding(**{str(name): value for name, value in row.items()})
        for part in parts
        for row in part.to_dict("records")
    ]


def _part(catalog: Catalog, part: str) -> pd.DataFrame:
    return pd.DataFrame(
        [asdict(each) for each in _PARTS[part](catalog)], columns=[field.name for field in fields(Finding)]
    )


def looked_at_whole(report: LoadReport, catalog: Catalog) -> LoadReport:
    """Return a report on rows with what is odd about the tables as wholes."""
    shares = {name: 1 / max(counts.n_in, 1) for name, counts in report.counts.items()}
    found = [replace(each, share=each.n_rows * shares.get(each.table, 0.0)) for each in table_findings(catalog)]
    return replace(report, findings=(*report.findings, *found))


def _timelines(catalog: Catalog) -> Iterator[Finding]:
    tables = _tables(catalog)
    for name, clock in dated(tables).items():
        if name not in _BOOKED:
            yield from _timeline(name, tables[name], clock, catalog.data_through)


def _all_amounts(catalog: Catalog) -> Iterator[Finding]:
    tables = _tables(catalog)
    for name, column in _AMOUNTS.items():
        yield from _amounts(tables, name, column)


def _odd_events(catalog: Catalog) -> Iterator[Finding]:
    for odd in odd_events(_tables(catalog)):
        yield Finding(odd.table, odd.finding, odd.n_rows, 0.0, "note", odd.consequence, _MEND)


def _all_joined(catalog: Catalog) -> Iterator[Finding]:
    for join in joins(catalog):
        yield from _joined(join)


_PARTS: dict[str, Callable[[Catalog], Iterator[Finding]]] = {
    "timelines": _timelines,
    "amounts": _all_amounts,
    "events": _odd_events,
    "joins": _all_joined,
}


def _tables(catalog: Catalog) -> dict[str, ir.Table]:
    return {name: catalog.table(name) for name in catalog.names}


def _timeline(name: str, table: ir.Table, clock: str, through: date | None) -> Iterator[Finding]:
    stretches = improbable_stretches(rows_by_day(table, clock), through)
    inside = sorted((s for s in stretches if not s.at_end), key=lambda stretch: -stretch.expected)
    for stretch in sorted(inside[:_MOST_GAPS], key=lambda stretch: stretch.first):
        days = f"{days_in_words(stretch.first, stretch.last)} ({stretch.n_days} days)"
        yield Finding(name, f"no row from {days}, where about {stretch.expected:,.0f} were to be expected", 0, 0.0,
                      "warning", f"What is counted from {name} is too low in these days.",
                      "If the firm was open, export these days again and load; if it was closed, all is well.")  # fmt: skip
    if len(inside) > _MOST_GAPS:
        yield Finding(name, f"{len(inside) - _MOST_GAPS} shorter stretches without rows", 0, 0.0, "warning",
                      f"What is counted from {name} is too low in these days.", "See the gaps of the table.")  # fmt: skip
    for stretch in stretches:
        if stretch.at_end:
            yield _early_end(name, stretch)


def _early_end(name: str, stretch: Stretch) -> Finding:
    return Finding(
        name,
        f"the rows end {stretch.n_days} days before {day_in_words(stretch.last)}, where the data end; about "
        f"{stretch.expected:,.0f} more were to be expected",
        0,
        0.0,
        "warning",
        f"What is counted from {name} is too low from {day_in_words(stretch.first)} on.",
        "If there are newer rows, export again and load.",
    )


def _amounts(tables: Mapping[str, ir.Table], name: str, column: str) -> Iterator[Finding]:
    clock = SCHEMAS[name].clock
    if name not in tables or clock is None or column not in tables[name].columns:
        return
    table = tables[name]
    odd = outliers(table, column, clock)
    if odd is None:
        return
    lies = "the largest is" if odd.n_rows > 1 else "it is"
    yield Finding(name, f"{column} is {abs(odd.largest) / odd.usual:,.0f} times the usual {odd.usual:,.2f}: {lies} "
                  f"{odd.largest:,.2f} on {day_in_words(odd.on)}", odd.n_rows, 0.0, "warning", _weight(table, odd, clock),
                  f"Look it up: a price in cents, a lost decimal comma? {_MEND}")  # fmt: skip


def _weight(table: ir.Table, odd: Outliers, clock: str) -> str:
    """Return what one amount does to the sum of its month."""
    same = table.filter(period_ordinal(table[clock], "month") == odd.on.year * 12 + odd.on.month - 1)
    total = float(same.aggregate(total=same[odd.column].abs().sum()).execute()["total"].iloc[0])
    return (
        f"It counts: alone it is {100 * abs(odd.largest) / total:.0f} % of what the rows of {odd.on:%B %Y} add up to."
    )


def _joined(join: Join) -> Iterator[Finding]:
    if join.n_not_found:
        yield Finding(
            join.table, f"{join.column} is not found in {join.target}", join.n_not_found, 0.0, "note",
            f"They count in totals, and fall under no group when a metric is split by a column of {join.target}.",
            f"Export {join.target} again, all of them.",
        )  # fmt: skip
    if join.n_after > join.n_before:
        yield Finding(
            join.table, f"looked up in {join.target} by {join.column}, {join.n_before:,} rows become {join.n_after:,}",
            join.n_after - join.n_before, 0.0, "warning",
            f"Split by a column of {join.target}, these rows count more than once.",
            f"Make {join.column} unique in {join.target}.",
        )  # fmt: skip
