"""Checks of whole tables: gaps and early ends, extreme amounts, events in an impossible order, ids without their row.

Written once for export files and for a database: each check is an aggregate query where the rows are, and returns
counts, or a row per day. Extreme amounts are so far beyond the usual that they were probably typed in cents, or have
lost their decimal comma.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from math import exp, log, sqrt

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.timeline import Gap, contradictions, rows_by_day, unexpected_gaps
from crmkit.cleaning.loading.load_report import LoadReport
from crmkit.periods import day_in_words, days_in_words
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog
from crmkit.tables.data_span import time_columns
from crmkit.tables.expressions import day, period_ordinal
from crmkit.tables.paid_twice import paid_twice
from crmkit.tables.schema import SCHEMAS
from crmkit.tables.unseen_renewals import grace_of, unseen_of

_AMOUNTS = {
    "orders": "revenue",
    "costs": "amount",
    "deals": "amount",
    "subscription_terms": "mrr",
    "mailings": "revenue",
}
_BOOKED = {"subscription_terms"}  # begin when they like, ahead of the day too
_MOST_GAPS = 3
_FIX = "Mend it in the tool it comes from, and load again."
_FEWEST, _MANY = 30, 300  # amounts: with fewer the usual is unknown; with so many a hundredth is several
_FACTOR, _LEAST = 50, 20  # times the usual: beyond the scale, and beyond a gap
_MARGIN, _NARROWEST = 2.0, 0.2  # standard deviations beyond the largest of chance; smallest one believed in
_TAIL, _JUMP, _SHORTEST = (
    40,
    7.0,
    0.05,
)  # amounts below a gap from which the steps of the tail are estimated; steps of a gap; smallest step
_MOST = 3  # amounts above a gap
_REPEATED = 3  # an amount that comes so often is a price
TARGETS = {
    "customer_id": "customers",
    "referred_by": "customers",
    "order_id": "orders",
    "lead_id": "leads",
    "deal_id": "deals",
}
"""Table that a column of ids points to."""
_KEYS = {"customers": "customer_id", "orders": "order_id", "leads": "lead_id", "deals": "deal_id"}


def table_findings(catalog: Catalog) -> list[Finding]:
    """Return the findings on whole tables of a catalog, with shares still 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmkit.cleaning.loading.connect import connect
    >>> days = pd.date_range("2026-01-01", periods=120).delete(range(60, 70))
    >>> orders = pd.DataFrame({"order_id": range(110), "ordered_at": days, "revenue": 12.5})
    >>> table_findings(connect({"orders": orders}))[0].finding
    'no row from 2 to 11 March 2026 (10 days), where about 10 were to be expected'
    """
    # Two pages ask for it at the same time: part by part they share the work.
    parts = memoize_each(catalog, _part, [(part,) for part in _PARTS])
    return [
        Finding(**{str(name): value for name, value in row.items()})
        for part in parts
        for row in part.to_dict("records")
    ]


def with_table_findings(report: LoadReport, catalog: Catalog) -> LoadReport:
    """Add the findings on whole tables to a report on rows."""
    shares = {name: 1 / max(counts.n_in, 1) for name, counts in report.counts.items()}
    found = [replace(each, share=each.n_rows * shares.get(each.table, 0.0)) for each in table_findings(catalog)]
    return replace(report, findings=(*report.findings, *found))


@dataclass(frozen=True)
class Outliers:
    """Amounts of a column beyond all others.

    Attributes
    ----------
    column : str
    n_rows : int
    usual : float
        The amount in the middle, without its sign [the column's unit].
    largest : float
        The largest of them, with its sign [the column's unit].
    on : date
        Day of the largest.
    """

    column: str
    n_rows: int
    usual: float
    largest: float
    on: date


def outliers(table: ir.Table, column: str, clock: str) -> Outliers | None:
    """Return the amounts that lie far outside the others on a logarithmic scale, or None.

    Sizes are compared without their signs, on a logarithmic scale. An amount is far outside if it is at least 50 times
    the median and lies two standard deviations (estimated from the upper quartile or the highest hundredth, whichever gives more)
    beyond the largest that so many log-normal amounts would have; or if it is at least 20 times the median and a gap
    parts it from the others that is seven times as wide as the steps of the forty amounts below. A price that comes
    three times or more is not an error, and frequent large amounts are not errors either.

    Parameters
    ----------
    table : ibis table
    column, clock : str
        Column of amounts, and the table's time.

    Examples
    --------
    >>> import ibis
    >>> on = pd.date_range("2026-01-01", periods=60)
    >>> orders = pd.DataFrame({"ordered_at": on, "revenue": [40.0, 50.0, 60.0] * 19 + [45.0, 55.0, 4500.0]})
    >>> outliers(ibis.memtable(orders), "revenue", "ordered_at").largest
    4500.0
    """
    size = table[column].abs()
    rows = table.filter(size > 0).select(size=size, amount=table[column], on=day(table[clock]))
    quantiles = {at: rows["size"].quantile(float(at)) for at in ("0.5", "0.75", "0.9", "0.99")}
    known = rows.aggregate(n=rows.count(), **quantiles).execute().iloc[0]
    if known["n"] < _FEWEST:
        return None
    by_size = rows.group_by("size").aggregate(n=ibis._.count(), amount=ibis._.amount.max(), on=ibis._.on.min())
    top = by_size.order_by(by_size["size"].desc()).limit(_MOST + _TAIL + 1).execute()
    usual = float(known["0.5"])
    sizes = top["size"].to_numpy(dtype=float)
    spread = max(
        *(log(known[at] / usual) / deviations for at, deviations in _spread_quantiles(known["n"]).items()), _NARROWEST
    )
    n_beyond = max(_above_scale(sizes, int(known["n"]), usual, spread), _above_gap(sizes, usual))
    if n_beyond == len(top):  # the large amounts do not end: they are no slips
        return None
    single = top[:n_beyond].query("n < @_REPEATED")
    if single.empty:
        return None
    largest = single.iloc[0]
    return Outliers(column, int(single["n"].sum()), usual, float(largest["amount"]), pd.Timestamp(largest["on"]).date())


@dataclass(frozen=True)
class JoinCounts:
    """The number of rows of a table before and after joining the table that a column of ids refers to.

    Attributes
    ----------
    table, column, target : str
    n_before : int
        Rows of the table [rows].
    n_after : int
        Rows after the join that keeps rows without a partner [rows].
    n_without_id, n_not_found : int
        Rows without an id, and rows whose id is not in the other table [rows].
    """

    table: str
    column: str
    target: str
    n_before: int
    n_after: int
    n_without_id: int
    n_not_found: int


def join_counts(catalog: Catalog) -> list[JoinCounts]:
    """Return each join of a table with the one that a column of ids points to, counted where the rows are.

    Parameters
    ----------
    catalog : Catalog

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> lines = pd.DataFrame({"order_id": ["a", "a", "z"], "product": ["cup", "pot", "cup"]})
    >>> orders = pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [12.5]})
    >>> (join,) = join_counts(connect({"orders": orders, "order_lines": lines}))
    >>> join.n_before, join.n_after, join.n_not_found
    (3, 3, 1)
    """
    rows = memoize(catalog, _counted_all)
    return [JoinCounts(**{str(name): value for name, value in row.items()}) for row in rows.to_dict("records")]


def _part(catalog: Catalog, part: str) -> pd.DataFrame:
    return pd.DataFrame(
        [asdict(each) for each in _PARTS[part](catalog)], columns=[field.name for field in fields(Finding)]
    )


def _timelines(catalog: Catalog) -> Iterator[Finding]:
    tables = _tables(catalog)
    for name, clock in time_columns(tables).items():
        if name not in _BOOKED:
            yield from _timeline(name, tables[name], clock, catalog.data_through)


def _all_amounts(catalog: Catalog) -> Iterator[Finding]:
    tables = _tables(catalog)
    for name, column in _AMOUNTS.items():
        yield from _amounts(tables, name, column)


def _odd_events(catalog: Catalog) -> Iterator[Finding]:
    for event in contradictions(_tables(catalog)):
        yield Finding(event.table, event.finding, event.n_rows, 0.0, "note", event.consequence, _FIX)


def _all_join_counts(catalog: Catalog) -> Iterator[Finding]:
    for join in join_counts(catalog):
        yield from _join_findings(join)


def _end_in_doubt(catalog: Catalog) -> Iterator[Finding]:
    n_terms, through = catalog.terms_in_doubt, catalog.data_through
    if n_terms and through is not None:
        yield Finding(
            "subscription_terms",
            f"nothing shows up to which day the export reaches: the last term began on {day_in_words(through)}, and "
            f"{n_terms:,} run beyond that day. Write its last day under [data], such as through = 2026-10-31",
            n_terms,
            0.0,
            "warning",
            f"The data are taken to end on {day_in_words(through)}: who left later is not seen, and no later month is told.",
            "Write the last day that the export covers under [data] in the settings, and load again.",
        )


def _renewals(catalog: Catalog) -> Iterator[Finding]:
    unseen, grace = unseen_of(catalog), grace_of(catalog)
    if unseen is not None:
        yield Finding(
            "subscription_terms",
            unseen.words,
            unseen.n_terms - unseen.n_renewed,
            0.0,
            "warning",
            "Until they are loaded, these customers count as lost in churn, retention and recurring revenue. Chances of "
            "leaving are not learned from them.",
            "Load the export that holds the new terms, whole. If they have really left, nothing is to be done.",
        )
    if grace is not None:
        days, n_late = grace
        yield Finding(
            "subscription_terms",
            f"{n_late:,} terms were renewed up to {days} days late, and count as not renewed. To count them as renewed "
            f"write renewal_grace_days = {days} under [company]",
            n_late,
            0.0,
            "note",
            f"Each of these customers leaves and returns. With {days} days of grace who leaves is seen as many days later.",
            f"Write renewal_grace_days = {days} under [company] in the settings.",
        )


def _payments(catalog: Catalog) -> Iterator[Finding]:
    twice = paid_twice(catalog)
    if twice is not None:
        yield Finding(
            "orders",
            twice.words,
            twice.n_orders,
            0.0,
            "warning",
            "Turnover counts them twice, as orders and as recurring revenue; so do value and segments.",
            "Load the orders without these payments, or leave the subscriptions out. If both are real, nothing is to be done.",
        )


_PARTS: dict[str, Callable[[Catalog], Iterator[Finding]]] = {
    "timelines": _timelines,
    "amounts": _all_amounts,
    "events": _odd_events,
    "joins": _all_join_counts,
    "end": _end_in_doubt,
    "renewals": _renewals,
    "payments": _payments,
}


def _spread_quantiles(n: int) -> dict[str, float]:
    """Return the quantiles that the spread is estimated from, and their normal quantiles [standard deviations]."""
    return (
        {"0.75": 0.6745, "0.99": 2.3263} if n >= _MANY else {"0.75": 0.6745, "0.9": 1.2816}
    )  # typing errors must not be among them


def _above_scale(sizes: NDArray[np.float64], n: int, middle: float, spread: float) -> int:
    """Return how many sizes, from the largest down, lie beyond what chance makes of a log-normal distribution."""
    limit = max(_FACTOR * middle, middle * exp(spread * (sqrt(2 * log(n)) + _MARGIN)))
    return int((sizes > limit).sum())


def _above_gap(sizes: NDArray[np.float64], middle: float) -> int:
    """Return how many sizes, from the largest down, lie above a gap that is far wider than the steps below it."""
    above = 0
    for place in range(1, _MOST + 1):
        tail = sizes[place : place + _TAIL + 1]
        if len(tail) <= _TAIL or sizes[place - 1] < _LEAST * middle:
            break
        step = max(float(np.log(tail[:-1] / tail[-1]).mean()), _SHORTEST)  # Hill's estimate of the tail
        if log(sizes[place - 1] / tail[0]) > _JUMP * step:
            above = place
    return above


def _counted_all(catalog: Catalog) -> pd.DataFrame:
    tables = {name: catalog.table(name) for name in catalog.names}
    found = [
        _counted(name, table, column, target, tables[target])
        for name, table in tables.items()
        for column, target in TARGETS.items()
        if column in table.columns and target in tables and (name != target or column == "referred_by")
    ]
    return pd.DataFrame([asdict(join) for join in found], columns=[field.name for field in fields(JoinCounts)])


def _counted(name: str, table: ir.Table, column: str, target: str, other: ir.Table) -> JoinCounts:
    ids = table.group_by(_id=table[column]).aggregate(_n=ibis._.count())
    key = other[_KEYS[target]]
    partners = other.filter(key.notnull()).group_by(_other=key).aggregate(_partners=ibis._.count())
    both = ids.left_join(partners, ids["_id"] == partners["_other"])
    unknown, lone = both["_id"].isnull(), both["_other"].isnull()
    counts = both.aggregate(
        n_before=both["_n"].sum(),
        n_after=(both["_n"] * both["_partners"].fill_null(1)).sum(),
        n_without_id=ibis.ifelse(unknown, both["_n"], 0).sum(),
        n_not_found=ibis.ifelse(lone & ~unknown, both["_n"], 0).sum(),
    )
    sums = counts.execute().iloc[0].astype("float64").fillna(0).astype("int64").to_dict()
    return JoinCounts(name, column, target, **sums)


def _tables(catalog: Catalog) -> dict[str, ir.Table]:
    return {name: catalog.table(name) for name in catalog.names}


def _timeline(name: str, table: ir.Table, clock: str, through: date | None) -> Iterator[Finding]:
    gaps = unexpected_gaps(rows_by_day(table, clock), through)
    inside = sorted((s for s in gaps if not s.at_end), key=lambda gap: -gap.expected)
    for gap in sorted(inside[:_MOST_GAPS], key=lambda gap: gap.first):
        days = f"{days_in_words(gap.first, gap.last)} ({gap.n_days} days)"
        yield Finding(
            name,
            f"no row from {days}, where about {gap.expected:,.0f} were to be expected",
            0,
            0.0,
            "warning",
            f"What is counted from {name} is too low in these days.",
            "If the firm was open, export these days again and load; if it was closed, all is well.",
        )
    if len(inside) > _MOST_GAPS:
        yield Finding(
            name,
            f"{len(inside) - _MOST_GAPS} shorter stretches without rows",
            0,
            0.0,
            "warning",
            f"What is counted from {name} is too low in these days.",
            "See the gaps of the table.",
        )
    for gap in gaps:
        if gap.at_end:
            yield _early_end(name, gap)


def _early_end(name: str, gap: Gap) -> Finding:
    return Finding(
        name,
        f"the rows end {gap.n_days} days before {day_in_words(gap.last)}, where the data end; about "
        f"{gap.expected:,.0f} more were to be expected",
        0,
        0.0,
        "warning",
        f"What is counted from {name} is too low from {day_in_words(gap.first)} on.",
        "If there are newer rows, export again and load.",
    )


def _amounts(tables: Mapping[str, ir.Table], name: str, column: str) -> Iterator[Finding]:
    clock = SCHEMAS[name].clock
    if name not in tables or clock is None or column not in tables[name].columns:
        return
    table = tables[name]
    outlying = outliers(table, column, clock)
    if outlying is None:
        return
    lies = "the largest is" if outlying.n_rows > 1 else "it is"
    yield Finding(
        name,
        f"{column} is {abs(outlying.largest) / outlying.usual:,.0f} times the usual {outlying.usual:,.2f}: {lies} "
        f"{outlying.largest:,.2f} on {day_in_words(outlying.on)}",
        outlying.n_rows,
        0.0,
        "warning",
        _weight(table, outlying, clock),
        f"Look it up: a price in cents, a lost decimal comma? {_FIX}",
    )


def _weight(table: ir.Table, outlying: Outliers, clock: str) -> str:
    """Return what one amount does to the sum of its month."""
    same = table.filter(period_ordinal(table[clock], "month") == outlying.on.year * 12 + outlying.on.month - 1)
    total = float(same.aggregate(total=same[outlying.column].abs().sum()).execute()["total"].iloc[0])
    share = 100 * abs(outlying.largest) / total
    return f"It counts: alone it is {share:.0f} % of what the rows of {outlying.on:%B %Y} add up to."


def _join_findings(join: JoinCounts) -> Iterator[Finding]:
    if join.n_not_found:
        yield Finding(
            join.table,
            f"{join.column} is not found in {join.target}",
            join.n_not_found,
            0.0,
            "note",
            f"They count in totals, and fall under no group when a metric is split by a column of {join.target}.",
            f"Export {join.target} again, all of them.",
        )
    if join.n_after > join.n_before:
        yield Finding(
            join.table,
            f"looked up in {join.target} by {join.column}, {join.n_before:,} rows become {join.n_after:,}",
            join.n_after - join.n_before,
            0.0,
            "warning",
            f"Split by a column of {join.target}, these rows count more than once.",
            f"Make {join.column} unique in {join.target}.",
        )
