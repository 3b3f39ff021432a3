"""What customers are worth and what keeping them costs: the assumptions that no export holds."""

from __future__ import annotations

from pydantic import BaseModel, Field

from crmkit.settings.plans import STRICT


class Value(BaseModel):
    """What a customer's value counts, and how it is discounted."""

    model_config = STRICT

    margin_rate: float | None = Field(None, gt=0, le=1)  # of revenue; where orders have no margin, and of subscriptions
    discount_rate: float = Field(0.10, ge=0, le=1)  # per year
    horizon_months: int = Field(36, ge=1, le=120)


class Retention(BaseModel):
    """What it costs to win back a customer who is about to leave, and how often it works."""

    model_config = STRICT

    contact_cost: float = Field(5.0, ge=0)  # money for one contact
    save_rate: float = Field(0.10, ge=0, le=1)  # of those who would leave, how many a contact keeps
