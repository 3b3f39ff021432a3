"""Splitting a metric by columns: where the columns come from, and which groups are too small to show.

A column is the metric's own, one of its customers, or a state of its customers that changes over time. Groups too small
to show are merged, so that no customer can be identified and the parts still add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured, UnknownName
from crmkit.metrics.card import Card
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures import (
    BudgetUse,
    Combined,
    Composition,
    Count,
    DailyLossRate,
    KaplanMeierMedian,
    Mean,
    Measure,
    Median,
    Quotient,
    Stock,
    Sums,
    Total,
)
from crmkit.tables.catalog import Catalog
from crmkit.tables.derived.states import STATES
from crmkit.tables.expressions import period_ordinal, with_periods
from crmkit.tables.reach import changes_over_time, known_columns, through_customer
from crmkit.tables.schema import SCHEMAS

UNKNOWN_GROUP = "(unknown)"
SMALL_GROUPS = "(small groups)"
_WITHOUT = {"plan": "no subscription"}  # of a state: who has none is known, and is called so on every page


def columns_of(by: str | Sequence[str] | None) -> list[str]:
    """Return the columns to split by, each once.

    Raises
    ------
    CrmkitError
        If it is neither a name nor several.

    Examples
    --------
    >>> columns_of("plan"), columns_of(["plan", "channel", "plan"]), columns_of(None)
    (['plan'], ['plan', 'channel'], [])
    """
    if by is None or isinstance(by, str):
        return [] if by is None else [by]
    if not isinstance(by, Iterable) or not all(isinstance(name, str) for name in by):
        raise CrmkitError(f'by must be the name of a column, such as "channel", or a list of names; met: {by!r}.')
    return list(dict.fromkeys(by))


def check_columns(catalog: Catalog, by: Sequence[str]) -> None:
    """Raise UnknownName for a column that no table of the source has."""
    known = known_columns(catalog)
    for column in by:
        if column in known:
            continue
        canonical = {column.name for table in SCHEMAS.values() for column in table.columns}
        if column not in canonical:
            raise UnknownName("column", column, known)
        raise CrmkitError(f"Cannot split by '{column}'. The data lack it. There are: {', '.join(known)}.")


def check_customer_column(catalog: Catalog, by: object, *others: str) -> None:
    """Raise UnknownName unless ``by`` is a column of customers, in the data or in the schema, or one of the others."""
    present = [*(catalog.table("customers").columns if "customers" in catalog.names else ()), *others]
    known = [*present, *SCHEMAS["customers"].names]
    if by not in known:
        raise UnknownName("column of customers", str(by), present or known)


def why_not_split(catalog: Catalog, measure: Measure, by: Sequence[str]) -> str | None:
    """Return why the measure cannot be split, or None if it can."""
    for table in measure.tables():
        for column in by:
            if isinstance(measure, BudgetUse) and column != "channel":
                return f"cannot be split by {column}: budgets are set for all, or by channel"
            if column in table.columns or through_customer(catalog, table, column):
                continue
            if not changes_over_time(catalog, table, column):
                return f"cannot be split by {column}: it has no {column} and no customer who has one"
            if isinstance(measure, KaplanMeierMedian | DailyLossRate | Stock):
                return f"cannot be split by {column}: what lasts longer than a period has no {column} at its start"
    return None


def are_parts_of_whole(catalog: Catalog, card: Card) -> bool:
    """Return whether the groups of a metric are parts of one whole, as the channels of all new customers are."""
    try:
        return isinstance(catalog.call(card.function), Composition)
    except NotMeasured:
        return False


def with_columns(catalog: Catalog, table: ir.Table, window: Window, columns: dict[str, Any]) -> ir.Table:
    """Select ``columns`` of a table with the columns to split by.

    Those are the table's own or those of its customers, at the start of the period where they change over time;
    ``columns`` then holds ``period``, an ordinal.
    """
    own = {column: _group_name(table[column]) for column in window.by if column in table.columns}
    borrowed = [column for column in window.by if column not in own]
    if not borrowed:
        return table.select(**columns, **own)
    rows = table.select(**columns, **own, _customer=table["customer_id"])
    fixed = [column for column in borrowed if not changes_over_time(catalog, table, column)]
    if fixed:
        customers = catalog.table("customers").select(_customer_id="customer_id", **{name: name for name in fixed})
        rows = rows.left_join(customers, rows["_customer"] == customers["_customer_id"]).drop("_customer_id")
    for column in borrowed:
        if column not in fixed:
            # A view: Ibis would add the join to one that made the metric's table, whose columns are gone by then.
            rows = _with_state(rows.view(), states_at_start(catalog, column, window), column)
    is_customer = rows["_customer"].notnull()
    states = {name: _group_name(rows[name], _without(name, is_customer)) for name in borrowed if name not in fixed}
    return rows.mutate(**states, **{name: _group_name(rows[name]) for name in fixed}).drop("_customer")


def estimate_by_group(leaf: Sums, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Estimate a measure by group; groups below the smallest size in every period asked for are merged into one.

    Where all of them together are still below it, the next smallest groups are added, or their number could be computed
    as the whole less the other groups. Counts of customers reveal nothing about one of them and stay. Sums of groups add
    up, so the estimate of the merged group is exact. Medians do not add up, so their small groups are left out instead.
    """
    estimate = leaf.estimate(sums, window)
    if not window.by or estimate.empty or _is_exact(leaf):
        return estimate
    counts = isinstance(leaf, Composition) or bool((estimate["value"] == estimate["n"]).all())
    merged = too_small(estimate, window, only_these=counts or isinstance(leaf, Median))
    is_small = pd.MultiIndex.from_frame(sums[list(window.by)]).isin(merged)
    if not is_small.any():
        return estimate
    if isinstance(leaf, Median):
        return leaf.estimate(sums[~is_small], window)
    merged_sums = sums.assign(**{column: sums[column].mask(is_small, SMALL_GROUPS) for column in window.by})
    keys = [name for name in merged_sums if name in (*window.keys, "age", "day", "draw")]
    return leaf.estimate(merged_sums.groupby(keys, as_index=False).sum(), window)


