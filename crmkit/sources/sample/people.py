"""Who comes: each person's kind, channel, satisfaction and buying rate, none of it from a family our models assume."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

OFFICES, SUBSCRIBERS = 0.10, 0.39  # offices as a share of all in ordinary times, subscribers as a share of consumers

# share of consumers, share of offices, satisfaction added, log of lifetime added, share that was a lead first
CHANNELS = pd.DataFrame(
    {
        "organic search": (0.27, 0.24, 0.05, 0.05, 0.45),
        "paid search": (0.21, 0.18, 0.00, -0.10, 0.45),
        "paid social": (0.20, 0.00, -0.15, -0.25, 0.60),
        "referral": (0.12, 0.30, 0.25, 0.25, 0.30),
        "newsletter": (0.08, 0.00, 0.10, 0.15, 1.00),
        "direct": (0.12, 0.10, 0.00, 0.00, 0.20),
        "trade fair": (0.00, 0.18, 0.05, 0.10, 1.00),
    },
    index=["consumers", "offices", "satisfaction", "log_lifetime", "leads"],
).T
CAMPAIGNS = {
    "paid search": ("brand terms", "coffee beans", "coffee subscription"),
    "paid social": ("latte art reels", "meet the roaster"),
    "newsletter": ("welcome series",),
    "trade fair": ("coffee days",),
}
LANDING_PAGES = {
    "shopper": ("/", "/beans", "/gifts"),
    "subscriber": ("/subscription", "/", "/beans"),
    "office": ("/office", "/office", "/"),
}
CHEAP_PAID_SOCIAL = 3.4  # times as many people by paid social from the cheap day on


def simulate_people(world: World) -> pd.DataFrame:
    """Draw all who come in the window, exactly ``n_customers``, and those of the months after it (``future``).

    Returns
    -------
    pandas.DataFrame
        One row per person in the order in which they come: kind, channel, campaign, landing_page, day, future,
        satisfaction [latent, about -3 to 2], rate [orders per 30 days].
    """
    rng = world.rng("people")
    weights = _arrival_weights(world)
    inside = weights[: world.n_days]
    n_future = rng.poisson(world.n_customers * (weights.sum() - inside.sum()) / inside.sum())
    cells = np.concatenate(
        [
            rng.choice(inside.size, world.n_customers, p=inside.ravel() / inside.sum()),
            inside.size + rng.choice(weights[world.n_days :].size, n_future, p=_shares(weights[world.n_days :])),
        ]
    )
    people = pd.DataFrame({"day": cells // len(CHANNELS), "channel": cells % len(CHANNELS)})
    people["kind"] = np.where(rng.random(len(people)) < SUBSCRIBERS, "subscriber", "shopper")
    usual = world.arrival_season[people["day"]] / weights.sum(axis=1)[people["day"]]  # an advert brings no office
    chosen = rng.choice(len(people), round(OFFICES * len(people)), replace=False, p=_shares(usual))
    people.loc[chosen, "kind"] = "office"
    people["day"] = world.clocked(people["day"], rng)
    people["channel"] = CHANNELS.index.to_numpy()[people["channel"]]
    offices = people["kind"] == "office"
    people.loc[offices, "channel"] = rng.choice(CHANNELS.index, offices.sum(), p=CHANNELS["offices"])
    people = people.sort_values("day", kind="stable", ignore_index=True)
    people["future"] = people["day"] >= world.n_days
    people["campaign"] = [_one_of(CAMPAIGNS.get(channel, (None,)), rng) for channel in people["channel"]]
    people["landing_page"] = [_one_of(LANDING_PAGES[kind], rng) for kind in people["kind"]]
    people["satisfaction"] = _satisfaction(people, rng)
    return people.assign(rate=_rates(people, rng))


def _arrival_weights(world: World) -> np.ndarray:
    weights = np.outer(world.arrival_season, CHANNELS["consumers"])
    weights[world.cheap_day :, CHANNELS.index.get_loc("paid social")] *= CHEAP_PAID_SOCIAL
    return weights


def _shares(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights.ravel() / weights.sum())


def _one_of(choices: tuple[str | None, ...], rng: np.random.Generator) -> str | None:
    return choices[int(rng.integers(len(choices)))]


def _satisfaction(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Most are content, one in five is not: a mixture of two normals with a long left tail."""
    content = rng.random(len(people)) < 0.8
    level = np.where(content, rng.normal(0.35, 0.55, len(people)), rng.normal(-1.1, 0.7, len(people)))
    return np.asarray(level + CHANNELS["satisfaction"].loc[people["channel"]].to_numpy())


def _rates(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Two log-normal habits, the weekly drinker's and the occasional one's: not gamma."""
    heavy = rng.random(len(people)) < 0.25
    log_rate = np.where(heavy, rng.normal(np.log(1.45), 0.25, len(people)), rng.normal(np.log(0.6), 0.22, len(people)))
    return np.asarray(np.exp(log_rate + 0.08 * people["satisfaction"]))
