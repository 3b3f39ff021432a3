"""Judge changes (real, within noise, too few to tell) and targets (met, missed, too close to call)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from crmkit.metrics.card import ABSOLUTE_UNITS, Card
from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.formatting import none_of
from crmkit.metrics.measures import Measure
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog

SIGNIFICANCE = 0.05
POWER = 0.8


def judge_changes(now: pd.DataFrame, then: pd.DataFrame, matters: Array, families: Array | None = None) -> pd.DataFrame:
    """Judge the change of each metric of a scorecard between two periods, as one family or several.

    A change is real if its p-value, adjusted for looking at all metrics of its family at once, is at most .05; between
    two numbers that are known exactly, such as money spent, if it is as large as what matters. It is too few to
    tell if a change that matters could not have been seen with 80 % power. The error of a difference follows from the
    two intervals: each side's distance to its own limit that faces the other value.

    Parameters
    ----------
    now, then : DataFrame
        Row by row the same metrics: value, low, high, status, unit, better.
    matters : array
        Smallest change that matters: absolute for points and shares, else relative to the value before.
    families : array of str, optional
        The family of each metric; all are one by default.

    Returns
    -------
    DataFrame
        change [unit], p_value (adjusted), verdict ("real", "within noise", "too few to tell", "no comparison"),
        direction ("better", "worse", "changed"; empty unless real).

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300; Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702.
    """
    change = now["value"].to_numpy(float) - then["value"].to_numpy(float)
    error = _error_of_difference(now, then, change)
    usable = np.isfinite(change) & np.isfinite(error)
    few = (now["status"] != "ok").to_numpy() | (then["status"] != "ok").to_numpy()
    tested = usable & ~few & (error > 0)
    p_value = np.full(len(now), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_chance = 2 * ndtr(-np.abs(change / error))
    families = np.full(len(now), "") if families is None else families
    for family in set(families[tested]):
        together = tested & (families == family)
        p_value[together] = benjamini_hochberg(by_chance[together])
    smallest = np.where(now["unit"].isin(ABSOLUTE_UNITS), matters, matters * np.abs(then["value"].to_numpy(float)))
    blind = (float(ndtri(1 - SIGNIFICANCE / 2)) + float(ndtri(POWER))) * error > smallest
    exact = usable & ~few & _is_exact(now) & _is_exact(then) & (change != 0)
    real = (tested & (p_value <= SIGNIFICANCE)) | (exact & (np.abs(change) >= smallest))
    known = np.isfinite(change)
    verdict = np.select(
        [~known, real, few | blind | ~usable], ["no comparison", "real", "too few to tell"], "within noise"
    )
    return pd.DataFrame(
        {"change": change, "p_value": p_value, "verdict": verdict, "direction": _direction(real, change, now)},
        index=now.index,
    )


def judge_target(low: float, high: float, target: float | None, better: str) -> str:
    """Return "met" or "missed" if the whole interval lies on one side of the target, else "too close to call".

    Examples
    --------
    >>> judge_target(0.055, 0.069, 0.04, better="lower")
    'missed'
    >>> judge_target(28, 54, 45, better="higher")
    'too close to call'
    >>> judge_target(0, 0, 0, better="lower")
    'met'
    """
    if target is None or np.isnan(target) or better == "neither" or np.isnan([low, high]).all():
        return ""
    above, below = low >= target, high <= target  # never true of an end that is open, which is not a number
    good, bad = (above, below) if better == "higher" else (below, above)
    return "met" if good else "missed" if bad else "too close to call"  # nothing lost, with a target of 0: met


def benjamini_hochberg(p_values: Array) -> Array:
    """Return p-values adjusted so that at most a share of the calls is false.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control  # a slow import that most callers do not need

    return false_discovery_control(p_values) if len(p_values) else p_values


def _is_exact(side: pd.DataFrame) -> NDArray[np.bool_]:
    return np.asarray(side["low"] == side["high"])


def _error_of_difference(now: pd.DataFrame, then: pd.DataFrame, change: Array) -> Array:
    value, low, high = (now[name].to_numpy(float) for name in ("value", "low", "high"))
    value_then, low_then, high_then = (then[name].to_numpy(float) for name in ("value", "low", "high"))
    if_up = np.hypot(value - low, high_then - value_then)
    if_down = np.hypot(high - value, value_then - low_then)
    return np.where(change >= 0, if_up, if_down) / Z


def _direction(real: Array, change: Array, now: pd.DataFrame) -> Array:
    better = now["better"].to_numpy()
    good = ((change > 0) & (better == "higher")) | ((change < 0) & (better == "lower"))
    return np.select([~real.astype(bool), better == "neither", good], ["", "changed", "better"], "worse")


# An estimate put on every period and group that was asked for, with its status and the reason why there is none.


_NUMBERS = ("value", "low", "high", "n", "units", "at_risk")


