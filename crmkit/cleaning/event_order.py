"""Events that cannot have come about in the order in which they are written down, and states that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from crmkit.tables.expressions import day, value_before


@dataclass(frozen=True)
class Odd:
    """Rows of a table that contradict themselves or another table.

    Attributes
    ----------
    table : str
    finding, consequence : str
        A sentence without full stop, and one with it.
    n_rows : int
    """

    table: str
    finding: str
    consequence: str
    n_rows: int


# Table, earlier event, later event: both optional. That none lies before the row's own time is checked where rows are read.
_IN_ROW = (
    ("mailings", "delivered_at", "opened_at"),
    ("mailings", "delivered_at", "clicked_at"),
    ("mailings", "clicked_at", "converted_at"),
    ("leads", "qualified_at", "converted_at"),
)
# Table, its event, its reference, the table referred to, and the event there that comes first.
_ACROSS = (
    ("deals", "created_at", "lead_id", "leads", "created_at"),
    ("deal_stages", "entered_at", "deal_id", "deals", "created_at"),
    ("orders", "ordered_at", "customer_id", "customers", "acquired_at"),
    ("subscription_terms", "starts_at", "customer_id", "customers", "acquired_at"),
)
_CONTRADICTIONS = (
    ("deals", "won", "closed_at", "won is told and closed_at is not",
     "Such a deal counts as open: it is in no win rate and in no sales cycle."),
    ("deals", "closed_at", "won", "closed_at is told and won is not", "It cannot be told whether such a deal was won."),
)  # fmt: skip


def odd_events(tables: Mapping[str, ir.Table]) -> Iterator[Odd]:
    """Yield what is odd in the order of events, each counted where the rows are.

    Parameters
    ----------
    tables : mapping of str to ibis table
        Canonical tables.

    Examples
    --------
    >>> import pandas as pd
    >>> deals = {"deal_id": ["a"], "created_at": ["2026-10-01"], "closed_at": [None], "won": [True]}
    >>> from crmkit.cleaning.connect import connect
    >>> catalog = connect({"deals": pd.DataFrame(deals)})
    >>> [(odd.finding, odd.n_rows) for odd in odd_events({"deals": catalog.table("deals")})]
    [('won is told and closed_at is not', 1)]
    """
    yield from _inside(tables)
    yield from _across(tables)
    if "subscription_terms" in tables:
        n_rows = _overlapping(tables["subscription_terms"])
        if n_rows:
            yield Odd("subscription_terms", "the term begins before the one before it of its subscription ends",
                      "For the days that both cover, recurring revenue counts twice.", n_rows)  # fmt: skip


def _inside(tables: Mapping[str, ir.Table]) -> Iterator[Odd]:
    for name, table in tables.items():
        asked: dict[tuple[str, str], Any] = {}
        for of, earlier, later in _IN_ROW:
            if of == name and {earlier, later} <= set(table.columns):
                told = f"{later} lies before {earlier}", "The row counts; one of the two times is wrong."
                asked[told] = day(table[later]) < day(table[earlier])
        for of, there, lacking, finding, consequence in _CONTRADICTIONS:
            if of == name and {there, lacking} <= set(table.columns):
                asked[finding, consequence] = table[there].notnull() & table[lacking].isnull()
        if asked:
            sums = {f"n_{number}": _count(broken) for number, broken in enumerate(asked.values())}
            counts = table.aggregate(**sums).execute().iloc[0]
            yield from (Odd(name, *told, int(n)) for told, n in zip(asked, counts, strict=True) if n)


def _across(tables: Mapping[str, ir.Table]) -> Iterator[Odd]:
    for name, event, key, other, first in _ACROSS:
        if name not in tables or other not in tables:
            continue
        mine, theirs = tables[name], tables[other]
        if not {event, key} <= set(mine.columns) or not {key, first} <= set(theirs.columns):
            continue
        rows = mine.filter(mine[key].notnull()).select(_key=key, _on=day(mine[event]))
        # One row each, so that no join can make more rows than there are.
        begun = theirs.group_by(_theirs=theirs[key]).aggregate(_first=day(theirs[first]).min())
        both = rows.join(begun, rows["_key"] == begun["_theirs"])
        n_rows = both.aggregate(n=_count(both["_on"] < both["_first"])).execute()["n"].iloc[0]
        if n_rows:
            yield Odd(name, f"{event} lies before {first} of its {_SINGULAR[other]}",
                      _FOLLOWS.get((name, other), "The row counts; one of the two days is wrong."), int(n_rows))  # fmt: skip


def _overlapping(terms: ir.Table) -> int:
    rows = terms.select("subscription_id", "starts_at", "ends_at")
    before = value_before(rows, "ends_at", within="subscription_id", order_by=["starts_at", "ends_at"])
    rows = rows.mutate(_before=before)
    return int(rows.aggregate(n=_count(day(rows.starts_at) < day(rows["_before"]))).execute()["n"].iloc[0])


def _count(broken: Any) -> Any:
    return ibis.ifelse(broken, 1, 0).sum().fill_null(0)


_SINGULAR = {"leads": "lead", "deals": "deal", "customers": "customer"}
_FOLLOWS = {
    (
        "orders",
        "customers",
    ): "The order counts; the customer is new on the day of the first order, whatever acquired_at says.",
}
