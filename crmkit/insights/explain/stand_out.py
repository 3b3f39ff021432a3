"""Which groups stand out: at most three, each tested among all that were looked at, without those named before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from crmkit.insights.explain.places import p_values
from crmkit.metrics.engine.chance import holm
from crmkit.metrics.engine.intervals import Array
from crmkit.metrics.engine.verdict import SIGNIFICANCE

MOST_PLACES = 3
Place = tuple[str, str, str]  # column, group, effect


def adjusted_p_values(parts: pd.DataFrame) -> tuple[list[int], Array]:
    """Return which rows are tests of their own, and the adjusted p-value of every row.

    Of two groups one moves apart as much as the other: they are one test, of the one that moved more by itself.

    Parameters
    ----------
    parts : DataFrame
        From :func:`crmkit.insights.explain.places.sum_parts` or :func:`~crmkit.insights.explain.places.rate_parts`.
    """
    found = p_values(parts)
    tests: list[int] = []
    other: dict[int, int] = {}
    for _, g in parts.groupby(["column", "effect"], sort=False):
        rows = list(g.index)
        if len(rows) == 2:
            one, two = sorted(rows, key=lambda row: -parts["own"][row])
            other[two] = one
            rows = [one]
        tests += rows
    tests = [row for row in tests if not np.isnan(found[row])]
    adjusted = np.full(len(parts), np.nan)
    adjusted[tests] = holm(found[tests])
    for two, one in other.items():
        adjusted[two] = adjusted[one]
    return tests, adjusted


def standing_out(parts: pd.DataFrame, without: Callable[[list[Place], list[str]], pd.DataFrame]) -> list[Place]:
    """Return up to three groups that moved apart from the others beyond chance.

    Parameters
    ----------
    parts : DataFrame
        As for :func:`adjusted_p_values`.
    without : function
        Returns the parts of some columns without the customers or rows of some groups.
    """
    tests, adjusted = adjusted_p_values(parts)
    named: list[Place] = []
    left = _candidates(parts, tests, adjusted)
    while len(left):
        best = left.iloc[0]
        named.append((str(best["column"]), str(best["group"]), str(best["effect"])))
        columns = list(dict.fromkeys(left["column"].iloc[1:]))
        if len(named) == MOST_PLACES or not columns:
            break
        again = without(named, columns)
        if again.empty:
            break
        rows, _ = adjusted_p_values(again)
        left = _candidates(again, rows, np.minimum(p_values(again) * len(tests), 1.0))
    return named


def _candidates(parts: pd.DataFrame, tests: list[int], adjusted: Array) -> pd.DataFrame:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (parts["excess"] / parts["scatter"]).abs()
    rows = parts.assign(adjusted=adjusted, z=z).loc[tests]
    return rows[rows["adjusted"] <= SIGNIFICANCE].sort_values(["z", "own"], ascending=False, kind="stable")
