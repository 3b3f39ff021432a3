"""The customer engagement score, 0 to 100, and a check of how well it predicts which customers stay."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.analyses.contact import customer_responses
from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.evaluate import fetch
from crmkit.metrics.engine.intervals import Z
from crmkit.periods import DayLike
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day, period_ordinal, union

#: Points of 100 for each part.
WEIGHTS = {"recency": 40, "frequency": 30, "breadth": 15, "responses": 15}
_LOOK_BACK = 365
_BANDS = ((0, 25), (25, 50), (50, 75), (75, 101))
_TIMES = {
    "orders": "ordered_at",
    "subscription_terms": "starts_at",
    "mailings": "clicked_at",
    "survey_responses": "responded_at",
    "interactions": "occurred_at",
}


@checked
def engagement_scores(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return how much each active customer takes part, from 0 to 100.

    A sign of engagement is an order, a paid term begun or renewed, a click in a message, an answer to a survey or a
    contact that the customer began. Recency halves with every half of ``churn_after_days`` since the last sign. Frequency
    is the share of months with a sign, of the last twelve months or of those as a customer (at least three). Breadth is
    the share of the recorded kinds of sign that the customer has given. Responses are answers and clicks over those
    expected, shrunk towards the mean.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per customer active at ``as_of``: customer_id, score [0 to 100], recency, frequency, breadth, responses
        [0 to 1]. score = 40 recency + 30 frequency + 15 breadth + 15 responses.

    References
    ----------
    van Doorn et al. (2010), Journal of Service Research 13(3), 253-266 (customer engagement behaviour); the weights
    are those of crmkit and are checked by :func:`engagement_check`. Not the effort score, which is called CES too.

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> catalog = ck.connect({"orders": orders})
    >>> engagement_scores(catalog, date(2026, 10, 2))[["customer_id", "score", "recency"]].values.tolist()
    [['a', 72.5, 1.0]]
    """
    return memoize(catalog, _scores, as_of)


@checked
def engagement_check(catalog: Catalog, as_of: DayLike, *, horizon_days: int = 90) -> pd.DataFrame:
    """Return how many customers of each band of the score, as of ``horizon_days`` ago, are still active at ``as_of``.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    horizon_days : int
        How long before ``as_of`` the customers are scored [days].

    Returns
    -------
    DataFrame
        One row per band, the lowest first: band ("0 to 24"), n [customers], value, low, high [share still active]. In
        ``attrs``: "auc" (auc, low, high), the chance that of a customer who stayed and one who left the former had the
        higher score; "scored_on" (day). Empty if no customer was active on that day.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143, 29-36 (area under the curve and its error).

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> catalog = ck.connect({"orders": orders})
    >>> engagement_check(catalog, date(2026, 10, 31)).empty  # nobody was a customer 90 days before
    True
    """
    return memoize(catalog, _check, as_of, horizon_days)


def _scores(catalog: Catalog, as_of: date) -> pd.DataFrame:
    columns = ["customer_id", "score", *WEIGHTS]
    signs = _signs(catalog, as_of)
    active = _active(catalog, as_of)
    if active.empty or signs is None:
        return pd.DataFrame(columns=columns)
    n_kinds, by_customer = signs
    joined = active.set_index("customer_id").join(by_customer.set_index("customer_id"))
    half_life = catalog.settings.company.churn_after_days / 2
    since = (pd.Timestamp(as_of) - pd.to_datetime(joined["last_on"])).dt.days
    tenure = (pd.Timestamp(as_of) - pd.to_datetime(joined["first_on"])).dt.days / (365.25 / 12)
    responses = customer_responses(catalog, as_of).reindex(joined.index).fillna(1.0)
    parts = pd.DataFrame(
        {
            "recency": (0.5 ** (since / half_life)).fillna(0.0),
            "frequency": (joined["n_months"].fillna(0) / tenure.clip(3, 12).round()).clip(upper=1.0),
            "breadth": (joined["n_kinds"].fillna(0) / n_kinds).clip(upper=1.0),
            "responses": (responses / 2).clip(upper=1.0),
        }
    )
    score = sum(weight * parts[name] for name, weight in WEIGHTS.items())
    scored = parts.assign(score=score).rename_axis("customer_id").reset_index()[columns]
    return scored.sort_values("customer_id", ignore_index=True)


