"""What no firm ever sees: who people are, when they truly leave, what the voucher truly does. For tests only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.people import BAD_SPREAD, PRICE_SPREAD, cumulative_hazard
from crmkit.sources.sample.trials import ACTION
from crmkit.sources.sample.world import World


def persons_truth(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """One row per customer: the latent traits.

    Returns
    -------
    pandas.DataFrame
        customer_id, kind, channel, satisfaction, rate [orders per 30 days, of shoppers], lifetime [days without the
        events], left_at (for good, may lie after the window), cause (lifetime, price, bad month).
    """
    known = people[~people["future"]]
    first, last = stays.drop_duplicates("person").set_index("person"), stays.groupby("person").last()
    return pd.DataFrame(
        {
            "customer_id": known["customer_id"],
            "kind": known["kind"],
            "channel": known["channel"],
            "satisfaction": known["satisfaction"],
            "rate": known["rate"].where(known["kind"] == "shopper"),
            "lifetime": first["lifetime"].loc[known.index],
            "left_at": world.at(last["leaves"].loc[known.index]),
            "cause": last["cause"].loc[known.index],
        }
    ).reset_index(drop=True)


def churn_truth(world: World, stays: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """The true chance to be lost, by month and kind.

    For subscribers and offices: that the term running at the month's first instant is the last one; it ends within
    the month. For shoppers: to leave for good within the month, which their orders show only later.

    Returns
    -------
    pandas.DataFrame
        month (such as "2026-10"), kind, n_at_start, churn_probability, n_lost.
    """
    rows = []
    for nth, (first, after) in enumerate(zip(world.month_edges[:-1], world.month_edges[1:], strict=True)):
        month = str(world.last_month.shift(nth + 1 - world.months))
        begins = world.at(first)
        running = terms[(terms["starts_at"] < begins) & (terms["ends_at"] > begins)]
        paying = stays.loc[running["stay"]].reset_index(drop=True)
        from_day, to_day = (_day_numbers(world, running[name]) for name in ("starts_at", "ends_at"))
        shoppers = stays[(stays["kind"] == "shopper") & (stays["starts"] < first) & (stays["leaves"] > first)]
        leaving = _chances(world, shoppers, np.full(len(shoppers), first), np.full(len(shoppers), after))
        chances = pd.concat([_chances(world, paying, from_day, to_day), leaving])
        groups = chances.groupby("kind")
        found = groups["chance"].agg(n_at_start="size", churn_probability="mean")
        rows.append(found.assign(n_lost=groups["lost"].sum(), month=month).reset_index())
    columns = ["month", "kind", "n_at_start", "churn_probability", "n_lost"]
    return pd.concat(rows, ignore_index=True)[columns]


def trials_truth(world: World, people: pd.DataFrame, trials: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both outcomes of each customer of a trial, and the mean effect of each trial among all who were drawn."""
    both = pd.DataFrame(
        {
            "customer_id": people["customer_id"].loc[trials["person"]].to_numpy(),
            "action": ACTION,
            "assigned_at": world.at(trials["assigned"]),
            "treated": trials["treated"],
            "responds": trials["responds"],
            "value_if_treated": trials["value_if_treated"],
            "value_if_held_out": trials["value_if_held_out"],
        }
    )
    gain = both.assign(effect=both["value_if_treated"] - both["value_if_held_out"])
    return both, gain.groupby(["action", "assigned_at"])[["effect"]].mean().reset_index()


def events_truth(world: World) -> pd.DataFrame:
    """The three things that happened: event, starts_on, ends_on (the effect's last day inside the window), meaning."""
    last = world.n_days - 1
    rows = [
        ("price change", world.price_day, last, f"plans 10 %, beans 6 % dearer, some leave within {PRICE_SPREAD} days"),
        ("bad month", world.bad_day, last, f"burnt beans: low scores, more cases, many leave within {BAD_SPREAD} days"),
        ("cheaper paid social", world.cheap_day, last, "paid social brings more customers for less money"),
    ]
    events = pd.DataFrame(rows, columns=["event", "starts_on", "ends_on", "meaning"])
    return events.assign(starts_on=world.at(events["starts_on"]), ends_on=world.at(events["ends_on"]))


def _chances(world: World, stays: pd.DataFrame, from_day: np.ndarray, to_day: np.ndarray) -> pd.DataFrame:
    gathered = cumulative_hazard(world, stays, to_day) - cumulative_hazard(world, stays, from_day)
    lost = stays["leaves"].between(from_day, to_day, inclusive="left")
    return pd.DataFrame({"kind": stays["kind"], "chance": 1 - np.exp(-gathered), "lost": lost})


def _day_numbers(world: World, moments: pd.Series) -> np.ndarray:
    return ((moments - world.start) / pd.Timedelta(days=1)).to_numpy()
