"""Groups too small to show are put together, so that nobody stands alone and the parts still add up to the whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.metrics.measures import Composition, Count, Mean, Measure, Median, Quotient, Sums, Total
from crmkit.metrics.window import Window

SMALL_GROUPS = "(small groups)"


def estimate_folded(leaf: Sums, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Estimate a measure by group; groups below the smallest size in every period asked for become one.

    Where all of them together are still below it, the next smallest groups join them: left alone, their number could be
    had as the whole less the others. A mere count of them tells nothing of anybody, and stays. Sums of groups add up, so
    the estimate of the folded group is exact. A median does not add up: its small groups are left out instead.
    """
    estimate = leaf.estimate(sums, window)
    if not window.by or estimate.empty or _is_exact(leaf):
        return estimate
    counts = isinstance(leaf, Composition) or bool((estimate["value"] == estimate["n"]).all())
    folded = too_small(estimate, window, alone=counts or isinstance(leaf, Median))
    is_small = pd.MultiIndex.from_frame(sums[list(window.by)]).isin(folded)
    if not is_small.any():
        return estimate
    if isinstance(leaf, Median):
        return leaf.estimate(sums[~is_small], window)
    folded_sums = sums.assign(**{column: sums[column].mask(is_small, SMALL_GROUPS) for column in window.by})
    keys = [name for name in folded_sums if name in (*window.keys, "age", "day", "draw")]
    return leaf.estimate(folded_sums.groupby(keys, as_index=False).sum(), window)


def without_small_groups(measure: Measure, estimate: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the quotients of customers' own numbers without those of groups too small to show, and say why.

    A quotient does not add up, so nothing can be put together; as many groups are emptied as protect each other.
    """
    if not window.by or estimate.empty or not isinstance(measure, Quotient) or not _tells_of_customers(measure):
        return estimate
    is_small = pd.MultiIndex.from_frame(estimate[list(window.by)]).isin(too_small(estimate, window))
    if not is_small.any():
        return estimate
    why = f"not shown: fewer than {window.smallest_group} in a group"
    hidden = estimate.assign(because=np.array([why if small else None for small in is_small], dtype=object))
    hidden.loc[is_small, ["value", "low", "high"]] = np.nan
    return hidden


def too_small(estimate: pd.DataFrame, window: Window, *, alone: bool = False) -> list[tuple[str, ...]]:
    """Return the groups that may not stand alone, and unless ``alone`` those that must join them.

    Parameters
    ----------
    estimate : DataFrame
        One row per period and group, with n.
    window : Window
    alone : bool
        Whether nothing of anybody can be reckoned from the other groups, as with medians.

    Examples
    --------
    >>> from crmkit.periods import Period
    >>> october = Period.parse("2026-10")
    >>> window = Window("month", {october.ordinal: (october.start, october.end)}, by=("plan",), smallest_group=5)
    >>> estimate = pd.DataFrame({"period": october.ordinal, "plan": ["a", "b", "c"], "n": [1, 20, 7]})
    >>> too_small(estimate, window), too_small(estimate, window, alone=True)
    ([('a',), ('c',)], [('a',)])
    """
    asked = estimate[estimate["period"].isin(list(window.bounds))]
    sizes = asked.pivot_table("n", list(window.by), "period", aggfunc="sum", fill_value=0.0)
    sizes = sizes.loc[sizes.max(axis=1).sort_values(kind="stable").index]
    n_small = int((sizes.max(axis=1) < window.smallest_group).sum())
    if n_small and not alone and sizes.iloc[:n_small].to_numpy().any():
        while n_small < len(sizes) and sizes.iloc[:n_small].sum().max() < window.smallest_group:
            n_small += 1
    return [group if isinstance(group, tuple) else (group,) for group in sizes.index[:n_small]]


def _tells_of_customers(quotient: Quotient) -> bool:
    """Return whether the money of customers is divided by a number of them; costs divided by them are nobody's own."""
    below = quotient.denominator.leaves() if isinstance(quotient.denominator, Quotient) else [quotient.denominator]
    own = [leaf for leaf in quotient.leaves() if isinstance(leaf, Total | Mean) and not isinstance(leaf, Count)]
    return not all(map(_is_exact, below)) and not all(map(_is_exact, own))


def _is_exact(leaf: Sums) -> bool:
    return bool(getattr(leaf, "exact", False))  # money spent is known, however few bookings
