"""What customers are grouped by, and how loyalty is recognised."""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from crmkit.settings.plans import STRICT

FEWEST_POINTS, MOST_POINTS = 3, 15


class Segments(BaseModel):
    """What k-means looks at, chosen by the analyst, and how many segments there are to be.

    ``features`` are columns of :mod:`crmkit.features.behaviour`, of :mod:`crmkit.features.buying` and
    :mod:`crmkit.features.contact` (channel, country, gender, age, click_share, ...), or ``engagement``. ``number`` is
    for those who want so many whether they are set apart or not.
    """

    model_config = STRICT

    features: tuple[str, ...] = Field(("days_since_order", "n_orders", "average_order_value"), min_length=1)
    number: int | None = Field(None, ge=2, le=12)

    @field_validator("features")
    @classmethod
    def _are_named_once(cls, features: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in features if features.count(name) > 1})
        if twice:
            raise ValueError(f"names {', '.join(twice)} more than once: name each feature once")
        return features


class Loyalty(BaseModel):
    """From how many points on a customer is in a tier: 3 to 15, up to 5 each for tenure, value and engagement."""

    model_config = STRICT

    tiers: dict[str, int] = {"Gold": 12, "Silver": 9, "Bronze": 6}

    @field_validator("tiers")
    @classmethod
    def _can_be_reached(cls, tiers: dict[str, int]) -> dict[str, int]:
        faults = [f"{name} = {points}" for name, points in tiers.items() if not FEWEST_POINTS <= points <= MOST_POINTS]
        if faults:
            raise ValueError(f"has {', '.join(faults)}: points are {FEWEST_POINTS} to {MOST_POINTS}")
        if len(set(tiers.values())) < len(tiers):
            raise ValueError("has two tiers that begin at the same points: give each its own")
        return dict(sorted(tiers.items(), key=lambda each: -each[1]))
