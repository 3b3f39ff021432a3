"""Periods of the calendar: read from text, numbered, compared and named.

A period is half-open: it contains its first day and not its end. Its grain is the kind of period; the periods of a
grain are numbered without gaps (the ordinal), so that the previous one is a subtraction. The database computes the
same number by an expression of :mod:`crmkit.tables`, and a test compares the two.

A grain is a name, so that it can stand in a frame: "week", "month", "quarter", "year", "fiscal-year-04" and
"fiscal-quarter-04" (from April), "days-15-739675" (blocks of 15 days, counted from day 739,675 of the calendar).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeGuard

from crmkit.errors import CrmkitError

Grain = str

# Fixed English: a report must not change its language with the machine's locale.
MONTH_NAMES = "January February March April May June July August September October November December".split()
_YEARS = range(1700, 2201)  # within the range of pandas' timestamps, with room for the periods before and after
_SHAPES: dict[Grain, re.Pattern[str]] = {
    "year": re.compile(r"(\d{4})"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    "week": re.compile(r"(\d{4})-W(0[1-9]|[1-4]\d|5[0-3])"),
    "fiscal-year": re.compile(r"FY(\d{4})"),
    "fiscal-quarter": re.compile(r"FY(\d{4})-Q([1-4])"),
}
_PERIODS_PER_YEAR = {"year": 1, "quarter": 4, "month": 12, "fiscal-year": 1, "fiscal-quarter": 4}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DAY_RANGE = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, order=True)
class Period:
    """One calendar period.

    Attributes
    ----------
    grain : str
        "week", "month", "quarter", "year", a fiscal year or quarter, or a block of days; see
        :mod:`crmkit.periods`.
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
        return parse_period(text, fiscal_year_start)

    @classmethod
    def containing(cls, day: date, grain: Grain = "month") -> Period:
        """Return the period of the given grain that contains ``day``."""
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
        return Period(day_block_grain(start, self._blocks.days), 0)

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
        """The word for its kind: "month", "quarter", "week", "year", "period"."""
        known = [name for name in ("month", "quarter", "week", "year") if name in self.grain]
        return known[0] if known else "period"

    def label_beside(self, other: Period) -> str:
        """The label without the year where it is clear from ``other``.

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


# What public functions accept for a period and a day. Their decorator, crmkit.tables.arguments.checked, reads the
# arguments first: inside they are a Period and a date, so that the other forms are Any to the type checker.
PeriodLike = Period | Any  # a Period, text such as "2026-10", or two days
DayLike = date | Any  # a date, or text such as "2026-10-31"


def parse_period(text: str, fiscal_year_start: int = 1) -> Period:
    """Read "2026-10", "2026-Q4", "2026-W43", "2026", "FY2026", "FY2026-Q1" or "2026-03-01..2026-03-15".

    Parameters
    ----------
    text : str
    fiscal_year_start : int
        First month of the fiscal year [month]; a fiscal year has the number of the year in which it ends.

    Raises
    ------
    CrmkitError
        If the text is none of these.

    Examples
    --------
    >>> parse_period("FY2026", fiscal_year_start=4).start
    datetime.date(2025, 4, 1)
    >>> parse_period("2026-03-01..2026-03-15").end
    datetime.date(2026, 3, 16)
    """
    written = str(text).strip().upper()
    if span := _DAY_RANGE.fullmatch(written):
        return _day_range(text, *span.groups())
    for grain, shape in _SHAPES.items():
        match = shape.fullmatch(written)
        if match and (period := _from_parts(grain, match, fiscal_year_start)):
            return period
    raise _no_period(text)


def last_day(data_through: date | None, period: Period | None) -> date:
    """Return the last day whose data is used for a period: its own last day, or the last day with data if that is earlier.

    Parameters
    ----------
    data_through : date or None
        Last day with data.
    period : Period or None
        The period; None for all data.

    Raises
    ------
    CrmkitError
        If there are no data.

    Examples
    --------
    >>> last_day(date(2026, 10, 31), Period.parse("2026-09"))
    datetime.date(2026, 9, 30)
    """
    if data_through is None:
        raise CrmkitError("There is no data: no table has a row with a date. Run `crmkit load`, then `crmkit check`.")
    return min(data_through, period.end - timedelta(days=1)) if period else data_through


def months_before(day: date, months: int) -> date:
    """Return the day so many months before; the last day of a month stays one.

    Examples
    --------
    >>> months_before(date(2026, 10, 31), 8), months_before(date(2026, 9, 30), -1)
    (datetime.date(2026, 2, 28), datetime.date(2026, 10, 31))
    """
    after = day + timedelta(days=1)
    year, month = divmod(12 * after.year + after.month - 1 - months, 12)
    day_of_month = min(after.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day_of_month) - timedelta(days=1)


def period_of(value: object, fiscal_year_start: int = 1) -> Period:
    """Return a period given as text, as a Period, or as its first and last day.

    Raises
    ------
    CrmkitError
        If it is none of these.

    Examples
    --------
    >>> str(period_of("2026-10")), str(period_of((date(2026, 3, 1), "2026-03-15")))
    ('2026-10', '2026-03-01..2026-03-15')
    >>> period_of(date(2026, 10, 1))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: '2026-10-01' is not a period. Write 2026-10, ...
    """
    if isinstance(value, Period):
        return value
    if _is_pair_of_days(value):
        first, last = (day_of(day, "A day of a period") for day in value)  # type: ignore[attr-defined]  # it is a pair
        return _day_range(f"{first}..{last}", str(first), str(last))
    if isinstance(value, str | int) or hasattr(value, "freqstr"):  # pandas' periods are written as ours
        return parse_period(str(value), fiscal_year_start)
    raise _no_period(value)


def parse_periods(text: PeriodLike | Sequence[PeriodLike], fiscal_year_start: int = 1) -> list[Period]:
    """Read one period, a list of them, or a range "2026-01..2026-09" (both ends included).

    Parameters
    ----------
    text : str, Period or list
        See :func:`parse_period`; two days are one period.
    fiscal_year_start : int
        First month of the fiscal year [month].

    Returns
    -------
    list of Period
        All of one grain, oldest first.

    Examples
    --------
    >>> [str(p) for p in parse_periods("2026-08..2026-10")]
    ['2026-08', '2026-09', '2026-10']

    Raises
    ------
    CrmkitError
        If a text is not a period, a range runs backwards, or the periods are of different grains.
    """
    if _is_sequence(text) and not _is_pair_of_days(text):
        periods = sorted({p for item in text for p in parse_periods(item, fiscal_year_start)})
        return _one_grain(periods, ", ".join(str(item) for item in text))
    if not isinstance(text, str) or ".." not in text or _DAY_RANGE.fullmatch(text.strip()):
        return [period_of(text, fiscal_year_start)]  # papermill turns the year 2026 into a number
    first, _, last = text.partition("..")
    ends = _one_grain([parse_period(end, fiscal_year_start) for end in (first, last)], text)
    if ends[0] > ends[1]:
        raise CrmkitError(f"'{text}' runs backwards. Write the earlier period first.")
    return [Period(ends[0].grain, ordinal) for ordinal in range(ends[0].ordinal, ends[1].ordinal + 1)]


def day_of(value: object, name: str = "as_of") -> date:
    """Return a day given as a date, a timestamp or text.

    Parameters
    ----------
    value : date, timestamp or text
    name : str
        Name of the parameter, for the message.

    Raises
    ------
    CrmkitError
        If it is none of these.

    Examples
    --------
    >>> day_of("2026-09-30"), day_of(datetime(2026, 9, 30, 12, 15))
    (datetime.date(2026, 9, 30), datetime.date(2026, 9, 30))
    >>> day_of("2026-09")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: as_of must be a day, such as date(2026, 9, 30) or "2026-09-30"; met: '2026-09'.
    """
    try:
        if isinstance(value, datetime) and value == value:  # a pandas Timestamp is a datetime too, and so is NaT
            return value.date()
        if type(value) is date:
            return value
        return date.fromisoformat(value)  # type: ignore[arg-type]  # anything but text raises TypeError
    except (TypeError, ValueError):
        raise CrmkitError(
            f'{name} must be a day, such as date(2026, 9, 30) or "2026-09-30"; met: {_met(value)}.'
        ) from None


def day_in_words(day: date) -> str:
    """Return a day in words.

    Examples
    --------
    >>> day_in_words(date(2026, 10, 31))
    '31 October 2026'
    """
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def days_in_words(first: date, last: date) -> str:
    """Return a range of days in words.

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