def _check(catalog: Catalog, as_of: date, horizon_days: int) -> pd.DataFrame:
    columns = ["band", "n", "value", "low", "high"]
    then = as_of - timedelta(days=horizon_days)
    scored = engagement_scores(catalog, then)
    if scored.empty or (catalog.data_from and then < catalog.data_from):
        return pd.DataFrame(columns=columns)
    stayed = scored["customer_id"].isin(_active(catalog, as_of)["customer_id"]).to_numpy()
    score = scored["score"].to_numpy()
    bands = [(score >= low) & (score < high) for low, high in _BANDS]
    n = np.array([band.sum() for band in bands], dtype=float)
    x = np.array([stayed[band].sum() for band in bands], dtype=float)
    value, low, high = intervals.share(x, n, x, x, n, n)
    names = [f"{low} to {min(high - 1, 100)}" for low, high in _BANDS]
    rows = pd.DataFrame({"band": names, "n": n.astype(int), "value": value, "low": low, "high": high})[columns]
    rows.attrs = {"auc": area_under_curve(score, stayed), "scored_on": then.isoformat()}
    return rows[rows["n"] > 0].reset_index(drop=True)


def _active(catalog: Catalog, as_of: date) -> pd.DataFrame:
    try:
        spells = catalog.table("activity_spells")
    except NotMeasured:
        return pd.DataFrame(columns=["customer_id", "first_on"])
    before = spells.filter(spells.starts_on <= as_of)
    # first_on is the day on which the customer first became active, whatever gaps followed.
    people = before.group_by("customer_id").aggregate(first_on=before.starts_on.min(), until=before.ends_on.max())
    return fetch(people.filter(people.until > as_of).select("customer_id", "first_on"))


def _signs(catalog: Catalog, as_of: date) -> tuple[int, pd.DataFrame] | None:
    """Return how many kinds of sign the data record, and per customer last_on, n_months, n_kinds of the last year."""
    parts = [part for name, at in _TIMES.items() if (part := _sign(catalog, name, at)) is not None]
    if not parts:
        return None
    every = union(parts)
    every = every.filter((every.on <= as_of) & (every.on > as_of - timedelta(days=_LOOK_BACK)))
    every = every.mutate(month=period_ordinal(every.on, "month"))
    seen = every.group_by("customer_id").aggregate(
        last_on=every.on.max(), n_months=every.month.nunique(), n_kinds=every.kind.nunique()
    )
    return len(parts), fetch(seen)


def _sign(catalog: Catalog, name: str, at: str) -> ir.Table | None:
    if name not in catalog.names or not {"customer_id", at} <= set(catalog.table(name).columns):
        return None
    table = catalog.table(name)
    if name == "orders":
        table = table.filter(table.revenue > 0)
    if name == "interactions":
        if "direction" not in table.columns:
            return None
        table = table.filter(table.direction == "inbound")
    table = table.filter(table.customer_id.notnull() & table[at].notnull())
    return table.select("customer_id", on=day(table[at]), kind=ibis.literal(name))


def area_under_curve(score: np.ndarray, hit: np.ndarray) -> list[float]:
    """Return the area under the ROC curve with its 95 % interval (Hanley and McNeil); NaN unless there are both outcomes.

    Examples
    --------
    >>> [round(x, 3) for x in area_under_curve(np.array([1.0, 2, 3, 4]), np.array([False, True, False, True]))]
    [0.75, 0.208, 1.0]
    """
    n, m = float(hit.sum()), float((~hit).sum())
    if not n or not m:
        return [float("nan")] * 3
    ranks = pd.Series(score).rank().to_numpy()
    auc = (ranks[hit].sum() - n * (n + 1) / 2) / (n * m)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    error = np.sqrt((auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)) / (n * m))
    return [float(auc), float(max(auc - Z * error, 0)), float(min(auc + Z * error, 1))]
