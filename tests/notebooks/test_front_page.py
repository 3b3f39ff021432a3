"""The front page of small firms and of firms that record little: short, whole, and every sentence one that an owner reads."""

import pytest
from bs4 import BeautifulSoup

from crmkit.reporting import write_index
from crmkit.tables.schema import SCHEMAS
from tests.firms import firm, firm_of, firm_without
from tests.notebooks.in_process import page_of
from tests.owner_part import visible_words
from tests.reading import faults, sentences

PAGES = ["01_scorecard", "02_acquisition", "04_retention", "05_voice"]
SURVEYS = ("customers", "survey_responses", "survey_invitations")
FIRMS = {
    "of 50 customers": lambda: firm(50),
    "of one customer": lambda: firm(1),
    "where nothing happened": lambda: firm(0),
    "without subscriptions": lambda: firm_without("subscription_terms"),
    "of subscriptions only": lambda: firm_of("customers", "subscription_terms"),
    "of surveys only": lambda: firm_of(*SURVEYS),
}


QUICK = ("of surveys only", "of one customer")


@pytest.fixture(
    scope="module", params=[name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FIRMS]
)
def front(request, tmp_path_factory):
    """The front page of a firm, and its folder."""
    folder = tmp_path_factory.mktemp("period")
    summaries = [page_of(name, FIRMS[request.param](), folder, period="2026-10") for name in PAGES]
    write_index(folder, "2026-10", summaries, company="Kaldi")
    return folder, (folder / "index.html").read_text(encoding="utf-8")


def test_every_sentence_of_it_makes_sense_and_there_are_at_most_350_words(front):
    _, html = front
    assert visible_words(html) <= 350
    wrong = [f"{text}  <- {fault}" for text in sentences(html) for fault in faults(text)]
    # The names of the tables that a page needs are names to load by.
    assert not [text for text in wrong if not any(table in text for table in SCHEMAS)]


def test_it_has_a_headline_numbers_and_all_pages_and_every_link_leads_to_a_place(front):
    folder, html = front
    page = BeautifulSoup(html, "html.parser")
    assert page.h1.get_text().startswith("October 2026")
    assert 1 <= len(page.select("article.key")) <= 5
    assert len(page.select(".findings li")) <= 5
    assert len(page.select("#pages li")) == len(PAGES)
    for link in page.select("main a"):
        file, _, anchor = link["href"].partition("#")
        there = BeautifulSoup((folder / file).read_text(encoding="utf-8"), "html.parser")
        assert not anchor or there.find(id=anchor), link["href"]
