"""Judge changes (real, may be the season, within noise, too few to tell) and targets (met, missed, too close to call)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from crmkit.metrics.card import ABSOLUTE_UNITS
from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.engine.usual_level import usual_level
from crmkit.metrics.engine.usual_season import usual_season

SIGNIFICANCE = 0.05
POWER = 0.8
SEASONAL = "may be the season"
LARGE = 2.0  # times the smallest change that matters: a change as large as that is large


def judge_changes(
    now: pd.DataFrame,
    then: pd.DataFrame,
    matters: Array,
    families: Array | None = None,
    *,
    whole: Array | None = None,
    earlier: Sequence[pd.DataFrame] = (),
    years: Sequence[pd.DataFrame] = (),
) -> pd.DataFrame:
    """Judge the change of each metric of a scorecard between two periods, as one family or several.

    A change is real if its p-value, adjusted for testing all metrics of its family, is at most .05; between two numbers
    that are known exactly, such as money spent, if it is at least the smallest change that matters. It is within noise if
    a change that matters would have been detected with 80 % power, or if two one-sided tests at 5 % say that there was
    none: the 90 % interval of the change lies inside. If it lies inside twice the smallest change that matters, there was
    no large change. Otherwise it is too few to tell. The standard error of the difference follows from the two intervals:
    for each value, the distance to its own limit that faces the other value, or for the two tests, the limit away from it.

    With ``earlier``, the period is tested against the level of all periods before in which nothing moved. A change is then
    real only if it has the same sign against the period before, with which it is printed.

    With ``years``, the months of two years or more, a change must also go beyond that of the same month of the years
    before, where a season shows. One that does not, and is in the same direction, may be the season.

    Parameters
    ----------
    now, then : DataFrame
        Row by row the same metrics: value, low, high, status, unit, better.
    matters : array
        Smallest change that matters: absolute for points and shares, else relative to the value before.
    families : array of str, optional
        The family of each metric; by default all are of one.
    whole : array, optional
        What a change is relative to: for a part the value of the whole before, NaN for the metric's own value before.
    earlier : sequence of DataFrame, optional
        As ``then`` the periods before, the latest first; see :func:`~crmkit.metrics.engine.usual_level.usual_level`.
    years : sequence of DataFrame, optional
        The same of 24 months before or more; see :func:`~crmkit.metrics.engine.usual_season.usual_season`.

    Returns
    -------
    DataFrame
        change [unit], p_value (adjusted), verdict ("real", "may be the season", "within noise", "no large change",
        "too few to tell", "no comparison"), direction ("better", "worse", "changed"; empty unless real), at_most (how much
        the value may have changed, either way; the end of the 90 % interval) [unit], usual_change (at this time of the
        year; empty where no season shows) [unit].

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300; Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702; Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15,
    657-680 (two one-sided tests).
    """
    change = now["value"].to_numpy(float) - then["value"].to_numpy(float)
    usual = usual_level(then, earlier)
    tested_change = now["value"].to_numpy(float) - usual.rows["value"].to_numpy(float)
    error, away = (
        _error_of_difference(now, usual.rows, side) * usual.scatter for side in (tested_change, -tested_change)
    )
    usable = np.isfinite(change) & np.isfinite(error)
    few = (now["status"] != "ok").to_numpy() | (then["status"] != "ok").to_numpy()
    tested = usable & ~few & (error > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_chance = 2 * ndtr(-np.abs(tested_change / error))
    families = np.full(len(now), "") if families is None else families
    season = usual_season(now, years, usual.n_periods)
    beyond_season = ~season.shows | ((season.by_chance <= SIGNIFICANCE) & (season.rest * change > 0))
    p_alone = _adjusted(by_chance, families, tested)
    p_value = _adjusted(np.where(season.shows, np.fmax(by_chance, season.by_chance), by_chance), families, tested)
    smallest = _smallest(now, then, matters, whole)
    could_be_seen = (float(ndtri(1 - SIGNIFICANCE / 2)) + float(ndtri(POWER))) * error <= smallest
    at_most = np.abs(tested_change) + float(ndtri(1 - SIGNIFICANCE)) * away  # NaN, an open end, is below nothing
    at_most = np.maximum(at_most, np.abs(change))  # what is printed is no less than the change printed beside it
    exact = usable & ~few & _is_exact(now) & _is_exact(then) & (change != 0)
    moved = tested & (p_alone <= SIGNIFICANCE) & (tested_change * change > 0)
    moved |= exact & (np.abs(change) >= smallest)
    real = moved & beyond_season & (exact | (p_value <= SIGNIFICANCE))
    verdict = np.select(
        [
            ~np.isfinite(change),
            real,
            moved & ~beyond_season & (season.change * change > 0),
            moved & ~real,
            few | ~usable,
            could_be_seen | (at_most < smallest),
            at_most < LARGE * smallest,
        ],
        ["no comparison", "real", SEASONAL, "too few to tell", "too few to tell", "within noise", "no large change"],
        "too few to tell",
    )
    columns = {"change": change, "p_value": p_value, "verdict": verdict}
    columns |= {"direction": _direction(real, change, now), "at_most": np.where(few | ~usable, np.nan, at_most)}
    columns["usual_change"] = season.change
    return pd.DataFrame(columns, index=now.index)


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


def _adjusted(by_chance: Array, families: Array, tested: NDArray[np.bool_]) -> Array:
    """Return p-values adjusted within each family; NaN where nothing is tested."""
    p_value = np.full(len(by_chance), np.nan)
    for family in set(families[tested]):
        together = tested & (families == family)
        p_value[together] = benjamini_hochberg(by_chance[together])
    return p_value


def _smallest(now: pd.DataFrame, then: pd.DataFrame, matters: Array, whole: Array | None) -> Array:
    """Return the smallest change that matters of each metric [unit]."""
    before = np.abs(then["value"].to_numpy(float))
    if whole is not None:
        before = np.where(np.isnan(whole), before, np.abs(whole))
    return np.where(now["unit"].isin(ABSOLUTE_UNITS), matters, matters * before)


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
