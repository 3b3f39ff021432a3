"""How a number moved: who came and who left, orders each and value each; numerator and denominator; kinds of change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from crmkit.metrics.analyses.change_sums import Span, change_sums, factor_of, is_split, is_sum
from crmkit.metrics.analyses.customer_kinds import KINDS, customer_kinds, movements_between
from crmkit.metrics.card import Card
from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.measures import (
    ActiveAtStart,
    BudgetUse,
    Combined,
    Count,
    MonthlyTotal,
    NetShare,
    Quotient,
    RecurringChange,
    RecurringKept,
    RecurringLevel,
    RevenueChange,
    Share,
    SumOf,
    Sums,
    Total,
)
from crmkit.tables.catalog import Catalog

_RECURRING = {
    "new": "new subscribers",
    "reactivation": "subscribers who came back",
    "expansion": "subscribers who pay more",
    "contraction": "subscribers who pay less",
    "churn": "subscribers who left",
}
_REVENUE = {
    "new": "first-time customers",
    "back": "customers who came back",
    "more": "customers who bought more",
    "less": "customers who bought less",
    "lost": "customers who did not order",
    "guests": "guests",
}
_WHO = "who came and who left"
_LOSSES = ("contraction", "churn", "less", "lost")
_WORDS = {
    "new": "first-time customers",
    "back": "customers who came back",
    "came": "customers who had not ordered in the period before",
    "lost": "customers who did not order again",
    "guests": "guests",
}


def mechanism(catalog: Catalog, card: Card, measure: object, now: Span, then: Span) -> pd.DataFrame:
    """Return the parts of a change by how it came about, which add up to it; empty where the metric has no such parts.

    Returns
    -------
    DataFrame
        by (kind of mechanism), group (in words), effect, before, now, change, low, high.
    """
    if isinstance(measure, Quotient):
        return _of_quotient(catalog, card, measure, now, then)
    if isinstance(measure, NetShare):
        return _of_net_share(catalog, measure, now, then)
    if isinstance(measure, ActiveAtStart):
        return _of_active(measure, now, then)
    if isinstance(measure, RecurringChange | RevenueChange) and not isinstance(measure, RecurringKept):
        return _of_kinds(catalog, measure, now, then) if measure.part == "net" else pd.DataFrame()
    if isinstance(measure, SumOf):
        return _of_summands(catalog, measure, now, then)
    if not isinstance(measure, Total) or isinstance(measure, MonthlyTotal | BudgetUse) or measure.exact:
        return pd.DataFrame()
    has_customers = {"customer_id", "order_id"} <= set(measure.table.columns)
    return _of_customers(catalog, measure, now, then) if has_customers else pd.DataFrame()


def _of_summands(catalog: Catalog, measure: SumOf, now: Span, then: Span) -> pd.DataFrame:
    """Return what each summand did, orders by who came and who left."""
    parts = []
    for summand in measure.summands:
        if isinstance(summand, Total) and "order_id" in summand.table.columns:
            found = mechanism_of_total(catalog, summand, now, then)
            parts.append(found.assign(group="orders: " + found["group"]) if len(found) else found)
        elif is_split(summand):
            whole = change_sums(catalog, summand, now, then, []).iloc[0]
            error = np.sqrt(max(whole["x1_x1"] - 2 * whole["x1_x0"] + whole["x0_x0"], 0.0))
            name = "recurring revenue" if isinstance(summand, RecurringLevel) else "all else"
            parts.append(pd.DataFrame([_row(_WHO, name, whole["x0"], whole["x1"], whole["x1"] - whole["x0"], error)]))
    return pd.concat(parts, ignore_index=True).assign(by="source")


def mechanism_of_total(catalog: Catalog, leaf: Total, now: Span, then: Span) -> pd.DataFrame:
    """Return who came and who left, or the sum itself where no customer is known."""
    if "customer_id" in leaf.table.columns:
        return _of_customers(catalog, leaf, now, then)
    whole = change_sums(catalog, leaf, now, then, []).iloc[0]
    error = np.sqrt(max(whole["x1_x1"] + whole["x0_x0"], 0.0))
    return pd.DataFrame([_row(_WHO, "guests", whole["x0"], whole["x1"], whole["x1"] - whole["x0"], error)])


def _of_kinds(catalog: Catalog, leaf: RecurringChange | RevenueChange, now: Span, then: Span) -> pd.DataFrame:
    words = _RECURRING if isinstance(leaf, RecurringChange) else _REVENUE
    rows = []
    for part, name in words.items():
        whole = change_sums(catalog, replace(leaf, part=part), now, then, []).iloc[0]
        sign = -1.0 if part in _LOSSES else 1.0
        error = np.sqrt(max(whole["x1_x1"] - 2 * whole["x1_x0"] + whole["x0_x0"], 0.0))
        rows.append(
            _row(
                "kind of change",
                name,
                sign * whole["x0"],
                sign * whole["x1"],
                sign * (whole["x1"] - whole["x0"]),
                error,
            )
        )
    return pd.DataFrame(rows)


def _of_net_share(catalog: Catalog, leaf: NetShare, now: Span, then: Span) -> pd.DataFrame:
    known = leaf.minus.notnull()  # an answer counts where both sides are known
    where = known if leaf.where is None else leaf.where & known
    rows = []
    for name, hit, sign in (
        ("promoters, or answers in favour", leaf.plus, 1.0),
        ("detractors, or answers against", leaf.minus, -1.0),
    ):
        share = Share(leaf.table, at=leaf.at, where=where, unit=leaf.unit, hit=hit, weight=leaf.weight)
        whole = change_sums(catalog, share, now, then, []).iloc[0]
        before, after = (sign * leaf.scale * whole[f"x{t}"] / whole[f"n{t}"] for t in "01")
        rows.append(_row("side", name, before, after, after - before, leaf.scale * _rate_error(whole)))
    return pd.DataFrame(rows)


def _rate_error(whole: pd.Series) -> float:
    v1, v0 = whole["x1"] / whole["n1"], whole["x0"] / whole["n0"]
    by = {"x1": 1 / whole["n1"], "n1": -v1 / whole["n1"], "x0": -1 / whole["n0"], "n0": v0 / whole["n0"]}
    return float(np.sqrt(max(_form(by, whole), 0.0)))


def _form(by: dict[str, float], sums: Mapping[str, float] | pd.Series) -> float:
    names = list(by)
    return sum(
        (1.0 if one == other else 2.0)
        * by[one]
        * by[other]
        * sums[f"{one}_{other}" if f"{one}_{other}" in sums else f"{other}_{one}"]
        for place, one in enumerate(names)
        for other in names[place:]
    )


def _of_active(leaf: ActiveAtStart, now: Span, then: Span) -> pd.DataFrame:
    first, last = sorted((now.start, then.start))
    moved = movements_between(leaf.table, first, last)
    sign = 1.0 if now.start > then.start else -1.0
    words = {"joined": "customers who joined", "returned": "customers who came back", "left": "customers who left"}
    rows = []
    for kind, name in words.items():
        change = sign * float(moved.get(kind, 0.0))
        rows.append(_row(_WHO, name, np.nan, np.nan, change, np.sqrt(abs(change))))
    return pd.DataFrame(rows)


def _of_quotient(catalog: Catalog, card: Card, quotient: Quotient, now: Span, then: Span) -> pd.DataFrame:
    """Return what the numerator and the denominator did, each with the other at the mean of both periods (Bennet)."""
    sides = [
        [_value(catalog, part, span, now, then) for span in (then, now)]
        for part in (quotient.numerator, quotient.denominator)
    ]
    (a0, a1), (b0, b1) = sides
    if not np.isfinite([a0, a1, b0, b1]).all() or not b0 or not b1:
        return pd.DataFrame()
    above, below = (a1 - a0) * (1 / b1 + 1 / b0) / 2, (1 / b1 - 1 / b0) * (a1 + a0) / 2
    names = _sides_of(card.formula)
    by = "numerator and denominator"
    return pd.DataFrame([_row(by, names[0], a0, a1, above, np.nan), _row(by, names[1], b0, b1, below, np.nan)])


def _value(catalog: Catalog, part: Sums | Combined, span: Span, now: Span, then: Span) -> float:
    if isinstance(part, SumOf) and not is_split(part):
        return sum(_value(catalog, each, span, now, then) for each in part.summands)
    if isinstance(part, Quotient):
        below = _value(catalog, part.denominator, span, now, then)
        return _value(catalog, part.numerator, span, now, then) / below - part.less if below else np.nan
    if not is_split(part):
        return np.nan
    found = change_sums(catalog, part, now, then, [])
    side = "1" if span is now else "0"
    if found.empty:
        return 0.0 if is_sum(part) else np.nan
    x, n = found[f"x{side}"].iloc[0], found[f"n{side}"].iloc[0]
    return float(x if is_sum(part) else x / n if n else np.nan)


def _sides_of(formula: str) -> tuple[str, str]:
    above, sign, below = formula.partition(" = ")[2].partition(" / ")
    return (above, below) if sign and "(" not in formula else ("what is divided", "what it is divided by")


def _of_customers(catalog: Catalog, leaf: Total, now: Span, then: Span) -> pd.DataFrame:
    """Return who came and who left, and of those in both periods orders each, value each and refunds."""
    kinds = customer_kinds(catalog, leaf, now, then)
    f1, f0 = factor_of(leaf, now), factor_of(leaf, then)
    rows = []
    for kind in KINDS:
        if kind in kinds.index and kind != "stayed":
            s = _sums_of(kinds, kind)
            before, after = f0 * (s["s0"] + s["f0"]), f1 * (s["s1"] + s["f1"])
            error = np.sqrt(max(s["squared_change"], 0.0))
            rows.append(_row(_WHO, _WORDS[kind], before, after, after - before, error))
    if "stayed" in kinds.index:
        rows += _of_stayed(_sums_of(kinds, "stayed"), counts=isinstance(leaf, Count))
    return pd.DataFrame(rows)


def _sums_of(kinds: pd.DataFrame, kind: str) -> dict[str, float]:
    return {str(name): float(value) for name, value in kinds.loc[[kind]].iloc[0].items()}


def _of_stayed(s: Mapping[str, float], *, counts: bool) -> list[dict[str, object]]:
    """Split the sum of the customers of both periods: their orders times the value of one, and their refunds."""
    by = _WHO
    o1, o0, s1, s0 = s["o1"], s["o0"], s["s1"], s["s0"]
    if counts or not o1 or not o0:
        change = s1 + s["f1"] - s0 - s["f0"]
        return [_row(by, "customers of both periods", s0 + s["f0"], s1 + s["f1"], change, np.sqrt(s["squared_change"]))]
    v1, v0 = s1 / o1, s0 / o0
    orders, value = (o1 - o0) * (v1 + v0) / 2, (v1 - v0) * (o1 + o0) / 2
    gradient_orders = {
        "s1": (o1 - o0) / (2 * o1),
        "o1": (v1 + v0) / 2 - (o1 - o0) * v1 / (2 * o1),
        "s0": (o1 - o0) / (2 * o0),
        "o0": -(v1 + v0) / 2 - (o1 - o0) * v0 / (2 * o0),
    }
    gradient_value = {
        "s1": (o1 + o0) / (2 * o1),
        "o1": (v1 - v0) / 2 - (o1 + o0) * v1 / (2 * o1),
        "s0": -(o1 + o0) / (2 * o0),
        "o0": (v1 - v0) / 2 + (o1 + o0) * v0 / (2 * o0),
    }
    rows = [
        _row(
            by,
            "customers of both periods: number of orders",
            o0,
            o1,
            orders,
            np.sqrt(max(_form(gradient_orders, s), 0.0)),
        ),
        _row(
            by,
            "customers of both periods: value of an order",
            v0,
            v1,
            value,
            np.sqrt(max(_form(gradient_value, s), 0.0)),
        ),
    ]
    if s["f1"] or s["f0"]:
        rows.append(
            _row(
                by,
                "customers of both periods: refunds",
                s["f0"],
                s["f1"],
                s["f1"] - s["f0"],
                np.sqrt(s["squared_refunds"]),
            )
        )
    return rows


def _row(by: str, group: str, before: float, now: float, change: float, error: float | Array) -> dict[str, object]:
    return {
        "by": by,
        "group": group,
        "effect": "amount",
        "before": before,
        "now": now,
        "change": change,
        "low": change - Z * error,
        "high": change + Z * error,
    }
