"""New customers, their cost and origin, lead conversion: worked by hand, and against plain pandas."""

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from crmkit.metrics import evaluate


def orders_of(customers: dict[str, list[str]]) -> pd.DataFrame:
    rows = [("long known", "2024-01-01")]  # who is new shows only after some time of data
    rows += [(customer, day) for customer, days in customers.items() for day in days]
    return pd.DataFrame(
        {
            "order_id": [str(i) for i in range(len(rows))],
            "ordered_at": pd.to_datetime([day for _, day in rows]),
            "revenue": 10.0,
            "customer_id": [customer for customer, _ in rows],
        }
    )


def test_a_customer_is_new_once_even_after_a_long_break(company):
    orders = orders_of({"a": ["2025-01-10", "2026-10-03"], "b": ["2026-10-05", "2026-10-06"], "c": ["2026-09-30"]})
    numbers = evaluate(company(orders=orders), "new_customers", periods="2026-09..2026-10")
    assert numbers["value"].tolist() == [1, 1]


def test_400_spent_for_16_new_customers_are_25_each_by_garwoods_interval(company):
    orders = orders_of({f"c{i}": ["2026-10-05"] for i in range(16)})
    costs = pd.DataFrame(
        {
            "spent_at": pd.to_datetime(["2026-10-01", "2026-10-20", "2026-10-21"]),
            "amount": [300.0, 100.0, 999.0],
            "purpose": ["acquisition", "acquisition", "retention"],
        }
    )
    row = evaluate(company(orders=orders, costs=costs), "customer_acquisition_cost", periods="2026-10").iloc[0]
    assert (row["value"], row["n"]) == (25, 16)
    assert row["low"] == pytest.approx(400 / 25.983, abs=0.01)  # 16 events: Garwood 9.145 to 25.983
    assert row["high"] == pytest.approx(400 / 9.145, abs=0.01)


def test_cost_without_new_customers_is_no_number(company):
    orders = orders_of({"a": ["2026-09-05", "2026-10-05"], "b": ["2026-11-05"]})
    costs = pd.DataFrame({"spent_at": [pd.Timestamp("2026-10-01")], "amount": [100.0], "purpose": ["acquisition"]})
    row = evaluate(company(orders=orders, costs=costs), "customer_acquisition_cost", periods="2026-10").iloc[0]
    assert row["status"] == "no data"


def test_cost_by_channel_divides_the_channels_cost_by_the_channels_customers(company):
    orders = orders_of({f"c{i}": ["2026-10-05"] for i in range(30)})
    customers = pd.DataFrame(
        {"customer_id": [f"c{i}" for i in range(30)], "channel": ["search"] * 20 + ["social"] * 10}
    )
    costs = pd.DataFrame(
        {
            "spent_at": pd.Timestamp("2026-10-01"),
            "amount": [400.0, 500.0],
            "purpose": "acquisition",
            "channel": ["search", "social"],
        }
    )
    tables = company(orders=orders, customers=customers, costs=costs)
    numbers = evaluate(tables, "customer_acquisition_cost", periods="2026-10", by="channel").set_index("channel")
    assert numbers["value"].to_dict() == {"search": 20, "social": 50}


def test_leads_count_when_their_thirty_days_are_over(company):
    leads = pd.DataFrame(
        {
            "lead_id": list("abcd"),
            "created_at": pd.to_datetime(["2026-09-10", "2026-09-10", "2026-09-10", "2026-10-10"]),
            "converted_at": pd.to_datetime(["2026-10-10", "2026-10-11", None, "2026-10-11"]),
        }
    )
    row = evaluate(company(leads=leads), "lead_conversion", periods="2026-10").iloc[0]
    assert (row["n"], row["value"]) == (3, pytest.approx(1 / 3))  # a in time, b a day late, c never, d not due yet


def test_they_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    names = ["customer_acquisition_cost", "lead_conversion"]
    value = evaluate(sample, names, periods="2024-11..2026-10").pivot(index="period", columns="metric", values="value")
    costs, leads = sample_tables["costs"], sample_tables["leads"]
    bought = sample_tables["orders"].query("revenue > 0 and customer_id.notna()")
    firsts = (
        pd.concat(
            [
                bought.groupby("customer_id")["ordered_at"].min(),
                sample_tables["subscription_terms"].groupby("customer_id")["starts_at"].min(),
            ]
        )
        .groupby(level=0)
        .min()
    )
    new = firsts.dt.strftime("%Y-%m").value_counts()
    spent = costs[costs["purpose"] == "acquisition"].groupby(costs["spent_at"].dt.strftime("%Y-%m"))["amount"].sum()
    due = (leads["created_at"].dt.normalize() + pd.Timedelta(days=30)).dt.strftime("%Y-%m")
    taken = (leads["converted_at"].dt.normalize() - leads["created_at"].dt.normalize()).dt.days
    conversion = (taken <= 30).groupby(due).mean()
    for period, row in value.iterrows():
        assert row["customer_acquisition_cost"] == pytest.approx(spent[period] / new[period], rel=1e-10)
        assert row["lead_conversion"] == pytest.approx(conversion[period], rel=1e-10)


