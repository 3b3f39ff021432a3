"""How far a table of paid terms reaches beyond its last start, for firms that win nobody new and lose some.

The end of a term is agreed at its start, so that it shows nothing. But where a row is the whole life of a subscription, as
billing tools export it, its end moves on with each payment: a monthly subscription of nine months has been renewed eight
times, the last time a month before its end. Such rows are told from agreed terms by their lengths.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

#: Later days may be no dates of the calendar that a computation needs; no term ends then.
LATEST = date(2999, 12, 31)
#: Lengths that are agreed beforehand.
_AGREED_MONTHS = frozenset((1, 2, 3, 6, *range(12, 121, 6)))
_AGREED_DAYS = frozenset((7, 14, 28, 30, 31, 56, 60, 84, *range(90, 93), 168, *range(180, 185), *range(364, 367)))
_INTERVALS = (12, 6, 3, 1)  # months that are paid at once
_DAY_INTERVALS = (30, 28, 14, 7)
_FEWEST = 8  # running terms: with fewer, lengths prove nothing
_FEWEST_LENGTHS = 3
_ON_GRID = 0.3  # of the terms whose length is a whole number of intervals; by chance a tenth are
_ODD = 0.05  # of the terms may be exceptions, and show nothing
_SHARED = 0.2  # of the terms that share one end which means "runs on"
_FAR = timedelta(days=3653)  # no term is agreed for so long: such an end stands for none
_YEAR_ENDS = timedelta(days=1096)  # contracts to the end of a year are made for so long at most
_OFTEN, _LATELY = (
    10,
    61,
)  # days with starts, of the last days before the last start: then it shows how far the data reach


@dataclass(frozen=True)
class _Term:
    start: date
    end: date
    n: int
    intervals: int  # whole ones from start to end; 0 if the length is none
    is_agreed: bool


def terms_reach(running: Iterable[tuple[date, date, int]], known: date) -> date:
    """Return the last day that paid terms show to be known: ``known``, or a later one that their lengths prove.

    Parameters
    ----------
    running : iterable of (date, date, int)
        Start and end of the terms that end after ``known``, and how many there are of each.
    known : date
        The last day with an event.

    Examples
    --------
    >>> lives = [(date(2026, month, 5), date(2026, 11, 5), 2) for month in range(1, 7)]  # ten months down to five
    >>> terms_reach(lives, known=date(2026, 6, 5))
    datetime.date(2026, 10, 5)
    >>> yearly = [(date(2026, month, 5), date(2027, month, 5), 2) for month in range(1, 7)]
    >>> terms_reach(yearly, known=date(2026, 6, 5))
    datetime.date(2026, 6, 5)
    """
    begun = [(start, end, n) for start, end, n in running if start <= known < end]
    pairs = [(start, end, n) for start, end, n in begun if end - known < _FAR]
    total, n_near = (sum(n for _, _, n in some) for some in (begun, pairs))
    if total < _FEWEST:
        return known
    unit = _unit_of(pairs, total) if n_near > (1 - _SHARED) * total else None
    terms = [_term(*pair, unit, known) for pair in (begun if unit is None else pairs)]
    if 2 * sum(term.n for term in terms if not term.is_agreed) < total:
        return known
    shown = _ends_before_the_shared_one(terms, total, known) if unit is None else _last_payments(terms, unit)
    return max(known, shown) if shown else known


def terms_in_doubt(running: Iterable[tuple[date, date, int]], known: date) -> int:
    """Return how many terms run beyond the last day that is known, where they do not show how far the data reach [terms].

    None are in doubt where subscriptions began on many of the days before: then the last start shows it.

    Parameters
    ----------
    running : iterable of (date, date, int)
        As of :func:`terms_reach`.
    known : date
        The last day with an event.

    Examples
    --------
    >>> yearly = [(date(2026, month, 5), date(2027, month, 5), 2) for month in range(1, 7)]
    >>> terms_in_doubt(yearly, known=date(2026, 6, 5))
    12
    >>> lives = [(date(2026, month, 5), date(2026, 11, 5), 2) for month in range(1, 7)]  # ten months down to five
    >>> terms_in_doubt(lives, known=date(2026, 6, 5))
    0
    """
    begun = [(start, end, n) for start, end, n in running if start <= known < end]
    if terms_reach(begun, known) > known or _begin_often({start for start, _, _ in begun}, known):
        return 0
    return sum(n for _, _, n in begun)


def _begin_often(starts: Iterable[date], known: date) -> bool:
    return sum((known - start).days < _LATELY for start in starts) >= _OFTEN


def _unit_of(pairs: list[tuple[date, date, int]], total: int) -> int | None:
    """Return the unit in which the terms are paid: 0 for months, a number of days, or None if there is none."""
    by_month = sum(n for start, end, n in pairs if _whole_months(start, end))
    if by_month >= _ON_GRID * total:
        return 0
    on_grid = {days: sum(n for start, end, n in pairs if (end - start).days % days == 0) for days in _DAY_INTERVALS}
    most = max(on_grid.values())
    longest = next(days for days, n in on_grid.items() if n >= (1 - _ODD) * most)  # four weeks are paid in weeks too
    return longest if most >= _ON_GRID * total else None


def _term(start: date, end: date, n: int, unit: int | None, known: date) -> _Term:
    if end - known >= _FAR:
        return _Term(start, end, n, 0, is_agreed=False)
    months, days = _whole_months(start, end), (end - start).days
    intervals = months if unit == 0 else 0
    if unit:
        whole, rest = divmod(days, unit)
        intervals = whole if rest == 0 else 0
    to_year_end = (end.month, end.day) in ((12, 31), (1, 1)) and end - known < _YEAR_ENDS
    return _Term(start, end, n, intervals, months in _AGREED_MONTHS or days in _AGREED_DAYS or to_year_end)


def _last_payments(terms: list[_Term], unit: int) -> date | None:
    """Return the day of the latest renewal that the lengths of whole lives prove."""
    lengths: Counter[int] = Counter()
    for term in terms:
        if term.intervals and not term.is_agreed:
            lengths[term.intervals] += term.n
    if len(lengths) < _FEWEST_LENGTHS or 2 * max(lengths.values()) > sum(lengths.values()):
        return None  # lengths that most have in common are agreed
    paid = [(_last_payment(term, unit), term.n) for term in terms if term.intervals]
    return _latest_but_odd(paid)


def _last_payment(term: _Term, unit: int) -> date:
    if unit:
        return term.end - timedelta(days=unit)
    return _months_after(term.end, -next(months for months in _INTERVALS if term.intervals % months == 0))


def _ends_before_the_shared_one(terms: list[_Term], total: int, known: date) -> date | None:
    """Return the latest end of terms that have ended, where those that run on share a last day that stands for none.

    Where subscriptions began on many of the days before, the last start shows how far the data reach: later ends are then
    those of customers who have given notice.
    """
    ends: Counter[date] = Counter()
    for term in terms:
        ends[term.end] += term.n
    last = max(ends)
    if ends[last] < _SHARED * total or _begin_often({term.start for term in terms}, known):
        return None
    return _latest_but_odd([(end, n) for end, n in ends.items() if end < last])


def _latest_but_odd(days: list[tuple[date, int]]) -> date | None:
    """Return the latest of the days, of so many terms each, but for a few exceptions."""
    left = int(_ODD * sum(n for _, n in days))
    for on, n in sorted(days, reverse=True):
        left -= n
        if left < 0:
            return on
    return None


def _whole_months(start: date, end: date) -> int:
    """Return the months from start to end, to a day; 0 if they are no whole number."""
    months = (end.year - start.year) * 12 + end.month - start.month
    near = (n for n in (months, months + 1) if n > 0 and abs((_months_after(start, n) - end).days) <= 1)
    return next(near, 0)


def _months_after(on: date, months: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))
