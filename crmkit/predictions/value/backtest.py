"""Value judged by its outcome: predicted from the data up to a past day, compared with what customers paid after it.

Two simpler predictions, the baselines, are judged beside it.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.models.additive.trees import BoostedValue
from crmkit.periods import DayLike, months_before
from crmkit.predictions.value.customer_values import months_since, valuation
from crmkit.predictions.value.forecast_error import last_known, past_days
from crmkit.predictions.value.payments import MONTH, Payments, payments_until, subscriptions
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

OURS, NAIVE, BOOSTED = "This page", "Last year's pace", "Gradient boosting"
_TENTHS = 10
_FEWEST_TO_JUDGE = 30  # customers from which on ranks and tenths are judged
_FEWEST_FOR_TREES = 150  # customers from which boosted trees learn


@checked
def value_backtest(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Compare predictions made on past days with what is known now, and with two baselines.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, to fit or to compare.

    Returns
    -------
    DataFrame
        One row per past day and method: day, months (ahead), method, n [customers], predicted, low, high (95 %, of the
        total), actual, of_new_subscriptions (paid for subscriptions that had not begun), mae [money, undiscounted];
        rank_correlation, coverage (customers inside their own interval) [share]. Without rows where the data are
        younger than six months. Ends of terms whose next ones are not in the files yet are no outcome.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> catalog = ck.connect({"orders": orders})
    >>> value_backtest(catalog, date(2026, 9, 30)).empty
    True
    """
    return memoize(catalog, _value_backtest, as_of, reads_predictions=False, whole=True)


