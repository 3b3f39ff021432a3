"""What those whose subscription runs will bring: renewals, at prices that may go on as they went."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.models.drift import Drift
from crmkit.models.value import rate_per_period
from crmkit.predictions.choice import ChosenRenewals
from crmkit.predictions.futures import LONGEST, Array, Futures, few_notes


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
        Of subscriptions with equally long terms, see :func:`crmkit.predictions.histories.subscriptions`.
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
    return Futures(pd.Index(now["customer_id"]), months, expected, draws, [(_what(spells, per_year), chosen)],
                   few_notes(len(spells), "subscriptions"), notes)  # fmt: skip


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
