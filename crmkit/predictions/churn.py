"""Who is about to leave: a chance per customer, with reasons, learned from past days and judged at others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.predictions.churn_backtest import back_test_by_tenth, chosen_method, drift, of_days
from crmkit.predictions.churn_history import N_LEARNED, known_on, past_days, stacked
from crmkit.predictions.churn_models import candidates
from crmkit.predictions.churn_told import told_by
from crmkit.predictions.register import prediction
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog

_Z = 1.96
_MOST_SHIFTED = 0.5  # of what chances rest on: more, and they were learned from other customers


@dataclass(eq=False)
class ChurnOutlook:
    """What can be said on a day about who leaves within the horizon.

    Attributes
    ----------
    as_of : date
    horizon : int
        [days]
    method : str
        The one chosen by the back-test; see :data:`crmkit.predictions.churn_models.NAMES`.
    scores : DataFrame
        Indexed by customer_id, those at risk, likeliest first: value, low, high (chance of leaving) [share].
    shares : DataFrame
        Of each feature in the log odds of each customer, in the order of ``scores``.
    known : DataFrame
        The features of all active customers, and their kind.
    tested, tenths : DataFrame
        The back-test, and the same by tenths of the customers.
    drivers, shifts : DataFrame
        What leaving goes together with, and how far the customers of today differ from those learned from; see
        :mod:`crmkit.predictions.churn_drivers`.
    drift : float
        How far the losses of a period go beyond the chance of its customers [share of those expected].
    n_learned, n_lost : int
        Rows learned from, and those of them lost.
    warning : str
        Why the chances should not be acted upon; empty if they may.
    """

    as_of: date
    horizon: int
    method: str
    scores: pd.DataFrame
    shares: pd.DataFrame
    known: pd.DataFrame
    tested: pd.DataFrame
    tenths: pd.DataFrame
    drivers: pd.DataFrame
    shifts: pd.DataFrame
    drift: float
    n_learned: int
    n_lost: int
    warning: str

    @property
    def expected(self) -> tuple[float, float, float]:
        """Customers expected to leave, with the ends of the 95 % interval [count]."""
        p = self.scores["value"].to_numpy()
        total = float(p.sum())
        spread = _Z * np.sqrt((p * (1 - p)).sum() + (self.drift * total) ** 2)
        return total, max(0.0, total - spread), min(float(len(p)), total + spread)


@takes_day
def churn_outlook(catalog: Catalog, as_of: date) -> ChurnOutlook:
    """Learn who leaves from past days, and say who is likely to from ``as_of`` on.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used: for features and for outcomes.

    Raises
    ------
    NotMeasured
        If nobody can be called active, or the record is too short for any outcome to be known.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": "a", "ordered_at": ["2026-09-01"], "revenue": 10.0})
    >>> churn_outlook(ck.connect({"orders": orders}), date(2026, 9, 30))
    Traceback (most recent call last):
    crmkit.errors.NotMeasured: not measured: needs a record of at least 210 days with active customers
    """
    known = known_on(catalog, as_of)
    learned_from = stacked(catalog, past_days(catalog, as_of)[:N_LEARNED])
    horizon = catalog.settings.company.churn_after_days
    if not len(learned_from):
        raise NotMeasured(f"a record of at least {horizon + 120} days with active customers")
    tenths = back_test_by_tenth(catalog, as_of)
    tested = of_days(tenths)
    method = chosen_method(tested, candidates(learned_from["lost"]))
    told = told_by(catalog, as_of, method)
    warning = _warning(tested, method) or _of_other_customers(told.shifts)
    return ChurnOutlook(
        as_of, horizon, method, told.scores, told.shares, known, tested, tenths, told.drivers, told.shifts,
        drift(tested, method), len(learned_from), int(learned_from["lost"].sum()), warning,
    )  # fmt: skip


@prediction(table="customer_scores", model="churn", shared=back_test_by_tenth)
def churn(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Chance that each customer at risk leaves within ``churn_after_days``."""
    return churn_outlook(catalog, as_of).scores.reset_index()


def outcome_known_on(outlook: ChurnOutlook) -> date:
    """Return the day on which it will be known who has left."""
    return outlook.as_of + timedelta(days=outlook.horizon)


def _warning(tested: pd.DataFrame, method: str) -> str:
    own = tested[tested["method"] == method]
    if not len(own):
        return "Nothing is known yet of how well these chances hold: the record is too short for a back-test."
    if method == "rate":
        return "Too few customers have left to tell who is likelier to: everybody has the same chance."
    if own["auc"].mean() < 0.55 or own["lift"].mean() < 1.1:
        return (
            "At past days these chances told leavers hardly better from stayers than drawing lots would: "
            "there is no list until they do."
        )
    return ""


def _of_other_customers(shifted: pd.DataFrame) -> str:
    off = shifted[shifted["shifted"].astype(bool)]
    if off["weight"].sum() <= _MOST_SHIFTED:
        return ""
    return (
        f"The customers of today differ from those that were learned from in what {100 * off['weight'].sum():.0f} % of the "
        "chances rest on: there is no list until the newer ones can be learned from."
    )
