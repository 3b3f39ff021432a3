"""Read periods written as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from crmkit.errors import CrmkitError
from crmkit.periods.grains import Grain, span_grain
from crmkit.periods.period import Period

_YEARS = range(1700, 2201)  # what pandas' timestamps hold, with room for the periods before and after
_SHAPES: dict[Grain, re.Pattern[str]] = {
    "year": re.compile(r"(\d{4})"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    "week": re.compile(r"(\d{4})-W(0[1-9]|[1-4]\d|5[0-3])"),
    "fiscal-year": re.compile(r"FY(\d{4})"),
    "fiscal-quarter": re.compile(r"FY(\d{4})-Q([1-4])"),
}
_PIECES_A_YEAR = {"year": 1, "quarter": 4, "month": 12, "fiscal-year": 1, "fiscal-quarter": 4}
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")


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
    if span := _SPAN.fullmatch(written):
        return _span(text, *span.groups())
    for grain, shape in _SHAPES.items():
        match = shape.fullmatch(written)
        if match and (period := _from_parts(grain, match, fiscal_year_start)):
            return period
    raise CrmkitError(
        f"'{text}' is not a period. Write 2026-10, 2026-Q4, 2026-W43 (a week), 2026, FY2026 (a fiscal year), "
        "FY2026-Q1 or 2026-03-01..2026-03-15; years run from 1700 to 2200."
    )


def parse_periods(text: str | Period | Sequence[str | Period], fiscal_year_start: int = 1) -> list[Period]:
    """Read one period, a list of them, or a range "2026-01..2026-09" (both ends included).

    Parameters
    ----------
    text : str, Period or list
        See :func:`parse_period`.
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
    if isinstance(text, Period):
        return [text]
    if isinstance(text, Iterable) and not isinstance(text, str):
        periods = sorted({p for item in text for p in parse_periods(item, fiscal_year_start)})
        return _one_grain(periods, ", ".join(str(item) for item in text))
    text = str(text)  # papermill turns the year 2026 into a number
    if ".." not in text or _SPAN.fullmatch(text.strip()):
        return [parse_period(text, fiscal_year_start)]
    first, _, last = text.partition("..")
    ends = _one_grain([parse_period(end, fiscal_year_start) for end in (first, last)], text)
    if ends[0] > ends[1]:
        raise CrmkitError(f"'{text}' runs backwards. Write the earlier period first.")
    return [Period(ends[0].grain, ordinal) for ordinal in range(ends[0].ordinal, ends[1].ordinal + 1)]


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
        return Period(f"{grain}-{fiscal_year_start:02d}", begins * _PIECES_A_YEAR[grain] + part - 1)
    return Period(grain, year * _PIECES_A_YEAR[grain] + part - 1)


def _span(text: str, first: str, last: str) -> Period:
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise CrmkitError(f"'{text}' holds a day that the calendar has not.") from None
    if end < start or start.year not in _YEARS or end.year not in _YEARS:
        raise CrmkitError(f"'{text}' is not a range of days. Write the earlier day first; years run from 1700 to 2200.")
    return Period(span_grain(start, (end - start).days + 1), 0)


def _one_grain(periods: list[Period], text: str) -> list[Period]:
    if len({p.grain for p in periods}) > 1:
        raise CrmkitError(f"'{text}' mixes kinds of periods. Use months only, quarters only, weeks only or years only.")
    if not periods:
        raise CrmkitError("No period was given. Write a month as 2026-10.")
    return periods
