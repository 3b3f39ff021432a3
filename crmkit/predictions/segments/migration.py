"""Migration of customers between segments from one day to another: its revenue, and how much of it is real."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import binom

from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.verdict import benjamini_hochberg
from crmkit.models.segments.kmeans import nearest
from crmkit.models.segments.rfm import LADDER, LEVEL_WITH
from crmkit.periods import DayLike
from crmkit.predictions.segments.assignment import customers_on, segmentation_for, segments_on
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.tables.validate import check_made_by

NEW = "(new)"
#: The name of a move by its direction.
DIRECTIONS = {"up": "upgraded", "down": "slid", "new": "first order", "stayed": "neither"}
_REAL = 0.05  # adjusted p


@checked
def migration(catalog: Catalog, before: DayLike, now: DayLike, *, model: str = "rfm", usual: int = 6) -> pd.DataFrame:
    """Return the moves between two days, and whether they differ from the usual number.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    before, now : str or date
        Last days of the data used.
    model : str
        "rfm" or "segments".
    usual : int
        Earlier spans of the same length that a move is compared with [count].

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
    return _with_verdicts(moves, past).reset_index()


@checked
def movement(catalog: Catalog, before: DayLike, now: DayLike) -> dict[str, float]:
    """Return how much of the movement between k-means segments is real.

    Parameters
    ----------
    catalog : Catalog
    before, now : str or date
        Last days of the data used.

    Returns
    -------
    dict
        Shares of the customers of both days: ``frozen`` (changed segment by the reference), ``refitted`` (by centres
        moved to where customers are now, with their names), ``sure`` (moved in 95 % of the references fitted to resampled
        customers), ``on_the_border`` (frozen less sure).

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02"])})
    >>> float(movement(ck.connect({"orders": orders}), date(2026, 9, 30), date(2026, 10, 31))["frozen"])
    0.0
    """
    reference = segmentation_for(catalog, now)
    one, other = (reference.customers(catalog, day)[list(reference.features)] for day in (before, now))
    both = one.index.intersection(other.index)
    model = reference.model
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


@checked
def customer_moves(catalog: Catalog, before: DayLike, now: DayLike, *, model: str = "rfm") -> pd.DataFrame:
    """Return each customer's segment on two days by the reference of the later one.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    before, now : str or date
        Last days of the data used.
    model : str
        "rfm", "segments" or "rules".

    Returns
    -------
    DataFrame
        Indexed by customer_id: from ("(new)" for those who had not ordered yet), to, direction ("up", "down", "new",
        "stayed"), gained [currency: change of the revenue of 365 days].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "revenue": [30.0, 20.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02", "2026-10-02"])})
    >>> catalog = ck.connect({"orders": orders})
    >>> customer_moves(catalog, date(2026, 9, 30), date(2026, 10, 31))[["direction", "gained"]].values.tolist()
    [['stayed', 0.0], ['new', 20.0]]
    """
    both = assigned(catalog, [before, now], model)
    both = both[both[now].notna()]
    rungs = {name: place for place, name in enumerate(_segments_of_both(catalog, before, now, model))}
    rungs |= {name: rungs[level] for name, level in LEVEL_WITH.items() if level in rungs}
    start, end = both[before].map(rungs).astype(float), both[now].map(rungs).astype(float)
    direction = np.select([both[before].isna(), end < start, end > start], ["new", "up", "down"], "stayed")
    revenue = [customers_on(catalog, day)["revenue"].reindex(both.index).fillna(0.0) for day in (before, now)]
    return pd.DataFrame(
        {
            "from": both[before].fillna(NEW),
            "to": both[now],
            "direction": direction,
            "gained": revenue[1] - revenue[0],
        }
    )


def move_totals(moves: pd.DataFrame) -> pd.DataFrame:
    """Return what the moves of each direction brought or cost.

    Parameters
    ----------
    moves : DataFrame
        From :func:`customer_moves`.

    Returns
    -------
    DataFrame
        One row per direction that there is, in the order up, down, new, stayed: direction, n [customers], gained, low,
        high [currency: change of their revenue of 365 days, 95 % interval over customers].

    Examples
    --------
    >>> moves = pd.DataFrame({"direction": ["up", "up", "down"], "gained": [30.0, 20.0, -40.0]})
    >>> move_totals(moves)[["direction", "n", "gained"]].values.tolist()
    [['up', 2, 50.0], ['down', 1, -40.0]]
    """
    check_made_by("ck.customer_moves(...)", moves, ["direction", "gained"], "move_totals")
    rows = []
    for direction in DIRECTIONS:
        own = moves.loc[moves["direction"] == direction, "gained"].to_numpy(dtype=float)
        if len(own):
            gains, losses = (_total_of(np.maximum(side, 0)) for side in (own, -own))
            rows.append((direction, len(own), *(float(each[0]) for each in intervals.difference(gains, losses))))
    return pd.DataFrame(rows, columns=["direction", "n", "gained", "low", "high"])


