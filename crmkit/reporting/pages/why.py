"""The sections on why a number moved: reasons that rose, and the parts and places of a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from crmkit.insights.explain.explain import explain
from crmkit.insights.explain.places import MIX
from crmkit.insights.explain.reasons import TOPIC, named_reason, reasons_that_rose, rise_in_words, usual_count
from crmkit.insights.explain.report import coincidences_in_words, usual_scale
from crmkit.insights.explain.words import cause_in_words, explanation_in_words, group_in_words
from crmkit.metrics.analyses.coincidences import coincidences
from crmkit.metrics.card import cards
from crmkit.periods import Period, PeriodLike
from crmkit.predictions.topics import NOUNS, topics
from crmkit.reporting.display.front import MEND, FrontLine, reason_line, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_MOST_REASONS, _MOST_ON_FRONT = 4, 3
_MOST_QUOTES = 2  # beside the counts: the list of topics has three of each
_MOST_PARTS = 8


@section("no reason rose")
def risen_reasons(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the reasons that were named more often than before, with the counts; empty where none was."""
    reasons = reasons_that_rose(catalog, period)
    if reasons.empty:
        return None
    is_topic = reasons["source"].str.endswith(f".{TOPIC}")
    told = is_topic & reasons[is_topic & reasons["rose"]].duplicated("reason").reindex(reasons.index, fill_value=False)
    rose = reasons[reasons["rose"] & ~told].head(_MOST_REASONS)  # what comments say, posts say too: once is enough
    if rose.empty:
        return None
    sentences = [rise_in_words(row, period) for row in rose.itertuples(index=False)]
    quotes = _quotes_of(catalog, period, rose)
    before, usual = period.previous.label_beside(period), say("explain-reasons-before", period=period.noun)
    shown = table(
        pd.DataFrame(
            {
                "What": [named_reason(row) for row in rose.itertuples(index=False)],
                period.label: rose["n"].to_numpy(),
                before: rose["n_before"].to_numpy(),
                usual: [usual_count(before) for before in rose["before"]],
            }
        ),
        _risen_message(rose.iloc[0]),
        caption=quoted(quotes),
        units=dict.fromkeys((period.label, before), "count"),
        id="reasons",
    )
    lines = [sentence.removesuffix(".") for sentence in sentences[:_MOST_ON_FRONT]]
    if quotes:
        at = min(int(is_topic[rose.index].to_numpy().argmax()), len(lines) - 1)
        lines[at] = f"{lines[at]}. {quoted(quotes)}"
    n_before = f"{rose.iloc[0]['n_before']:,.0f}" if rose.iloc[0]["n_before"] else say("explain-none")
    first = {"what": named_reason(rose.iloc[0]), "now": f"{rose.iloc[0]['n']:,.0f}", "before": n_before}
    mend = FrontLine(
        "to do", say("explain-mend.bold", **first), say("explain-mend.rest", **first), MEND, anchor="reasons"
    )
    return with_front_lines(shown, [*(reason_line(line, "reasons") for line in lines), mend])


def _risen_message(row: pd.Series) -> str:
    """Return the first reason with its counts of this period and the one before; the table has the others."""
    before = f"{row['n_before']:,.0f}" if row["n_before"] else say("explain-none")
    return say("explain-rose-brief", what=named_reason(row), now=f"{row['n']:,.0f}", before=before)


def _quotes_of(catalog: Catalog, period: Period, rose: pd.DataFrame) -> list[str]:
    """Return quotes of the texts whose topic rose, comments first, the names in them hidden."""
    risen = rose[rose["source"].str.endswith(f".{TOPIC}")]
    if risen.empty:
        return []
    found = topics(catalog, period)
    found = found[found["topic"].isin(risen["reason"]) & (found["source"].map(NOUNS).isin(risen["what"]))]
    return list(dict.fromkeys(quote for quotes in found["quotes"] for quote in quotes))[:_MOST_QUOTES]


def quoted(quotes: Sequence[str]) -> str:
    """Return quotes in a sentence; "" without any.

    Examples
    --------
    >>> quoted(["Zu spät.", "Burnt!"])
    'In their words: “Zu spät.” “Burnt!”'
    """
    said = " ".join(f"“{quote}”" for quote in quotes)
    return say("explain-quotes", quotes=said) if said else ""


@section("nothing to explain")
def why_it_moved(catalog: Catalog, period: PeriodLike, metric: str) -> Fragment | None:
    """Return how a metric moved against the period before, and where it stands out; empty where it is not known.

    Parameters
    ----------
    metric : str
        Its name.
    """
    parts = explain(catalog, metric, period)
    whole = parts.iloc[0]
    if whole["change"] != whole["change"] or not whole["change"]:
        return None
    currency = catalog.settings.company.currency
    found = parts[(parts["part"] == "mechanism") | parts["place"].notna()]
    if found.empty:
        return None
    (card,) = cards(metric)
    scale = usual_scale(catalog, parts)
    cause = cause_in_words(parts, currency, scale)
    said = explanation_in_words(parts, currency, scale)
    order = found.sort_values("change", key=lambda change: -change.abs(), kind="stable").head(_MOST_PARTS)
    rows = [(_what(row), scale.change(row["change"]), _interval(row, scale.change)) for row in order.to_dict("records")]
    coincided = " ".join(coincidences_in_words(coincidences(catalog, period), currency))
    cause = cause[:1].lower() + cause[1:].removesuffix(".")
    title = say("explain-title", label=card.label, cause=cause)
    anchor = f"why-{metric.replace('_', '-')}"
    shown = table(
        pd.DataFrame(rows, columns=[say("explain-part"), say("explain-of-the-change"), say("explain-95-interval")]),
        title,
        subtitle=said[0],
        caption=f"{say('explain-association')} {coincided}".strip(),
        id=anchor,
    )
    return with_front_lines(shown, [reason_line(title, anchor)])


def _what(row: dict[Any, Any]) -> str:
    if row["part"] == "mechanism":
        return str(row["group"]).capitalize()
    where = group_in_words(str(row["by"]), str(row["group"]))
    named = where[0].upper() + where[1:]
    return say("explain-group-part", group=named) if row["effect"] == MIX else named


def _interval(row: dict[Any, Any], words: Callable[[float], str]) -> str:
    limits = [words(row[side]) for side in ("low", "high")]
    return say("explain-interval", low=limits[0], high=limits[1]) if all(limits) else ""
