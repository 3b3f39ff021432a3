"""The colleagues who use the CRM, by pseudonym: who is there when, and what each does."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

# role, share of the window after which the colleague joined and left
COLLEAGUES = pd.DataFrame(
    [
        ("u01", "owner", 0.0, 1.0),
        ("u02", "sales", 0.0, 1.0),
        ("u03", "sales", 0.0, 0.72),
        ("u04", "sales", 0.35, 1.0),
        ("u05", "support", 0.0, 1.0),
        ("u06", "support", 0.5, 1.0),
        ("u07", "marketing", 0.0, 1.0),
    ],
    columns=["user_id", "role", "joined", "left"],
)


def at_work(days: pd.Series) -> pd.Series:
    """Squeeze the time of day into working hours, 8:00 to 18:00; the order of moments stays."""
    return np.floor(days) + (8 + 10 * (days % 1)) / 24


def present(world: World, day: float) -> pd.DataFrame:
    """The colleagues who work here on that day."""
    share = min(max(day / world.n_days, 0.0), 0.999)
    return COLLEAGUES[(COLLEAGUES["joined"] <= share) & (share < COLLEAGUES["left"])]


def colleagues_for(world: World, days: np.ndarray, role: str, rng: np.random.Generator) -> np.ndarray:
    """Draw for each day a colleague of the role who works here then."""
    chosen = np.empty(len(days), dtype=object)
    months = world.month_of(days)
    for month in np.unique(months):
        here = present(world, float(world.month_edges[max(month, 0)]))
        team = here.loc[here["role"] == role, "user_id"].to_numpy()
        chosen[months == month] = rng.choice(team, (months == month).sum())
    return chosen