def judged(
    found: Sequence[tuple[Card, Measure | str, pd.DataFrame]], asked: list[Period], columns: list[str], catalog: Catalog
) -> pd.DataFrame:
    """Put estimates on every period and group asked for, with status and reason, in the order of their cards.

    All cards at once: one by one, to name what is missing takes as long as to add up.

    Parameters
    ----------
    found : sequence of (Card, Measure or str, DataFrame)
        Each card with its measure and its estimate, or with the reason why it cannot be measured.
    asked : list of Period
    columns : list of str
        Of the groups.
    catalog : Catalog
    """
    parts = []
    for place, (card, measure, estimate) in enumerate(found):
        if isinstance(measure, str):
            part = not_measured(card, measure, asked, columns)
        else:
            part = _on_grid(card, measure, estimate, asked, columns, catalog)
        parts.append(part.assign(place=place))
    told = [part for part in parts if "nothing" not in part]
    rows = [part for part in parts if "nothing" in part]
    told += [_with_status(pd.concat(rows, ignore_index=True), asked, catalog)] if rows else []
    together = pd.concat([part.astype(dict.fromkeys(("value", "low", "high"), float)) for part in told])
    return together.sort_values("place", kind="stable", ignore_index=True)[_columns(columns)]


def _on_grid(
    card: Card, measure: Measure, estimate: pd.DataFrame, asked: list[Period], columns: list[str], catalog: Catalog
) -> pd.DataFrame:
    """Return a row for each period and group, with what its status and reason are told from."""
    grid = pd.DataFrame({"period": [period.ordinal for period in asked]})
    if columns:
        groups = estimate.loc[estimate["n"] > 0, columns].drop_duplicates().sort_values(columns)
        if groups.empty:  # a metric that was asked for is told of, whatever there is of it
            nothing = not_measured(card, f"{none_of(card.counted)} in any group", asked, columns)
            return nothing.assign(status="no data")
        grid = grid.merge(groups, how="cross")
        rows = grid.merge(estimate, on=["period", *columns], how="left")
    else:
        rows = estimate.set_index("period").reindex(grid["period"]).reset_index()
    outside = _outside(catalog, measure, asked)
    numbers = {name: rows[name].to_numpy(dtype=float, na_value=np.nan) for name in _NUMBERS if name in rows}
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("period", *columns)},
            **dict.fromkeys(_NUMBERS, np.nan),
            **numbers,
            "because": rows["because"].fillna("") if "because" in rows else "",
            "outside": [outside.get(ordinal, "") for ordinal in rows["period"]],
            "minimum": float(measure.minimum),
            "nothing": f"{none_of(card.counted)} in this period",
            "rough": f"the interval is rough below {measure.minimum} {_what(card, measure)}",
            "metric": card.name,
            "unit": card.unit,
        }
    )


def _with_status(rows: pd.DataFrame, asked: list[Period], catalog: Catalog) -> pd.DataFrame:
    # Twenty visitors of two days are two cases: with 20 above it "below 10" would read as a mistake.
    alike = "the interval is rough: too few of them came apart from each other"
    few_words = rows["rough"].where(rows["n"] < rows["minimum"].clip(lower=1), alike)
    missing = rows["value"].isna() | rows["n"].isna() | (rows["outside"] != "")
    few = ~missing & (rows["units"] < rows["minimum"])
    status = np.select([missing & (rows["at_risk"] > 0), missing, few], ["not reached", "no data", "too few"], "ok")
    reason = pd.Series(np.select([missing, few], [rows["nothing"], few_words], ""), index=rows.index)
    reason = reason.mask(missing & (rows["because"] != ""), rows["because"])  # the measure knows better
    so_far = {p.ordinal: f"so far: {days} of {p.n_days} days" for p in asked if (days := catalog.days_so_far(p))}
    reason = reason.where(reason != "", rows["period"].map(so_far).fillna(""))
    reason = reason.mask(rows["outside"] != "", rows["outside"])
    rows.loc[missing, ["value", "low", "high"]] = np.nan
    text = {period.ordinal: str(period) for period in asked}
    return rows.assign(
        n=rows["n"].fillna(0).astype("int64"), period=rows["period"].map(text), status=status, reason=reason
    )


def _outside(catalog: Catalog, measure: Measure, asked: list[Period]) -> dict[int, str]:
    """Return why the data cannot speak of some of the periods, by ordinal."""
    through, first = catalog.data_through, catalog.data_from
    reasons = {}
    for period in asked:
        if through and period.start > through:
            reasons[period.ordinal] = f"the data end on {through}"
        elif first and period.end <= first:
            reasons[period.ordinal] = f"the data begin on {first}"
        elif first and measure.unseen_days and period.start < first + timedelta(days=measure.unseen_days):
            reasons[period.ordinal] = f"this shows only after {measure.unseen_days} days of data"
    return reasons


def _what(card: Card, measure: Measure) -> str:
    return "customers" if measure.minimum >= 100 else card.counted


def not_measured(card: Card, reason: str, asked: list[Period], columns: list[str]) -> pd.DataFrame:
    """Return a row without a number for each period, with the reason."""
    empty = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0, "unit": card.unit}
    groups = dict.fromkeys(columns, "")
    rows = pd.DataFrame({"period": [str(period) for period in asked]})
    return rows.assign(metric=card.name, **groups, **empty, status="not measured", reason=reason)[_columns(columns)]


def _columns(by: list[str]) -> list[str]:
    return ["metric", "period", *by, "value", "low", "high", "n", "unit", "status", "reason"]
