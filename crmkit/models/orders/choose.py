"""Choice of a model of repeat orders, by the likelihood of later orders under models fitted on earlier ones."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array
from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.repeat_buying import RepeatBuyingModel
from crmkit.models.orders.summary import compress, order_days_between, order_summary
from crmkit.periods import DayLike, day_of

ORDER_MODELS: dict[str, type[RepeatBuyingModel]] = {"Pareto/NBD": ParetoNBD, "BG/NBD": BGNBD, "MBG/NBD": MBGNBD}
FEW = 300  # customers below which a prior stabilises the fit
PRIOR = 0.3  # its precision: 95 % of firms within a 36th and 36 times its centre
_TOO_FEW = 30  # customers, and later orders, below which no choice is made
_FIRST = "Pareto/NBD"  # nearest over the longer horizons of all back-tests in benchmarks/shopper_backtest.py
_CLEAR = 0.005  # lead per customer [log-likelihood] from which on another model predicts anything differently
_MOST_ORDERS = 500  # from which on a number counts as that many or more


class ChosenOrders(NamedTuple):
    """A fitted model of repeat orders and how it was chosen.

    Attributes
    ----------
    name : str
        Of the model, such as "Pareto/NBD".
    model : RepeatBuyingModel
        Fitted on all that is known.
    held_out : DataFrame
        Indexed by model: log_likelihood (of the later orders, per customer), lead (over Pareto/NBD), lead_error
        (standard error of that, over customers). Empty where there was too little to choose by.
    reason : str
        A sentence: which model, and why.
    """

    name: str
    model: RepeatBuyingModel
    held_out: pd.DataFrame
    reason: str


def choose_orders(orders: pd.DataFrame, as_of: DayLike, *, days_per_unit: float = 7.0) -> ChosenOrders:
    """Choose a model on orders held out in time, and fit it on all orders up to a day.

    Pareto/NBD is kept unless another model is clearly ahead of it: by more than .005 per customer in the logarithm of the
    probability of the later orders, and by more than two standard errors. Models closer than that predict the same from
    one month to the next, but not over years, where those that let customers leave only after an order fall short.

    The models are fitted as of two thirds of the time since the first order (at most a year back), and compared
    by the orders from there to ``as_of``.

    Parameters
    ----------
    orders : DataFrame
        customer_id, ordered_at, revenue [money]; see :func:`~crmkit.models.orders.summary.order_summary`.
    as_of : str or date
        The last day whose orders are used.
    days_per_unit : float
        Unit of the ages [days].

    Examples
    --------
    >>> placed = pd.to_datetime(["2026-01-01", "2026-01-15", "2026-02-03"])
    >>> orders = pd.DataFrame({"customer_id": ["a", "a", "b"], "ordered_at": placed, "revenue": 10.0})
    >>> print(choose_orders(orders, "2026-03-31").reason)
    Pareto/NBD, without a choice: there are too few customers or orders to judge models by. With 2 customers, fewer than
    300, a prior keeps the estimate near what is usual, and intervals are wide.
    """
    as_of = day_of(as_of)
    now = order_summary(orders, as_of, days_per_unit=days_per_unit)
    span = round(float(now["age"].max()) * days_per_unit) if len(now) else 0
    cut = as_of - timedelta(days=min(span // 3, 365))
    then = order_summary(orders, cut, days_per_unit=days_per_unit)
    later = order_days_between(orders, cut, as_of).reindex(then.index, fill_value=0)
    return choose_order_model(now, then, later, (as_of - cut).days / days_per_unit)


def choose_order_model(now: pd.DataFrame, then: pd.DataFrame, later: pd.Series, horizon: float) -> ChosenOrders:
    """Choose a model by what came after an earlier day, and fit it on what is known now.

    Parameters
    ----------
    now, then : DataFrame
        n_repeats [count], last_age, age [one unit of time], as known now and on the earlier day.
    later : Series
        Orders of the customers of ``then`` within ``horizon`` [count], in the same order.
    horizon : float
        From the earlier day to now [unit of the ages].

    Raises
    ------
    Problems
        There is no customer, or records that cannot be.
    """
    name, scores = _FIRST, _no_scores()
    if min(len(then), later.sum()) >= _TOO_FEW and horizon > 0:
        each = {label: _log_probability(_fitted(label, then), then, later, horizon) for label in ORDER_MODELS}
        scores = _scores(each)
        name = _ahead(scores)
    return ChosenOrders(name, _fitted(name, now), scores, _reason(name, scores, len(now)))


def _fitted(name: str, X: pd.DataFrame) -> RepeatBuyingModel:
    return ORDER_MODELS[name](penalty=PRIOR if len(X) < FEW else 0.0).fit(X)


def _log_probability(model: RepeatBuyingModel, X: pd.DataFrame, later: pd.Series, horizon: float) -> Array:
    """Return the logarithm of the probability of each customer's later orders, given the earlier ones."""
    counts, position = compress(X)
    params, seen = model.params_.to_numpy(dtype=float), np.minimum(later.to_numpy(dtype=int), _MOST_ORDERS)
    probability, covered = np.empty(len(X)), np.zeros(len(counts))
    alive = model.alive(params, counts)
    for n, if_alive in enumerate(model.distribution_if_alive(params, counts, horizon)):
        share = alive * if_alive + (1 - alive if n == 0 else 0.0)
        if n == seen.max():
            share = share if n < _MOST_ORDERS else np.maximum(1 - covered, 0.0)
        probability[seen == n] = share[position[seen == n]]
        covered += share
        if n == seen.max():
            break
    return np.log(np.maximum(probability, 1e-300))


def _scores(each: dict[str, Array]) -> pd.DataFrame:
    lead = {name: values - each[_FIRST] for name, values in each.items()}
    columns = {
        "log_likelihood": {name: values.mean() for name, values in each.items()},
        "lead": {name: values.mean() for name, values in lead.items()},
        "lead_error": {name: values.std(ddof=1) / np.sqrt(len(values)) for name, values in lead.items()},
    }
    return pd.DataFrame(columns).rename_axis("model")


def _ahead(scores: pd.DataFrame) -> str:
    best = int(scores["log_likelihood"].to_numpy().argmax())
    lead, error = (scores[column].to_numpy()[best] for column in ("lead", "lead_error"))
    return str(scores.index[best]) if lead > max(_CLEAR, 2 * error) else _FIRST


def _no_scores() -> pd.DataFrame:
    columns = ["log_likelihood", "lead", "lead_error"]
    return pd.DataFrame(columns=columns, index=pd.Index([], name="model"), dtype=float)


def _reason(name: str, scores: pd.DataFrame, n_customers: int) -> str:
    if scores.empty:
        reason = f"{name}, without a choice: there are too few customers or orders to judge models by."
    else:
        each = ", ".join(f"{other} {score:.4f}" for other, score in scores["log_likelihood"].items())
        best = scores["log_likelihood"].idxmax()
        why = (
            "it found later orders likeliest" if best == name else "no other model found later orders clearly likelier"
        )
        reason = f"{name}: fitted on earlier orders, {why} (log-likelihood per customer: {each})."
    if n_customers < FEW:
        reason += (
            f" With {n_customers} customer{'s' if n_customers != 1 else ''}, fewer than {FEW}, a prior keeps the "
            "estimate near what is usual, and intervals are wide."
        )
    return reason
