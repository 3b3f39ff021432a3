"""Targets and budgets against what was reached, and what precedes a win: worked by hand, and against peers."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from crmkit.errors import Problems
from crmkit.metrics import budget_report, events_before_win, goals, scorecard
from crmkit.settings import Budget, parse_settings, prorated
from crmkit.tables.catalog import Catalog


def with_settings(catalog: Catalog, **sections) -> Catalog:
    return Catalog({name: catalog.table(name) for name in catalog.names}, parse_settings(sections))


def orders_per_day(start: str, end: str, n: int) -> pd.DataFrame:
    days = pd.date_range(start, end).repeat(n)
    return pd.DataFrame(
        {
            "order_id": [str(place) for place in range(len(days))],
            "ordered_at": days,
            "revenue": 10.0,
            "customer_id": [f"c{place}" for place in range(len(days))],
        }
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 11, 1), date(2026, 12, 1), 3000),
        (date(2026, 11, 1), date(2026, 11, 10), 900),  # 9 of 30 days
        (date(2026, 7, 1), date(2026, 10, 1), 9000),
        (date(2026, 10, 19), date(2026, 10, 26), 3000 * 7 / 31),
        (date(2026, 1, 25), date(2026, 2, 8), 3000 * 7 / 31 + 3000 * 7 / 28),
    ],
)
def test_3000_a_month_are_900_in_nine_days_of_november_and_9000_in_a_quarter(start, end, expected):
    assert prorated([(Budget(amount=3000), 3000.0, "month")], start, end) == pytest.approx(expected)


def test_a_quarter_in_which_the_target_rises_has_the_sum_of_its_months(company):
    targets = [{"metric": "n_orders", "value": 100}, {"metric": "n_orders", "value": 400, "from": "2026-08-01"}]
    catalog = with_settings(company(orders=orders_per_day("2026-07-01", "2026-09-30", 10)), targets=targets)
    row = scorecard(catalog, "2026-Q3", metrics="n_orders").iloc[0]
    assert (row["target"], row["value"], row["target_verdict"]) == (900, 920, "too close to call")


def test_after_nine_days_of_november_the_target_of_300_orders_is_90(company):
    catalog = with_settings(
        company(orders=orders_per_day("2026-10-01", "2026-11-09", 20)), targets=[{"metric": "n_orders", "value": 300}]
    )
    row = scorecard(catalog, "2026-11", metrics="n_orders").iloc[0]
    assert (row["target"], row["value"], row["days_so_far"], row["target_verdict"]) == (90, 180, 9, "met")


def test_a_target_per_quarter_is_a_third_of_it_in_a_month_of_a_sum_and_none_of_a_rate(company, answers):
    catalog = with_settings(
        company(
            orders=orders_per_day("2026-07-01", "2026-09-30", 1),
            survey_responses=answers("nps", [9.0] * 20, day="2026-07-05"),
        ),
        targets=[
            {"metric": "n_orders", "value": 92, "per": "quarter"},
            {"metric": "nps", "value": 30, "per": "quarter"},
        ],
    )
    month = scorecard(catalog, "2026-07", metrics=["n_orders", "nps"])["target"]
    assert month.iloc[0] == 31 and np.isnan(month.iloc[1])
    assert scorecard(catalog, "2026-Q3", metrics=["n_orders", "nps"])["target"].tolist() == [92, 30]


def test_goals_are_the_metrics_with_a_target_the_missed_ones_first(company, answers):
    catalog = with_settings(
        company(orders=orders_per_day("2026-10-01", "2026-10-31", 10), survey_responses=answers("nps", [9.0] * 60)),
        targets=[
            {"metric": "nps", "value": 50},
            {"metric": "n_orders", "value": 1000},
            {"metric": "average_order_value", "value": 10},
        ],
    )
    reached = goals(scorecard(catalog, "2026-10"))
    assert reached["metric"].tolist() == ["n_orders", "average_order_value", "nps"]
    assert reached["target_verdict"].tolist() == ["missed", "met", "met"]
    assert reached["gap"].tolist() == [-690, 0, 50]


def test_a_budget_cannot_be_negative_and_a_wrong_purpose_is_named():
    with pytest.raises(Problems, match=r"(?s)budgets\[1\].amount.*budgets\[1\].purpose"):
        parse_settings({"budgets": [{"amount": -1, "purpose": "fun"}]})


COSTS = pd.DataFrame(
    {
        "spent_at": pd.to_datetime(["2026-10-02", "2026-10-20", "2026-10-21", "2026-10-22"]),
        "amount": [300.0, 500.0, 100.0, 50.0],
        "purpose": ["acquisition", "acquisition", "acquisition", "retention"],
        "channel": ["search", "social", None, None],
    }
)


def test_900_of_1000_was_spent_social_200_too_much_and_retention_50_of_200(company):
    budgets = [
        {"amount": 1000},
        {"amount": 300, "channel": "social"},
        {"amount": 200, "purpose": "retention"},
        {"amount": 70, "channel": "radio", "until": "2026-10-01"},
    ]
    catalog = with_settings(company(costs=COSTS), budgets=budgets, data={"through": "2026-10-31"})
    report = budget_report(catalog, "2026-10")
    assert report[["channel", "purpose", "budget", "spent", "left"]].values.tolist() == [
        ["all", "acquisition", 1000, 900, 100],
        ["social", "acquisition", 300, 500, -200],
        ["all", "retention", 200, 50, 150],
    ]
    assert report["used"].tolist() == pytest.approx([0.9, 5 / 3, 0.25])


def test_of_a_month_so_far_only_its_days_count_on_both_sides(company):
    catalog = with_settings(company(costs=COSTS), budgets=[{"amount": 3100}], data={"through": "2026-10-10"})
    assert budget_report(catalog, "2026-10")[["budget", "spent"]].values.tolist() == [[1000, 300]]


def test_without_costs_or_budgets_the_report_is_empty(company):
    catalog = company(orders=orders_per_day("2026-10-01", "2026-10-02", 1))
    assert budget_report(catalog, "2026-10").empty
    assert budget_report(with_settings(catalog, budgets=[{"amount": 1}]), "2026-10").empty


def decided(n_won: int, n_lost: int, visited_won: int, visited_lost: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deals of October, so many of each outcome visited before it; all were called, and visited a day later."""
    n = n_won + n_lost
    deals = pd.DataFrame(
        {
            "deal_id": [str(place) for place in range(n)],
            "created_at": pd.Timestamp("2026-09-01"),
            "closed_at": pd.Timestamp("2026-10-10"),
            "won": [True] * n_won + [False] * n_lost,
        }
    )
    visited = [*range(visited_won), *range(n_won, n_won + visited_lost)]
    touches = [(str(place), "visit", "2026-09-20") for place in visited]
    touches += [(str(place), "call", "2026-09-21") for place in range(n)] + [(str(n - 1), "party", "2026-10-11")]
    frame = pd.DataFrame(touches, columns=["deal_id", "kind", "occurred_at"])
    frame = frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"]), interaction_id=frame.index.astype(str))
    return deals, frame


