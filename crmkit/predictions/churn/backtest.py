"""How well chances of leaving did: back-tested at past days, and reviewed for the scores of earlier periods."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from crmkit.features.outcomes import churn_labels
from crmkit.predictions.churn.learning import (
    N_LEARNED,
    N_TESTED,
    STEP,
    allowed_methods,
    churn_chances,
    features_of,
    fit_methods,
    past_days,
    prefetch_snapshots,
    training_rows,
)
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog

COLUMNS = ["day", "method", "n", "expected", "variance", "lost", "log_loss", "auc", "lift", "slope"]
_TENTH_COLUMNS = ["tenth", "tenth_n", "tenth_expected", "tenth_variance", "tenth_lost"]
_ALL_COLUMNS = [*COLUMNS, *_TENTH_COLUMNS]
_JUDGED = ["n", "expected", "variance", "lost", "log_loss", "auc", "lift", "slope"]
_LEAST_DRIFT = 0.05  # of the expected losses: months differ by at least this share


def back_test_by_tenth(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Judge each method at past days whose outcome is known on ``as_of``.

    At each day a method is fitted to up to four earlier days whose outcome was known by then.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        One row per day, method and tenth of the customers, by ascending chance: day, method, n (at risk) [count],
        expected, variance (of the losses, by chance alone), lost [customers], log_loss, auc (NaN where all or none left),
        lift (share lost of the tenth with the highest chances over that of all; equal chances share their places), slope
        (of the outcome on the log odds: 1 where the chances are calibrated); and n, expected, variance and lost of the
        tenth, in columns that begin with "tenth".
    """
    return memoize(catalog, _back_test, as_of, reads_predictions=False, wait=False, whole=True)


