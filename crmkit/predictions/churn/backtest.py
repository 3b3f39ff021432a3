"""How well chances of leaving would have done at past days: learned from what was known then, judged by what came."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

from crmkit.features.outcomes import churn_labels
from crmkit.metrics.engine.intervals import share
from crmkit.predictions.churn.learning import (
    N_LEARNED,
    N_TESTED,
    STEP,
    candidates,
    chances,
    features_of,
    learn_all,
    look_at,
    past_days,
    stacked,
)
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog

COLUMNS = ["day", "method", "n", "expected", "variance", "lost", "log_loss", "auc", "lift", "slope"]
_TENTH_COLUMNS = ["tenth", "tenth_n", "tenth_expected", "tenth_variance", "tenth_lost"]
_ALL_COLUMNS = [*COLUMNS, *_TENTH_COLUMNS]
_LEAST_DRIFT = 0.05  # of the expected losses: months differ at least so much


def back_test(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Judge each method at past days whose outcome is known on ``as_of``.

    At each day a method learns from up to four earlier days whose outcome was known by then.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        One row per day and method: day, method, n (at risk) [count], expected, variance (of the losses, by chance alone),
        lost [customers], log_loss, auc (NaN where all or none left), lift (share lost of the tenth with the highest
        chances over that of all; equal chances share their places), slope (of the outcome on the log odds: 1 where the
        chances are as sure as they should be).
    """
    return of_days(back_test_by_tenth(catalog, as_of))