def test_of_40_visited_deals_30_were_won_and_of_the_60_others_20_the_visit_goes_with_42_points_more(company):
    deals, interactions = decided(50, 50, 30, 10)
    compared = events_before_win(company(deals=deals, interactions=interactions, through="2026-10-31"), "2026-10")
    visit = compared.set_index("kind").loc["visit"]
    assert (visit["n_with"], visit["n_without"]) == (40, 60)
    assert (visit["win_rate_with"], visit["win_rate_without"]) == pytest.approx((0.75, 1 / 3))
    low, high = confint_proportions_2indep(30, 40, 20, 60, method="newcomb", compare="diff")
    assert (visit["low"], visit["high"]) == pytest.approx((low, high))
    assert visit["verdict"] == "real"


def test_what_happened_after_the_decision_did_not_precede_it_and_what_all_deals_saw_says_nothing(company):
    deals, interactions = decided(50, 50, 30, 10)
    compared = events_before_win(company(deals=deals, interactions=interactions, through="2026-10-31"), "2026-10")
    kinds = compared.set_index("kind")
    assert "party" not in kinds.index
    assert (kinds.loc["call", "n_without"], kinds.loc["call", "verdict"]) == (0, "too few to tell")


def test_a_kind_that_makes_no_difference_in_2000_deals_is_within_noise(company):
    deals, interactions = decided(1000, 1000, 500, 500)
    compared = events_before_win(company(deals=deals, interactions=interactions, through="2026-10-31"), "2026-10")
    visit = compared.set_index("kind").loc["visit"]
    assert (visit["difference"], visit["verdict"]) == (0, "within noise")


def test_without_interactions_there_is_nothing_to_compare(company):
    deals, _ = decided(5, 5, 1, 1)
    assert events_before_win(company(deals=deals, through="2026-10-31"), "2026-10").empty


def test_the_sample_companys_visits_go_with_wins_as_they_were_made_to(sample, sample_tables):
    """A visit is 2.7 times as likely a touch of a deal that is won; plain pandas gives the same rates."""
    compared = events_before_win(sample, "2026").set_index("kind")
    frame = sample_tables["deals"].dropna(subset="closed_at")
    frame = frame[frame["closed_at"] >= "2026-01-01"]
    touches = sample_tables["interactions"].merge(frame[["deal_id", "closed_at"]], on="deal_id")
    touches = touches[touches["occurred_at"] < touches["closed_at"]]
    for kind, row in compared.iterrows():
        has = frame["deal_id"].isin(touches.loc[touches["kind"] == kind, "deal_id"])
        won = frame["won"].astype(float)
        assert (row["win_rate_with"], row["win_rate_without"]) == pytest.approx((won[has].mean(), won[~has].mean()))
    assert compared.index[0] == "visit" and compared.loc["visit", "verdict"] == "real"
    assert compared.loc["visit", "difference"] > 0
