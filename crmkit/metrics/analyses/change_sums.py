"""The sums by which a change between two periods is split: of the whole, and of every group of every column.

A number is X or X / N, and X and N are sums over customers. Of each customer x and n are added up once for either period;
from them follow the sums of each group, and the sums of products that the intervals of their changes need. One query
does it for all columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations_with_replacement
from typing import Any, TypeAlias, TypeGuard

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine.evaluate import fetch, unit_of
from crmkit.metrics.engine.groups import UNKNOWN_GROUP
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures import (
    ActiveAtStart,
    ActiveUnits,
    BudgetUse,
    Combined,
    Composition,
    Count,
    LossRate,
    Mean,
    MeanPerCustomer,
    MonthlyTotal,
    NetShare,
    PerUserWeek,
    Ratio,
    RecurringChange,
    RecurringEarned,
    RecurringKept,
    RecurringLevel,
    RevenueChange,
    Share,
    ShareOfCounts,
    ShareOfCustomers,
    Stock,
    SumOf,
    Sums,
    Tally,
    Total,
)
from crmkit.metrics.measures.recurring_revenue import kinds_of_recurring_change, month_position_of
from crmkit.metrics.measures.revenue_change import kinds_of_change
from crmkit.periods import Grain
from crmkit.settings import Budget, prorated
from crmkit.tables.catalog import Catalog
from crmkit.tables.derived.states import STATES
from crmkit.tables.expressions import constant_day, day, indicator, month_position, number, union
from crmkit.tables.reach import has_state
from crmkit.tables.schema import SCHEMAS

Split: TypeAlias = Sums | SumOf
SUMS = ("x1", "n1", "x0", "n0")
PRODUCTS = tuple(f"{one}_{other}" for one, other in combinations_with_replacement(SUMS, 2))
WHOLE = ""
_MOST_GROUPS = 60  # a column with more is a text or a number of something
_NO_PLACES = {"comment", "text", "survey", "kind", "action", "cancel_reason", "marketing_consent"}
_IDS = {column.name for table in SCHEMAS.values() for column in table.columns if column.kind == "id"}
#: Flags of canonical and derived tables.
_KNOWN = {column.name for table in SCHEMAS.values() for column in table.columns} | {
    *("renewed", "answered", "referred", "is_last", "touched"),
}
_KEYS = ["unit", "tag", "customer"]


@dataclass(frozen=True)
class Span:
    """The days of a period that are compared.

    Attributes
    ----------
    grain : str
    ordinal : int
    start, end : date
        The end is the first day after.
    """

    grain: Grain
    ordinal: int
    start: date
    end: date


@dataclass(frozen=True, eq=False)
class _Units:
    """One row per customer (or other unit) and period: unit, tag (1 now, 0 then), customer, the own columns, x, n."""

    rows: ir.Table
    own: tuple[str, ...]


def is_sum(leaf: Split) -> bool:
    """Return whether a measure is a sum X, whose groups add up; else it is X / N."""
    if isinstance(leaf, SumOf):
        return True
    return isinstance(leaf, Total | Tally | ActiveUnits | ActiveAtStart | Stock | RevenueChange | RecurringLevel) or (
        isinstance(leaf, RecurringChange) and not isinstance(leaf, RecurringKept)
    )


def is_signed(leaf: Split) -> bool:
    """Return whether the sum adds gains and losses, so that a group's share of it means nothing."""
    return isinstance(leaf, RecurringChange | RevenueChange) and leaf.part in ("net", "guests")


def is_split(leaf: object) -> TypeGuard[Split]:
    """Return whether the change of a measure can be split exactly by sums over customers."""
    if isinstance(leaf, SumOf):
        return all(is_split(part) and is_sum(part) for part in leaf.summands)
    return isinstance(leaf, tuple(_UNITS)) and not isinstance(leaf, BudgetUse)


def factor_of(leaf: Split, span: Span) -> float:
    """Return what X or X / N is multiplied by in a period: 100 for a score in points, 1 / months for a monthly sum."""
    if isinstance(leaf, MonthlyTotal):
        months = prorated([(Budget(amount=1), 1.0, "month")], span.start, span.end)
        return 1 / months if months else np.nan
    if isinstance(leaf, PerUserWeek):
        return 7 / max((span.end - span.start).days, 1)
    return float(getattr(leaf, "scale", 1))


