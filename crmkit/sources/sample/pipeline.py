"""Leads and deals: who got in touch before buying, and how each deal with an office is won, lost or still open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.people import CHANNELS
from crmkit.sources.sample.staff import at_work, colleagues_for
from crmkit.sources.sample.world import TERM, World, only_where

LOST_PER_WON = {"consumer": 3.2, "office": 2.2}  # leads that never convert, for each that does
QUALIFIED = {"consumer": 0.70, "office": 0.38}  # share of the lost leads that are qualified at all
FIRST_CONTACT = {"consumer": (1.8, 0.9), "office": (6.0, 0.7)}  # median [days] and log spread, to buying or to a deal
WON_CYCLE = (24.0, 0.5)  # median [days] and log spread of a deal that is won
PATIENCE = (30, 110)  # [days] without an answer until a lead is given up
STAGES = ("qualification", "tasting", "proposal", "negotiation")
LOSING_CYCLE, LATE_CYCLE = (33.0, 0.6), (45.0, 0.4)  # median [days] and log spread, of who is lost, who buys later
REPEAT_RATE, REPEAT_CYCLE, REPEAT_WON = (
    0.04,
    (18.0, 0.5),
    0.6,
)  # of present offices: deals per 30 days, cycle, share won
REPEAT_PRODUCTS = (
    "Machine lease",
    "Barista training",
    "Event catering",
)  # invoiced apart: neither shop nor subscription


def simulate_leads(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Draw the leads in the window, those who will convert after it included.

    Returns
    -------
    pandas.DataFrame
        One row per lead in order of time: lead_id, person (-1 if it never buys), office, channel, campaign,
        landing_page, owner, and days (NaN if never or not yet) created, qualified, converted, abandoned, active.
    """
    rng = world.rng("leads")
    won = _converting_leads(world, people, rng)
    lost = pd.concat([_lost_leads(world, won, kind, rng) for kind in LOST_PER_WON], ignore_index=True)
    leads = pd.concat([won, lost], ignore_index=True)
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


