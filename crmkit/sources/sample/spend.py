"""Money spent: media by day and campaign, and by the month staff, training, software, fairs and small gifts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.people import CAMPAIGNS, CHANNELS
from crmkit.sources.sample.trials import ACTION, trial_days
from crmkit.sources.sample.world import World

PER_CUSTOMER = {"paid search": 41.0, "paid social": 58.0}  # [EUR] of media, usually
CHEAPER = 0.7  # paid social spends this share of its budget from the cheap day on, though more people come

# day of the month, amount [EUR at the usual size], purpose, category, channel; months of the year, None for all
MONTHLY = (
    (27, 1650.0, "acquisition", "staff", None, None),
    (27, 1350.0, "retention", "staff", None, None),
    (2, 240.0, "acquisition", "software", None, None),
    (2, 190.0, "retention", "software", None, None),
    (5, 95.0, "retention", "mailings", "newsletter", None),
    (14, 420.0, "acquisition", "training", None, (2, 5, 11)),
    (14, 260.0, "retention", "training", None, (3, 9)),
    (20, 1900.0, "acquisition", "fairs", "trade fair", (3, 6)),
    (12, 900.0, "retention", "gifts", None, (12,)),
)
REFERRAL_BONUS = 10.0  # [EUR] for each customer recommended, booked at the end of the month


def simulate_costs(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Draw the bookings, in order of time: day, amount [EUR], purpose, category, channel, campaign."""
    rng = world.rng("costs")
    costs = pd.concat([_media(world, rng), _monthly(world, rng), _bonuses(world, people)], ignore_index=True)
    costs["amount"] = costs["amount"].round(2)
    costs.loc[_is_for_a_trial(world, costs), "campaign"] = ACTION
    return costs.sort_values("day", kind="stable", ignore_index=True)


def _media(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Budgets follow the arrivals that each channel can be expected to bring, unevenly split between its campaigns."""
    season = world.arrival_season[: world.n_days]
    expected = world.n_customers * season / season.sum()
    rows = []
    for channel, price in PER_CUSTOMER.items():
        budget = price * expected * CHANNELS.loc[channel, "consumers"]
        if channel == "paid social":
            budget = np.where(np.arange(world.n_days) >= world.cheap_day, CHEAPER, 1) * budget
        campaigns = CAMPAIGNS[channel]
        split = rng.dirichlet(np.full(len(campaigns), 40.0), world.n_days)
        for nth, campaign in enumerate(campaigns):
            amount = budget * split[:, nth] * rng.lognormal(0, 0.12, world.n_days)
            day = np.arange(world.n_days, dtype=float)
            rows.append(pd.DataFrame({"day": day, "amount": amount, "channel": channel, "campaign": campaign}))
    return pd.concat(rows).assign(purpose="acquisition", category="media")


def _monthly(world: World, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for first in world.month_edges[:-1]:
        for day, amount, purpose, category, channel, only in MONTHLY:
            if only is None or world.dates[first].month in only:
                paid = amount * world.scale * rng.lognormal(0, 0.03)
                rows.append((float(first + day - 1), paid, purpose, category, channel))
    return pd.DataFrame(rows, columns=["day", "amount", "purpose", "category", "channel"])


def _is_for_a_trial(world: World, costs: pd.DataFrame) -> pd.Series:
    """In the month of a trial the mailing service is booked on the voucher, which it sends."""
    months = world.month_of(np.array(trial_days(world), dtype=float))
    return (costs["category"] == "mailings") & np.isin(world.month_of(costs["day"]), months)


def _bonuses(world: World, people: pd.DataFrame) -> pd.DataFrame:
    referred = people[people["referred_by"].notna()]
    n_referred = np.bincount(world.month_of(referred["day"]), minlength=world.months)
    bonuses = pd.DataFrame({"day": world.month_edges[1:] - 1.0, "amount": REFERRAL_BONUS * n_referred})
    bonuses = bonuses.assign(purpose="acquisition", category="referral bonus", channel="referral")
    return bonuses[bonuses["amount"] > 0]
