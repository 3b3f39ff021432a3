"""What made revenue grow or shrink: by hand, against plain pandas, and to the last cent."""

import numpy as np
import pandas as pd
import pytest

from crmkit.insights.messages import PARTS
from crmkit.metrics import evaluate, scorecard
from crmkit.periods import Period

WON = ["revenue_from_new", "revenue_from_returning", "revenue_from_more", "revenue_change_of_guests"]
LOST = ["revenue_lost_to_less", "revenue_lost_to_gone"]
ALL = [*WON, *LOST, "revenue_change"]


def orders(*rows: tuple[str | None, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return frame.assign(order_id=[f"o{n}" for n in range(len(frame))], ordered_at=pd.to_datetime(frame["ordered_at"]))


FIRM = orders(
    ("old", "2026-01-05", 1.0),
    ("back", "2026-06-05", 9.0),
    ("back", "2026-10-05", 50.0),
    ("more", "2026-09-05", 20.0),
    ("more", "2026-10-05", 60.0),
    ("more", "2026-10-06", -10.0),
    ("less", "2026-09-05", 80.0),
    ("less", "2026-10-05", 30.0),
    ("gone", "2026-09-30", 70.0),
    ("same", "2026-09-01", 5.0),
    ("same", "2026-10-31", 5.0),
    ("new", "2026-10-01", 40.0),
    (None, "2026-09-03", 8.0),
    (None, "2026-10-03", 15.0),
)


def test_40_new_50_back_30_more_7_of_guests_50_less_and_70_gone_are_7_in_all(company):
    rows = evaluate(company(orders=FIRM, through="2026-10-31"), ALL, periods="2026-10")
    assert rows["value"].tolist() == [40, 50, 30, 7, 50, 70, 7]
    assert rows["n"].tolist() == [1, 1, 1, 2, 1, 1, 8]


def test_of_a_running_month_as_many_days_of_the_one_before_are_taken(company):
    """Five days: 90 and 15 of guests now; 105 and 8 then. Who ordered on 30 September is not gone yet."""
    rows = evaluate(company(orders=FIRM, through="2026-10-05"), ALL, periods="2026-10", first_days=5).set_index(
        "metric"
    )
    assert rows.loc["revenue_change", "value"] == pytest.approx(40 + 50 + 60 + 30 + 15 - 20 - 80 - 5 - 8)
    assert rows.loc["revenue_lost_to_gone", "value"] == 5
    alone = evaluate(company(orders=FIRM, through="2026-10-05"), "revenue_change", periods="2026-10")
    assert alone["value"].item() == rows.loc["revenue_change", "value"]


def test_the_first_month_has_nothing_to_be_compared_with(company):
    row = evaluate(company(orders=FIRM, through="2026-10-31"), "revenue_change", periods="2026-01").iloc[0]
    assert (row["status"], row["reason"]) == ("no data", "the data hold no whole period before this one")


def oracle(frame: pd.DataFrame, period: Period) -> list[float]:
    frame = frame.assign(who=frame["customer_id"].fillna("guest"))
    now, then = (
        frame[(frame["ordered_at"] >= pd.Timestamp(p.start)) & (frame["ordered_at"] < pd.Timestamp(p.end))]
        .groupby("who")["revenue"]
        .sum()
        for p in (period, period.previous)
    )
    first = frame.groupby("who")["ordered_at"].min()
    both = pd.DataFrame({"now": now, "then": then})
    guests = both.loc["guest"].fillna(0)
    known = both.drop(index="guest")
    came, stayed, gone = known[known["then"].isna()], known.dropna(), known[known["now"].isna()]
    is_new = first.reindex(came.index) >= pd.Timestamp(period.start)
    change = stayed["now"] - stayed["then"]
    parts = [
        came.loc[is_new, "now"].sum(),
        came.loc[~is_new, "now"].sum(),
        change[change > 0].sum(),
        guests["now"] - guests["then"],
        -change[change < 0].sum(),
        gone["then"].sum(),
    ]
    return [*parts, now.sum() - then.sum()]


@pytest.mark.parametrize("period", ["2026-10", "2026-Q3", "2025"])
def test_the_parts_equal_plain_pandas_on_the_sample_company(sample, sample_tables, period):
    found = evaluate(sample, ALL, periods=period)["value"].tolist()
    assert found == pytest.approx(oracle(sample_tables["orders"], Period.parse(period)), abs=1e-6)


def test_the_parts_add_up_to_the_change_of_revenue_in_every_month_and_by_campaign(sample):
    months = evaluate(sample, [*ALL, "revenue"], periods="2024-03..2026-10").pivot(
        index="period", columns="metric", values="value"
    )
    parts = months[WON].sum(axis=1) - months[LOST].sum(axis=1)
    assert np.abs(parts - months["revenue_change"]).max() < 1e-6
    assert np.abs(months["revenue"].diff() - months["revenue_change"]).max() < 1e-6
    by = evaluate(sample, "revenue_change", periods="2026-10", by="campaign")
    assert len(by) > 5 and by["value"].sum() == pytest.approx(months.loc["2026-10", "revenue_change"])


def test_the_page_names_every_part():
    assert set(PARTS) == set(ALL)


def steady(customers: int = 400, seed: int = 4) -> pd.DataFrame:
    """Orders of customers of whom nobody ever comes, goes or changes: each buys on every day with the same probability."""
    random = np.random.default_rng(seed)
    days = pd.date_range("2025-01-01", "2026-04-30")
    person, day = np.nonzero(random.random((customers, len(days))) < 0.04)
    return pd.DataFrame(
        {
            "order_id": np.arange(len(person)).astype(str),
            "customer_id": person.astype(str),
            "ordered_at": days[day],
            "revenue": random.lognormal(3, 0.5, len(person)),
        }
    )


def test_the_verdict_on_march_compares_as_many_days_of_each_month(company):
    """From the 29th on each of 300 customers bought: seen in all months but February, and no news."""
    rows = [
        (str(who), f"2026-{month:02}-{day:02}", float(10 + who % 7))
        for who in range(300)
        for month, day in ((1, 5 + who % 9), (1, 30), (2, 4 + who % 9), (3, 6 + who % 9), (3, 30))
    ]
    firm = company(orders=orders(*rows), through="2026-03-31")
    card = scorecard(firm, "2026-03", metrics=ALL).set_index("metric")
    assert card.loc["revenue_from_more", "value"] == sum(10 + who % 7 for who in range(300))
    assert (card["verdict"] != "real").all()


def test_in_firms_that_never_change_no_part_of_march_is_real_and_the_parts_add_up(company):
    for seed in (1, 2):
        firm = company(orders=steady(seed=seed), through="2026-04-30")
        card = scorecard(firm, "2026-03", metrics=ALL).set_index("metric")
        assert (card["verdict"] != "real").all(), card["p_value"]
        value = card["value"]
        assert value[WON].sum() - value[LOST].sum() == pytest.approx(value["revenue_change"])
        sold = evaluate(firm, "revenue", periods="2026-02..2026-03")["value"]
        assert value["revenue_change"] == pytest.approx(sold.iloc[1] - sold.iloc[0])
