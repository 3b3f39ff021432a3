"""Charts come with their message, their numbers and a text alternative, or not at all."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import UnknownName


@pytest.fixture(scope="module")
def catalog():
    answers = pd.DataFrame(
        {
            "response_id": [f"{month}-{i}" for month in ("08", "09", "10") for i in range(300)],
            "responded_at": [f"2026-{month}-15" for month in ("08", "09", "10") for _ in range(300)],
            "survey": "csat",
            "score": [5] * 540 + [1] * 60 + [5] * 150 + [1] * 150,
            "touchpoint": ["shop", "<b>web</b>"] * 450,
            "customer_id": [f"c{i}" for i in range(900)],
        }
    )
    return ck.connect({"survey_responses": answers})


@pytest.fixture(scope="module")
def history(catalog):
    return ck.evaluate(catalog, ["csat", "nps"], periods="2026-08..2026-10")


@pytest.fixture(scope="module")
def scorecard(catalog, history):
    return ck.scorecard(catalog, "2026-10", metrics=["csat", "nps"], history=history)


def test_a_chart_has_title_text_alternative_and_its_numbers(scorecard, history):
    html = ck.pages.history_chart("csat", scorecard, history).html
    assert "Fewer customers are satisfied: 50 % in October 2026 after" in html
    assert 'aria-label="Satisfied customers (CSAT), August 2026 to October 2026: between' in html
    assert "<details>" in html and "<td" in html


def test_there_is_one_chart_per_finding_about_a_metric(scorecard, history):
    assert ck.pages.finding_charts(scorecard, history).html.count("<figure") == 1


def test_groups_are_compared_with_the_whole_and_their_names_are_escaped(catalog, scorecard):
    html = ck.pages.group_chart(catalog, "csat", "touchpoint", scorecard).html
    assert "No touchpoint differs from the 50 % of all answers by more than chance" in html
    assert "<b>web</b>" not in html and "&lt;b&gt;web&lt;/b&gt;" in html


def test_where_the_data_have_no_such_column_there_is_no_chart(catalog, scorecard):
    assert ck.pages.group_chart(catalog, "csat", "channel", scorecard).html == ""


def test_an_unknown_metric_is_refused(scorecard, history):
    with pytest.raises(UnknownName, match="Did you mean 'csat'"):
        ck.pages.history_chart("csta", scorecard, history)
