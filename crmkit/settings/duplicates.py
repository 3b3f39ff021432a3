"""What is done about people who are in the data twice."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from crmkit.settings.plans import STRICT


class Duplicates(BaseModel):
    """Whether they are looked for and merged, from which probability on, and where the analyst is asked."""

    model_config = STRICT

    find: bool = True
    merge: bool = True  # the sure ones; without it, they are asked for like the others
    ask: float = Field(0.5, gt=0, le=1)  # probability from which a pair is asked for
    sure: float = Field(0.95, gt=0, le=1)  # probability from which it may be merged without a question
    most_questions: int = Field(200, ge=1, le=100_000)
    file: Path = Path("duplicates_to_review.csv")  # beside the settings file

    @field_validator("sure")
    @classmethod
    def _is_not_below_ask(cls, sure: float, info: ValidationInfo) -> float:
        if sure < info.data.get("ask", 0):
            raise ValueError("sure must not be below ask")
        return sure
