"""Cohorts and survival curves: worked by hand, and against pandas and lifelines."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import UnknownName
from crmkit.metrics.analyses.cohorts import cohort_retention
from crmkit.metrics.analyses.lifetimes import at_risk_table, survival_curve


def terms(spans: list[tuple[str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(spans, columns=["customer_id", "starts_at", "ends_at"])
    ids = [f"s{i}" for i in range(len(frame))]
    frame = frame.assign(subscription_id=ids, mrr=10.0)
    return frame.assign(starts_at=pd.to_datetime(frame["starts_at"]), ends_at=pd.to_datetime(frame["ends_at"]))


def test_of_four_who_came_in_august_four_three_and_two_are_there_and_october_has_one_cell(company):
    spans = [
        ("a", "2026-08-02", "2027-01-01"),
        ("b", "2026-08-03", "2027-01-01"),
        ("c", "2026-08-04", "2026-10-15"),
        ("d", "2026-08-05", "2026-09-10"),
        ("e", "2026-10-05", "2027-01-01"),
        ("old", "2026-01-01", "2027-01-01"),
    ]
    cells = cohort_retention(company(subscription_terms=terms(spans), through="2026-10-31"), "2026-10", n_cohorts=3)
    found = cells.pivot(index="cohort", columns="age", values="value")
    assert found.loc["2026-08"].tolist() == [1, 0.75, 0.5]
    assert found.loc["2026-10"].isna().tolist() == [False, True, True]
    assert "2026-09" not in found.index
    assert cells[["cohort", "age"]].values.tolist() == [["2026-08", 0], ["2026-08", 1], ["2026-08", 2], ["2026-10", 0]]


def test_a_cohort_that_is_all_gone_is_zero_and_a_month_that_is_not_over_is_empty(company):
    spans = [(f"c{i}", "2026-08-02", "2026-09-10") for i in range(3)] + [("z", "2026-01-01", "2027-01-01")]
    cells = cohort_retention(company(subscription_terms=terms(spans), through="2026-10-20"), "2026-10", n_cohorts=4)
    assert cells[["age", "value"]].values.tolist() == [[0, 1], [1, 0]]


def test_who_came_back_counts_as_active_again(company):
    spans = [("a", "2026-08-02", "2026-09-10"), ("a", "2026-10-05", "2027-01-01"), ("z", "2026-01-01", "2027-01-01")]
    cells = cohort_retention(company(subscription_terms=terms(spans), through="2026-10-31"), "2026-10", n_cohorts=3)
    assert cells["value"].tolist() == [1, 0, 1]


def test_cohorts_equal_plain_pandas_on_the_sample_company(sample):
    spells = sample.frame("activity_spells")
    starts, ends = (pd.to_datetime(spells[c]) for c in ("starts_on", "ends_on"))
    joined = (
        spells[spells["spell_number"] == 1]
        .assign(cohort=starts.dt.strftime("%Y-%m"))
        .set_index("customer_id")["cohort"]
    )
    cells = cohort_retention(sample, "2026-10", n_cohorts=6)
    assert len(cells) == 6 * 7 / 2
    for _, cell in cells.iterrows():
        month_end = pd.Timestamp(cell["cohort"]) + pd.offsets.MonthEnd(cell["age"] + 1)
        there = set(spells.loc[(starts <= month_end) & (ends > month_end), "customer_id"])
        of_cohort = set(joined[joined == cell["cohort"]].index)
        assert (cell["n"], cell["active"]) == (len(of_cohort), len(there & of_cohort))


def test_the_curve_equals_lifelines_on_the_sample_company(sample):
    from lifelines import KaplanMeierFitter

    as_of = date(2026, 10, 31)
    spells = sample.frame("activity_spells")
    spells = spells[spells["spell_number"] == 1]
    starts, ends = (pd.to_datetime(spells[c]) for c in ("starts_on", "ends_on"))
    known = starts >= pd.Timestamp(sample.data_from) + pd.Timedelta(days=90)
    lost = ends <= pd.Timestamp(as_of)
    days = (ends.where(lost, pd.Timestamp(as_of)) - starts).dt.days
    fitter = KaplanMeierFitter().fit(days[known], lost[known])
    curve = survival_curve(sample, as_of)
    expected = fitter.survival_function_at_times(curve["age"]).to_numpy()
    np.testing.assert_allclose(curve["survival"], expected, atol=1e-12)
    band = fitter.confidence_interval_survival_function_.loc[curve["age"].iloc[1:]]
    np.testing.assert_allclose(curve[["low", "high"]].iloc[1:], band, atol=1e-9)
    at_risk = fitter.event_table.loc[curve["age"].iloc[1:], "at_risk"]
    assert curve["at_risk"].iloc[1:].tolist() == at_risk.tolist()


def test_half_of_two_left_after_30_days_and_later_data_do_not_matter(company):
    spans = [("a", "2026-01-01", "2026-12-01"), ("b", "2026-01-01", "2026-01-31")]
    for more in ([], [("a", "2026-12-01", "2027-05-01"), ("late", "2026-08-01", "2026-09-01")]):
        catalog = company(subscription_terms=terms(spans + more), through="2026-06-30")
        curve = survival_curve(catalog, date(2026, 6, 30))
        assert curve[["age", "at_risk", "survival"]].values.tolist() == [[0, 2, 1], [30, 2, 0.5]]


def test_numbers_at_risk_are_read_at_whole_months():
    curve = pd.DataFrame(
        {
            "group": "all",
            "age": [0, 30, 100],
            "at_risk": [4.0, 4.0, 2.0],
            "survival": [1.0, 0.75, 0.4],
            "low": [1.0, 0.1, 0.0],
            "high": [1.0, 0.9, 0.8],
        }
    )
    found = at_risk_table(curve)
    assert found[["months", "survival", "at_risk"]].values.tolist() == [[0, 1, 4], [3, 0.75, 2]]


def test_a_curve_by_a_column_that_there_is_not_is_refused_and_one_by_channel_splits_all(sample):
    with pytest.raises(UnknownName, match="There is no column of customers 'chanel'. Did you mean 'channel'"):
        survival_curve(sample, date(2026, 10, 31), by="chanel")
    by = survival_curve(sample, date(2026, 10, 31), by="channel")
    assert by.groupby("group")["at_risk"].max().sum() == pytest.approx(
        survival_curve(sample, date(2026, 10, 31))["at_risk"].max()
    )
