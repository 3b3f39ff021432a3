"""Why a number moved: parts that add up to its change, by mechanism and by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.explain.mechanism import mechanism
from crmkit.insights.explain.places import (
    is_partition,
    rate_parts,
    sum_parts,
    without_small,
)
from crmkit.insights.explain.stand_out import Place, adjusted_p_values, standing_out
from crmkit.metrics.analyses.change_sums import (
    WHOLE,
    Span,
    Split,
    change_sums,
    few_groups,
    is_signed,
    is_split,
    is_sum,
    place_columns,
)
from crmkit.metrics.card import Card, apply_definitions, cards, load_own_cards
from crmkit.metrics.engine.evaluate import PARTLY, evaluate, measure_or_reason
from crmkit.metrics.engine.groups import check_columns, columns_of
from crmkit.metrics.measures import Combined, NetShare, Share, ShareOfCounts, ShareOfCustomers
from crmkit.periods import Period, PeriodLike, period_of
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_SIDE_BY_SIDE = 6  # columns shown of a number that cannot be split
COLUMNS = [
    *("metric", "period", "against", "part", "by", "group", "effect", "before", "now", "change", "low", "high"),
    *("excess", "p_value", "place", "n_before", "n_now", "reason"),
]
_SUMS_APART = "it is made of several numbers, which are not counted of the same customers; see its mechanism"
_NO_PARTS = "it is no sum over customers, so that no parts add up to its change: its groups are shown side by side"


@checked
def explain(
    catalog: Catalog,
    metric: str,
    period: PeriodLike,
    *,
    against: PeriodLike | None = None,
    by: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Split the change of a metric into parts that add up to it: how it came about, and where.

    By mechanism: who came, who left, orders each and value each; numerator and denominator; promoters and detractors; kinds of
    change of recurring revenue. By place: every group of every column that the metric's rows or their customers have, own
    columns too. A group is a place of the change only if it moved apart from the others beyond chance, after adjusting for
    all groups that were looked at; at most three, the second and third looked for without those found before. These are
    associations: that a group moved does not say why.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    metric : str
        Its name.
    period : str, Period or pair of days
        Such as "2026-10"; one that is still running is compared with as many days of the other.
    against : str, Period or pair of days, optional
        The period before, by default; "year" is the same period a year before.
    by : str or list of str, optional
        Columns to look at; all by default.

    Returns
    -------
    DataFrame
        One row per part: metric, period, against, part ("whole", "mechanism", "place"), by (column, or kind of mechanism),
        group, effect ("amount"; of a rate "its own rate" and "its part of all"), before, now, change, low, high [unit of the
        metric; for "its part of all" before and now are shares; low and high are the 95 % interval of the change], excess
        (by how much it moved apart from the others [unit]), p_value (of the excess, adjusted), place (1 to 3 for the places
        that were found), n_before, n_now, reason (why there is no number). The changes of each column, and of each kind of
        mechanism, add up to that of the whole.

    Raises
    ------
    CrmkitError
        If the metric or a column is not known, or both periods share days.

    References
    ----------
    Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194; Bennet (1920), Journal of the Royal
    Statistical Society 83, 455-462; Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2", "3"], "ordered_at": ["2026-09-02", "2026-09-03", "2026-10-09"],
    ...                        "revenue": [30.0, 50.0, 45.0], "customer_id": ["a", "b", "b"], "shop": ["A", "B", "B"]})
    >>> catalog = ck.connect({"orders": orders}, ck.Settings(company={"smallest_group": 1}))
    >>> parts = ck.explain(catalog, "revenue", "2026-10")
    >>> parts.loc[parts["part"] == "place", ["by", "group", "change"]].values.tolist()
    [['shop', 'A', -30.0], ['shop', 'B', -5.0]]
    """
    load_own_cards(catalog.settings)
    other = _other(period, against, catalog.settings.company.fiscal_year_start)
    columns = columns_of(by)
    check_columns(catalog, columns)
    (card,) = apply_definitions(cards(metric), catalog.settings.definitions)
    return memoize(catalog, _explained, card, period, other, columns)


@dataclass(frozen=True)
class _Asked:
    catalog: Catalog
    now: Span
    then: Span

    def sums(self, leaf: Split, columns: Sequence[str], without: Sequence[tuple[str, str]] = ()) -> pd.DataFrame:
        return change_sums(self.catalog, leaf, self.now, self.then, columns, without)


def _other(period: Period, against: PeriodLike | None, fiscal_year_start: int) -> Period:
    if against is None or against == "previous":
        return period.previous
    other = period.year_before if against == "year" else period_of(against, fiscal_year_start)
    if other.start < period.end and period.start < other.end:
        raise CrmkitError(
            f"{other} and {period} share days. Compare {period} with another period, such as {period.previous}."
        )
    return other


def _explained(catalog: Catalog, card: Card, period: Period, other: Period, columns: list[str]) -> pd.DataFrame:
    whole = _whole(catalog, card, period, other)
    measure = measure_or_reason(catalog, card, [])
    if whole["reason"] or isinstance(measure, str):
        return _finished([pd.DataFrame([whole])], card, period, other)
    so_far = catalog.days_so_far(period)
    asked = _Asked(catalog, _span(period, so_far), _span(other, so_far))
    parts = [pd.DataFrame([whole])]
    found = mechanism(catalog, card, measure, asked.now, asked.then)
    if len(found):
        parts.append(found.assign(part="mechanism"))
    if not is_split(measure):
        parts.append(_side_by_side(catalog, card, measure, period, other, columns))
    else:
        parts.append(_places(asked, measure, columns))
    return _finished(parts, card, period, other)


