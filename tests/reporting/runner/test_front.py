"""What stands on the front page: the most important lines of all pages, ranked, each with its link."""

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from crmkit.reporting import read_summary, stub_page, write_index
from crmkit.reporting.display.front import ACTIONS, CALL_BACK, MEND, FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.pages import key_numbers, opening, tiles
from tests.reporting.factories import THROUGH, history_frame, scorecard_frame
from tests.reporting.rendered_pages import HOSTILE, SETTINGS, rendered


def cell(fragment):
    return new_code_cell("x", outputs=[new_output("display_data", fragment._repr_mimebundle_())])


def finding(bold, *, stake=None, p_value=0.01, topic="", is_seasonal=False):
    return FrontLine(
        "finding", bold, metric=bold, topic=topic or bold, stake=stake, p_value=p_value, is_seasonal=is_seasonal
    )


def page_with(folder, name, *lines, html='<h2 id="call-back">Who</h2><p>Text.</p>'):
    section = with_front_lines(Fragment(html), lines)
    rendered(folder, new_markdown_cell(f"# About {name}\n\nWhat?"), cell(section), name=name)


def front(folder):
    write_index(folder, "2026-10", company="Kaldi Coffee")
    return BeautifulSoup((folder / "index.html").read_text(encoding="utf-8"), "html.parser")


def told(page, kind=".findings"):
    return [line.get_text() for line in page.select(f"{kind} li")]


def test_money_times_certainty_ranks_the_findings_of_all_pages(tmp_path):
    page_with(
        tmp_path, "a", finding("100 at 0.5", stake=100, p_value=0.5), finding("no price, less sure", p_value=0.04)
    )
    page_with(tmp_path, "b", finding("60 for sure", stake=60, p_value=0.0), finding("no price, sure", p_value=0.001))
    page_with(tmp_path, "c", finding("9,000, or the season", stake=9000, is_seasonal=True))
    assert told(front(tmp_path)) == [
        "60 for sure",
        "100 at 0.5",
        "no price, sure",
        "no price, less sure",
        "9,000, or the season It may be the season.",
    ]


def test_at_most_five_findings_and_one_of_each_topic(tmp_path):
    page_with(tmp_path, "a", *(finding(f"{n} of churn", stake=n, topic="retention") for n in (1, 2, 3)))
    page_with(tmp_path, "b", *(finding(f"{n} alone", stake=n) for n in range(10, 20)))
    assert told(front(tmp_path)) == ["19 alone", "18 alone", "17 alone", "16 alone", "15 alone"]
    page_with(tmp_path, "b", finding("4 alone", stake=4))
    assert told(front(tmp_path)) == ["4 alone", "3 of churn"]


def test_a_line_leads_to_its_section_and_a_finding_to_the_chart_of_its_metric(tmp_path):
    html = '<h2 id="call-back">Who</h2><h2 id="chart-nps">NPS</h2>'
    page_with(tmp_path, "voice", FrontLine("to do", "Call 7", anchor="call-back"), finding("nps"), html=html)
    page_with(tmp_path, "other", finding("elsewhere"))
    hrefs = {link.get_text(): link["href"] for link in front(tmp_path).select("ol a")}
    assert hrefs == {"Call 7": "voice.html#call-back", "nps": "voice.html#chart-nps", "elsewhere": "other.html"}


def test_of_two_pages_that_tell_a_change_the_one_that_is_about_it_is_linked(tmp_path):
    scorecard = cell(opening(scorecard_frame(), SETTINGS, data_through=THROUGH))
    churn = cell(opening(scorecard_frame(["churn_rate"]), SETTINGS, data_through=THROUGH))
    rendered(tmp_path, new_markdown_cell("# Scorecard"), scorecard, name="a_scorecard")
    rendered(tmp_path, new_markdown_cell("# Churn"), churn, cell(tiles(scorecard_frame())), name="b_churn")
    page = front(tmp_path)
    (link,) = (link for link in page.select(".findings a") if "customers left" in link.get_text())
    assert link["href"] == "b_churn.html#tile-churn_rate"
    assert page.select_one(".status").get_text() == "Data through 31 October 2026 · 2 of 2 pages complete"


