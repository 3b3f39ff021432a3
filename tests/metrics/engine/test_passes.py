"""The database adds up: one query per table and time column, and few rows come to Python."""

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.metrics import CARDS, evaluate, scorecard
from crmkit.metrics.engine import evaluate as engine
from crmkit.settings import parse_settings


@pytest.fixture(scope="module")
def sample(sample_tables):
    """The sample company, connected anew: what other tests evaluated would not be fetched again."""
    return connect(sample_tables, parse_settings({"data": {"through": "2026-10-31"}}))


@pytest.fixture
def fetched(monkeypatch):
    """Record every frame that metrics fetch."""
    frames: list[pd.DataFrame] = []
    original = engine.fetch

    def recording(query):
        frames.append(original(query))
        return frames[-1]

    monkeypatch.setattr(engine, "fetch", recording)
    return frames


MONTHS = "2023-11..2026-10"


def test_four_metrics_on_orders_share_one_query(sample, fetched):
    evaluate(sample, ["revenue", "n_orders", "average_order_value", "transactions_per_customer"], periods=MONTHS)
    assert len(fetched) == 1
    assert len(fetched[0]) == 36


def test_all_cards_over_36_months_take_one_query_per_table_and_time_column(sample, fetched):
    """Fewer than half as many queries as cards: those on one table and time column share one.

    Orders, with their customers, by recommendation, of campaigns, in their turn; products sold; answers; people asked;
    mailings; posts; costs and those of campaigns; movements, of customers and of recurring revenue; renewals; origins;
    recommended customers; leads when 30 and when 90 days are over; web traffic; events in the CRM; deals by opening,
    closing and touches; pipeline movements; paid terms; what actions brought, by their own account and by the orders after them, in all and per
    customer, and what they cost; a median of gaps; and three of ages: leads, deals, stages.
    """
    evaluate(sample, periods=MONTHS)
    assert len(fetched) == 35 < len(CARDS) / 2
    by_age = [frame for frame in fetched if {"age", "rank"} & set(frame)]
    assert sum(len(frame) for frame in fetched if not {"age", "rank"} & set(frame)) <= 24 * (36 + 13)
    assert len(by_age) == 4
    assert max(len(frame) for frame in by_age) <= 36 * 1_100  # ages in days and values near the middle, not rows


def test_the_rows_fetched_do_not_grow_with_the_customers(company, fetched):
    sizes = []
    for n in (1_000, 20_000):
        orders = pd.DataFrame(
            {
                "order_id": [str(i) for i in range(n)],
                "ordered_at": pd.Timestamp("2026-10-10"),
                "revenue": 10.0,
                "customer_id": [f"c{i // 2}" for i in range(n)],
            }
        )
        fetched.clear()
        evaluate(company(orders=orders), ["revenue", "churn_rate", "new_customers"], periods=MONTHS)
        sizes.append(sum(len(frame) for frame in fetched))
    assert sizes[0] == sizes[1]


def test_a_given_history_is_not_computed_again(sample, fetched):
    history = evaluate(sample, periods="2024-10..2026-10")  # two years before it: the season is known
    n_queries = len(fetched)
    with_history = scorecard(sample, "2026-10", history=history)
    # But for the parts of revenue's change, and of turnover, over as many days of October as September has, for verdicts.
    assert len(fetched) == n_queries + 2
    pd.testing.assert_frame_equal(with_history, scorecard(sample, "2026-10"))
