"""Judge changes (real, within noise, too few to tell) and targets (met, missed, too close to call)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from crmkit.metrics.card import ABSOLUTE_UNITS
from crmkit.metrics.engine.intervals import Array, Z

SIGNIFICANCE = 0.05
POWER = 0.8


def judge_changes(now: pd.DataFrame, then: pd.DataFrame, matters: Array, families: Array | None = None) -> pd.DataFrame:
    """Judge the change of each metric of a scorecard between two periods, as one family or several.

    A change is real if its p-value, adjusted for testing all metrics of its family, is at most .05; between two numbers
    that are known exactly, such as money spent, if it is at least the smallest change that matters. It is within noise if
    a change that matters would have been detected with 80 % power, or if two one-sided tests at 5 % say that there was
    none: the 90 % interval of the change lies inside. Otherwise it is too few to tell. The standard error of the
    difference follows from the two intervals: for each value, the distance to its own limit that faces the other value,
    or for the two tests, the limit away from it.

    Parameters
    ----------
    now, then : DataFrame
        Row by row the same metrics: value, low, high, status, unit, better.
    matters : array
        Smallest change that matters: absolute for points and shares, else relative to the value before.
    families : array of str, optional
        The family of each metric; by default all are of one.

    Returns
    -------
    DataFrame
        change [unit], p_value (adjusted), verdict ("real", "within noise", "too few to tell", "no comparison"),
        direction ("better", "worse", "changed"; empty unless real).

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300; Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702; Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15,
    657-680 (two one-sided tests).
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
    away = _error_of_difference(now, then, -change)
    blind &= ~(np.abs(change) + float(ndtri(1 - SIGNIFICANCE)) * away < smallest)  # NaN, an open end, stays blind
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
    above, below = low >= target, high <= target  # never true for an open end, which is NaN
    good, bad = (above, below) if better == "higher" else (below, above)
    return "met" if good else "missed" if bad else "too close to call"  # no losses with a target of 0: met


def benjamini_hochberg(p_values: Array) -> Array:
    """Return p-values adjusted for the number of tests, so that they control the rate of false discoveries.

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
