"""All that is known of why a number moved, as sentences: parts, places, reasons that rose, and what coincided."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.explain.reasons import reasons_that_rose, rise_in_words
from crmkit.insights.explain.words import explanation_in_words
from crmkit.metrics.analyses.coincidences import coincidences
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.formatting import Scale, in_words, joined, scale_of
from crmkit.periods import Period, day_in_words
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_MOST_LISTED = 3


def report_in_words(catalog: Catalog, explanation: pd.DataFrame) -> list[str]:
    """Return the sentences of an explanation, those on the reasons that rose in its period, and what coincided with it.

    Parameters
    ----------
    catalog : Catalog
    explanation : DataFrame
        From :func:`crmkit.explain`, of the same catalog.
    """
    period = Period.parse(explanation["period"].iloc[0], catalog.settings.company.fiscal_year_start)
    currency = catalog.settings.company.currency
    said = explanation_in_words(explanation, currency, usual_scale(catalog, explanation))
    rose = reasons_that_rose(catalog, period)
    said += [rise_in_words(row, period) for row in rose[rose["rose"]].itertuples(index=False)]
    return said + coincidences_in_words(coincidences(catalog, period), currency)


def usual_scale(catalog: Catalog, explanation: pd.DataFrame) -> Scale:
    """Return how the metric of an explanation is printed on tiles and in tables."""
    metric, period = explanation["metric"].iloc[0], explanation["period"].iloc[0]
    (row,) = evaluate(catalog, metric, period).itertuples(index=False)
    return scale_of(row, catalog.settings.company.currency)


def coincidences_in_words(events: pd.DataFrame, currency: str | None = None) -> list[str]:
    """Return what coincided as one sentence, or none.

    Parameters
    ----------
    events : DataFrame
        From :func:`crmkit.coincidences`.
    currency : str, optional
        ISO 4217 code.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-10-05", "2026-09-30"])
    >>> events = pd.DataFrame({"kind": ["campaign began", "spending stopped"], "what": ["autumn", "radio"], "on": days,
    ...                        "before": [None, 100.0], "now": [None, 0.0]})
    >>> coincidences_in_words(events.head(1), "EUR")
    ['It coincided, which proves nothing: campaign "autumn" began on 5 October 2026.']
    """
    said = []
    for kind, rows in events.groupby("kind", sort=False):
        said += [_event(row, currency) for row in rows.head(_MOST_LISTED).itertuples(index=False)]
        if len(rows) > _MOST_LISTED:
            said.append(say("explain-more-of-kind", n=len(rows) - _MOST_LISTED, kind=str(kind)))
    return [say("explain-coincided", events=joined(said))] if said else []


def _event(row: object, currency: str | None) -> str:
    r: pd.Series = row  # type: ignore[assignment]
    on = day_in_words(pd.Timestamp(r.on).date())
    if r.kind.startswith("price"):
        before, now = (
            in_words(price, "money", low=price, high=price * 1.001, currency=currency) for price in (r.before, r.now)
        )
        name = "explain-price-of-plan" if r.kind.endswith("plan") else "explain-price"
        return say(name, what=r.what, before=before, now=now, day=on)
    if r.kind == "campaign began":
        return say("explain-campaign", what=r.what, day=on)
    began = r.kind == "spending began"
    return say("explain-spending-began" if began else "explain-spending-stopped", what=r.what, day=on)
