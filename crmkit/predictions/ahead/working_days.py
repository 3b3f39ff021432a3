"""How many usual days a month has: each weekday and feast counts with what such a day brings this firm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import import_module

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.periods import Period
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day

#: The table and column whose days tell how a number spreads over the week.
_DAYS_OF = {
    "revenue": ("orders", "ordered_at"),
    "n_orders": ("orders", "ordered_at"),
    "new_customers": ("orders", "ordered_at"),
    "deals_opened": ("deals", "created_at"),
}
_LOOK_BACK = 730  # days
_FEWEST_ROWS = 200  # below it every day counts the same
_PRIOR_FEASTS = 10.0  # usual days that a feast is taken for beforehand


@dataclass(frozen=True)
class DayWeights:
    """What a day brings, as a multiple of the mean day.

    Attributes
    ----------
    weekdays : tuple of float
        Monday first.
    feast : float
        Of a public holiday, as a multiple of its weekday.
    country : str
        Whose public holidays; empty for none.
    """

    weekdays: tuple[float, ...]
    feast: float = 1.0
    country: str = ""


def day_weights(catalog: Catalog, metric: str, as_of: date) -> DayWeights | None:
    """Return what each weekday and a feast bring, learned from the last two years; None where it is not known."""
    if metric not in _DAYS_OF:
        return None
    table, column = _DAYS_OF[metric]
    try:
        if column not in catalog.table(table).columns:
            return None
        rows = memoize(catalog, _rows_by_day, table, column, as_of, reads_predictions=False)
    except NotMeasured:
        return None
    country = catalog.settings.company.country
    return learned_weights(rows, country)


def learned_weights(rows: pd.DataFrame, country: str = "") -> DayWeights:
    """Learn from the number of rows of each day.

    Parameters
    ----------
    rows : DataFrame
        day [date], n [count]; days without rows may be absent.
    country : str
        ISO 3166 code, whose public holidays count as feasts.

    Examples
    --------
    >>> days = pd.date_range("2026-01-05", periods=70)
    >>> rows = pd.DataFrame({"day": days, "n": [0 if day.weekday() == 6 else 7 for day in days]})
    >>> [round(each, 2) for each in learned_weights(rows).weekdays]
    [1.17, 1.17, 1.17, 1.17, 1.17, 1.17, 0.0]
    """
    if rows.empty or rows["n"].sum() < _FEWEST_ROWS:
        return DayWeights((1.0,) * 7)
    by_day = rows.set_index(pd.to_datetime(rows["day"]))["n"].astype(float)
    by_day = by_day.reindex(pd.date_range(by_day.index.min(), by_day.index.max()), fill_value=0.0)
    level = by_day.rolling(91, center=True, min_periods=28).mean()
    share = (by_day / level).where(level > 0, 1.0)
    weekday = np.array([each.weekday() for each in share.index])
    is_feast = np.array([each.date() in feasts(country, each.year) for each in share.index])
    usual = share[~is_feast]
    weekdays = usual.groupby(weekday[~is_feast]).mean().reindex(range(7), fill_value=1.0).to_numpy()
    weekdays = weekdays * 7 / weekdays.sum()
    expected = float(weekdays[weekday[is_feast]].sum())
    feast = (float(share[is_feast].sum()) + _PRIOR_FEASTS) / (expected + _PRIOR_FEASTS)
    return DayWeights(tuple(map(float, weekdays)), feast, country)


def weighted_days(weights: DayWeights, month: Period, first_days: int | None = None) -> float:
    """Return how many usual days a month has, or its first days.

    Examples
    --------
    >>> no_sundays = DayWeights((7 / 6,) * 6 + (0.0,))
    >>> february, march = Period.parse("2026-02"), Period.parse("2026-03")
    >>> round(weighted_days(no_sundays, february), 1), round(weighted_days(no_sundays, march), 1)
    (28.0, 30.3)
    """
    days = month.n_days if first_days is None else first_days
    total = 0.0
    for each in (month.start + timedelta(days=step) for step in range(days)):
        feast = weights.feast if each in feasts(weights.country, each.year) else 1.0
        total += weights.weekdays[each.weekday()] * feast
    return total


@cache
def feasts(country: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of a country and year; none without a country.

    Raises
    ------
    CrmkitError
        If the package that knows them is not there, or does not know the country.

    Examples
    --------
    >>> feasts("", 2026)
    {}
    """
    if not country:
        return {}
    try:
        holidays = import_module("holidays")  # an extra of its own
    except ImportError:
        raise CrmkitError(
            f'The settings ask for the public holidays of {country}, which need a package: pip install "crmkit[holidays]". '
            "Or leave out country in [company]."
        ) from None
    try:
        return dict(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise CrmkitError(
            f"The package holidays knows no public holidays of {country}, which the settings ask for. Leave out country in "
            "[company]: each day then counts as its weekday."
        ) from None


def _rows_by_day(catalog: Catalog, table: str, column: str, as_of: date) -> pd.DataFrame:
    rows = catalog.table(table)
    on = day(rows[column])
    inside = rows.filter((on <= constant_day(as_of)) & (on > constant_day(as_of - timedelta(days=_LOOK_BACK))))
    return inside.group_by(day=day(inside[column])).aggregate(n=inside.count()).order_by("day").execute()
