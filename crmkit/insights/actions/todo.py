"""The people to turn to next, one line each: for which action, why, and what it is expected to bring."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.actions.measure import action_results
from crmkit.insights.actions.people import NEVER
from crmkit.insights.actions.propose import belief, eligible_for
from crmkit.insights.actions.rules import cost_of, rules
from crmkit.metrics.formatting import counted
from crmkit.periods import DayLike, last_day
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_Z = 1.96
_COLUMNS = [
    "customer_id",
    "action",
    "why",
    "worth",
    "segment",
    "channel",
    "say",
    "before",
    "gain",
    "gain_low",
    "gain_high",
]


@checked
def people_to_contact(catalog: Catalog, as_of: DayLike | None = None, *, limit: int | None = None) -> pd.DataFrame:
    """Return whom to turn to next, those first from whom most is expected; nobody twice, and nobody who does not pay.

    What an action is believed to bring of the average person it is for is taken in proportion to what each is worth.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.
    limit : int, optional
        Most people to return.

    Returns
    -------
    DataFrame
        customer_id, action, why, worth [money], segment, channel (preferred by the customer, else that of the action), say,
        before (when the firm last turned to this customer), gain, gain_low, gain_high (expected, cost included, with 95 %
        interval [money]).

    Examples
    --------
    >>> import crmkit as ck
    >>> ids = [f"c{n:03}" for n in range(200)]
    >>> orders = pd.DataFrame({"order_id": ids, "customer_id": ids, "ordered_at": "2026-09-20", "revenue": 40.0})
    >>> people_to_contact(ck.connect({"orders": orders}, ck.Settings(data={"through": "2026-10-31"}))).empty
    True
    """
    day = as_of or last_day(catalog.data_through, None)
    try:
        people = memoize(catalog, _people_to_contact, day)
    except NotMeasured:
        return pd.DataFrame(columns=_COLUMNS)
    return people if limit is None else people.head(limit)


def _people_to_contact(catalog: Catalog, day: date) -> pd.DataFrame:
    results, parts = action_results(catalog, day), []
    stopped = set(results.loc[results["verdict"] == "stop", "action"])
    for name, rule in rules(catalog).items():
        eligible = eligible_for(catalog, name, day)
        people = eligible.people
        if not rule.propose or name in stopped or people.empty:
            continue
        believed, cost = belief(catalog, name, eligible, day, results), cost_of(catalog, rule)
        size = (people["at_risk"] if rule.saves else people["worth"]).astype(float).clip(lower=0)
        if "response" in people:
            size = people["response"].clip(lower=0)
        share = size / size.mean() if size.mean() > 0 else size
        since = people["days_since_contact"].astype(int)
        parts.append(
            pd.DataFrame(
                {
                    "customer_id": people.index,
                    "action": name,
                    "why": people["why_unhappy"].where(people["why_unhappy"].notna(), rule.title).to_numpy(),
                    "worth": people["worth"].to_numpy(),
                    "segment": people["segment"].to_numpy(),
                    "channel": people["preferred_channel"].fillna(rule.channel).to_numpy(),
                    "say": rule.message,
                    "before": [
                        "no contact on record" if days >= NEVER else f"{counted(days, 'days')} ago" for days in since
                    ],
                    "gain": (share * believed.mean - cost).to_numpy(),
                    "gain_low": (share * (believed.mean - _Z * believed.spread) - cost).to_numpy(),
                    "gain_high": (share * (believed.mean + _Z * believed.spread) - cost).to_numpy(),
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    everybody = pd.concat(parts, ignore_index=True)
    paying = everybody[everybody["gain"] > 0].sort_values(
        ["gain", "customer_id"], ascending=[False, True], kind="stable"
    )
    return paying.drop_duplicates("customer_id").reset_index(drop=True)
