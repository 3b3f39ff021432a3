"""Direction is not verdict: numbers without a good side, losses, the season, and two numbers that say one thing."""

import pandas as pd

from crmkit.insights import findings, headline
from crmkit.metrics.card import CARDS


def row(metric: str, value: float, before: float, verdict: str = "real", **more: object) -> dict[str, object]:
    """A judged row of a shipped card; better or worse as the card says."""
    card = CARDS[metric]
    rises = value > before
    sides = {"higher": ("worse", "better"), "lower": ("better", "worse"), "neither": ("changed", "changed")}
    direction = sides[card.better][rises] if verdict == "real" else ""
    return {
        **{"metric": metric, "label": card.label, "topic": card.topic, "unit": card.unit, "better": card.better},
        **{"value": value, "low": value - abs(value) / 20, "high": value + abs(value) / 20, "n": 400},
        **{"counted": card.counted, "status": "ok", "reason": "", "period": "2026-10", "headline": True},
        **{"previous_period": "2026-09", "previous_value": before, "change": value - before, "verdict": verdict},
        **{"direction": direction, "p_value": 0.001, "target": float("nan"), "target_verdict": ""},
        **{"year_period": "2025-10", "year_value": float("nan"), "year_change": float("nan")},
        **{"year_verdict": "no comparison", "year_direction": ""},
    } | more


def card_of(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def test_records_created_are_told_as_changed_and_make_no_headline():
    card = card_of(row("records_created", 9.0, 4.0), row("new_customers", 200, 100, "within noise"))
    assert headline(card) == "October 2026: no certain news since September"
    told = findings(card, currency="EUR")[0]
    assert told.metric == "records_created" and told.tone == "changed" and "for the better" not in told.text


def test_a_number_without_a_good_side_comes_after_one_that_has_one():
    card = card_of(row("customer_retention_cost", 90.0, 10.0), row("nps", 30.0, 40.0))
    assert [finding.metric for finding in findings(card, currency="EUR")][:2] == ["nps", "customer_retention_cost"]
    assert headline(card) == "October 2026: customers recommend you less"


def test_turnover_and_shop_revenue_that_rose_are_one_finding_and_two_if_they_went_apart():
    together = card_of(row("turnover", 100.0, 80.0), row("revenue", 60.0, 40.0))
    assert [finding.metric for finding in findings(together, currency="EUR")][:-1] == ["turnover"]
    apart = card_of(row("turnover", 100.0, 80.0), row("revenue", 30.0, 40.0))
    assert {finding.metric for finding in findings(apart, currency="EUR")} >= {"turnover", "revenue"}


def test_what_was_kept_and_what_was_lost_of_recurring_revenue_are_one_finding():
    card = card_of(row("gross_revenue_retention", 0.92, 0.97), row("revenue_churn", 0.08, 0.03))
    assert headline(card) == "October 2026: more recurring revenue was lost"


def test_9_cents_a_customer_at_a_return_of_minus_37_percent_are_a_loss_in_headline_and_finding():
    brought = row("incremental_value_per_customer", 0.09, 0.02)
    card = card_of(brought, row("incremental_roi", -0.37, -0.2, "within noise"))
    assert headline(card) == "October 2026: actions lost money"
    told = findings(card, currency="EUR")[0]
    assert told.tone == "worse" and "the actions lost money" in told.text and "for the better" not in told.text
    gained = card_of(brought, row("incremental_roi", 0.37, 0.2, "within noise"))
    assert headline(gained) == "October 2026: actions brought more per customer"


def test_no_card_of_use_of_a_tool_of_cost_alone_or_of_a_share_of_others_has_a_good_side():
    neutral = {name for name, card in CARDS.items() if card.better == "neither"}
    assert neutral >= {
        *("records_created", "active_users", "login_frequency", "other_activity", "acquisition_spend", "budget_used"),
        *("customer_retention_cost", "customer_origin", "referred_customers", "customer_authored_share", "repeat_rate"),
    }
