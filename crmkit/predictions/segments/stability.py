"""Whether the reference of the segments still fits the customers, and what the segments would be if it were fitted today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import UnknownName
from crmkit.models.segments.kmeans import CustomerSegments
from crmkit.models.segments.stability import FEWEST_ROWS, LEVEL, Fit, alike, centres_fit, rfm_fit
from crmkit.periods import DayLike
from crmkit.predictions.segments.assignment import (
    FITTED,
    Segmentation,
    customers_on,
    fit_rfm,
    fit_segmentation,
    learned_on,
    rfm_for,
    segmentation_for,
)
from crmkit.tables.arguments import checked
from crmkit.tables.caching.per_catalog import kept_per_catalog
from crmkit.tables.catalog import Catalog

_SOONEST = 60  # days after a reference was fitted, before which little can have changed
_YEAR = timedelta(days=365)
_SEED = 0


@dataclass(eq=False)
class SegmentReview:
    """Whether the reference of a segment model still fits.

    Attributes
    ----------
    model : str
        "rfm" or "segments".
    learned_on, as_of : date
    verdict : str
        "fits", "differs as a year ago" (the season), "no longer fits", "too new to judge" or "too few to judge".
    fit : Fit or None
        The numbers behind it.
    n_before, n_now : int
        Segments, and how many there would be; the same for RFM.
    side_by_side : DataFrame
        segment, n, share, revenue_share (by the reference), n_fresh, share_fresh, revenue_share_fresh (by one fitted
        today, names matched), differs [customers]; empty unless it no longer fits.
    moves : DataFrame
        from, to, n: customers in another segment by a new reference, the most first; empty unless it no longer fits.
    """

    model: str
    learned_on: date
    as_of: date
    verdict: str
    fit: Fit | None
    n_before: int
    n_now: int
    side_by_side: pd.DataFrame
    moves: pd.DataFrame


@checked
def segment_review(catalog: Catalog, as_of: DayLike, *, model: str = "rfm") -> SegmentReview:
    """Judge the reference that applies on a day by the customers of that day.

    It no longer fits if a new one puts at least 10 % of the customers who ordered within a year into another segment, and
    so large a change would arise by chance in less than 1 % of cases: for RFM, that of the scores they get
    (:func:`crmkit.models.segments.stability.rfm_fit`); for k-means, how much nearer new centres are to customers held out
    (:func:`crmkit.models.segments.stability.centres_fit`), or that another number of groups is found in all customers and in
    both halves of them. A difference that was there a year before, too, is the season and no reason to change.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    model : str
        "rfm" or "segments".

    Raises
    ------
    UnknownName
        If there is no such model, or it has no reference.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-10-02"])})
    >>> segment_review(ck.connect({"orders": orders}), date(2026, 10, 31)).verdict
    'too new to judge'
    """
    if model not in FITTED:
        raise UnknownName("segment model with a reference", str(model), FITTED)
    return _reviewed(catalog, as_of, model)


@kept_per_catalog(most=8)  # the opening of a page and its section ask for the same
def _reviewed(catalog: Catalog, as_of: date, model: str) -> SegmentReview:
    day, empty = learned_on(catalog, as_of), pd.DataFrame()
    if as_of - day < timedelta(days=_SOONEST):
        return SegmentReview(model, day, as_of, "too new to judge", None, 0, 0, empty, empty)
    then, now = customers_on(catalog, day), customers_on(catalog, as_of)
    if min(len(then), len(now)) < FEWEST_ROWS:
        return SegmentReview(model, day, as_of, "too few to judge", None, 0, 0, empty, empty)
    found = segmentation_for(catalog, as_of) if model == "segments" else None
    fit, n_before, n_now = _fit_now(catalog, found, day, as_of)
    verdict = "fits" if fit.holds and n_before == n_now else "no longer fits"
    if n_before == n_now and not fit.holds and _is_season(catalog, found, as_of):
        verdict = "differs as a year ago"
    if verdict != "no longer fits":
        return SegmentReview(model, day, as_of, verdict, fit, n_before, n_now, empty, empty)
    if found is None:
        names, fresh = (rfm.predict(now) for rfm in (rfm_for(catalog, as_of), fit_rfm(catalog, as_of)))
    else:
        proposal = fit_segmentation(catalog, as_of, before=found)
        names, fresh = (each.names_of(each.customers(catalog, as_of)).to_numpy() for each in (found, proposal))
    side, moves = _side_by_side(now, names, fresh)
    return SegmentReview(model, day, as_of, verdict, fit, n_before, n_now, side, moves)


def _fit_now(
    catalog: Catalog, found: Segmentation | None, then_on: date, as_of: date, with_number: bool = True
) -> tuple[Fit, int, int]:
    """Return how well the reference fits today's customers compared with earlier ones, and the numbers of groups."""
    random = np.random.default_rng(_SEED)
    if found is None:
        then, now = customers_on(catalog, then_on), customers_on(catalog, as_of)
        return rfm_fit(rfm_for(catalog, as_of), then, now, random), 0, 0
    features, n_before = list(found.features), len(found.names)
    then, now = found.customers(catalog, then_on), found.customers(catalog, as_of)
    same = alike(now, then, random)
    same = same.iloc[np.sort(random.permutation(len(same))[:20_000])]
    fit = Fit(0.0, 1.0)
    if len(found.names) > 1:
        space = found.model.space_
        fit = centres_fit(
            found.model.centres_,
            space.matrix(then[features]),
            space.matrix(same[features]),
            (same["days_since_order"] < 365).to_numpy(),
            random,
        )
    return fit, n_before, _number_now(found, same[features], random) if with_number else n_before


