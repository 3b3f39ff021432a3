"""Column expressions on which engines differ; the only module that works around peculiarities of Ibis.

Five rules make the same query give the same numbers on DuckDB, PostgreSQL and Spark: divide floats only; count
days between dates, never between timestamps; make float constants by a cast; join on equality only; number months
as integers. Every other module writes plain comparisons and sums and uses the functions of this one for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias, cast

import ibis
import ibis.expr.types as ir

from crmkit.periods import Grain, blocks_of

_MONDAY = date(1970, 1, 5)
_DAYS_BEFORE_MONDAY = (_MONDAY - date(1, 1, 1)).days


def number(value: int) -> ir.FloatingScalar:
    """Return an integer constant as a float; a literal 1.0 becomes a short DECIMAL on Spark."""
    return cast(ir.FloatingScalar, ibis.literal(int(value)).cast("float64"))


def ratio(numerator: Any, denominator: Any) -> ir.FloatingColumn:
    """Return numerator / denominator in float64, null where the denominator is zero."""
    return numerator.cast("float64") / denominator.cast("float64").nullif(0)


def is_some(amount: Any) -> ir.BooleanColumn:
    """Return whether an amount is above zero by more than the rounding of sums leaves, a millionth.

    A customer whose orders and refunds cancel has a sum of 0 or of a few digits beyond the sixteenth, above or below
    zero, as the engine happens to add them up.
    """
    return amount * number(10**6) > number(1)


#: A day, or a placeholder in a query that is compiled once for many days (:mod:`crmkit.tables.day_queries`).
Day: TypeAlias = date | ir.DateScalar


def constant_day(on: Day) -> ir.DateScalar:
    """Return a calendar day as a constant."""
    return on if isinstance(on, ir.DateScalar) else ibis.date(on.year, on.month, on.day)


def day(moment: Any) -> ir.DateColumn:
    """Return the calendar day of a timestamp or date."""
    return moment.cast("date")


def days_between(earlier: Any, later: Any) -> ir.IntegerColumn:
    """Return the whole days from one day to another [days]; midnights, not 24-hour spans."""
    return day(later).delta(day(earlier), unit="day")


def months_of(days: Any) -> ir.FloatingColumn:
    """Return a number of days in months, to a quarter of one: a month is 1 whether it has 28 days or 31."""
    return ratio((days.cast("int64") * 64 + 243) // 487, number(4))  # a quarter of a mean month has 487 / 64 days


def month_position(on: Any) -> ir.FloatingColumn:
    """Return how many months a day's beginning is after that of the year 2000, the part of its own by days [months]."""
    year, month = day(on).year(), day(on).month()
    first = ibis.date(year, month, 1)
    following = ibis.date((year + month // 12).cast("int32"), (month % 12 + 1).cast("int32"), 1)
    part = ratio(day(on).day() - 1, following.delta(first, unit="day"))
    return ((year - 2000) * 12 + month - 1).cast("float64") + part


def add_days(on: Any, days: int) -> ir.DateColumn:
    """Return the day a number of days later."""
    # A date plus an interval is a timestamp in the database, though Ibis calls it a date and drops the cast.
    return (day(on).cast("timestamp") + ibis.interval(days=days)).cast("date")


def period_ordinal(moment: Any, grain: Grain) -> ir.IntegerColumn:
    """Return the number of the period that contains ``moment``, as :class:`crmkit.periods.Period` counts them."""
    blocks, on = blocks_of(grain), day(moment)
    if blocks.months:
        ordinal = on.year() * 12 + on.month() - 1 - blocks.offset
        ordinal = ordinal if blocks.months == 1 else ordinal // blocks.months
    else:
        ordinal = (_days_since_monday(on) + _DAYS_BEFORE_MONDAY - blocks.offset) // blocks.days
    return ordinal.cast("int64")


def day_of_period(moment: Any, grain: Grain) -> ir.IntegerColumn:
    """Return the days from the first day of the period that contains ``moment`` to that day [days]; 0 on the first."""
    blocks, on = blocks_of(grain), day(moment)
    if blocks.months == 1:
        return on.day() - 1
    if blocks.months:
        month = period_ordinal(moment, grain) * blocks.months + blocks.offset
        start = ibis.date((month // 12).cast("int32"), (month % 12 + 1).cast("int32"), 1)
        return on.delta(start, unit="day")
    since = _days_since_monday(on) + _DAYS_BEFORE_MONDAY - blocks.offset
    return since - since // blocks.days * blocks.days


def _days_since_monday(on: Any) -> ir.IntegerColumn:
    return on.delta(ibis.date(_MONDAY.year, _MONDAY.month, _MONDAY.day), unit="day")


def indicator(condition: Any) -> ir.FloatingColumn:
    """Return 1 where the condition holds, else 0 (also where it is unknown), as a float."""
    return ibis.ifelse(condition, 1, 0).cast("float64")


def where(condition: Any | None, value: Any) -> ir.FloatingColumn:
    """Return ``value`` as a float where the condition holds, else 0; unknown values count as 0."""
    known = ibis.coalesce(value.cast("float64"), number(0))
    return known if condition is None else ibis.ifelse(condition, known, number(0))


def union(tables: Sequence[ir.Table]) -> ir.Table:
    """Stack tables of the same columns."""
    first, *rest = tables
    return ibis.union(first, *rest) if rest else first


def highest_before(table: ir.Table, column: str, *, within: str, order_by: Sequence[str]) -> Any:
    """Return the highest value of ``column`` in the rows before this one of the same ``within``."""
    window = ibis.window(group_by=within, order_by=list(order_by), preceding=(None, 1))
    return table[column].max().over(window)


def highest(table: ir.Table, column: str, *, within: str, order_by: Sequence[str]) -> Any:
    """Return the highest value of ``column`` in all rows of the same ``within``; the order saves the engine a second sort."""
    window = ibis.window(group_by=within, order_by=list(order_by), preceding=None, following=None)
    return table[column].max().over(window)


def place(*, within: str, order_by: Sequence[str]) -> ir.IntegerColumn:
    """Return the number of the row among those of the same ``within``, from 1."""
    number_from_0 = ibis.row_number().over(ibis.window(group_by=within, order_by=list(order_by)))
    return (number_from_0 + 1).cast("int64")


def value_after(table: ir.Table, column: str, *, within: str, order_by: Sequence[str]) -> Any:
    """Return ``column`` of the next row of the same ``within``, null at the last."""
    return table[column].lead().over(ibis.window(group_by=within, order_by=list(order_by)))


def value_before(table: ir.Table, column: str, *, within: str, order_by: Sequence[str]) -> Any:
    """Return ``column`` of the row before of the same ``within``, null at the first."""
    return table[column].lag().over(ibis.window(group_by=within, order_by=list(order_by)))


def running_sum(table: ir.Table, column: str, *, within: str, order_by: Sequence[str]) -> Any:
    """Return the sum of ``column`` over this row and those before it of the same ``within``."""
    window = ibis.window(group_by=within, order_by=list(order_by), preceding=None, following=0)
    return table[column].sum().over(window)


def with_periods(table: ir.Table, first: Any, last: Any, bounds: Mapping[int, tuple[date, date]]) -> ir.Table:
    """Repeat each row for every period from ordinal ``first`` to ``last``, as far as ``bounds`` lists them.

    Adds ``period`` (ordinal), ``period_start`` and ``period_end`` (days). The repetition is bounded by each row's own
    span, so no grid of rows by periods arises. A row whose span is unknown is in no period.
    """
    low, high = min(bounds), max(bounds)
    inside = table.mutate(_first=first, _last=last)
    inside = inside.filter(inside._first.notnull() & inside._last.notnull())  # GREATEST ignores nulls
    inside = inside.mutate(_first=ibis.greatest(inside._first, low), _last=ibis.least(inside._last, high))
    inside = inside.filter(inside._first <= inside._last)
    spread = inside.mutate(period=ibis.range(inside._first.cast("int64"), inside._last.cast("int64") + 1).unnest())
    return spread.join(_period_table(bounds), "period").drop("_first", "_last")


def _period_table(bounds: Mapping[int, tuple[date, date]]) -> ir.Table:
    """Return one row per period: period, period_start, period_end.

    A frame would become a temporary table, which a read-only role cannot create.
    """
    low, high = (ibis.literal(ordinal, "int64") for ordinal in (min(bounds), max(bounds) + 1))
    rows = ibis.range(low, high).unnest().name("period").as_table()
    rows = rows.filter(rows.period.isin(list(bounds)))
    starts, ends = ({ordinal: days[side] for ordinal, days in bounds.items()} for side in (0, 1))
    return rows.mutate(period_start=_look_up(rows.period, starts), period_end=_look_up(rows.period, ends))


def _look_up(ordinal: Any, days: Mapping[int, date]) -> ir.DateColumn:
    return ordinal.cases(*((period, constant_day(on)) for period, on in days.items()))
