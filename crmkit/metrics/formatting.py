"""Numbers, intervals, changes, counts and periods in words: the only module that decides how many digits a reader sees.

A :class:`Scale` is chosen once per number from its unit and its interval, and then formats the value, the interval, the
change and the target alike, so that no sentence is more exact than the data behind it. English wording; only the
currency's symbol and its usual decimals come from Babel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, log10
from numbers import Real
from typing import Any, TypeGuard

from babel.numbers import get_currency_precision, get_currency_symbol

from crmkit.periods import Period

__all__ = ["Scale", "adding_up", "common_scale", "currency_of", "in_words", "is_exact", "scale_for", "scale_of"]
MINUS = "\N{MINUS SIGN}"
NO_DATA = "no data"
LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))  # amounts of money are printed in these from 1 on
_SUFFIXES = {"points": "points", "share": "%", "days": "days", "per customer": "per customer", "money": "", "count": ""}
_CHANGE_SUFFIXES = {"%": "pts", "points": "", "per customer": ""}  # a change in % is in points, not in %
_LONG_SUFFIXES = {"%": "percentage points", "per customer": ""}
_NEARLY = 0.05  # of a change: a difference of rounded numbers as near as this may be printed instead
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "series": "series"}
# Words that follow the noun, as in "customers at start" and "terms due"; so does every word in -ed: "leads converted".
_AFTER_NOUN = frozenset(
    "active at by drawn due for from held in left lost of on out paying per read sent that to who whose with without won".split()
)
_NUMBER_WORDS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()


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
        fewest = 1 if unit == "times" else 0  # "2 times (1 to 4 times)" would hide a digit that is known
        decimals = _clip(min(_decimals_for(width / 3), 3 - _magnitude(top * factor)), fewest, 4)
    else:
        decimals = _shortest(top * factor, significant)
    return Scale(factor, decimals, "", _SUFFIXES.get(unit, unit))


def scale_of(row: Any, currency: str | None = None) -> Scale:
    """Choose the scale for one row of a scorecard or of evaluated metrics: anything with unit, value, low and high.

    Where the row has a change since the period before, digits are added until the printed numbers add up, unlike in
    "8 %, up from 4 %, +5 pts".
    """
    scale = scale_for(row.unit, row.value, low=row.low, high=row.high, currency=currency)
    before, change = getattr(row, "previous_value", None), getattr(row, "change", None)
    if not (is_number(row.value) and is_number(before) and is_number(change)):
        return scale
    if abs(row.value - before - change) > 1e-9 * max(abs(row.value), abs(before)):
        return scale  # not the plain difference, as between months of unequal length
    return adding_up(scale, [(row.value, before)], currency)


def common_scale(rows: Iterable[Any], currency: str | None = None) -> Scale:
    """Choose one scale for a column of values of one metric: the finest that any of them has."""
    scales = [scale_of(row, currency) for row in rows if is_number(row.value)]
    return max(scales, key=lambda scale: scale.decimals, default=Scale())


def adding_up(scale: Scale, pairs: Iterable[tuple[float, float]], currency: str | None = None) -> Scale:
    """Return the scale with up to two more digits, so that the printed differences of pairs agree with the printed pairs.

    Examples
    --------
    >>> adding_up(Scale(100, 0, "", "%"), [(0.084, 0.036)]).decimals
    1
    """
    pairs = list(pairs)
    if scale.prefix and not scale.suffix:  # hundreds, tens, whole, and for small amounts cents: never tenths
        is_small = all(abs(number) < 100 for pair in pairs for number in pair)
        finer = [*range(scale.decimals, 1), *([_currency(currency)[1]] if is_small else [])]
    else:
        finer = [*range(scale.decimals, scale.decimals + 3)]
    scales = [replace(scale, decimals=decimals) for decimals in finer]
    return next((each for each in scales if all(each.adds_up(*pair) for pair in pairs)), scale)


def is_exact(row: Any) -> bool:
    """Return whether a number is known exactly, such as money spent; a median of whole days only looks exact."""
    return row.unit != "days" and is_number(row.low) and row.low == row.high == row.value


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


@dataclass(frozen=True)
class Scale:
    """How numbers of one metric are printed.

    Attributes
    ----------
    factor : float
        Multiplies the number before it is printed: 100 for shares.
    decimals : int
        Digits after the decimal point; a negative number rounds to tens, hundreds, ...
    prefix, suffix : str
        Currency symbol before, unit after the number.

    Examples
    --------
    >>> churn = Scale(factor=100, decimals=1, suffix="%")
    >>> churn.words(0.0623), churn.interval(0.0552, 0.0694), churn.change(0.0189), churn.size(0.0189)
    ('6.2 %', '5.5 to 6.9 %', '+1.9 pts', '1.9 percentage points')
    >>> cost = Scale(prefix="€")
    >>> cost.words(38.2), cost.interval(36.1, 40.6), cost.change(-7.1)
    ('€38', '€36 to €41', '−€7')
    """

    factor: float = 1.0
    decimals: int = 0
    prefix: str = ""
    suffix: str = ""

    def number(self, value: float | None) -> str:
        """Return the number with its currency but without its unit: "41", "6.2", "€38", "−€7"."""
        if not is_number(value):
            return NO_DATA
        rounded = self._rounded(value)
        sign = MINUS if rounded < 0 else ""
        return f"{sign}{self.prefix}{abs(rounded):,.{max(self.decimals, 0)}f}"

    def parts(self, value: float | None) -> tuple[str, str]:
        """Return number and unit separately, for a page that prints them in two sizes: ("6.2", "%")."""
        return self.number(value), self._unit(value, self.suffix) if is_number(value) else ""

    def words(self, value: float | None) -> str:
        """Return number and unit: "41 points", "6.2 %", "€38", "1 day"; "no data" for a missing value."""
        return " ".join(part for part in self.parts(value) if part)

    def interval(self, low: float | None, high: float | None) -> str:
        """Return "28 to 54 points", "5.5 to 6.9 %"; "12 days or more" where one end is open, "" where both are."""
        if not is_number(low):
            return f"up to {self.words(high)}" if is_number(high) else ""
        if not is_number(high):
            return f"{self.words(low)} or more"
        if self._rounded(low) == self._rounded(high):
            return self.words(high)
        return f"{self.number(low)} to {self.words(high)}"

    def change(self, change: float | None, between: tuple[float, float] | None = None) -> str:
        """Return a signed change: "+6", "+1.9 pts", "−€7", "no change"; "" for a missing one.

        If the numbers it lies ``between`` (now, before) are given, the result is their printed difference where that is
        nearly the same, so that a reader who subtracts them gets it too.

        Examples
        --------
        >>> Scale(decimals=1).change(6.46), Scale(decimals=1).change(6.46, (21.94, 15.48))
        ('+6.5', '+6.4')
        """
        if not is_number(change):
            return ""
        if between is not None and self._nearly(change, *between):
            change = (self._rounded(between[0]) - self._rounded(between[1])) / self.factor
        scale = self._fine_enough_for(change)
        if scale._rounded(change) == 0:
            return "no change"
        unit = scale._unit(change, _CHANGE_SUFFIXES.get(self.suffix, self.suffix))
        return f"{'+' if change > 0 else ''}{scale.number(change)} {unit}".rstrip()

    def size(self, change: float | None) -> str:
        """Return a change without its sign, for running text: "6 points", "1.9 percentage points", "€7"."""
        if not is_number(change):
            return NO_DATA
        scale = self._fine_enough_for(change)
        unit = scale._unit(change, _LONG_SUFFIXES.get(self.suffix, self.suffix))
        return f"{scale.number(abs(change))} {unit}".rstrip()

    def adds_up(self, value: float, before: float) -> bool:
        """Return whether the printed numbers differ by the printed change, or by less than a twentieth more or less.

        Examples
        --------
        >>> Scale(100, 0, "", "%").adds_up(0.084, 0.036), Scale(100, 1, "", "%").adds_up(0.084, 0.036)
        (False, True)
        >>> Scale(decimals=0).adds_up(21.94, 15.48), Scale(decimals=1).adds_up(21.94, 15.48)
        (False, True)
        """
        difference = self._rounded(value) - self._rounded(before) - self._rounded(value - before)
        return abs(difference) < 0.5 * 10.0**-self.decimals or self._nearly(value - before, value, before)

    def _nearly(self, change: float, value: float, before: float) -> bool:
        """Return whether the difference of the two printed numbers may be printed as their change."""
        difference, true = self._rounded(value) - self._rounded(before), change * self.factor
        return difference != 0 and abs(difference - true) <= _NEARLY * abs(true)

    def _rounded(self, value: float) -> float:
        return round(float(value) * self.factor, self.decimals) + 0.0  # adding zero turns -0.0 into 0.0

    def _unit(self, value: float, suffix: str) -> str:
        return singular(suffix) if abs(self._rounded(value)) == 1 and self.decimals <= 0 else suffix

    def _fine_enough_for(self, change: float) -> Scale:
        # A small but real change must not be printed as "0": up to two digits more than the value has.
        for extra in range(3):
            finer = replace(self, decimals=self.decimals + extra)
            if finer._rounded(change) != 0:
                return finer
        return self


def counted(n: float | None, nouns: str) -> str:
    """Return a count with its noun, in the singular where it is one; "" where the count is missing.

    Examples
    --------
    >>> counted(118, "answers"), counted(1, "customers at start"), counted(0, "answers"), counted(4742.0, "customers")
    ('118 answers', '1 customer at start', 'no answers', '4,742 customers')
    """
    if not is_number(n):
        return ""
    whole = round(float(n))
    if whole == 0:
        return none_of(nouns)
    return f"{whole:,} {singular(nouns) if whole == 1 else nouns}".strip()


def none_of(nouns: str) -> str:
    """Return that there is none: "no answers", "no orders or refunds"."""
    return f"no {nouns.replace(' and ', ' or ')}".strip()


def singular(nouns: str) -> str:
    """Return an English plural in the singular; phrases keep what follows the noun.

    Examples
    --------
    >>> singular("answers"), singular("people asked"), singular("customers at start"), singular("orders and refunds")
    ('answer', 'person asked', 'customer at start', 'order or refund')
    >>> singular("leads converted"), singular("customers whose payment changed")
    ('lead converted', 'customer whose payment changed')
    """
    if " and " in nouns:
        return " or ".join(singular(part) for part in nouns.split(" and "))
    words = nouns.split(" ")
    end = next((place for place, word in enumerate(words) if place and _follows_noun(word)), len(words))
    return " ".join([*words[: end - 1], _singular_word(words[end - 1]), *words[end:]])


def number_word(n: int) -> str:
    """Return "no", "one" to "twenty", and digits beyond: counts inside a sentence."""
    return _NUMBER_WORDS[n] if 0 <= n < len(_NUMBER_WORDS) else f"{n:,}"


def joined(items: list[str], last: str = "and") -> str:
    """Return a list in words: "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def beside(period: str, other: str) -> str:
    """Return a period's name as short as ``other`` allows.

    Examples
    --------
    >>> beside("2026-09", "2026-10"), beside("2025-10", "2026-10"), beside("2026-Q2", "2026-Q3")
    ('September', 'October 2025', 'Q2 2026')
    """
    return Period.parse(period).label_beside(Period.parse(other))


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value can be printed: a number that is neither NaN nor infinite, also as a percentage."""
    return isinstance(value, Real) and isfinite(float(value) * 100)


def _money_scale(value: float | None, low: float | None, high: float | None, currency: str | None, top: float) -> Scale:
    prefix, cents = _currency(currency)
    shown = value if is_number(value) else top
    for limit, word in LARGE:
        if abs(shown or 0) >= limit:
            width = _width(low, high) / limit
            # At least three digits: an amount sold is known, however wide its interval.
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
    # CLDR puts a no-break space between letters and digits: "CHF 38" but "€38".
    return symbol + ("\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""), min(get_currency_precision(code), 2)


def _are_whole(*numbers: float | None) -> bool:
    return all(float(number).is_integer() for number in numbers if is_number(number))


def _width(low: float | None, high: float | None) -> float:
    width = float(high) - float(low) if is_number(low) and is_number(high) else 0.0
    return width if width > 1e-9 else 0.0  # a rounding error is no interval


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


def _follows_noun(word: str) -> bool:
    return word in _AFTER_NOUN or word.endswith("ed")


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
