"""The top of a page: headline, how fresh the data are, three to five findings, what the marks mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.findings import Finding, findings, headline
from crmkit.insights.stakes import changes_at_stake
from crmkit.metrics.formatting import joined
from crmkit.periods import Period, day_in_words
from crmkit.reporting.display.front import FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.settings import Settings
from crmkit.tables.schema import PREDICTED, SCHEMAS
from crmkit.words import say


def opening(
    scorecard: pd.DataFrame | None = None,
    settings: Settings | None = None,
    *,
    title: str | None = None,
    findings: Sequence[Finding] | None = None,
    data_through: date | None = None,
    n_quality_notes: int = 0,
    links: Mapping[str, tuple[str, str]] | None = None,
    kicker: str = "",
    needs: str = "",
) -> Fragment:
    """Return the top of a page.

    Parameters
    ----------
    scorecard : DataFrame or None
        Judged scorecard; headline and findings are made from it unless given.
    settings : Settings or None
        For the currency.
    title : str or None
        Headline, such as "October 2026: more customers left"; needed without a scorecard.
    findings : sequence of Finding or None
        What to say instead of the findings of the scorecard.
    data_through : date or None
        Last day with data.
    n_quality_notes : int
        Number of notes on data quality, linked to :func:`quality_notes`.
    links : mapping of metric name to (text, address), or None
        A link behind the finding about a metric: ``{"churn_rate": ("Who and why", "churn.html")}``.
    kicker : str
        A few words above the headline; the report sets the notebook's title there by itself.
    needs : str
        The tables that the page lacks to show anything, such as "orders or subscription_terms"; by default those that all
        numbers of the scorecard lack. A report does not make such a page, and says what it needs.

    Returns
    -------
    Fragment

    Raises
    ------
    CrmkitError
        If there is neither a scorecard nor a title.

    Examples
    --------
    >>> opening(title="October 2026: 380 customers are about to leave", data_through=date(2026, 10, 31))
    <crmkit opening>
    """
    if scorecard is None and not title:
        raise CrmkitError("opening needs a scorecard or a title. Pass one of them.")
    currency = settings.company.currency if settings is not None else None
    listed = list(findings) if findings is not None else _findings_of(scorecard, currency)
    shown = drawn(
        "opening",
        "opening",
        needs=needs if scorecard is None else needs or lacking_tables(scorecard),
        kicker=kicker,
        title=title or headline(scorecard),  # type: ignore[arg-type]
        status=_status(scorecard, data_through, n_quality_notes),
        findings=[_linked(finding, links or {}) for finding in listed],
    )
    return with_front_lines(shown, _for_front_page(scorecard, currency, data_through))


def lacking_tables(scorecard: pd.DataFrame) -> str:
    """Return the tables of which the data must have one to measure any number of a scorecard; empty if one is measured.

    Examples
    --------
    >>> lacking_tables(pd.DataFrame({"status": "not measured", "reason": ["needs deals", "needs deals.amount", "needs leads"]}))
    'deals or leads'
    >>> lacking_tables(pd.DataFrame({"status": ["ok", "not measured"], "reason": ["", "needs leads"]}))
    ''
    """
    if not (scorecard["status"] == "not measured").all():
        return ""
    named = [table_names(str(reason).removeprefix("needs ")) for reason in scorecard["reason"]]
    often = Counter(name for names in named for name in names if name not in PREDICTED)  # these follow from the others
    return joined([name for name, _ in often.most_common()], "or")


def table_names(needs: str) -> list[str]:
    """Return the canonical tables that a reason names; empty if it is about anything else, such as too short a record.

    Examples
    --------
    >>> table_names("orders.customer_id or subscription_terms"), table_names("a record of 210 days with orders")
    (['orders', 'subscription_terms'], [])
    """
    names = [part.strip().partition(".")[0] for part in needs.replace(" or ", ",").split(",")]
    return list(dict.fromkeys(names)) if all(name in SCHEMAS for name in names) else []


def _findings_of(scorecard: pd.DataFrame | None, currency: str | None) -> list[Finding]:
    return [] if scorecard is None else findings(scorecard, currency=currency)


def _for_front_page(scorecard: pd.DataFrame | None, currency: str | None, through: date | None) -> list[FrontLine]:
    lines = [FrontLine("status", say("page-through", day=day_in_words(through)))] if through is not None else []
    for each in changes_at_stake(scorecard, currency=currency) if scorecard is not None else []:
        told = each.finding
        lines.append(
            FrontLine(
                "finding",
                told.bold,
                told.first_sentence,
                metric=told.metric,
                topic=each.topic,
                tone=told.tone,
                stake=each.stake,
                p_value=each.p_value,
                is_seasonal=each.is_seasonal,
            )
        )
    return lines


def _status(scorecard: pd.DataFrame | None, through: date | None, n_notes: int) -> list[dict[str, str]]:
    parts = []
    if through is not None:
        parts.append({"text": say("page-through", day=day_in_words(through)), "href": ""})
    if scorecard is not None and scorecard.get("days_so_far", pd.Series(dtype=float)).notna().any():
        row = scorecard.iloc[0]
        text = say("page-running", noun=Period.parse(row["period"]).noun, days=int(row["days_so_far"]))
        parts.append({"text": text, "href": ""})
    if scorecard is not None:
        n_measured = int(scorecard["value"].notna().sum())  # what could be, and has no case in the period, is not
        parts.append({"text": say("page-measured", measured=n_measured, n=len(scorecard)), "href": ""})
    if n_notes:
        parts.append({"text": say("page-notes", n=n_notes), "href": "#quality"})
    return parts


def _linked(finding: Finding, links: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    text, href = links.get(finding.metric, ("", ""))
    link = {"text": text, "href": href} if href else None
    return {"bold": finding.bold, "rest": finding.rest, "tone": finding.tone, "link": link, "metric": finding.metric}
