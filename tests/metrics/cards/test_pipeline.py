"""The sales cycle and the win rate: worked by hand, against lifelines, and on deals whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from statsmodels.stats.proportion import proportion_confint

from crmkit.metrics import evaluate


def deals(created: list[str], closed: list[str | None], won: list[bool | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "deal_id": [str(i) for i in range(len(created))],
            "created_at": pd.to_datetime(created),
            "closed_at": pd.to_datetime(closed),
            "won": pd.array(won, dtype="boolean"),
        }
    )


def test_open_deals_make_the_cycle_longer_than_the_won_ones_say(company):
    """Opened on the 1st: won after 2, 4, 6 days, one lost after 4, one open. S: 4/5, 3/5, then 3/5 x 1/2 on day 6."""
    frame = deals(
        ["2026-10-01"] * 5,
        ["2026-10-03", "2026-10-05", "2026-10-07", "2026-10-05", None],
        [True, True, True, False, None],
    )
    row = evaluate(company(deals=frame, through="2026-10-31"), "sales_cycle", periods="2026-10").iloc[0]
    assert (row["value"], row["n"], row["status"]) == (6, 3, "too few")


def test_fewer_than_half_won_is_not_reached(company):
    frame = deals(["2026-10-01"] * 10, ["2026-10-03"] * 4 + [None] * 6, [True] * 4 + [None] * 6)
    row = evaluate(company(deals=frame, through="2026-10-31"), "sales_cycle", periods="2026-10").iloc[0]
    assert row["status"] == "not reached"
    assert np.isnan(row["value"])


def test_a_deal_booked_after_it_was_won_took_no_time(company):
    frame = deals(["2026-10-05"] * 3, ["2026-10-03"] * 3, [True] * 3)
    assert evaluate(company(deals=frame, through="2026-10-31"), "sales_cycle", periods="2026-10")["value"].item() == 0


def test_median_and_interval_equal_lifelines_with_delayed_entry(company):
    frame = random_deals(np.random.default_rng(3), 800)
    numbers = evaluate(company(deals=frame, through="2026-06-30"), "sales_cycle", periods="2026-03..2026-06")
    for _, row in numbers.iterrows():
        start = pd.Timestamp(row["period"])
        end = start + pd.offsets.MonthBegin()
        inside = frame[(frame["created_at"] < end) & ~(frame["closed_at"] < start)]
        left = inside["closed_at"].where(inside["closed_at"] < end)
        entry = (start - inside["created_at"]).dt.days.clip(lower=0)
        age = (left.fillna(end - pd.Timedelta(days=1)) - inside["created_at"]).dt.days
        # lifelines counts who enters at t as at risk after t: half a day later the same people are at risk at each age
        fitted = KaplanMeierFitter().fit(age + 0.5, left.notna() & inside["won"].fillna(False), entry=entry)
        band = median_survival_times(fitted.confidence_interval_).iloc[0]
        assert row["value"] == fitted.median_survival_time_ - 0.5
        assert (row["low"], row["high"]) == (band.iloc[0] - 0.5, band.iloc[1] - 0.5)


def test_the_true_median_of_20_days_is_found_although_a_third_is_lost_and_many_are_open(company):
    frame = random_deals(np.random.default_rng(11), 20000)
    row = evaluate(company(deals=frame, through="2026-06-30"), "sales_cycle", periods="2026-06").iloc[0]
    assert row["low"] <= 20 <= row["high"]
    assert row["high"] - row["low"] <= 3
    won = frame[frame["won"].fillna(False)]
    assert (won["closed_at"] - won["created_at"]).dt.days.median() < 16  # what the won deals alone would say


def random_deals(random: np.random.Generator, n: int) -> pd.DataFrame:
    """Deals opened in the first half of 2026: would be won after a median of 20 days, if not lost before."""
    created = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 181, n), unit="D")
    to_win = np.ceil(random.exponential(20 / np.log(2), n)) - 1 + (random.random(n) < 0.5)
    to_lose = np.ceil(random.exponential(60, n))
    won = to_win <= to_lose
    closed = created + pd.to_timedelta(np.minimum(to_win, to_lose), unit="D")
    known = closed <= pd.Timestamp("2026-06-30")
    return pd.DataFrame(
        {
            "deal_id": [str(i) for i in range(n)],
            "created_at": created,
            "closed_at": pd.Series(closed).where(known),
            "won": pd.array(np.where(known, won, None), dtype="boolean"),
        }
    )


def test_it_equals_the_sample_companys_plain_kaplan_meier(sample, sample_tables):
    row = evaluate(sample, "sales_cycle", periods="2026").iloc[0]
    frame = sample_tables["deals"]
    start, end = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-11-01")
    day = {name: frame[name].dt.normalize() for name in ("created_at", "closed_at")}
    inside = (day["created_at"] < end) & ~(day["closed_at"] < start)
    left = day["closed_at"].where(day["closed_at"] < end)[inside]
    created = day["created_at"][inside]
    entry = (start - created).dt.days.clip(lower=0)
    age = (left.fillna(end - pd.Timedelta(days=1)) - created).dt.days
    event = left.notna() & frame.loc[inside, "won"].fillna(False).astype(bool)
    fitted = KaplanMeierFitter().fit(age + 0.5, event, entry=entry)
    assert row["value"] == pytest.approx(fitted.median_survival_time_ - 0.5)


def test_six_won_and_nine_lost_are_a_win_rate_of_40_percent(company):
    """Two more are open, and one was decided in September: none of them counts."""
    closed = ["2026-10-05"] * 15 + [None, None, "2026-09-30"]
    frame = deals(["2026-09-01"] * 18, closed, [True] * 6 + [False] * 9 + [None, None, True])
    row = evaluate(company(deals=frame, through="2026-10-31"), "win_rate", periods="2026-10").iloc[0]
    assert (row["value"], row["n"], row["status"]) == (0.4, 15, "ok")
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(6, 15, method="wilson"))


def test_a_deal_closed_without_an_outcome_is_neither_won_nor_lost(company):
    frame = deals(["2026-10-01"] * 12, ["2026-10-05"] * 12, [True] * 5 + [False] * 5 + [None] * 2)
    row = evaluate(company(deals=frame, through="2026-10-31"), "win_rate", periods="2026-10").iloc[0]
    assert (row["value"], row["n"]) == (0.5, 10)


def test_a_month_in_which_no_deal_was_decided_has_no_win_rate(company):
    frame = deals(["2026-09-01"] * 2, ["2026-09-05", None], [True, None])
    row = evaluate(company(deals=frame, through="2026-10-31"), "win_rate", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == ("no data", "no deals decided in this period")


def test_deals_of_one_customer_widen_the_interval_of_the_win_rate(company):
    """40 deals of 10 customers who always say the same tell as much as 10 deals."""
    frame = deals(["2026-10-01"] * 40, ["2026-10-05"] * 40, [i % 10 < 4 for i in range(40)])
    alone = evaluate(company(deals=frame, through="2026-10-31"), "win_rate", periods="2026-10").iloc[0]
    frame["customer_id"] = [f"c{i % 10}" for i in range(40)]
    shared = evaluate(company(deals=frame, through="2026-10-31"), "win_rate", periods="2026-10").iloc[0]
    assert alone["value"] == shared["value"] == 0.4
    assert shared["high"] - shared["low"] > 1.8 * (alone["high"] - alone["low"])


@pytest.mark.parametrize("column", [None, "channel", "owner", "product"])
def test_win_rate_equals_plain_pandas_on_the_sample_company(sample, sample_tables, column):
    numbers = evaluate(sample, "win_rate", periods="2025-11..2026-10", by=column)
    decided = sample_tables["deals"].dropna(subset=["closed_at", "won"])
    keys = [decided["closed_at"].dt.strftime("%Y-%m").rename("period")]
    keys += [decided[column].fillna("(unknown)")] if column else []
    expected = decided["won"].astype(float).groupby(keys).agg(["mean", "size"])
    found = numbers[numbers["n"] > 0].set_index([key.name for key in keys])
    assert len(found) >= 12
    for place, row in found.iterrows():
        if "(small groups)" not in (place if isinstance(place, tuple) else (place,)):
            assert row["n"] == expected.loc[place, "size"]
            assert row["value"] == pytest.approx(expected.loc[place, "mean"], rel=1e-12)
