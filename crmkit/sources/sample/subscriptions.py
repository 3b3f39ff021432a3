"""The coffee subscription: monthly terms that renew until the person leaves, plans that change, a price change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World, only_where

PLANS = ("Small", "Medium", "Large")
OLD_PRICES, NEW_PRICES = np.array([18.0, 27.0, 39.0]), np.array([19.9, 29.9, 42.9])  # [EUR per month]
OFFICE_RISE = 1.08
REASONS = {
    "price": ("too expensive",),
    "bad month": ("quality", "quality", "delivery"),
    "lifetime": ("too much coffee", "moved away", "switched supplier", "no longer needed", "no reason given"),
}


def simulate_terms(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Lay out the paid terms of subscribers and offices.

    A person who leaves gives notice and stays until the end of the running term.

    Returns
    -------
    pandas.DataFrame
        One row per term, by start: subscription_id, stay and person (row numbers), starts_at, ends_at, mrr, plan,
        cancelled_at, cancel_reason.
    """
    rng = world.rng("terms")
    paying = stays[(stays["kind"] != "shopper") & (stays["starts"] < world.n_days)].sort_values("starts")
    edges = add_months(world.at(paying["starts"]), world.months + 2)
    runs = edges[:, :-1] < np.minimum(world.at(paying["leaves"]), world.end.to_datetime64())[:, None]
    row, nth = np.nonzero(runs)
    starts, ends = edges[row, nth], edges[row, nth + 1]
    plan, mrr = _plans_and_prices(world, paying, starts, runs, rng)
    terms = pd.DataFrame({"subscription_id": row + 1, "stay": paying.index[row], "starts_at": starts, "ends_at": ends})
    terms["subscription_id"] = "S-" + terms["subscription_id"].astype(str).str.zfill(5)
    terms["person"] = stays["person"].to_numpy()[terms["stay"]]
    terms["plan"], terms["mrr"] = plan, mrr
    leaves = world.at(stays["leaves"])[terms["stay"]]
    noticed = (leaves < ends) & (leaves < world.end.to_datetime64())
    terms["cancelled_at"] = np.where(noticed, leaves, np.datetime64("NaT"))
    why = [REASONS[cause] for cause in stays["cause"]]
    said = np.array([reasons[int(rng.integers(len(reasons)))] for reasons in why], dtype=object)
    terms["cancel_reason"] = only_where(noticed, said[terms["stay"]])
    return terms.sort_values(["starts_at", "subscription_id"], ignore_index=True)


def add_months(starts: np.ndarray, n: int) -> np.ndarray:
    """Return a start and the ``n`` dates a month apart that follow it, at the last day of a month too short for it.

    Examples
    --------
    >>> add_months(np.array(["2026-01-31T09:00"], dtype="datetime64[m]"), 2).astype(str).tolist()
    [['2026-01-31T09:00', '2026-02-28T09:00', '2026-03-31T09:00']]
    """
    first = starts.astype("datetime64[M]")
    months = first[:, None] + np.arange(n + 1)
    day_of_month = starts.astype("datetime64[D]") - first.astype("datetime64[D]")
    longest = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]") - np.timedelta64(1, "D")
    days = months.astype("datetime64[D]") + np.minimum(day_of_month[:, None], longest)
    return np.asarray(days + (starts - starts.astype("datetime64[D]"))[:, None])


def _plans_and_prices(
    world: World, paying: pd.DataFrame, starts: np.ndarray, runs: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    n_stays, n_terms = runs.shape
    moves = rng.choice([-1, 0, 1], (n_stays, n_terms), p=[0.010, 0.976, 0.014])
    moves[:, 0] = rng.choice(3, n_stays, p=[0.50, 0.36, 0.14])
    level = np.clip(np.cumsum(moves, axis=1), 0, 2)[runs]
    dearer = starts >= world.at(world.price_day)
    size = np.round(rng.lognormal(np.log(65), 0.55, n_stays) / 5) * 5 + 20
    seats = 1 + 0.25 * np.maximum(np.cumsum(moves, axis=1) - moves[:, :1], 0)  # an office that grows orders more
    office_mrr = (size[:, None] * seats)[runs] * np.where(dearer, OFFICE_RISE, 1)
    office = np.broadcast_to((paying["kind"] == "office").to_numpy()[:, None], runs.shape)[runs]
    plan = np.where(office, "Office", np.array(PLANS, dtype=object)[level])
    mrr = np.where(office, office_mrr, np.where(dearer, NEW_PRICES[level], OLD_PRICES[level]))
    return plan, np.round(mrr, 2)
