"""Leads: who got in touch before buying, and the many who got in touch and never bought."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.gaps import only_where
from crmkit.sources.sample.people import CHANNELS
from crmkit.sources.sample.staff import colleagues_for
from crmkit.sources.sample.world import World

IN_VAIN = {"consumer": 3.2, "office": 2.2}  # leads that never convert, for each that does
QUALIFIED = {"consumer": 0.70, "office": 0.38}  # share of those in vain that are qualified at all
FIRST_DAYS = {"consumer": (1.8, 0.9), "office": (6.0, 0.7)}  # median [days] and log spread, to buying or to a deal
CYCLE = (24.0, 0.5)  # median [days] and log spread of a deal that is won
PATIENCE = (30, 110)  # [days] without an answer until a lead is given up


def simulate_leads(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Draw the leads in the window, those who will convert after it included.

    Returns
    -------
    pandas.DataFrame
        One row per lead in order of time: lead_id, person (-1 if it never buys), office, channel, campaign,
        landing_page, owner, and days (NaN if never or not yet) created, qualified, converted, abandoned, active.
    """
    rng = world.rng("leads")
    good = _who_buy(world, people, rng)
    vain = pd.concat([_in_vain(world, good, kind, rng) for kind in IN_VAIN], ignore_index=True)
    leads = pd.concat([good, vain], ignore_index=True)
    leads = leads[leads["created"] < world.n_days].sort_values("created", kind="stable", ignore_index=True)
    for step in ("qualified", "converted", "abandoned"):
        leads.loc[leads[step] >= world.n_days, step] = np.nan
    last = leads[["created", "qualified", "converted"]].max(axis=1)
    until = leads["abandoned"].fillna(world.n_days)
    waiting = leads["converted"].isna()
    leads["active"] = last.where(~waiting, last + (until - last) * rng.beta(1, 2, len(leads)))
    leads["lead_id"] = [f"L-{10_000 + number}" for number in range(1, len(leads) + 1)]
    owner = colleagues_for(world, leads["created"].to_numpy(), "sales", rng)
    return leads.assign(owner=only_where(leads["office"], owner))


def _who_buy(world: World, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    office = (people["kind"] == "office").to_numpy()
    share = np.where(office, 1.0, CHANNELS["leads"].loc[people["channel"]].to_numpy())
    good = people[rng.random(len(people)) < share]
    office = (good["kind"] == "office").to_numpy()
    bought = good["day"].to_numpy()
    to_buy = np.minimum(_lag("consumer", len(good), rng), 140)
    cycle = rng.lognormal(np.log(CYCLE[0]), CYCLE[1], len(good))
    qualified = np.where(
        office,
        np.floor(bought - cycle) + rng.uniform(0.36, 0.72, len(good)),
        bought - to_buy * rng.uniform(0.3, 0.9, len(good)),
    )
    first = _lag("office", len(good), rng)
    leads = good[["channel", "campaign", "landing_page"]].assign(
        person=good.index, office=office, qualified=qualified, converted=bought, abandoned=np.nan
    )
    leads["created"] = _daytime(np.where(office, qualified - first, bought - to_buy), qualified)
    return leads[leads["created"] >= 0]  # who got in touch before the window did so unrecorded


def _in_vain(world: World, good: pd.DataFrame, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """Copy the days and the origins of leads that buy, so that seasons and channels agree."""
    like = good[good["office"] == (kind == "office")]
    if like.empty:
        return like
    vain = like.sample(rng.poisson(IN_VAIN[kind] * len(like)), replace=True, random_state=rng)
    vain["created"] = world.clocked(vain["created"] + rng.integers(-6, 7, len(vain)), rng)
    found_good = rng.random(len(vain)) < QUALIFIED[kind]
    vain["qualified"] = np.where(found_good, vain["created"] + 0.1 + _lag(kind, len(vain), rng), np.nan)
    given_up = vain["qualified"].fillna(vain["created"]) + rng.uniform(*PATIENCE, len(vain))
    vain["abandoned"] = np.where(rng.random(len(vain)) < 0.85, given_up, np.nan)
    return vain[vain["created"] >= 0].assign(person=-1, converted=np.nan)


def _lag(kind: str, size: int, rng: np.random.Generator) -> np.ndarray:
    median, spread = FIRST_DAYS[kind]
    return rng.lognormal(np.log(median), spread, size)


def _daytime(days: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Move the time of day out of the night, 0:00 to 6:00, and keep it before the given moment."""
    part = days % 1
    awake = np.floor(days) + 0.25 + 0.7 * part
    return np.where(awake < before, awake, np.floor(days) + np.minimum(part, before % 1) * 0.99)
