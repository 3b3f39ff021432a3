"""Open deals, stages, touches, leads given up: worked by hand, and against plain pandas."""

import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from crmkit.metrics import conventions, evaluate


def deals(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["deal_id", "created_at", "closed_at", "won", "amount", "owner"])
    times = {name: pd.to_datetime(frame[name]) for name in ("created_at", "closed_at")}
    return frame.assign(**times, won=frame["won"].astype("boolean"), amount=frame["amount"].astype(float))


def stages(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["deal_id", "stage", "entered_at"])
    return frame.assign(entered_at=pd.to_datetime(frame["entered_at"]))


DEALS = deals(
    ("a", "2026-08-10", "2026-09-20", True, 100, "ann"),
    ("b", "2026-09-01", None, None, 200, "ann"),
    ("c", "2026-09-15", "2026-10-05", False, 300, "bob"),
    ("d", "2026-10-20", None, None, 400, "bob"),
)
STAGES = stages(
    ("a", "talk", "2026-08-10"),
    ("a", "offer", "2026-09-01"),
    ("a", "won", "2026-09-20"),
    ("b", "talk", "2026-09-01"),
    ("b", "offer", "2026-10-10"),
    ("c", "talk", "2026-09-15"),
    ("c", "lost", "2026-10-05"),
)


def test_at_the_end_of_august_one_deal_is_open_then_two_and_again_two(company):
    rows = evaluate(
        company(deals=DEALS, through="2026-10-31"), ["open_deals", "open_amount"], periods="2026-08..2026-10"
    )
    value = rows.pivot(index="period", columns="metric", values="value")
    assert value["open_deals"].tolist() == [1, 2, 2]
    assert value["open_amount"].tolist() == [100, 500, 600]


def test_by_stage_a_deal_counts_where_it_stood_then(company):
    catalog = company(deals=DEALS, deal_stages=STAGES, through="2026-10-31")
    rows = evaluate(catalog, "open_deals", periods="2026-09..2026-10", by="stage")
    found = rows.set_index(["period", "stage"])["value"]
    assert found.to_dict() == {
        ("2026-09", "(unknown)"): 0,
        ("2026-09", "offer"): 0,
        ("2026-09", "talk"): 2,
        ("2026-10", "(unknown)"): 1,
        ("2026-10", "offer"): 1,
        ("2026-10", "talk"): 0,
    }


def test_by_owner_and_on_the_fifteenth_day(company):
    catalog = company(deals=DEALS, through="2026-10-31")
    by_owner = evaluate(catalog, "open_amount", periods="2026-10", by="owner").set_index("owner")["value"]
    assert by_owner.to_dict() == {"ann": 200, "bob": 400}
    assert evaluate(catalog, "open_deals", periods="2026-10", first_days=15)["value"].item() == 1


def test_open_deals_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    frame = sample_tables["deals"]
    rows = evaluate(sample, ["open_deals", "open_amount"], periods="2024-11..2026-10")
    for period, row in rows.pivot(index="period", columns="metric", values="value").iterrows():
        end = pd.Timestamp(period) + pd.offsets.MonthBegin()
        there = frame[(frame["created_at"] < end) & ~(frame["closed_at"] < end)]
        assert row["open_deals"] == len(there)
        assert row["open_amount"] == pytest.approx(there["amount"].sum(), rel=1e-9)


@pytest.mark.parametrize("stage", ["qualification", "negotiation"])
def test_by_stage_they_equal_plain_pandas_on_the_sample_company(sample, sample_tables, stage):
    entered = sample_tables["deal_stages"].sort_values(["entered_at", "stage"])
    end = pd.Timestamp("2026-07-01")
    latest = entered[entered["entered_at"] < end].groupby("deal_id")["stage"].last()
    found = evaluate(sample, "open_deals", periods="2026-06", by="stage").set_index("stage")["value"]
    assert found[stage] == (latest == stage).sum() > 0


def test_half_of_five_stays_ends_after_4_days_one_still_standing(company):
    """Stays of 2, 4, 4 days end, one of 8 still stands and one of 6 ends: S .8, .4 on day 4."""
    rows = [(name, "2026-10-01", None, None, 1, "ann") for name in "abcd"]
    spans = {"a": 2, "b": 4, "c": 4, "d": 6}
    entered = [(name, "talk", "2026-10-01") for name in spans]
    entered += [(name, "offer", pd.Timestamp("2026-10-01") + pd.Timedelta(days=n)) for name, n in spans.items()]
    rows += [("e", "2026-10-01", None, None, 1, "ann")]
    catalog = company(
        deals=deals(*rows), deal_stages=stages(*entered, ("e", "talk", "2026-10-01")), through="2026-10-31"
    )
    found = evaluate(catalog, "time_in_stage", periods="2026-10", by="stage").set_index("stage")
    assert (found.loc["talk", "value"], found.loc["talk", "n"]) == (4, 4)
    assert found.index.tolist() == ["talk"]  # nobody left the offers


def test_a_stage_that_records_the_outcome_is_no_stay(company):
    stays = company(deals=DEALS, deal_stages=STAGES).frame("stage_stays")
    assert set(stays["stage"]) == {"talk", "offer"}
    assert len(stays) == 5