def test_five_numbers_have_verdict_interval_and_line(tmp_path):
    shown = key_numbers(scorecard_frame(), history_frame(), SETTINGS, limit=6)
    rendered(tmp_path, new_markdown_cell("# Scorecard"), cell(shown), cell(tiles(scorecard_frame())), name="scorecard")
    numbers = front(tmp_path).select("article.key")
    assert len(numbers) == 5
    by_label = {number.select_one(".label").get_text(): number for number in numbers}
    lost = by_label["Customers lost"]
    assert lost.select_one(".value").get_text().replace("\xa0", " ") == "6.2%"
    assert lost.select_one(".interval").get_text().replace("\xa0", " ") == "5.5 to 6.9 %"
    assert lost.select_one(".chip").get_text() == "▲ Real, worse"
    assert lost.select_one("svg[aria-label]") and lost.a["href"] == "scorecard.html#number-churn_rate"


def test_a_page_that_failed_or_was_not_made_is_told_in_small_and_gives_no_lines(tmp_path):
    page_with(tmp_path, "a", finding("told", stake=1))
    page_with(tmp_path, "b", finding("gone", stake=2))
    stub_page(tmp_path / "b.html", "About b", "It stopped.", "Look.", company="K", period="2026-10")
    page = front(tmp_path)
    assert told(page) == ["told"]
    assert [entry.get_text() for entry in page.select("#pages li")] == ["About b failed", "About a"]


def test_a_front_page_of_pages_without_lines_lists_the_pages_alone(tmp_path):
    page_with(tmp_path, "a")
    page = front(tmp_path)
    assert [section["id"] for section in page.select("section")] == ["pages"]
    assert not page.select(".findings, .key, #why, #to-do")


def test_why_and_to_do_have_their_places_the_most_money_first(tmp_path):
    lines = [FrontLine("to do", f"Save {n}", stake=n) for n in (1.0, 3.0, 2.0, 4.0)]
    page_with(tmp_path, "a", FrontLine("why", "Fewer came", ": 40 less"), *lines)
    page = front(tmp_path)
    assert told(page, "#why") == ["Fewer came: 40 less"]
    assert told(page, "#to-do") == ["Save 4.0", "Save 3.0", "Save 2.0"]


def test_what_went_wrong_and_who_is_unhappy_come_before_what_may_pay(tmp_path):
    mend = FrontLine("to do", "Tickets about taste", topic=MEND, anchor="reasons")
    page_with(tmp_path, "a", FrontLine("to do", "Remind 9", topic=ACTIONS, stake=9.0), mend)
    page_with(tmp_path, "b", FrontLine("to do", "Call back 7", topic=CALL_BACK), mend)
    assert told(front(tmp_path), "#to-do") == ["Tickets about taste", "Call back 7", "Remind 9"]


@pytest.mark.parametrize("text", [HOSTILE, 'a"b', "<svg onload=alert(1)><script>1</script></svg>"])
def test_lines_are_text_whatever_they_hold(tmp_path, text):
    number = {"metric": "m", "label": text, "tone": "", "number": text, "unit": "", "interval": "", "is_doubted": False}
    number |= {"main": None, "spark": {"svg": '<svg onload="x()"><script>1</script></svg>', "first": "", "last": ""}}
    page_with(tmp_path, "a", FrontLine("why", text, text), FrontLine("number", text, number=number))
    page = front(tmp_path)
    assert not page.select("main script, [onload], [onerror]")


def test_an_address_in_a_line_is_masked(tmp_path):
    page_with(tmp_path, "a", FrontLine("to do", "Call anna@example.org"))
    assert "anna@" not in str(read_summary(tmp_path / "a.html").front) + front(tmp_path).get_text()
