"""Evaluating by period and group: what comes back, and what is said when nothing can."""

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import CrmkitError, UnknownName
from crmkit.metrics import CARDS, evaluate, metric
from crmkit.metrics.measures import Mean

COLUMNS = ["metric", "period", "value", "low", "high", "n", "unit", "status", "reason"]


def orders(n: int = 4, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "order_id": [str(i) for i in range(n)],
            "ordered_at": pd.Timestamp("2026-10-10"),
            "revenue": 10.0,
            "customer_id": [f"c{i % 2}" for i in range(n)],
        }
    )
    return frame.assign(**columns)


def test_one_row_per_metric_and_period_in_the_order_asked(company):
    numbers = evaluate(company(orders=orders()), ["n_orders", "revenue"], periods="2026-09..2026-10")
    assert numbers.columns.tolist() == COLUMNS
    assert numbers["metric"].tolist() == ["n_orders", "n_orders", "revenue", "revenue"]
    assert numbers["period"].tolist() == ["2026-09", "2026-10"] * 2


def test_a_missing_table_is_named(company):
    numbers = evaluate(company(orders=orders()), ["nps", "customer_acquisition_cost"], periods="2026-10")
    assert numbers["status"].tolist() == ["not measured"] * 2
    assert numbers["reason"].tolist() == ["needs survey_responses", "needs costs"]


def test_a_missing_column_is_named(company):
    @metric(label="Margin per order", unit="money", better="higher", source="x", counted="orders")
    def _margin(orders):
        """Mean margin.

        margin = mean(margin)
        """
        return Mean(orders, at=orders.ordered_at, value=orders.margin)

    try:
        row = evaluate(company(orders=orders()), "_margin", periods="2026-10").iloc[0]
        assert (row["status"], row["reason"]) == ("not measured", "needs orders.margin")
    finally:
        CARDS.pop("_margin")


def test_orders_without_customers_give_revenue_but_no_churn(company):
    numbers = evaluate(
        company(orders=orders().drop(columns="customer_id")), ["revenue", "churn_rate"], periods="2026-10"
    )
    assert numbers["status"].tolist() == ["ok", "not measured"]
    assert numbers["reason"].iloc[1] == "needs orders.customer_id"


def test_an_unknown_metric_is_refused_with_the_nearest(company):
    with pytest.raises(UnknownName, match="There is no metric 'npss'. Did you mean 'nps'?"):
        evaluate(company(orders=orders()), "npss", periods="2026-10")


def test_several_unknown_metrics_are_listed_at_once(company):
    with pytest.raises(CrmkitError, match="(?s)npss.*chrun_rate"):
        evaluate(company(orders=orders()), ["npss", "chrun_rate"], periods="2026-10")


def test_an_unknown_column_is_refused_with_the_nearest(company):
    with pytest.raises(UnknownName, match="Did you mean 'channel'?"):
        evaluate(company(orders=orders(channel="web")), "revenue", periods="2026-10", by="chanel")


def test_a_column_that_the_data_lack_is_named_as_such(company):
    with pytest.raises(CrmkitError, match="Cannot split by 'country'. The data lack it."):
        evaluate(company(orders=orders()), "revenue", periods="2026-10", by="country")


def test_a_period_that_is_none_is_refused(company):
    with pytest.raises(CrmkitError, match="'2026-13' is not a period"):
        evaluate(company(orders=orders()), "revenue", periods="2026-13")


def test_before_and_after_the_data_there_are_none(company):
    numbers = evaluate(company(orders=orders(), through="2026-10-31"), "revenue", periods="2026-09..2026-11")
    assert numbers["status"].tolist() == ["no data", "ok", "no data"]
    assert numbers["reason"].tolist() == ["the data begin on 2026-10-10", "", "the data end on 2026-10-31"]


def test_groups_come_from_the_table_itself_or_from_its_customers(company):
    customers = pd.DataFrame({"customer_id": ["c0"], "country": ["Kenya"]})
    tables = company(orders=orders(channel=["web", "shop", "web", None]), customers=customers)
    by_channel = evaluate(tables, "revenue", periods="2026-10", by="channel").set_index("channel")["value"]
    assert by_channel.to_dict() == {"(unknown)": 10, "shop": 10, "web": 20}
    by_country = evaluate(tables, "revenue", periods="2026-10", by="country").set_index("country")["value"]
    assert by_country.to_dict() == {"(unknown)": 20, "Kenya": 20}


def test_groups_add_up_to_the_whole(sample):
    whole = evaluate(sample, ["revenue", "n_orders"], periods="2026-10")["value"]
    for column in ("channel", "country"):
        parts = evaluate(sample, ["revenue", "n_orders"], periods="2026-10", by=column).groupby("metric")["value"].sum()
        assert parts[["revenue", "n_orders"]].tolist() == pytest.approx(whole.tolist(), rel=1e-9)


def test_two_columns_split_at_once(company):
    tables = company(orders=orders(channel=["web", "shop"] * 2, campaign=["a", "a", "b", "b"]))
    numbers = evaluate(tables, "n_orders", periods="2026-10", by=["channel", "campaign"])
    assert len(numbers) == 4
    assert numbers["value"].tolist() == [1, 1, 1, 1]


def test_a_metric_that_cannot_be_split_says_so(company):
    costs = pd.DataFrame({"spent_at": [pd.Timestamp("2026-10-01")], "amount": [5.0], "purpose": ["acquisition"]})
    tables = company(orders=orders(channel="web"), costs=costs)
    row = evaluate(tables, "customer_acquisition_cost", periods="2026-10", by="channel").iloc[0]
    assert row["status"] == "not measured"
    assert row["reason"].startswith("cannot be split by channel")


@pytest.mark.parametrize("periods", ["2026", "2026-Q4", "2026-W41", "2026-10"])
def test_every_kind_of_period(company, periods):
    assert evaluate(company(orders=orders()), "n_orders", periods=periods)["value"].item() == 4


def test_months_add_up_to_quarters_and_years(sample):
    months = evaluate(sample, ["revenue", "n_orders", "new_customers"], periods="2025-01..2025-12")
    year = evaluate(sample, ["revenue", "n_orders", "new_customers"], periods="2025").set_index("metric")["value"]
    quarters = evaluate(sample, ["revenue", "n_orders", "new_customers"], periods="2025-Q1..2025-Q4")
    for parts in (months, quarters):
        np.testing.assert_allclose(parts.groupby("metric")["value"].sum()[year.index], year, rtol=1e-10)


def test_the_answer_for_a_month_does_not_depend_on_the_other_months_asked(sample):
    alone = evaluate(sample, periods="2026-10")
    among = evaluate(sample, periods="2025-10..2026-10").query("period == '2026-10'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, among)
