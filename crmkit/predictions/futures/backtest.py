"""Every number that pages print of the futures, judged as it would have been printed on past days."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.periods import DayLike, months_before
from crmkit.predictions.futures.outcome import outcome
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.futures.shoppers import TOTALS
from crmkit.predictions.value.fitted_models import fitted_models
from crmkit.predictions.value.forecast_error import soon_days
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_COLUMNS = ["day", "what", "n", "foreseen", "low", "high", "came"]
_LEAST_RECORD = 75  # days of data before a past day


@checked
def futures_backtest(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Compare the numbers and intervals that pages would have printed on past days with what came.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, outcomes included.

    Returns
    -------
    DataFrame
        One row per past day, newest first, and number whose outcome is known: day, what (see
        :class:`crmkit.predictions.futures.possible.Futures`), n (customers at that time), foreseen, low, high (95 %),
        came. Without rows where the record is too short.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> futures_backtest(ck.connect({"orders": orders}), "2026-09-30").empty
    True
    """
    return memoize(catalog, _backtest, as_of, reads_predictions=False)


def in_words(rows: pd.DataFrame, what: str) -> str:
    """Return how often the interval of a number held, as a sentence; empty where no past day can be judged.

    Examples
    --------
    >>> rows = pd.DataFrame({"what": "leave", "low": [5.0, 8.0], "high": [9.0, 9.0], "came": [7.0, 12.0], "foreseen": [7.0, 8.5]})
    >>> in_words(rows, "leave")
    'On 2 past days 7 and 8 were foreseen, 7 and 12 came: 1 of 2 inside the interval.'
    """
    own = rows[rows["what"] == what]
    if own.empty:
        return ""
    inside = int(((own["came"] >= own["low"]) & (own["came"] <= own["high"])).sum())
    foreseen, came = (_listed(own[name]) for name in ("foreseen", "came"))
    days = "On the one past day" if len(own) == 1 else f"On {len(own)} past days"
    were = "was" if len(own) == 1 and foreseen == "1" else "were"
    return f"{days} {foreseen} {were} foreseen, {came} came: {inside} of {len(own)} inside the interval."


def _listed(numbers: pd.Series) -> str:
    words = [f"{round(each):,}" for each in numbers]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _backtest(catalog: Catalog, as_of: date) -> pd.DataFrame:
    silent, rows = catalog.settings.company.churn_after_days, []
    days, first, year = soon_days(catalog.data_from, as_of, silent), catalog.data_from, months_before(as_of, 12)
    if first is not None and (year - first).days >= _LEAST_RECORD:
        days = [*days, year]
    for day in days:
        try:
            futures = possible_futures(catalog, day)
        except NotMeasured:
            continue
        came = outcome(catalog, fitted_models(catalog, day).shoppers, day, as_of, silent)
        n = {"order_soon": futures.n, "order_year": futures.n, "stay": futures.n_active, "leave": futures.n_active}
        for what in TOTALS:
            rows.append((day.isoformat(), what, n.get(what, futures.n), *futures.number(what), came[what]))
    return pd.DataFrame(rows, columns=_COLUMNS).dropna(ignore_index=True)
