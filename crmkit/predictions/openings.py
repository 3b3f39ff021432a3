"""What customers will bring in ways that are new to them: a first order, a first subscription, or one taken up again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.models.value import rate_per_period
from crmkit.predictions.days import months_before
from crmkit.predictions.futures import KNOTS, Array, Futures
from crmkit.predictions.histories import subscriptions
from crmkit.predictions.money import MONTH, Money
from crmkit.tables.catalog import Catalog

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
