"""By how much forecasts of the total missed before, and how much doubt that adds to the next one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.periods import months_before
from crmkit.predictions.value.fitted_models import futures_of, learned
from crmkit.predictions.value.forecast import Array
from crmkit.predictions.value.payments import MONTH, money
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

STEP = 6  # months between two past days
_DRAWS = 120  # of futures on a past day: enough for their spread
_JUDGED = 2  # past days that a forecast is widened by
_USUAL = 0.03  # what a year's total is usually missed by beyond chance [share], where nothing is known of the firm
_WORTH = 3.0  # as many past days as that counts for


def past_days(data_from: date | None, as_of: date, most: int = 3) -> tuple[list[date], int]:
    """Return the past days on which to predict, latest first, and how far ahead [months].

    Examples
    --------
    >>> past_days(date(2023, 11, 1), date(2026, 10, 31))
    ([datetime.date(2025, 10, 31), datetime.date(2025, 4, 30), datetime.date(2024, 10, 31)], 12)
    >>> past_days(date(2026, 8, 1), date(2026, 10, 31))
    ([], 0)
    """
    known = 0.0 if data_from is None else ((as_of - data_from).days + 1) / MONTH
    ahead = next((months for least, months in ((23.5, 12), (11.5, 6), (5.5, 3)) if known >= least), 0)
    days = [months_before(as_of, ahead + k * STEP) for k in range(most)] if ahead else []
    return [day for day in days if (day - data_from).days / MONTH >= max(ahead / 2, 2.5)] if data_from else [], ahead


def common_doubt(catalog: Catalog, as_of: date, horizon: int) -> float:
    """Standard deviation of what moves all customers at once and no model knows of [share of the total].

    Each customer's own chance and the doubt of the parameters are in the models already; what is left are bad months,
    new rivals, a changed assortment. It is learned from the totals foreseen on past days whose outcome was known on the
    day: their squared misses, less what chance explains, pooled with the square of the usual 3 % a year, which counts as
    much as three days. It grows with the square root of the time ahead.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    horizon : int
        [months]
    """
    rows = misses(catalog, as_of)
    excess = np.maximum(rows["miss"] ** 2 - rows["spread"] ** 2, 0) * 12 / rows["months"]
    yearly = (_WORTH * _USUAL**2 + float(excess.sum())) / (_WORTH + len(rows))
    return float(np.sqrt(yearly * horizon / 12))


def misses(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return by how much the totals that would have been foreseen on past days were missed.

    Returns
    -------
    DataFrame
        One row per past day: day, months (ahead), miss (logarithm of what came over what was foreseen), spread (its
        standard deviation by chance, as the models see it).
    """
    return memoize(catalog, _misses, as_of, reads_predictions=False)


def widened(draws: Array, doubt: float) -> Array:
    """Move all customers of each possible future together, by a factor whose mean is 1."""
    common = np.random.default_rng(6).standard_normal(draws.shape[1])
    return draws * np.exp(doubt * common - doubt**2 / 2)


def _misses(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days, ahead = past_days(catalog.data_from, as_of, _JUDGED)
    rows = []
    for day in days:
        try:
            futures = futures_of(catalog, learned(catalog, day), ahead, 0.0, _DRAWS)
        except NotMeasured:  # too few customers at that time
            continue
        sums, foreseen = futures.draws.sum(axis=0), futures.within(ahead).sum()
        paid = money(catalog, months_before(day, -ahead), since=day).paid
        came = paid.loc[paid["customer_id"].isin(futures.customers), "money"].sum()
        if min(sums.min(), foreseen, came) > 0:
            rows.append((day.isoformat(), ahead, float(np.log(came / foreseen)), float(np.log(sums).std())))
    return pd.DataFrame(rows, columns=["day", "months", "miss", "spread"])
