"""How to reach customers: the channel on which each responds best, and the times at which posts get more engagement."""

from __future__ import annotations

import calendar
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured, UnknownName
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.engine.intervals import Array
from crmkit.metrics.engine.verdict import SIGNIFICANCE, benjamini_hochberg
from crmkit.periods import DayLike, Period, PeriodLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day, indicator, period_ordinal, union

#: Contacts as which the rate of all customers on a channel counts in each customer's own rate [count].
PRIOR_CONTACTS = 10
_FEWEST_POSTS = 5  # of a time, below which it is not shown: a single post would decide its rate
_PERMUTATIONS = 4000


@checked
def preferred_channels(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return the channel on which each customer is most likely to respond.

    A response is an invitation answered or a delivered message clicked, by ``as_of``. A customer's rate on a channel is
    shrunk towards that of all customers there, which counts as ten contacts, so that three clicks of three messages do
    not give a rate of 100 %.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per customer who was contacted: customer_id, channel, rate [share, shrunken], n_contacts, n_responses
        on that channel, n_channels [count] tried. Empty without mailings and invitations.

    References
    ----------
    Efron and Morris (1975), Journal of the American Statistical Association 70, 311-319 (shrinkage).

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> sent = pd.Timestamp("2026-10-02")
    >>> mailings = pd.DataFrame({"mailing_id": ["m", "m"], "customer_id": ["a", "b"], "sent_at": sent, "channel": "email",
    ...                          "delivered_at": sent, "clicked_at": [sent, pd.NaT]})
    >>> catalog = ck.connect({"mailings": mailings})
    >>> preferred_channels(catalog, date(2026, 10, 31))[["customer_id", "channel", "n_responses"]].values.tolist()
    [['a', 'email', 1.0], ['b', 'email', 0.0]]
    """
    return memoize(catalog, _preferred, as_of)


@checked
def channel_responses(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return contacts and responses of all customers by channel and kind: channel, kind, n_contacts, n_responses, rate.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per channel and kind ("survey", "mailing").

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> sent = pd.Timestamp("2026-10-02")
    >>> mailings = pd.DataFrame({"mailing_id": ["m", "m"], "customer_id": ["a", "b"], "sent_at": sent, "channel": "email",
    ...                          "delivered_at": sent, "clicked_at": [sent, pd.NaT]})
    >>> catalog = ck.connect({"mailings": mailings})
    >>> channel_responses(catalog, date(2026, 10, 31))["rate"].tolist()
    [0.5]
    """
    rows = _contacts(catalog, as_of)
    columns = ["channel", "kind", "n_contacts", "n_responses", "rate"]
    if rows is None:
        return pd.DataFrame(columns=columns)
    totals = rows.groupby(["channel", "kind"], as_index=False)[["n_contacts", "n_responses"]].sum()
    return totals.assign(rate=totals["n_responses"] / totals["n_contacts"])[columns]


def customer_responses(catalog: Catalog, as_of: date) -> pd.Series:
    """Return each customer's responses over those expected from the contacts, shrunk towards 1; by customer_id."""
    rows = _contacts(catalog, as_of)
    if rows is None or rows.empty:
        return pd.Series(dtype=float, name="responses")
    rows = _with_expected(rows)
    prior = PRIOR_CONTACTS * rows["n_responses"].sum() / rows["n_contacts"].sum()
    own = rows.groupby("customer_id")[["n_responses", "expected"]].sum()
    return (own["n_responses"] + prior) / (own["expected"] + prior)


@checked
def posting_times(catalog: Catalog, period: PeriodLike, *, by: str = "hours") -> pd.DataFrame:
    """Compare the engagement rate of the firm's posts by the time at which they went out.

    A few posts bring most of the reactions, so intervals from few posts are not reliable. Instead the times are permuted
    4,000 times among the posts of each network: the difference of a time is real only if few permutations give it a rate
    as far from the expected one, adjusted for the number of times.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026"; a month has too few posts.
    by : {"hours", "weekday"}
        Three hours of local time, or the day of the week.

    Returns
    -------
    DataFrame
        One row per time with at least five posts: the column ``by``, n [posts], value [interactions per impression],
        expected [the same, mean of the permutations], p_value (adjusted), verdict ("real", "within noise"). In
        ``attrs``: "overall". Empty without posts.

    Raises
    ------
    UnknownName
        If ``by`` is neither a time nor a column of posts.

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
    columns = catalog.table("posts").columns if "social_posts" in catalog.names else ()
    if by not in ["hours", "weekday", *columns]:
        raise UnknownName("time of posts", str(by), ["hours", "weekday"])
    return memoize(catalog, _compared, period, by)


def _preferred(catalog: Catalog, as_of: date) -> pd.DataFrame:
    columns = ["customer_id", "channel", "rate", "n_contacts", "n_responses", "n_channels"]
    rows = _contacts(catalog, as_of)
    if rows is None or rows.empty:
        return pd.DataFrame(columns=columns)
    overall = rows["n_responses"].sum() / rows["n_contacts"].sum()
    rows = _with_expected(rows)
    own = rows.groupby(["customer_id", "channel"], as_index=False)[["n_contacts", "n_responses", "expected"]].sum()
    whole = own.groupby("channel")[["n_responses", "expected"]].sum()
    lift = own["channel"].map(whole["n_responses"] / whole["expected"].clip(lower=1e-9))
    prior = PRIOR_CONTACTS * overall
    ratio = (own["n_responses"] + prior * lift) / (own["expected"] + prior)  # responses over those expected
    own = own.assign(
        rate=(ratio * overall).clip(upper=1.0), n_channels=own.groupby("customer_id")["channel"].transform("size")
    )
    best = own.sort_values(["customer_id", "rate", "channel"], ascending=[True, False, True])
    return best.drop_duplicates("customer_id").reset_index(drop=True)[columns]


def _with_expected(rows: pd.DataFrame) -> pd.DataFrame:
    # An answer is more likely than a click, so each kind is compared with its own mean and not with that of both.
    sums = rows.groupby("kind")[["n_contacts", "n_responses"]].transform("sum")
    return rows.assign(expected=rows["n_contacts"] * sums["n_responses"] / sums["n_contacts"])


def _contacts(catalog: Catalog, as_of: date) -> pd.DataFrame | None:
    parts = [part for part in (_survey_contacts(catalog, as_of), _mailing_contacts(catalog, as_of)) if part is not None]
    if not parts:
        return None
    every = union(parts)
    return fetch(
        every.group_by("customer_id", "channel", "kind").aggregate(
            n_contacts=every.count().cast("float64"), n_responses=every.hit.sum()
        )
    )


def _survey_contacts(catalog: Catalog, as_of: date) -> ir.Table | None:
    try:
        asked = catalog.table("survey_requests")
    except NotMeasured:
        return None
    if "channel" not in asked.columns:
        return None
    asked = asked.filter((asked.due_on <= as_of) & asked.channel.notnull())
    return asked.select("customer_id", "channel", kind=ibis.literal("survey"), hit=indicator(asked.answered))


def _mailing_contacts(catalog: Catalog, as_of: date) -> ir.Table | None:
    if "mailings" not in catalog.names:
        return None
    m = catalog.table("mailings")
    if not {"channel", "delivered_at", "clicked_at"} <= set(m.columns):
        return None
    m = m.filter(m.delivered_at.notnull() & (day(m.sent_at) <= as_of) & m.channel.notnull())
    hit = indicator(ibis.coalesce(day(m.clicked_at) <= as_of, False))
    return m.select("customer_id", "channel", kind=ibis.literal("mailing"), hit=hit)


def _compared(catalog: Catalog, period: Period, by: str) -> pd.DataFrame:
    columns = [by, "n", "value", "expected", "p_value", "verdict"]
    own = _own_posts(catalog, period, by)
    sizes = own[by].value_counts().sort_index(key=_in_order)
    shown = list(sizes[sizes >= _FEWEST_POSTS].index)
    if len(shown) < 2:
        return pd.DataFrame(columns=columns)
    place = own[by].map({name: at for at, name in enumerate(shown)}).fillna(len(shown)).to_numpy(int)
    x, y = own["interactions"].to_numpy(float), own["impressions"].to_numpy(float)
    seen = _rates(place, x, y, len(shown))
    random = np.random.default_rng(len(own))
    strata = [np.flatnonzero(own["network"].to_numpy() == name) for name in sorted(own["network"].unique())]
    permuted = np.array([_rates(_permuted(place, strata, random), x, y, len(shown)) for _ in range(_PERMUTATIONS)])
    expected = np.nanmean(permuted, axis=0)
    further = np.abs(permuted - expected) >= np.abs(seen - expected) - 1e-12
    p_values = benjamini_hochberg((further.sum(axis=0) + 1) / (_PERMUTATIONS + 1))
    verdict = np.where(p_values <= SIGNIFICANCE, "real", "within noise")
    rows = pd.DataFrame(
        {
            by: shown,
            "n": sizes[shown].to_numpy(),
            "value": seen,
            "expected": expected,
            "p_value": p_values,
            "verdict": verdict,
        }
    )
    rows.attrs["overall"] = float(x.sum() / y.sum())
    return rows


def _in_order(names: pd.Index) -> pd.Index:
    """Return sort keys: days of the week in their order from Monday on, anything else by name."""
    days = list(calendar.day_name)
    return pd.Index([f"{days.index(name)}" if name in days else str(name) for name in names])


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


def _permuted(place: np.ndarray, strata: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    permuted = place.copy()
    for rows in strata:
        permuted[rows] = random.permutation(place[rows])
    return permuted
