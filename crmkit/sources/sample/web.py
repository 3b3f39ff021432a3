"""Visits per day, origin and landing page: its leads are the rows of ``leads``, its conversions the new customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

ORIGINS = ("organic search", "paid search", "paid social", "referral", "newsletter", "direct")
PAGES = ("/", "/beans", "/subscription", "/gifts", "/office")
VISITORS = pd.DataFrame(
    {
        "organic search": (26, 15, 8, 3, 2),
        "paid search": (9, 10, 9, 2, 2),
        "paid social": (10, 7, 9, 3, 0.3),
        "referral": (5, 3, 3, 1, 1),
        "newsletter": (2, 4, 2, 1.5, 0.2),
        "direct": (18, 6, 3, 1, 1),
    },
    index=list(PAGES),
).T  # a day at the usual size, on average over the window
CLICKING, SIGNING_UP = 0.22, 0.018  # share of visitors who click an offer, who sign up for the newsletter


def simulate_traffic(world: World, people: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Draw the visits: day, origin, landing_page, visitors, clicks, converted_clicks, sign_ups, leads."""
    rng = world.rng("web")
    cells = pd.MultiIndex.from_product([range(world.n_days), ORIGINS, PAGES], names=["day", "origin", "landing_page"])
    n_leads = _count(leads, "created", cells)
    n_bought = _count(people[~people["future"]], "day", cells)
    season = world.arrival_season[: world.n_days] / world.arrival_season[: world.n_days].mean()
    usual = VISITORS.loc[list(ORIGINS)].to_numpy().ravel() * world.scale
    expected = np.outer(season, usual)
    social = np.repeat(np.array(ORIGINS) == "paid social", len(PAGES))
    expected[world.cheap_day :, social] *= 2.8
    others = rng.poisson(expected.ravel() * rng.lognormal(0, 0.1, len(cells)))
    visitors = others + np.maximum(n_leads, n_bought)
    traffic = pd.DataFrame(
        {
            "visitors": visitors,
            "clicks": n_bought + rng.binomial(visitors - n_bought, CLICKING),
            "converted_clicks": n_bought,
            "sign_ups": rng.binomial(visitors, SIGNING_UP),
            "leads": n_leads,
        },
        index=cells,
    )
    return traffic[traffic["visitors"] > 0].reset_index()


def _count(rows: pd.DataFrame, day: str, cells: pd.MultiIndex) -> np.ndarray:
    keys = [np.floor(rows[day]).astype(int), rows["channel"], rows["landing_page"]]
    return rows.groupby(keys).size().reindex(cells, fill_value=0).to_numpy()
