"""Lifetimes, survival curves and log-rank tests: worked by hand, and against lifelines with one row per customer."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError, UnknownName
from crmkit.metrics.measures.durations import KaplanMeierMedian, kaplan_meier
from crmkit.models.subscriptions.kaplan_meier import survival_of_counts

DAY = date(2026, 6, 30)


def terms(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["plan", "starts_at", "ends_at"])
    ids = [f"c{i}" for i in range(len(frame))]
    return frame.assign(subscription_id=ids, customer_id=ids, mrr=10.0)


@pytest.fixture
def two_plans():
    basic = [("basic", "2026-01-01", end) for end in ("2026-02-01", "2026-02-01", "2026-03-01", "2026-04-01")]
    return ck.connect(
        {"subscription_terms": terms(basic + [("full", "2026-01-01", "2027-01-01")] * 4)},
        ck.Settings(company={"smallest_group": 1}),
    )


def test_eight_lives_are_counted_by_plan_length_and_outcome(two_plans):
    rows = ck.lifetimes(two_plans, DAY, by="plan")
    assert rows.values.tolist() == [
        ["basic", 31, True, 2],
        ["basic", 59, True, 1],
        ["basic", 90, True, 1],
        ["full", 180, False, 4],
    ]


def test_logrank_by_plan_by_hand(two_plans):
    """Expected losses of basic: 2 x 4/8 + 2/6 + 1/5; variance: 2 x 1/4 x 6/7 + 2/9 + 4/25; chi squared (4 - e)^2 / v."""
    expected, variance = 1 + 1 / 3 + 1 / 5, 3 / 7 + 2 / 9 + 4 / 25
    row = ck.logrank(two_plans, DAY, by="plan").iloc[0]
    assert row["statistic"] == pytest.approx((4 - expected) ** 2 / variance)
    assert (row["group"], row["against"], row["n"], row["events"], row["freedom"]) == ("basic", "full", 8, 4, 1)
    assert row["p_value"] < 0.01


def test_a_customer_who_changes_the_plan_counts_for_the_first_one_and_a_shopper_for_none():
    changed = terms([("basic", "2026-01-01", "2026-03-01"), ("full", "2026-03-01", "2026-05-01")])
    changed["customer_id"] = "a"
    orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["b"], "revenue": 9.0, "ordered_at": "2026-04-15"})
    settings = ck.Settings(company={"smallest_group": 1, "churn_after_days": 30}, data={"through": "2026-06-30"})
    early = pd.DataFrame({"order_id": ["0"], "customer_id": ["z"], "revenue": 9.0, "ordered_at": "2025-06-01"})
    catalog = ck.connect({"subscription_terms": changed, "orders": pd.concat([orders, early])}, settings)
    assert ck.lifetimes(catalog, DAY, by="plan").values.tolist() == [
        ["basic", 120, True, 1],
        ["no subscription", 30, True, 1],
    ]


def test_every_pair_of_three_groups_is_tested_and_the_counts_agree_with_lifelines_on_single_customers(sample):
    from lifelines.statistics import multivariate_logrank_test

    rows = ck.lifetimes(sample, "2026-10-31", by="channel")
    found = ck.logrank(sample, "2026-10-31", by="channel")
    single = rows.loc[rows.index.repeat(rows["n"])].reset_index(drop=True)
    peer = multivariate_logrank_test(single["days"], single["group"], single["lost"])
    assert found.iloc[0][["statistic", "p_value"]].tolist() == pytest.approx([peer.test_statistic, peer.p_value])
    n_groups = rows["group"].nunique()
    assert len(found) == 1 + n_groups * (n_groups - 1) / 2
    pairs = found.iloc[1:]
    assert (pairs["p_adjusted"] >= pairs["p_value"]).all()


def test_plans_of_the_sample_company_have_curves_that_add_up_to_all(sample):
    by = ck.survival_curve(sample, "2026-10-31", by="plan")
    assert "no subscription" in set(by["group"])
    whole = ck.survival_curve(sample, "2026-10-31")
    assert by.groupby("group")["at_risk"].max().sum() == whole["at_risk"].max()


def test_no_group_no_loss_and_no_column_have_no_test(two_plans):
    assert ck.logrank(two_plans, date(2026, 1, 15), by="plan").empty
    assert ck.logrank(two_plans, DAY, by="channel").empty
    with pytest.raises(UnknownName, match="Did you mean 'plan'"):
        ck.logrank(two_plans, DAY, by="plann")
    with pytest.raises(CrmkitError, match='by="plan"'):
        ck.logrank(two_plans, DAY, by="")


def test_a_gap_in_which_nobody_is_at_risk_does_not_stop_the_curve_as_it_stops_lifelines_fed_with_spells():
    """One of two lost at age 2, nobody at risk from 3 to 10, one of two lost at 12: a quarter is left."""
    from lifelines import KaplanMeierFitter
    from lifelines.exceptions import StatError

    ages = pd.DataFrame({"age": [0, 2, 3, 10, 12, 14], "entries": [2.0, 0, 0, 2, 0, 0], "exits": [0.0, 1, 1, 0, 1, 1]})
    curve = kaplan_meier(ages.assign(events=[0.0, 1, 0, 0, 1, 0]))
    assert curve["survival"].tolist() == pytest.approx([0.5, 0.25])
    with pytest.raises(StatError):
        KaplanMeierFitter().fit([2, 3, 12, 14], [1, 0, 1, 0], entry=[-1, -1, 10, 10])


def test_a_half_is_reached_where_it_is_a_half():
    """One in 1, 2 and 3 of 6 leave 5/6 x 4/5 x 3/4 = 1/2; lifelines adds logarithms, and 0.5000000000000001 is no half."""
    ages = pd.DataFrame({"age": [0, 1, 2, 3], "entries": [6.0, 0, 0, 0], "exits": [0.0, 1, 1, 1]})
    median = KaplanMeierMedian(None, at=None, ends=None, event=None)
    assert median.quantile(ages.assign(events=[0.0, 1, 1, 1]))[0] == 3


def test_where_all_are_gone_the_band_goes_from_nothing_to_its_side_before():
    curve = survival_of_counts(np.array([1.0, 2.0]), np.array([10.0, 5.0]), np.array([5.0, 5.0]))
    assert curve["survival"].tolist() == pytest.approx([0.5, 0.0])
    assert curve["low"].iloc[1] == 0 and curve["high"].iloc[1] == curve["high"].iloc[0] < 1


def test_the_sample_companys_lives_go_from_the_catalog_into_a_fitter(sample):
    rows = ck.lifetimes(sample, "2026-10-31", by="plan")
    table = ck.models.lifetime_models(rows)
    assert (
        set(table["group"]) <= set(rows["group"])
        and table.groupby("group")["aic"].apply(lambda x: x.is_monotonic_increasing).all()
    )
