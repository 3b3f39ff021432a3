"""The order of a page: the owner's part, the folds, the contents and the links from findings to their sections."""

import pandas as pd
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell

from crmkit.reporting.pages import key_numbers, opening, table, tiles
from tests.reporting.factories import history_frame, scorecard_frame
from tests.reporting.rendered_pages import SETTINGS, rendered, shown

ROWS = pd.DataFrame({"channel": ["search"], "lost": [1]})


def fold(heading):
    return new_markdown_cell(heading, metadata={"tags": ["fold"]})


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def page_of(folder, *cells):
    return read(rendered(folder, new_markdown_cell("# Page\n\nWhat?"), *cells))


def test_cells_after_a_cell_tagged_fold_are_folded_away_up_to_the_next_one(tmp_path):
    page = page_of(
        tmp_path,
        shown(table(ROWS, "For all")),
        fold("## For the analyst\n\nRead *this* first."),
        shown(table(ROWS, "In depth")),
        fold("## Method"),
        shown(table(ROWS, "How")),
    )
    folds = page.select("main > details.fold")
    assert [each.summary.get_text() for each in folds] == ["For the analyst", "Method"]
    assert not any(each.has_attr("open") for each in folds)
    assert [each.get_text() for each in folds[0].select(".folded h2")] == ["In depth"]
    assert folds[0].select_one(".prose em").get_text() == "this"
    assert page.find("h2", string="For all").find_parent("details") is None


def test_a_fold_with_nothing_in_it_is_left_out(tmp_path):
    page = page_of(tmp_path, shown(table(ROWS, "For all")), fold("## For the analyst"), new_code_cell("1"))
    assert not page.select("details.fold") and "For the analyst" not in page.get_text()


def test_a_heading_without_the_tag_folds_nothing(tmp_path):
    page = page_of(tmp_path, new_markdown_cell("## For the analyst"), shown(table(ROWS, "In depth")))
    assert not page.select("details")


def test_contents_lead_to_the_sections_and_the_folds(tmp_path):
    page = page_of(
        tmp_path, shown(table(ROWS, "Twice")), shown(table(ROWS, "Twice")), fold("## More"), shown(table(ROWS, "In"))
    )
    links = {link["href"]: link.get_text() for link in page.select("nav.contents a")}
    assert links == {"#twice": "Twice", "#twice-2": "Twice", "#more": "More"}
    assert all(page.find(id=href[1:]) for href in links)


def test_a_page_of_two_sections_has_no_contents(tmp_path):
    assert not page_of(tmp_path, shown(table(ROWS, "One")), shown(table(ROWS, "Two"))).select("nav.contents")


def test_a_finding_leads_to_its_chart_else_to_its_number(tmp_path):
    top = opening(scorecard_frame(), SETTINGS)
    numbers = key_numbers(scorecard_frame(), history_frame(), SETTINGS, limit=14)
    page = page_of(
        tmp_path,
        shown(top),
        shown(numbers),
        shown(table(ROWS, "Chart", id="chart-churn_rate")),
        shown(tiles(scorecard_frame())),
    )
    hrefs = [link["href"] for link in page.select(".findings li > a")]
    assert hrefs[0] == "#chart-churn_rate"
    assert "#number-customer_acquisition_cost" in hrefs
    assert all(page.find(id=href[1:]) for href in hrefs)


def test_a_finding_about_what_the_page_does_not_show_is_plain_text(tmp_path):
    page = page_of(tmp_path, shown(opening(scorecard_frame(), SETTINGS)))
    assert not page.select(".findings a") and not page.select("[data-metric]")