def test_time_in_stage_equals_lifelines_on_the_sample_company(sample, sample_tables):
    found = evaluate(sample, "time_in_stage", periods="2026", by="stage").set_index("stage")
    entered = sample_tables["deal_stages"].sort_values(["deal_id", "entered_at", "stage"])
    entered["left"] = entered.groupby("deal_id")["entered_at"].shift(-1)
    start, end = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-11-01")
    for stage in ("tasting", "proposal"):
        stays = entered[entered["stage"] == stage]
        first, last = stays["entered_at"].dt.normalize(), stays["left"].dt.normalize()
        inside = ~(last < start)
        entry = (start - first[inside]).dt.days.clip(lower=0)
        age = (last[inside].fillna(end - pd.Timedelta(days=1)) - first[inside]).dt.days
        fitted = KaplanMeierFitter().fit(age + 0.5, last[inside].notna(), entry=entry)
        assert found.loc[stage, "value"] == fitted.median_survival_time_ - 0.5


TOUCHES = pd.DataFrame(
    {
        "interaction_id": [str(n) for n in range(7)],
        "occurred_at": pd.to_datetime(
            ["2026-08-11", "2026-09-01", "2026-09-19", "2026-09-21", "2026-09-16", "2026-09-17", "2026-10-21"]
        ),
        "kind": ["call", "visit", "call", "call", "call", "email", "call"],
        "deal_id": ["a", "a", "a", "a", "c", "c", None],
    }
)


def test_three_touches_came_before_the_win_and_the_one_after_it_does_not_count(company):
    row = evaluate(company(deals=DEALS, interactions=TOUCHES), "touches_to_close", periods="2026-09").iloc[0]
    assert (row["value"], row["n"]) == (3, 1)


def test_touches_to_close_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    won = sample_tables["deals"].query("won == True")
    touches = sample_tables["interactions"].merge(won[["deal_id", "closed_at"]], on="deal_id")
    n_touches = touches[touches["occurred_at"] < touches["closed_at"]].groupby("deal_id").size()
    per_deal = won["deal_id"].map(n_touches).fillna(0).groupby(won["closed_at"].dt.strftime("%Y-%m")).mean()
    rows = evaluate(sample, "touches_to_close", periods="2026-01..2026-10").set_index("period")["value"]
    assert rows.to_dict() == pytest.approx(per_deal.loc[rows.index].to_dict(), rel=1e-12)


def test_two_wins_of_400_and_3_losses_of_600_are_40_percent_by_value_and_by_cohort_another_number(company):
    rows = [(str(n), "2026-07-10", "2026-10-05", n < 2, 200, "ann") for n in range(5)]
    rows += [("late", "2026-07-10", "2026-10-20", True, 500, "ann")]  # won on the 102nd day
    found = conventions(company(deals=deals(*rows), through="2026-10-31"), "2026-10", metrics="win_rate").set_index(
        "convention"
    )
    assert found["value"].to_dict() == {"by_count": 0.5, "by_value": 0.6, "by_cohort": pytest.approx(2 / 6)}


def test_wins_and_their_amount_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    names = ["deals_won", "amount_won", "deals_opened"]
    rows = evaluate(sample, names, periods="2025-11..2026-10").pivot(index="period", columns="metric", values="value")
    frame = sample_tables["deals"]
    won = frame[frame["won"] == True]  # noqa: E712  nullable
    month = won["closed_at"].dt.strftime("%Y-%m")
    assert rows["deals_won"].tolist() == won.groupby(month).size()[rows.index].tolist()
    assert rows["amount_won"].tolist() == pytest.approx(won.groupby(month)["amount"].sum()[rows.index].tolist())
    opened = frame.groupby(frame["created_at"].dt.strftime("%Y-%m")).size()
    assert rows["deals_opened"].tolist() == opened[rows.index].tolist()


def test_leads_given_up_count_when_their_ninety_days_are_over(company):
    leads = pd.DataFrame(
        {
            "lead_id": list("abcd"),
            "created_at": pd.to_datetime(["2026-07-10", "2026-07-10", "2026-07-10", "2026-10-10"]),
            "abandoned_at": pd.to_datetime(["2026-10-08", "2026-10-09", None, "2026-10-11"]),
        }
    )
    row = evaluate(company(leads=leads), "lead_abandonment", periods="2026-10").iloc[0]
    assert (row["n"], row["value"]) == (3, pytest.approx(1 / 3))  # a on the 90th day, b on the 91st, c never


def test_abandonment_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    leads = sample_tables["leads"]
    opened = leads["created_at"].dt.normalize()
    due = (opened + pd.Timedelta(days=90)).dt.strftime("%Y-%m")
    given_up = ((leads["abandoned_at"].dt.normalize() - opened).dt.days <= 90).groupby(due).mean()
    rows = evaluate(sample, "lead_abandonment", periods="2026-01..2026-10").set_index("period")["value"]
    assert rows.to_dict() == pytest.approx(given_up[rows.index].to_dict(), rel=1e-12)


def test_of_four_deals_two_are_opened_in_september_and_one_of_100_is_won(company):
    rows = evaluate(
        company(deals=DEALS, through="2026-10-31"), ["deals_opened", "deals_won", "amount_won"], periods="2026-09"
    )
    assert rows["value"].tolist() == [2, 1, 100]
