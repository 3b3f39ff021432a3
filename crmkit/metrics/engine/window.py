"""The window of an evaluation: its periods, groups and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from crmkit.periods import Grain, Period

RUN_UP = 13  # earlier periods from which the dispersion of totals is estimated, by their twelve changes


@dataclass(frozen=True)
class Window:
    """The periods asked for, and what else a measure needs to add up its rows in them.

    Attributes
    ----------
    grain : str
        See :mod:`crmkit.periods`.
    bounds : dict of int to (date, date)
        Start and end of each period asked for, by ordinal; the end is cut at the day after the last data.
    by : tuple of str
        Columns to split by, present in every table that :func:`crmkit.metrics.engine.groups.with_columns` returns.
    data_from : date or None
        First day with data.
    smallest_group : int
        Groups below so many customers or rows are merged [count].
    first_days : int or None
        Only so many days of each period count, where a period that is still running is compared with earlier ones
        [days]; None for whole periods.
    last_known : date or None
        Last day with data, if a period asked for ends after it; rows dated later do not count.
    """

    grain: Grain
    bounds: dict[int, tuple[date, date]]
    by: tuple[str, ...] = ()
    data_from: date | None = None
    first_days: int | None = None
    smallest_group: int = 1
    last_known: date | None = None

    @property
    def keys(self) -> list[str]:
        """Columns that identify one estimate."""
        return ["period", *self.by]

    def span(self, ordinal: int) -> tuple[date, date]:
        """Return start and end of the days of a period that count; the whole period if it is not one asked for."""
        period = Period(self.grain, ordinal)
        start, end = self.bounds.get(ordinal, (period.start, period.end))
        if self.first_days is not None:
            end = min(end, start + timedelta(days=self.first_days))
        return start, end

    @property
    def every_period(self) -> dict[int, tuple[date, date]]:
        """Start and end of each period that a query may reach: those asked for and the run-up before them."""
        reached = range(min(self.bounds) - RUN_UP, max(self.bounds) + 1)
        periods = {ordinal: Period(self.grain, ordinal) for ordinal in reached}
        return {ordinal: (period.start, period.end) for ordinal, period in periods.items()}