def new_customers_from(channels: dict[str, int], day: str = "2026-10-05") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders and customers: so many new ones from each channel, on one day; an empty name is an unknown channel."""
    names = [channel for channel, n in channels.items() for _ in range(n)]
    ids = [f"{day}-{i}" for i in range(len(names))]
    customers = pd.DataFrame({"customer_id": ids, "channel": [name or None for name in names]})
    return orders_of({customer: [day] for customer in ids}), customers


def test_the_origin_of_15_of_20_new_customers_is_known(company):
    orders, customers = new_customers_from({"search": 9, "social": 6, "": 5})
    row = evaluate(company(orders=orders, customers=customers), "customer_origin", periods="2026-10").iloc[0]
    assert (row["value"], row["n"], row["status"]) == (0.75, 20, "ok")
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(15, 20, method="wilson"))


def test_by_channel_all_new_customers_divide_among_the_channels(company):
    orders, customers = new_customers_from({"search": 9, "social": 6, "": 5})
    tables = company(orders=orders, customers=customers)
    numbers = evaluate(tables, "customer_origin", periods="2026-10", by="channel").set_index("channel")
    assert numbers["value"].to_dict() == {"(unknown)": 0.25, "search": 0.45, "social": 0.30}
    assert numbers["n"].to_dict() == {"(unknown)": 5, "search": 9, "social": 6}
    assert (numbers.loc["social", "low"], numbers.loc["social", "high"]) == pytest.approx(
        proportion_confint(6, 20, method="wilson")
    )


def test_a_channel_that_brought_no_customer_in_a_month_has_a_share_of_zero(company):
    october, november = new_customers_from({"search": 10}), new_customers_from({"search": 5, "fair": 5}, "2026-11-05")
    orders, customers = (pd.concat(pair, ignore_index=True) for pair in zip(october, november, strict=True))
    orders["order_id"] = orders.index.astype(str)
    numbers = evaluate(
        company(orders=orders, customers=customers), "customer_origin", periods="2026-10..2026-11", by="channel"
    )
    assert numbers.set_index(["channel", "period"])["value"].to_dict() == {
        ("fair", "2026-10"): 0,
        ("search", "2026-10"): 1,
        ("fair", "2026-11"): 0.5,
        ("search", "2026-11"): 0.5,
    }
    assert (numbers["status"] == "ok").all()


def test_small_channels_are_put_together_and_still_add_up_to_one(company):
    orders, customers = new_customers_from({"search": 9, "social": 6, "fair": 3, "radio": 2})
    tables = company(orders=orders, customers=customers, smallest_group=5)
    numbers = evaluate(tables, "customer_origin", periods="2026-10", by="channel").set_index("channel")
    assert numbers["value"].to_dict() == {"(small groups)": 0.25, "search": 0.45, "social": 0.30}


def test_without_channels_campaigns_are_the_origin(company):
    orders, customers = new_customers_from({"spring": 8, "": 2})
    customers = customers.rename(columns={"channel": "campaign"})
    row = evaluate(company(orders=orders, customers=customers), "customer_origin", periods="2026-10").iloc[0]
    assert row["value"] == 0.8


def test_without_any_origin_it_is_not_measured(company):
    orders, customers = new_customers_from({"search": 3})
    tables = company(orders=orders, customers=customers[["customer_id"]])
    row = evaluate(tables, "customer_origin", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == ("not measured", "needs customers.channel, or leads with a channel")


@pytest.mark.parametrize("column", ["channel", "campaign", "landing_page"])
def test_customer_origin_equals_plain_pandas_on_the_sample_company(sample, sample_tables, column):
    """Oracle: first order or term of each customer; her own column, else that of her first lead until then."""
    bought = sample_tables["orders"].query("revenue > 0 and customer_id.notna()")
    firsts = (
        pd.concat(
            [
                bought.groupby("customer_id")["ordered_at"].min(),
                sample_tables["subscription_terms"].groupby("customer_id")["starts_at"].min(),
            ]
        )
        .groupby(level=0)
        .min()
        .dt.normalize()
    )
    leads = sample_tables["leads"].dropna(subset="customer_id").sort_values(["created_at", "lead_id"])
    before = leads["created_at"].dt.normalize() <= leads["customer_id"].map(firsts)
    origin = firsts.index.to_series().map(leads[before].groupby("customer_id")[column].first())
    if column in sample_tables["customers"]:
        own = sample_tables["customers"].set_index("customer_id")[column]
        origin = firsts.index.to_series().map(own).fillna(origin)
    in_month = origin.fillna("(unknown)")[firsts.dt.strftime("%Y-%m") == "2026-10"]
    expected = in_month.value_counts()
    numbers = evaluate(sample, "customer_origin", periods="2026-10", by=column).set_index(column)
    kept = expected[expected >= sample.settings.company.smallest_group]
    assert numbers.loc[kept.index, "n"].to_dict() == kept.to_dict()
    assert numbers.loc[kept.index, "value"].to_dict() == pytest.approx((kept / len(in_month)).to_dict(), rel=1e-12)
    assert numbers["n"].sum() == len(in_month)


def test_new_customers_by_channel_and_their_shares_agree(sample):
    numbers = evaluate(sample, ["new_customers", "customer_origin"], periods="2026-10", by="channel")
    counts = numbers[numbers["metric"] == "new_customers"].set_index("channel")["value"]
    shares = numbers[numbers["metric"] == "customer_origin"].set_index("channel")["value"]
    assert shares.to_dict() == pytest.approx((counts / counts.sum()).to_dict(), rel=1e-12)


def test_who_orders_first_in_the_first_90_days_of_an_export_need_not_be_new(company):
    """35 customers order in March, when the export begins, and 7 more in August: only August can be told."""
    orders = orders_of(
        {f"c{i}": ["2026-03-05", "2026-08-05"] for i in range(35)} | {f"n{i}": ["2026-08-05"] for i in range(7)}
    )
    orders = orders[orders["customer_id"] != "long known"]
    numbers = evaluate(company(orders=orders, through="2026-08-31"), "new_customers", periods="2026-03..2026-08")
    assert numbers["status"].tolist() == ["no data"] * 5 + ["ok"]  # until June untold, in July nobody moved
    assert numbers["value"].tolist()[-1] == 7
    assert numbers["reason"].iloc[0] == "this shows only after 90 days of data"
