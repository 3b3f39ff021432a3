"""How a risk moves with tenure: columns for a regression, smooth or in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crmkit.models.spells import Array, RiskTable

Shape = Literal["smooth", "steps"]

STEPS = (1, 2, 3, 6, 12, 24)  # last period of each step; the last step is open
_LOST_PER_KNOT = 10  # fewer tell nothing of a bend


@dataclass(frozen=True, eq=False)
class Baseline:
    """Columns that describe the risk at a period, all zero on average over who was at risk.

    Parameters
    ----------
    shape : {"smooth", "steps"}
        A natural cubic spline in the logarithm of the period: straight beyond the last knot, so that the risk goes on
        as a power of tenure; or a level per step.
    knots : array
        Knots of the spline in log periods, or last period of each step.
    centre, scale : array
        Of the columns, over the person-periods learned from.
    """

    shape: Shape
    knots: Array
    centre: Array
    scale: Array

    @classmethod
    def learned(cls, shape: Shape, table: RiskTable) -> Baseline:
        """Place knots or steps where losses were seen."""
        knots = _knots(table) if shape == "smooth" else _steps(table)
        raw = _columns(shape, knots, table.period)
        total = table.at_risk.sum()
        weight = table.at_risk / total if total > 0 else table.at_risk
        centre = weight @ raw
        scale = np.sqrt(weight @ (raw - centre) ** 2)
        return cls(shape, knots, centre, np.where(scale > 1e-9, scale, 1.0))

    def columns(self, period: Array) -> Array:
        """Return one row per period and one column per bend or step."""
        return (_columns(self.shape, self.knots, period) - self.centre) / self.scale


def _knots(table: RiskTable) -> Array:
    """Return knots at equal shares of the losses."""
    most = int(np.clip(table.lost.sum() // _LOST_PER_KNOT, 0, 4))
    if most < 2 or not table.lost.any():
        return np.zeros(0)
    share = np.cumsum(table.lost) / table.lost.sum()
    places = [0.05, *np.linspace(0, 1, most)[1:-1], 0.95]
    return np.unique(np.log(table.period[np.searchsorted(share, places)]))


def _steps(table: RiskTable) -> Array:
    """Return the ends of steps that have somebody at risk on both sides."""
    seen = table.period[table.at_risk > 0]
    return np.array([end for end in STEPS if len(seen) and seen.min() <= end < seen.max()], dtype=float)


def _columns(shape: Shape, knots: Array, period: Array) -> Array:
    if shape == "steps":
        return (period[:, None] > knots).astype(float)
    return _natural_spline(np.log(period), knots)


def _natural_spline(x: Array, knots: Array) -> Array:
    """Return x and the truncated cubes that make a spline straight outside of its knots.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The elements of statistical learning, 2nd edition, equations 5.4 and 5.5.
    """
    if len(knots) == 0:
        return np.zeros((len(x), 0))

    def cubes(k: int) -> Array:
        bend = np.maximum(x - knots[k], 0) ** 3 - np.maximum(x - knots[-1], 0) ** 3
        return bend / (knots[-1] - knots[k])

    bends = [cubes(k) - cubes(len(knots) - 2) for k in range(len(knots) - 2)]
    return np.column_stack([x, *bends])
