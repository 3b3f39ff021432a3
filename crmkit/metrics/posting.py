"""At which time of day or week posts bring more: no time is named that chance could have made."""

from __future__ import annotations

import calendar

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured, UnknownName
from crmkit.metrics.intervals import Array
from crmkit.metrics.passes import fetch
from crmkit.metrics.verdict import SIGNIFICANCE, benjamini_hochberg
from crmkit.periods import Period
from crmkit.tables.as_of import check_catalog
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import period_ordinal
from crmkit.tables.remembering import remember

_FEWEST = 5  # posts of a time, below which it is not shown: one lucky post would make it the best
_DRAWS = 4000


def posting_times(catalog: Catalog, period: str | Period, by: str = "hours") -> pd.DataFrame:
    """Compare the engagement rate of the firm's posts by the time at which they went out.

    A few posts bring most of the reactions, so an interval from a handful of posts says little. Instead the times are
    dealt out anew 4,000 times among the posts of each network: a time is called real only if chance rarely deals it a
    rate as far from that of all, all times judged as one family.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str or Period
        Such as "2026"; a month has too few posts.
    by : {"hours", "weekday"}
        Three hours of local time, or the day of the week.

    Returns
    -------
    DataFrame
        One row per time with at least five posts: the column ``by``, n [posts], value [interactions per impression],
        expected [the same by chance, for the networks it was posted on], p_value (adjusted), verdict ("real", "within
        noise"). In ``attrs``: "overall". Empty without posts.

    Raises
    ------
    UnknownName
        If there is no such time, and posts have no column of that name.

    References
    ----------
    Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, 3rd edition (stratified permutation).

    Examples
    --------
    >>> import crmkit as ck
    >>> posts = pd.DataFrame({"post_id": list("abcdefghij"), "network": "x", "author": "brand", "impressions": 100,
    ...     "posted_at": pd.to_datetime(["2026-10-01 10:00"] * 5 + ["2026-10-01 19:00"] * 5), "likes": [1] * 5 + [9] * 5})
    >>> posting_times(ck.connect({"social_posts": posts}), "2026-10")[["hours", "value", "verdict"]].values.tolist()
    [['09 to 12', 0.01, 'real'], ['18 to 21', 0.09, 'real']]
    """
    check_catalog(catalog, "posting_times")
    if not isinstance(period, Period):
        period = Period.parse(period, catalog.settings.company.fiscal_year_start)
    columns = catalog.table("posts").columns if "social_posts" in catalog.names else ()
    if by not in ["hours", "weekday", *columns]:
        raise UnknownName("time of posts", str(by), ["hours", "weekday"])
    return remember(catalog, _compared, period, by)


def _in_order(names: pd.Index) -> pd.Index:
    """Return places by which days of the week follow each other from Monday on, and anything else by its name."""
    days = list(calendar.day_name)
    return pd.Index([f"{days.index(name)}" if name in days else str(name) for name in names])


def _compared(catalog: Catalog, period: Period, by: str) -> pd.DataFrame:
    columns = [by, "n", "value", "expected", "p_value", "verdict"]
    own = _own_posts(catalog, period, by)
    sizes = own[by].value_counts().sort_index(key=_in_order)
    shown = list(sizes[sizes >= _FEWEST].index)
    if len(shown) < 2:
        return pd.DataFrame(columns=columns)
    place = own[by].map({name: at for at, name in enumerate(shown)}).fillna(len(shown)).to_numpy(int)
    x, y = own["interactions"].to_numpy(float), own["impressions"].to_numpy(float)
    seen = _rates(place, x, y, len(shown))
    random = np.random.default_rng(len(own))
    strata = [np.flatnonzero(own["network"].to_numpy() == name) for name in sorted(own["network"].unique())]
    dealt = np.array([_rates(_dealt(place, strata, random), x, y, len(shown)) for _ in range(_DRAWS)])
    expected = np.nanmean(dealt, axis=0)
    further = np.abs(dealt - expected) >= np.abs(seen - expected) - 1e-12
    p_values = benjamini_hochberg((further.sum(axis=0) + 1) / (_DRAWS + 1))
    verdict = np.where(p_values <= SIGNIFICANCE, "real", "within noise")
    rows = pd.DataFrame({by: shown, "n": sizes[shown].to_numpy(), "value": seen, "expected": expected,
                         "p_value": p_values, "verdict": verdict})  # fmt: skip
    rows.attrs["overall"] = float(x.sum() / y.sum())
    return rows


def _own_posts(catalog: Catalog, period: Period, by: str) -> pd.DataFrame:
    try:
        posts = catalog.table("posts")
    except NotMeasured:
        return pd.DataFrame(columns=[by])
    if not {"author", "interactions", "impressions"} <= set(posts.columns):
        return pd.DataFrame(columns=[by])
    own = posts.filter((posts.author == "brand") & (period_ordinal(posts.posted_at, period.grain) == period.ordinal))
    own = own.filter(own.impressions > 0)
    return fetch(own.select("post_id", by, "network", "interactions", "impressions").order_by("post_id"))


def _rates(place: np.ndarray, x: Array, y: Array, n: int) -> Array:
    with np.errstate(invalid="ignore"):
        return (np.bincount(place, x, n + 1) / np.bincount(place, y, n + 1))[:n]


def _dealt(place: np.ndarray, strata: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    anew = place.copy()
    for rows in strata:
        anew[rows] = random.permutation(place[rows])
    return anew
