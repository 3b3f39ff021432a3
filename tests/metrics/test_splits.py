"""Split by what changes over time: a customer counts where she was at the start of the period."""

import pandas as pd
import pytest

from crmkit.metrics import evaluate


def terms(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame({
        "subscription_id": [f"s{i}" for i in range(len(rows))],
        "customer_id": [customer for customer, *_ in rows],
        "starts_at": pd.to_datetime([start for _, start, _, _ in rows]),
        "ends_at": pd.to_datetime([end for _, _, end, _ in rows]),
        "plan": [plan for *_, plan in rows],
        "mrr": 10.0,
    })  # fmt: skip


def test_churn_by_plan_counts_everyone_under_the_plan_on_the_eve(company):
    """a moves from Small to Large on 10 June and leaves in July; b stays Small; c leaves Small in June; d is Large."""
    tables = company(subscription_terms=terms([
        ("a", "2026-01-01", "2026-06-10", "Small"), ("a", "2026-06-10", "2026-07-20", "Large"),
        ("b", "2026-01-01", "2027-01-01", "Small"), ("c", "2026-01-01", "2026-06-15", "Small"),
        ("d", "2026-01-01", "2027-01-01", "Large"),
    ]), through="2026-07-31")  # fmt: skip
    numbers = evaluate(tables, "churn_rate", periods="2026-06..2026-07", by="plan").set_index(["period", "plan"])
    assert numbers["n"].to_dict() == {
        ("2026-06", "Large"): 1, ("2026-06", "Small"): 3, ("2026-07", "Large"): 2, ("2026-07", "Small"): 1,
    }  # fmt: skip
    assert numbers["value"].to_dict() == pytest.approx({
        ("2026-06", "Large"): 0, ("2026-06", "Small"): 1 / 3, ("2026-07", "Large"): 1 / 2, ("2026-07", "Small"): 0,
    })  # fmt: skip


def test_those_at_the_start_and_those_lost_add_up_to_the_whole(sample):
    whole = evaluate(sample, "churn_rate", periods="2026-08..2026-10").set_index("period")
    parts = evaluate(sample, "churn_rate", periods="2026-08..2026-10", by="plan")
    parts["lost"] = parts["value"] * parts["n"]
    summed = parts.groupby("period")[["n", "lost"]].sum()
    assert summed["n"].tolist() == whole["n"].tolist()
    assert summed["lost"].tolist() == pytest.approx((whole["value"] * whole["n"]).tolist())


def test_revenue_by_plan_adds_up_and_shoppers_have_none(sample):
    parts = evaluate(sample, "revenue", periods="2026-10", by="plan").set_index("plan")["value"]
    assert parts.sum() == pytest.approx(evaluate(sample, "revenue", periods="2026-10")["value"].item())
    assert "(unknown)" in parts.index


def test_answers_by_segment_follow_the_latest_assignment_before_the_period(company, answers):
    segments = pd.DataFrame({
        "customer_id": ["c0", "c0", "c0", "c1"],
        "as_of": pd.to_datetime(["2026-08-31", "2026-09-30", "2026-10-31", "2026-10-15"]),
        "model": "rfm", "model_version": "1", "segment": ["new", "loyal", "lost", "loyal"],
    })  # fmt: skip
    tables = company(survey_responses=answers("csat", [5.0, 1.0]), segment_assignments=segments)
    numbers = evaluate(tables, "csat", periods="2026-10", by="segment").set_index("segment")
    assert numbers["n"].to_dict() == {"(unknown)": 1, "loyal": 1}  # c1 had no segment yet when October began


def test_a_sales_cycle_cannot_be_split_by_what_changes(company):
    deals = pd.DataFrame({
        "deal_id": ["d"], "created_at": [pd.Timestamp("2026-06-01")], "closed_at": [pd.Timestamp("2026-06-05")],
        "won": [True], "customer_id": ["a"],
    })  # fmt: skip
    tables = company(deals=deals, subscription_terms=terms([("a", "2026-01-01", "2026-07-01", "Small")]))
    row = evaluate(tables, "sales_cycle", periods="2026-06", by="plan").iloc[0]
    assert (row["status"], row["reason"].startswith("cannot be split by plan")) == ("not measured", True)
