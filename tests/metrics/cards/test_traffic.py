"""Visits and what becomes of them: worked by hand, against plain pandas, and on days that differ."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from crmkit.metrics import evaluate

ALL = ["visitors", "traffic_to_lead", "landing_page_conversion", "clicks_without_conversion", "clicks_lost", "sign_ups"]


def traffic(n_days: int = 1, **counts: list[int]) -> pd.DataFrame:
    rows = len(next(iter(counts.values())))
    days = pd.date_range("2026-10-01", periods=n_days).repeat(rows // n_days)
    pages = [f"/{place}" for place in range(rows // n_days)] * n_days
    return pd.DataFrame({"visited_on": days, "origin": "search", "landing_page": pages, **counts})


def test_of_200_visitors_12_became_leads_and_of_40_clicks_34_led_to_nothing(company):
    frame = traffic(visitors=[150, 50], clicks=[30, 10], converted_clicks=[4, 2], sign_ups=[3, 0], leads=[10, 2])
    rows = evaluate(company(web_traffic=frame), ALL, periods="2026-10").set_index("metric")
    assert rows["value"].to_dict() == pytest.approx(
        {
            "visitors": 200,
            "traffic_to_lead": 0.06,
            "landing_page_conversion": 0.03,
            "clicks_without_conversion": 34,
            "clicks_lost": 0.85,
            "sign_ups": 3,
        }
    )
    assert rows.loc[["visitors", "traffic_to_lead", "clicks_lost"], "n"].tolist() == [200, 200, 40]


def test_days_that_are_alike_give_wilsons_interval_with_students_quantile(company):
    frame = traffic(30, visitors=[100] * 30, leads=[5] * 30)
    row = evaluate(company(web_traffic=frame), "traffic_to_lead", periods="2026-10").iloc[0]
    low, high = proportion_confint(150, 3000, method="wilson")
    assert row["low"] == pytest.approx(low, abs=0.001) and row["high"] == pytest.approx(high, abs=0.001)


def test_days_that_differ_more_than_chance_widen_it_threefold(company):
    """0 and 10 of 100 on alternate days: variance 25 where chance alone would give 4.75."""
    alike = evaluate(
        company(web_traffic=traffic(30, visitors=[100] * 30, leads=[5] * 30)), "traffic_to_lead", periods="2026-10"
    )
    uneven = traffic(30, visitors=[100] * 30, leads=[0, 10] * 15)
    row = evaluate(company(web_traffic=uneven), "traffic_to_lead", periods="2026-10").iloc[0]
    width = (alike["high"] - alike["low"]).item()
    assert row["value"] == 0.05
    assert (row["high"] - row["low"]) / width == pytest.approx(np.sqrt(25 * 30 / 29 / 4.75), rel=0.05)


def test_visitors_scatter_like_counts_and_not_like_one_visit_of_all(company):
    frame = traffic(visitors=[100])
    row = evaluate(company(web_traffic=frame), "visitors", periods="2026-10").iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((81.36, 121.63), abs=0.01)  # Garwood for 100


def test_without_clicks_there_is_no_share_of_them(company):
    frame = traffic(visitors=[10], clicks=[0], converted_clicks=[0])
    row = evaluate(company(web_traffic=frame), "clicks_lost", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == ("no data", "no clicks in this period")


def test_a_source_without_clicks_says_so(company):
    row = evaluate(company(web_traffic=traffic(visitors=[10])), "clicks_lost", periods="2026-10").iloc[0]
    assert row["reason"] == "needs web_traffic.clicks"


@pytest.mark.parametrize("column", [None, "origin", "landing_page"])
def test_they_equal_plain_pandas_on_the_sample_company(sample, sample_tables, column):
    rows = evaluate(sample, ALL, periods="2026-09..2026-10", by=column)
    frame = sample_tables["web_traffic"]
    keys = [pd.to_datetime(frame["visited_on"]).dt.strftime("%Y-%m").rename("period")]
    keys += [frame[column]] if column else []
    sums = frame[["visitors", "clicks", "converted_clicks", "sign_ups", "leads"]].groupby(keys).sum()
    expected = pd.DataFrame(
        {
            "visitors": sums["visitors"],
            "traffic_to_lead": sums["leads"] / sums["visitors"],
            "landing_page_conversion": sums["converted_clicks"] / sums["visitors"],
            "clicks_without_conversion": sums["clicks"] - sums["converted_clicks"],
            "clicks_lost": 1 - sums["converted_clicks"] / sums["clicks"],
            "sign_ups": sums["sign_ups"],
        }
    )
    found = rows.set_index(["metric", *[key.name for key in keys]])["value"]
    for metric, values in expected.items():
        of_metric = found[metric]
        assert of_metric.to_dict() == pytest.approx(values.loc[of_metric.index].to_dict(), rel=1e-12)
