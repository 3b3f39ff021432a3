"""How long people stay: a Weibull mixture that satisfaction and channel stretch, cut short by two events.

A *stay* is one unbroken custom; a subscriber who left may return for a second one. Its hazard is

    H(t) = (age / scale)^shape + price_eta G((t - price_day) / 45) + bad_eta G((t - bad_day) / 28)

with G(u) = 1 - (1 - u)^2 on 0 to 1: most of those whom an event drives away go soon.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from crmkit.sources.sample.people import CHANNELS
from crmkit.sources.sample.world import Days, World

PRICE_SPREAD, BAD_SPREAD = 45, 28  # [days]

# share that soon quits; shape and scale [days] of the quick, of the steady; log-hazard weight of the two events
STAYS = pd.DataFrame(
    {
        "shopper": (0.19, 0.80, 22, 1.5, 440, 0.00, 0.06),
        "subscriber": (0.18, 1.25, 60, 1.35, 640, 0.07, 0.17),
        "office": (0.06, 1.10, 70, 1.50, 1250, 0.04, 0.04),
    },
    index=["quitters", "quick_shape", "quick_scale", "shape", "scale", "price_eta", "bad_eta"],
).T
TERM_AT_MOST = 31  # [days] a paid term runs on after the notice
RETURNING = 0.08  # of the subscribers who left, after 40 to 200 days


def simulate_stays(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Draw every person's stays.

    Returns
    -------
    pandas.DataFrame
        One row per stay: person (row number in ``people``), kind, starts [day], leaves [day, may lie after the
        window], lifetime [days without the events], cause (lifetime, price, bad month), and the hazard's shape,
        scale, price_eta, bad_eta.
    """
    rng = world.rng("stays")
    first = _stays(world, people, people["day"].to_numpy(), rng, returning=False)
    back = first.loc[(first["kind"] == "subscriber") & (rng.random(len(first)) < RETURNING), ["person", "leaves"]]
    day = world.clocked(back["leaves"] + TERM_AT_MOST + rng.uniform(10, 170, len(back)), rng)
    again = people.loc[back["person"]].set_index(back["person"].to_numpy())
    second = _stays(world, again, day, rng, returning=True)
    return pd.concat([first, second[second["starts"] < world.n_days]], ignore_index=True)


def cumulative_hazard(world: World, stays: pd.DataFrame, day: ArrayLike) -> Days:
    """Return the hazard gathered from the start of each stay to ``day``; the chance to be still here is exp(-H)."""
    days = np.maximum(np.asarray(day, dtype=float), stays["starts"].to_numpy())
    age = days - stays["starts"].to_numpy()
    total = (age / stays["scale"].to_numpy()) ** stays["shape"].to_numpy()
    for eta, begins, spread in _events(world):
        gone = _spread((days - begins) / spread) - _spread((stays["starts"].to_numpy() - begins) / spread)
        total = total + stays[eta].to_numpy() * gone
    return np.asarray(total)


def _stays(
    world: World, people: pd.DataFrame, starts: Days, rng: np.random.Generator, *, returning: bool
) -> pd.DataFrame:
    kinds = STAYS.loc[people["kind"]].reset_index(drop=True)
    mood = people["satisfaction"].to_numpy()
    quits = (rng.random(len(people)) < kinds["quitters"] * np.exp(-0.25 * mood)) & (not returning)
    stretch = np.exp(0.4 * mood + CHANNELS["log_lifetime"].loc[people["channel"]].to_numpy())
    stays = pd.DataFrame({"person": people.index, "kind": people["kind"].to_numpy(), "starts": starts})
    stays["shape"] = np.where(quits, kinds["quick_shape"], kinds["shape"])
    stays["scale"] = np.where(quits, kinds["quick_scale"], kinds["scale"] * stretch)
    stays["price_eta"] = kinds["price_eta"] * np.exp(-0.4 * mood)
    stays["bad_eta"] = kinds["bad_eta"] * np.exp(-0.4 * mood)
    stays["lifetime"] = stays["scale"] * rng.exponential(size=len(stays)) ** (1 / stays["shape"])
    stays["leaves"] = stays["starts"] + stays["lifetime"]
    stays["cause"] = "lifetime"
    for cause, (eta, begins, spread) in zip(("price", "bad month"), _events(world), strict=True):
        driven = _driven_away(stays, eta, begins, spread, rng)
        sooner = driven < stays["leaves"]
        stays.loc[sooner, "cause"] = cause
        stays.loc[sooner, "leaves"] = driven[sooner]
    return stays


def _driven_away(stays: pd.DataFrame, eta: str, begins: float, spread: float, rng: np.random.Generator) -> Days:
    """Day on which an event drives each away, infinity for those it spares: the inverse of its part of the hazard."""
    reached = _spread((stays["starts"].to_numpy() - begins) / spread)
    with np.errstate(divide="ignore"):
        share = reached + rng.exponential(size=len(stays)) / stays[eta].to_numpy()
    return np.where(share < 1, begins + spread * (1 - np.sqrt(np.maximum(1 - share, 0))), np.inf)


def _events(world: World) -> tuple[tuple[str, int, int], ...]:
    return ("price_eta", world.price_day, PRICE_SPREAD), ("bad_eta", world.bad_day, BAD_SPREAD)


def _spread(share: Days) -> Days:
    return np.asarray(1 - (1 - np.clip(share, 0, 1)) ** 2)
