"""A scale words every number of one metric alike: its value, its interval, its change."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crmkit.metrics.nouns import is_number, singular

MINUS = "\N{MINUS SIGN}"
NO_DATA = "no data"
_CHANGE_SUFFIXES = {"%": "pts", "points": "", "per customer": ""}  # a change in % is in points, not in %
_NEARLY = 0.05  # of a change: so far the difference of rounded numbers may be from it and stand for it
_LONG_SUFFIXES = {"%": "percentage points", "per customer": ""}


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
        """Return number and unit apart, for a page that prints them in two sizes: ("6.2", "%")."""
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

        Where the numbers ``between`` which it lies (now, before) are given, it is their difference as printed, if that is
        nearly the same: who reads both can subtract them.

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
        """Return whether the difference of both numbers, as printed, is the change, as printed, or less than a twentieth off.

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
        """Return whether the difference of two numbers, as printed, may stand for their change."""
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
