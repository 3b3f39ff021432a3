"""Kinds of interaction that precede a win: the win rates of deals with and without them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmkit.errors import NotMeasured
from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.engine.verdict import POWER, SIGNIFICANCE, benjamini_hochberg
from crmkit.periods import Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import indicator, period_ordinal

_MATTERS = 0.1  # a difference of 10 points of the win rate
_FEWEST = 10  # deals on either side, below which the verdict is "too few to tell"


@checked
def events_before_win(catalog: Catalog, period: PeriodLike) -> pd.DataFrame:
    """Compare the win rate of deals that saw a kind of interaction before their outcome with that of those that did not.

    The difference is an association, not an effect: salespeople visit where a win is likely, and a deal that lasts longer
    has more interactions of every kind. Only interactions before the outcome count.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026"; deals decided in it are counted.

    Returns
    -------
    DataFrame
        One row per kind, the largest difference first: kind, n_with, n_without [deals], win_rate_with, with_low,
        with_high, win_rate_without, without_low, without_high, difference, low, high [share], p_value (adjusted for all
        kinds), verdict ("real", "within noise", "too few to tell"). Empty where deals or interactions are not recorded.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890 (difference of two shares, method 10).
    """
    return memoize(catalog, _compared, period)


def _compared(catalog: Catalog, period: Period) -> pd.DataFrame:
    columns = [
        "kind",
        "n_with",
        "n_without",
        "win_rate_with",
        "with_low",
        "with_high",
        "win_rate_without",
        "without_low",
        "without_high",
        "difference",
        "low",
        "high",
        "p_value",
        "verdict",
    ]
    try:
        events, deals = catalog.table("deal_events"), catalog.table("deals")
    except NotMeasured:
        return pd.DataFrame(columns=columns)
    with_event, every = (
        table.filter((period_ordinal(table.closed_at, period.grain) == period.ordinal) & table.won.notnull())
        for table in (events, deals)
    )
    by_kind = with_event.group_by("kind").aggregate(n=with_event.count(), won=indicator(with_event.won).sum())
    rows = fetch(by_kind).sort_values("kind", ignore_index=True)
    whole = fetch(every.aggregate(n=every.count(), won=indicator(every.won).sum())).iloc[0].fillna(0)
    n, won = rows["n"].to_numpy(float), rows["won"].to_numpy(float)
    compared = _differences(won, n, float(whole["won"]) - won, float(whole["n"]) - n)
    frame = rows[["kind"]].assign(**compared)
    ordered = frame.reindex(frame["difference"].abs().sort_values(ascending=False, kind="stable").index)
    return ordered[columns].reset_index(drop=True)


def _differences(won: Array, n: Array, won_without: Array, n_without: Array) -> dict[str, Array]:
    with_, low, high = intervals.share(won, n, won, won, n, n)
    without, other_low, other_high = intervals.share(
        won_without, n_without, won_without, won_without, n_without, n_without
    )
    difference = with_ - without
    below, above = np.hypot(with_ - low, other_high - without), np.hypot(high - with_, without - other_low)
    error = np.where(difference >= 0, below, above) / Z
    enough = (n >= _FEWEST) & (n_without >= _FEWEST)
    p_value = np.full(len(n), np.nan)
    p_value[enough] = benjamini_hochberg(2 * ndtr(-np.abs(difference[enough] / error[enough])))
    blind = (float(ndtri(1 - SIGNIFICANCE / 2)) + float(ndtri(POWER))) * error > _MATTERS
    verdict = np.select([p_value <= SIGNIFICANCE, ~enough | blind], ["real", "too few to tell"], "within noise")
    return {
        "n_with": n.astype("int64"),
        "n_without": n_without.astype("int64"),
        "win_rate_with": with_,
        "with_low": low,
        "with_high": high,
        "win_rate_without": without,
        "without_low": other_low,
        "without_high": other_high,
        "difference": difference,
        "low": difference - below,
        "high": difference + above,
        "p_value": p_value,
        "verdict": verdict,
    }
