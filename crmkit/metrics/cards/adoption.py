"""Adoption: how much colleagues use the CRM."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.measures import ActiveUnits, Measure, PerUserWeek

_SOURCE = "DeLone and McLean (2003), Journal of Management Information Systems 19(4), 9-30 (system use)"
_WEEKLY: dict[str, Any] = {
    "unit": "per week",
    "better": "neither",
    "counted": "active users",
    "source": _SOURCE,
    "headline": False,
}


@metric(
    label="Active users of the CRM",
    unit="count",
    better="neither",
    counted="active users",
    additive=False,
    headline=False,
    source=_SOURCE,
)
def active_users(crm_events: ir.Table) -> Measure:
    """Colleagues who did anything in the CRM in the period.

    active users = different users with an event in the period
    """
    e = crm_events
    return ActiveUnits(e, at=e.occurred_at, unit=e.user_id)


@metric(label="Logins per user", **_WEEKLY)
def login_frequency(crm_events: ir.Table) -> Measure:
    """Logins per active user and week.

    login frequency = logins / active users / weeks
    """
    e = crm_events
    return PerUserWeek(e, at=e.occurred_at, unit=e.user_id, where=e.action == "login")


@metric(label="Records created per user", **_WEEKLY)
def records_created(crm_events: ir.Table) -> Measure:
    """Records created per active user and week: leads, deals, tickets, customers.

    records created = events with the action record_created / active users / weeks
    """
    e = crm_events
    return PerUserWeek(e, at=e.occurred_at, unit=e.user_id, where=e.action == "record_created")


@metric(label="Other activity per user", **_WEEKLY)
def other_activity(crm_events: ir.Table) -> Measure:
    """What active users do in the CRM beside logging in and creating records, such as updates, per user and week.

    other activity = events that are neither login nor record_created / active users / weeks
    """
    e = crm_events
    other = ~e.action.isin(["login", "record_created"])
    return PerUserWeek(e, at=e.occurred_at, unit=e.user_id, where=other)
