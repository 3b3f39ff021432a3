"""Tables: numbers worded by unit, marked up for screen readers, everything escaped."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from crmkit.errors import CrmkitError
from crmkit.reporting.display.tables import worded_table
from crmkit.reporting.pages import table
from tests.reporting.factories import groups_frame, history_frame
from tests.reporting.rendered_pages import HOSTILE, SETTINGS


def rows(frame, **options):
    return worded_table(frame, "a caption", **options).rows


def test_a_column_of_shares_has_the_same_digits_throughout():
    frame = pd.DataFrame({"channel": ["search", "social"], "lost": [0.0512, 0.1]})
    assert rows(frame, units={"lost": "share"}) == [["search", "5.1 %"], ["social", "10.0 %"]]


def test_money_days_counts_and_plain_numbers_are_worded():
    frame = pd.DataFrame({"who": ["a"], "revenue": [1234.5], "cycle": [12.0], "n_orders": [5204], "score": [0.123456]})
    assert rows(frame, units={"revenue": "money", "cycle": "days"}, settings=SETTINGS) == [
        ["a", "€1,234", "12 days", "5,204", "0.123"]
    ]


def test_missing_dates_flags_and_negative_numbers():
    frame = pd.DataFrame(
        {
            "who": ["a", None],
            "on": [pd.Timestamp("2026-10-03 14:00"), pd.NaT],
            "day": [date(2026, 1, 31), None],
            "left": [True, False],
            "change": [-3, 4],
            "nothing": [np.nan, None],
        }
    )
    assert rows(frame) == [
        ["a", "3\xa0Oct\xa02026", "31\xa0Jan\xa02026", "yes", "−3", "–"],
        ["(not known)", "–", "–", "no", "4", "–"],
    ]


def test_evaluated_metrics_become_period_value_interval_and_count():
    worded = worded_table(history_frame("churn_rate").tail(1).assign(period="2026-10"), "x")
    assert [column.label for column in worded.columns] == ["Period", "Value", "95 % interval", "Counted"]
    assert worded.rows == [["October 2026", "6.2 %", "5.5 to 6.9 %", "4,742"]]


def test_evaluated_groups_lead_with_the_group_and_say_where_there_are_too_few():
    worded = worded_table(groups_frame(), "x")
    assert worded.columns[0].label == "Channel"
    assert worded.rows[0] == ["Paid social", "9.4 %", "7.8 to 11.3 %", "1,102"]
    assert worded.rows[-1] == ["Trade fair", "too few", "–", "7"]


def test_an_index_with_a_name_becomes_the_first_column():
    frame = pd.DataFrame({"n": [3]}, index=pd.Index(["search"], name="channel"))
    assert rows(frame) == [["search", "3"]]


def test_a_long_table_says_how_many_rows_are_left_out():
    html = table(pd.DataFrame({"id": range(5000)}), "Everyone", max_rows=50).html
    assert html.count("<tr>") == 51
    assert "The first 50 of 5,000 rows." in html


def test_no_rows_are_said_in_words():
    page = BeautifulSoup(table(pd.DataFrame({"id": []}), "Nobody").html, "html.parser")
    assert page.select_one("table") is None and "No rows." in page.get_text()


def test_heads_have_a_scope_and_the_table_can_be_scrolled_with_the_keyboard():
    page = BeautifulSoup(table(groups_frame(), "By channel", subtitle="Share", caption="A caveat").html, "html.parser")
    assert {head["scope"] for head in page.select("thead th")} == {"col"}
    assert {head["scope"] for head in page.select("tbody th")} == {"row"}
    region = page.select_one("[role=region]")
    assert (region["tabindex"], region["aria-label"]) == ("0", "By channel")
    assert page.caption.get_text() == "By channel"


def test_names_of_customers_and_of_columns_are_text():
    html = table(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE, caption=HOSTILE).html
    assert "<script" not in html and "<img" not in html


def test_a_unit_for_a_column_that_is_not_there_is_an_error():
    with pytest.raises(CrmkitError, match=r"no column 'lots'\. Known: id"):
        table(pd.DataFrame({"id": [1]}), "x", units={"lots": "share"})


def test_a_value_of_money_and_its_interval_have_the_same_digits():
    gained = pd.DataFrame({"who": ["first order"], "price": [9.9], "gained": [67.75], "low": [8.72], "high": [239.0]})
    money = dict.fromkeys(["price", "gained", "low", "high"], "money")
    shown = worded_table(gained, "Gained", units=money, settings=SETTINGS)
    assert shown.rows == [["first order", "€9.90", "€68", "€9 to €239"]]


def test_the_ends_of_an_interval_are_one_column_where_they_stand_together():
    ends = {"who": ["a", "b", "c"], "low": [0.058, None, 0.2], "high": [0.652, None, None], "n": [3, 4, 5]}
    shown = worded_table(
        pd.DataFrame(ends), "x", units=dict.fromkeys(["low", "high"], "share"), labels={"high": "unread"}
    )
    assert [column.label for column in shown.columns] == ["Who", "95 % interval", "Counted"]
    assert [row[1] for row in shown.rows] == ["5.8 to 65.2 %", "–", "20.0 % or more"]
    apart = worded_table(pd.DataFrame(ends)[["who", "low", "n", "high"]], "x")
    assert [column.label for column in apart.columns][1::2] == ["95 % from", "to"]


def test_an_interval_may_break_but_not_before_its_unit():
    shares = pd.DataFrame({"who": ["a", "b"], "low": [0.058, 0.1], "high": [0.652, 0.7]})
    html = table(shares, "x", units=dict.fromkeys(["low", "high"], "share")).html
    interval = BeautifulSoup(html, "html.parser").select_one("tbody td")
    assert interval["class"] == ["number", "interval"] and interval.get_text() == "5.8 to 65.2\xa0%"
    measured = worded_table(history_frame("churn_rate").tail(1).assign(period="2026-10"), "x")
    assert [column.kind for column in measured.columns] == ["text", "number", "number interval", "number"]
    traits = pd.DataFrame({"what": ["chance of leaving", "age"], "95 % interval": ["15.4 to 17.6 %", ""], "n": [3, 4]})
    in_text = BeautifulSoup(table(traits, "x").html, "html.parser").select_one("tbody td")
    assert in_text["class"][0] == "text" and in_text.get_text() == "15.4 to 17.6\xa0%"


def test_a_table_of_one_row_is_a_sentence():
    row = pd.DataFrame(
        {"plan": ["Office"], "n": [142], "lost": [0.051], "low": [0.038], "high": [0.064], "why": [None]}
    )
    units = {"n": "count", "lost": "share", "low": "share", "high": "share"}
    soup = BeautifulSoup(table(row, "Left", units=units, labels={"n": "Customers"}).html, "html.parser")
    said = soup.select_one("p.single").get_text().replace("\N{NO-BREAK SPACE}", " ")
    assert said == "Office: customers 142; lost 5.1 %; 95 % interval 3.8 to 6.4 %." and soup.table is None
    two = table(pd.concat([row, row]), "Left", units=units).html
    assert "<table" in two and "single" not in two
    assert "<table" in table(pd.concat([row, row]), "Left", units=units, max_rows=1).html  # the other row is not shown


def test_a_table_that_ends_in_explanations_is_a_list_and_says_what_its_parts_are():
    frame = pd.DataFrame({"a": [1, 2], "b": [2, 3], "c": [3, 4], "d": [4, 5], "why": ["x" * 41] * 2})
    soup = BeautifulSoup(table(frame, "Title").html, "html.parser")
    roles = [part["role"] for part in soup.table.find_all(role=True)]
    assert soup.table["role"] == "table" and soup.table["style"] == "--columns:4"
    assert roles == ["rowgroup", "row", *["columnheader"] * 5, "rowgroup", *["row", "rowheader", *["cell"] * 4] * 2]
    assert BeautifulSoup(table(frame[["a", "b", "why"]], "Title").html, "html.parser").table["style"] == "--columns:2"
    for no_list in (frame[["a", "why"]], frame[["why", "a", "b", "c", "d"]], frame.assign(why="short")):
        assert "list" not in BeautifulSoup(table(no_list, "Title").html, "html.parser").table.get("class", [])


def test_an_amount_below_a_million_is_written_out_also_beside_millions():
    frame = pd.DataFrame({"within": ["a", "b", "c", "d"], "value": [384_310.0, 1_240_000.0, 999_900.0, 0.0]})
    words = [row[1] for row in rows(frame, units={"value": "money"}, settings=SETTINGS)]
    assert words == ["€384,000", "€1.24 million", "€1.00 million", "€0"]


def test_a_command_between_backticks_is_code_and_what_customers_wrote_stays_text():
    frame = pd.DataFrame({"what": [f"`crmkit load`, `{HOSTILE}`"]})
    cell = BeautifulSoup(table(frame, "Title").html, "html.parser").select_one("tbody th")
    assert [code.get_text() for code in cell.select("code")] == ["crmkit load"]
    assert cell.get_text() == f"crmkit load, `{HOSTILE}`" and not cell.select("script, img")


def test_short_texts_keep_their_line_and_long_ones_have_room():
    frame = pd.DataFrame(
        {"a": ["12 months"], "b": ["organic search"], "c": ["days since the order"], "d": ["x" * 41], "e": [1]}
    )
    assert [column.kind for column in worded_table(frame, "x").columns] == [
        "text short",
        "text",
        "text wordy",
        "text long",
        "number",
    ]


def test_cells_are_shaded_between_the_smallest_and_the_largest_and_bars_begin_at_zero():
    cohorts = pd.DataFrame(
        {"came": ["May", "June"], "low": [0.1, 0.2], "high": [0.3, 0.4], "m1": [0.8, 0.6], "m2": [0.4, None]}
    )
    soup = BeautifulSoup(table(cohorts, "Cohorts", shaded=["m1", "m2"]).html, "html.parser")
    marked = [(cell.get_text(), cell["style"]) for cell in soup.select("[data-mark=shaded]")]
    assert marked == [("0.8", "--share:1.00"), ("0.4", "--share:0.00"), ("0.6", "--share:0.50")]
    counts = pd.DataFrame({"name": ["a", "b"], "n": [30, 120]})
    soup = BeautifulSoup(table(counts, "Counts", barred=["n"], units={"n": "count"}).html, "html.parser")
    assert [cell["style"] for cell in soup.select("td[data-mark=barred]")] == ["--share:0.25", "--share:1.00"]
