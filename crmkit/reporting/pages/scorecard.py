"""The tiles: one per number, with interval, history, comparisons and target; what is not measured in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.findings import Finding, findings, headline
from crmkit.insights.goals import budget_message, goals_message, precedents_message
from crmkit.insights.phrases import sentence_case
from crmkit.insights.sentiment import Remark
from crmkit.metrics.analyses.goals import budget_report, goals
from crmkit.metrics.analyses.precedents import events_before_win
from crmkit.metrics.card import CARDS
from crmkit.metrics.cards.pipeline import stage_order
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.formatting import Scale, beside, counted, currency_of, is_exact, is_number, scale_for, scale_of
from crmkit.periods import Period, day_in_words
from crmkit.reporting.display.html import Fragment, drawn, kept_together
from crmkit.reporting.display.sparkline import sparkline
from crmkit.reporting.display.tables import EMPTY, table
from crmkit.settings import Settings
from crmkit.tables.catalog import Catalog

TOPIC_TITLES = {
    "voice": "What customers say",
    "retention": "Staying and leaving",
    "revenue": "Buying",
    "acquisition": "Winning customers",
    "marketing": "What marketing spends and brings",
    "traffic": "Visits and what becomes of them",
    "pipeline": "From lead to sale",
    "value": "What customers are worth",
    "adoption": "Using the CRM",
    "engagement": "Taking part",
    "social": "Social networks",
    "goals": "Targets",
}
_WITHOUT_VALUE = {"too few": "Too few to say", "not reached": "Not reached"}
_SIGNS = {"within noise": "≈", "too few to tell": "?"}
_TARGET_SIGNS = {"met": "✓", "missed": "✕", "too close to call": "≈"}


def tiles(
    scorecard: pd.DataFrame,
    history: pd.DataFrame | None = None,
    settings: Settings | None = None,
    *,
    remarks: Mapping[str, Remark] | None = None,
) -> Fragment:
    """Return the tiles of a scorecard, by topic.

    Parameters
    ----------
    scorecard : DataFrame
        One row per metric, judged.
    history : DataFrame or None
        Rows of :func:`crmkit.metrics.engine.evaluate` for the last periods (13 months show the year before), for the sparklines.
    settings : Settings or None
        For the currency; without it money has no currency sign.
    remarks : mapping of metric to Remark, or None
        How far a number can be trusted, such as :func:`crmkit.mood_remarks`.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> card = {"metric": "csat", "label": "Satisfied customers", "topic": "voice", "period": "2026-10", "unit": "share"}
    >>> card |= {"value": None, "low": None, "high": None, "status": "not measured", "reason": "needs survey_responses"}
    >>> tiles(pd.DataFrame([card]))
    <crmkit tiles: no numbers>
    """
    currency = currency_of(scorecard, settings.company.currency if settings is not None else None)
    rows: list[Any] = list(scorecard.itertuples(index=False))
    shown = [row for row in rows if row.status != "not measured"]
    topics = topics_in_order({row.topic for row in shown})
    return drawn(
        "tiles",
        f"tiles: {counted(len(shown), 'numbers')}",
        topics=[
            {
                "title": topic_title(topic),
                "tiles": [
                    _tile(row, _of(history, row.metric), currency, (remarks or {}).get(row.metric))
                    for row in shown
                    if row.topic == topic
                ],
            }
            for topic in topics
        ],
        unmeasured=[{"label": row.label, "reason": row.reason} for row in rows if row.status == "not measured"],
    )


def topics_in_order(topics: set[str]) -> list[str]:
    """Return topics in the order of the tiles, an analyst's own last."""
    order = list(TOPIC_TITLES)
    return sorted(topics, key=lambda topic: (order.index(topic) if topic in order else len(order), topic))


def topic_title(topic: str) -> str:
    """Return a topic in words: "What customers say"."""
    return TOPIC_TITLES.get(topic, sentence_case(topic))


