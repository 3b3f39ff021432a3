"""Tables of many numbers on a telephone: nothing that decides is out of sight, and elsewhere nothing is different."""

import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell

from crmkit.reporting.display.tables import table
from tests.reporting.rendered_pages import SETTINGS, rendered, shown

TELEPHONE = 390


@pytest.fixture(scope="session")
def page_of_tables(folder):
    segments = pd.DataFrame(
        {
            "segment": ["Champions", "Cannot lose them"],
            "n_customers": [238, 62],
            "of_customers": [0.072, 0.019],
            "of_revenue": ["20 % (18 to 23 %)", "5.1 % (3.9 to 6.7 %)"],
            "revenue_per_customer": ["€357 (€324 to €393)"] * 2,
            "n_orders": [9.43, 8.76],
            "days_since_order": [6, 213],
            "verdict": ["too few to tell", ""],
        }
    )
    moves = pd.DataFrame(
        {
            "from": ["Loyal", "Loyal"],
            "to": ["Champions", "Lost"],
            **{f"gained_in_month_{n}": [10.0, 2.0] for n in range(5)},
        }
    )
    triangle = pd.DataFrame(
        {"came_in": ["October 2026", "September 2026"], **{f"month_{n}": [0.5, None] for n in range(12)}}
    )
    cells = [
        shown(table(frame, title, units={"of_customers": "share"} if title == "Segments" else None, settings=SETTINGS))
        for title, frame in (("Segments", segments), ("Moves", moves), ("Triangle", triangle))
    ]
    return rendered(folder, new_markdown_cell("# Tables\n\nWho?"), *cells, name="tables")


def boxes(page, row):
    measure = """row => [...row.children].map(cell => { const range = document.createRange(); range.selectNodeContents(cell);
        const {left, right, top, bottom} = range.getBoundingClientRect(); return {left, right, top, bottom} })"""
    return page.locator(f"tbody tr >> nth={row}").evaluate(measure)


@pytest.mark.parametrize("width", [320, 360, TELEPHONE])
def test_blocks_are_seen_whole_without_scrolling_sideways(visit, page_of_tables, width):
    page = visit(page_of_tables, width=width)
    parts = "all => all.map(part => [part.ariaLabel, part.scrollWidth > part.clientWidth])"
    assert page.locator(".scroll").evaluate_all(parts) == [["Segments", False], ["Moves", False], ["Triangle", True]]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_block_has_the_name_on_top_and_its_numbers_at_the_same_place_in_every_block(visit, page_of_tables):
    page = visit(page_of_tables, width=TELEPHONE)
    for one, other in zip(boxes(page, 0)[1:-1], boxes(page, 1)[1:-1], strict=True):
        assert one["left"] == pytest.approx(other["left"], abs=1)
        assert boxes(page, 0)[0]["bottom"] <= one["top"]
    assert len({round(box["left"]) for box in boxes(page, 0)}) == 2


def test_each_number_of_a_block_stands_beneath_its_heading_which_is_not_read_out_twice(visit, page_of_tables):
    page = visit(page_of_tables, width=TELEPHONE)
    heading = "cell => getComputedStyle(cell, '::before').content"
    assert page.locator("tbody td").first.evaluate(heading) == '"Customers" / ""'
    cells = page.get_by_role("table", name="Segments").get_by_role("row").nth(1).get_by_role("cell")
    assert cells.count() == 7 and page.get_by_role("columnheader", name="Days since order").count() == 1
    assert visit(page_of_tables).locator("tbody td").first.evaluate(heading) == "none"


def test_names_of_two_columns_say_which_is_which(visit, page_of_tables):
    page = visit(page_of_tables, width=TELEPHONE)
    row = page.get_by_role("table", name="Moves").locator("tbody tr").first
    names = row.locator("th, .name").evaluate_all("all => all.map(one => getComputedStyle(one, '::before').content)")
    assert names == ['"From" / ""', '"To" / ""']


def test_a_triangle_keeps_the_names_of_its_rows_in_sight_and_says_that_there_is_more(visit, page_of_tables):
    page = visit(page_of_tables, width=TELEPHONE)
    assert page.get_by_text("More columns to the right").is_visible()
    triangle = page.get_by_role("region", name="Triangle")
    left = "part => part.querySelector('tbody th').getBoundingClientRect().left"
    before = triangle.evaluate(left)
    triangle.evaluate("part => part.scrollLeft = 200")
    assert triangle.evaluate(left) == pytest.approx(before, abs=1)


@pytest.mark.parametrize("way", ["wide", "paper"])
def test_on_a_wide_screen_and_on_paper_a_table_is_a_table(visit, page_of_tables, way):
    page = visit(page_of_tables, width=1280 if way == "wide" else TELEPHONE)
    if way == "paper":
        page.emulate_media(media="print")
    displays = "all => [...new Set(all.map(row => getComputedStyle(row).display))]"
    assert page.locator("tr").evaluate_all(displays) == ["table-row"]
    assert not page.get_by_text("More columns to the right").is_visible()
