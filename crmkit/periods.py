"""Calendar periods written as text: "2026-10", "2026-Q4", "2026-W43", "2026".

A period is half-open: it holds its first day and not its end. Each kind of period is numbered without gaps
(the ordinal), so that "the one before" is a subtraction; the same number is computed in the database by
:func:`crmkit.tables.expressions.period_ordinal`, and a test keeps the two in step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from crmkit.errors import CrmkitError

Grain = Literal["week", "month", "quarter", "year"]

_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_FIRST_MONDAY = date(1, 1, 1)  # a Monday in the proleptic Gregorian calendar
_YEARS = range(1700, 2201)  # what pandas' timestamps hold, with room for the periods before and after
_SHAPES: dict[Grain, re.Pattern[str]] = {
    "year": re.compile(r"(\d{4})"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    "week": re.compile(r"(\d{4})-W(0[1-9]|[1-4]\d|5[0-3])"),
}
# Fixed English: a report must not change its language with the machine's locale.
MONTH_NAMES = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, order=True)
class Period:
    """One calendar period.

    Attributes
    ----------
    grain : {"week", "month", "quarter", "year"}
    ordinal : int
        Number of the period among those of its grain; consecutive periods differ by one.

    Examples
    --------
    >>> october = Period.parse("2026-10")
    >>> october.start, october.end
    (datetime.date(2026, 10, 1), datetime.date(2026, 11, 1))
    >>> str(october.previous), str(october.year_before), october.label
    ('2026-09', '2025-10', 'October 2026')
    """

    grain: Grain
    ordinal: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read "2026-10", "2026-Q4", "2026-W43" or "2026".

        Raises
        ------
        CrmkitError
            If the text is none of these.
        """
        for grain, shape in _SHAPES.items():
            match = shape.fullmatch(str(text).strip().upper())
            if match and (period := cls._from_parts(grain, match)):
                return period
        raise CrmkitError(
            f"'{text}' is not a period. Write 2026-10, 2026-Q4, 2026-W43 (a week) or 2026; years run from 1700 to 2200."
        )

    @classmethod
    def containing(cls, day: date, grain: Grain = "month") -> Period:
        """Return the period of the given grain that holds ``day``."""
        if grain == "week":
            return cls(grain, (day.toordinal() - _FIRST_MONDAY.toordinal()) // 7)
        return cls(grain, (day.year * 12 + day.month - 1) // _MONTHS_IN[grain])

    @property
    def start(self) -> date:
        """First day of the period."""
        if self.grain == "week":
            return _FIRST_MONDAY + timedelta(weeks=self.ordinal)
        year, month = divmod(self.ordinal * _MONTHS_IN[self.grain], 12)
        return date(year, month + 1, 1)

    @property
    def end(self) -> date:
        """First day after the period."""
        return self.shift(1).start

    @property
    def n_days(self) -> int:
        """Length [days]."""
        return (self.end - self.start).days

    @property
    def previous(self) -> Period:
        """The period just before."""
        return self.shift(-1)

    @property
    def year_before(self) -> Period:
        """The same period a year earlier; for ISO week 53 the last week of the year before."""
        if self.grain != "week":
            return self.shift(-12 // _MONTHS_IN[self.grain])
        year, week, _ = self.start.isocalendar()
        last_week = date(year - 1, 12, 28).isocalendar().week  # 28 December is always in the last ISO week
        return Period.containing(date.fromisocalendar(year - 1, min(week, last_week), 1), "week")

    @property
    def label(self) -> str:
        """The period in words: "October 2026", "Q4 2026", "week 43 of 2026", "2026"."""
        if self.grain == "month":
            return f"{MONTH_NAMES[self.start.month - 1]} {self.start.year}"
        if self.grain == "quarter":
            return f"Q{(self.start.month + 2) // 3} {self.start.year}"
        if self.grain == "week":
            year, week, _ = self.start.isocalendar()
            return f"week {week} of {year}"
        return str(self.start.year)

    def label_beside(self, other: Period) -> str:
        """The label without the year where ``other`` is near enough for the reader to fill it in.

        Examples
        --------
        >>> Period.parse("2026-09").label_beside(Period.parse("2026-10"))
        'September'
        >>> Period.parse("2025-10").label_beside(Period.parse("2026-10"))
        'October 2025'
        """
        near = self.grain == "month" and abs(self.ordinal - other.ordinal) < 12
        return MONTH_NAMES[self.start.month - 1] if near else self.label

    def shift(self, steps: int) -> Period:
        """Return the period ``steps`` later (earlier if negative)."""
        return Period(self.grain, self.ordinal + steps)

    def run_up(self, n: int) -> list[Period]:
        """Return the ``n`` periods that end with this one, oldest first."""
        return [self.shift(step) for step in range(1 - n, 1)]

    def __str__(self) -> str:
        year = self.start.year
        if self.grain == "month":
            return f"{year:04d}-{self.start.month:02d}"
        if self.grain == "quarter":
            return f"{year:04d}-Q{(self.start.month + 2) // 3}"
        if self.grain == "week":
            return "{:04d}-W{:02d}".format(*self.start.isocalendar()[:2])
        return f"{year:04d}"

    @classmethod
    def _from_parts(cls, grain: Grain, match: re.Match[str]) -> Period | None:
        year = int(match[1])
        if year not in _YEARS:
            return None
        if grain == "week":
            try:
                return cls.containing(date.fromisocalendar(year, int(match[2]), 1), "week")
            except ValueError:  # week 53 of a year that has 52
                return None
        part = int(match[2]) if match.lastindex == 2 else 1
        return cls(grain, year * 12 // _MONTHS_IN[grain] + part - 1)


def parse_periods(text: str | Period | Sequence[str | Period]) -> list[Period]:
    """Read one period, a list of them, or a range "2026-01..2026-09" (both ends included).

    Examples
    --------
    >>> [str(p) for p in parse_periods("2026-08..2026-10")]
    ['2026-08', '2026-09', '2026-10']

    Raises
    ------
    CrmkitError
        If a text is not a period, a range runs backwards, or the periods are of different grains.
    """
    if isinstance(text, Period):
        return [text]
    if isinstance(text, Iterable) and not isinstance(text, str):
        periods = sorted({p for item in text for p in parse_periods(item)}, key=lambda p: (p.grain, p.ordinal))
        return _one_grain(periods, ", ".join(str(item) for item in text))
    if ".." not in (text := str(text)):  # papermill turns the year 2026 into a number
        return [Period.parse(text)]
    first, _, last = text.partition("..")
    ends = _one_grain([Period.parse(first), Period.parse(last)], text)
    if ends[0] > ends[1]:
        raise CrmkitError(f"'{text}' runs backwards. Write the earlier period first.")
    return [Period(ends[0].grain, ordinal) for ordinal in range(ends[0].ordinal, ends[1].ordinal + 1)]


def _one_grain(periods: list[Period], text: str) -> list[Period]:
    if len({p.grain for p in periods}) > 1:
        raise CrmkitError(f"'{text}' mixes kinds of periods. Use months only, quarters only, weeks only or years only.")
    if not periods:
        raise CrmkitError("No period was given. Write a month as 2026-10.")
    return periods
