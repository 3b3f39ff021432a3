"""The periods and groups for which numbers are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crmkit.periods import Grain


@dataclass(frozen=True)
class Window:
    """The periods asked for, and what else a measure must know to add up inside them.

    Attributes
    ----------
    grain : {"week", "month", "quarter", "year"}
    bounds : dict of int to (date, date)
        Start and end of each period asked for, by ordinal; the end is cut at the day after the last data.
    by : tuple of str
        Columns to split by, present in every table that :func:`crmkit.metrics.splits.with_columns` returns.
    data_from : date or None
        First day with data.
    """

    grain: Grain
    bounds: dict[int, tuple[date, date]]
    by: tuple[str, ...] = ()
    data_from: date | None = None

    @property
    def keys(self) -> list[str]:
        """Columns that identify one estimate."""
        return ["period", *self.by]
