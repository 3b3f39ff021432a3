"""One period of the calendar: its days, its neighbours, its name.

A period is half-open: it holds its first day and not its end. The pieces of a grain are numbered without gaps (the
ordinal), so that "the one before" is a subtraction; the same number is computed in the database by
:func:`crmkit.tables.expressions.period_ordinal`, and a test keeps the two in step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from crmkit.periods.grains import Blocks, Grain, blocks_of, span_grain

# Fixed English: a report must not change its language with the machine's locale.
MONTH_NAMES = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, order=True)
class Period:
    """One calendar period.

    Attributes
    ----------
    grain : str
        "week", "month", "quarter", "year", a fiscal year or quarter, or a block of days; see
        :mod:`crmkit.periods.grains`.
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

    @staticmethod
    def parse(text: str, fiscal_year_start: int = 1) -> Period:
        """Read a period written as text; see :func:`crmkit.periods.parse_period`."""
        from crmkit.periods.parsing import parse_period

        return parse_period(text, fiscal_year_start)

    @classmethod
    def containing(cls, day: date, grain: Grain = "month") -> Period:
        """Return the period of the given grain that holds ``day``."""
        return cls(grain, blocks_of(grain).ordinal_of(day))

    @property
    def start(self) -> date:
        """First day of the period."""
        return self._blocks.start_of(self.ordinal)

    @property
    def end(self) -> date:
        """First day after the period."""
        return self._blocks.start_of(self.ordinal + 1)

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
        if self._blocks.months:
            return self.shift(-12 // self._blocks.months)
        if self.grain == "week":
            year, week, _ = self.start.isocalendar()
            last_week = date(year - 1, 12, 28).isocalendar().week  # 28 December is always in the last ISO week
            return Period.containing(date.fromisocalendar(year - 1, min(week, last_week), 1), "week")
        leap_day = (self.start.month, self.start.day) == (2, 29)
        start = self.start.replace(year=self.start.year - 1, day=28 if leap_day else self.start.day)
        return Period(span_grain(start, self._blocks.days), 0)

    @property
    def label(self) -> str:
        """The period in words: "October 2026", "Q4 2026", "week 43 of 2026", "2026", "1 to 15 March 2026"."""
        start = self.start
        if self.grain == "month":
            return f"{MONTH_NAMES[start.month - 1]} {start.year}"
        if self.grain == "quarter":
            return f"Q{(start.month + 2) // 3} {start.year}"
        if self.grain == "week":
            return "week {1} of {0}".format(*start.isocalendar()[:2])
        if self.grain.startswith("fiscal"):
            year, _, quarter = str(self)[2:].partition("-")
            return f"{quarter} of fiscal year {year}" if quarter else f"fiscal year {year}"
        return days_in_words(start, self.end - timedelta(days=1)) if self._blocks.days else str(start.year)

    @property
    def noun(self) -> str:
        """What the period is one of: "month", "quarter", "week", "year", "period"."""
        known = [name for name in ("month", "quarter", "week", "year") if name in self.grain]
        return known[0] if known else "period"

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
        start = self.start
        if self.grain == "month":
            return f"{start.year:04d}-{start.month:02d}"
        if self.grain == "quarter":
            return f"{start.year:04d}-Q{(start.month + 2) // 3}"
        if self.grain == "week":
            return "{:04d}-W{:02d}".format(*start.isocalendar()[:2])
        if self.grain.startswith("fiscal"):
            return self._fiscal_text()
        return f"{start}..{self.end - timedelta(days=1)}" if self._blocks.days else f"{start.year:04d}"

    @property
    def _blocks(self) -> Blocks:
        return blocks_of(self.grain)

    def _fiscal_text(self) -> str:
        begins, quarter = divmod(self.ordinal, 12 // self._blocks.months)
        year = begins + (self._blocks.offset > 0)  # named for the year in which it ends
        return f"FY{year:04d}" if self._blocks.months == 12 else f"FY{year:04d}-Q{quarter + 1}"


def day_in_words(day: date) -> str:
    """Return a day as a reader writes it.

    Examples
    --------
    >>> day_in_words(date(2026, 10, 31))
    '31 October 2026'
    """
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def days_in_words(first: date, last: date) -> str:
    """Return a stretch of days as a reader writes it.

    Examples
    --------
    >>> days_in_words(date(2026, 2, 27), date(2026, 3, 4)), days_in_words(date(2026, 3, 2), date(2026, 3, 4))
    ('27 February to 4 March 2026', '2 to 4 March 2026')
    """
    if first == last:
        return day_in_words(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_in_words(last)}"
    from_year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {MONTH_NAMES[first.month - 1]}{from_year} to {day_in_words(last)}"
