"""The page on what lies ahead, of firms with a goal, with little data and with none."""

import re

import pandas as pd
import pytest

import crmkit as ck
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog


def shop(months: int, **settings) -> Catalog:
    days = pd.date_range(end="2025-09-30", periods=months * 30)
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "revenue": 10.0, "customer_id": "a"})
    return ck.connect({"orders": orders}, parse_settings(settings) if settings else None)


def text_of(fragment) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", fragment.html, flags=re.S).split())


@pytest.fixture(scope="module")
def with_goal():
    catalog = shop(30, targets=[{"metric": "revenue", "value": 5000.0, "per": "year"}])
    return catalog, ck.ahead(catalog, ["revenue", "n_orders"], as_of="2025-09-30")


def test_the_headline_is_the_year_and_the_goal_is_a_finding(with_goal):
    said = text_of(ck.pages.ahead_opening(with_goal[0], "2025-09", with_goal[1]))
    assert "Shop revenue of 2025 is on the way to €3,650" in said
    assert "October 2025 is expected to bring €310 of shop revenue" in said
    assert "the goal of €5,000 is reached in fewer than 1 of 10 futures" in said


def test_the_table_of_the_year_has_the_goal_beside_the_forecast(with_goal):
    said = text_of(ck.pages.ahead_year(*with_goal))
    assert "The goal of 2025 is not likely to be reached" in said
    assert "€5,000 fewer than 1 of 10 futures" in said


def test_the_chart_shows_what_came_and_six_months_to_come(with_goal):
    fragment = ck.pages.ahead_chart(with_goal[0], "2025-09", with_goal[1])
    assert "expected in October 2025" in fragment.name and "March 2026" in fragment.name


def test_every_month_ahead_is_listed(with_goal):
    said = text_of(ck.pages.ahead_months(*with_goal))
    assert all(month in said for month in ("October 2025", "March 2026")) or all(
        m in said for m in ("2025-10", "2026-03")
    )


def test_the_back_test_says_how_many_forecasts_held(with_goal):
    assert "Of 42 forecasts of past months 42 would have held" in text_of(
        ck.pages.ahead_backtest_table(with_goal[0], "2025-09", with_goal[1])
    )


def test_a_firm_of_four_months_reads_that_there_are_too_few():
    catalog = shop(4)
    outlook = ck.ahead(catalog, as_of="2025-09-30")
    assert "There are too few months to look ahead" in text_of(ck.pages.ahead_opening(catalog, "2025-09", outlook))
    assert repr(ck.pages.ahead_chart(catalog, "2025-09", outlook)) == "<crmkit no forecast>"


def test_a_firm_without_orders_reads_what_the_page_needs():
    catalog = ck.connect(
        {"tickets": pd.DataFrame({"ticket_id": ["a"], "customer_id": ["c"], "opened_at": ["2025-09-03"]})}
    )
    outlook = ck.ahead(catalog, as_of="2025-09-30")
    assert outlook.empty
    fragment = ck.pages.ahead_opening(catalog, "2025-09", outlook)
    assert "orders" in str(fragment.carried) + fragment.html
