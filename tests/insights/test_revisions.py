"""What is said of a number that was reported and is another one now."""

import math

import pytest

from crmkit.insights.revisions import changed_inputs, revision_sentence

REVENUE = {
    "label": "Revenue",
    "value": 40_288.0,
    "n": 1201,
    "counted": "orders and refunds",
    "unit": "money",
    "status": "ok",
    "so_far": None,
    "definition": "Revenue of all orders.",
}
CHURN = REVENUE | {"label": "Churn rate", "value": 0.05, "n": 200, "counted": "customers at start", "unit": "share"}
FILES = "the export files have changed"


def test_three_orders_that_arrived_since_are_counted_and_named():
    assert revision_sentence(REVENUE, REVENUE | {"value": 40_310.0, "n": 1204}, [FILES], "EUR") == (
        "Revenue: reported as €40,288, now €40,310 (+€22). "
        "Since then 3 orders and refunds more are counted; the export files have changed."
    )


def test_an_order_that_was_taken_back_is_one_fewer():
    said = revision_sentence(REVENUE, REVENUE | {"value": 40_188.0, "n": 1200}, [], "EUR")
    assert said.endswith("now €40,188 (−€100). Since then 1 order or refund fewer is counted.")


def test_a_share_is_said_in_percent_and_its_change_in_points():
    said = revision_sentence(
        CHURN, CHURN | {"value": 0.055, "n": 200}, ["the setting churn_after_days has changed from 90 to 60"]
    )
    assert said.startswith("Churn rate: reported as 5.0 %, now 5.5 % (+0.5 pts).")
    assert said.endswith("Since then the setting churn_after_days has changed from 90 to 60.")


@pytest.mark.parametrize("value", [40_288.0, 40_288.0 * (1 + 1e-12), 40_288.04])
def test_the_same_number_and_one_that_no_page_prints_otherwise_are_no_revision(value):
    assert revision_sentence(REVENUE, REVENUE | {"value": value, "n": 1300}, [FILES], "EUR") == ""


def test_four_cents_of_an_average_of_41_are_a_revision():
    average = REVENUE | {"label": "Average order value", "value": 41.20}
    assert "reported as €41.20, now €41.24 (+€0.04)" in revision_sentence(
        average, average | {"value": 41.24}, [FILES], "EUR"
    )


def test_a_number_that_could_not_be_measured_then_is_said_to_be_so():
    then = CHURN | {"value": None, "n": 0, "status": "not measured"}
    assert revision_sentence(then, CHURN, [FILES]) == (
        "Churn rate: reported as not measured, now 5 %. Since then the export files have changed."
    )


def test_a_number_that_is_gone_is_a_revision():
    now = CHURN | {"value": None, "n": 0, "status": "no data"}
    assert revision_sentence(CHURN, now, [FILES]).startswith(
        "Churn rate: reported as 5 %, now no data. Since then 200 customers"
    )


def test_nothing_then_and_nothing_now_is_no_revision():
    nothing = CHURN | {"value": None, "n": 0, "status": "no data"}
    assert revision_sentence(nothing, nothing | {"value": math.nan, "status": "not measured"}, [FILES]) == ""


def test_a_definition_that_changed_is_named():
    said = revision_sentence(
        REVENUE, REVENUE | {"value": 39_000.0, "definition": "Revenue of orders, refunds apart."}, []
    )
    assert said.endswith("Since then its definition has changed.")


def test_a_month_that_was_still_running_says_so():
    said = revision_sentence(REVENUE | {"so_far": 15}, REVENUE | {"value": 80_000.0, "n": 2400}, [], "EUR")
    assert "Since then the period has ended: it was reported after 15 days; 1,199 orders and refunds more" in said


def test_without_any_fact_the_reason_is_said_not_to_be_known():
    assert revision_sentence(CHURN, CHURN | {"value": 0.06}, []).endswith("The reason is not known.")


# --- what has changed for all numbers

ORIGIN = {
    "input": "9f3c",
    "settings": {"churn_after_days": 90, "through": ""},
    "other_settings": "aa",
    "crmkit": "0.1.0",
    "code": "bb",
    "own_code": None,
    "packages": {"duckdb": "1.5.1", "pandas": "2.3.3"},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"input": "0000"}, [FILES]),
        ({"input": None}, []),
        (
            {"settings": {"churn_after_days": 60, "through": "2026-10-31"}},
            [
                "the setting churn_after_days has changed from 90 to 60",
                "the setting through has changed from nothing to 2026-10-31",
            ],
        ),
        ({"other_settings": "cc"}, ["mappings, targets or other settings have changed"]),
        ({"crmkit": "0.2.0", "code": "cc"}, ["crmkit 0.1.0 has become 0.2.0"]),
        ({"code": "cc"}, ["the code of crmkit has changed"]),
        ({"own_code": "dd"}, []),
        ({"packages": {"duckdb": "1.5.6", "pandas": "2.3.3"}}, ["the package duckdb has changed from 1.5.1 to 1.5.6"]),
    ],
)
def test_each_change_is_a_clause(change, said):
    assert changed_inputs(ORIGIN, ORIGIN | change) == said


def test_own_files_that_changed_are_named():
    assert changed_inputs(ORIGIN | {"own_code": "dd"}, ORIGIN | {"own_code": "ee"}) == [
        "your own Python files have changed"
    ]
