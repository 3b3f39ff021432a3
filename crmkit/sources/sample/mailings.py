"""The monthly newsletter and the vouchers of the trials: who got them, and the orders that followed a click."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

DELIVERED, OPENED, CLICKED = 0.984, 0.38, 0.09  # share of sent, of delivered, of opened
BY_MAIL = 0.35  # share of orders within the week after that came by the mail
WEEK = 6.0  # [days]
LEAVING = 0.003  # share who unsubscribe; the discontented more often


def simulate_mailings(world: World, people: pd.DataFrame, orders: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Draw the messages.

    Returns
    -------
    pandas.DataFrame
        One row per message and customer: mailing_id, person, campaign, channel, revenue [EUR, NaN without an order],
        and days (NaN if not) sent, delivered, opened, clicked, converted, unsubscribed.
    """
    rng = world.rng("mailings")
    sent = pd.concat([_newsletters(world, people), _vouchers(world, trials)], ignore_index=True)
    n = len(sent)
    sent["sent"] = sent["sent"] + np.sort(rng.uniform(0, 0.04, n))
    preferred = people["preferred_channel"].loc[sent["person"]].to_numpy()
    sent["channel"] = np.where(preferred == "sms", "sms", "email")
    sent = _with_orders(sent, orders, rng)
    arrives = (rng.random(n) < DELIVERED) | sent["converted"].notna()
    opens = arrives & (rng.random(n) < OPENED) | sent["converted"].notna()
    clicks = opens & (rng.random(n) < CLICKED) | sent["converted"].notna()
    window = (sent["converted"] - sent["sent"]).fillna(2.0)
    sent["delivered"] = (sent["sent"] + 0.0005).where(arrives)
    sent["opened"] = (sent["sent"] + 0.001 + window * rng.uniform(0.02, 0.5, n)).where(opens)
    sent["clicked"] = (sent["opened"] + window * rng.uniform(0.01, 0.4, n)).where(clicks)
    mood = people["satisfaction"].loc[sent["person"]].to_numpy()
    leaves = arrives & (rng.random(n) < LEAVING * np.exp(-0.5 * mood))
    sent["unsubscribed"] = (sent["sent"] + 0.01 + rng.exponential(0.5, n)).where(leaves)
    for step in ("opened", "clicked", "unsubscribed"):
        sent.loc[sent[step] >= world.n_days, step] = np.nan
    return _until_unsubscribed(sent)


def _newsletters(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """One on the second Tuesday of each month, to everyone who has come, allowed it and is still on the list."""
    listed = people[~people["future"] & people["marketing_consent"]]
    rows = []
    for first in world.month_edges[:-1]:
        day = first + (8 - world.dates[first].dayofweek) % 7 + 7 + 0.4
        name = world.dates[first].strftime("newsletter %Y-%m")
        person = listed.index[listed["day"] < day].to_numpy()
        rows.append(pd.DataFrame({"person": person, "sent": day, "mailing_id": name, "campaign": "newsletter"}))
    return pd.concat(rows, ignore_index=True)


def _vouchers(world: World, trials: pd.DataFrame) -> pd.DataFrame:
    got = trials.loc[trials["treated"], ["person", "assigned"]].rename(columns={"assigned": "sent"})
    months = world.dates[np.floor(got["sent"]).astype(int)].strftime("voucher %Y-%m")
    return got.assign(mailing_id=months, campaign="win-back voucher", sent=got["sent"] + 0.1)


def _with_orders(sent: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Credit a message with the first order within the week after it, if that came by the mail."""
    bought = orders[(orders["person"] >= 0) & (orders["revenue"] > 0)].sort_values(["person", "day"])
    far = 1e5  # more days than any window: one sorted axis for person and day
    axis = bought["person"].to_numpy() * far + bought["day"].to_numpy()
    begins = sent["person"].to_numpy() * far + sent["sent"].to_numpy() + 0.1
    at = np.searchsorted(axis, begins)
    found = np.minimum(at, len(axis) - 1)
    hit = (at < len(axis)) & (axis[found] - begins < WEEK) & (axis[found] >= begins) & (rng.random(len(sent)) < BY_MAIL)
    return sent.assign(
        converted=np.where(hit, bought["day"].to_numpy()[found], np.nan),
        revenue=np.where(hit, bought["revenue"].to_numpy()[found], np.nan),
    )


def _until_unsubscribed(sent: pd.DataFrame) -> pd.DataFrame:
    first_no = sent["person"].map(sent.groupby("person")["unsubscribed"].min())
    kept = sent[~(sent["sent"] > first_no)]
    return kept.sort_values(["sent", "mailing_id", "person"], kind="stable", ignore_index=True)
