"""Add up in the database: one query per table and clock, however many metrics share it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.metrics.folding import estimate_folded, without_small_groups
from crmkit.metrics.measures import KaplanMeierMedian, LossRate, Measure, Median, OwnQuery, Quotient, Sums
from crmkit.metrics.splits import changes, with_columns
from crmkit.metrics.window import Window
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day, day_of_period, period_ordinal, with_periods


def estimate_all(catalog: Catalog, measures: Sequence[Measure], window: Window) -> list[pd.DataFrame]:
    """Estimate measures in as few queries as there are tables and clocks.

    Returns
    -------
    list of DataFrame
        Per measure one row per period and group: period (ordinal), the columns of ``window.by``, value, low, high, n,
        units. Periods without a row are absent.
    """
    leaves = list({id(leaf): leaf for measure in measures for leaf in _leaves(measure)}.values())
    found: dict[int, pd.DataFrame] = {}
    in_quotients = {id(leaf) for measure in measures if isinstance(measure, Quotient) for leaf in _leaves(measure)}

    def estimate(leaf: Sums, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        # The groups of a quotient must stay apart until numerator and denominator have met.
        return leaf.estimate(sums, window) if id(leaf) in in_quotients else estimate_folded(leaf, sums, window)

    fetched: dict[Any, pd.DataFrame] = {}
    for leaf in leaves:
        if isinstance(leaf, Median | KaplanMeierMedian | OwnQuery):
            asked = id(leaf) if isinstance(leaf, Median) else leaf.asks_the_same()
            if asked not in fetched:
                fetched[asked] = fetch(_own_query(catalog, leaf, window))
            found[id(leaf)] = estimate(leaf, fetched[asked], window)
    for together in _passes(leaf for leaf in leaves if id(leaf) not in found):
        query, names = _shared_query(catalog, together, window)
        sums = fetch(query)
        for leaf, own in zip(together, names, strict=True):
            columns = {name: sums[column] for name, column in own.items()}
            own_sums = sums[window.keys].assign(**columns)
            if isinstance(leaf, LossRate) and any(changes(catalog, leaf.table, column) for column in window.by):
                own_sums = own_sums.merge(fetch(_at_start_query(catalog, leaf, window)), on=window.keys, how="outer")
            found[id(leaf)] = estimate(leaf, own_sums, window)
    return [
        without_small_groups(measure, _asked_for(_of_measure(measure, found, window), window), window)
        for measure in measures
    ]


def fetch(query: ir.Table) -> pd.DataFrame:
    """Run a query; the one place where metrics bring rows to Python."""
    return query.execute()


def _leaves(measure: Measure) -> list[Sums]:
    return measure.leaves() if isinstance(measure, Quotient) else [measure]  # type: ignore[list-item]


def _of_measure(measure: Measure, found: dict[int, pd.DataFrame], window: Window) -> pd.DataFrame:
    if isinstance(measure, Quotient):
        numerator, denominator = (_of_measure(part, found, window) for part in (measure.numerator, measure.denominator))
        return measure.combine(numerator, denominator, window)
    return found[id(measure)]


def _asked_for(estimate: pd.DataFrame, window: Window) -> pd.DataFrame:
    return estimate[estimate["period"].isin(list(window.bounds))].reset_index(drop=True)


def _passes(leaves: Iterable[Sums]) -> list[list[Sums]]:
    together: dict[Any, list[Sums]] = defaultdict(list)
    for leaf in leaves:
        unit = _unit(leaf)
        key = (leaf.table.op(), leaf.at.op(), None if unit is None else unit.op())
        together[key].append(leaf)
    return list(together.values())


def _shared_query(catalog: Catalog, leaves: list[Sums], window: Window) -> tuple[ir.Table, list[dict[str, str]]]:
    """Return one query for all leaves, and per leaf the column in which each of its sums comes back.

    Metrics have many sums in common; each is asked for once.
    """
    first, unit = leaves[0], _unit(leaves[0])
    parts = _Once("part")
    part_names = [{name: parts.add(part) for name, part in leaf.parts_within(window).items()} for leaf in leaves]
    columns = {"period": period_ordinal(first.at, window.grain), **parts.columns}
    if unit is not None:
        columns["unit"] = unit
    if window.last_known is not None:
        columns["known"] = day(first.at) <= constant_day(window.last_known)
    rows = with_columns(catalog, first.table, window, columns)
    rows = rows.filter(rows.period <= max(window.bounds))
    if window.last_known is not None:  # a paid term that ends after the data do may yet be renewed
        rows = rows.filter(rows.known)
    if all(leaf.run_up >= 0 for leaf in leaves):
        rows = rows.filter(rows.period >= min(window.bounds) - max(leaf.run_up for leaf in leaves))
    if unit is not None:
        rows = rows.group_by([*window.keys, "unit"]).aggregate(**{name: rows[name].sum() for name in parts.columns})
    sums = _Once("sum")
    names = [
        {name: sums.add(total) for name, total in leaf.over_units({n: rows[p] for n, p in own.items()}).items()}
        for leaf, own in zip(leaves, part_names, strict=True)
    ]
    return rows.group_by(window.keys).aggregate(**sums.columns), names


class _Once:
    """Columns under a name each, equal expressions under the same name."""

    def __init__(self, prefix: str) -> None:
        self.columns: dict[str, Any] = {}
        self._prefix = prefix
        self._name_of: dict[Any, str] = {}

    def add(self, column: Any) -> str:
        name = self._name_of.setdefault(column.op(), f"{self._prefix}_{len(self._name_of)}")
        self.columns[name] = column
        return name


def _own_query(catalog: Catalog, leaf: Median | KaplanMeierMedian | OwnQuery, window: Window) -> ir.Table:
    table = leaf.table if leaf.where is None else leaf.table.filter(leaf.where)
    if isinstance(leaf, KaplanMeierMedian):
        return leaf.query(leaf.lives(with_columns(catalog, table, window, leaf.columns()), window), window)
    if isinstance(leaf, OwnQuery):
        return leaf.query(with_columns(catalog, table, window, leaf.columns(window)), window)
    unit = _unit(leaf)
    unit = ibis.row_number().cast("string") if unit is None else unit
    columns = {"period": period_ordinal(leaf.at, window.grain), "unit": unit, "value": leaf.value.cast("float64")}
    columns["day"] = day_of_period(leaf.at, window.grain)
    rows = with_columns(catalog, table, window, columns)
    inside = rows.period.between(min(window.bounds), max(window.bounds))
    if window.first_days is not None:
        inside = inside & (rows.day < window.first_days)
    return leaf.query(rows.filter(inside & rows.value.notnull()), window)


def _at_start_query(catalog: Catalog, leaf: LossRate, window: Window) -> ir.Table:
    """Count who is there at the start by group: where groups change, sums of movements do not tell it."""
    stretches = leaf.stretches()
    there = with_periods(
        stretches,
        period_ordinal(stretches.starts_on, window.grain) + 1,
        period_ordinal(stretches.ends_on, window.grain),
        window.bounds,
    )
    rows = with_columns(catalog, there, window, {"period": there.period})
    return rows.group_by(window.keys).aggregate(at_start=rows.count().cast("float64"))


def _unit(leaf: Sums) -> Any:
    """The sampling unit: the customer, the row's own key where it has no customer, or None for each row by itself."""
    if leaf.unit is not None:
        return leaf.unit
    columns = leaf.table.columns
    own = [name for name in columns if name.endswith("_id") and name not in ("customer_id", "user_id")]
    if "customer_id" not in columns:
        return None
    customer = leaf.table["customer_id"]
    return ibis.coalesce(customer, ibis.literal("no customer: ") + leaf.table[own[0]]) if own else customer
