"""Which rows each number does without: only those it would have counted, and only for columns that it reads."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.data_quality import metric_losses
from crmkit.metrics.card import cards
from crmkit.metrics.engine.lineage import reads_of


@pytest.fixture(scope="module")
def catalog():
    answers = {
        "response_id": list("abcdef"),
        "responded_at": ["2026-10-01", None, None, "2026-10-02", None, "2026-10-03"],
        "survey": ["nps", "nps", "csat", "csat", "csat", "nps"],
        "score": [9, 8, 4, 5, 3, 11],
    }
    orders = {
        "order_id": list("xyz"),
        "ordered_at": ["2026-10-01", "2026-10-02", "no day"],
        "revenue": [5.0, 7.0, 9.0],
        "margin": ["2", "much", "3"],
        "customer_id": ["1", "2", "3"],
    }
    return ck.connect({"survey_responses": pd.DataFrame(answers), "orders": pd.DataFrame(orders)})


def losses(catalog):
    return {row.metrics: (row.n_left_out, row.n_rows, row.why) for row in metric_losses(catalog).itertuples()}


def test_nps_leaves_out_one_of_three_answers_without_a_day_and_one_of_11_and_satisfaction_two_of_three(catalog):
    found = losses(catalog)
    assert found["Net Promoter Score"] == (
        2,
        3,
        "the time of the answer (responded_at) is missing (1), score lies outside its own scale (1)",
    )
    assert found["Satisfied customers (CSAT)"] == (2, 3, "the time of the answer (responded_at) is missing (2)")


def test_turnover_does_without_the_order_that_has_no_day_and_does_not_mind_the_margin(catalog):
    (why,) = {found[2] for metrics, found in losses(catalog).items() if "Turnover" in metrics}
    assert why == "the time when it was placed or refunded (ordered_at) cannot be read as a time (1)"


def test_a_metric_reads_what_decides_its_number_and_not_what_its_table_carries_along(catalog):
    reads = reads_of(catalog, next(card for card in cards() if card.name == "revenue"))
    assert reads.columns == {"orders": {"ordered_at", "revenue"}} and not reads.kinds
    assert reads_of(catalog, next(card for card in cards() if card.name == "win_rate")) is None


def test_every_card_that_can_be_measured_is_traced_to_columns_of_the_tables_that_it_names():
    from tests.sources.kaldi import kaldi

    sample = ck.connect(kaldi().tables)
    for card in cards():
        reads = reads_of(sample, card)
        assert reads is None or (
            reads.columns and all(columns <= set(sample.table(name).columns) for name, columns in reads.columns.items())
        )


def test_where_nothing_is_wrong_nothing_is_left_out():
    assert metric_losses(
        ck.connect({"orders": pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [5.0]})})
    ).empty
