"""Cells in words: numbers of a column with the same digits, days, periods, gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import floor, log10
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.metrics.nouns import is_number
from crmkit.metrics.scale import MINUS, Scale
from crmkit.metrics.wording import scale_for
from crmkit.periods import MONTH_NAMES, Period

EMPTY = "–"


def numbers(values: pd.Series, unit: str, currency: str | None, beside: pd.Series | None = None) -> list[str]:
    """Return the numbers of a column in words, with the digits that ``beside`` asks for, where that is given.

    Examples
    --------
    >>> gained, whole = pd.Series([68.2, 9.5]), pd.Series([68.2, 239.0])
    >>> numbers(gained, "money", "EUR"), numbers(gained, "money", "EUR", beside=whole)
    (['€68.20', '€9.50'], ['€68', '€10'])
    >>> numbers(pd.Series([384_310.0, 1_240_000.0]), "money", "EUR")  # as a sentence writes them
    ['€384,000', '€1.24 million']
    """
    known = [float(value) for value in (values if beside is None else beside) if is_number(value)]
    # One scale for the column, so that its digits line up: the digits of the largest, more if a smaller one needs them.
    scale = scale_for(unit or "number", max(known, key=abs, default=0.0), currency=currency, significant=3)
    if unit not in ("money", "count") and known:
        largest = abs(max(known, key=abs)) * scale.factor
        room = 2 - floor(log10(largest)) if largest else 0
        needed = max(scale_for(unit or "number", value, significant=3).decimals for value in known)
        scale = replace(scale, decimals=2 if unit == "ratio" else max(0, min(room, needed)))
    scale = replace(scale, suffix="") if unit in ("", "ratio") else scale
    return [_sized(scale, float(value)).words(float(value)) if is_number(value) else EMPTY for value in values]


def intervals(lows: Sequence[str], highs: Sequence[str]) -> list[str]:
    """Return the intervals between numbers in words; those that are not known are open.

    Examples
    --------
    >>> intervals(["5.8 %", "€350", "–", "3 days"], ["65.2 %", "€1,420", "–", "–"])
    ['5.8 to 65.2 %', '€350 to €1,420', '–', '3 days or more']
    """
    return [_interval(low, high) for low, high in zip(lows, highs, strict=True)]


def _interval(low: str, high: str) -> str:
    if high == EMPTY:
        return low if low == EMPTY else f"{low} or more"
    if low in (EMPTY, high):
        return high if low == high else f"up to {high}"
    number, _, unit = low.partition(" ")
    return f"{number if unit and high.endswith(f' {unit}') else low} to {high}"


def in_three_digits(amounts: pd.Series) -> pd.Series:
    """Return amounts with three significant digits: more than that no forecast knows.

    Examples
    --------
    >>> in_three_digits(pd.Series([113_381.2, 0.0, 4_315.7])).tolist()
    [113000.0, 0.0, 4320.0]
    """
    return amounts.map(lambda amount: float(f"{amount:.3g}"))


def rounded_together(amount: float, low: float, high: float) -> tuple[float, float, float]:
    """Return an amount of money and its interval to the digits with which a sentence says them.

    Examples
    --------
    >>> rounded_together(10_186.3, 8_146.9, 12_612.4)
    (10200.0, 8100.0, 12600.0)
    """
    scale = scale_for("money", amount, low=low, high=high)
    amount, low, high = (round(each * scale.factor, scale.decimals) / scale.factor for each in (amount, low, high))
    return amount, low, high


def _sized(scale: Scale, value: float) -> Scale:
    """Return the scale of a column, or for an amount too small for its millions one without them: "€384,000"."""
    if scale.factor >= 1 or abs(value) * scale.factor >= 0.9995:  # no "€1,000,000" beside "€1.24 million"
        return scale
    digits = 2 - floor(log10(abs(value))) if value else 0
    return replace(scale, factor=1.0, decimals=min(0, digits), suffix="")


def cell(value: Any, empty: str = EMPTY) -> str:
    """Return anything that is no number of a unit in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not is_number(value)):
        return empty
    if isinstance(value, date):  # timestamps too
        return f"{value.day} {MONTH_NAMES[value.month - 1][:3]} {value.year}".replace(" ", "\N{NO-BREAK SPACE}")
    if is_number(value):
        return f"{value:,}".replace("-", MINUS)
    return str(value)


def period_words(value: Any) -> str:
    """Return a period as it is called; anything else as it is."""
    try:
        return Period.parse(str(value)).label
    except CrmkitError:
        return cell(value)
