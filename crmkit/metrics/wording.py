"""Numbers, intervals and changes in words: the only place that decides how many digits a reader sees.

A :class:`~crmkit.metrics.scale.Scale` is chosen once per number from its unit and its interval, and then words the
value, the interval, the change and the target alike, so that no sentence is more exact than the data behind it.
English wording; only the currency's symbol and its usual decimals come from Babel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil, floor, log10
from typing import Any

from babel.numbers import get_currency_precision, get_currency_symbol

from crmkit.metrics.nouns import is_number
from crmkit.metrics.scale import Scale

__all__ = ["Scale", "adding_up", "common_scale", "currency_of", "in_words", "is_exact", "scale_for", "scale_of"]

_SUFFIXES = {"points": "points", "share": "%", "days": "days", "per customer": "per customer", "money": "", "count": ""}


def scale_for(
    unit: str,
    value: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    currency: str | None = None,
    significant: int = 2,
) -> Scale:
    r"""Choose the scale on which a number is printed.

    The interval spans at least three steps of the last digit printed (thirty where whole numbers are rounded);
    without an interval ``significant`` digits are kept, and no trailing zeros.

    Parameters
    ----------
    unit : str
        ``points``, ``share`` (0 to 1, printed as %), ``money``, ``count``, ``days``, ``per customer``; any other
        unit is printed after the number as it is.
    value, low, high : float or None
        The number and the ends of its interval [unit].
    currency : str or None
        ISO 4217 code such as EUR; without it money is printed as a plain number.
    significant : int
        Digits to keep where there is no interval, such as 4 for a target, which is exact.

    Returns
    -------
    Scale

    Examples
    --------
    >>> scale_for("money", 21_437.0, low=16_900.0, high=26_300.0, currency="EUR").words(21_437.0)
    '€21,400'
    >>> scale_for("money", 2_150_000.0, currency="IDR").words(2_150_000.0)
    'IDR\xa02.15 million'
    """
    top = max((abs(number) for number in (value, low, high) if is_number(number)), default=0.0)
    if unit == "money":
        return _money_scale(value, low, high, currency, top)
    factor = 100.0 if unit == "share" else 1.0
    if unit == "count" or (unit == "days" and _are_whole(value, low, high)):
        decimals = 0
    elif (width := _width(low, high) * factor) > 0:
        fewest = 1 if unit == "times" else 0  # "2 times (1 to 4 times)" tells less than is known
        decimals = _clip(min(_decimals_for(width / 3), 3 - _magnitude(top * factor)), fewest, 4)
    else:
        decimals = _shortest(top * factor, significant)
    return Scale(factor, decimals, "", _SUFFIXES.get(unit, unit))


def is_exact(row: Any) -> bool:
    """Return whether a number is known exactly, such as money spent: a median of whole days only looks like it."""
    return row.unit != "days" and is_number(row.low) and row.low == row.high == row.value


def scale_of(row: Any, currency: str | None = None) -> Scale:
    """Choose the scale for one row of a scorecard or of evaluated metrics: anything with unit, value, low and high.

    Where the row has a change since the period before, digits are added until what is printed adds up: nobody is to
    read "8 %, up from 4 %, +5 pts".
    """
    scale = scale_for(row.unit, row.value, low=row.low, high=row.high, currency=currency)
    before, change = getattr(row, "previous_value", None), getattr(row, "change", None)
    if not (is_number(row.value) and is_number(before) and is_number(change)):
        return scale
    if abs(row.value - before - change) > 1e-9 * max(abs(row.value), abs(before)):
        return scale  # such as the change of months of unequal length: it is not the plain difference
    return adding_up(scale, [(row.value, before)], currency)


def adding_up(scale: Scale, pairs: Iterable[tuple[float, float]], currency: str | None = None) -> Scale:
    """Return the scale with as many more digits, two at most, as make the differences of pairs, as printed, agree with them.

    Examples
    --------
    >>> adding_up(Scale(100, 0, "", "%"), [(0.084, 0.036)]).decimals
    1
    """
    pairs = list(pairs)
    if scale.prefix and not scale.suffix:  # hundreds, tens, whole, and of small amounts cents: nobody writes tenths
        is_small = all(abs(number) < 100 for pair in pairs for number in pair)
        finer = [*range(scale.decimals, 1), *([_currency(currency)[1]] if is_small else [])]
    else:
        finer = [*range(scale.decimals, scale.decimals + 3)]
    scales = [replace(scale, decimals=decimals) for decimals in finer]
    return next((each for each in scales if all(each.adds_up(*pair) for pair in pairs)), scale)


def common_scale(rows: Iterable[Any], currency: str | None = None) -> Scale:
    """Choose one scale for a column of values of one metric: the finest that any of them has."""
    scales = [scale_of(row, currency) for row in rows if is_number(row.value)]
    return max(scales, key=lambda scale: scale.decimals, default=Scale())


def currency_of(frame: Any, currency: str | None = None) -> str | None:
    """Return the currency given, or the one noted on the frame (``frame.attrs["currency"]``), or None."""
    return currency or frame.attrs.get("currency")


def in_words(
    value: float | None,
    unit: str,
    *,
    low: float | None = None,
    high: float | None = None,
    currency: str | None = None,
) -> str:
    """Return one number with its unit; see :func:`scale_for`.

    Examples
    --------
    >>> in_words(41.2, "points", low=28, high=54), in_words(1204, "count"), in_words(float("nan"), "share")
    ('41 points', '1,204', 'no data')
    """
    return scale_for(unit, value, low=low, high=high, currency=currency).words(value)


def _money_scale(value: float | None, low: float | None, high: float | None, currency: str | None, top: float) -> Scale:
    prefix, cents = _currency(currency)
    shown = value if is_number(value) else top
    for limit, word in ((1e9, "billion"), (1e6, "million")):
        if abs(shown or 0) >= limit:
            width = _width(low, high) / limit
            # Three digits at least: what was sold is known, however far chance might have moved it.
            three = 2 - _magnitude(abs(shown or 0) / limit)
            decimals = (
                _clip(max(_decimals_for(width / 3), three), 0, 3) if width else _shortest(abs(shown or 0) / limit, 3)
            )
            return Scale(1 / limit, decimals, prefix, word)
    width = _width(low, high)
    if width >= 3:
        return Scale(1.0, min(0, -_magnitude(width / 30)), prefix)
    whole = float(shown or 0).is_integer() and not width
    return Scale(1.0, 0 if top >= 100 or whole else cents, prefix)


def _currency(code: str | None) -> tuple[str, int]:
    if not code:
        return "", 2
    symbol = get_currency_symbol(code, locale="en")
    # CLDR sets a no-break space between letters and digits: "CHF 38" but "€38".
    return symbol + ("\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""), min(get_currency_precision(code), 2)


def _are_whole(*numbers: float | None) -> bool:
    return all(float(number).is_integer() for number in numbers if is_number(number))


def _width(low: float | None, high: float | None) -> float:
    width = float(high) - float(low) if is_number(low) and is_number(high) else 0.0
    return width if width > 1e-9 else 0.0  # what is left of rounding is no interval


def _decimals_for(step: float) -> int:
    return ceil(-log10(step) - 1e-9)


def _magnitude(value: float) -> int:
    return floor(log10(value) + 1e-9) if value > 0 else 0


def _shortest(value: float, significant: int) -> int:
    decimals = _clip(significant - 1 - _magnitude(value), 0, 4)
    while decimals and round(value, decimals - 1) == round(value, decimals):
        decimals -= 1
    return decimals


def _clip(number: int, low: int, high: int) -> int:
    return max(low, min(number, high))
