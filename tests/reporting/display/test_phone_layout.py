"""How a phone shows a table: as it is, as a list, in blocks, or pushed aside with the names in sight."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from crmkit.reporting.display.phone_layout import Column, across, naming, phone_layout
from crmkit.reporting.pages import table
from tests.reporting.rendered_pages import HOSTILE


def of_numbers(n, n_rows=2, cell="1,201"):
    return [Column("Plan", "text"), *[Column("Customers", "number")] * n], [["Office", *[cell] * n]] * n_rows


def shown(frame, title="Title"):
    return BeautifulSoup(table(frame, title).html, "html.parser")


def test_three_numbers_fit_and_six_become_a_block_for_each_row():
    assert phone_layout(*of_numbers(3)) == "" and phone_layout(*of_numbers(6)) == "blocks"


def test_a_triangle_and_a_long_table_scroll_sideways():
    assert phone_layout(*of_numbers(12)) == "sideways"
    assert [phone_layout(*of_numbers(6, n_rows)) for n_rows in (30, 31)] == ["blocks", "sideways"]


def test_a_list_whose_numbers_do_not_fit_has_blocks_with_the_explanation_over_their_whole_width():
    why = Column("Why", "text long")
    columns, rows = of_numbers(3)
    assert phone_layout([*columns, why], [[*row, "x" * 41] for row in rows]) == "list"
    columns, rows = of_numbers(6)
    assert phone_layout([*columns, why], [[*row, "x" * 41] for row in rows]) == "blocks"
    assert across([*columns, why], [[*row, "x" * 41] for row in rows]) == 3
    columns, rows = of_numbers(6, 31)
    assert phone_layout([*columns, why], [[*row, "x" * 41] for row in rows]) == "list"


def test_a_table_in_a_figure_has_28_pixels_more():
    columns, rows = [Column("Plan", "text"), *[Column("Left", "number")] * 5], [["Office", *["12,019"] * 5]]
    assert phone_layout(columns, rows) == "" and phone_layout(columns, [[*rows[0][:-1], "11,120,190"]]) == "blocks"
    assert phone_layout(columns, [[*rows[0][:-1], "11,120,190"]], room=350) == ""


@pytest.mark.parametrize(("cell", "n_pairs", "expected"), [("5 %", 6, 3), ("5 %", 4, 2), ("€304 (€290 to €317)", 6, 2)])
def test_three_short_cells_stand_side_by_side_and_two_long_ones(cell, n_pairs, expected):
    assert across(*of_numbers(n_pairs, 1, cell)) == expected


def test_it_takes_two_columns_to_name_a_row_where_the_first_says_the_same_twice_or_is_a_place():
    pairs = [["plan", "Office", "9 %"], ["plan", "Home", "8 %"]]
    assert naming([Column("By", "text"), Column("Group", "text"), Column("Left", "number")], pairs) == 2
    places = [["1", "•••06", "9 %"], ["2", "•••07", "8 %"]]
    assert naming([Column("Place", "number"), Column("Who", "text"), Column("Left", "number")], places) == 2
    assert naming([Column("Plan", "text"), Column("Left", "number")], [["Office", "9 %"]]) == 1


def test_a_block_says_what_its_parts_are_and_under_which_heading_each_stands():
    frame = pd.DataFrame({"plan": ["Office", "Home"], **{f"n_bought_in_month_{n}": [1, 2] for n in range(6)}})
    page = shown(frame)
    roles = [part["role"] for part in page.table.find_all(role=True)]
    assert page.table["class"] == ["blocks"] and page.table["role"] == "table" and page.table["style"] == "--across:3"
    row = ["row", "rowheader", *["cell"] * 6]
    assert roles == ["rowgroup", "row", *["columnheader"] * 7, "rowgroup", *row, *row]
    labels = [cell["data-label"] for cell in page.select("tbody tr:first-child td")]
    assert labels == [head.get_text() for head in page.select("thead th")[1:]]
    assert not page.select("tbody th[data-label], td.name")


def test_what_names_a_row_together_is_marked():
    frame = pd.DataFrame(
        {"by": ["plan", "plan"], "group": ["A", "B"], **{f"customers_{n}": [1000, 2] for n in range(6)}}
    )
    page = shown(frame)
    assert page.select_one("tbody th")["data-label"] == "By" and page.select_one("td.name")["data-label"] == "Group"


def test_a_heading_from_the_data_does_not_get_out_of_its_attribute():
    frame = pd.DataFrame({"plan": ["Office", "Home"], **{f"{HOSTILE} {n}": ["x" * 12] * 2 for n in range(6)}})
    page = shown(frame)
    assert page.table["class"] == ["blocks"] and not page.select("script, img")
    assert page.select_one("td")["data-label"] == page.select("thead th")[1].get_text()


def test_only_a_table_that_scrolls_sideways_says_that_there_is_more():
    triangle = pd.DataFrame({"came_in": ["October", "May"], **{f"month_{n}": [1.0, 0.5] for n in range(12)}})
    assert shown(triangle).select_one("p.more").get_text() == "More columns to the right: swipe the table."
    assert not shown(triangle.iloc[:, :3]).select("p.more") and not shown(triangle.iloc[:, :8]).select("p.more")
