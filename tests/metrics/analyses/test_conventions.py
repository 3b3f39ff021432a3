"""Disputed definitions: named conventions, a switch in call and settings, and how far each moves the number."""

import pandas as pd
import pytest

from crmkit.errors import Problems
from crmkit.metrics import CARDS, conventions, evaluate, glossary, metric, scorecard
from crmkit.metrics.measures import Share
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog


def two_leave(company, **settings):
    """Ten customers at start; of two who leave in October one joined in it."""
    starts = ["2026-01-01"] * 10 + ["2026-10-05"]
    ends = ["2027-01-01"] * 9 + ["2026-10-20", "2026-10-25"]
    terms = pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(11)],
            "customer_id": [f"c{i}" for i in range(11)],
            "starts_at": pd.to_datetime(starts),
            "ends_at": pd.to_datetime(ends),
            "mrr": 10.0,
        }
    )
    base = company(subscription_terms=terms, through="2026-10-31")
    through = {"data": {"through": "2026-10-31"}}
    return Catalog({"subscription_terms": base.table("subscription_terms")}, parse_settings(through | settings))


def test_the_conventions_of_one_loss_at_start_and_one_of_a_newcomer_are_10_20_21_18_and_20_percent(company):
    rows = conventions(two_leave(company), "2026-10", metrics="churn_rate").set_index("convention")
    expected = [1 / 10, 2 / 10, 2 / 9.5, 2 / 11, 1 / 11 + 1 / 10]
    assert rows["value"].tolist() == pytest.approx(expected)
    assert rows["difference"].tolist() == pytest.approx([x - 0.1 for x in expected])
    assert rows["in_force"].tolist() == [True, False, False, False, False]


def test_the_settings_say_which_convention_is_in_force_and_the_call_may_say_another(company):
    catalog = two_leave(company, definitions={"churn_rate": "all_lost_by_start"})
    assert evaluate(catalog, "churn_rate", periods="2026-10")["value"].item() == pytest.approx(0.2)
    assert scorecard(catalog, "2026-10", metrics="churn_rate")["value"].item() == pytest.approx(0.2)
    first = conventions(catalog, "2026-10", metrics="churn_rate").iloc[0]
    assert (first["convention"], first["in_force"], first["difference"]) == ("all_lost_by_start", True, 0)
    call = evaluate(catalog, "churn_rate", periods="2026-10", definitions={"churn_rate": "start_cohort"})
    assert call["value"].item() == pytest.approx(0.1)


def test_every_definition_that_there_is_not_is_named(company):
    wrong = {"churn_rate": "averages", "churn": "x", "nps": "y"}
    with pytest.raises(Problems) as met:
        evaluate(two_leave(company), "churn_rate", periods="2026-10", definitions=wrong)
    text = str(met.value)
    assert "'averages' is not one of start_cohort, all_lost_by_start" in text
    assert "'churn' is not a metric. Did you mean 'churn_rate'?" in text
    if not CARDS["nps"].conventions:
        assert "nps has one definition only" in text


def test_a_card_whose_switch_and_conventions_disagree_is_refused():
    with pytest.raises(Problems, match="its conventions begin with 'mean', but its switch is convention=''"):

        @metric(label="x", unit="share", better="higher", source="x", counted="x", conventions={"mean": "a / b"})
        def _unswitched(orders):
            """Defined.

            x = a / b
            """
            return Share(orders, at=orders.ordered_at, hit=orders.revenue > 0)


def test_every_convention_has_a_name_for_settings_and_a_formula():
    disputed = [card for card in CARDS.values() if card.conventions]
    assert "churn_rate" in [card.name for card in disputed]
    for card in disputed:
        assert len(card.conventions) >= 2
        assert all(name.isidentifier() and name == name.lower() for name in card.conventions)
        assert card.formula.partition(" = ")[2] == card.conventions[card.convention], card.name


def test_the_glossary_lists_the_conventions():
    words = glossary("churn_rate")["conventions"].item()
    assert words.startswith("start_cohort: customers at start who are gone by the end / customers at start; all_lost")


def test_a_split_is_by_convention_too(company):
    by_plan = evaluate(two_leave(company), "churn_rate", periods="2026-10", definitions={"churn_rate": "daily_rates"})
    assert by_plan["value"].item() == pytest.approx(1 / 11 + 1 / 10)
