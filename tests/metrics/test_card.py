"""Cards, glossary and scorecard."""

import pandas as pd
import pytest

from crmkit.errors import Problems
from crmkit.metrics import CARDS, glossary, metric, scorecard
from crmkit.metrics.card import cards
from crmkit.metrics.measures import Median
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog


def test_the_first_paragraph_is_the_definition_and_the_second_the_formula():
    card = CARDS["nps"]
    assert card.definition.startswith("Promoters (9 and 10 of 0 to 10) less detractors")
    assert card.formula == "NPS = 100 (promoters - detractors) / answers"
    assert (card.topic, card.tables) == ("voice", ("survey_answers",))


def test_a_card_without_a_formula_is_refused():
    with pytest.raises(Problems, match="two paragraphs"):

        @metric(label="x", unit="count", better="higher", source="x", counted="x")
        def _bare(orders):
            """Only a definition."""


def test_the_glossary_has_every_card_and_no_empty_cell():
    words = glossary()
    assert words["metric"].tolist() == list(CARDS)
    assert not (words.astype(str) == "").any().any()


def test_a_card_written_in_a_notebook_is_on_the_scorecard_at_once(sample):
    @metric(label="Median order", unit="money", better="higher", source="House definition", counted="orders")
    def _median_order(orders):
        """Revenue of the order in the middle.

        median order = median(revenue)
        """
        return Median(orders, at=orders.ordered_at, where=orders.revenue > 0, value=orders.revenue)

    try:
        card = scorecard(sample, "2026-10").set_index("metric").loc["_median_order"]
        orders = sample.frame("orders")
        of_october = orders[(orders["ordered_at"] >= "2026-10-01") & (orders["revenue"] > 0)]
        assert card["value"] == pytest.approx(of_october["revenue"].median())
        assert card["low"] <= card["value"] <= card["high"]
        assert "_median_order" in glossary()["metric"].tolist()
    finally:
        CARDS.pop("_median_order")


def test_the_scorecard_has_one_row_per_card_with_verdicts(sample):
    card = scorecard(sample, "2026-10")
    assert card["metric"].tolist() == [c.name for c in cards()]
    verdicts = {"real", "may be the season", "within noise", "no large change", "too few to tell", "no comparison"}
    assert set(card["verdict"]) <= verdicts
    assert (card["direction"] != "").equals(card["verdict"] == "real")
    assert card["previous_period"].unique().tolist() == ["2026-09"]
    assert card["year_period"].unique().tolist() == ["2025-10"]


def test_targets_come_from_the_settings_on_the_first_day_of_the_period(company, answers):
    base = company(survey_responses=answers("nps", [10.0] * 200))
    dated = [
        {"metric": "nps", "value": 30.0},
        {"metric": "nps", "value": 50.0, "from": "2026-10-01"},
        {"metric": "nps", "value": 99.0, "from": "2026-10-02"},
    ]
    tables = Catalog({"survey_responses": base.table("survey_responses")}, parse_settings({"targets": dated}))
    row = scorecard(tables, "2026-10", metrics="nps").iloc[0]
    assert (row["target"], row["target_verdict"]) == (50.0, "met")


def test_settings_that_name_an_unknown_metric_are_refused_with_all_of_them(company, answers):
    base = company(survey_responses=answers("nps", [10.0]))
    settings = parse_settings(
        {"targets": [{"metric": "npss", "value": 1.0}], "smallest_change_that_matters": {"churn": 1.0}}
    )
    with pytest.raises(Problems, match="(?s)npss.*Did you mean 'nps'.*churn"):
        scorecard(Catalog({"survey_responses": base.table("survey_responses")}, settings), "2026-10")


def test_what_matters_can_be_set(company, answers):
    frame = pd.concat(
        [answers("nps", [10.0] * 60 + [0.0] * 40), answers("nps", [10.0] * 58 + [0.0] * 42, day="2026-09-10")]
    )
    verdicts = []
    for matters in (1.0, 60.0):
        base = company(survey_responses=frame)
        settings = parse_settings({"smallest_change_that_matters": {"nps": matters}})
        verdicts.append(
            scorecard(Catalog({"survey_responses": base.table("survey_responses")}, settings), "2026-10", metrics="nps")
        )
    assert [v["verdict"].item() for v in verdicts] == ["too few to tell", "within noise"]


def test_counts_of_months_of_28_and_31_days_compare_per_day(company):
    """100 orders a day in February and in March: 2,800 and 3,100, and nothing has changed."""
    days = pd.date_range("2026-02-01", "2026-03-31")
    orders = pd.DataFrame({"ordered_at": days.repeat(100), "revenue": 10.0})
    orders = orders.assign(order_id=orders.index.astype(str), customer_id=orders.index.astype(str))
    card = scorecard(company(orders=orders), "2026-03", metrics=["n_orders", "revenue"])
    assert card["change"].tolist() == [300, 3000]
    assert (card["p_value"] > 0.9).all()
    assert card["verdict"].tolist() == ["within noise"] * 2


def test_a_target_of_5_for_a_share_is_refused_and_not_met(company, answers):
    base = company(survey_responses=answers("csat", [5.0] * 20))
    settings = parse_settings({"targets": [{"metric": "csat", "value": 80}]})
    with pytest.raises(Problems, match="csat is a share and written 0 to 1; 80 is not. For 80 % write 0.8."):
        scorecard(Catalog({"survey_responses": base.table("survey_responses")}, settings), "2026-10", metrics="csat")
