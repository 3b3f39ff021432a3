"""The tiles: one per number, with interval, history, comparisons and target; what is not measured in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.insights.findings import CALM, season
from crmkit.insights.phrases import sentence_case
from crmkit.insights.sentiment import Remark
from crmkit.metrics.card import CARDS
from crmkit.metrics.engine.verdict import SEASONAL
from crmkit.metrics.formatting import Scale, beside, counted, currency_of, is_exact, is_number, scale_for, scale_of
from crmkit.reporting.display.html import Fragment, drawn, kept_together
from crmkit.reporting.display.sparkline import sparkline
from crmkit.settings import Settings
from crmkit.words import say

_TOPICS = [
    "voice",
    "retention",
    "revenue",
    "acquisition",
    "marketing",
    "traffic",
    "pipeline",
    "value",
    "adoption",
    "engagement",
    "social",
    "goals",
]
_WITHOUT_VALUE = {"too few": "tile-too-few", "not reached": "tile-not-reached"}
_SIGNS = {"within noise": "≈", "no large change": "≈", SEASONAL: "≈", "too few to tell": "?"}
_TARGET_SIGNS = {"met": "✓", "missed": "✕", "too close to call": "≈"}
_VERDICTS = {"met": "met", "missed": "missed", "too close to call": "close"} | CALM


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
        How far a number can be trusted, such as :func:`crmkit.reporting.pages.mood_remarks`.

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
                    tile_of(row, history, currency, (remarks or {}).get(row.metric))
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
    return sorted(topics, key=lambda topic: (_TOPICS.index(topic) if topic in _TOPICS else len(_TOPICS), topic))


def topic_title(topic: str) -> str:
    """Return a topic in words: "What customers say"."""
    return say(f"tile-topic-{topic}") if topic in _TOPICS else sentence_case(topic)


def tile_of(row: Any, history: pd.DataFrame | None, currency: str | None, remark: Remark | None) -> dict[str, Any]:
    """Return what the tile of a scorecard's row says, for a template."""
    periods = _of(history, row.metric)
    scale, has_value = scale_of(row, currency), is_number(row.value)
    if not has_value and periods is not None and periods["value"].notna().any():
        past = periods[periods["value"].notna()].iloc[-1]  # the sparkline still has numbers to word
        scale = scale_of(past, currency)
    remark = remark if has_value else None
    is_doubted = remark is not None and remark.is_doubt
    # No colour where it asks to be acted on and should not be: what cannot be relied upon, or may be the season.
    is_open = is_doubted or (row.verdict == "real" and bool(season(row)))
    tone = row.direction if row.verdict == "real" and not is_open else ""
    target = row.target if is_number(row.target) else None
    number, unit = scale.parts(row.value) if has_value else (say(_WITHOUT_VALUE.get(row.status, "tile-no-data")), "")
    comparisons = _comparisons(row, scale, currency, is_open=is_open) if has_value else []
    return {
        "metric": row.metric,
        "label": row.label,
        "tone": tone,
        "has_value": has_value,
        "caveat": _caveat(row) if has_value else "",
        "remark": remark.text if remark else "",
        "is_doubted": is_doubted,
        "number": number,
        "unit": unit,
        "basis": _basis(row, scale),
        "spark": None if periods is None else sparkline(periods, row.label, scale, target=target, tone=tone),
        "comparisons": comparisons,
        "main": comparisons[0] if comparisons else None,
        "interval": _interval(row, scale) if has_value else "",
    }


def _caveat(row: Any) -> str:
    """Return what is to be known beside a number; that a period is still running stands above all of them."""
    said = [part for part in str(row.reason or "").split("; ") if part and not part.startswith("so far: ")]
    reason = "; ".join(said)
    return say("tile-caveat", reason=reason) if row.status == "too few" else sentence_case(reason)


def _basis(row: Any, scale: Scale) -> str:
    if not is_number(row.value):
        return sentence_case(str(row.reason or ""))
    counts = counted(row.n, row.counted) if row.n != row.value or row.unit != "count" else ""
    return kept_together(", ".join(part for part in (_interval(row, scale), counts) if part))


def _interval(row: Any, scale: Scale) -> str:
    interval = "" if is_exact(row) else scale.interval(row.low, row.high)
    if interval and row.metric in CARDS and CARDS[row.metric].additive:
        return say(
            "tile-by-chance", interval=interval
        )  # the books are exact; what is open is how such a month might have gone
    return interval


def _comparisons(row: Any, scale: Scale, currency: str | None, *, is_open: bool) -> list[dict[str, Any]]:
    rows = [
        _against(row, "", row.previous_period, row.previous_value, scale) | {"is_main": True},
        _against(row, "year_", row.year_period, row.year_value, scale) | {"is_main": False},
    ]
    if is_number(row.target):
        words = scale_for(row.unit, row.target, currency=currency, significant=4).words(row.target)
        verdict = row.target_verdict if row.status == "ok" else "too few to tell"
        tone = {"met": "better", "missed": "worse"}.get(verdict, "")
        sign, word = (_TARGET_SIGNS | _SIGNS).get(verdict, ""), _word(verdict)
        text = say("tile-target", target=words)
        rows.append({"text": text, "is_main": False, "tone": tone, "sign": sign, "word": word})
    return [each | {"tone": "", "word": str(each["word"]).partition(",")[0]} for each in rows] if is_open else rows


def _against(row: Any, prefix: str, other: str, before: float, scale: Scale) -> dict[str, Any]:
    """Return the change against another period; ``prefix`` is that of its columns: change, verdict and direction."""
    change, verdict, direction = (getattr(row, f"{prefix}{name}") for name in ("change", "verdict", "direction"))
    name = beside(other, row.period)
    if verdict == "no comparison" or not is_number(change):
        why = getattr(row, f"{prefix or 'previous_'}reason", "")
        unknown = say("tile-nothing-to-compare", period=name)
        text = say("tile-not-compared", period=name, reason=why) if why else unknown
        return {"text": text, "tone": "", "sign": "", "word": ""}
    is_real = verdict == "real"
    word = _word(verdict, direction)
    sign = _SIGNS.get(verdict, "▲" if change > 0 else "▼")
    tone = direction if is_real else "few" if verdict == "too few to tell" else ""
    told = {"change": scale.change(change, (row.value, before)), "period": name}
    text = say("tile-change", **told)
    if verdict == "no large change" and is_number(at_most := getattr(row, f"{prefix}at_most", None)):
        text = say("tile-change-at-most", **told, most=scale.size(at_most))
    if not prefix and is_number(usual := getattr(row, "usual_change", None)) and verdict in ("real", SEASONAL):
        text = say("tile-change-usual", **told, usual=scale.change(usual, (before, before + usual)))
    return {"text": sentence_case(text), "tone": tone, "sign": sign, "word": word}


def _word(verdict: str | None, direction: str = "") -> str:
    """Return a verdict as a badge says it; a change that is real with its direction."""
    real = direction if direction in ("better", "worse") else "real"
    return say("tile-verdict", verdict=real if verdict == "real" else _VERDICTS.get(verdict or "", "none"))


def _of(history: pd.DataFrame | None, metric: str) -> pd.DataFrame | None:
    if history is None:
        return None
    periods = history[history["metric"] == metric]
    return periods if len(periods) else None
