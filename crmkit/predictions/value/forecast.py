"""What customers will bring: expected by time ahead, and many possible futures of each, from which intervals come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.metrics.formatting import counted
from crmkit.models.orders.choose import FEW, ChosenOrders
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.series.drift import Drift
from crmkit.models.subscriptions.present_value import rate_per_period
from crmkit.models.subscriptions.renewal_rates import RenewalModel
from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull, ShiftedBetaGeometric
from crmkit.models.subscriptions.spells import read_spells, risk_table
from crmkit.periods import months_before
from crmkit.predictions.value.payments import MONTH, Money, subscriptions
from crmkit.tables.catalog import Catalog

Array = NDArray[np.float64]

FEW_MEANS = (
    "With so few, estimates are kept near usual values, so that a handful cannot swing them, and intervals are wide."
)
LONGEST = 120  # months; what comes later is worth little and known to nobody
KNOTS = (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 84, LONGEST)  # months ahead


@dataclass(eq=False)
class Futures:
    """What customers will bring.

    Attributes
    ----------
    customers : Index
        customer_id.
    months : array
        Months ahead, from 0, ascending.
    expected : array
        Discounted money that each customer is expected to bring within so many months: customers x months.
    draws : array
        Discounted money within the horizon in possible futures: customers x draws.
    chosen : list of (str, ChosenOrders or ChosenRenewals)
        What each model is of, and the model.
    few : list of str
        Of whom there are too few to learn much from, a sentence each.
    notes : list of str
        What else a reader must know of it.
    """

    customers: pd.Index
    months: Array
    expected: Array
    draws: Array
    chosen: list[tuple[str, ChosenOrders | ChosenRenewals]] = field(default_factory=list)
    few: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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


def order_futures(
    customers: pd.DataFrame,
    chosen: ChosenOrders,
    spend: GammaGamma,
    drift: Drift,
    horizon: int,
    discount_rate: float,
    n_draws: int,
) -> Futures:
    """Return what customers will bring by orders.

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
    """
    knots = sorted({*KNOTS, horizon})
    orders = chosen.model.expected_orders(customers, [float(k) for k in knots]).to_numpy()
    each = spend.expected_value(customers).to_numpy()
    steps = np.diff(np.column_stack([np.zeros(len(customers)), orders]), axis=1)
    middle = (np.array([0, *knots[:-1]]) + np.array(knots)) / 2
    factors = (1 + rate_per_period(discount_rate)) ** -middle * np.exp(drift.growth_ * middle)
    expected = np.cumsum(steps * factors, axis=1) * each[:, None]
    at = knots.index(horizon)
    discounted = expected[:, at] / np.where(orders[:, at] * each > 0, orders[:, at] * each, 1.0)
    drawn = chosen.model.simulate_orders(customers, float(horizon), n_draws)
    money = spend.simulate_revenue(customers, drawn).to_numpy() * discounted[:, None]
    # A faster growth lifts what is to come, and the level at which older orders are counted.
    back = float((customers["age"] - customers["last_age"] / 2) @ each / max(each.sum(), 1e-9))
    money *= np.exp((drift.draw(n_draws, seed=1) - drift.growth_) * (horizon / 2 + back))
    simpler = chosen.model.simpler_model_
    notes = [f"Orders: the data ask for less than {chosen.name} offers ({simpler})."] if simpler else []
    months = np.array([0.0, *knots])
    return Futures(
        customers.index,
        months,
        np.column_stack([np.zeros(len(customers)), expected]),
        money,
        [("orders", chosen)],
        few_notes(len(customers), "customers with orders"),
        notes,
    )


def together(futures: Sequence[Futures], customers: pd.Index) -> Futures:
    """Return the sum for each customer; who shops and subscribes brings both.

    Parameters
    ----------
    futures : sequence of Futures
        With equally many draws.
    customers : Index
        All customers; who is in none of the futures brings nothing.
    """
    months = np.unique(np.concatenate([np.array([0.0, *KNOTS]), *(each.months for each in futures)]))
    n_draws = futures[0].draws.shape[1]
    expected, draws = np.zeros((len(customers), len(months))), np.zeros((len(customers), n_draws))
    for each in futures:
        place = customers.get_indexer(each.customers)
        on_months = np.array([np.interp(months, each.months, row) for row in each.expected]).reshape(
            len(place), len(months)
        )
        np.add.at(expected, place, on_months)
        np.add.at(draws, place, each.draws)
    chosen = [pair for each in futures for pair in each.chosen]
    few, notes = ([note for each in futures for note in getattr(each, kind)] for kind in ("few", "notes"))
    return Futures(customers, months, expected, draws, chosen, few, notes)


def few_notes(n: int, what: str) -> list[str]:
    """Say that there are few to learn from, if so; what follows is said once, by :func:`with_few_explained`.

    Examples
    --------
    >>> few_notes(44, "customers with orders"), few_notes(1, "subscriptions"), few_notes(FEW, "subscriptions")
    (['There are 44 customers with orders, fewer than 300.'], ['There is 1 subscription, fewer than 300.'], [])
    """
    return [f"There {'is' if n == 1 else 'are'} {counted(n, what)}, fewer than {FEW}."] if n < FEW else []


def with_few_explained(few: Sequence[str]) -> list[str]:
    """Return the notes on what is few, each once, and after them what follows from it; nothing if nothing is few.

    Examples
    --------
    >>> with_few_explained([*few_notes(44, "customers with orders"), *few_notes(19, "subscriptions")])[:2]
    ['There are 44 customers with orders, fewer than 300.', 'There are 19 subscriptions, fewer than 300.']
    """
    return [*dict.fromkeys(few), FEW_MEANS] if few else []


# What customers will bring in ways that are new to them: a first order, a first subscription, or one taken up
# again.


_FEWEST = 20  # customers of a kind a while ago from whom something can be learned
_SPANS = (12, 6, 3)  # months looked back, the longest for which there are as many before it
_SINCE = (3.0, 12.0)  # months since the last payment: lately, within a year, longer ago
_FADES = 36.0  # months after which a third of such beginnings is still to come: the convention for what lies beyond


def opening_futures(
    catalog: Catalog, brought: Money, as_of: date, horizon: int, discount_rate: float, n_draws: int
) -> list[Futures]:
    """Return what customers who have not ordered will bring by orders, and those without a subscription by one.

    Nothing in the past of such a customer tells of it, but what customers of her kind did tells of all together: those
    who a year ago (if the data are young, half a year or a quarter) had not ordered, or had no subscription running,
    and had last paid as recently as she did. Their mean money since then is what she is expected to bring in as long a
    time; possible futures are drawn from what each of them brought.

    Parameters
    ----------
    catalog : Catalog
    brought : Money
        Up to the day.
    as_of : date
    horizon : int
        Of the draws [months].
    discount_rate : float
        Per year [share].
    n_draws : int
    """
    span = _span(catalog, as_of)
    if not span:
        return []
    past = months_before(as_of, span)
    ways = [("order", brought.orders_by), ("payment", brought.payments_by)]
    both = [
        (kind, _kinds(catalog, brought, past, kind), _kinds(catalog, brought, as_of, kind)) for kind, by in ways if by
    ]
    made = [
        _futures(then, now, _came(brought, then.index, past, kind), (span, horizon, discount_rate, n_draws), number)
        for number, (kind, then, now) in enumerate(both)
        if len(then) >= _FEWEST and len(now)
    ]
    return [each for each in made if each is not None]


def _span(catalog: Catalog, as_of: date) -> int:
    known = 0.0 if catalog.data_from is None else ((as_of - catalog.data_from).days + 1) / MONTH
    return next((months for months in _SPANS if known >= 2 * months - 0.5), 0)


def _kinds(catalog: Catalog, brought: Money, day: date, kind: str) -> pd.Series:
    """Kind of each customer known on a day to whom this way of paying would be new: how long ago she last paid."""
    paid = brought.paid[brought.paid["on"] <= pd.Timestamp(day)]
    last = paid.groupby("customer_id")["on"].max()
    spells = subscriptions(catalog, day)
    running = last.index.isin(spells.loc[spells["runs"].astype(bool), "customer_id"])
    has = last.index.isin(paid.loc[paid["kind"] == "order", "customer_id"]) if kind == "order" else running
    since = np.digitize((pd.Timestamp(day) - last).dt.days / MONTH, _SINCE)
    return pd.Series(np.where(running, -1, since), index=last.index)[~has]


def _came(brought: Money, customers: pd.Index, past: date, kind: str) -> pd.Series:
    paid = brought.paid[(brought.paid["kind"] == kind) & (brought.paid["on"] > pd.Timestamp(past))]
    return paid.groupby("customer_id")["money"].sum().reindex(customers).fillna(0.0)


def _futures(
    then: pd.Series, now: pd.Series, came: pd.Series, terms: tuple[int, int, float, int], seed: int
) -> Futures | None:
    span, horizon, discount_rate, n_draws = terms
    if not (came != 0).any():
        return None
    sizes = then.value_counts()
    rare = ~now.isin(sizes.index[sizes >= _FEWEST]).to_numpy()
    months = np.array(sorted({0, *KNOTS, horizon}), dtype=float)
    middle = (months[1:] + months[:-1]) / 2
    steps = np.diff(_begun(months) / _begun(float(span))) * (1 + rate_per_period(discount_rate)) ** -middle
    course = np.concatenate([[0.0], np.cumsum(steps)])
    mean, draws = np.empty(len(now)), np.zeros((len(now), n_draws))
    random = np.random.default_rng([4, seed, len(now)])
    for kind in [*now[~rare].unique(), None]:
        alike = rare if kind is None else (now == kind).to_numpy() & ~rare
        amounts = came.to_numpy() if kind is None else came[then == kind].to_numpy()
        mean[alike] = amounts.mean()
        draws[alike] = _resampled(amounts, int(alike.sum()), n_draws, random)
    at = int(np.flatnonzero(months == horizon)[0])
    return Futures(pd.Index(now.index), months, mean[:, None] * course, draws * course[at])


def _begun(months: Array | float) -> Array:
    return np.asarray(-np.expm1(-np.asarray(months) / _FADES), dtype=np.float64)


def _resampled(amounts: Array, n: int, n_draws: int, random: np.random.Generator) -> Array:
    """Amounts of customers drawn among those of the past, whose weights are drawn anew for each future."""
    some = amounts[amounts != 0]
    drawn = np.zeros((n, n_draws))
    for k in range(n_draws if len(some) else 0):
        share = random.beta(len(some), len(amounts) - len(some) + 0.5)
        weights = random.exponential(size=len(some))
        hits = np.flatnonzero(random.random(n) < share)
        drawn[hits, k] = random.choice(some, size=len(hits), p=weights / weights.sum())
    return drawn


# What those whose subscription runs will bring: renewals, at prices that may go on as they went.


def renewal_futures(
    spells: pd.DataFrame,
    chosen: ChosenRenewals,
    drift: Drift,
    rate: float,
    horizon: int,
    discount_rate: float,
    n_draws: int,
) -> Futures:
    """Return what those whose subscription runs will bring by renewals; the running term is paid already.

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
    draws = _drawn(drawn, position, silent, prices, random) * payment[:, None]
    simpler = chosen.model.simpler_model_
    notes = [f"Subscriptions: the data ask for less than {chosen.name} offers ({simpler})."] if simpler else []
    months = np.concatenate([[0.0], ahead]) * 12 / per_year
    return Futures(
        pd.Index(now["customer_id"]),
        months,
        expected,
        draws,
        [(_what(spells, per_year), chosen)],
        few_notes(len(spells), "subscriptions"),
        notes,
    )


