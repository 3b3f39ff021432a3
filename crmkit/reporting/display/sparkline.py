"""A line of thirteen periods with its 95 % band and the target, as inline SVG that fills its tile."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
from markupsafe import Markup

from crmkit.metrics.formatting import Scale, is_number, scale_for
from crmkit.periods import MONTH_NAMES, Period
from crmkit.words import say

_WIDTH, _HEIGHT, _PAD = 240.0, 56.0, 5.0


@dataclass(frozen=True)
class Sparkline:
    """The picture and the names of its first and last period."""

    svg: Markup
    first: str
    last: str


def sparkline(
    history: pd.DataFrame, label: str, scale: Scale, *, target: float | None = None, tone: str = ""
) -> Sparkline | None:
    """Draw one metric's periods; None where fewer than two periods have a value: a lone dot shows no course.

    Parameters
    ----------
    history : DataFrame
        One row per period, oldest first: period, value, low, high, unit.
    label : str
        The metric's label, for the alternative text.
    scale : Scale
        How the values are worded there.
    target : float or None
        Target in the metric's unit.
    tone : str
        ``better`` or ``worse`` colours the last point.
    """
    values, low, high = (history[name].to_numpy(float) for name in ("value", "low", "high"))
    if np.isfinite(values).sum() < 2:
        return None
    low, high = _within_sight(
        values, np.where(np.isfinite(low), low, values), np.where(np.isfinite(high), high, values)
    )
    place = _placer(low, high, target)
    periods = [Period.parse(str(period)) for period in history["period"]]
    shapes = (
        _bands(values, low, high, place)
        + _target_line(target, place)
        + _lines(values, place)
        + _last(values, place, tone)
    )
    # Stretched to the tile's width; strokes keep their width by CSS (vector-effect).
    svg = (
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{Markup.escape(_in_words(values, periods, label, scale, target, history))}">'
        f"{shapes}</svg>"
    )
    return Sparkline(Markup(svg), _short(periods[0]), _short(periods[-1]))


def _within_sight(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # One period with hardly any data may have an endless interval: cut off, or it would flatten all the others.
    reach = max(np.nanmax(values) - np.nanmin(values), float(np.nanmedian(high - low)))
    return np.maximum(low, np.nanmin(values) - reach), np.minimum(high, np.nanmax(values) + reach)


class _placer:
    """Turns (number of the period, value) into a point of the picture."""

    def __init__(self, low: np.ndarray, high: np.ndarray, target: float | None) -> None:
        bottom, top = np.nanmin(low), np.nanmax(high)
        reach = top - bottom
        # A target far off would flatten the line: it is left to the words then.
        self.shows_target = is_number(target) and bottom - 1.5 * reach <= target <= top + 1.5 * reach
        if self.shows_target:
            bottom, top = min(bottom, target), max(top, target)
        self.bottom, self.reach = bottom, (top - bottom) or 1.0
        self.step = (_WIDTH - 2 * _PAD) / (len(low) - 1)

    def x(self, number: int) -> float:
        return _PAD + number * self.step

    def y(self, value: float) -> float:
        return _HEIGHT - _PAD - (value - self.bottom) / self.reach * (_HEIGHT - 2 * _PAD)

    def point(self, number: int, value: float) -> str:
        return f"{self.x(number):.1f},{self.y(value):.1f}"


def _bands(values: np.ndarray, low: np.ndarray, high: np.ndarray, place: _placer) -> str:
    shapes = []
    for run in _runs(values):
        if len(run) > 1:
            edge = [place.point(number, high[number]) for number in run]
            edge += [place.point(number, low[number]) for number in reversed(run)]
            shapes.append(f'<polygon class="area" points="{" ".join(edge)}"/>')
        else:
            x = place.x(run[0])
            shapes.append(
                f'<path class="whisker" d="M{x:.1f},{place.y(low[run[0]]):.1f}V{place.y(high[run[0]]):.1f}"/>'
            )
    return "".join(shapes)


def _runs(values: np.ndarray) -> list[list[int]]:
    known = groupby(range(len(values)), key=lambda number: bool(np.isfinite(values[number])))
    return [list(numbers) for is_known, numbers in known if is_known]


def _target_line(target: float | None, place: _placer) -> str:
    if target is None or not place.shows_target:
        return ""
    y = place.y(target)
    return f'<line class="target" x1="{_PAD:g}" x2="{_WIDTH - _PAD:g}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _lines(values: np.ndarray, place: _placer) -> str:
    shapes = []
    for run in _runs(values):
        points = " ".join(place.point(number, values[number]) for number in run)
        lone = f'<path class="lone" d="M{points}h0"/>'
        shapes.append(f'<polyline class="line" points="{points}"/>' if len(run) > 1 else lone)
    return "".join(shapes)


def _last(values: np.ndarray, place: _placer, tone: str) -> str:
    # A line without length and with a round cap stays a circle however far the picture is stretched.
    number = len(values) - 1
    if not np.isfinite(values[number]):
        return ""
    return f'<path class="last {tone}" d="M{place.point(number, values[number])}h0"/>'


def _in_words(
    values: np.ndarray, periods: list[Period], label: str, scale: Scale, target: float | None, history: pd.DataFrame
) -> str:
    known = np.flatnonzero(np.isfinite(values))
    lowest, highest = known[np.argmin(values[known])], known[np.argmax(values[known])]
    course = "moved"
    if scale.words(values[lowest]) == scale.words(values[highest]):
        course = "same" if len(known) > 1 else "lone"
    told = {
        "course": course,
        "label": label,
        "first": periods[0].label,
        "last": periods[-1].label,
        "start": scale.words(values[known[0]]),
        "end": scale.words(values[known[-1]]),
        "least": scale.words(values[lowest]),
        "least-period": periods[lowest].label,
        "most": scale.words(values[highest]),
        "most-period": periods[highest].label,
        "n": len(values) - len(known),
    }
    if not is_number(target):
        return say("tile-spark-missing", **told)
    exact = scale_for(str(history["unit"].iloc[0]), target, significant=4)
    aim = Scale(scale.factor, max(scale.decimals, exact.decimals), scale.prefix, scale.suffix).words(target)
    return say("tile-spark-target", **told, target=aim)


def _short(period: Period) -> str:
    return f"{MONTH_NAMES[period.start.month - 1][:3]} {period.start.year}" if period.grain == "month" else period.label
