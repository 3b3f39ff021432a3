"""When people order: gaps more regular than a Poisson process, stretched and squeezed by the seasons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import TERM, Days, World

GAP_SHAPE = 2.2  # a gap is gamma of this shape: after an order the next one is not due at once
EXTRAS = {"subscriber": (0.30, 0.15), "office": (0.60, 0.35)}  # share who also shop, orders per 30 days
GUESTS = 0.06  # share of orders without a customer


def simulate_orders(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Draw the moments at which shoppers, subscribers, offices and guests order.

    Returns
    -------
    pandas.DataFrame
        One row per order, in order of time: person (row number, -1 for a guest), day.
    """
    rng = world.rng("orders")
    known = people[~people["future"]]
    leaves = stays.groupby("person")["leaves"].max().loc[known.index]
    shops, rate = known["kind"].eq("shopper").to_numpy(), known["rate"].to_numpy().copy()
    extra = np.zeros(len(known), dtype=bool)
    for kind, (share, pace) in EXTRAS.items():
        chosen = known["kind"].eq(kind).to_numpy() & (rng.random(len(known)) < share)
        extra |= chosen
        rate[chosen] = pace
    first = pd.DataFrame({"person": known.index[shops], "day": known["day"][shops]})
    buyers = shops | extra
    later = _later_orders(world, known[buyers], leaves[buyers].to_numpy(), rate[buyers], rng)
    orders = pd.concat([first, later], ignore_index=True)
    guests = rng.choice(orders["day"], rng.poisson(len(orders) * GUESTS / (1 - GUESTS)))
    orders = pd.concat([orders, pd.DataFrame({"person": -1, "day": world.clocked(guests, rng)})])
    return orders.sort_values("day", kind="stable", ignore_index=True)


def _later_orders(
    world: World, buyers: pd.DataFrame, leaves: Days, rate: Days, rng: np.random.Generator
) -> pd.DataFrame:
    """Let all buyers order at once, gap by gap, until the last has left or the window ends."""
    keenness = np.concatenate([[0.0], np.cumsum(world.order_season)])  # days as they feel: short ones in December
    calendar = np.arange(world.n_days + 1.0)
    person, now = buyers.index.to_numpy(), buyers["day"].to_numpy()
    until = np.minimum(leaves, world.n_days)
    found = []
    while person.size:
        gap = TERM / rate * rng.gamma(GAP_SHAPE, 1 / GAP_SHAPE, person.size)
        due = np.interp(np.interp(now, calendar, keenness) + gap, keenness, calendar, right=np.inf)
        due = np.maximum(due, np.floor(now) + 1)  # not twice a day, so that the first order stays the first
        stays = due < until
        person, rate, until, now = person[stays], rate[stays], until[stays], due[stays]
        found.append(pd.DataFrame({"person": person, "day": now}))
    later = pd.concat(found, ignore_index=True)
    moments = world.clocked(later["day"], rng)
    gone = pd.Series(leaves, buyers.index).loc[later["person"]].to_numpy()
    return later.assign(day=np.where(moments < gone, moments, later["day"]))