def _total_of(amounts: intervals.Array) -> intervals.Interval:
    x, squares = np.array([amounts.sum()]), np.array([amounts @ amounts])
    return intervals.total(x, squares, np.ones(1), size=0.0)


def segment_flow(moves: pd.DataFrame) -> pd.DataFrame:
    """Sum the moves by pair of segments: from, to, direction, n [customers], gained [currency].

    Parameters
    ----------
    moves : DataFrame
        From :func:`customer_moves`.
    """
    whole = moves.groupby(["from", "to", "direction"])["gained"].agg(n="size", gained="sum")
    return whole.reset_index()


def segments_best_first(catalog: Catalog, as_of: date, model: str = "rfm") -> list[str]:
    """Return the segments of a day from the best down.

    RFM's have a fixed order; others are ordered by the mean revenue of 365 days of their customers.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
    model : str
        "rfm", "segments" or "rules".
    """
    segments, revenue = assigned(catalog, [as_of], model)[as_of], customers_on(catalog, as_of)["revenue"]
    means = revenue.groupby(segments).mean().sort_index().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in means.index]
    return sorted(names, key=LADDER.index) if set(names) <= set(LADDER) else names


def assigned(catalog: Catalog, days: list[date], model: str, reference_of: date | None = None) -> pd.DataFrame:
    """Return the segment of each customer on several days by one reference.

    Parameters
    ----------
    catalog : Catalog
    days : list of date
    model : str
        "rfm", "segments" or "rules".
    reference_of : date, optional
        The day whose reference is used; the last of the days by default.

    Returns
    -------
    DataFrame
        Indexed by customer_id, one column per day; missing before the first order.
    """
    columns = {each: segments_on(catalog, each, model, reference_of or max(days)) for each in days}
    return pd.DataFrame(columns).rename_axis("customer_id")


def _origin(before: pd.Series) -> pd.Series:
    return before.fillna(NEW)


def _moves(before: pd.Series, now: pd.Series) -> pd.DataFrame:
    there = now.notna()
    pairs = pd.DataFrame({"from": _origin(before)[there], "to": now[there]})
    moves = pairs.groupby(["from", "to"]).size().to_frame("n")
    return moves.assign(n_from=moves.groupby("from")["n"].transform("sum"))


def _with_verdicts(moves: pd.DataFrame, past: list[pd.DataFrame]) -> pd.DataFrame:
    """Compare each share with that of the spans before; p-values are adjusted over all moves."""
    index = moves.index
    hits = sum((each["n"].reindex(index).fillna(0) for each in past), pd.Series(0.0, index=index))
    tries = sum(
        (each.groupby("from")["n"].sum().reindex(index.get_level_values("from")).fillna(0).to_numpy() for each in past),
        np.zeros(len(index)),
    )
    share = moves["n"] / moves["n_from"]
    known = tries > 0
    usual_share = hits.to_numpy() / np.where(known, tries, np.nan)
    # Given the sum of the moves of now and before, those of now are binomial if nothing has changed.
    part = moves["n_from"] / (moves["n_from"] + tries)
    more = binom.sf(moves["n"] - 1, moves["n"] + hits, part)
    fewer = binom.cdf(moves["n"], moves["n"] + hits, part)
    adjusted = np.ones(len(index))
    if known.any():
        adjusted[known] = benjamini_hochberg(np.clip(2 * np.minimum(more, fewer), 0, 1)[known])
    verdict = np.select([~known, adjusted <= _REAL], ["no comparison", "real"], "within noise")
    return moves.assign(share=share, usual_share=usual_share, verdict=verdict)


def _segments_of_both(catalog: Catalog, before: date, now: date, model: str) -> list[str]:
    """Return the segments of both days from the best down; one that is empty now comes last."""
    there, earlier = segments_best_first(catalog, now, model), segments_best_first(catalog, before, model)
    if set(there) | set(earlier) <= set(LADDER):
        return list(LADDER)
    return [*there, *(name for name in earlier if name not in there)]