def without_small_groups(measure: Measure, estimate: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return a quotient or sum without the values of groups too small to show, with the reason, if they reveal money.

    Groups are not merged, as quotients do not add up; instead as many are left empty as protect each other.
    """
    if not window.by or estimate.empty or not isinstance(measure, Combined) or not _reveals_customers(measure):
        return estimate
    is_small = pd.MultiIndex.from_frame(estimate[list(window.by)]).isin(too_small(estimate, window))
    if not is_small.any():
        return estimate
    why = f"not shown: fewer than {window.smallest_group} in a group"
    hidden = estimate.assign(because=np.array([why if small else None for small in is_small], dtype=object))
    hidden.loc[is_small, ["value", "low", "high"]] = np.nan
    return hidden


def too_small(estimate: pd.DataFrame, window: Window, *, only_these: bool = False) -> list[tuple[str, ...]]:
    """Return the groups that must not be shown alone, and unless ``only_these`` those that must be merged with them.

    Parameters
    ----------
    estimate : DataFrame
        One row per period and group, with n.
    window : Window
    only_these : bool
        Whether the number of a group cannot be computed from those of the other groups, as with medians.

    Examples
    --------
    >>> from crmkit.periods import Period
    >>> october = Period.parse("2026-10")
    >>> window = Window("month", {october.ordinal: (october.start, october.end)}, by=("plan",), smallest_group=5)
    >>> estimate = pd.DataFrame({"period": october.ordinal, "plan": ["a", "b", "c"], "n": [1, 20, 7]})
    >>> too_small(estimate, window), too_small(estimate, window, only_these=True)
    ([('a',), ('c',)], [('a',)])
    """
    asked = estimate[estimate["period"].isin(list(window.bounds))]
    sizes = asked.pivot_table("n", list(window.by), "period", aggfunc="sum", fill_value=0.0)
    sizes = sizes.loc[sizes.max(axis=1).sort_values(kind="stable").index]
    n_small = int((sizes.max(axis=1) < window.smallest_group).sum())
    if n_small and not only_these and sizes.iloc[:n_small].to_numpy().any():
        while n_small < len(sizes) and sizes.iloc[:n_small].sum().max() < window.smallest_group:
            n_small += 1
    return [group if isinstance(group, tuple) else (group,) for group in sizes.index[:n_small]]


def states_at_start(catalog: Catalog, column: str, window: Window) -> ir.Table:
    """Return the state of each customer who had one on the day before a period: customer_id, period, and the column.

    A customer who had several, such as two plans, is only in the group of the last by name.
    """
    spells = catalog.table(STATES[column])
    held = with_periods(
        spells,
        period_ordinal(spells.starts_on, window.grain),
        period_ordinal(spells.ends_on, window.grain),
        window.every_period,
    )
    held = held.filter((held.starts_on < held.period_start) & (held.period_start <= held.ends_on))
    return held.group_by("customer_id", "period").aggregate(
        **{column: ibis.coalesce(held[column].max().cast("string"), UNKNOWN_GROUP)}
    )


def _with_state(rows: ir.Table, states: ir.Table, column: str) -> ir.Table:
    states = states.rename(_customer_id="customer_id", _period="period")
    joined = rows.left_join(states, [("_customer", "_customer_id"), ("period", "_period")])
    return joined.drop("_customer_id", "_period")


def _without(state: str, is_customer: Any) -> Any:
    return ibis.ifelse(is_customer, _WITHOUT[state], UNKNOWN_GROUP) if state in _WITHOUT else UNKNOWN_GROUP


def _group_name(column: Any, otherwise: Any = UNKNOWN_GROUP) -> Any:
    return ibis.coalesce(column.cast("string"), otherwise)


def _reveals_customers(measure: Combined) -> bool:
    """Return whether customers' own money is divided by their number; costs of the firm reveal nothing about them."""
    if not isinstance(measure, Quotient):
        return True
    below = measure.denominator.leaves() if isinstance(measure.denominator, Combined) else [measure.denominator]
    own = [leaf for leaf in measure.leaves() if isinstance(leaf, Total | Mean) and not isinstance(leaf, Count)]
    return not all(map(_is_exact, below)) and not all(map(_is_exact, own))


def _is_exact(leaf: Sums) -> bool:
    return bool(getattr(leaf, "exact", False))  # money spent is known exactly, however few bookings