def _evaluated(catalog: Catalog, card: Card, periods: list[Period], by: str | None = None) -> list[pd.DataFrame]:
    """Return the rows of each period, all of as many days as the first one has so far; of one kind in one query."""
    so_far = catalog.days_so_far(periods[0])
    together = [periods] if len({period.grain for period in periods}) == 1 else [[period] for period in periods]
    rows = pd.concat([evaluate(catalog, card.name, sorted(part), by=by, first_days=so_far) for part in together])
    return [rows[rows["period"] == str(period)] for period in periods]


def _whole(catalog: Catalog, card: Card, period: Period, other: Period) -> dict[str, object]:
    now, then = each = [rows.iloc[0] for rows in _evaluated(catalog, card, [period, other])]
    missing = next((f"{row.period}: {row.reason or row.status}" for row in each if np.isnan(row.value)), "")
    partly = next((f"{row.period}: {row.reason}" for row in each if str(row.reason).startswith(PARTLY)), "")
    below, above = (
        np.hypot(now.value - now.low, then.high - then.value),
        np.hypot(now.high - now.value, then.value - then.low),
    )
    change = now.value - then.value
    return {
        "part": "whole",
        "before": then.value,
        "now": now.value,
        "change": change,
        "low": change - below,
        "high": change + above,
        "n_before": then.n,
        "n_now": now.n,
        "reason": missing or partly,
    }


def _span(period: Period, so_far: int | None) -> Span:
    end = period.end if so_far is None else min(period.end, period.start + timedelta(days=so_far))
    return Span(period.grain, period.ordinal, period.start, end)


def _finished(parts: list[pd.DataFrame], card: Card, period: Period, other: Period) -> pd.DataFrame:
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    rows = rows.assign(metric=card.name, period=str(period), against=str(other)).reindex(columns=COLUMNS)
    rows = rows.fillna({"by": "", "group": "", "effect": "", "reason": ""})
    rows["place"] = rows["place"].astype("Int64")
    numbers = ["before", "now", "change", "low", "high", "excess", "p_value", "n_before", "n_now"]
    return rows.astype(dict.fromkeys(numbers, float))


def _places(asked: _Asked, leaf: Split, columns: list[str]) -> pd.DataFrame:
    """Return the parts of every group of every column, with the places that stand out."""
    catalog = asked.catalog
    known = few_groups(catalog, leaf, place_columns(catalog, leaf))
    wanted = [column for column in columns or known if column in known]
    if not wanted:
        return pd.DataFrame()
    smallest = catalog.settings.company.smallest_group
    sums = without_small(asked.sums(leaf, wanted), smallest)
    whole = sums[sums["column"] == WHOLE].iloc[0]
    exact = [column for column, g in sums.groupby("column", sort=False) if column != WHOLE and is_partition(g, whole)]
    parts = _parts_of(sums[sums["column"].isin([WHOLE, *exact])], leaf)
    if parts.empty:
        return parts
    parts["p_value"] = adjusted_p_values(parts)[1]
    parts["place"] = pd.NA

    def without(named: list[Place], of: list[str]) -> pd.DataFrame:
        groups = [(column, group) for column, group, _ in named]
        return _parts_of(without_small(asked.sums(leaf, of, groups), smallest), leaf)

    for place, (column, group, effect) in enumerate(standing_out(parts, without), start=1):
        is_it = (parts["column"] == column) & (parts["group"] == group) & (parts["effect"] == effect)
        parts.loc[is_it, "place"] = place
    order = parts.sort_values("change", key=lambda change: -change.abs(), kind="stable")
    named = order.assign(part="place", by=order["column"], unnamed=order["place"].isna())
    return named.sort_values(["unnamed", "place"], kind="stable")


def _parts_of(sums: pd.DataFrame, leaf: Split) -> pd.DataFrame:
    if is_sum(leaf):
        return sum_parts(sums, signed=is_signed(leaf))
    whole = sums[sums["column"] == WHOLE].iloc[0]
    if not whole["n1"] or not whole["n0"]:
        return pd.DataFrame()
    return rate_parts(sums, counts=isinstance(leaf, Share | NetShare | ShareOfCounts | ShareOfCustomers))


def _side_by_side(
    catalog: Catalog, card: Card, measure: object, period: Period, other: Period, columns: list[str]
) -> pd.DataFrame:
    """Return the groups of a number of which no parts add up, as they were before and now."""
    reason = _SUMS_APART if isinstance(measure, Combined) else _NO_PARTS
    leaf = measure.leaves()[-1] if isinstance(measure, Combined) else measure
    known = few_groups(catalog, leaf, place_columns(catalog, leaf))  # type: ignore[arg-type]
    rows = []
    for column in [name for name in columns or known if name in known][:_SIDE_BY_SIDE]:
        if isinstance(measure_or_reason(catalog, card, [column]), str):
            continue
        now, then = (each.set_index(column) for each in _evaluated(catalog, card, [period, other], column))
        for group in dict.fromkeys([*now.index, *then.index]):
            one, two = ((f.loc[group] if group in f.index else None) for f in (now, then))
            rows.append(
                {
                    "by": column,
                    "group": group,
                    "now": np.nan if one is None else one["value"],
                    "before": np.nan if two is None else two["value"],
                    "n_now": 0 if one is None else one["n"],
                    "n_before": 0 if two is None else two["n"],
                }
            )
    return pd.DataFrame(rows).assign(part="place", reason=reason) if rows else pd.DataFrame()
