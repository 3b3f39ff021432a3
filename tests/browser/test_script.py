"""What the script of a page adds: values under the pointer, tables that are sorted, filtered and saved; nothing needs it."""

import csv

import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell

from crmkit.plots import plot_history
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages import figure
from tests.reporting.factories import history_frame
from tests.reporting.rendered_pages import rendered, shown

PLACES = ["Ostrava", "Brno", '=HYPERLINK("x")', "Plzeň", *(f"Place {n}" for n in range(10))]
AMOUNTS = [1_200_000.0, 950.0, None, 84_300.0, *(float(10 * n) for n in range(10))]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script")
    rows = pd.DataFrame({"place": PLACES, "brought": AMOUNTS, "since": pd.Timestamp("2026-03-09")})
    rows.loc[1, "since"] = pd.Timestamp("2025-11-30")
    pair = pd.DataFrame({"place": ["a", "b"], "n": [1, 2]})
    chart = figure(
        plot_history(history_frame("churn_rate")), "Customers left", alt="Customers lost per month, 6.2 % at last."
    )
    many = table(rows, "Places, and what they brought", units={"brought": "money"})
    return rendered(folder, new_markdown_cell("# Places\n\nQ?"), shown(chart), shown(many), shown(table(pair, "Two")))


def first_column(page):
    return page.locator("table").nth(-2).locator("tbody tr:visible th").all_inner_texts()


def test_the_nearest_mark_says_its_value(visit, page_file):
    page = visit(page_file)
    box = page.locator("svg.for-screens use, svg.for-screens path[style*='--accent']").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 + 9, box["y"] + box["height"] / 2)
    assert page.locator(".shown-value").inner_text() == "October 2026: 6.2 % (5.5 to 6.9 %)"
    page.keyboard.press("Escape")
    assert page.locator(".shown-value").is_hidden()


def test_a_heading_sorts_its_column_by_size_with_what_is_not_known_last(visit, page_file):
    page = visit(page_file)
    heads = page.locator("table").nth(-2).locator("thead button")
    heads.nth(1).click()
    assert first_column(page)[0] == "Place 0" and first_column(page)[-3:] == ["Plzeň", "Ostrava", '=HYPERLINK("x")']
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    heads.nth(1).focus()
    page.keyboard.press("Enter")  # by keyboard too
    assert first_column(page)[:2] == ["Ostrava", "Plzeň"] and first_column(page)[-1] == '=HYPERLINK("x")'
    heads.nth(2).click()
    assert first_column(page)[0] == "Brno"  # the earlier day


def test_a_filter_leaves_the_rows_that_hold_the_words_and_says_how_many(visit, page_file):
    page = visit(page_file)
    page.get_by_role("searchbox").fill("plz")
    assert first_column(page) == ["Plzeň"]
    assert page.get_by_role("status").inner_text() == "1 of 14 rows"
    page.get_by_role("searchbox").fill("")
    assert len(first_column(page)) == 14


def test_a_table_is_saved_as_csv_in_which_no_cell_is_a_formula(visit, page_file, tmp_path):
    page = visit(page_file)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download this table").click()
    started.value.save_as(tmp_path / "saved.csv")
    assert started.value.suggested_filename == "places_and_what_they_brought.csv"
    rows = list(csv.reader((tmp_path / "saved.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["Place", "Brought", "Since"] and len(rows) == 15
    assert rows[1] == ["Ostrava", "1.2 million", "9 Mar 2026"] and rows[3][0] == '\'=HYPERLINK("x")'
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_table_of_two_rows_gets_no_tools_and_paper_has_none(visit, page_file):
    page = visit(page_file)
    assert page.locator(".tools").count() == 1
    page.emulate_media(media="print")
    assert page.locator(".tools").is_hidden()


def test_without_the_script_all_is_there_and_nothing_pretends_to_work(visit, page_file):
    page = visit(page_file, scripts=False)
    assert len(first_column(page)) == 14
    assert page.locator("button, input").count() == 0
    assert page.locator("svg.for-screens title").last.text_content() == "October 2026: 6.2 % (5.5 to 6.9 %)"
