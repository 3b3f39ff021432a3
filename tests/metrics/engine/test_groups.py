"""Split by what changes over time: a customer counts where she was at the start of the period."""

import pandas as pd
import pytest

from crmkit.metrics import evaluate


def terms(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subscription_id": [f"s{i}" for i in range(len(rows))],
            "customer_id": [customer for customer, *_ in rows],
            "starts_at": pd.to_datetime([start for _, start, _, _ in rows]),
            "ends_at": pd.to_datetime([end for _, _, end, _ in rows]),
            "plan": [plan for *_, plan in rows],
            "mrr": 10.0,
        }
    )


def test_churn_by_plan_counts_everyone_under_the_plan_on_the_eve(company):
    """a moves from Small to Large on 10 June and leaves in July; b stays Small; c leaves Small in June; d is Large."""
    tables = company(
        subscription_terms=terms(
            [
                ("a", "2026-01-01", "2026-06-10", "Small"),
                ("a", "2026-06-10", "2026-07-20", "Large"),
                ("b", "2026-01-01", "2027-01-01", "Small"),
                ("c", "2026-01-01", "2026-06-15", "Small"),
                ("d", "2026-01-01", "2027-01-01", "Large"),
            ]
        ),
        through="2026-07-31",
    )
    numbers = evaluate(tables, "churn_rate", periods="2026-06..2026-07", by="plan").set_index(["period", "plan"])
    assert numbers["n"].to_dict() == {
        ("2026-06", "Large"): 1,
        ("2026-06", "Small"): 3,
        ("2026-07", "Large"): 2,
        ("2026-07", "Small"): 1,
    }
    assert numbers["value"].to_dict() == pytest.approx(
        {
            ("2026-06", "Large"): 0,
            ("2026-06", "Small"): 1 / 3,
            ("2026-07", "Large"): 1 / 2,
            ("2026-07", "Small"): 0,
        }
    )


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
    assert {"(unknown)", "no subscription"} <= set(parts.index)  # guests, and customers without a paid term


def test_a_metric_whose_table_is_a_join_can_be_split_by_what_changes(sample):
    """Orders, and new customers, with whether another customer recommended the firm."""
    metrics = ["revenue_per_referred_customer", "revenue_per_other_customer", "referred_customers"]
    parts = evaluate(sample, metrics, periods="2026-10", by="plan")
    assert len(parts) > len(metrics)
    whole = evaluate(sample, metrics, periods="2026-10").set_index("metric")["n"]
    assert parts.groupby("metric")["n"].sum().to_dict() == whole.to_dict()


def test_answers_by_segment_follow_the_latest_assignment_before_the_period(company, answers):
    segments = pd.DataFrame(
        {
            "customer_id": ["c0", "c0", "c0", "c1"],
            "as_of": pd.to_datetime(["2026-08-31", "2026-09-30", "2026-10-31", "2026-10-15"]),
            "model": "rfm",
            "model_version": "1",
            "segment": ["new", "loyal", "lost", "loyal"],
        }
    )
    tables = company(survey_responses=answers("csat", [5.0, 1.0]), segment_assignments=segments)
    numbers = evaluate(tables, "csat", periods="2026-10", by="segment").set_index("segment")
    assert numbers["n"].to_dict() == {"(unknown)": 1, "loyal": 1}  # c1 had no segment yet when October began


def test_a_sales_cycle_cannot_be_split_by_what_changes(company):
    deals = pd.DataFrame(
        {
            "deal_id": ["d"],
            "created_at": [pd.Timestamp("2026-06-01")],
            "closed_at": [pd.Timestamp("2026-06-05")],
            "won": [True],
            "customer_id": ["a"],
        }
    )
    tables = company(deals=deals, subscription_terms=terms([("a", "2026-01-01", "2026-07-01", "Small")]))
    row = evaluate(tables, "sales_cycle", periods="2026-06", by="plan").iloc[0]
    assert (row["status"], row["reason"].startswith("cannot be split by plan")) == ("not measured", True)


