"""Two randomised trials of a voucher for shoppers who have not ordered for a while, and what it truly does.

A customer who responds to the voucher places one more order. Both outcomes of each customer are simulated; the tables
hold the one that happened, the truth holds both.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

ACTION = "win-back voucher"
RESPONDING = 0.11  # share of those still reachable who order because of the voucher
QUIET_DAYS = (40, 85)  # [days] since the last order
OUTCOME_DAYS = 45  # [days] after the draw


def trial_days(world: World) -> list[int]:
    """Days of the two draws: the second Monday five months before the last month, the first one of the month before."""
    edges = world.month_edges
    mondays = [int(edge + (7 - world.dates[edge].dayofweek) % 7) for edge in (edges[-7], edges[-3])]
    return [mondays[0] + 7, mondays[1]]


def simulate_trials(world: World, people: pd.DataFrame, stays: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Draw the customers and the holdout of each trial.

    Returns
    -------
    pandas.DataFrame
        One row per customer and trial: person, assigned (day), treated, responds, extra_day (of the order that the
        voucher brings, NaN for those who do not respond).
    """
    rng = world.rng("trials")
    leaves = stays.groupby("person")["leaves"].max()
    drawn = []
    for day in trial_days(world):
        before = orders[(orders["day"] < day) & (orders["person"] >= 0)]
        quiet = day - before.groupby("person")["day"].max()
        quiet = quiet[quiet.between(*QUIET_DAYS) & people["kind"].loc[quiet.index].eq("shopper")]
        trial = pd.DataFrame({"person": quiet.index, "assigned": day + 9.5 / 24})
        trial["treated"] = rng.permutation(np.arange(len(trial)) % 2 == 0)
        extra = world.with_time_of_day(day + rng.integers(2, 25, len(trial)), rng)
        reachable = leaves.loc[quiet.index].to_numpy() > extra
        trial["responds"] = reachable & (rng.random(len(trial)) < RESPONDING)
        drawn.append(trial.assign(extra_day=np.where(trial["responds"], extra, np.nan)))
    return pd.concat(drawn, ignore_index=True)


def add_trial_orders(orders: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Add the orders that the vouchers bring; ``happened`` is false for those of the holdout, who got none."""
    extra = trials.loc[trials["responds"], ["person", "extra_day", "treated"]]
    extra = extra.rename(columns={"extra_day": "day", "treated": "happened"})
    both = pd.concat([orders.assign(happened=True), extra], ignore_index=True)
    return both.sort_values("day", kind="stable", ignore_index=True)


def trial_outcomes(trials: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Add to each row of ``trials`` the revenue in the weeks after the draw, with and without the voucher [EUR].

    Parameters
    ----------
    orders : pandas.DataFrame
        person, day, revenue; refunds are not counted.
    """
    pairs = trials.reset_index(names="trial")[["trial", "person", "assigned", "extra_day"]].merge(orders, on="person")
    within = pairs[pairs["day"].between(pairs["assigned"], pairs["assigned"] + OUTCOME_DAYS, inclusive="left")]
    brought = within["day"].eq(within["extra_day"])
    held_out = within[~brought].groupby("trial")["revenue"].sum().reindex(trials.index, fill_value=0.0)
    voucher = within[brought].groupby("trial")["revenue"].sum().reindex(trials.index, fill_value=0.0)
    return trials.assign(value_if_held_out=held_out.round(2), value_if_treated=(held_out + voucher).round(2))


def treatments_table(world: World, trials: pd.DataFrame) -> pd.DataFrame:
    """The canonical rows, of persons instead of customers."""
    value = np.where(trials["treated"], trials["value_if_treated"], trials["value_if_held_out"])
    return pd.DataFrame(
        {
            "person": trials["person"],
            "action": ACTION,
            "assigned_at": world.at(trials["assigned"]),
            "treated": trials["treated"],
            "outcome_at": world.at(trials["assigned"] + OUTCOME_DAYS),
            "value": value,
        }
    )