def share_noticed(spells: pd.DataFrame, elapsed: Array) -> Array:
    """Of those who leave at the end of a term, the share who have given notice when so much of it has run.

    Whoever is up for renewal and has not given notice is likelier to stay than the others of her tenure: with q this
    share and h the risk of not renewing, her risk is h (1 - q) / (1 - q h).

    Examples
    --------
    >>> spells = pd.DataFrame({"lost": True, "noticed": [0.2, 0.4, None]})
    >>> share_noticed(spells, np.array([0.1, 0.5, 1.0])).tolist()  # of three, and one more who may be otherwise
    [0.0, 0.5, 0.5]
    """
    lost = spells[spells["lost"].astype(bool)]
    noticed = np.sort(lost["noticed"].dropna().to_numpy(dtype=float))
    return np.searchsorted(noticed, elapsed, side="right") / (len(lost) + 1)


def _drawn(curves: Array, position: np.ndarray, silent: Array, prices: Array, random: np.random.Generator) -> Array:
    """Money per unit of payment in possible futures: each customer makes as many renewals as her own chance lets her."""
    n_draws, seen = prices.shape
    brings = np.concatenate([np.zeros((n_draws, 1)), np.cumsum(prices, axis=1)], axis=1)
    draws = np.empty((len(position), n_draws))
    for k in range(n_draws):
        curve = curves[k % len(curves)]
        lift = 1 / (1 - silent * (1 - curve[position, 1]))
        alive = curve[position, 1 : seen + 1] * lift[:, None] > random.random(len(position))[:, None]
        draws[:, k] = brings[k][alive.sum(axis=1)]
    return draws


