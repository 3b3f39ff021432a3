"""What customers will pay: the expected money by time ahead, and simulated futures of each, from which intervals come.

A forecast is the sum of three: orders of those who order, renewals of running subscriptions, and new business (a first
order, a first subscription, or a subscription taken up again).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.metrics.formatting import counted, joined
from crmkit.models.orders.choose import FEW, ChosenOrders
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.series.drift import Drift
from crmkit.models.series.order_season import OrderSeason
from crmkit.models.subscriptions.present_value import rate_per_period
from crmkit.models.subscriptions.renewals import RenewalModel
from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull, ShiftedBetaGeometric
from crmkit.models.subscriptions.spells import read_spells, risk_table
from crmkit.periods import months_before
from crmkit.predictions.futures.leaving import Leaving, shortened
from crmkit.predictions.futures.pace import STEADY, YEAR, Pace
from crmkit.predictions.futures.shoppers import simulate_shoppers
from crmkit.predictions.value.payments import MONTH, Payments, subscriptions
from crmkit.tables.catalog import Catalog

Array = NDArray[np.float64]
FEW_MEANS = (
    "With so few, estimates are kept near usual values, so that a handful cannot swing them, and intervals are wide."
)
LONGEST = 120  # months; later payments are worth little and cannot be forecast
KNOTS = (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 84, LONGEST)  # months ahead
RENEWAL_MODELS: dict[str, type[RenewalModel]] = {"sBG": ShiftedBetaGeometric, "BdW": BetaDiscreteWeibull}
_FEWEST_OF_A_KIND = 20  # customers of a kind from which new business can be learned
_SPANS = (12, 6, 3)  # months looked back, the longest for which there are as many before it
_RECENCY = (3.0, 12.0)  # months since the last payment: lately, within a year, longer ago
_FADES = 36.0  # months after which about a third of new business is still to come: a convention
_MOST_TO_CHOOSE = 20_000  # subscriptions with which a model is chosen
_FEWEST_LOSSES = 40  # losses below which the data cannot choose
_FOLDS = 2
_SIMPLEST = "sBG"
NOBODY_LEAVES = "nobody leaves"  # in the name of the simpler model at that boundary


@dataclass(eq=False)
class Forecast:
    """What customers will pay.

    Attributes
    ----------
    customers : Index
        customer_id.
    months : array
        Months ahead, from 0, ascending.
    expected : array
        Discounted money that each customer is expected to pay within so many months: customers x months.
    draws : array
        Discounted money within the horizon in simulated futures: customers x draws.
    chosen : list of (str, ChosenOrders or ChosenRenewals)
        What each model describes, and the model.
    few : list of str
        A sentence for each group with too few customers to learn much from.
    notes : list of str
        What else a reader must know.
    totals : DataFrame
        Of those who order, one row per future; see :data:`crmkit.predictions.futures.shoppers.TOTALS`.
    chances : DataFrame
        Of those who order, indexed by customer_id; see :class:`crmkit.predictions.futures.shoppers.ShopperFutures`.
    stakes : Series
        Money within the horizon that a customer brings who stays and would not bring having left, by customer_id.
    """

    customers: pd.Index
    months: Array
    expected: Array
    draws: Array
    chosen: list[tuple[str, ChosenOrders | ChosenRenewals]] = field(default_factory=list)
    few: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    totals: pd.DataFrame = field(default_factory=pd.DataFrame)
    chances: pd.DataFrame = field(default_factory=pd.DataFrame)
    stakes: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))

    def within(self, months: float | Array) -> Array:
        """Expected money within so many months; an array has one horizon per customer [money]."""
        if np.ndim(months) == 0:
            return (
                np.array([np.interp(months, self.months, row) for row in self.expected])
                if len(self.expected)
                else np.zeros(0)
            )
        each = np.asarray(months, dtype=float)
        place = np.clip(np.searchsorted(self.months, each, side="right") - 1, 0, len(self.months) - 2)
        rows = np.arange(len(each))
        low, high = self.months[place], self.months[place + 1]
        part = np.clip((each - low) / (high - low), 0, 1)
        return self.expected[rows, place] * (1 - part) + self.expected[rows, place + 1] * part


class ChosenRenewals(NamedTuple):
    """A fitted model of renewals and how it was chosen.

    Attributes
    ----------
    name : str
    model : RenewalModel
        Fitted.
    held_out : DataFrame
        Indexed by model: log_likelihood (of subscriptions held out, per subscription); empty where there were too few
        losses to choose by.
    """

    name: str
    model: RenewalModel
    held_out: pd.DataFrame


def forecast_orders(
    customers: pd.DataFrame,
    chosen: ChosenOrders,
    spend: GammaGamma,
    drift: Drift,
    horizon: int,
    discount_rate: float,
    n_draws: int,
    silent: float = 3.0,
    pace: Pace = STEADY,
    season: OrderSeason | None = None,
    leaving: Leaving | None = None,
) -> Forecast:
    """Forecast the orders of customers who order.

    Parameters
    ----------
    customers : DataFrame
        See :func:`crmkit.predictions.value.payments.shoppers`; money at the level of the day.
    chosen : ChosenOrders
        The model of their orders, fitted in months.
    spend : GammaGamma
        Fitted on these customers.
    drift : Drift
        Of the money of an order, per month.
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int
    silent : float
        After how long without an order a customer has left [months].
    pace : Pace
        What moves the orders of all customers at once.
    season : OrderSeason, optional
        In whose months the model was fitted.
    leaving : Leaving, optional
        How many customers were seen to stop; used where the model finds that nobody leaves.
    """
    knots = sorted({*KNOTS, horizon})
    passed = np.array(knots, dtype=float) if season is None else season.ahead(np.array(knots, dtype=float))
    leaving = leaving if NOBODY_LEAVES in (chosen.model.simpler_model_ or "") else None
    if leaving is not None:
        passed = shortened(passed, leaving.rates(n_draws))
    orders = chosen.model.expected_orders(customers, passed.tolist()).to_numpy()
    each = spend.expected_value(customers).to_numpy()
    steps = np.diff(np.column_stack([np.zeros(len(customers)), orders]), axis=1)
    middle = (np.array([0, *knots[:-1]]) + np.array(knots)) / 2
    factors = (1 + rate_per_period(discount_rate)) ** -middle * np.exp(drift.growth_ * middle)
    expected = np.cumsum(steps * factors, axis=1) * each[:, None]
    at = knots.index(horizon)
    discounted = expected[:, at] / np.where(orders[:, at] * each > 0, orders[:, at] * each, 1.0)
    # Faster growth raises future orders, and the level to which older orders are restated.
    back = float((customers["age"] - customers["last_age"] / 2) @ each / max(each.sum(), 1e-9))
    middles = np.array([silent, YEAR, horizon]) / 2 + back
    price = np.exp(np.outer(drift.draw(n_draws, seed=1) - drift.growth_, middles))
    futures = simulate_shoppers(customers, chosen.model, spend, silent, horizon, pace, n_draws, price, season, leaving)
    for name, ahead in (("money_soon", silent), ("money_year", YEAR)):
        futures.totals[name] *= np.exp(drift.growth_ * ahead / 2)
    notes = _order_notes(chosen, leaving)
    months = np.array([0.0, *knots])
    return Forecast(
        customers.index,
        months,
        np.column_stack([np.zeros(len(customers)), expected]),
        futures.money * discounted[:, None],
        [("orders", chosen)],
        few_notes(len(customers), "customers with orders"),
        notes,
        futures.totals,
        futures.customers,
        futures.customers["lost"] * each * discounted,
    )


def forecast_renewals(
    spells: pd.DataFrame,
    chosen: ChosenRenewals,
    drift: Drift,
    rate: float,
    horizon: int,
    discount_rate: float,
    n_draws: int,
    leaves_within: float = 3.0,
) -> Forecast:
    """Forecast the renewals of running subscriptions; the running term is paid already.

    Parameters
    ----------
    spells : DataFrame
        Of subscriptions with equally long terms, see :func:`crmkit.predictions.value.payments.subscriptions`.
    chosen : ChosenRenewals
        The model of their renewals.
    drift : Drift
        Of the price of a term, per month.
    rate : float
        Margin of a payment [share].
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int
    leaves_within : float
        How far ahead leaving is looked for [months].
    """
    per_year = int(spells["per_year"].iloc[0])
    now = spells[spells["runs"].astype(bool)]
    payment = np.where(now["notice"], 0.0, now["mrr"] * 12 / per_year * rate)
    tenures, position = np.unique(now["exit"].to_numpy(dtype=int), return_inverse=True)
    X, silent = pd.DataFrame({"tenure": tenures}), share_noticed(spells, now["elapsed"].to_numpy(dtype=float))
    ahead = np.arange(1.0, LONGEST * per_year // 12 + 1)
    paid = (1 + rate_per_period(discount_rate, per_year)) ** -ahead
    curves = chosen.model.curves(X, len(ahead))
    lift = 1 / (1 - silent * (1 - curves[position, 1]))
    worth = np.cumsum(curves[:, 1:] * paid * np.exp(drift.growth_ * ahead * 12 / per_year), axis=1)
    expected = np.column_stack([np.zeros(len(now)), worth[position] * (payment * lift)[:, None]])
    seen = max(int(np.floor(horizon * per_year / 12 + 1e-9)), 0)
    prices = paid[:seen] * np.exp(np.outer(drift.draw(n_draws), ahead[:seen] * 12 / per_year))
    drawn = chosen.model.curves(X, max(seen, 1), n_draws)
    random = np.random.default_rng([1, len(now), int(spells["exit"].sum())])
    draws = _simulated_renewals(drawn, position, silent, prices, random) * payment[:, None]
    simpler = chosen.model.simpler_model_
    notes = [f"Subscriptions: the data ask for less than {chosen.name} offers ({simpler})."] if simpler else []
    months = np.concatenate([[0.0], ahead]) * 12 / per_year
    forecast = Forecast(
        pd.Index(now["customer_id"]),
        months,
        expected,
        draws,
        [(_subscription_name(spells, per_year), chosen)],
        few_notes(len(spells), _subscription_name(spells, per_year).replace(", ", " of ")),
        notes,
    )
    soon = min(max(int(np.floor(leaves_within * per_year / 12 + 1e-9)), 1), len(ahead))
    stays = np.minimum(curves[position, soon] * lift, 1.0)
    later = forecast.within(horizon) - forecast.within(min(leaves_within, horizon))
    forecast.stakes = pd.Series(later / np.maximum(stays, 1e-3), index=forecast.customers)
    return forecast


def forecast_new_business(
    catalog: Catalog, payments: Payments, as_of: date, horizon: int, discount_rate: float, n_draws: int
) -> list[Forecast]:
    """Forecast the orders of customers who have not ordered, and the subscriptions of those who have none running.

    A customer's own past says nothing of it, so it is learned from comparable customers of a year ago (half a year or a
    quarter, if the data are young): those who had not ordered then, or had no subscription running, and whose last
    payment was as long ago. The customer is expected to pay their mean since then, in as long a time; simulated
    futures are drawn from what each of them paid.

    Parameters
    ----------
    catalog : Catalog
    payments : Payments
        Up to the day.
    as_of : date
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int
    """
    span = _months_back(catalog, as_of)
    if not span:
        return []
    past = months_before(as_of, span)
    ways = [("order", payments.order_basis), ("payment", payments.subscription_basis)]
    kinds = [
        (kind, _payment_recency(catalog, payments, past, kind), _payment_recency(catalog, payments, as_of, kind))
        for kind, by in ways
        if by
    ]
    forecasts = [
        _forecast_of_kind(
            then, now, _paid_since(payments, then.index, past, kind), (span, horizon, discount_rate, n_draws), number
        )
        for number, (kind, then, now) in enumerate(kinds)
        if len(then) >= _FEWEST_OF_A_KIND and len(now)
    ]
    return [each for each in forecasts if each is not None]


def sum_forecasts(forecasts: Sequence[Forecast], customers: pd.Index) -> Forecast:
    """Return the sum of forecasts for each customer, who may both order and subscribe.

    Parameters
    ----------
    forecasts : sequence of Forecast
        With equally many draws.
    customers : Index
        All customers; who is in none of the forecasts brings nothing.
    """
    months = np.unique(np.concatenate([np.array([0.0, *KNOTS]), *(each.months for each in forecasts)]))
    n_draws = forecasts[0].draws.shape[1]
    expected, draws = np.zeros((len(customers), len(months))), np.zeros((len(customers), n_draws))
    for each in forecasts:
        place = customers.get_indexer(each.customers)
        on_months = np.array([np.interp(months, each.months, row) for row in each.expected]).reshape(
            len(place), len(months)
        )
        np.add.at(expected, place, on_months)
        np.add.at(draws, place, each.draws)
    chosen = [pair for each in forecasts for pair in each.chosen]
    few, notes = ([note for each in forecasts for note in getattr(each, kind)] for kind in ("few", "notes"))
    shopping = next((each for each in forecasts if len(each.totals)), Forecast(customers, months, expected, draws))
    stakes = pd.concat([each.stakes for each in forecasts]).groupby(level=0).sum().reindex(customers, fill_value=0.0)
    return Forecast(customers, months, expected, draws, chosen, few, notes, shopping.totals, shopping.chances, stakes)


def choose_renewal_model(spells: pd.DataFrame) -> ChosenRenewals:
    """Choose and fit a model of renewals: the likeliest for subscriptions held out, or the simplest one with few losses.

    Models of orders are chosen by :func:`crmkit.models.orders.choose.choose_orders`.

    Parameters
    ----------
    spells : DataFrame
        entry, exit [renewals], lost.
    """
    scores = _held_out_likelihoods(spells) if spells["lost"].sum() >= _FEWEST_LOSSES else pd.Series(dtype=float)
    known = scores[np.isfinite(scores)]
    name = str(known.idxmax()) if len(known) else _SIMPLEST
    held_out = scores.rename("log_likelihood").rename_axis("model").to_frame()
    return ChosenRenewals(name, RENEWAL_MODELS[name](n_draws=400).fit(spells), held_out)


def few_notes(n: int, what: str) -> list[str]:
    """Return how many there are to learn from, if they are few; :func:`with_few_explained` makes a sentence of it.

    Parameters
    ----------
    n : int
    what : str
        Plural, and of which kind, as in "monthly subscriptions, plan Basic".

    Examples
    --------
    >>> few_notes(44, "customers with orders"), few_notes(1, "subscriptions"), few_notes(FEW, "subscriptions")
    (['44 customers with orders'], ['1 subscription'], [])
    """
    return [counted(n, what)] if n < FEW else []


def with_few_explained(few: Sequence[str]) -> list[str]:
    """Return the notes on few customers in one sentence, followed by what that means; no notes without any.

    Examples
    --------
    >>> with_few_explained([*few_notes(44, "customers with orders"), *few_notes(19, "subscriptions")])[0]
    'There is little to learn from: 44 customers with orders and 19 subscriptions, each fewer than 300.'
    """
    different = list(dict.fromkeys(few))
    if not different:
        return []
    each = "each fewer" if len(different) > 1 else "fewer"
    return [f"There is little to learn from: {joined(different)}, {each} than {FEW}.", FEW_MEANS]


def share_noticed(spells: pd.DataFrame, elapsed: Array) -> Array:
    """Return the share of those leaving at the end of a term who have given notice when part of the term has passed.

    A customer up for renewal who has not given notice is likelier to stay than others of the same tenure: with q this
    share and h the risk of not renewing, the customer's risk is h (1 - q) / (1 - q h).

    Examples
    --------
    >>> spells = pd.DataFrame({"lost": True, "noticed": [0.2, 0.4, None]})
    >>> share_noticed(spells, np.array([0.1, 0.5, 1.0])).tolist()  # of three, and one more who may be otherwise
    [0.0, 0.5, 0.5]
    """
    lost = spells[spells["lost"].astype(bool)]
    noticed = np.sort(lost["noticed"].dropna().to_numpy(dtype=float))
    return np.searchsorted(noticed, elapsed, side="right") / (len(lost) + 1)


def _order_notes(chosen: ChosenOrders, leaving: Leaving | None) -> list[str]:
    simpler = chosen.model.simpler_model_
    if leaving is not None:
        return [
            f"Orders: {chosen.name} finds no customer who leaves, which silence alone cannot show. Leaving is counted "
            f"instead: of {counted(leaving.n, 'customers')} who ordered often in the first half of the record {leaving.lost:,} "
            "did not order in the second."
        ]
    return [f"Orders: the data ask for less than {chosen.name} offers ({simpler})."] if simpler else []


def _simulated_renewals(
    curves: Array, position: np.ndarray, silent: Array, prices: Array, random: np.random.Generator
) -> Array:
    """Return the money per unit of payment in simulated futures: each customer renews by their own chance."""
    n_draws, seen = prices.shape
    paid = np.concatenate([np.zeros((n_draws, 1)), np.cumsum(prices, axis=1)], axis=1)
    draws = np.empty((len(position), n_draws))
    for k in range(n_draws):
        curve = curves[k % len(curves)]
        lift = 1 / (1 - silent * (1 - curve[position, 1]))
        alive = curve[position, 1 : seen + 1] * lift[:, None] > random.random(len(position))[:, None]
        draws[:, k] = paid[k][alive.sum(axis=1)]
    return draws


def _subscription_name(spells: pd.DataFrame, per_year: int) -> str:
    length = {12: "monthly", 1: "yearly", 4: "quarterly", 52: "weekly"}.get(per_year, f"{per_year} terms a year")
    plans = spells["plan"].dropna().unique()
    return f"{length} subscriptions, {plans[0] if len(plans) == 1 else 'all plans'}"


def _months_back(catalog: Catalog, as_of: date) -> int:
    known = 0.0 if catalog.data_from is None else ((as_of - catalog.data_from).days + 1) / MONTH
    return next((months for months in _SPANS if known >= 2 * months - 0.5), 0)


def _payment_recency(catalog: Catalog, payments: Payments, day: date, kind: str) -> pd.Series:
    """Return the class of time since the last payment, of each customer to whom a kind of payment would be new."""
    paid = payments.rows[payments.rows["on"] <= pd.Timestamp(day)]
    last = paid.groupby("customer_id")["on"].max()
    spells = subscriptions(catalog, day)
    running = last.index.isin(spells.loc[spells["runs"].astype(bool), "customer_id"])
    has = last.index.isin(paid.loc[paid["kind"] == "order", "customer_id"]) if kind == "order" else running
    since = np.digitize((pd.Timestamp(day) - last).dt.days / MONTH, _RECENCY)
    return pd.Series(np.where(running, -1, since), index=last.index)[~has]


def _paid_since(payments: Payments, customers: pd.Index, past: date, kind: str) -> pd.Series:
    paid = payments.rows[(payments.rows["kind"] == kind) & (payments.rows["on"] > pd.Timestamp(past))]
    return paid.groupby("customer_id")["money"].sum().reindex(customers).fillna(0.0)


def _forecast_of_kind(
    then: pd.Series, now: pd.Series, paid: pd.Series, terms: tuple[int, int, float, int], seed: int
) -> Forecast | None:
    span, horizon, discount_rate, n_draws = terms
    if not (paid != 0).any():
        return None
    sizes = then.value_counts()
    rare = ~now.isin(sizes.index[sizes >= _FEWEST_OF_A_KIND]).to_numpy()
    months = np.array(sorted({0, *KNOTS, horizon}), dtype=float)
    middle = (months[1:] + months[:-1]) / 2
    steps = np.diff(_share_begun(months) / _share_begun(float(span))) * (1 + rate_per_period(discount_rate)) ** -middle
    course = np.concatenate([[0.0], np.cumsum(steps)])
    mean, draws = np.empty(len(now)), np.zeros((len(now), n_draws))
    random = np.random.default_rng([4, seed, len(now)])
    for kind in [*now[~rare].unique(), None]:
        alike = rare if kind is None else (now == kind).to_numpy() & ~rare
        amounts = paid.to_numpy() if kind is None else paid[then == kind].to_numpy()
        mean[alike] = amounts.mean()
        draws[alike] = _resampled(amounts, int(alike.sum()), n_draws, random)
    at = int(np.flatnonzero(months == horizon)[0])
    return Forecast(pd.Index(now.index), months, mean[:, None] * course, draws * course[at])


def _share_begun(months: Array | float) -> Array:
    return np.asarray(-np.expm1(-np.asarray(months) / _FADES), dtype=np.float64)


def _resampled(amounts: Array, n: int, n_draws: int, random: np.random.Generator) -> Array:
    """Draw amounts among those of past customers, with new weights in each future (a Bayesian bootstrap)."""
    some = amounts[amounts != 0]
    drawn = np.zeros((n, n_draws))
    for k in range(n_draws if len(some) else 0):
        share = random.beta(len(some), len(amounts) - len(some) + 0.5)
        weights = random.exponential(size=len(some))
        hits = np.flatnonzero(random.random(n) < share)
        drawn[hits, k] = random.choice(some, size=len(hits), p=weights / weights.sum())
    return drawn


def _held_out_likelihoods(spells: pd.DataFrame) -> pd.Series:
    """Return per model the two-fold cross-validated log-likelihood, per subscription."""
    random = np.random.default_rng(0)
    if len(spells) > _MOST_TO_CHOOSE:
        spells = spells.iloc[np.sort(random.permutation(len(spells))[:_MOST_TO_CHOOSE])]
    fold, read = random.integers(0, _FOLDS, len(spells)), read_spells(spells)
    halves = [(risk_table(read[fold != k]), risk_table(read[fold == k])) for k in range(_FOLDS)]
    return pd.Series(
        {
            name: sum(model().held_out_likelihood(*pair) for pair in halves) / len(spells)
            for name, model in RENEWAL_MODELS.items()
        }
    )
