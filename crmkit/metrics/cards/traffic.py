"""Web traffic: visitors, and their conversion to leads, clicks and sign-ups."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.measures import Measure, ShareOfCounts, Tally

_SOURCE = "Farris et al. (2016), Marketing Metrics, 3rd edition, section 9.9 (visits, visitors and abandonment)"
_DETAIL: dict[str, Any] = {"headline": False, "source": _SOURCE}


@metric(label="Visitors", unit="count", better="higher", counted="visitors", **_DETAIL)
def visitors(web_traffic: ir.Table) -> Measure:
    """Visitors of the site, as the web statistics count them by day, origin and landing page.

    visitors = sum of visitors over days, origins and landing pages
    """
    w = web_traffic
    return Tally(w, at=w.visited_on, unit=w.visited_on, value=w.visitors)


@metric(
    label="Visitors who become leads",
    unit="share",
    better="higher",
    counted="visitors",
    smallest_change=0.005,
    source=_SOURCE,
    headline=False,
)
def traffic_to_lead(web_traffic: ir.Table) -> Measure:
    """New leads as a share of visitors. One popular guide prints visitors / leads: that is the inverse, visitors per lead.

    traffic-to-lead conversion = leads / visitors
    """
    w = web_traffic
    return ShareOfCounts(w, at=w.visited_on, unit=w.visited_on, numerator=w.leads, denominator=w.visitors)


@metric(
    label="Landing-page conversion",
    unit="share",
    better="higher",
    counted="visitors",
    smallest_change=0.005,
    **_DETAIL,
)
def landing_page_conversion(web_traffic: ir.Table) -> Measure:
    """Clicks that led to a conversion, as a share of the visitors of the landing pages.

    landing-page conversion = converted clicks / visitors
    """
    w = web_traffic
    return ShareOfCounts(w, at=w.visited_on, unit=w.visited_on, numerator=w.converted_clicks, denominator=w.visitors)


@metric(label="Clicks without conversion", unit="count", better="neither", counted="clicks", news=False, **_DETAIL)
def clicks_without_conversion(web_traffic: ir.Table) -> Measure:
    """Clicks on an offer that led to nothing; where several clicks belong to one conversion, an upper bound.

    clicks without conversion = clicks - converted clicks
    """
    w = web_traffic
    return Tally(w, at=w.visited_on, unit=w.visited_on, value=w.clicks - w.converted_clicks)


@metric(
    label="Share of clicks without conversion",
    unit="share",
    better="neither",
    counted="clicks",
    **_DETAIL,
)
def clicks_lost(web_traffic: ir.Table) -> Measure:
    """Clicks on an offer that led to nothing, as a share of all clicks on one.

    share of clicks without conversion = (clicks - converted clicks) / clicks
    """
    w = web_traffic
    lost = w.clicks - w.converted_clicks
    return ShareOfCounts(w, at=w.visited_on, unit=w.visited_on, numerator=lost, denominator=w.clicks)


@metric(label="Sign-ups", unit="count", better="higher", counted="sign-ups", **_DETAIL)
def sign_ups(web_traffic: ir.Table) -> Measure:
    """People who signed up on the site.

    sign-ups = sum of sign-ups over days, origins and landing pages
    """
    w = web_traffic
    return Tally(w, at=w.visited_on, unit=w.visited_on, value=w.sign_ups)
