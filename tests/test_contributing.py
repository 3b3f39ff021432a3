"""What CONTRIBUTING.md promises a newcomer: a card in ten lines is everywhere without another file being touched."""

import re
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest

import crmkit as ck
from crmkit.metrics.card import CARDS
from crmkit.metrics.glossary import glossary_markdown
from crmkit.metrics.measures import Share
from crmkit.plots import plot_history
from crmkit.reporting.pages.glossary import glossary_terms
from crmkit.settings import parse_settings
from tests.reading import faults, sentences

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
TEN_LINES = dedent(re.search(r"## A metric in ten lines\n.*?\n((?:    [^\n]*\n|\n)+)", TEXT, re.DOTALL)[1]).strip()


@pytest.fixture
def newcomer():
    """Write the card of CONTRIBUTING.md into voice.py, as it were; take it out again."""
    before = set(CARDS)
    exec(
        compile(TEN_LINES, "voice.py", "exec"),
        {"__name__": "crmkit.metrics.cards.voice", "metric": ck.metric, "Share": Share},
    )
    (name,) = set(CARDS) - before
    yield name
    del CARDS[name]


@pytest.fixture
def catalog():
    rows = [
        (day, score, touchpoint)
        for month in ("09", "10")
        for n, (score, touchpoint) in enumerate([(7, "shop"), (6, "shop"), (5, "web"), (2, "web")] * 5)
        for day in [f"2026-{month}-{n + 1:02d}"]
    ]
    answers = pd.DataFrame(rows, columns=["responded_at", "score", "touchpoint"]).assign(survey="ces")
    answers = answers.assign(response_id=answers.index.astype(str), customer_id=answers.index.astype(str))
    answers = answers.assign(responded_at=pd.to_datetime(answers["responded_at"]), score=answers["score"].astype(float))
    settings = {"data": {"through": "2026-10-31"}, "targets": [{"metric": "low_effort", "value": 0.3}]}
    return ck.connect({"survey_responses": answers}, parse_settings(settings))


def test_the_card_has_ten_lines():
    assert len([line for line in TEN_LINES.splitlines() if line.strip()]) <= 10


def test_it_is_on_the_scorecard_in_words_on_tiles_and_among_the_targets(newcomer, catalog):
    history = ck.evaluate(catalog, periods="2026-09..2026-10")
    card = ck.scorecard(catalog, "2026-10", history=history)
    row = card.set_index("metric").loc[newcomer]
    assert (row["value"], row["n"], row["topic"]) == (0.75, 20, "voice")
    assert newcomer in set(ck.about(card, "voice")["metric"]) and newcomer in set(ck.headlines(card)["metric"])
    assert ck.goals(card)[["metric", "target_verdict"]].values.tolist() == [[newcomer, "met"]]
    html = ck.pages.tiles(ck.about(card, "voice"), history, catalog.settings).html
    assert f'id="tile-{newcomer}"' in html and "Customer effort" in html and "75" in html
    html = ck.pages.opening(card[card["metric"] == newcomer], catalog.settings).html
    told = [text.replace("\N{NO-BREAK SPACE}", " ") for text in sentences(html)]
    assert any("Customer effort: 75 %" in text for text in told) and not [text for text in told if faults(text)]


def test_it_is_in_the_glossary_on_paper_and_on_the_page(newcomer):
    assert newcomer in set(ck.glossary()["metric"])
    assert f'<a id="{newcomer}"></a>**Customer effort**' in glossary_markdown()
    assert "low effort = answers of 5 or more / answers" in glossary_terms(["voice"]).html


def test_it_is_plotted_in_its_own_unit_over_time_and_by_group(newcomer, catalog):
    from matplotlib import pyplot

    history = ck.evaluate(catalog, newcomer, periods="2026-09..2026-10")
    axes = plot_history(history)
    axes.figure.canvas.draw()
    assert any("%" in label.get_text() for label in [*axes.get_yticklabels(), *axes.texts])
    pyplot.close(axes.figure)
    card = ck.scorecard(catalog, "2026-10", metrics=newcomer, history=history)
    assert (
        "Customer effort: 75 % in October 2026"
        in ck.pages.history_chart(newcomer, card, history, catalog.settings).html
    )
    assert "touchpoint" in ck.pages.group_chart(catalog, newcomer, "touchpoint", card).html
