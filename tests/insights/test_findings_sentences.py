"""Every sentence about every card, at n = 0, 1, 5, 50 and 5,000: each verdict, each side, and figures that are hard to say."""

from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmkit.insights import findings, headline
from crmkit.insights.findings import against_last_year, clause, in_short, missed, moved, unmoved
from crmkit.insights.messages import Message, group_message, history_message, parts_message
from crmkit.metrics.card import CARDS, Card
from crmkit.metrics.engine.verdict import judge_target
from crmkit.metrics.scorecard import scorecard
from crmkit.reporting.display.tiles import tiles
from tests.firms import firm
from tests.reading import faults, sentences

NAN = float("nan")
SIZES = [0, 1, 5, 50, 5000]
# Of each unit: values that a firm meets, with the ends of the interval; nothing, one, a little less than nothing.
FIGURES = {
    "share": [(0.0, 0.0, 0.52), (1.0, 0.48, 1.0), (0.0101, 0.002, 0.03), (0.5, NAN, NAN)],
    "points": [(0.0, -60.0, 60.0), (1.0, -9.0, 11.0), (-0.001, -3.0, 3.0), (-100.0, -100.0, -20.0), (1.0, NAN, NAN)],
    "money": [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (-0.001, -2.0, 2.0), (-12.5, -31.0, 4.0), (2_150_000.0, 2e6, 2.3e6)],
    "days": [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, NAN, 2.0), (12.5, 9.0, NAN), (30.0, 20.0, 41.0)],
    "months": [(0.1, 0.0, 0.4), (1.0, 0.6, 1.9), (12.4, 8.0, NAN)],
    "per customer": [(1.0, NAN, NAN), (1.0, 1.0, 1.0), (1.7, 1.2, 2.4)],
    "per week": [(0.0, 0.0, 0.9), (1.0, 0.7, 1.5), (12.0, 9.0, 16.0)],
    "times": [(0.0, 0.0, 0.9), (1.0, 0.7, 1.5), (4.2, 3.0, 6.1)],
    "touches": [(0.0, 0.0, 0.9), (1.0, 0.7, 1.5), (4.2, 3.0, 6.1)],
}
SMALLEST = {"share": 0.0, "count": 0, "days": 0.0, "months": 0.0, "per week": 0.0, "times": 0.0, "touches": 0.0}
STANDING = [
    ("real", 1.0),
    ("real", -1.0),
    ("within noise", 0.0),
    ("within noise", 0.3),
    ("no large change", 0.3),
    ("too few to tell", -0.4),
    ("no comparison", NAN),
]


def figures(card: Card, n: int) -> list[tuple[float, float, float]]:
    """Return values and intervals of n cases: what is added up is 0 without any, all else has no value then."""
    if n == 0:
        return [(0.0, 0.0, 3.7)] if card.additive else [(NAN, NAN, NAN)]
    return [(n, n * 0.6, n * 1.5)] if card.unit == "count" else FIGURES[card.unit]


def rows(card: Card, n: int) -> Iterator[SimpleNamespace]:
    """One row of a judged scorecard for each figure and way in which a number can stand."""
    for (value, low, high), (verdict, step) in product(figures(card, n), STANDING):
        change = step * (0.31 if card.unit == "share" else max(abs(value), 1.0))
        if value - change < SMALLEST.get(card.unit, -np.inf) or (card.unit == "share" and value - change > 1):
            continue
        standing = "no comparison" if np.isnan(value) else verdict
        change = NAN if standing == "no comparison" else change
        target = value * 0.9 if card.better == "lower" else value + 1
        yield SimpleNamespace(
            **_facts(card),
            n=n,
            value=value,
            low=low,
            high=high,
            **_told(card, value, change, standing),
            target=target,
            target_verdict=judge_target(low, high, target, card.better),
        )


def _facts(card: Card) -> dict[str, object]:
    names = ("label", "topic", "headline", "unit", "better", "counted")
    return {name: getattr(card, name) for name in names} | {
        "metric": card.name,
        "period": "2026-10",
        "p_value": 0.01,
        "year_p_value": 0.01,
        "previous_period": "2026-09",
        "year_period": "2025-10",
        "previous_reason": "",
        "year_reason": "",
        "days_so_far": pd.NA,
    }


