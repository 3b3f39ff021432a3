"""The value of all customers together: total, horizons, concentration, by channel and cohort, and by age of the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.metrics.engine.groups import check_customer_column
from crmkit.models.orders.choose import ChosenOrders
from crmkit.periods import DayLike
from crmkit.predictions.value.customer_values import HORIZONS, Valuation, months_since, valuation, value_rows
from crmkit.predictions.value.forecast import ChosenRenewals, with_few_explained
from crmkit.predictions.value.payments import MONTH
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

TOO_FEW = "too few to choose by"  # in place of the scores that a model was chosen by
_TOPS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
_GONE = 1.0  # expected money below which a customer counts as gone
_TAILS = (0.025, 0.975)
_FEWEST = 5  # customers of a group that is shown
_RECENT = 24  # months: channels are compared by customers won so recently
_LIFE = (0, 1, 2, 3, 6, 9, 12, 18, 24, 30, 36)  # months since the first day


@dataclass(eq=False)
class ValueSummary:
    """The value of all customers on a day.

    Attributes
    ----------
    as_of : date
    customers : DataFrame
        See :func:`crmkit.predictions.value.customer_values.customer_values`.
    total : Series
        value, low, high (95 %, by simulation) of what all bring within the horizon [money].
    horizons : DataFrame
        months, value [money], and share of what comes up to ten years.
    beyond : float
        Expected after 36 months, up to ten years [money].
    concentration : DataFrame
        top (share of the customers), n, value [money], share (of the value).
    by_channel : DataFrame
        See :func:`crmkit.predictions.value.summary.new_customer_values`; empty without channels.
    models : DataFrame
        what, model, and held_out: the log-likelihood of each candidate per customer held out, in words.
    few : list of str
        Notes on groups with too few customers to learn much from, and what that means; empty where there are enough.
    notes : list of str
        What else a reader must know.
    basis : str
        Whether the money is margin or revenue, in words.
    horizon : int
        [months]
    discount_rate : float
        Per year [share].
    reason : str
        Why there is no value; empty if there is one.
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


@checked
def value_summary(catalog: Catalog, as_of: DayLike) -> ValueSummary:
    """Return the value of all customers from a day on.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

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
    customers = value_rows(whole).drop(columns="shared_error")
    sums = whole.forecast.draws.sum(axis=0)
    low, high = np.quantile(sums, _TAILS)
    value = float(customers["value"].sum())
    everything = float(whole.forecast.expected[:, -1].sum())
    within = [(months, float(customers[f"within_{months}"].sum())) for months in HORIZONS]
    horizons = pd.DataFrame([*within, (120, everything)], columns=["months", "value"])
    try:
        by_channel = new_customer_values(catalog, "channel", as_of)
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
            [_model_row(what, each) for what, each in whole.forecast.chosen], columns=["what", "model", "held_out"]
        ),
        few=with_few_explained(whole.forecast.few),
        notes=list(dict.fromkeys(whole.forecast.notes)),
        basis=whole.payments.basis,
        horizon=whole.horizon,
        discount_rate=catalog.settings.value.discount_rate,
    )


@checked
def new_customer_values(catalog: Catalog, by: str, as_of: DayLike) -> pd.DataFrame:
    """Return the value of a new customer in the first ``horizon_months``, by group: paid so far, and still expected.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    by : str
        "cohort" for the quarter of the first order or term, else a column of customers, such as "channel".

    Returns
    -------
    DataFrame
        One row per group of at least five customers: the group, value, low, high (95 %: who happened to come, what they
        will do, and the model) [money per customer], n [customers], so_far (share of the value that is paid already).

    Raises
    ------
    CrmkitError
        If customers have no such column.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> len(new_customer_values(catalog, "cohort", date(2026, 9, 30)))  # three are too few for a group
    0
    """
    check_customer_column(catalog, by, "cohort")
    return memoize(catalog, _new_customer_values, as_of, by, reads_predictions=False)


@checked
def value_over_life(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return the mean money that a customer has paid by each age, and how much of it is observed.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        month (since the first day), value [money per customer, not discounted to today], observed [share of it that
        is paid already].

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> value_over_life(catalog, date(2026, 9, 30))["value"].iloc[0]
    np.float64(10.0)
    """
    return memoize(catalog, _value_over_life, as_of, reads_predictions=False)


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