def _what(spells: pd.DataFrame, per_year: int) -> str:
    length = {12: "monthly", 1: "yearly", 4: "quarterly", 52: "weekly"}.get(per_year, f"{per_year} terms a year")
    plans = spells["plan"].dropna().unique()
    return f"{length} subscriptions, {plans[0] if len(plans) == 1 else 'all plans'}"


# Which model of renewals: the one under which subscriptions it has not seen are likeliest; with few losses, the
# simpler one. The models of orders are chosen by :func:`crmkit.models.orders.choose.choose_orders`.


_MOST = 20_000  # subscriptions to choose with
_TOO_FEW = 40  # losses below which the data cannot choose
_FOLDS = 2
_SIMPLEST = "sBG"

RENEWAL_MODELS: dict[str, type[RenewalModel]] = {"sBG": ShiftedBetaGeometric, "BdW": BetaDiscreteWeibull}


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


def choose_renewal_model(spells: pd.DataFrame) -> ChosenRenewals:
    """Choose and fit a model of renewals.

    Parameters
    ----------
    spells : DataFrame
        entry, exit [renewals], lost.
    """
    scores = _held_out(spells) if spells["lost"].sum() >= _TOO_FEW else pd.Series(dtype=float)
    known = scores[np.isfinite(scores)]
    name = str(known.idxmax()) if len(known) else _SIMPLEST
    held_out = scores.rename("log_likelihood").rename_axis("model").to_frame()
    return ChosenRenewals(name, RENEWAL_MODELS[name](n_draws=400).fit(spells), held_out)


def _held_out(spells: pd.DataFrame) -> pd.Series:
    """Return per model the log-likelihood of one half of the subscriptions under the fit to the other, per subscription."""
    random = np.random.default_rng(0)
    if len(spells) > _MOST:
        spells = spells.iloc[np.sort(random.permutation(len(spells))[:_MOST])]
    fold, read = random.integers(0, _FOLDS, len(spells)), read_spells(spells)
    halves = [(risk_table(read[fold != k]), risk_table(read[fold == k])) for k in range(_FOLDS)]
    return pd.Series(
        {
            name: sum(model().held_out_likelihood(*pair) for pair in halves) / len(spells)
            for name, model in RENEWAL_MODELS.items()
        }
    )