def by_day(tenths: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`back_test_by_tenth` without the tenths: one row per day and method."""
    return tenths[tenths["tenth"] == 1][COLUMNS].reset_index(drop=True)


def reliability(tenths: pd.DataFrame, method: str, horizon: int) -> pd.DataFrame:
    """Compare chances with the share that left, by tenths of the customers of all past days.

    Parameters
    ----------
    tenths : DataFrame
        From :func:`back_test_by_tenth`.
    method : str
    horizon : int
        [days]

    Returns
    -------
    DataFrame
        tenth (1: the lowest chances), n [customers], chance (mean), low, high (where the share lost lies in 95 % of
        cases if the chances are right, by chance and by how far periods differ), lost (actual) [share]. Where
        horizons overlap the same loss is counted on several days, which the band allows for.
    """
    own = tenths[tenths["method"] == method]
    tested = own[own["tenth"] == 1]
    sums = own.groupby("tenth")[["tenth_n", "tenth_expected", "tenth_variance", "tenth_lost"]].sum().reset_index()
    sums = sums[sums["tenth_n"] > 0]
    n, expected = sums["tenth_n"], sums["tenth_expected"]
    of_periods = drift(tested, method) * expected / np.sqrt(max(len(tested), 1))
    overlap = max(1.0, horizon / STEP)
    spread = 1.96 * np.sqrt(overlap * sums["tenth_variance"] + of_periods**2)
    low, high = ((expected + side * spread).clip(0, n) / n for side in (-1, 1))
    return pd.DataFrame(
        {
            "tenth": sums["tenth"],
            "n": n,
            "chance": expected / n,
            "low": low,
            "high": high,
            "lost": sums["tenth_lost"] / n,
        }
    )


def chosen_method(tested: pd.DataFrame, allowed: list[str]) -> str:
    """Return the allowed method with the least mean log-loss over the days; without a test, the second simplest.

    Examples
    --------
    >>> tested = pd.DataFrame({"method": ["rate", "rhythm"] * 2, "log_loss": [0.6, 0.5, 0.6, 0.55]})
    >>> chosen_method(tested, ["rate", "rhythm"]), chosen_method(tested.iloc[:0], ["rate", "rhythm"])
    ('rhythm', 'rhythm')
    """
    score = tested[tested["method"].isin(allowed)].groupby("method")["log_loss"].agg(["mean", "size"])
    score = score[score["size"] == score["size"].max()]
    return str(score["mean"].idxmin()) if len(score) else allowed[min(1, len(allowed) - 1)]


def drift(tested: pd.DataFrame, method: str) -> float:
    """Return by how much the losses of a day vary beyond chance, as a share of those expected.

    Examples
    --------
    >>> tested = pd.DataFrame({"method": "rate", "expected": [100.0, 100.0], "lost": [130.0, 70.0]})
    >>> round(drift(tested, "rate"), 2)
    0.28
    """
    days = tested[(tested["method"] == method) & (tested["expected"] > 0)]
    if len(days) < 2:
        return 0.3  # nothing to learn it from: months of small firms vary by about this much
    off = (days["lost"] / days["expected"] - 1) ** 2 - 1 / days["expected"]
    return float(np.sqrt(max(off.mean(), _LEAST_DRIFT**2)))


def review(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Judge the chances that were stored in earlier periods, where the outcome is known by now.

    Returns
    -------
    DataFrame
        One row per day of scoring, newest first: day, n, expected, lost [count], log_loss, auc, lift, slope; as
        :func:`back_test_by_tenth`.
    """
    if "customer_scores" not in catalog.names:
        return pd.DataFrame(columns=["day", *_JUDGED])
    scores = catalog.frame("customer_scores")
    scores = scores[scores["model"] == "churn"].assign(on=lambda rows: pd.to_datetime(rows["as_of"]).dt.date)
    horizon = timedelta(days=catalog.settings.company.churn_after_days)
    rows = []
    for day in sorted({on for on in scores["on"] if on + horizon <= as_of}, reverse=True)[:6]:
        then = scores[scores["on"] == day].set_index("customer_id")["value"]
        lost = churn_labels(catalog, day)["lost"].reindex(then.index).dropna()
        if len(lost):
            rows.append({"day": str(day), **judged(then[lost.index].to_numpy(), lost)})
    return pd.DataFrame(rows, columns=["day", *_JUDGED])


def judged(chance: NDArray[np.float64], lost: pd.Series) -> dict[str, float]:
    """Return how well chances did on customers whose outcome is known; see :func:`back_test_by_tenth`.

    Examples
    --------
    >>> each = judged(np.array([0.9, 0.1, 0.1, 0.1]), pd.Series([1.0, 0.0, 0.0, 0.0]))
    >>> each["auc"], each["lift"], round(each["expected"], 1)
    (1.0, 4.0, 1.2)
    >>> judged(np.full(4, 0.5), pd.Series([1.0, 0.0, 0.0, 0.0]))["lift"]
    1.0
    """
    came, p = lost.to_numpy(dtype=float), np.clip(chance, 1e-6, 1 - 1e-6)
    both = 0 < came.sum() < len(came)
    top = np.argsort(-p, kind="stable")[: max(1, round(len(p) / 10))]
    of_top = _mean_of_equals(p, came)[top]
    return {
        "n": len(p),
        "expected": float(p.sum()),
        "variance": float((p * (1 - p)).sum()),
        "lost": float(came.sum()),
        "log_loss": float(log_loss(came, p, labels=[0, 1])),
        "auc": float(roc_auc_score(came, p)) if both else np.nan,
        "lift": float(of_top.mean() / came.mean()) if both else np.nan,
        "slope": _slope(p, came) if both and np.ptp(p) > 1e-9 else np.nan,
    }


def _back_test(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days = past_days(catalog, as_of)
    prefetch_snapshots(catalog, days)  # the days tested are fitted to nearly the same days
    asked = [(as_of, day) for day in days[:N_TESTED]]
    tested = [each for each in memoize_each(catalog, _tested_on, asked, reads_predictions=False) if len(each)]
    return pd.concat(tested, ignore_index=True) if tested else pd.DataFrame(columns=_ALL_COLUMNS)


def _tested_on(catalog: Catalog, as_of: date, day: date) -> pd.DataFrame:
    horizon = timedelta(days=catalog.settings.company.churn_after_days)
    known = [earlier for earlier in past_days(catalog, as_of) if earlier + horizon <= day][:N_LEARNED]
    before, then = training_rows(catalog, known), training_rows(catalog, [day])
    if not len(before) or not len(then):
        return pd.DataFrame(columns=_ALL_COLUMNS)
    rows = []
    for method, model in fit_methods(allowed_methods(before["lost"]), features_of(before), before["lost"]).items():
        chance = churn_chances(model, features_of(then))
        scores = {"day": str(day), "method": method, **judged(chance, then["lost"])}
        rows += [scores | tenth for tenth in _tenths(chance, then["lost"])]
    return pd.DataFrame(rows, columns=_ALL_COLUMNS)


def _tenths(chance: NDArray[np.float64], lost: pd.Series) -> list[dict[str, float]]:
    """Return one row per tenth of the customers, the lowest chances first; few customers leave some tenths empty.

    Where a tenth ends among customers with equal chances, their losses are shared: otherwise the order of rows, such as
    by length of custom, would decide.
    """
    came, rows = _mean_of_equals(chance, lost.to_numpy(dtype=float)), []
    for tenth, own in enumerate(np.array_split(np.argsort(chance, kind="stable"), 10), start=1):
        p = chance[own]
        values = (tenth, len(own), p.sum(), (p * (1 - p)).sum(), came[own].sum())
        rows.append(dict(zip(_TENTH_COLUMNS, values, strict=True)))
    return rows


def _mean_of_equals(chance: NDArray[np.float64], came: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each customer's outcome, or the mean outcome of customers with equal chances.

    Examples
    --------
    >>> _mean_of_equals(np.array([0.3, 0.3, 0.1]), np.array([1.0, 0.0, 0.0])).tolist()
    [0.5, 0.5, 0.0]
    """
    return pd.Series(came).groupby(chance).transform("mean").to_numpy()


def _slope(p: NDArray[np.float64], came: NDArray[np.float64]) -> float:
    from sklearn.linear_model import LogisticRegression

    odds = np.log(p / (1 - p))[:, None]
    return float(LogisticRegression(C=1e6, solver="newton-cholesky").fit(odds, came).coef_[0, 0])
