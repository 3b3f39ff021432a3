"""The page that scores what earlier reports said."""

import re

import pandas as pd
import pytest

import crmkit as ck
from crmkit.reporting.display.front import FRONT_KIND

ROW = {
    "kind": "month",
    "metric": "revenue",
    "label": "Shop revenue",
    "unit": "money",
    "period": "2025-10",
    "as_of": "2025-09-30",
    "step": 1,
}
ROW |= {"said_on": "2025-10-01", "value": 300.0, "low_80": 280.0, "high_80": 320.0, "low": 260.0, "high": 340.0}
ROW |= {"naive": 200.0, "in_time": True, "actual": 310.0, "inside_80": True, "inside": True, "missed": 10.0}
ROW |= {"naive_missed": 110.0}
OUTSIDE = {"actual": 400.0, "inside_80": False, "inside": False, "missed": 100.0, "naive_missed": 60.0}
OPEN = {"actual": None, "inside_80": None, "inside": None, "period": "2025-11"}
CATALOG = ck.connect(
    {"orders": pd.DataFrame({"order_id": ["1"], "ordered_at": ["2025-10-31"], "revenue": [1.0], "customer_id": "a"})}
)


def text_of(fragment) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", fragment.html).split())


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    afterwards = ROW | {"in_time": False}
    return pd.DataFrame([ROW, ROW, ROW, ROW | OUTSIDE, afterwards, ROW | OPEN])


def test_three_of_four_forecasts_in_time_came_inside_and_that_is_on_the_front_page(record):
    fragment = ck.pages.record_opening(CATALOG, record)
    line = "Of 4 forecasts of earlier reports 3 came inside their band"
    assert line in text_of(fragment)
    assert line in [each["bold"] for each in fragment.carried[FRONT_KIND]]


def test_what_was_made_afterwards_is_counted_apart_and_what_is_open_too(record):
    said = text_of(ck.pages.record_opening(CATALOG, record))
    assert "Made afterwards, as it would have been said then: of 1 forecast 100 % came inside" in said
    assert "1 statement" in said and "month" in said
    assert "3 of 4 were nearer than the guess that nothing changes" in said


def test_the_table_has_a_row_for_each_number_in_time_and_afterwards(record):
    said = text_of(ck.pages.record_table(CATALOG, record))
    assert "Shop revenue in time 4 75 % 75 %" in said
    assert "Shop revenue afterwards 1 100 % 100 %" in said


def test_statements_stand_beside_what_came(record):
    assert "Shop revenue 2025-10 30 September 2025 €300 €260 to €340 €310 yes" in re.sub(
        "October 2025", "2025-10", text_of(ck.pages.record_list(CATALOG, record))
    )


def test_two_of_three_changes_called_real_lasted_and_count_as_no_forecasts(record):
    real = ROW | {"kind": "verdict", "inside_80": None, "missed": None, "naive_missed": None}
    both = pd.DataFrame([*record.to_dict("records"), real, real, real | {"inside": False}])
    said = text_of(ck.pages.record_opening(CATALOG, both))
    assert "2 of 3 changes called real lasted" in said and "Of 4 forecasts of earlier reports 3 came" in said
    assert "called real 3; lasted 2." in text_of(ck.pages.record_verdicts(CATALOG, both))
    assert text_of(ck.pages.record_list(CATALOG, both)) == text_of(ck.pages.record_list(CATALOG, record)).replace(
        "6 statements", "9 statements"
    )


def test_money_of_customers_is_told_beside_what_came(record):
    money = ROW | {"kind": "customers", "metric": "money_year", "label": "Money of known customers in 12 months"}
    money |= {"period": "2024-10-01..2025-09-30", "as_of": "2024-09-30"}
    said = text_of(ck.pages.record_opening(CATALOG, pd.concat([record, pd.DataFrame([money])], ignore_index=True)))
    assert "Money of known customers in 12 months: €300 expected, €310 came." in said


def test_without_a_record_the_page_says_that_it_begins():
    nothing = ck.track_record(CATALOG)
    fragment = ck.pages.record_opening(CATALOG, nothing)
    assert "The record begins with the next report." in text_of(fragment)
    assert len(fragment.carried[FRONT_KIND]) == 1  # the data's end alone
    assert repr(ck.pages.record_table(CATALOG, nothing)) == "<crmkit nothing scored yet>"
