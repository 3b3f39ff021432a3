"""What leaving would cost: value at risk, and how many customers it pays to call."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.errors import NotMeasured
from crmkit.periods import DayLike
from crmkit.predictions.futures.possible import stakes
from crmkit.predictions.value.payments import payments_until
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

FORESEEN, BROUGHT = (
    "what would not come anyway",
    "what they brought in the last 12 months",
)
_N_DRAWS = 2000
_ONE_BY_ONE = 500  # customers whose leaving is drawn one by one
_SEED = 0
_QUANTILES: NDArray[np.float64] = np.linspace(0.005, 0.995, 100)


@checked
def value_at_risk(catalog: Catalog, as_of: DayLike, chance: pd.Series) -> pd.DataFrame:
    """Return the value at risk of each customer: the chance of leaving times what is lost if the customer leaves.

    Who has left may order again. Only what would not come anyway is at risk: what one who stays is expected to bring
    within ``horizon_months``, less what is expected of one who leaves.

    Parameters
    ----------
    catalog : Catalog
        With fewer than three customers worth is the margin (or else the revenue) of the last 12 months.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    chance : Series
        Indexed by customer_id: chance of leaving [share].

    Returns
    -------
    DataFrame
        Indexed by customer_id, most at risk first: chance [share], worth, at_risk [money]; ``attrs["basis"]`` says what
        worth is.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> rows = value_at_risk(catalog, date(2026, 9, 30), pd.Series({"x": 0.5, "y": 1.0}))
    >>> list(rows.index), bool((rows["at_risk"] == rows["chance"] * rows["worth"]).all())
    (['y', 'x'], True)
    """
    worth, basis = _worth(catalog, as_of)
    rows = pd.DataFrame({"chance": chance}).rename_axis("customer_id")
    rows = rows.assign(worth=worth.reindex(rows.index).fillna(0.0).clip(lower=0.0))
    rows["at_risk"] = rows["chance"] * rows["worth"]
    rows = rows.sort_values(["at_risk", "chance"], ascending=False, kind="stable")
    rows.attrs["basis"] = basis
    return rows


def total_at_risk(rows: pd.DataFrame, drift: float) -> tuple[float, float, float]:
    """Return the value that is expected to be lost with those who leave, and its 95 % interval [money].

    Futures are simulated in which the losses of all are more or less frequent together, and each customer leaves or stays:
    one by one those whose leaving matters most, as the sum of a few unequal amounts is far from normal; the sum of all
    others is drawn as a normal one.

    Parameters
    ----------
    rows : DataFrame
        From :func:`value_at_risk`.
    drift : float
        By how much the losses of a period vary beyond chance [share].

    Examples
    --------
    >>> rows = pd.DataFrame({"chance": [1.0, 0.0], "worth": [50.0, 80.0], "at_risk": [50.0, 0.0]})
    >>> total_at_risk(rows, 0.0)
    (50.0, 50.0, 50.0)
    """
    random = np.random.default_rng(_SEED)
    chance, worth = rows["chance"].to_numpy(), rows["worth"].to_numpy()
    total = float(chance @ worth)
    common = np.exp(random.normal(0, np.log1p(drift), _N_DRAWS))
    order = np.argsort(-chance * (1 - chance) * worth**2, kind="stable")
    weighty, others = order[:_ONE_BY_ONE], order[_ONE_BY_ONE:]
    drawn = np.array(
        [worth[weighty][random.random(len(weighty)) < np.minimum(chance[weighty] * each, 1)].sum() for each in common]
    )
    if len(others):
        chance, worth_of_others = chance[others], worth[others]
        at = np.quantile(common, _QUANTILES)
        mean = [(np.minimum(chance * each, 1) * worth_of_others).sum() for each in at]
        own = np.sqrt((chance * (1 - chance) * worth_of_others**2).sum())
        drawn += np.interp(common, at, mean) + own * random.standard_normal(_N_DRAWS)
    low, high = np.quantile(np.clip(drawn, 0, worth.sum()), [0.025, 0.975])
    return total, min(float(low), total), max(float(high), total)


def call_plan(rows: pd.DataFrame, contact_cost: float, save_rate: float) -> pd.DataFrame:
    """Return whom to contact, best first, and the profit of stopping after each.

    Parameters
    ----------
    rows : DataFrame
        From :func:`value_at_risk`.
    contact_cost : float
        Of one contact [money].
    save_rate : float
        Of those who would leave, how many a contact keeps [share].

    Returns
    -------
    DataFrame
        Indexed by customer_id: chance, worth, gain (save rate x chance x worth - cost), n (customers contacted so far),
        profit (of contacting this customer and all above) [money].

    Examples
    --------
    >>> rows = pd.DataFrame({"chance": [0.5, 0.5], "worth": [100.0, 10.0]}, index=["a", "b"])
    >>> call_plan(rows, contact_cost=4.0, save_rate=0.2)["profit"].tolist()
    [6.0, 3.0]
    """
    gain = save_rate * rows["chance"] * rows["worth"] - contact_cost
    plan = rows[["chance", "worth"]].assign(gain=gain).sort_values("gain", ascending=False, kind="stable")
    return plan.assign(n=np.arange(1, len(plan) + 1), profit=plan["gain"].cumsum())


def n_worth_calling(plan: pd.DataFrame) -> int:
    """Return for how many customers a contact brings more than it costs [count]."""
    return int((plan["gain"] > 0).sum())


def _worth(catalog: Catalog, as_of: date) -> tuple[pd.Series, str]:
    try:
        return stakes(catalog, as_of), FORESEEN
    except NotMeasured:
        return _paid_in_a_year(catalog, as_of), BROUGHT


def _paid_in_a_year(catalog: Catalog, as_of: date) -> pd.Series:
    """Return what each customer paid in the year up to a day."""
    try:
        year = payments_until(catalog, as_of, since=as_of - timedelta(days=366)).rows
    except NotMeasured:
        return pd.Series(dtype=float)
    return year.groupby("customer_id")["money"].sum()
