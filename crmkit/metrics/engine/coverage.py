"""Which days of a period the tables that a metric reads cover: all, some, or none.

A table that begins or ends inside a period gives a number of some of its days only, which is not compared with one of all
days. Days without a row at either end are missing only if chance and the firm's usual pauses do not explain them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from inspect import Parameter, signature
from typing import Any

import pandas as pd

from crmkit.cleaning.checks.timeline import ends_early, rows_by_day
from crmkit.metrics.card import Card
from crmkit.periods import Period
from crmkit.sources.presets.revenue import UNPAID
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.data_span import time_columns
from crmkit.tables.derived import DERIVED
from crmkit.tables.paid_twice import paid_twice

_SMALL_SHARE = 0.05
"""Share of a table's rows that may be missing without a word at the number."""


@dataclass(frozen=True)
class Covered:
    """How far the data of a metric cover some days.

    Attributes
    ----------
    first, last : date or None
        The days that are covered; both None if none is.
    reason : str
        Which table begins or ends there; empty if all days are covered.
    """

    first: date | None
    last: date | None
    reason: str = ""


class Coverage:
    """Which days the tables of each metric cover.

    Parameters
    ----------
    catalog : Catalog

    Examples
    --------
    >>> import crmkit as ck
    >>> def daily(first, last):
    ...     return pd.date_range(first, last)
    >>> orders, answers = daily("2026-01-01", "2026-10-31"), daily("2026-09-11", "2026-10-31")
    >>> catalog = ck.connect({
    ...     "orders": pd.DataFrame({"order_id": orders.astype(str), "ordered_at": orders, "revenue": 9.0}),
    ...     "survey_responses": pd.DataFrame({"response_id": answers.astype(str), "responded_at": answers,
    ...                                       "survey": "nps", "score": 9})})
    >>> of_nps = Coverage(catalog).of(ck.cards("nps")[0], date(2026, 9, 1), date(2026, 9, 30))
    >>> str(of_nps.first), of_nps.reason
    ('2026-09-11', 'survey responses begin on 2026-09-11')
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog.whole
        self._known: dict[tuple[frozenset[str], date, date], Covered] = {}
        self._read: dict[str, Sequence[frozenset[str]]] = {}
        self._rows: dict[str, pd.Series] = {}

    def of(self, card: Card, first: date, last: date) -> Covered:
        """Return which of the days from ``first`` to ``last`` the data of a metric cover."""
        begin, end, reasons = first, last, []
        for tables in self._tables_of(card):
            covered = self._together(tables, first, last)
            if covered.first is None or covered.last is None:
                return covered
            if covered.reason:
                reasons.append(covered.reason)
            begin, end = max(begin, covered.first), min(end, covered.last)
        return (
            Covered(begin, end, "; ".join(dict.fromkeys(reasons))) if begin <= end else Covered(None, None, reasons[0])
        )

    def why_not_compared(self, card: Card, period: Period, other: Period) -> str:
        """Return which table covers only some days of one of two periods, cut to the same days; empty if all are covered."""
        so_far = self._catalog.days_so_far(period)
        for each in (period, other):
            n_days = min(each.n_days, so_far or each.n_days)
            if reason := self.of(card, each.start, each.start + timedelta(days=n_days - 1)).reason:
                return reason
        return ""

    def left_out(self, card: Card) -> str:
        """Return what of the tables of a metric is not in it because it could not be used or is not paid; else empty."""
        known, said = self._catalog.provenance, []
        for name in sorted({name for tables in self._tables_of(card) for name in tables}):
            counts = dict(known.get("counts", {}).get(name, {}))
            n_in = max(int(counts.get("n_in", 0)), 1)
            if (n_aside := int(counts.get("n_aside", 0))) > _SMALL_SHARE * n_in:
                said.append(f"{n_aside / n_in:.0%} of the rows of {name} could not be used and are left out")
            unpaid = [each for each in known.get("findings", ()) if each["table"] == name and each["finding"] == UNPAID]
            if name == "orders" and (n_unpaid := sum(each["n_rows"] for each in unpaid)) > _SMALL_SHARE * n_in:
                said.append(f"{n_unpaid / n_in:.0%} of the rows of {name} are not paid yet and are left out")
        if {"orders", "mrr_movements"} <= set(card.tables) and (twice := paid_twice(self._catalog)):
            said.append(f"payments of {twice.n_matched:,} terms are probably among the orders too, and count twice")
        return "; ".join(said)

    def _tables_of(self, card: Card) -> Sequence[frozenset[str]]:
        """Return the tables that a metric reads, of those with rows."""
        if card.name not in self._read:
            sets = [
                frozenset(name for name in tables if self._spans[name].first)
                for tables in read_together(self._catalog, card.function)
            ]
            if card.each_table:
                sets = [frozenset({name}) for tables in sets for name in sorted(tables)]
            self._read[card.name] = [tables for tables in sets if tables]
        return self._read[card.name]

    @cached_property
    def _spans(self) -> dict[str, Any]:
        return self._catalog.table_spans

    def _together(self, tables: frozenset[str], first: date, last: date) -> Covered:
        key = (tables, first, last)
        if key not in self._known:
            parts = [self._one(name, first, last) for name in sorted(tables)]
            there = [part for part in parts if part.first and part.last]
            whole = next((part for part in there if not part.reason), None)
            longest = max(there, key=_n_days, default=parts[0])
            self._known[key] = whole or longest
        return self._known[key]

    def _one(self, name: str, first: date, last: date) -> Covered:
        span, through = self._spans[name], self._catalog.data_through
        begins, ends = span.first, span.end
        last_known = min(last, through) if through else last
        late = begins > first and self._begins_late(name, first)
        declared = self._catalog.settings.data.through is not None
        early = not declared and ends < last_known and self._ends_early(name, ends, last_known)
        what = name.replace("_", " ").replace("crm ", "CRM ")
        if late and begins > last:
            return Covered(None, None, f"{what} begin on {begins}")
        if early and ends < first:
            return Covered(None, None, f"{what} end on {ends}")
        reasons = [f"{what} begin on {begins}"] * late + [f"{what} end on {ends}"] * early
        return Covered(begins if late else first, ends if early else last, "; ".join(reasons))

    def _begins_late(self, name: str, first: date) -> bool:
        """Whether the days from ``first`` to the first row are more than a usual pause: the table is read backwards."""
        rows_on = self._rows_on(name)
        backwards = rows_on.iloc[::-1]
        backwards.index = [_mirrored(on) for on in backwards.index]
        return ends_early(backwards, _mirrored(first))

    def _ends_early(self, name: str, ends: date, through: date) -> bool:
        rows_on = self._rows_on(name)
        if ends > rows_on.index[-1]:  # the last event is a later moment of an earlier row
            rows_on = pd.concat([rows_on, pd.Series([1], index=[ends])])
        return ends_early(rows_on, through)

    def _rows_on(self, name: str) -> pd.Series:
        if name not in self._rows:  # each metric asks for it, and each period
            days = memoize(self._catalog, _days_with_rows, name)
            self._rows[name] = pd.Series(days["n"].to_numpy(), index=[pd.Timestamp(on).date() for on in days["day"]])
        return self._rows[name]


def _n_days(covered: Covered) -> int:
    return (covered.last - covered.first).days if covered.first and covered.last else 0


def read_together(catalog: Catalog, function: Callable[..., Any]) -> Sequence[frozenset[str]]:
    """Return the canonical tables with a time of their own that a metric or a derived table reads.

    Each set is one condition: at least one table of it must cover the days. A table that is required is a set of its own;
    those that may stand for each other, as orders and paid terms do for who is active, are one.
    """
    required: list[frozenset[str]] = []
    optional: list[frozenset[str]] = []
    for name, parameter in signature(function).parameters.items():
        if parameter.kind is Parameter.KEYWORD_ONLY:
            continue
        if name in DERIVED:
            sets = read_together(catalog, DERIVED[name])
        else:
            sets = [frozenset({name})] if name in catalog.names and name in time_columns([name]) else []
        (required if parameter.default is Parameter.empty else optional).extend(sets)
    if required or not optional:
        return list(dict.fromkeys(required))
    return [frozenset().union(*optional)]


def _days_with_rows(catalog: Catalog, name: str) -> pd.DataFrame:
    rows_on = rows_by_day(catalog.table(name), time_columns([name])[name])
    return pd.DataFrame({"day": pd.to_datetime(rows_on.index), "n": rows_on.to_numpy()})


def _mirrored(on: date) -> date:
    return date.fromordinal(date(4000, 1, 1).toordinal() - on.toordinal())
