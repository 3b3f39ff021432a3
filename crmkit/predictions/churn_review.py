"""What became of earlier chances of leaving, and what those who left had in common."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.features.labels import labels
from crmkit.metrics.intervals import share
from crmkit.predictions.churn_backtest import judged
from crmkit.predictions.churn_history import N_LEARNED, past_days, stacked
from crmkit.tables.catalog import Catalog


def review(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how the chances that were written in earlier periods did, where the outcome is known by now.

    Returns
    -------
    DataFrame
        One row per day of scoring, newest first: day, n, expected, lost [count], log_loss, auc, lift, slope; as
        :func:`crmkit.predictions.churn_backtest.back_test`.
    """
    if "customer_scores" not in catalog.names:
        return pd.DataFrame(columns=["day", *_JUDGED])
    scores = catalog.frame("customer_scores")
    scores = scores[scores["model"] == "churn"].assign(on=lambda rows: pd.to_datetime(rows["as_of"]).dt.date)
    horizon = timedelta(days=catalog.settings.company.churn_after_days)
    rows = []
    for day in sorted({on for on in scores["on"] if on + horizon <= as_of}, reverse=True)[:6]:
        then = scores[scores["on"] == day].set_index("customer_id")["value"]
        lost = labels(catalog, day)["lost"].reindex(then.index).dropna()
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
    return pd.DataFrame({"reason": counts.index.astype(str), "n": counts.to_numpy(),
                         "share": counts.to_numpy() / max(1, counts.sum())})  # fmt: skip


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