def place_columns(catalog: Catalog, leaf: Split) -> list[str]:
    """Return the columns by which the change of a measure can be split: words and flags of its table and its customers.

    A column of more than sixty words is a text; one with a single word splits nothing.
    """
    found = _own_columns(leaf)
    if not any("customer_id" in table.columns for table in leaf.tables()):
        return found
    if "customers" in catalog.names:
        found += [name for name in _words(catalog.table("customers")) if name not in found]
    return found + [name for name in STATES if name not in found and has_state(catalog, name)]


def change_sums(
    catalog: Catalog,
    leaf: Split,
    now: Span,
    then: Span,
    columns: Sequence[str],
    without: Sequence[tuple[str, str]] = (),
) -> pd.DataFrame:
    """Add up a measure in two periods, for the whole and for each group of each column.

    Parameters
    ----------
    catalog : Catalog
    leaf : measure
        One of which :func:`is_split` is true.
    now, then : Span
    columns : list of str
        Some of :func:`place_columns`.
    without : list of (column, group)
        Groups to leave out.

    Returns
    -------
    DataFrame
        One row per column and group, that of the whole with both empty: column, group, x1, n1 (now), x0, n0 (then), the
        sums over customers of their products, such as x1_x0, and units (customers with either [count]).
    """
    wide = _with_columns(catalog, _units_of(leaf, now, then), now, then, {*columns, *(column for column, _ in without)})
    for column, group in without:
        wide = wide.filter(wide[column] != group)
    sums = fetch(_group_sums(wide, columns))
    if sums.empty:  # nothing in either period: a sum of 0
        sums = pd.DataFrame({name: [0.0] for name in sums.columns}).assign(group="")
    sums["column"] = np.array([WHOLE, *columns], dtype=object)[sums.pop("place").to_numpy(dtype=int)]
    factors = {"1": factor_of(leaf, now), "0": factor_of(leaf, then)}
    for name in (*SUMS, *PRODUCTS):
        for side, factor in factors.items():
            sums[name] *= factor ** name.count(f"x{side}")
    return sums.fillna(dict.fromkeys((*SUMS, *PRODUCTS), 0.0))


def _units_of(leaf: Sums | Combined, now: Span, then: Span) -> _Units:
    if isinstance(leaf, SumOf):
        parts = [_units_of(part, now, then).rows for part in leaf.summands]
        return _Units(union([part.select(*_KEYS, "x", "n") for part in parts]), ())
    return next(make for kind, make in _UNITS.items() if isinstance(leaf, kind))(leaf, now, then)


def _own_columns(leaf: Split) -> list[str]:
    if isinstance(leaf, SumOf):
        return []  # a column of one table says nothing of the others
    if isinstance(
        leaf,
        RecurringLevel | LossRate | RecurringChange | MeanPerCustomer | ShareOfCustomers | ActiveUnits | PerUserWeek,
    ):
        return []  # a customer with rows of two groups would count twice
    dated = {"entered_at", "moved_on"} & set(leaf.table.columns)  # else a stage is that of today
    return [column for column in _words(leaf.table) if column != "stage" or dated]


def _words(table: ir.Table) -> list[str]:
    """Return the columns of words, and flags of the firm's own: crmkit's flags say how a thing ended, not where."""
    kinds = {column: table[column].type() for column in table.columns}
    return [
        column
        for column, kind in kinds.items()
        if (kind.is_string() or (kind.is_boolean() and column not in _KNOWN))
        and column not in _IDS | _NO_PLACES
        and not column.endswith("_id")
        and not column.startswith("_")
    ]


