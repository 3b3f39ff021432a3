"""What is said of preferences: nobody has a taste of their own where the table says so."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.reporting.pages import revenue as next_order_sections

BOOK = ck.connect(
    {
        "orders": pd.DataFrame(
            {"order_id": ["1"], "ordered_at": pd.to_datetime(["2026-10-02"]), "revenue": [30.0], "customer_id": ["a"]}
        )
    }
)


@pytest.mark.parametrize(
    ("own", "title"),
    [
        ([True, False], "Some customers have a taste of their own in the channel"),
        ([False, False], "What customers choose is told as well by what is popular"),
    ],
)
def test_an_own_preference_is_reported_only_where_a_customer_has_one(monkeypatch, own, title):
    tested = pd.DataFrame(
        {
            "kind": ["channel"],
            "n": [21],
            "hit": [0.625],
            "hit_popular": [0.625],
            "hit_own_mode": [0.625],
            "surprise": [0.8],
            "surprise_popular": [0.9],
        }
    )
    monkeypatch.setattr(next_order_sections, "preference_backtest", lambda *_: tested)
    monkeypatch.setattr(next_order_sections, "preferences", lambda *_: pd.DataFrame({"kind": "channel", "own": own}))
    assert title in next_order_sections.preference_table(BOOK, ck.covered_period(BOOK, "2026-10")).html
