"""Which numbers stand on the scorecard's page and which on that of their question, and that a verdict is the same on both."""

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import UnknownName
from crmkit.metrics import CARDS, about, headlines, metric, scorecard
from crmkit.metrics.engine.verdict import judge_changes
from crmkit.metrics.measures import Count
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog


@pytest.fixture
def large_orders():
    """Register a card that stands on the page of its question only."""

    @metric(label="Large orders", unit="count", better="higher", source="House", counted="orders", headline=False)
    def _large_orders(orders):
        """Orders above 100.

        large orders = number of orders with revenue > 100
        """
        return Count(orders, at=orders.ordered_at, where=orders.revenue > 100)

    yield "_large_orders"
    CARDS.pop("_large_orders")


def test_a_card_is_on_the_scorecard_unless_it_says_otherwise(sample, large_orders):
    card = scorecard(sample, "2026-10")
    shown = headlines(card)
    assert large_orders in card["metric"].tolist()
    assert large_orders not in shown["metric"].tolist()
    assert {"nps", "turnover", "churn_rate", "new_customers"} <= set(shown["metric"])


def test_a_target_puts_a_card_on_the_scorecard(sample, large_orders):
    settings = parse_settings({"targets": [{"metric": large_orders, "value": 10.0}]})
    aimed_at = Catalog({"orders": sample.table("orders")}, settings)
    assert large_orders in headlines(scorecard(aimed_at, "2026-10"))["metric"].tolist()


def test_a_question_has_all_its_cards_in_the_order_of_the_topics(sample):
    card = scorecard(sample, "2026-10")
    of_two = about(card, "voice", "revenue")
    assert of_two["topic"].drop_duplicates().tolist() == ["voice", "revenue"]
    assert set(of_two["metric"]) == {name for name, c in CARDS.items() if c.topic in ("voice", "revenue")}
    assert of_two.attrs == card.attrs
    with pytest.raises(UnknownName, match="Did you mean 'voice'"):
        about(card, "voices")


def test_two_families_are_judged_apart_p_01_alone_stays_01_and_among_ten_becomes_10():
    """Ten changes of which one has p = .01: adjusted .01 x 10 = .10; in a family of its own .01."""
    sure = {"low": 0.0, "high": 0.0, "status": "ok", "unit": "count", "better": "higher"}
    reach = 1.959964
    changes = np.array([2.5758293] + [0.0] * 9)  # z of .01, then no change
    now = pd.DataFrame([sure] * 10).assign(value=changes, low=changes - reach, high=changes + reach)
    then = pd.DataFrame([sure] * 10).assign(value=0.0)
    matters = np.full(10, 0.1)
    together = judge_changes(now, then, matters)
    apart = judge_changes(now, then, matters, np.array(["one"] + ["many"] * 9))
    assert together["p_value"].iloc[0] == pytest.approx(0.10, abs=1e-6)
    assert apart["p_value"].iloc[0] == pytest.approx(0.01, abs=1e-6)
    assert (together["verdict"].iloc[0], apart["verdict"].iloc[0]) == ("too few to tell", "real")


def test_the_cards_of_a_question_that_stand_on_the_scorecard_come_first(sample):
    shown = about(scorecard(sample, "2026-10"), "pipeline")["headline"].tolist()
    assert shown == sorted(shown, reverse=True) and 0 < sum(shown) < len(shown)