def back_test_by_tenth(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the same with one row per day, method and tenth of the customers; their own columns begin with "tenth"."""
    return memoize(catalog, _back_test, as_of, reads_predictions=False, wait=False)


def of_days(tenths: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`back_test_by_tenth` without the tenths."""
    return tenths[tenths["tenth"] == 1][COLUMNS].reset_index(drop=True)


def reliability(tenths: pd.DataFrame, method: str, horizon: int) -> pd.DataFrame:
    """Return whether as many left as the chances said, by tenths of the customers of all past days.

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
        tenth (1: the lowest chances), n [customers], chance (mean that was said), low, high (where the share lost lies
        19 times in 20 if the chances are right: chance alone, and how far periods differ), lost (what came) [share]. Where
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
    """Return the allowed method with the least mean log-loss over the days; untested, the one that asks for least.

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
    """How far the losses of a day go beyond the chance of its customers, as a share of those expected.

    Examples
    --------
    >>> tested = pd.DataFrame({"method": "rate", "expected": [100.0, 100.0], "lost": [130.0, 70.0]})
    >>> round(drift(tested, "rate"), 2)
    0.28
    """
    days = tested[(tested["method"] == method) & (tested["expected"] > 0)]
    if len(days) < 2:
        return 0.3  # nothing to learn it from: months of small firms differ by about so much
    off = (days["lost"] / days["expected"] - 1) ** 2 - 1 / days["expected"]
    return float(np.sqrt(max(off.mean(), _LEAST_DRIFT**2)))


def _back_test(catalog: Catalog, as_of: date) -> pd.DataFrame:
    days = past_days(catalog, as_of)
    look_at(catalog, days)  # first: what is tested on two days is learned from much the same ones
    asked = [(as_of, day) for day in days[:N_TESTED]]
    tested = [each for each in memoize_each(catalog, _tested_on, asked, reads_predictions=False) if len(each)]
    return pd.concat(tested, ignore_index=True) if tested else pd.DataFrame(columns=_ALL_COLUMNS)


def _tested_on(catalog: Catalog, as_of: date, day: date) -> pd.DataFrame:
    horizon = timedelta(days=catalog.settings.company.churn_after_days)
    known = [earlier for earlier in past_days(catalog, as_of) if earlier + horizon <= day][:N_LEARNED]
    before, then = stacked(catalog, known), stacked(catalog, [day])
    if not len(before) or not len(then):
        return pd.DataFrame(columns=_ALL_COLUMNS)
    rows = []
    for method, model in learn_all(candidates(before["lost"]), features_of(before), before["lost"]).items():
        chance = chances(model, features_of(then))
        told = {"day": str(day), "method": method, **judged(chance, then["lost"])}
        rows += [told | tenth for tenth in _tenths(chance, then["lost"])]
    return pd.DataFrame(rows, columns=_ALL_COLUMNS)


def _tenths(chance: NDArray[np.float64], lost: pd.Series) -> list[dict[str, float]]:
    """Return one row per tenth of the customers, the lowest chances first; few customers leave some tenths empty.

    Where a tenth ends among customers with equal chances, their losses are shared: the order of rows would sort them by
    what the method does not know, such as by how long they have been customers.
    """
    came, rows = _shared(chance, lost.to_numpy(dtype=float)), []
    for tenth, own in enumerate(np.array_split(np.argsort(chance, kind="stable"), 10), start=1):
        p = chance[own]
        told = (tenth, len(own), p.sum(), (p * (1 - p)).sum(), came[own].sum())
        rows.append(dict(zip(_TENTH_COLUMNS, told, strict=True)))
    return rows


def judged(chance: NDArray[np.float64], lost: pd.Series) -> dict[str, float]:
    """Return how well chances did on customers whose outcome is known; see :func:`back_test`.

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
    of_top = _shared(p, came)[top]
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


def _shared(chance: NDArray[np.float64], came: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each customer's outcome, or where chances are equal the mean of theirs: what a draw among them would give.

    Examples
    --------
    >>> _shared(np.array([0.3, 0.3, 0.1]), np.array([1.0, 0.0, 0.0])).tolist()
    [0.5, 0.5, 0.0]
    """
    return pd.Series(came).groupby(chance).transform("mean").to_numpy()


def _slope(p: NDArray[np.float64], came: NDArray[np.float64]) -> float:
    from sklearn.linear_model import LogisticRegression

    odds = np.log(p / (1 - p))[:, None]
    return float(LogisticRegression(C=1e6, solver="newton-cholesky").fit(odds, came).coef_[0, 0])


# What became of earlier chances of leaving, and what those who left had in common.


def review(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how the chances that were written in earlier periods did, where the outcome is known by now.

    Returns
    -------
    DataFrame
        One row per day of scoring, newest first: day, n, expected, lost [count], log_loss, auc, lift, slope; as
        :func:`crmkit.predictions.churn.backtest.back_test`.
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


def lost_by(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return who was lost more often than others: by plan, channel, and what happened before. Association, not cause.

    Returns
    -------
    DataFrame
        One row per group: what (such as "plan"), group, n (customers at risk on past days), lost [share of the customers at
        risk, of all past days together], low, high (95 %, across customers), others (share lost of all others).
    """
    rows = stacked(catalog, past_days(catalog, as_of)[:N_LEARNED])
    told = []
    for what, groups in _groups(rows).items():
        for group in sorted(set(groups.dropna())):
            inside = (groups == group).to_numpy()
            own, others = rows.loc[inside, "lost"], rows.loc[~inside, "lost"]
            if min(own.index.nunique(), others.index.nunique()) >= _SMALLEST:
                told.append((what, str(group), own.index.nunique(), *_share_lost(own), others.mean()))
    return pd.DataFrame(told, columns=["what", "group", "n", "lost", "low", "high", "others"])


def _share_lost(lost: pd.Series) -> tuple[float, ...]:
    """Return the share lost and its interval: the days of one customer are not independent.

    All of her days count. Her newest alone would not do: of those who were lost it is the one before they went.
    """
    x, n = (lost.groupby(level=0).agg(name).to_numpy(dtype=float) for name in ("sum", "size"))
    sums = (x.sum(), n.sum(), x @ x, x @ n, n @ n, len(n))
    return tuple(float(each[0]) for each in share(*(np.array([each], dtype=float) for each in sums)))


def cancel_reasons(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the reasons given by subscribers who cancelled in the 365 days up to a day: reason, n [count], share."""
    if "subscription_terms" not in catalog.names:
        return pd.DataFrame(columns=["reason", "n", "share"])
    terms = catalog.frame("subscription_terms")
    if not {"cancelled_at", "cancel_reason"} <= set(terms):
        return pd.DataFrame(columns=["reason", "n", "share"])
    since, until = pd.Timestamp(as_of - timedelta(days=365)), pd.Timestamp(as_of + timedelta(days=1))
    recent = terms[(terms["cancelled_at"] >= since) & (terms["cancelled_at"] < until)]
    counts = recent["cancel_reason"].fillna("(none given)").value_counts().sort_values(ascending=False, kind="stable")
    return pd.DataFrame(
        {"reason": counts.index.astype(str), "n": counts.to_numpy(), "share": counts.to_numpy() / max(1, counts.sum())}
    )


_JUDGED = ["n", "expected", "variance", "lost", "log_loss", "auc", "lift", "slope"]
_SMALLEST = 20  # customers in a group


def _groups(rows: pd.DataFrame) -> dict[str, pd.Series]:
    found = {name: rows[name] for name in ("plan", "channel", "country") if name in rows}
    if "n_tickets_90_days" in rows:
        had = np.where(rows["n_tickets_90_days"] > 0, "a support case in the 90 days before", "no support case")
        found["support"] = pd.Series(had, index=rows.index)
    if "last_nps" in rows:
        answer = pd.cut(rows["last_nps"], [-1, 6, 8, 10], labels=["detractor", "neutral", "promoter"])
        found["last answer"] = answer.astype(object)
    if "price_change" in rows:
        rise = ["a price rise at the last renewal" if change > 0.01 else None for change in rows["price_change"]]
        found["price"] = pd.Series(rise, index=rows.index, dtype=object)
    return found
