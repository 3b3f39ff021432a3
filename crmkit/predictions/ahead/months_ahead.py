"""The months ahead of turnover, orders, customers and the like, and whether the goals of the year are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.metrics.card import Card, cards
from crmkit.models.arrays import Array
from crmkit.models.series.monthly_forecast import FEWEST, MOST_AHEAD, MonthlyForecast
from crmkit.periods import DayLike, Period, last_day
from crmkit.predictions.ahead.past_months import PastMonths, months_of_year_left, past_months
from crmkit.predictions.ahead.working_days import day_weights, weighted_days
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

#: The numbers whose months ahead are told.
AHEAD = ("turnover", "revenue", "n_orders", "new_customers", "active_customers", "recurring_revenue", "deals_opened")
_DRAWS = 4000
_SEASON_FROM = 24  # months
_BOUNDS = {"low": 0.025, "low_80": 0.1, "value": 0.5, "high_80": 0.9, "high": 0.975}
_LEVELS = ("recurring_revenue", "active_customers")  # a year's goal is one for its last month
_COLUMNS = [
    *("metric", "label", "period", "kind", "step", "value", "low_80", "high_80", "low", "high", "unit"),
    *("so_far", "target", "reached", "n_months", "status", "reason"),
]


@checked
def ahead(
    catalog: Catalog,
    metrics: str | Sequence[str] | None = None,
    months: int = 6,
    *,
    as_of: DayLike | None = None,
) -> pd.DataFrame:
    """Say what the months ahead bring, and whether the goals of the year are reached.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    metrics : str or list of str, optional
        Names of metrics that are a number of each month; by default turnover, shop revenue, orders, new and active
        customers, recurring revenue and deals opened, as far as they are measured.
    months : int
        How many, 1 to 12; a month that is running is the first [months].
    as_of : str or date, optional
        Last day whose data are used; without it the last day of the data.

    Returns
    -------
    DataFrame
        For each metric a row per month ahead (kind "month"), and one for the year (kind "year") of the settings that the
        next month belongs to: metric, label, period [text], kind, step (1 for the first month), value (as likely to be
        missed as surpassed), low_80, high_80, low, high (80 and 95 % intervals) [unit], unit; of the year so_far [unit],
        target [unit] and reached (share of futures in which the target is reached); n_months (on record), status ("ok",
        "too few", "not measured"), reason. A year's row of a number that does not add up is that of its last month.

    Raises
    ------
    CrmkitError
        If a metric is not known, cannot be added up by month, or the months are not 1 to 12.

    Examples
    --------
    >>> import crmkit as ck
    >>> days = pd.date_range("2025-01-01", "2025-12-31")
    >>> orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 10.0, "customer_id": "a"})
    >>> rows = ck.ahead(ck.connect({"orders": orders}), "revenue", months=2)
    >>> rows[["period", "kind", "status"]].values.tolist()
    [['2026-01', 'month', 'ok'], ['2026-02', 'month', 'ok'], ['2026', 'year', 'ok']]
    """
    if not isinstance(months, int) or not 1 <= months <= MOST_AHEAD:
        raise CrmkitError(f"A forecast reaches 1 to {MOST_AHEAD} months; months is {months!r}.")
    chosen = cards(list(AHEAD) if metrics is None else metrics)
    if wrong := [card.name for card in chosen if card.unit not in ("money", "count")]:
        raise CrmkitError(
            f"{', '.join(wrong)} cannot be forecast: only amounts and counts of a month can, such as {', '.join(AHEAD)}."
        )
    day = as_of or last_day(catalog.data_through, None)
    rows = memoize(catalog, _ahead, tuple(card.name for card in chosen), months, day, reads_predictions=False)
    if metrics is None:  # what a firm has no data for is no row of its own
        rows = rows[rows["status"] != "not measured"].reset_index(drop=True)
    rows.attrs["currency"] = catalog.settings.company.currency
    return rows


def _ahead(catalog: Catalog, metrics: tuple[str, ...], months: int, as_of: date) -> pd.DataFrame:
    past = past_months(catalog, metrics, as_of)
    records = [
        record for card in cards(list(metrics)) for record in _rows_of(catalog, card, past[card.name], months, as_of)
    ]
    return pd.DataFrame(records, columns=_COLUMNS)


@dataclass(frozen=True)
class Futures:
    """Possible months of one number.

    Attributes
    ----------
    months : list of Period
    paths : array of shape (n_draws, n_months)
        [unit of the metric]
    """

    months: list[Period]
    paths: Array

    def inside(self, period: Period) -> list[int]:
        """Return the places of the months that lie in a period."""
        return [place for place, month in enumerate(self.months) if period.start <= month.start < period.end]


def futures(catalog: Catalog, card: Card, past: PastMonths, months: int, as_of: date) -> Futures:
    """Draw possible months ahead of a number from its past.

    A number that adds up over days is forecast per usual day: how much a Monday or a feast brings is learned from the
    firm's days. What is known of a running month is a part of it.
    """
    ahead_months = [past.last.shift(step) for step in range(1, months + 1)]
    weights = day_weights(catalog, card.name, as_of) if card.additive else None
    if weights is None:
        model = MonthlyForecast().fit(past.values)
        return Futures(ahead_months, model.paths(months, _DRAWS))
    days = np.array([weighted_days(weights, past.first.shift(step)) for step in range(len(past.values))])
    paths = MonthlyForecast().fit(past.values / days).paths(months, _DRAWS)
    paths *= np.array([weighted_days(weights, month) for month in ahead_months])
    if past.so_far is not None and past.days_so_far:
        known = weighted_days(weights, ahead_months[0], past.days_so_far) / weighted_days(weights, ahead_months[0])
        paths[:, 0] = _with_known_part(paths[:, 0], past.so_far, known)
    return Futures(ahead_months, paths)


def _with_known_part(paths: Array, so_far: float, known: float) -> Array:
    """Return a month of which a part is known: the rest is expected in part of the models and in part of that part."""
    middle = float(np.median(paths))
    if middle <= 0 or so_far <= 0 or not 0 < known < 1:
        return so_far + (1 - min(known, 1.0)) * paths
    by_both = middle ** (1 - known) * (so_far / known) ** known
    return so_far + (1 - known) * by_both * (paths / middle) ** np.sqrt(1 - known)


def _rows_of(catalog: Catalog, card: Card, past: PastMonths, months: int, as_of: date) -> list[dict[str, Any]]:
    common = {"metric": card.name, "label": card.label, "unit": card.unit, "n_months": len(past.values)}
    if len(past.values) < FEWEST:
        status = "too few" if len(past.values) else "not measured"
        words = (
            f"{len(past.values)} whole months on record; a forecast needs {FEWEST}" if len(past.values) else past.reason
        )
        period = str(past.last.shift(1))
        return [common | {"period": period, "kind": "month", "step": 1, "status": status, "reason": words}]
    year = _year_of(catalog, past.last.shift(1))
    left = months_of_year_left(year, past.last)
    drawn = futures(catalog, card, past, max(months, left), as_of)
    common |= {"status": "ok", "reason": _caveat(len(past.values))}
    rows = [
        common | {"period": str(month), "kind": "month", "step": place + 1} | _interval(drawn.paths[:, place])
        for place, month in enumerate(drawn.months[:months])
    ]
    return [*rows, common | _year_row(catalog, card, past, drawn, year)]


def _year_row(catalog: Catalog, card: Card, past: PastMonths, drawn: Futures, year: Period) -> dict[str, Any]:
    places, is_sum = drawn.inside(year), card.name not in _LEVELS
    came = past.of(year)
    begun = [year.start >= past.first.start or len(came) == 0]
    so_far = float(came.sum()) if is_sum else (float(came[-1]) if len(came) else np.nan)
    paths = drawn.paths[:, places].sum(axis=1) + so_far if is_sum else drawn.paths[:, places[-1]]
    target = catalog.settings.target_for(card.name, year, year.end, is_sum=is_sum)
    reached = np.nan
    if target is not None and card.better != "neither":
        reached = float((paths >= target).mean() if card.better == "higher" else (paths <= target).mean())
    row = {"period": str(year), "kind": "year", "step": len(places), "so_far": so_far, "target": target}
    row |= {"reached": reached} | _interval(paths)
    if not all(begun):
        first = past.first.label
        row["reason"] = f"the year is known from {first} on"
    return row


def _interval(paths: Array) -> dict[str, float]:
    return dict(zip(_BOUNDS, map(float, np.quantile(paths, list(_BOUNDS.values()))), strict=True))


def _caveat(n_months: int) -> str:
    if n_months >= _SEASON_FROM:
        return ""
    if n_months >= MOST_AHEAD + 1:
        return f"{n_months} months on record: the season is known from last year alone"
    return f"{n_months} months on record: no season can be seen yet"


def _year_of(catalog: Catalog, month: Period) -> Period:
    """Return the year of the settings that a month belongs to."""
    start = catalog.settings.company.fiscal_year_start
    return Period.containing(month.start, "year" if start == 1 else f"fiscal-year-{start:02d}")
