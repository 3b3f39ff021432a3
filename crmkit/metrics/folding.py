"""Groups too small to show are put together, so that nobody stands alone and the parts still add up to the whole."""

from __future__ import annotations

import pandas as pd

from crmkit.metrics.measures import Median, Sums
from crmkit.metrics.window import Window

SMALL_GROUPS = "(small groups)"


def estimate_folded(leaf: Sums, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Estimate a measure by group; groups below the smallest size in every period asked for become one.

    Sums of groups add up, so the estimate of the folded group is exact. A median does not add up: its small groups
    are left out instead.
    """
    estimate = leaf.estimate(sums, window)
    if not window.by or estimate.empty or getattr(leaf, "exact", False):  # money spent is known, however few bookings
        return estimate
    asked = estimate[estimate["period"].isin(list(window.bounds))]
    largest = asked.groupby(list(window.by))["n"].max()
    small = largest[largest < window.smallest_group].index
    is_small = pd.MultiIndex.from_frame(sums[list(window.by)]).isin(_as_rows(small))
    if not is_small.any():
        return estimate
    if isinstance(leaf, Median):
        return leaf.estimate(sums[~is_small], window)
    folded = sums.assign(**{column: sums[column].mask(is_small, SMALL_GROUPS) for column in window.by})
    keys = [name for name in folded if name in (*window.keys, "age", "day", "draw")]
    return leaf.estimate(folded.groupby(keys, as_index=False).sum(), window)


def _as_rows(groups: pd.Index) -> list[tuple[str, ...]]:
    return [group if isinstance(group, tuple) else (group,) for group in groups]
