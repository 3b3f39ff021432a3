"""Support cases: the less satisfied ask more often, and everyone did when the roaster failed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.lifetimes import BAD_SPREAD
from crmkit.sources.sample.staff import at_work
from crmkit.sources.sample.world import World

PER_ORDER, PER_TERM, WHEN_BAD = 0.045, 0.025, 3.6  # cases per order, per paid month; times as many when it was bad
TOPICS = ("delivery", "quality", "billing", "subscription", "equipment", "other")
USUALLY, WHEN_BAD_ABOUT = (0.36, 0.12, 0.18, 0.12, 0.14, 0.08), (0.22, 0.58, 0.07, 0.06, 0.04, 0.03)
CHANNELS, CHANNEL_SHARES = ("email", "chat", "phone"), (0.52, 0.28, 0.20)
HOURS_TO_SOLVE = (15, 52)  # median [hours], usually and when it was bad


def simulate_tickets(world: World, people: pd.DataFrame, orders: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Draw the support cases after orders and during terms.

    Returns
    -------
    pandas.DataFrame
        One row per case in order of time: ticket_id, person, opened and resolved (days, NaN while open), topic, channel.
    """
    rng = world.rng("tickets")
    bought = orders.loc[(orders["person"] >= 0) & (orders["revenue"] > 0), ["person", "day"]]
    paid = terms[["person"]].assign(day=(terms["starts_at"] - world.start) / pd.Timedelta(days=1))
    chances = pd.concat([bought.assign(chance=PER_ORDER), paid.assign(chance=PER_TERM)], ignore_index=True)
    chances["day"] = world.clocked(chances["day"] + 1 + rng.gamma(1.5, 3.0, len(chances)), rng)
    bad = is_bad(world, chances["day"].to_numpy())
    mood = people["satisfaction"].loc[chances["person"]].to_numpy()
    chance = chances["chance"] * np.exp(-0.4 * mood) * np.where(bad, WHEN_BAD, 1)
    asked = (rng.random(len(chances)) < chance) & (chances["day"] < world.n_days)
    tickets, bad = chances[asked].rename(columns={"day": "opened"}), bad[asked]
    hours = np.where(bad, HOURS_TO_SOLVE[1], HOURS_TO_SOLVE[0])
    solved = at_work(tickets["opened"] + rng.lognormal(np.log(hours), 0.8) / 24)
    solved = solved.clip(lower=tickets["opened"] + 0.02)
    tickets["resolved"] = solved.where(solved < world.n_days)
    usual = rng.choice(TOPICS, len(tickets), p=USUALLY)
    tickets["topic"] = np.where(bad, rng.choice(TOPICS, len(tickets), p=WHEN_BAD_ABOUT), usual)
    tickets["channel"] = rng.choice(CHANNELS, len(tickets), p=CHANNEL_SHARES)
    tickets = tickets.drop(columns="chance").sort_values("opened", kind="stable", ignore_index=True)
    return tickets.assign(ticket_id=[f"T-{20_000 + number}" for number in range(1, len(tickets) + 1)])


def is_bad(world: World, days: np.ndarray) -> np.ndarray:
    """Whether the beans roasted badly were in people's cups: up to three weeks after the last departure."""
    return (days >= world.bad_day) & (days < world.bad_day + BAD_SPREAD + 20)
