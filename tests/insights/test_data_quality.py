"""How far the data can be trusted, in sentences."""

import pandas as pd
import pytest

import crmkit as ck


def orders(days: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"order_id": [f"o{i}" for i in range(len(days))], "ordered_at": days, "revenue": 10.0})


@pytest.fixture
def clean():
    return ck.connect({"orders": orders(["2026-10-01", "2026-10-02"])})


@pytest.fixture
def dirty():
    twice = pd.concat([orders(["2026-10-01", "2026-10-02", None, "not a day"]), orders(["2026-10-01"])])
    leads = pd.DataFrame({"lead_id": ["l"], "created_at": ["2026-06-01"]})
    return ck.connect({"orders": twice, "leads": leads})


def test_clean_data_have_no_finding(clean):
    assert ck.pages.quality_headline(clean) == "All 2 rows can be used"
    assert [finding.text for finding in ck.pages.quality_findings(clean)] == [
        "Nothing was wrong. Every row passed every check."
    ]
    assert ck.pages.quality_sentences(clean) == []


def test_rows_left_out_rows_that_came_twice_and_files_that_end_early_are_reported(dirty):
    assert ck.pages.quality_headline(dirty) == "All but 2 of 6 rows can be used"
    found = [finding.text for finding in ck.pages.quality_findings(dirty)]
    assert found[0].startswith("2 rows are kept aside and count nowhere: ")
    assert found[1].startswith("No number of the scorecard does without more than 40.0 % of its rows: ")
    assert found[2] == "1 row came twice and counts once: in orders."
    assert (
        found[3] == "One table ends early: leads (last row 1 June 2026). If there should be newer rows, export again."
    )
    assert ck.pages.quality_sentences(dirty)[0].startswith("orders: 2 of 5 rows left out. Why: ")


def test_a_missing_week_is_the_first_thing_to_be_reported():
    days = pd.date_range("2026-06-01", "2026-10-31").delete(range(60, 67))
    found = ck.pages.quality_findings(ck.connect({"orders": orders([str(day.date()) for day in days])}))
    assert found[0].text == (
        "One thing should be looked into: no row from 31 July to 6 August 2026 (7 days), where about 7 were to be expected (orders)."
    )
