"""The top of a page."""

import pytest
from bs4 import BeautifulSoup

from crmkit.errors import CrmkitError
from crmkit.insights import Finding
from crmkit.reporting.pages import opening
from tests.reporting.factories import THROUGH, scorecard_frame
from tests.reporting.rendered_pages import HOSTILE, SETTINGS


def page(*arguments, **options):
    return BeautifulSoup(opening(*arguments, **options).html, "html.parser")


def test_it_says_the_headline_how_fresh_the_data_is_and_five_findings():
    top = page(scorecard_frame(), SETTINGS, data_through=THROUGH, n_quality_notes=1)
    assert top.h1.get_text() == "October 2026: more customers left; winning a customer got cheaper"
    assert (
        top.select_one(".status").get_text()
        == "Data through 31 October 2026 · 9 of 14 numbers measured · 1 note on data quality"
    )
    assert len(top.select(".findings li")) == 5
    assert top.select_one(".findings li")["class"] == ["worse"]


def test_only_numbers_with_a_value_are_called_measured():
    silent = scorecard_frame(
        ["nps", "csat"], value=None, low=None, high=None, status="no data", verdict="no comparison"
    )
    assert page(silent, SETTINGS).select_one(".status").get_text() == "0 of 2 numbers measured"
    few = scorecard_frame(["nps", "csat"], status="too few")
    assert page(few, SETTINGS).select_one(".status").get_text() == "2 of 2 numbers measured"


def test_a_link_stands_behind_the_finding_it_belongs_to():
    top = page(scorecard_frame(), SETTINGS, links={"churn_rate": ("Who and why", "churn.html")})
    assert [link.get_text() for link in top.select(".findings a")] == ["Who and why"]
    assert top.select_one(".findings li a")["href"] == "churn.html"


def test_another_page_brings_its_own_headline_and_findings():
    top = page(
        title="October 2026: 380 customers are about to leave",
        findings=[Finding("€21,400 is at risk", " in 380 customers.")],
    )
    assert top.h1.get_text().endswith("about to leave")
    assert top.select_one("li").get_text() == "€21,400 is at risk in 380 customers."
    assert top.select_one(".legend") is None and top.select_one(".status") is None


def test_number_and_unit_never_part_at_the_end_of_a_line():
    assert "6.2\xa0% of customers left" in page(scorecard_frame(), SETTINGS).get_text()


def test_neither_scorecard_nor_title_is_an_error():
    with pytest.raises(CrmkitError, match="needs a scorecard or a title"):
        opening()


def test_text_is_escaped():
    assert page(title=HOSTILE).h1.get_text() == HOSTILE
    assert "<script" not in opening(title=HOSTILE, findings=[Finding(HOSTILE, HOSTILE)], kicker=HOSTILE).html


def test_a_period_that_is_still_running_says_how_many_days_are_compared():
    html = opening(scorecard_frame(days_so_far=9)).html.replace("\N{NO-BREAK SPACE}", " ")
    assert "The month is still running: 9 days, compared with as many before" in html
    assert "still running" not in opening(scorecard_frame()).html
