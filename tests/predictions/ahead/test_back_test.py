"""Forecasts of past months, months out of the ordinary, and new levels."""

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.ahead import shift_sentences, unusual_sentences
from crmkit.predictions.ahead.back_test import unusual_months
from crmkit.tables.catalog import Catalog


def shop(monthly: dict[str, float], usual: float = 100.0) -> Catalog:
    """Return a shop with one order on the tenth of each of 37 months."""
    noise = np.random.default_rng(4).normal(1, 0.05, 37)
    days = pd.date_range("2022-12-01", periods=37, freq="MS") + pd.Timedelta(days=9)
    money = [monthly.get(f"{day:%Y-%m}", usual * each) for day, each in zip(days, noise, strict=True)]
    orders = pd.DataFrame({"order_id": range(37), "ordered_at": days, "revenue": money, "customer_id": "a"})
    return ck.connect({"orders": orders})


def test_six_past_months_are_forecast_up_to_six_months_ahead():
    tested = ck.ahead_backtest(shop({}), ["revenue"], as_of="2025-12-31")
    assert tested.groupby("step").size().tolist() == [6, 5, 4, 3, 2, 1]
    assert tested["period"].min() == "2025-07"


def test_a_month_of_three_times_the_usual_size_lies_above_what_was_expected():
    tested = ck.ahead_backtest(shop({"2025-12": 300.0}), ["revenue"], as_of="2025-12-31")
    unusual = unusual_months(tested, ck.Period.parse("2025-12"))
    (said,) = unusual_sentences(unusual, "EUR")
    assert said.startswith("Shop revenue of December 2025 (€300) lies above what the months before let expect (")
    assert unusual_months(tested, ck.Period.parse("2025-11")).empty


def test_a_new_level_is_dated_and_told():
    half = {f"2025-{month:02}": 50.0 for month in range(6, 13)}
    shifts = ck.level_shifts(shop(half), ["revenue"], as_of="2025-12-31")
    assert shifts["period"].tolist() == ["2025-06"]
    assert shifts["growth"].item() == pytest.approx(-0.5, abs=0.08)
    assert shift_sentences(shifts, "EUR")[0].endswith("% lower since June 2025, season and growth apart.")


def test_a_record_of_a_year_has_no_back_test():
    assert ck.ahead_backtest(shop({}), ["revenue"], as_of="2023-11-30").empty
