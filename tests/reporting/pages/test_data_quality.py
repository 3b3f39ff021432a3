"""The sections of the page on data quality: what they say, and when they are left out."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.phrases import finding_in_words
from crmkit.reporting.pages.data_quality import load_table


def html(fragment):
    return fragment._repr_html_().replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def catalog():
    days = pd.date_range("2026-06-01", "2026-10-31").delete(range(60, 67))
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 12.5, "customer_id": "c"})
    orders.loc[3, "ordered_at"] = pd.NaT
    return ck.connect({"orders": orders, "customers": pd.DataFrame({"customer_id": ["c"]})})


def test_what_to_look_into_comes_with_what_follows_and_what_to_do(catalog):
    section = html(ck.pages.warning_table(catalog))
    assert "One thing to look into" in section and "no row from 31 July to 6 August 2026 (7 days)" in section
    assert "too low in these days. If the firm was open, export these days again and load" in section


def test_numbers_are_reported_with_the_rows_that_they_do_without(catalog):
    section = html(ck.pages.loss_table(catalog))
    assert "At most 0.7 % of the rows are missing from a number" in section
    assert (
        "the time when it was placed or refunded (ordered_at) is missing (1)" in section
        and "orders: no row from 31 July" in section
    )


def test_every_row_that_came_in_is_accounted_for_and_joins_keep_them(catalog):
    assert "What came in: 147 rows, every one accounted for" in html(ck.pages.file_table(catalog))
    assert "No join makes rows more or fewer" in html(ck.pages.join_table(catalog))


def test_where_nothing_is_wrong_and_nothing_joined_the_sections_are_left_out():
    few = ck.connect({"orders": pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [5.0]})})
    assert ck.pages.warning_table(few).html == ck.pages.join_table(few).html == ck.pages.load_trend(few).html == ""
    assert "Every number of the scorecard uses every row" in html(ck.pages.loss_table(few))


def test_the_trend_needs_two_loads_and_compares_the_last_against_the_one_before():
    loads = pd.DataFrame(
        {
            "loaded_at": pd.to_datetime(["2026-09-01", "2026-10-01", "2026-11-01"]),
            "n_in": [100, 200, 400],
            "n_aside": [1, 1, 8],
            "n_files": [1, 2, 3],
        }
    )
    section = html(load_table(loads))
    assert "The last load kept 2.00 % of its rows aside, after 0.50 % the load before" in section
    assert section.index("1 Nov") < section.index("1 Sep")
    assert load_table(loads.head(1)) is None
    assert load_table(loads.drop(columns="n_files")) is not None
    assert load_table(loads.rename(columns={"n_in": "rows"})) is None


def test_a_bound_on_what_is_missing_is_rounded_up():
    days = pd.date_range("2026-06-01", "2026-10-31").repeat(5)[:561].astype(object).to_numpy()
    orders = pd.DataFrame({"order_id": range(561), "ordered_at": days, "revenue": 12.5})
    orders.loc[[3, 4, 5], "ordered_at"] = pd.NaT
    catalog = ck.connect({"orders": orders})
    section = html(ck.pages.loss_table(catalog))
    assert "At most 0.6 % of the rows are missing from a number" in section and "0.535" in section
    assert any("without more than 0.6 % of its rows" in finding.text for finding in ck.pages.quality_findings(catalog))


def test_rows_with_personal_data_are_reported_where_they_are_not_in_the_table(tmp_path):
    people = pd.DataFrame({"customer_id": ["c", "d"], "email": ["c@example.com", "d@example.com"]})
    orders = pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    with_people = html(ck.pages.file_table(ck.connect({"orders": orders, "customer_identities": people})))
    assert "1 row, every one accounted for" in with_people
    assert "Personal data (2 rows) are kept apart and not in this table" in with_people
    assert "Personal data" not in html(ck.pages.file_table(ck.connect({"orders": orders})))


def test_a_finding_says_what_a_column_is_and_keeps_its_name_for_the_analyst(catalog):
    said = "the time when it was placed or refunded (ordered_at) is missing"
    assert said in html(ck.pages.finding_table(catalog)) and f"{said} (1)" in html(ck.pages.loss_table(catalog))
    assert ck.pages.quality_findings(catalog)[1].text.count(f"{said} (orders, 1)") == 1


@pytest.mark.parametrize(
    ("table", "finding", "told"),
    [
        (
            "survey_responses",
            "responded_at lies before 1900-01-01",
            "the time of the answer (responded_at) lies before 1900-01-01",
        ),
        (
            "subscription_terms",
            "ends_at lies before starts_at",
            "the first instant after the term (ends_at) lies before the first instant of the term (starts_at)",
        ),
        ("orders", "revenue is missing", "revenue is missing"),
        (
            "customers",
            "birth_year cannot be read as a number in most of its 3 filled cells, shaped like 'birth_year' in line 2",
            "the year of birth (birth_year) cannot be read as a number in most of its 3 filled cells, shaped like 'birth_year' in line 2",
        ),
        ("no_table", "no_column is missing", "no_column is missing"),
    ],
)
def test_columns_are_reported_in_words_where_the_schema_knows_them(table, finding, told):
    assert finding_in_words(table, finding) == told
