"""Deals with offices: how each moves from stage to stage until it is won, lost, or still open at the end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.gaps import only_where
from crmkit.sources.sample.staff import at_work, colleagues_for
from crmkit.sources.sample.world import TERM, World

STAGES = ("qualification", "tasting", "proposal", "negotiation")
LOSING_CYCLE, LATE_CYCLE = (33.0, 0.6), (45.0, 0.4)  # median [days] and log spread, of who is lost, who buys later
AGAIN, AGAIN_CYCLE, AGAIN_WON = 0.04, (18.0, 0.5), 0.6  # more for present offices: deals per 30 days, cycle, share won
MORE = ("Machine lease", "Barista training", "Event catering")  # invoiced apart: neither shop nor subscription


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
    deals = pd.concat([_with_leads(world, leads, terms, rng), _with_customers(world, stays, rng)], ignore_index=True)
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


def _with_leads(world: World, leads: pd.DataFrame, terms: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
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


def _with_customers(world: World, stays: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    offices = stays[(stays["kind"] == "office") & (stays["starts"] < world.n_days)]
    until = offices["leaves"].clip(upper=world.n_days)
    stay = offices.loc[np.repeat(offices.index, rng.poisson(AGAIN * (until - offices["starts"]) / TERM))]
    n = len(stay)
    created = world.clocked(stay["starts"] + rng.random(n) * (until.loc[stay.index] - stay["starts"]), rng)
    created = np.maximum(created, stay["starts"].to_numpy() + 0.01)
    deals = pd.DataFrame({"buyer": stay["person"].to_numpy(), "created": created, "lead_id": None, "channel": None})
    deals["end"] = at_work(deals["created"] + _cycle(AGAIN_CYCLE, n, rng))
    deals["owner"] = colleagues_for(world, created, "sales", rng)
    deals["product"] = rng.choice(np.array(MORE, dtype=object), n)
    return deals.assign(wins=rng.random(n) < AGAIN_WON, amount=np.round(rng.lognormal(np.log(700), 0.5, n), -1))


def _cycle(median_and_spread: tuple[float, float], size: int, rng: np.random.Generator) -> np.ndarray:
    median, spread = median_and_spread
    return 1 + rng.lognormal(np.log(median), spread, size)


def _present_stage(world: World, deals: pd.DataFrame) -> np.ndarray:
    latest = stage_entries(world, deals).drop_duplicates("deal_id", keep="last").set_index("deal_id")["stage"]
    return latest.loc[deals["deal_id"]].to_numpy()
