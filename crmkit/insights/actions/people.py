"""What is known of each customer on a day that decides whom an action is for: the columns of the rules."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.features.snapshot import features_of_all
from crmkit.insights.actions.saving import save_rate
from crmkit.insights.follow_up import follow_up_list
from crmkit.periods import Period
from crmkit.predictions.loyalty import loyalty
from crmkit.predictions.runner.store import latest_predictions
from crmkit.predictions.segments.assignment import customers_on
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

#: The columns of the rules, with their meaning.
COLUMNS = {
    "n_orders": "orders of 365 days; a month of a paid term counts as one",
    "revenue": "spent in 365 days [money]",
    "average_order_value": "of an order [money]",
    "days_since_order": "since the last order; 0 where a paid term runs [days]",
    "tenure_days": "since the first order [days]",
    "order_gap_days": "usual time between orders [days]",
    "overdue": "days since the last order over the usual gap [ratio]",
    "mrr": "paid a month by subscribers; 0 for others [money]",
    "days_to_end": "to the end of the paid term [days]",
    "n_open_tickets": "support cases still open",
    "unhappy": "1 for a low answer of the last 31 days or a case that is overdue, else 0",
    "worth": "expected from now on, else what was spent in 365 days [money]",
    "chance": "of leaving [share]",
    "at_risk": "chance times worth [money]",
    "worth_a_contact": "at_risk times the save rate, less the cost of a contact [money]",
    "days_to_anniversary": "to the next anniversary of the first order [days]",
    "years": "which anniversary that is",
    "days_since_contact": "since the last mailing, call or visit; 9999 if there was none [days]",
}
_TEXTS = ("segment", "preferred_channel", "why_unhappy")
NEVER = 9999
_FEATURES = ("order_gap_days", "overdue", "mrr", "days_to_end", "n_open_tickets")
_ZERO = ("mrr", "n_open_tickets", "unhappy", "worth")


def people_on(catalog: Catalog, day: date) -> pd.DataFrame:
    """Return everybody who has ordered or paid, with the columns of the rules as they were known on a day.

    Returns
    -------
    DataFrame
        Indexed by customer_id: :data:`COLUMNS`, consent (True, False, missing), segment, preferred_channel, why_unhappy.

    Raises
    ------
    NotMeasured
        If there are no orders of known customers.
    """
    return memoize(catalog, _people, day).set_index("customer_id")


def _people(catalog: Catalog, day: date) -> pd.DataFrame:
    people = customers_on(catalog, day)
    features = features_of_all(catalog, day, _FEATURES).set_index("customer_id")
    people = people.join(features[[name for name in _FEATURES if name in features]])
    people = people.join(_unhappy(catalog, day)).join(_anniversaries(catalog, day))
    people["days_since_contact"] = _last_contact(catalog, day).reindex(people.index).fillna(NEVER)
    scores = catalog.frame("customer_scores") if "customer_scores" in catalog.names else None
    for name, model in (("worth", "value"), ("chance", "churn")):
        rows = None if scores is None else latest_predictions(scores, model, day)
        if rows is not None and len(rows):
            people[name] = rows.set_index("customer_id")["value"].astype(float).reindex(people.index)
    people["worth"] = people["worth"].fillna(people["revenue"]) if "worth" in people else people["revenue"]
    people = people.join(_by_record(catalog))
    if "segment_assignments" in catalog.names:
        segments = catalog.frame("segment_assignments")
        segments = latest_predictions(segments, catalog.settings.company.segment_model, day)
        people = people.join(segments.set_index("customer_id")["segment"])
    people = people.reindex(columns=[*COLUMNS, "consent", *_TEXTS])
    people["at_risk"] = people["chance"].astype(float) * people["worth"].astype(float).clip(lower=0)
    rate, cost = save_rate(catalog, day).value, catalog.settings.retention.contact_cost
    people["worth_a_contact"] = people["at_risk"] * rate - cost
    people[list(_ZERO)] = people[list(_ZERO)].astype(float).fillna(0.0)
    people[list(COLUMNS)] = people[list(COLUMNS)].astype(float)
    people[list(_TEXTS)] = people[list(_TEXTS)].astype(object)
    return people.sort_index().reset_index()


def _unhappy(catalog: Catalog, day: date) -> pd.DataFrame:
    days = Period.parse(f"{day - timedelta(days=30)}..{day}")
    listed = follow_up_list(catalog, days).set_index("customer_id")
    return pd.DataFrame({"unhappy": 1.0, "why_unhappy": listed["reasons"]})


def _anniversaries(catalog: Catalog, day: date) -> pd.DataFrame:
    try:
        loyal = loyalty(catalog, day).set_index("customer_id")
    except CrmkitError:  # too few customers for tiers
        return pd.DataFrame(columns=["days_to_anniversary", "years"])
    ahead = (loyal["anniversary_on"] - pd.Timestamp(day)).dt.days
    return pd.DataFrame({"days_to_anniversary": ahead, "years": loyal["years"]})


def _last_contact(catalog: Catalog, day: date) -> pd.Series:
    """Return the days since the firm last wrote to, called or visited each customer."""
    found = []
    for table, at in (("mailings", "sent_at"), ("interactions", "occurred_at")):
        with suppress(NotMeasured):
            rows = catalog.table(table)
            if "customer_id" not in rows.columns:
                continue
            if "direction" in rows.columns:
                rows = rows.filter(rows.direction.isnull() | (rows.direction == "outbound"))
            last = rows.filter(rows[at] < pd.Timestamp(day) + pd.Timedelta(days=1)).select("customer_id", at=rows[at])
            found.append(
                last.group_by("customer_id").aggregate(at=last["at"].max()).execute().set_index("customer_id")["at"]
            )
    if not found:
        return pd.Series(dtype=float)
    latest = pd.concat([pd.to_datetime(each) for each in found])
    latest = latest[latest.index.notna()].groupby(level=0).max()
    return (pd.Timestamp(day) - latest.dt.floor("D")).dt.days.astype(float)


def _by_record(catalog: Catalog) -> pd.DataFrame:
    if "customers" not in catalog.names:
        return pd.DataFrame()
    names = {"marketing_consent": "consent", "preferred_channel": "preferred_channel"}
    customers = catalog.table("customers")
    wanted = [name for name in names if name in customers.columns]
    rows = customers.select("customer_id", *wanted).execute().set_index("customer_id")
    return rows.rename(columns=names)
