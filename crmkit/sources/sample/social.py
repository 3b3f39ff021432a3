"""Posts by the firm and by customers on four networks, and how many people they reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.comments import write_comments
from crmkit.sources.sample.support import is_bad
from crmkit.sources.sample.world import World

NETWORKS = {"instagram": 0.52, "facebook": 0.22, "tiktok": 0.16, "linkedin": 0.10}
AUDIENCE = {"instagram": 1500, "facebook": 700, "tiktok": 2100, "linkedin": 350}  # impressions of a post by the firm
BRAND_PER_DAY, CUSTOMERS_PER_DAY = 0.55, 0.75  # posts at the usual size
BRAND_TEXTS = (
    "Fresh from the roaster: Ethiopia Yirgacheffe.",
    "Neu im Shop: Cold Brew für heiße Tage.",
    "How to dial in your grinder, in 60 seconds.",
    "Sonntag ist Filterkaffeetag.",
    "Meet Aylin, who roasts your beans.",
    "Barista-Kurs am Samstag: noch drei Plätze frei.",
    "Three recipes for iced coffee.",
    "Das Weihnachtspaket ist da!",
)
BRAND_LANGUAGES = ("en", "de", "en", "de", "en", "de", "en", "de")


def simulate_posts(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Draw the posts in order of time, with every column of ``social_posts`` except that they have day and person."""
    rng = world.rng("social")
    days = np.arange(world.n_days)
    growth = 0.6 + 0.8 * days / world.n_days
    by_brand = np.repeat(days, rng.poisson(BRAND_PER_DAY * world.scale * growth))
    louder = np.where(is_bad(world, days), 2.0, 1.0)
    by_customers = np.repeat(days, rng.poisson(CUSTOMERS_PER_DAY * world.scale * growth * louder))
    posts = pd.concat(
        [_brand(world, by_brand, rng), _customers(world, by_customers, people, stays, rng)], ignore_index=True
    )
    posts["network"] = rng.choice(list(NETWORKS), len(posts), p=list(NETWORKS.values()))
    posts = _seen(posts, growth, rng).sort_values("day", kind="stable", ignore_index=True)
    return posts.assign(post_id=[f"P-{number:05d}" for number in range(1, len(posts) + 1)])


def _brand(world: World, days: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    text = rng.integers(0, len(BRAND_TEXTS), days.size)
    return pd.DataFrame(
        {
            "day": world.clocked(days, rng),
            "person": -1,
            "author": "brand",
            "kind": rng.choice(["photo", "video", "carousel", "text"], days.size, p=[0.45, 0.3, 0.15, 0.1]),
            "text": np.array(BRAND_TEXTS, dtype=object)[text],
            "language": np.array(BRAND_LANGUAGES, dtype=object)[text],
        }
    )


def _customers(
    world: World, days: np.ndarray, people: pd.DataFrame, stays: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Posts by people who are customers on the day; those with strong feelings post more, four in ten are recognised."""
    writers = []
    for day in days:
        here = stays["person"].to_numpy()[(stays["starts"].to_numpy() <= day) & (stays["leaves"].to_numpy() > day)]
        few = rng.choice(here, 3) if here.size else np.array([0])
        writers.append(few[np.argmax(np.abs(people["satisfaction"].to_numpy()[few]))])
    writer = people.iloc[np.array(writers, dtype=int)]
    burnt = is_bad(world, days) & (rng.random(days.size) < 0.6)
    felt = writer["satisfaction"].to_numpy() + rng.normal(0.2, 0.5, days.size)
    mood = np.select([burnt, felt > 0.3, felt > -0.4], ["burnt", "good", "fair"], "poor")
    recognised = (rng.random(days.size) < 0.4) & (writer["day"].to_numpy() <= days)
    return pd.DataFrame(
        {
            "day": world.clocked(days, rng),
            "person": np.where(recognised, writer.index, -1),
            "author": "customer",
            "kind": rng.choice(["photo", "text", "video"], days.size, p=[0.5, 0.35, 0.15]),
            "text": write_comments(writer["language"].to_numpy(), mood, rng),
            "language": writer["language"].to_numpy(),
        }
    )


def _seen(posts: pd.DataFrame, growth: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    brand = (posts["author"] == "brand").to_numpy()
    usual = posts["network"].map(AUDIENCE).to_numpy() * np.where(brand, 1, 0.15) * growth[posts["day"].astype(int)]
    impressions = np.maximum(rng.poisson(usual * rng.lognormal(0, 0.6, len(posts))), 1)
    reach = np.maximum(rng.binomial(impressions, 0.78), 1)
    liked = rng.binomial(reach, rng.beta(3, 70, len(posts)))
    return posts.assign(
        impressions=impressions,
        reach=reach,
        likes=liked,
        comments=rng.binomial(reach, 0.004),
        shares=rng.binomial(reach, 0.003),
        clicks=np.where(brand, rng.binomial(reach, 0.012), 0),
    )