def few_groups(catalog: Catalog, leaf: Split, columns: Sequence[str]) -> list[str]:
    """Return the columns that have two words or more, and not so many that they are texts."""
    own = set(_own_columns(leaf))
    tables = {"": leaf.tables()[0]} | (
        {"customers": catalog.table("customers")} if "customers" in catalog.names else {}
    )
    kept = []
    for name, table in tables.items():
        here = [column for column in columns if column in table.columns and (column in own) == (name == "")]
        if here:
            asked = {f"words_{column}": table[column].approx_nunique() for column in here}
            asked |= {f"empty_{column}": table[column].isnull().any() for column in here}
            found = fetch(table.aggregate(**asked)).iloc[0]
            n_groups = {column: found[f"words_{column}"] + (found[f"empty_{column}"] == True) for column in here}  # noqa: E712  null if there is no row
            kept += [column for column in here if 2 <= n_groups[column] <= _MOST_GROUPS]
    return [column for column in columns if column in kept or column in STATES]


def _with_columns(catalog: Catalog, units: _Units, now: Span, then: Span, columns: set[str]) -> ir.Table:
    rows = units.rows
    borrowed = sorted(columns - set(units.own))
    fixed = [name for name in borrowed if "customers" in catalog.names and name in catalog.table("customers").columns]
    if fixed:
        customers = catalog.table("customers")
        theirs = customers.select(_customer="customer_id", **{name: _name_of(customers[name]) for name in fixed})
        rows = rows.left_join(theirs, rows["customer"] == theirs["_customer"]).drop("_customer")
    for name in borrowed:
        if name not in fixed:
            states = union([_states(catalog, name, span, tag) for tag, span in ((1, now), (0, then))])
            rows = rows.view()
            rows = rows.left_join(states, [rows["customer"] == states["_customer"], rows["tag"] == states["_tag"]])
            rows = rows.drop("_customer", "_tag")
    return rows.mutate(**{name: ibis.coalesce(rows[name], UNKNOWN_GROUP) for name in sorted(columns)})


def _states(catalog: Catalog, name: str, span: Span, tag: int) -> ir.Table:
    """Return the state of each customer who had one on the day before a period."""
    spells = catalog.table(STATES[name])
    held = spells.filter((spells.starts_on < constant_day(span.start)) & (constant_day(span.start) <= spells.ends_on))
    states = held.group_by(_customer=held["customer_id"]).aggregate(**{name: _name_of(held[name]).max()})
    return states.mutate(_tag=ibis.literal(tag, "int8"))


def _name_of(column: Any) -> Any:
    return column.cast("string")