def test_groups_below_the_smallest_size_are_put_together_and_still_add_up(company):
    sizes = {"web": 60, "shop": 30, "fair": 4, "radio": 1}
    channel = [name for name, size in sizes.items() for _ in range(size)]
    orders = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(95)],
            "ordered_at": pd.Timestamp("2026-10-10"),
            "revenue": 10.0,
            "customer_id": [f"c{i}" for i in range(95)],
            "channel": channel,
        }
    )
    numbers = evaluate(
        company(orders=orders, smallest_group=5), ["n_orders", "average_order_value"], periods="2026-10", by="channel"
    )
    counts = numbers[numbers["metric"] == "n_orders"].set_index("channel")["value"]
    assert counts.to_dict() == {"(small groups)": 5, "shop": 30, "web": 60}
    assert numbers[numbers["metric"] == "average_order_value"]["n"].sum() == 95


def test_a_group_that_is_large_enough_in_one_of_the_periods_stays(company, answers):
    september = answers("csat", [5.0] * 8, day="2026-09-15").assign(touchpoint="delivery")
    october = answers("csat", [5.0] * 3, day="2026-10-15").assign(touchpoint="delivery")
    tables = company(survey_responses=pd.concat([september, october]), smallest_group=5)
    numbers = evaluate(tables, "csat", periods="2026-09..2026-10", by="touchpoint")
    assert numbers["touchpoint"].unique().tolist() == ["delivery"]
    assert numbers["n"].tolist() == [8, 3]


def test_one_customer_alone_is_not_revealed_by_the_difference_from_the_whole(company):
    """South is one customer, east two: not together five, so west with six, the next smallest, joins them."""
    regions = ["north"] * 20 + ["west"] * 6 + ["east"] * 2
    spans = [(f"c{i}", "2026-01-01", "2027-01-01") for i in range(28)] + [("x", "2026-01-01", "2026-06-05")]
    people = pd.DataFrame({"customer_id": [c for c, *_ in spans], "region": [*regions, "south"]})
    frame = terms([(*span, "Small") for span in spans])
    tables = company(subscription_terms=frame, customers=people, smallest_group=5, through="2026-06-30")
    numbers = evaluate(tables, "churn_rate", periods="2026-06", by="region").set_index("region")
    assert numbers["n"].to_dict() == {"(small groups)": 9, "north": 20}
    assert (numbers["value"] * numbers["n"]).to_dict() == pytest.approx({"(small groups)": 1, "north": 0})


def test_with_one_large_and_one_small_group_only_the_whole_is_shown(company):
    spans = [(f"c{i}", "2026-01-01", "2027-01-01") for i in range(20)] + [("x", "2026-01-01", "2026-06-05")]
    people = pd.DataFrame({"customer_id": [c for c, *_ in spans], "region": ["north"] * 20 + ["south"]})
    frame = terms([(*span, "Small") for span in spans])
    tables = company(subscription_terms=frame, customers=people, smallest_group=5, through="2026-06-30")
    numbers = evaluate(tables, "churn_rate", periods="2026-06", by="region")
    assert numbers.set_index("region")["n"].to_dict() == {"(small groups)": 21}
    assert numbers["value"].item() == pytest.approx(1 / 21)


def test_what_one_customer_brings_is_not_shown_and_cannot_be_reckoned_from_the_others(company):
    """Margin of an active customer: south is one, so west, the next smallest, keeps her secret; north is shown."""
    regions = ["north"] * 20 + ["west"] * 6 + ["south"]
    orders = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(27)],
            "ordered_at": pd.Timestamp("2026-09-20"),
            "revenue": 30.0,
            "margin": 10.0,
            "customer_id": [f"c{i}" for i in range(27)],
        }
    )
    later = orders.assign(order_id=[f"p{i}" for i in range(27)], ordered_at=pd.Timestamp("2026-10-10"))
    people = pd.DataFrame({"customer_id": orders["customer_id"], "region": regions})
    tables = company(orders=pd.concat([orders, later]), customers=people, smallest_group=5, through="2026-10-31")
    numbers = evaluate(tables, "monthly_margin_per_customer", periods="2026-10", by="region").set_index("region")
    assert numbers["value"].dropna().index.tolist() == ["north"]
    assert numbers.loc[["south", "west"], "reason"].tolist() == ["not shown: fewer than 5 in a group"] * 2