def _told(card: Card, value: float, change: float, verdict: str) -> dict[str, object]:
    good = "better" if (change > 0) == (card.better == "higher") else "worse"
    direction = ("changed" if card.better == "neither" else good) if verdict == "real" else ""
    there = not np.isnan(value)
    return {
        "status": "ok" if there else "no data",
        "reason": "" if there else f"no {card.counted} in this period",
        "previous_value": value - change,
        "change": change,
        "at_most": 1.2 * abs(change),
        "usual_change": None,
        "verdict": verdict,
        "direction": direction,
        "year_value": value - change,
        "year_change": change,
        "year_at_most": 1.2 * abs(change),
        "year_verdict": verdict,
        "year_direction": direction,
    }


def said_of(row: SimpleNamespace) -> list[str]:
    """Every sentence that a page could say of one row."""
    if np.isnan(row.value):
        return []
    texts = [unmoved(row, "EUR").text]
    if row.target_verdict == "missed":
        texts.append(missed(row, "EUR").text)
    if row.verdict == "real":
        texts += [moved(row, "EUR", is_first=first).text for first in (True, False)]
        texts += [against_last_year(row, "EUR").text, in_short(row, "EUR") + ".", f"October 2026: {clause(row)}"]
    return texts


def charted(row: SimpleNamespace, card: Card) -> list[Message]:
    """The words around the charts of one row: over its periods, and by a column."""
    before = [row.previous_value, row.value]
    history = pd.DataFrame({"period": ["2026-08", "2026-09", "2026-10"], "value": [*before, row.value]})
    messages = [history_message(row, history, card.definition, "EUR")]
    if row.verdict == "no comparison" and not np.isnan(row.value):
        groups = pd.DataFrame(
            {
                "channel": ["search", "1"],
                "value": [row.value] * 2,
                "low": [row.low] * 2,
                "high": [row.high] * 2,
                "unit": card.unit,
                "n": [0, 1],
                "status": "ok",
            }
        )
        messages += [
            group_message(groups, "channel", row, card, "EUR"),
            parts_message(groups, "channel", row, card, "EUR"),
        ]
    return messages


def wrong(texts: list[str]) -> list[str]:
    return [f"{text}  <- {fault}" for text in dict.fromkeys(texts) for fault in faults(text)]


@pytest.mark.parametrize("n", SIZES)
def test_what_is_said_of_every_card_is_sense(n):
    texts = [text for card in CARDS.values() for row in rows(card, n) for text in said_of(row)]
    assert not wrong(texts)
    assert [
        text for text in texts if not text[0].isupper() and text[0] not in "€−0123456789" and " (" not in text
    ] == []


@pytest.mark.parametrize("n", [0, 1])
def test_the_words_around_the_charts_of_every_card_are_sense(n):
    seen = {
        (card.unit, row.value, row.low, row.verdict, n_card % 9): (row, card)
        for n_card, card in enumerate(CARDS.values())
        for row in rows(card, n)
    }
    texts = [
        text
        for row, card in seen.values()
        for message in charted(row, card)
        for text in (message.title, message.subtitle, message.alt)
    ]
    assert not wrong(texts)


@pytest.mark.parametrize("n", SIZES)
def test_the_tiles_of_every_card_are_sense(n):
    every = pd.DataFrame([vars(row) for card in CARDS.values() for row in rows(card, n)])
    history = pd.concat([every.assign(period=period) for period in ("2026-09", "2026-10")])
    texts = sentences(tiles(every.drop_duplicates("metric"), history.drop_duplicates(["metric", "period"])).html)
    for _, row in every.drop_duplicates(["unit", "value", "verdict", "change"]).iterrows():
        texts += sentences(tiles(row.to_frame().T).html)
    assert not wrong(texts)


@pytest.mark.parametrize("n", SIZES)
def test_the_top_of_a_page_is_sense_whichever_cards_are_on_it(n):
    every = pd.DataFrame([vars(row) for card in CARDS.values() for row in rows(card, n)])
    random = np.random.default_rng(n)
    texts = []
    for _ in range(60):
        some = every.iloc[random.permutation(len(every))].drop_duplicates("metric").head(random.integers(1, 40))
        texts += [headline(some), *(finding.text for finding in findings(some, currency="EUR"))]
    assert not wrong(texts)
    assert [text for text in texts if text[-1] not in ".:" and not text.startswith("October 2026: ")] == []


def test_the_rows_of_this_test_have_the_columns_of_a_scorecard():
    expected = set(scorecard(firm(1), "2026-10", metrics="revenue").columns)
    assert set(vars(next(rows(CARDS["revenue"], 5)))) == expected
