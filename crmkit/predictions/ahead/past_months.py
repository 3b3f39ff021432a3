"""The past of a number by whole months, as it was known on a day, and the part of the running month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.features.point_in_time import as_known_on
from crmkit.metrics.engine.evaluate import PARTLY, evaluate
from crmkit.models.arrays import Array
from crmkit.models.series.monthly_forecast import MOST_AHEAD
from crmkit.periods import Period
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_MOST_MONTHS = 60  # what is further back says little of the months ahead
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PastMonths:
    """The past of one number.

    Attributes
    ----------
    metric : str
    last : Period
        The last whole month.
    values : array
        By month, the last one last [unit of the metric].
    so_far : float or None
        The value in the running month, of a number that adds up over days; None if no month is running.
    days_so_far : int
        Days of the running month that are known [days].
    reason : str
        Why there is no month at all; else empty.
    """

    metric: str
    last: Period
    values: Array
    so_far: float | None = None
    days_so_far: int = 0
    reason: str = ""

    @property
    def first(self) -> Period:
        """The first month of the values."""
        return self.last.shift(1 - len(self.values))

    def of(self, period: Period) -> Array:
        """Return the values of the months that lie in a period, such as a year."""
        months = [self.first.shift(step) for step in range(len(self.values))]
        return self.values[[period.start <= month.start < period.end for month in months]]


def past_months(catalog: Catalog, metrics: tuple[str, ...], as_of: date) -> dict[str, PastMonths]:
    """Return the past of some numbers as it was known on a day.

    Months before the first that the data cover whole are left out, and of a number that begins at 0, months before it
    was first above 0.

    Parameters
    ----------
    catalog : Catalog
    metrics : tuple of str
    as_of : date
        The last day whose data are used.
    """
    rows = memoize(catalog, _evaluated, metrics, as_of, reads_predictions=False)
    running = Period.containing(as_of + _DAY, "month")
    last = running.previous
    found = {}
    for metric in metrics:
        own = rows[rows["metric"] == metric].set_index("period")
        so_far = own["value"].get(str(running), np.nan)
        whole = own[own.index <= str(last)]
        values = whole["value"].mask(whole["reason"].str.startswith(PARTLY)).to_numpy(float)
        kept = _since_last_gap(values)
        found[metric] = PastMonths(
            metric=metric,
            last=last,
            values=kept,
            so_far=None if as_of < running.start or np.isnan(so_far) else float(so_far),
            days_so_far=max((as_of - running.start).days + 1, 0),
            reason="" if len(kept) else str(whole["reason"].iloc[-1] if len(whole) else "no whole month"),
        )
    return found


def _evaluated(catalog: Catalog, metrics: tuple[str, ...], as_of: date) -> pd.DataFrame:
    known = catalog if as_of == catalog.data_through else as_known_on(catalog, as_of)
    running = Period.containing(as_of + _DAY, "month")
    months = [month for month in running.run_up(_MOST_MONTHS + 1) if month.start <= as_of]
    first = known.data_from
    if first is not None:  # a month that begins before the data is not whole
        months = [month for month in months if month.start >= first - 3 * _DAY] or months[-1:]
    return evaluate(known, list(metrics), [str(month) for month in months])


def _since_last_gap(values: Array) -> Array:
    """Return the months after the last one without a value, and after leading months at 0."""
    gaps = np.flatnonzero(~np.isfinite(values))
    kept = values[gaps[-1] + 1 :] if len(gaps) else values
    above = np.flatnonzero(kept != 0)
    return kept[above[0] :] if len(above) else kept[:0]


def months_of_year_left(year: Period, last: Period) -> int:
    """Return how many months of a year come after the last whole one, at most 12 [months]."""
    end = Period.containing(year.end - _DAY, "month")
    return min(max(end.ordinal - last.ordinal, 0), MOST_AHEAD)
