"""Who moved between segments from one day to another, what was gained and lost by it, and how much of it is real."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import binom

from crmkit.metrics.verdict import benjamini_hochberg
from crmkit.models.segment_search import nearest
from crmkit.predictions.segment_features import customers_on
from crmkit.predictions.segment_references import segmentation_for
from crmkit.predictions.segments import segments_on
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog

NEW = "(new)"
_REAL = 0.05


def assigned(catalog: Catalog, days: list[date], model: str, ruler_of: date | None = None) -> pd.DataFrame:
    """Return the segment of each customer on several days by one ruler.

    Parameters
    ----------
    catalog : Catalog
    days : list of date
    model : str
        "rfm", "segments" or "rules".
    ruler_of : date, optional
        The day whose ruler is used; without it the last of the days.

    Returns
    -------
    DataFrame
        Indexed by customer_id, one column per day; missing before the first order.
    """
    columns = {each: segments_on(catalog, each, model, ruler_of or max(days)) for each in days}
    return pd.DataFrame(columns).rename_axis("customer_id")


@takes_day
def migration(catalog: Catalog, before: date, now: date, model: str = "rfm", usual: int = 6) -> pd.DataFrame:
    """Return the moves between two days, and whether there were more of them than usual.

    Parameters
    ----------
    catalog : Catalog
    before, now : date
        Last days of the data used.
    model : str
        "rfm" or "segments".
    usual : int
        So many spans of the same length before are what a move is compared with.

    Returns
    -------
    DataFrame
        One row per pair of segments: from ("(new)" for first orders), to, n [customers], n_from [customers of the
        first], share [n / n_from], usual_share [of the spans before; missing without any], gained [currency: change of
        these customers' revenue of 365 days], verdict ("real", "within noise", "no comparison").

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "revenue": [30.0, 20.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02", "2026-10-02"])})
    >>> migration(ck.connect({"orders": orders}), date(2026, 9, 30), date(2026, 10, 31))[["from", "n"]].values.tolist()
    [['(new)', 1], ['Too few to rank', 1]]
    """
    span = now - before
    days = [before - span * step for step in range(usual, 0, -1)]
    first = catalog.data_from
    days = [day for day in days if first is not None and day >= first]
    segments = assigned(catalog, [*days, before, now], model)
    moves = _moves(segments[before], segments[now])
    past = [_moves(segments[one], segments[other]) for one, other in pairwise([*days, before])]
    revenue = pd.concat([customers_on(catalog, day)["revenue"].rename(day) for day in (before, now)], axis=1).fillna(0)
    change = (revenue[now] - revenue[before]).groupby([_origin(segments[before]), segments[now]]).sum()
    moves["gained"] = change.rename_axis(["from", "to"]).reindex(moves.index).fillna(0.0)
    return _judged(moves, past).reset_index()


@takes_day
def movement(catalog: Catalog, before: date, now: date) -> dict[str, float]:
    """Return how much of the movement between k-means segments is real.

    Parameters
    ----------
    catalog : Catalog
    before, now : date
        Last days of the data used.

    Returns
    -------
    dict
        Shares of the customers of both days: ``frozen`` (changed segment by the ruler that stays), ``refitted`` (by
        centres moved to where customers now are, names following), ``sure`` (moved whichever resampled customers the
        ruler is learned from), ``on_the_border`` (frozen less sure).

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02"])})
    >>> float(movement(ck.connect({"orders": orders}), date(2026, 9, 30), date(2026, 10, 31))["frozen"])
    0.0
    """
    ruler = segmentation_for(catalog, now)
    one, other = (ruler.customers(catalog, day)[list(ruler.features)] for day in (before, now))
    both = one.index.intersection(other.index)
    model = ruler.model
    points = [model.space_.matrix(each.loc[both]) for each in (one, other)]
    start, end = (nearest(each, model.centres_) for each in points)
    moved = start != end
    again = np.array([nearest(points[0], c) != nearest(points[1], c) for c in model.resampled_])
    sure = moved & (again.mean(axis=0) >= 0.95)
    refitted = deepcopy(model).refit(other)
    n = max(len(both), 1)
    return {
        "frozen": moved.sum() / n,
        "refitted": float((nearest(points[1], refitted.centres_) != start).sum()) / n,
        "sure": sure.sum() / n,
        "on_the_border": (moved & ~sure).sum() / n,
    }


def _origin(before: pd.Series) -> pd.Series:
    return before.fillna(NEW)


def _moves(before: pd.Series, now: pd.Series) -> pd.DataFrame:
    there = now.notna()
    pairs = pd.DataFrame({"from": _origin(before)[there], "to": now[there]})
    moves = pairs.groupby(["from", "to"]).size().to_frame("n")
    return moves.assign(n_from=moves.groupby("from")["n"].transform("sum"))


def _judged(moves: pd.DataFrame, past: list[pd.DataFrame]) -> pd.DataFrame:
    """Compare each share with that of the spans before: more than chance would bring, all moves taken together."""
    index = moves.index
    hits = sum((each["n"].reindex(index).fillna(0) for each in past), pd.Series(0.0, index=index))
    tries = sum(
        (each.groupby("from")["n"].sum().reindex(index.get_level_values("from")).fillna(0).to_numpy() for each in past),
        np.zeros(len(index)),
    )
    share = moves["n"] / moves["n_from"]
    known = tries > 0
    usual_share = hits.to_numpy() / np.where(known, tries, np.nan)
    # Given all moves of now and before, those of now are binomial if nothing has changed.
    part = moves["n_from"] / (moves["n_from"] + tries)
    more = binom.sf(moves["n"] - 1, moves["n"] + hits, part)
    fewer = binom.cdf(moves["n"], moves["n"] + hits, part)
    adjusted = np.ones(len(index))
    if known.any():
        adjusted[known] = benjamini_hochberg(np.clip(2 * np.minimum(more, fewer), 0, 1)[known])
    verdict = np.select([~known, adjusted <= _REAL], ["no comparison", "real"], "within noise")
    return moves.assign(share=share, usual_share=usual_share, verdict=verdict)
