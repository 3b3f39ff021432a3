"""The ways to cut time into numbered pieces: so many months, or so many days, counted from a fixed point.

A grain is a name, so that it can stand in a frame; what a piece is made of follows from the name alone:
"week", "month", "quarter", "year", "fiscal-year-04" and "fiscal-quarter-04" (from April), "days-15-739675" (blocks of
15 days, counted from day 739,675 of the calendar).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

Grain = str

CALENDAR_GRAINS: tuple[Grain, ...] = ("week", "month", "quarter", "year")


@dataclass(frozen=True)
class Blocks:
    """Pieces of equal length: in months, or in days.

    Attributes
    ----------
    months, days : int
        Length of a piece; the other one is 0.
    offset : int
        Where piece 0 begins: months after January of the year 0, or days after 1 January of the year 1, a Monday.
    """

    months: int = 0
    days: int = 0
    offset: int = 0

    def ordinal_of(self, day: date) -> int:
        """Return the number of the piece that holds ``day``."""
        if self.months:
            return (day.year * 12 + day.month - 1 - self.offset) // self.months
        return (day.toordinal() - 1 - self.offset) // self.days

    def start_of(self, ordinal: int) -> date:
        """Return the first day of a piece."""
        if self.months:
            year, month = divmod(ordinal * self.months + self.offset, 12)
            return date(year, month + 1, 1)
        return date.fromordinal(ordinal * self.days + self.offset + 1)


@cache
def blocks_of(grain: Grain) -> Blocks:
    """Return what a piece of a grain is made of.

    Examples
    --------
    >>> blocks_of("fiscal-year-04").start_of(2025)
    datetime.date(2025, 4, 1)
    """
    name, *numbers = grain.rsplit("-", 2) if grain.startswith("days") else grain.rsplit("-", 1)
    if name == "days":
        return Blocks(days=int(numbers[0]), offset=int(numbers[1]))
    if name in ("fiscal-year", "fiscal-quarter"):
        return Blocks(months=12 if name == "fiscal-year" else 3, offset=int(numbers[0]) - 1)
    return {"week": Blocks(days=7), "month": Blocks(1), "quarter": Blocks(3), "year": Blocks(12)}[grain]


def span_grain(first: date, n_days: int) -> Grain:
    """Return the grain whose piece 0 is the ``n_days`` days from ``first`` on."""
    return f"days-{n_days}-{first.toordinal() - 1}"
