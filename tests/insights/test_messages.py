"""The words around a chart."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmkit.insights.messages import group_message, history_message, unlike_the_whole
from crmkit.metrics.card import CARDS

CHURN = {
    "metric": "churn_rate",
    "label": "Customers lost (churn)",
    "period": "2026-10",
    "unit": "share",
    "value": 0.101,
    "low": 0.089,
    "high": 0.114,
    "n": 2219,
    "status": "ok",
    "reason": "",
    "previous_period": "2026-09",
    "previous_value": 0.069,
    "change": 0.032,
    "verdict": "real",
    "direction": "worse",
    "target": 0.06,
    "target_verdict": "missed",
}


def row(**changes: object) -> SimpleNamespace:
    return SimpleNamespace(**(CHURN | changes))


def history(values: list[float]) -> pd.DataFrame:
    months = pd.period_range(end="2026-10", periods=len(values), freq="M").astype(str)
    return pd.DataFrame({"period": months, "value": values})


def test_a_real_change_is_the_title_with_both_values_and_the_record():
    message = history_message(row(), history([0.06] * 12 + [0.101]), "Who left.")
    assert (
        message.title == "More customers left: 10.1 % in October 2026 after 6.9 % in September, the most in 13 months"
    )
    assert message.subtitle == "Who left. With 95 % intervals, October 2025 to October 2026."
    assert message.alt == (
        "Customers lost (churn), October 2025 to October 2026: 6.0 % before, 10.1 % in October 2026 "
        "(95 % interval 8.9 to 11.4 %). Target 6 %: missed."
    )


def test_a_record_among_five_periods_is_no_news():
    assert "the most" not in history_message(row(), history([0.06] * 4 + [0.101]), "Who left.").title


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        (
            {"verdict": "within noise", "target_verdict": "missed"},
            "Customers lost (churn) missed the target: 10.1 % against 6 %",
        ),
        (
            {"verdict": "within noise", "target_verdict": ""},
            "Customers lost (churn): 10.1 % in October 2026, no further from September than chance goes",
        ),
        (
            {"verdict": "no large change", "target_verdict": ""},
            "Customers lost (churn): 10.1 % in October 2026, no large change from September",
        ),
        (
            {"verdict": "too few to tell", "target_verdict": ""},
            "Customers lost (churn): 10.1 % in October 2026, too few to tell a change from September",
        ),
        (
            {"verdict": "no comparison", "target_verdict": ""},
            "Customers lost (churn): 10.1 % in October 2026, nothing to compare with",
        ),
        (
            {
                "value": math.nan,
                "low": math.nan,
                "high": math.nan,
                "verdict": "no comparison",
                "reason": "no customers at start",
            },
            "Customers lost (churn): no customers at start",
        ),
    ],
)
def test_without_news_the_title_says_so(changes, title):
    assert history_message(row(**changes), history([0.06, 0.07]), "Who left.").title == title


def groups(values: list[float], half: float, status: str = "ok") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "channel": [f"g{i}" for i in range(len(values))],
            "value": values,
            "low": np.array(values) - half,
            "high": np.array(values) + half,
            "unit": "share",
            "n": 100,
            "status": status,
        }
    )


def test_groups_that_differ_are_named_and_chance_is_not():
    message = group_message(groups([0.10, 0.11, 0.20], 0.03), "channel", row(), CARDS["churn_rate"])
    assert message.title.startswith("G2 (20 %) differs from the")
    assert "g0 10 %, g1 11 % and g2 20 %" in message.alt


def test_where_no_group_differs_none_is_named():
    message = group_message(groups([0.10, 0.11], 0.03), "channel", row(), CARDS["churn_rate"])
    assert message.title.startswith("No channel differs from the")


def test_among_many_groups_chance_alone_seldom_makes_one_stand_out():
    random = np.random.default_rng(0)
    found = 0
    for _ in range(500):
        hits = random.binomial(400, 0.3, 8) / 400
        found += len(unlike_the_whole(groups(list(hits), 1.96 * np.sqrt(0.3 * 0.7 / 400)), 0.3)) > 0
    assert found / 500 <= 0.07


def test_groups_with_too_few_behind_them_never_stand_out():
    assert unlike_the_whole(groups([0.9], 0.01, status="too few"), 0.1).empty