@dataclass(frozen=True)
class Blocks:
    """The periods of a grain as blocks of equal length, in months or in days.

    Attributes
    ----------
    months, days : int
        Length of a block; the other one is 0.
    offset : int
        Where block 0 begins: months after January of the year 0, or days after 1 January of the year 1, a Monday.
    """

    months: int = 0
    days: int = 0
    offset: int = 0

    def ordinal_of(self, day: date) -> int:
        """Return the number of the block that contains ``day``."""
        if self.months:
            return (day.year * 12 + day.month - 1 - self.offset) // self.months
        return (day.toordinal() - 1 - self.offset) // self.days

    def start_of(self, ordinal: int) -> date:
        """Return the first day of a block."""
        if self.months:
            year, month = divmod(ordinal * self.months + self.offset, 12)
            return date(year, month + 1, 1)
        return date.fromordinal(ordinal * self.days + self.offset + 1)


@cache
def blocks_of(grain: Grain) -> Blocks:
    """Return the blocks of a grain.

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


def day_block_grain(first: date, n_days: int) -> Grain:
    """Return the grain whose period 0 is the ``n_days`` days from ``first`` on."""
    return f"days-{n_days}-{first.toordinal() - 1}"


def _is_pair_of_days(value: object) -> bool:
    if not isinstance(value, tuple | list) or len(value) != 2:
        return False
    return all(isinstance(day, date) or (isinstance(day, str) and _DAY.fullmatch(day)) for day in value)


def _is_sequence(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable) and not isinstance(value, str) and not hasattr(value, "columns")


def _no_period(value: object) -> CrmkitError:
    written = str(value)
    if isinstance(value, str) and _is_range(written):
        first, _, last = written.partition("..")
        return CrmkitError(
            f"'{written}' is not a period but several, and one is asked for: write one, such as {last.strip()}, or its "
            f'first and last day. Several at once: ck.evaluate(catalog, metrics, "{first.strip()}..{last.strip()}").'
        )
    met = f"'{written}'" if len(written) <= 60 and "\n" not in written else f"A {type(value).__name__}"
    match = re.fullmatch(r"(\d{4})-([1-9])", written.strip())
    meant = f" Did you mean {match[1]}-0{match[2]}?" if match else ""
    return CrmkitError(
        f"{met} is not a period.{meant} Write 2026-10, 2026-Q4, 2026-W43 (a week), 2026, FY2026 (a fiscal year), "
        "FY2026-Q1 or 2026-03-01..2026-03-15; years run from 1700 to 2200."
    )


def _is_range(text: str) -> bool:
    first, dots, last = text.partition("..")
    return bool(dots) and all(
        any(shape.fullmatch(end.strip().upper()) for shape in _SHAPES.values()) for end in (first, last)
    )


def _met(value: object) -> str:
    """Return a value as it is written in Python, or its type where that is long."""
    written = repr(value)
    return written if len(written) <= 60 and "\n" not in written else f"a {type(value).__name__}"


def _day_range(text: str, first: str, last: str) -> Period:
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise CrmkitError(f"'{text}' holds a day that the calendar has not.") from None
    if end < start or start.year not in _YEARS or end.year not in _YEARS:
        raise CrmkitError(f"'{text}' is not a range of days. Write the earlier day first; years run from 1700 to 2200.")
    return Period(day_block_grain(start, (end - start).days + 1), 0)


def _from_parts(grain: Grain, match: re.Match[str], fiscal_year_start: int) -> Period | None:
    year, part = int(match[1]), int(match[2]) if match.lastindex == 2 else 1
    if year not in _YEARS:
        return None
    if grain == "week":
        try:
            return Period.containing(date.fromisocalendar(year, part, 1), "week")
        except ValueError:  # week 53 of a year that has 52
            return None
    if grain.startswith("fiscal"):
        begins = year - (fiscal_year_start > 1)
        return Period(f"{grain}-{fiscal_year_start:02d}", begins * _PERIODS_PER_YEAR[grain] + part - 1)
    return Period(grain, year * _PERIODS_PER_YEAR[grain] + part - 1)


def _one_grain(periods: list[Period], text: str) -> list[Period]:
    if len({p.grain for p in periods}) > 1:
        raise CrmkitError(f"'{text}' mixes kinds of periods. Use months only, quarters only, weeks only or years only.")
    if not periods:
        raise CrmkitError("No period was given. Write a month as 2026-10.")
    return periods