def _of(history: pd.DataFrame | None, metric: str) -> pd.DataFrame | None:
    if history is None:
        return None
    periods = history[history["metric"] == metric]
    return periods if len(periods) else None


def _tile(row: Any, periods: pd.DataFrame | None, currency: str | None, remark: Remark | None) -> dict[str, Any]:
    scale, has_value = scale_of(row, currency), is_number(row.value)
    if not has_value and periods is not None and periods["value"].notna().any():
        past = periods[periods["value"].notna()].iloc[-1]  # the sparkline still has numbers to word
        scale = scale_of(past, currency)
    remark = remark if has_value else None
    is_doubted = remark is not None and remark.is_doubt  # no colour then: it asks to be acted on
    tone = row.direction if row.verdict == "real" and not is_doubted else ""
    target = row.target if is_number(row.target) else None
    number, unit = scale.parts(row.value) if has_value else (_WITHOUT_VALUE.get(row.status, "No data"), "")
    return {
        "metric": row.metric,
        "label": row.label,
        "tone": tone,
        "has_value": has_value,
        "caveat": f"Too few: {row.reason}" if has_value and row.status == "too few" else "",
        "remark": remark.text if remark else "",
        "is_doubted": is_doubted,
        "number": number,
        "unit": unit,
        "basis": _basis(row, scale),
        "spark": None if periods is None else sparkline(periods, row.label, scale, target=target, tone=tone),
        "comparisons": _comparisons(row, scale, currency, is_doubted=is_doubted) if has_value else [],
    }


def _basis(row: Any, scale: Scale) -> str:
    if not is_number(row.value):
        return sentence_case(str(row.reason or ""))
    counts = counted(row.n, row.counted) if row.n != row.value or row.unit != "count" else ""
    interval = "" if is_exact(row) else scale.interval(row.low, row.high)
    if interval and row.metric in CARDS and CARDS[row.metric].additive:
        interval = f"{interval} by chance"  # the books are exact; what is open is how such a month might have gone
    return kept_together(", ".join(part for part in (interval, counts) if part))


def _comparisons(row: Any, scale: Scale, currency: str | None, *, is_doubted: bool) -> list[dict[str, Any]]:
    rows = [
        _against(row, "", row.previous_period, row.previous_value, scale) | {"is_main": True},
        _against(row, "year_", row.year_period, row.year_value, scale) | {"is_main": False},
    ]
    if is_number(row.target):
        words = scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)
        verdict = row.target_verdict if row.status == "ok" else "too few to tell"
        tone = {"met": "better", "missed": "worse"}.get(verdict, "")
        sign, word = (_TARGET_SIGNS | _SIGNS).get(verdict, ""), sentence_case(str(verdict or ""))
        rows.append({"text": f"Target {words}", "is_main": False, "tone": tone, "sign": sign, "word": word})
    return [each | {"tone": ""} for each in rows] if is_doubted else rows


def _against(row: Any, prefix: str, other: str, before: float, scale: Scale) -> dict[str, Any]:
    """Return the change against another period; ``prefix`` is that of its columns: change, verdict and direction."""
    change, verdict, direction = (getattr(row, f"{prefix}{name}") for name in ("change", "verdict", "direction"))
    name = beside(other, row.period)
    if verdict == "no comparison" or not is_number(change):
        return {"text": f"No value for {name} to compare with", "tone": "", "sign": "", "word": ""}
    is_real = verdict == "real"
    word = (
        sentence_case(verdict) if not is_real else f"Real, {direction}" if direction in ("better", "worse") else "Real"
    )
    sign = _SIGNS.get(verdict, "▲" if change > 0 else "▼")
    tone = direction if is_real else "few" if verdict == "too few to tell" else ""
    text = sentence_case(f"{scale.change(change, (row.value, before))} on {name}")
    return {"text": text, "tone": tone, "sign": sign, "word": word}


# Sections that are a table with its message: targets, budgets, what precedes a win, a metric by group as counts.