def _model_row(what: str, chosen: ChosenOrders | ChosenRenewals) -> tuple[str, str, str]:
    scores = chosen.held_out
    if scores.empty:
        return what, chosen.name, TOO_FEW
    words = ", ".join(f"{model} {score:.3f}" for model, score in scores["log_likelihood"].items())
    return what, chosen.name, words


def _new_customer_values(catalog: Catalog, as_of: date, by: str) -> pd.DataFrame:
    whole = valuation(catalog, as_of)
    customers = whole.forecast.customers
    group, chosen = _groups(catalog, whole, by)
    age = months_since(whole.first_on.reindex(customers), as_of).to_numpy()
    rest = np.maximum(whole.horizon - age, 0)
    came = _paid_within(whole, whole.horizon)
    to_come = whole.forecast.within(rest)
    full = whole.forecast.within(whole.horizon)
    part = to_come / np.where(full > 0, full, 1.0)
    weights = np.random.default_rng(3).exponential(size=whole.forecast.draws.shape)  # Bayesian bootstrap of who came
    paid = came[:, None] + whole.forecast.draws * part[:, None]
    rows = []
    for name in chosen:
        inside = (group == name).to_numpy()
        value = float((came + to_come)[inside].mean())
        drawn = (paid[inside] * weights[inside]).sum(axis=0) / weights[inside].sum(axis=0)
        low, high = np.quantile(drawn, _TAILS)
        share = came[inside].mean() / value if value > 0 else 1.0
        rows.append((name, value, min(low, value), max(high, value), int(inside.sum()), float(np.clip(share, 0, 1))))
    return pd.DataFrame(rows, columns=[by, "value", "low", "high", "n", "so_far"])


def _groups(catalog: Catalog, whole: Valuation, by: str) -> tuple[pd.Series, list[str]]:
    customers = whole.forecast.customers
    first = whole.first_on.reindex(customers)
    if by == "cohort":
        group = pd.PeriodIndex(first, freq="Q").strftime("%Y-Q%q").to_series(index=customers)
    else:
        if "customers" not in catalog.names or by not in catalog.table("customers").columns:
            raise CrmkitError(f"Customers have no column '{by}' to value them by.")
        known = catalog.table("customers").select("customer_id", by).execute().set_index("customer_id")[by]
        recent = months_since(first, whole.as_of) <= _RECENT
        group = known.reindex(customers).where(recent.to_numpy())
    counts = group.value_counts()
    chosen = counts[counts >= _FEWEST].index
    return group, sorted(chosen) if by == "cohort" else list(chosen)


def _value_over_life(catalog: Catalog, as_of: date) -> pd.DataFrame:
    whole = valuation(catalog, as_of)
    customers = whole.forecast.customers
    age = months_since(whole.first_on.reindex(customers), as_of).to_numpy()
    rows = []
    for month in _LIFE:
        came = _paid_within(whole, month).mean() if len(customers) else 0.0
        rest = whole.forecast.within(np.maximum(month - age, 0)).mean() if len(customers) else 0.0
        total = came + rest
        rows.append((month, float(total), float(came / total) if total > 0 else 1.0))
    return pd.DataFrame(rows, columns=["month", "value", "observed"])


def _paid_within(whole: Valuation, months: float) -> np.ndarray:
    """Return what each customer paid within some months of the first day, not discounted."""
    paid = whole.payments.rows
    age = (paid["on"] - paid["customer_id"].map(whole.first_on)).dt.days / MONTH
    early = paid[age <= months].groupby("customer_id")["money"].sum()
    return early.reindex(whole.forecast.customers).fillna(0.0).to_numpy(dtype=float)
