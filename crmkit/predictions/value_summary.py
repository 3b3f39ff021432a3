"""The value of all customers together: total, horizons, who holds it, by channel; one look for a whole page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.models.choose_orders import ChosenOrders
from crmkit.predictions.choice import ChosenRenewals
from crmkit.predictions.futures import with_few_explained
from crmkit.predictions.value import HORIZONS, valuation, valued
from crmkit.predictions.value_groups import new_customer_values
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog

TOO_FEW = "too few to choose by"  # said in place of what a model was chosen by
_TOPS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
_GONE = 1.0  # money
_TAILS = (0.025, 0.975)


@dataclass(eq=False)
class ValueSummary:
    """The value of all customers on a day.

    Attributes
    ----------
    as_of : date
    customers : DataFrame
        See :func:`crmkit.predictions.value.customer_values`.
    total : Series
        value, low, high (95 %, by simulation) of what all bring within the horizon [money].
    horizons : DataFrame
        months, value [money], and share of what comes up to ten years.
    beyond : float
        Expected after 36 months, up to ten years [money].
    concentration : DataFrame
        top (share of the customers), n, value [money], share (of the value).
    by_channel : DataFrame
        See :func:`crmkit.predictions.value_groups.new_customer_values`; empty without channels.
    models : DataFrame
        what, model, and held_out: the log-likelihood per customer held out of each candidate, in words.
    few : list of str
        Of whom there are too few to learn much from, and what follows from it; empty where there are enough.
    notes : list of str
        What else a reader must know of it.
    basis : str
        What the money is.
    horizon : int
        [months]
    discount_rate : float
        Per year [share].
    reason : str
        Why there is no value; empty where there is.
    """

    as_of: date
    customers: pd.DataFrame
    total: pd.Series
    horizons: pd.DataFrame
    beyond: float
    concentration: pd.DataFrame
    by_channel: pd.DataFrame
    models: pd.DataFrame
    few: list[str]
    notes: list[str]
    basis: str
    horizon: int
    discount_rate: float
    reason: str = ""

    @property
    def n(self) -> int:
        """Customers who have ever bought [count]."""
        return len(self.customers)

    @property
    def n_gone(self) -> int:
        """Customers of whom less than one unit of money is expected [count]."""
        return int((self.customers["value"] < _GONE).sum())


@takes_day
def value_summary(catalog: Catalog, as_of: date) -> ValueSummary:
    """Look at the value of all customers from a day on.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    ValueSummary
        Without customers, and with a reason, where there are neither orders of known customers nor subscriptions, or
        fewer than three customers.
    """
    try:
        whole = valuation(catalog, as_of)
    except NotMeasured as error:
        return _unmeasured(catalog, as_of, str(error))
    customers = valued(whole).drop(columns="shared_error")
    sums = whole.futures.draws.sum(axis=0)
    low, high = np.quantile(sums, _TAILS)
    value = float(customers["value"].sum())
    everything = float(whole.futures.expected[:, -1].sum())
    within = [(months, float(customers[f"within_{months}"].sum())) for months in HORIZONS]
    horizons = pd.DataFrame([*within, (120, everything)], columns=["months", "value"])
    try:
        by_channel = new_customer_values(catalog, as_of, "channel")
    except CrmkitError:
        by_channel = _no_channels()
    return ValueSummary(
        as_of=as_of,
        customers=customers,
        total=pd.Series({"value": value, "low": min(low, value), "high": max(high, value)}),
        horizons=horizons.assign(share=horizons["value"] / everything if everything > 0 else 0.0),
        beyond=float(customers["beyond_36"].sum()),
        concentration=_concentration(customers["value"]),
        by_channel=by_channel,
        models=pd.DataFrame(
            [_told(what, each) for what, each in whole.futures.chosen], columns=["what", "model", "held_out"]
        ),
        few=with_few_explained(whole.futures.few),
        notes=list(dict.fromkeys(whole.futures.notes)),
        basis=whole.money.basis,
        horizon=whole.horizon,
        discount_rate=catalog.settings.value.discount_rate,
    )


def _unmeasured(catalog: Catalog, as_of: date, reason: str) -> ValueSummary:
    settings = catalog.settings.value
    columns = [
        "customer_id",
        "value",
        "low",
        "high",
        *(f"within_{months}" for months in HORIZONS),
        "beyond_36",
        "so_far",
        "first_on",
    ]
    return ValueSummary(
        as_of=as_of,
        customers=pd.DataFrame({name: pd.Series(dtype=float) for name in columns}),
        total=pd.Series({"value": 0.0, "low": 0.0, "high": 0.0}),
        horizons=pd.DataFrame({"months": [], "value": [], "share": []}),
        beyond=0.0,
        concentration=pd.DataFrame({"top": [], "n": [], "value": [], "share": []}),
        by_channel=_no_channels(),
        models=pd.DataFrame(columns=["what", "model", "held_out"]),
        few=[],
        notes=[],
        basis="",
        horizon=settings.horizon_months,
        discount_rate=settings.discount_rate,
        reason=reason,
    )


def _no_channels() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("channel", "value", "low", "high", "n", "so_far")})


def _concentration(value: pd.Series) -> pd.DataFrame:
    ordered = np.sort(value.to_numpy())[::-1]
    total = ordered.sum()
    counts = [max(1, int(np.ceil(top * len(ordered)))) for top in _TOPS]
    sums = [float(ordered[:n].sum()) for n in counts]
    shares = [each / total if total > 0 else 0.0 for each in sums]
    return pd.DataFrame({"top": _TOPS, "n": counts, "value": sums, "share": shares})


def _told(what: str, chosen: ChosenOrders | ChosenRenewals) -> tuple[str, str, str]:
    scores = chosen.held_out
    if scores.empty:
        return what, chosen.name, TOO_FEW
    words = ", ".join(f"{model} {score:.3f}" for model, score in scores["log_likelihood"].items())
    return what, chosen.name, words