def simulate_deals(world: World, leads: pd.DataFrame, stays: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Open a deal for every qualified lead of an office, and now and then one more with a present customer.

    Returns
    -------
    pandas.DataFrame
        One row per deal in order of time: deal_id, lead_id, person (-1 before a new one is won), owner, channel,
        product, amount [EUR per year], created, closed (days, NaN while open), won (None while open), stage, reached
        (number of stages it goes through), end (day of its close, even after the window).
    """
    rng = world.rng("deals")
    deals = pd.concat(
        [_deals_from_leads(world, leads, terms, rng), _repeat_deals(world, stays, rng)], ignore_index=True
    )
    deals = deals.sort_values("created", kind="stable", ignore_index=True)
    closed = deals["end"] < world.n_days
    deals["closed"] = deals["end"].where(closed)
    deals["won"] = only_where(closed, deals["wins"])
    deals["reached"] = np.where(deals["wins"], len(STAGES), rng.integers(1, len(STAGES) + 1, len(deals)))
    deals["person"] = deals["buyer"].where(deals["lead_id"].isna() | (deals["wins"] & closed), -1)
    deals["deal_id"] = [f"D-{1000 + number}" for number in range(1, len(deals) + 1)]
    return deals.assign(stage=_present_stage(world, deals))


def stage_entries(world: World, deals: pd.DataFrame) -> pd.DataFrame:
    """Lay out the stages of each deal: deal_id, stage, entered (day), as far as the window reaches."""
    entries = []
    for nth, stage in enumerate(STAGES):
        there = deals[deals["reached"] > nth]
        share = nth / there["reached"] * (0.8 + 0.1 * np.sin(there.index + nth))  # uneven, the same at each call
        entered = at_work(there["created"] + share * (there["end"] - there["created"])) if nth else there["created"]
        entered = np.clip(entered, there["created"] + 0.001 * nth, there["end"])
        entries.append(pd.DataFrame({"deal_id": there["deal_id"], "stage": stage, "entered": entered}))
    ended = deals[deals["closed"].notna()]
    outcome = np.where(ended["won"].astype(bool), "won", "lost")
    entries.append(pd.DataFrame({"deal_id": ended["deal_id"], "stage": outcome, "entered": ended["closed"]}))
    rows = pd.concat(entries, ignore_index=True)
    return rows[rows["entered"] < world.n_days].sort_values(["entered", "deal_id"], kind="stable", ignore_index=True)


def _converting_leads(world: World, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    office = (people["kind"] == "office").to_numpy()
    share = np.where(office, 1.0, CHANNELS["leads"].loc[people["channel"]].to_numpy())
    won = people[rng.random(len(people)) < share]
    office = (won["kind"] == "office").to_numpy()
    bought = won["day"].to_numpy()
    to_buy = np.minimum(_days_until("consumer", len(won), rng), 140)
    cycle = rng.lognormal(np.log(WON_CYCLE[0]), WON_CYCLE[1], len(won))
    qualified = np.where(
        office,
        np.floor(bought - cycle) + rng.uniform(0.36, 0.72, len(won)),
        bought - to_buy * rng.uniform(0.3, 0.9, len(won)),
    )
    first = _days_until("office", len(won), rng)
    leads = won[["channel", "campaign", "landing_page"]].assign(
        person=won.index, office=office, qualified=qualified, converted=bought, abandoned=np.nan
    )
    leads["created"] = _daytime(np.where(office, qualified - first, bought - to_buy), qualified)
    return leads[leads["created"] >= 0]  # first contacts before the window are not on record


def _days_until(kind: str, size: int, rng: np.random.Generator) -> np.ndarray:
    median, spread = FIRST_CONTACT[kind]
    return rng.lognormal(np.log(median), spread, size)


def _daytime(days: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Move the time of day out of the night, 0:00 to 6:00, and keep it before the given moment."""
    part = days % 1
    awake = np.floor(days) + 0.25 + 0.7 * part
    return np.where(awake < before, awake, np.floor(days) + np.minimum(part, before % 1) * 0.99)


def _lost_leads(world: World, won: pd.DataFrame, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """Copy the days and the origins of leads that buy, so that seasons and channels agree."""
    like = won[won["office"] == (kind == "office")]
    if like.empty:
        return like
    lost = like.sample(rng.poisson(LOST_PER_WON[kind] * len(like)), replace=True, random_state=rng)
    lost["created"] = world.with_time_of_day(lost["created"] + rng.integers(-6, 7, len(lost)), rng)
    is_qualified = rng.random(len(lost)) < QUALIFIED[kind]
    lost["qualified"] = np.where(is_qualified, lost["created"] + 0.1 + _days_until(kind, len(lost), rng), np.nan)
    given_up = lost["qualified"].fillna(lost["created"]) + rng.uniform(*PATIENCE, len(lost))
    lost["abandoned"] = np.where(rng.random(len(lost)) < 0.85, given_up, np.nan)
    return lost[lost["created"] >= 0].assign(person=-1, converted=np.nan)


def _deals_from_leads(world: World, leads: pd.DataFrame, terms: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    asked = leads[leads["office"] & leads["qualified"].notna()]
    n, buys = len(asked), (asked["person"] >= 0).to_numpy()
    created, bought = asked["qualified"].to_numpy(), asked["converted"].to_numpy()
    losing = created + _cycle(LOSING_CYCLE, n, rng)
    later = np.maximum(created + _cycle(LATE_CYCLE, n, rng), world.n_days + 1)
    agreed = terms.drop_duplicates("person").set_index("person")["mrr"].reindex(asked["person"]).to_numpy()
    guess = np.round(rng.lognormal(np.log(85), 0.5, n) / 5) * 5
    deals = asked[["lead_id", "owner", "channel"]].assign(buyer=asked["person"], wins=buys, created=created)
    deals["end"] = np.where(buys, np.where(np.isnan(bought), later, bought), losing)
    return deals.assign(product="Office subscription", amount=(12 * np.where(np.isnan(agreed), guess, agreed)).round(2))


def _cycle(median_and_spread: tuple[float, float], size: int, rng: np.random.Generator) -> np.ndarray:
    median, spread = median_and_spread
    return 1 + rng.lognormal(np.log(median), spread, size)


def _repeat_deals(world: World, stays: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    offices = stays[(stays["kind"] == "office") & (stays["starts"] < world.n_days)]
    until = offices["leaves"].clip(upper=world.n_days)
    stay = offices.loc[np.repeat(offices.index, rng.poisson(REPEAT_RATE * (until - offices["starts"]) / TERM))]
    n = len(stay)
    created = world.with_time_of_day(stay["starts"] + rng.random(n) * (until.loc[stay.index] - stay["starts"]), rng)
    created = np.maximum(created, stay["starts"].to_numpy() + 0.01)
    deals = pd.DataFrame({"buyer": stay["person"].to_numpy(), "created": created, "lead_id": None, "channel": None})
    deals["end"] = at_work(deals["created"] + _cycle(REPEAT_CYCLE, n, rng))
    deals["owner"] = colleagues_for(world, created, "sales", rng)
    deals["product"] = rng.choice(np.array(REPEAT_PRODUCTS, dtype=object), n)
    return deals.assign(wins=rng.random(n) < REPEAT_WON, amount=np.round(rng.lognormal(np.log(700), 0.5, n), -1))


def _present_stage(world: World, deals: pd.DataFrame) -> np.ndarray:
    latest = stage_entries(world, deals).drop_duplicates("deal_id", keep="last").set_index("deal_id")["stage"]
    return latest.loc[deals["deal_id"]].to_numpy()
