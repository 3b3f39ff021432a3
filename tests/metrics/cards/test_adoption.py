"""Use of the CRM: worked by hand, and against plain pandas."""

import pandas as pd
import pytest

from crmkit.metrics import evaluate, scorecard

ALL = ["active_users", "login_frequency", "records_created", "other_activity"]


def events(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user_id", "occurred_at", "action"])
    return frame.assign(occurred_at=pd.to_datetime(frame["occurred_at"]), event_id=[str(n) for n in range(len(frame))])


def test_in_a_week_two_users_logged_in_six_times_created_two_records_and_changed_four(company):
    rows = [("anna", "2026-10-19", "login")] * 4 + [("ben", "2026-10-20", "login")] * 2
    rows += [("anna", "2026-10-21", "record_created")] * 2 + [("ben", "2026-10-22", "record_updated")] * 4
    numbers = evaluate(company(crm_events=events(*rows), through="2026-10-25"), ALL, periods="2026-W43").set_index(
        "metric"
    )
    assert numbers["value"].to_dict() == {
        "active_users": 2,
        "login_frequency": 3,
        "records_created": 1,
        "other_activity": 2,
    }
    assert set(numbers["n"]) == {2}


def test_fourteen_logins_of_one_user_in_a_february_of_28_days_are_3_5_a_week(company):
    catalog = company(crm_events=events(*[("anna", "2026-02-10", "login")] * 14), through="2026-02-28")
    row = evaluate(catalog, "login_frequency", periods="2026-02").iloc[0]
    assert row["value"] == 3.5
    assert (row["low"], row["high"]) == pytest.approx((7.654 / 4, 23.49 / 4), abs=0.01)  # Garwood for 14


def test_the_week_so_far_is_as_long_as_its_days(company):
    catalog = company(crm_events=events(*[("anna", "2026-02-02", "login")] * 3), through="2026-02-07")
    row = evaluate(catalog, "login_frequency", periods="2026-02", first_days=7).iloc[0]
    assert (row["value"], row["reason"]) == (3, "so far: 7 of 28 days")


def test_three_users_after_six_are_a_real_change_as_all_are_known(company):
    rows = [(f"u{n}", "2026-09-10", "login") for n in range(6)] + [(f"u{n}", "2026-10-10", "login") for n in range(3)]
    row = scorecard(company(crm_events=events(*rows), through="2026-10-31"), "2026-10", metrics="active_users").iloc[0]
    assert (row["value"], row["change"], row["verdict"], row["direction"]) == (3, -3, "real", "changed")


def test_they_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    found = evaluate(sample, ALL, periods="2025-11..2026-10").pivot(index="period", columns="metric", values="value")
    frame = sample_tables["crm_events"]
    month = frame["occurred_at"].dt.strftime("%Y-%m")
    users = frame.groupby(month)["user_id"].nunique()
    counts = frame.groupby([month, "action"]).size().unstack(fill_value=0)
    for period, row in found.iterrows():
        exposure = users[period] * pd.Period(period).days_in_month / 7
        assert row["active_users"] == users[period]
        assert row["login_frequency"] == pytest.approx(counts.loc[period, "login"] / exposure, rel=1e-12)
        assert row["records_created"] == pytest.approx(counts.loc[period, "record_created"] / exposure, rel=1e-12)
        assert row["other_activity"] == pytest.approx(counts.loc[period, "record_updated"] / exposure, rel=1e-12)