_ASSOCIATION = (
    "An association, not an effect: colleagues visit where there is something to win, and a deal that lasts longer sees "
    "more of everything. Only what happened before the decision is counted."
)


def goals_table(catalog: Catalog, scorecard: pd.DataFrame) -> Fragment:
    """Return targets against what was reached; empty where no target is set.

    Parameters
    ----------
    catalog : Catalog
    scorecard : DataFrame
        From :func:`crmkit.scorecard`.
    """
    reached = goals(scorecard)
    if reached.empty:
        return Fragment("", "no targets")
    currency = catalog.settings.company.currency
    rows = [_goal(row, currency) for row in reached.itertuples(index=False)]
    so_far = scorecard["days_so_far"].notna().any()
    caption = "The month is still running: of a sum, such as new customers, the target is its part for the days so far."
    period = Period.parse(scorecard["period"].iloc[0], catalog.settings.company.fiscal_year_start)
    return table(
        pd.DataFrame(rows, columns=["Metric", "Reached", "95 % interval", "Target", "Verdict"]),
        goals_message(reached),
        subtitle=f"Targets of the settings for {period.label}. Met or missed only where the whole interval lies on one side.",
        caption=caption.replace("month", period.noun) if so_far else "",
    )


def budget_table(catalog: Catalog, period: Period) -> Fragment:
    """Return what was spent against the budgets; empty where none is set.

    Parameters
    ----------
    catalog : Catalog
    period : Period
    """
    report = budget_report(catalog, period)
    if report.empty:
        return Fragment("", "no budgets")
    money = dict.fromkeys(["budget", "spent", "left"], "money")
    so_far = catalog.days_so_far(period)
    days = (
        f"the first {so_far} of {period.n_days} days of {period.label}, budgets their part of it"
        if so_far
        else period.label
    )
    return table(
        report[["channel", "purpose", "budget", "spent", "left", "used"]],
        budget_message(report, catalog.settings.company.currency),
        subtitle=f"Costs against the budgets of the settings, {days}.",
        units=money | {"used": "share"},
        settings=catalog.settings,
    )


def precedents_table(catalog: Catalog, period: Period) -> Fragment:
    """Return the win rate with and without each kind of event; empty where deals or interactions are not recorded.

    Parameters
    ----------
    catalog : Catalog
    period : Period
        Deals decided in the year that ends with it: a month has too few.
    """
    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    decided = period if period.n_days >= year.n_days else year
    when = f"in {decided.label}" if decided is period else f"from {decided.label}"
    compared = events_before_win(catalog, decided)
    if compared.empty:
        return Fragment("", "no interactions")
    names = {
        "kind": "Kind",
        "n_with": "Deals with",
        "win_rate_with": "Won with",
        "n_without": "Deals without",
        "win_rate_without": "Won without",
    }
    frame = (
        compared[list(names)].rename(columns=names).assign(Difference=[_points(row) for row in compared.itertuples()])
    )
    return table(
        frame.assign(Verdict=compared["verdict"].str.capitalize()),
        precedents_message(compared),
        subtitle=f"Share won of the deals decided {when}, with and without each kind of interaction, and the "
        "difference with its 95 % interval.",
        caption=_ASSOCIATION,
        units={"Won with": "share", "Won without": "share", "Deals with": "count", "Deals without": "count"},
    )


