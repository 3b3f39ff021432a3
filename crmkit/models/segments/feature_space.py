"""The space in which distances between customers are measured: skewed numbers on a log scale, outliers limited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from crmkit.models.arrays import Array

FURTHEST = 4.0  # robust standard deviations from the middle, at which outliers are set
MOST_LEVELS, RAREST_LEVEL = 10, 0.02
_OF_NORMAL = 1.349  # interquartile range of a normal distribution [standard deviations]
_CATEGORY_COUNTS = 0.5  # of a number: a jump between levels would outweigh every gradual difference


@dataclass(frozen=True)
class Number:
    """How a numeric column is placed: its unit where it is logarithmic (else 0), middle, spread, and if it counts."""

    unit: float
    middle: float
    spread: float
    counts: bool

    def placed(self, values: Array) -> Array:
        """Return values in robust standard deviations from the middle; a missing one stands in the middle."""
        steps = np.log1p(np.maximum(values / self.unit, -0.5)) if self.unit else values
        steps = np.where(np.isfinite(steps), steps, self.middle)
        return np.clip((steps - self.middle) / self.spread, -FURTHEST, FURTHEST)


@dataclass(frozen=True)
class Category:
    """How a column of text is placed: its levels, each a direction of its own, and what a jump between two is worth."""

    levels: tuple[str, ...]
    weight: float


@dataclass(frozen=True, eq=False)
class SegmentSpace:
    """How columns become coordinates.

    Numbers that are never negative and whose upper tail is more than twice as long as the lower are taken on a
    logarithmic scale. All are centred on the median and scaled by the standard deviation of the values within 4 robust
    ones (interquartile range / 1.349) of it, and no further than 4 from the middle. A missing number stands in the
    middle, so that a gap moves no customer towards any segment. Text, and true or false, has a direction per level that
    at least 2 % share (10 at most; the others are "other", a gap is "unknown"), and counts half as much as a number. Columns that
    are the same for all, or empty, are left out.

    Parameters
    ----------
    numbers, categories : mapping of column to how it is placed
    left_out : mapping of column to why
    """

    numbers: Mapping[str, Number]
    categories: Mapping[str, Category]
    left_out: Mapping[str, str]

    @classmethod
    def learned(cls, X: pd.DataFrame) -> Self:
        """Learn from one row per customer."""
        numbers: dict[str, Number] = {}
        categories: dict[str, Category] = {}
        left_out: dict[str, str] = {}
        for name in X.columns:
            if X[name].isna().all():
                left_out[str(name)] = "it is empty"
            elif _is_number(X[name]):
                numbers[str(name)] = _number(_finite(X[name]))
            else:
                categories[str(name)] = _category(_text(X[name]))
        same = [name for name, number in numbers.items() if not number.spread > 0]
        same += [name for name, category in categories.items() if len(category.levels) < 2]
        left_out |= dict.fromkeys(same, "it is the same for all")
        return cls(
            {name: number for name, number in numbers.items() if name not in same},
            {name: category for name, category in categories.items() if name not in same},
            left_out,
        )

    @property
    def columns(self) -> list[str]:
        """Names of the coordinates, such as ``n_orders`` and ``channel = search``."""
        return [
            *self.numbers,
            *(f"{name} = {level}" for name, kind in self.categories.items() for level in kind.levels),
        ]

    def matrix(self, X: pd.DataFrame, blur: np.random.Generator | None = None) -> Array:
        """Return one row of coordinates per customer.

        Parameters
        ----------
        X : DataFrame
            With the columns that were learned.
        blur : Generator, optional
            Spreads counts over the numbers between them (1 order may be anything from 0 to 2, mostly 1): the gap
            between one and two orders is no gap between customers.
        """
        parts = []
        for name, number in self.numbers.items():
            values = _finite(X[name])
            if blur is not None and number.counts:
                values = values + blur.triangular(-1, 0, 1, len(values))
            parts.append(number.placed(values))
        for name, category in self.categories.items():
            text = _text(X[name])
            known = np.isin(text, category.levels)
            text = np.where(known, text, "other")
            parts += [(text == level) * category.weight for level in category.levels]
        return np.column_stack(parts).astype(float) if parts else np.zeros((len(X), 0))

    def to_json(self) -> dict[str, Any]:
        """Return the space in plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the space that :meth:`to_json` wrote."""
        numbers = {name: Number(**number) for name, number in values["numbers"].items()}
        categories = {
            name: Category(tuple(category["levels"]), category["weight"])
            for name, category in values["categories"].items()
        }
        return cls(numbers, categories, dict(values["left_out"]))


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _finite(column: pd.Series) -> Array:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _number(values: Array) -> Number:
    known = values[~np.isnan(values)]
    if not len(known):
        return Number(0.0, 0.0, 0.0, False)
    lowest, low, middle, high, highest = np.quantile(known, [0.05, 0.25, 0.5, 0.75, 0.95])
    counts = bool((known == np.round(known)).all() and len(np.unique(known)) <= max(50, len(known) / 10))
    positive = known[known > 0]
    unit = 0.0
    if len(positive) and known.min() >= 0 and highest - middle > 2 * (middle - lowest):
        unit = float(np.quantile(positive, 0.05))
        known = np.log1p(known / unit)
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = (high - low) / _OF_NORMAL
    if not spread > 1e-9 * (1 + abs(middle)):  # at least half are the same
        spread = known.std()
    else:  # held where outliers are held, so that each column counts alike
        spread = np.clip(known, middle - FURTHEST * spread, middle + FURTHEST * spread).std()
    is_flat = not spread > 1e-9 * (1 + abs(middle))
    return Number(unit, float(middle), 0.0 if is_flat else float(spread), counts)


def _text(column: pd.Series) -> np.ndarray:
    return column.astype(object).where(column.notna(), "unknown").astype(str).to_numpy(dtype=object)


def _category(text: np.ndarray) -> Category:
    shares = pd.Series(text).value_counts(normalize=True).sort_index().sort_values(ascending=False, kind="stable")
    common = shares[shares >= RAREST_LEVEL].head(MOST_LEVELS)
    rest = 1 - common.sum()
    levels = [str(level) for level in common.index]
    if rest > 1e-9 and "other" not in levels:
        levels.append("other")
    apart = 1 - (common**2).sum() - rest**2  # chance that two customers differ
    return Category(tuple(levels), float(np.sqrt(_CATEGORY_COUNTS / apart)) if apart > 0 else 0.0)
