"""The level that a number had before a period: several periods together where nothing moved, which is surer than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from crmkit.metrics.engine.intervals import Array, Z

LOOK_BACK = 12  # periods before the one that is judged
_FEWEST = 6  # periods, below which the one before stands alone
_UNEVEN = 0.02  # probability of so much scatter below which the periods are not of one level
_MOVED = 0.05  # probability of so much difference between the last quarter of the periods and the rest


@dataclass(frozen=True)
class UsualLevel:
    """What each metric is tested against.

    Attributes
    ----------
    rows : DataFrame
        value, low, high: of the periods before, where they are of one level; else of the period before alone.
    n_periods : array of int
        How many periods the level is made of [count].
    scatter : array
        By how much the periods scatter more than their intervals say; at least 1 [ratio of standard deviations].
    """

    rows: pd.DataFrame
    n_periods: NDArray[np.int64]
    scatter: Array


def usual_level(then: pd.DataFrame, earlier: Sequence[pd.DataFrame]) -> UsualLevel:
    """Return the level before a period: the mean of up to twelve periods, if nothing moved in them.

    Nothing moved if the periods scatter no more than their intervals allow (chi-squared at 2 %), and the last quarter of
    them does not differ from the rest (at 5 %). Then a difference of their mean from the period judged is found with three
    quarters of the standard error of a difference between two periods. Periods that follow each other have customers in
    common, which makes the difference surer still; no use is made of that. Where the periods scatter more than their
    intervals say, as those of busy and quiet spells do, the error is larger by as much.

    Parameters
    ----------
    then : DataFrame
        The period before; row by row the metrics: value, low, high, status.
    earlier : sequence of DataFrame
        The same of the periods before, the latest (that of ``then``) first, per day where a metric grows with the length
        of a period. The first one that lacks a value, and those before it, are not looked at.

    References
    ----------
    Birge (1932), Physical Review 40, 207-227 (error of a mean of values that scatter more than their errors say).

    Examples
    --------
    >>> month = pd.DataFrame({"value": [100.0], "low": [90.0], "high": [110.0], "status": ["ok"]})
    >>> level = usual_level(month, [month] * 12)
    >>> level.n_periods.tolist(), level.rows.round(1).values.tolist()  # of a single one 90 to 110
    ([12], [[100.0, 97.1, 102.9]])
    """
    alone = then[["value", "low", "high"]].reset_index(drop=True).astype(float)
    n = np.ones(len(then), dtype=np.int64)
    if len(earlier) < _FEWEST:
        return UsualLevel(alone, n, np.ones(len(then)))
    value, low, high = (np.array([each[side].to_numpy(float) for each in earlier]) for side in alone)
    known = np.isfinite(value + low + high) & np.array([(each["status"] == "ok").to_numpy() for each in earlier])
    known = np.logical_and.accumulate(known[:LOOK_BACK])
    value, below, above = (np.where(known, x[:LOOK_BACK], 0.0) for x in (value, value - low, high - value))
    count = known.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = value.sum(axis=0) / count
        variance = (((below + above) / (2 * Z)) ** 2).sum(axis=0) / count
        spread = (np.where(known, value - mean, 0.0) ** 2).sum(axis=0) / variance
        even = (chdtrc(count - 1, spread) > _UNEVEN) & (_probability_of_move(value, known, count, variance) > _MOVED)
        together = (count >= _FEWEST) & (variance > 0) & even
        lower, upper = (np.sqrt((side**2).sum(axis=0)) / count for side in (below, above))
        scatter = np.where(together, np.sqrt(np.maximum(spread / (count - 1), 1.0)), 1.0)
    of_all = {"value": mean, "low": mean - lower, "high": mean + upper}
    rows = pd.DataFrame({side: np.where(together, x, alone[side]) for side, x in of_all.items()})
    return UsualLevel(rows, np.where(together, count, 1), scatter)


def _probability_of_move(value: Array, known: NDArray[np.bool_], count: Array, variance: Array) -> Array:
    """Return the probability of so large a difference between the last quarter of the periods and those before."""
    last = np.maximum(count // 4, 1)
    is_last = known & (np.arange(len(value))[:, None] < last)
    late = np.where(is_last, value, 0.0).sum(axis=0) / last
    soon = np.where(is_last, 0.0, value).sum(axis=0) / (count - last)
    return np.asarray(2 * ndtr(-np.abs(late - soon) / np.sqrt(variance * (1 / last + 1 / (count - last)))))