def group_table(
    catalog: Catalog, metrics: str | list[str], by: str, period: Period, title: str, subtitle: str = ""
) -> Fragment:
    """Return metrics of a period by the values of a column; empty where none of them can be split so.

    Parameters
    ----------
    catalog : Catalog
    metrics : str or list of str
    by : str
        The column.
    period : Period
    title, subtitle : str
        As of :func:`crmkit.table`.
    """
    from crmkit.metrics.card import cards

    try:
        rows = evaluate(catalog, metrics, periods=period, by=by)
    except CrmkitError:  # the data have no such column: a page for other data has the table
        return Fragment("", "no table")
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return Fragment("", "no table")
    currency, wide = catalog.settings.company.currency, {}
    for card in cards(metrics):
        own = rows[rows["metric"] == card.name].set_index(by)
        wide[card.label] = (
            own.apply(lambda row: _with_interval(row, currency), axis=1) if len(own) else pd.Series(dtype=str)
        )
    frame = pd.DataFrame(wide).fillna(EMPTY)
    if by == "stage":  # as deals pass them, not by the alphabet
        known = [stage for stage in stage_order(catalog) if stage in frame.index]
        frame = frame.reindex([*known, *(stage for stage in frame.index if stage not in known)])
    else:  # "(unknown)" and "(small groups)" come before all names in the alphabet, and are the least telling
        frame = frame.reindex(sorted(frame.index, key=lambda name: str(name).startswith("(")))
    frame.index.name = by
    return table(frame, title, subtitle=subtitle or f"{period.label}, with 95 % intervals.")


def _with_interval(row: pd.Series, currency: str) -> str:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    interval = "" if is_exact(row) else scale.interval(row["low"], row["high"])
    parts = [scale.words(row["value"]), f"({interval})" if interval else ""]
    return " ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts if part)  # a number stays on its line


def _goal(row: object, currency: str) -> list[str]:
    r: pd.Series = row  # type: ignore[assignment]
    scale = scale_for(r.unit, r.value, low=r.low, high=r.high, currency=currency)
    target = scale_for(r.unit, r.target, currency=currency, significant=4).words(r.target)
    verdict = r.target_verdict.capitalize() or _not_judged(r)
    if not is_number(r.value):
        return [r.label, EMPTY, "", target, verdict]
    return [r.label, scale.words(r.value), scale.interval(r.low, r.high), target, verdict]


def _not_judged(row: pd.Series) -> str:
    told = "Too few to judge" if is_number(row.value) and row.status == "too few" else "No verdict"
    return f"{told}: {row.reason}" if row.reason else told


def _points(row: object) -> str:
    r: pd.Series = row  # type: ignore[assignment]
    if not (is_number(r.difference) and is_number(r.low) and is_number(r.high)):
        return EMPTY
    return f"{100 * r.difference:+.0f} points ({100 * r.low:+.0f} to {100 * r.high:+.0f})".replace("-", "−")


# The top of a page: headline, how fresh the data is, three to five findings, what the marks mean.


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
    told = list(findings) if findings is not None else _findings_of(scorecard, currency)
    return drawn(
        "opening",
        "opening",
        kicker=kicker,
        title=title or headline(scorecard),  # type: ignore[arg-type]
        status=_status(scorecard, data_through, n_quality_notes),
        findings=[_linked(finding, links or {}) for finding in told],
        legend=scorecard is not None,
    )


def _findings_of(scorecard: pd.DataFrame | None, currency: str | None) -> list[Finding]:
    return [] if scorecard is None else findings(scorecard, currency=currency)


def _status(scorecard: pd.DataFrame | None, through: date | None, n_notes: int) -> list[dict[str, str]]:
    parts = []
    if through is not None:
        parts.append({"text": f"Data through {day_in_words(through)}", "href": ""})
    if scorecard is not None and scorecard.get("days_so_far", pd.Series(dtype=float)).notna().any():
        row = scorecard.iloc[0]
        text = f"The {Period.parse(row['period']).noun} is still running: {row['days_so_far']} days, compared with as many before"
        parts.append({"text": text, "href": ""})
    if scorecard is not None:
        n_measured = int(scorecard["value"].notna().sum())  # what could be, and has no case in the period, is not
        parts.append({"text": f"{n_measured} of {counted(len(scorecard), 'numbers')} measured", "href": ""})
    if n_notes:
        parts.append({"text": f"{counted(n_notes, 'notes')} on data quality", "href": "#quality"})
    return parts


def _linked(finding: Finding, links: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    text, href = links.get(finding.metric, ("", ""))
    link = {"text": text, "href": href} if href else None
    return {"bold": finding.bold, "rest": finding.rest, "tone": finding.tone, "link": link}