def _is_season(catalog: Catalog, found: Segmentation | None, as_of: date) -> bool:
    """Return whether the customers of a year ago differ from those of today by no more than chance."""
    year_ago = as_of - _YEAR
    if catalog.data_from is None or year_ago - _YEAR < catalog.data_from:
        return False
    if len(customers_on(catalog, year_ago)) < FEWEST_ROWS:
        return False
    return _fit_now(catalog, found, year_ago, as_of, with_number=False)[0].p > LEVEL


def _number_now(found: Segmentation, X: pd.DataFrame, random: np.random.Generator) -> int:
    """Return the number of groups today; a number other than before must be found in both halves of the customers too."""
    n_before, asked = len(found.names), found.model.n_segments
    if asked is not None:
        return n_before
    n_now = CustomerSegments().fit(X).n_segments_
    if n_now == n_before:
        return n_before
    half = random.permutation(len(X)) < len(X) / 2
    again = [CustomerSegments().fit(X[side]).n_segments_ for side in (half, ~half)]
    return n_now if set(again) == {n_now} else n_before


def _side_by_side(customers: pd.DataFrame, names: np.ndarray, fresh: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    revenue = customers["revenue"].to_numpy(dtype=float)
    sides = []
    for called, end in ((names, ""), (fresh, "_fresh")):
        sums = pd.DataFrame({"segment": called, "revenue": revenue}).groupby("segment")["revenue"].agg(["size", "sum"])
        total = max(float(revenue.sum()), 1e-12)
        sides.append(
            pd.DataFrame(
                {
                    f"n{end}": sums["size"],
                    f"share{end}": sums["size"] / len(customers),
                    f"revenue_share{end}": sums["sum"] / total,
                }
            )
        )
    side = sides[0].join(sides[1], how="outer").fillna(0.0).rename_axis("segment")
    side = side.assign(differs=side["n_fresh"] - side["n"]).astype({"n": int, "n_fresh": int, "differs": int})
    pairs = pd.DataFrame({"from": names, "to": fresh})[names != fresh]
    moves = pairs.groupby(["from", "to"]).size().rename("n").reset_index()
    moves = moves.sort_values(["n", "from", "to"], ascending=[False, True, True], ignore_index=True)
    return side.sort_values(["revenue_share", "n"], ascending=False).reset_index(), moves