def _group_sums(wide: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Return the sums of every group of every column, by the place of the column; 0 is the whole.

    Each row is repeated for each column: a query for each column would be as many times as long, and take as long to
    compile as to execute.
    """
    rows = wide.mutate(place=ibis.range(0, len(columns) + 1).unnest())
    named = ((place, rows[column]) for place, column in enumerate(columns, start=1))
    is_now, zero = rows["tag"] == 1, number(0)
    rows = rows.select(
        "place",
        "unit",
        group=rows["place"].cases((0, ibis.literal("")), *named),
        x1=ibis.ifelse(is_now, rows["x"], zero),
        n1=ibis.ifelse(is_now, rows["n"], zero),
        x0=ibis.ifelse(is_now, zero, rows["x"]),
        n0=ibis.ifelse(is_now, zero, rows["n"]),
    )
    unit = rows.group_by("place", "group", "unit").aggregate(**{name: rows[name].sum() for name in SUMS})
    products = {f"{a}_{b}": (unit[a] * unit[b]).sum() for a, b in combinations_with_replacement(SUMS, 2)}
    there = (unit.n1 != 0) | (unit.n0 != 0) | (unit.x1 != 0) | (unit.x0 != 0)
    sums = {name: unit[name].sum() for name in SUMS} | products | {"units": indicator(there).sum()}
    return unit.group_by("place", "group").aggregate(**sums)


# What is added up of each customer, by kind of measure


def _of_rows(leaf: Sums, now: Span, then: Span) -> _Units:
    """Add up the rows of either period by customer."""
    own = tuple(_own_columns(leaf))
    unit = unit_of(leaf)
    tagged = []
    for tag, span in ((1, now), (0, then)):
        parts = leaf.parts(span.grain)
        t = leaf.table
        columns = {
            "tag": ibis.literal(tag, "int8"),
            "unit": ibis.row_number().cast("string") if unit is None else unit.cast("string"),
            "customer": _customer(t),
            **{name: _name_of(t[name]) for name in own},
            **{f"part_{name}": part for name, part in parts.items()},
            "on": day(leaf.at),
        }
        rows = t.select(**columns)
        tagged.append(rows.filter((rows["on"] >= constant_day(span.start)) & (rows["on"] < constant_day(span.end))))
    rows = union([each.drop("on") for each in tagged])
    names = [name for name in rows.columns if name.startswith("part_")]
    if unit is not None:
        rows = rows.group_by([*_KEYS, *own]).aggregate(**{name: rows[name].sum() for name in names})
    sums = {name.removeprefix("part_"): rows[name] for name in names}
    x, n = _of_parts(leaf, sums)
    return _Units(rows.select(*_KEYS, *own, x=x, n=n), own)


def _of_parts(leaf: Sums, sums: dict[str, Any]) -> tuple[Any, Any]:
    there = indicator(sums["n"] > 0)
    if isinstance(leaf, ShareOfCustomers):
        return indicator(sums["x"] >= leaf.at_least), there
    if isinstance(leaf, ActiveUnits):
        return there, there
    if isinstance(leaf, MeanPerCustomer | PerUserWeek):
        return sums["x"], there
    if isinstance(leaf, NetShare):
        return sums["plus"] - sums["minus"], sums["n"]
    if isinstance(leaf, Ratio) and not isinstance(leaf, ShareOfCounts):
        return sums["x"], sums["y"]
    return sums["x"], sums["n"]


def _movements(
    leaf: Sums, now: Span, then: Span, parts: Callable[[Span], dict[str, Any]], own: Sequence[str]
) -> ir.Table:
    """Add up movements up to the end of each period by customer."""
    tagged = []
    for tag, span in ((1, now), (0, then)):
        t = leaf.table
        columns = {
            "tag": ibis.literal(tag, "int8"),
            "unit": _unit_text(leaf),
            "customer": _customer(t),
            **{name: _name_of(t[name]) for name in own},
            **parts(span),
            "on": day(leaf.at),
        }
        rows = t.select(**columns)
        tagged.append(rows.filter(rows["on"] < constant_day(span.end)).drop("on"))
    rows = union(tagged)
    names = [name for name in rows.columns if name not in (*_KEYS, *own)]
    return rows.group_by([*_KEYS, *own]).aggregate(**{name: rows[name].sum() for name in names})


def _of_losses(leaf: LossRate, now: Span, then: Span) -> _Units:
    def parts(span: Span) -> dict[str, Any]:
        before = indicator(day(leaf.at) < constant_day(span.start))
        inside, change = number(1) - before, leaf.change.cast("float64")
        return {
            "start": change * before,
            "net": change * inside,
            "ended": inside * indicator(leaf.active_since < constant_day(span.start)),
            "moves": inside * indicator(leaf.change != 0),
        }

    u = _movements(leaf, now, then, parts, ())
    if isinstance(leaf, ActiveAtStart):
        return _Units(u.select(*_KEYS, x=u.start, n=u.start), ())
    lost = indicator((u.ended > 0) & (u.net < 0))
    came = indicator((u.ended == 0) & (u.net >= 0) & (u.moves > 0))
    gone = came * indicator(u.net == 0)
    base = {"start": 0, "all at start": 0, "average": u.net / 2, "start and new": came}[leaf.of]
    x = lost if leaf.of == "start" else lost + gone
    return _Units(u.select(*_KEYS, x=x, n=u.start + base), ())


def _of_stock(leaf: Stock, now: Span, then: Span) -> _Units:
    own = _own_columns(leaf)

    def parts(span: Span) -> dict[str, Any]:
        each = leaf.parts(span.grain)
        return {"x": each["x"], "n": each["n"]}

    u = _movements(leaf, now, then, parts, own)
    return _Units(u.select(*_KEYS, *own, "x", "n"), tuple(own))


def _of_recurring(leaf: RecurringChange, now: Span, then: Span) -> _Units:
    def parts(span: Span) -> dict[str, Any]:
        inside = indicator(day(leaf.at) >= constant_day(span.start))
        each = {name: part * inside for name, part in RecurringChange.parts(leaf, span.grain).items()}
        return each | {"level": leaf.table.change * (number(1) - inside)}

    u = _movements(leaf, now, then, parts, ())
    kind = kinds_of_recurring_change({name: u[name] for name in u.columns})
    if not isinstance(leaf, RecurringKept):
        x = sum(kind.values(), number(0)) if leaf.part == "net" else kind[leaf.part]
        x = -x if leaf.part in ("contraction", "churn") else x
        return _Units(u.select(*_KEYS, x=x, n=indicator(x != 0)), ())
    loss = -(kind["churn"] if leaf.of == "left" else kind["contraction"] + kind["churn"])
    gain = {"net": kind["expansion"], "net with reactivation": kind["expansion"] + kind["reactivation"]}
    level = ibis.ifelse(u.level * 1_000_000 > 1, u.level, number(0))
    x = loss if leaf.of in ("lost", "left") else level - loss + gain.get(leaf.of, number(0))
    return _Units(u.select(*_KEYS, x=x, n=level), ())


def _of_level(leaf: RecurringLevel, now: Span, then: Span) -> _Units:
    """Add up what each subscriber pays a month at the end, or has paid for the days of the period."""
    earned = isinstance(leaf, RecurringEarned)

    def parts(span: Span) -> dict[str, Any]:
        change = leaf.table.change
        if not earned:
            return {"x": change}
        start, end = (ibis.literal(month_position_of(on), "float64") for on in (span.start, span.end))
        before = day(leaf.at) < constant_day(span.start)
        return {"x": change * (end - ibis.ifelse(before, start, month_position(leaf.at)))}

    u = _movements(leaf, now, then, parts, ())
    x = ibis.ifelse(u.x.abs() * 1_000_000 > 1, u.x, number(0))
    return _Units(u.select(*_KEYS, x=x, n=indicator(x != 0)), ())


def _of_revenue_change(leaf: RevenueChange, now: Span, then: Span) -> _Units:
    own = _own_columns(leaf)
    parts = []
    for tag, span in ((1, now), (0, then)):
        window = Window(span.grain, {span.ordinal: (span.start, span.end)}, first_days=(span.end - span.start).days)
        t = leaf.table
        columns = leaf.columns(window) | {"customer": _customer(t)}
        rows = t.select(**columns, **{name: _name_of(t[name]) for name in own})
        rows = rows.filter((rows.period == span.ordinal) & (rows.there + rows.was > 0))
        each = rows.group_by(["unit", "customer", *own]).aggregate(
            guest=rows.guest.max(),
            new=rows.new.max(),
            there=rows.there.sum(),
            was=rows.was.sum(),
            change=((rows.there - rows.was) * rows.value).sum(),
        )
        belongs = kinds_of_change(each)[leaf.part]
        x = ibis.ifelse(belongs, -each.change if leaf.part in ("less", "lost") else each.change, number(0))
        parts.append(each.select("unit", "customer", *own, tag=ibis.literal(tag, "int8"), x=x, n=indicator(belongs)))
    rows = union(parts)
    return _Units(rows.select(*_KEYS, *own, "x", "n"), tuple(own))


def _unit_text(leaf: Sums) -> Any:
    unit = unit_of(leaf)
    return ibis.row_number().cast("string") if unit is None else unit.cast("string")


def _customer(table: ir.Table) -> Any:
    return table["customer_id"] if "customer_id" in table.columns else ibis.null("string")


#: How each kind of measure is added up by customer; the first that fits holds.
_UNITS: dict[type[Sums], Callable[[Any, Span, Span], _Units]] = {
    RecurringChange: _of_recurring,
    RecurringLevel: _of_level,
    RevenueChange: _of_revenue_change,
    LossRate: _of_losses,
    Stock: _of_stock,
    **dict.fromkeys((Count, Total, Tally, ActiveUnits, PerUserWeek, Composition), _of_rows),
    **dict.fromkeys((Mean, MeanPerCustomer, Ratio, Share, NetShare, ShareOfCustomers), _of_rows),
}