def value_tenths(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Compare predicted and actual money by tenths of the customers, as they were ranked on the last past day.

    Returns
    -------
    DataFrame
        tenth (1 is the highest), n [customers], predicted, actual [money per customer]; no rows below 30 customers.
    """
    return memoize(catalog, _value_tenths, as_of, reads_predictions=False, whole=True)


def last_year_pace(payments: Payments, customers: pd.Index, day: date, ahead: int) -> np.ndarray:
    """Predict that every customer pays on as in the last year, or since the first day if that is later."""
    recent = payments.rows[payments.rows["on"] > pd.Timestamp(months_before(day, 12))]
    sums = recent.groupby("customer_id")["money"].sum().reindex(customers).fillna(0.0)
    first = payments.rows.groupby("customer_id")["on"].min().reindex(customers)
    return (sums / months_since(first, day).clip(1, 12) * ahead).to_numpy(dtype=float)


def boosted_trees(
    catalog: Catalog, day: date, ahead: int, payments: Payments, customers: pd.Index
) -> np.ndarray | None:
    """Predict by boosted trees, fitted one horizon earlier, whose outcome is known on the day; None with too few customers."""
    earlier = months_before(day, ahead)
    if catalog.data_from is None or (earlier - catalog.data_from).days / MONTH < 2.5:
        return None
    then = payments_until(catalog, earlier)
    known = pd.Index(sorted(then.rows["customer_id"].unique()))
    if len(known) < _FEWEST_FOR_TREES:
        return None
    model = BoostedValue().fit(
        _tree_features(catalog, then, known, earlier), pd.Series(paid_after(catalog, known, earlier, day))
    )
    return model.predict(_tree_features(catalog, payments, customers, day)).to_numpy()


def paid_after(catalog: Catalog, customers: pd.Index, day: date, until: date) -> np.ndarray:
    """Return what each customer paid after a day, up to another [money]."""
    paid = payments_until(catalog, until, since=day).rows
    return paid.groupby("customer_id")["money"].sum().reindex(customers).fillna(0.0).to_numpy(dtype=float)


def _value_backtest(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days, ahead = past_days(catalog.data_from, last_known(catalog, as_of))
    columns = [
        "day",
        "months",
        "method",
        "n",
        "predicted",
        "low",
        "high",
        "actual",
        "of_new_subscriptions",
        "mae",
        "rank_correlation",
        "coverage",
    ]
    rows = []
    for day in days:
        try:
            rows += _backtest_of_day(catalog, day, ahead)
        except NotMeasured:  # too few customers at that time
            continue
    return pd.DataFrame(rows, columns=columns)


def _backtest_of_day(catalog: Catalog, day: date, ahead: int) -> list[dict[str, object]]:
    """Predict on one day by each method, and compare with the outcome."""
    until = months_before(day, -ahead)
    whole = valuation(catalog, day, ahead, discount_rate=0.0)
    customers = whole.forecast.customers
    actual = paid_after(catalog, customers, day, until)
    low, high = np.quantile(whole.forecast.draws, (0.025, 0.975), axis=1)
    total_low, total_high = np.quantile(whole.forecast.draws.sum(axis=0), (0.025, 0.975))
    inside = float(((actual >= low - 1e-9) & (actual <= high + 1e-9)).mean())
    predicted = {OURS: (whole.forecast.within(ahead), total_low, total_high, inside)}
    predicted[NAIVE] = (last_year_pace(whole.payments, customers, day, ahead), np.nan, np.nan, np.nan)
    by_trees = boosted_trees(catalog, day, ahead, whole.payments, customers)
    if by_trees is not None:
        predicted[BOOSTED] = (by_trees, np.nan, np.nan, np.nan)
    later = _paid_by_new_subscriptions(catalog, customers, day, until)
    shared = {
        "day": day.isoformat(),
        "months": ahead,
        "n": len(customers),
        "actual": actual.sum(),
        "of_new_subscriptions": later,
    }
    return [
        {
            **shared,
            "method": method,
            "predicted": each.sum(),
            "low": low_,
            "high": high_,
            "mae": np.abs(each - actual).mean(),
            "rank_correlation": _rank_correlation(each, actual),
            "coverage": covered,
        }
        for method, (each, low_, high_, covered) in predicted.items()
    ]


def _rank_correlation(predicted: np.ndarray, actual: np.ndarray) -> float:
    if len(actual) < _FEWEST_TO_JUDGE or np.ptp(predicted) == 0 or np.ptp(actual) == 0:
        return float("nan")
    return float(pd.Series(predicted).rank().corr(pd.Series(actual).rank()))


def _paid_by_new_subscriptions(catalog: Catalog, customers: pd.Index, day: date, until: date) -> float:
    spells = subscriptions(catalog, day)
    running = set(spells.loc[spells["runs"].astype(bool), "customer_id"])
    paid = payments_until(catalog, until, since=day).rows
    new = (paid["kind"] == "payment") & paid["customer_id"].isin(customers) & ~paid["customer_id"].isin(running)
    return float(paid.loc[new, "money"].sum())


def _value_tenths(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days, ahead = past_days(catalog.data_from, last_known(catalog, as_of))
    columns = ["tenth", "n", "predicted", "actual"]
    try:
        whole = valuation(catalog, days[0], ahead, discount_rate=0.0) if days else None
    except NotMeasured:
        whole = None
    if whole is None or len(whole.forecast.customers) < _FEWEST_TO_JUDGE:
        return pd.DataFrame({name: pd.Series(dtype=float) for name in columns})
    actual = paid_after(catalog, whole.forecast.customers, days[0], months_before(days[0], -ahead))
    predicted = whole.forecast.within(ahead)
    rank = pd.Series(-predicted).rank(method="first")
    tenth = np.ceil(rank * _TENTHS / len(rank)).astype(int)
    rows = pd.DataFrame({"tenth": tenth, "predicted": predicted, "actual": actual})
    grouped = rows.groupby("tenth").agg(
        n=("actual", "size"), predicted=("predicted", "mean"), actual=("actual", "mean")
    )
    return grouped.reset_index()[columns]


def _tree_features(catalog: Catalog, payments: Payments, customers: pd.Index, day: date) -> pd.DataFrame:
    by = payments.rows.groupby("customer_id")
    spells = subscriptions(catalog, day)
    running = spells[spells["runs"].astype(bool)].groupby("customer_id")
    X = pd.DataFrame(
        {
            "so_far": by["money"].sum(),
            "n_payments": by.size(),
            "since_last": months_since(by["on"].max(), day),
            "age": months_since(by["on"].min(), day),
        }
    ).reindex(customers)
    X["last_quarter"] = (
        payments.rows[payments.rows["on"] > pd.Timestamp(months_before(day, 3))].groupby("customer_id")["money"].sum()
    )
    for name, column in (("mrr", "mrr"), ("renewals", "exit"), ("notice", "notice")):
        X[name] = running[column].max().astype(float)
    return X.fillna(0.0)
