"""Reasons that rose: counts by hand, and how often chance alone is called a rise."""

import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.insights.explain.reasons import reasons_that_rose, rise_in_words
from crmkit.periods import Period
from crmkit.settings import parse_settings

OCTOBER = Period.parse("2026-10")
MONTHS = pd.period_range("2025-10", "2026-10", freq="M")


def tickets(counts: dict[str, list[int]], people: int = 0) -> pd.DataFrame:
    """Return tickets of thirteen months: so many of each topic in each; of one person each, or of a few."""
    each = np.array(list(counts.values())).ravel()
    cell = np.repeat(np.arange(len(each)), each)  # of topics by months
    place = np.arange(len(cell)) - np.repeat(np.cumsum(each) - each, each)
    topic, month = np.divmod(cell, len(MONTHS))
    opened_at = MONTHS.to_timestamp()[month] + pd.to_timedelta(place % 27, unit="D")
    ids = np.arange(len(cell)).astype(str)
    who = (place % people).astype(str) if people else ids
    topics = np.array(list(counts), dtype=object)[topic]
    return pd.DataFrame({"topic": topics, "opened_at": opened_at, "ticket_id": ids, "customer_id": who})


def catalog(**tables):
    settings = parse_settings({"data": {"through": "2026-10-31"}, "company": {"smallest_group": 1}})
    return connect(tables, settings)


def rose(frame: pd.DataFrame) -> list[str]:
    return frame.loc[frame["rose"], "reason"].tolist()


def test_thirty_tickets_a_month_and_then_151_rose_and_nothing_else():
    steady = [30] * 12
    found = reasons_that_rose(catalog(tickets=tickets({"quality": [*steady, 151], "billing": [*steady, 30]})), OCTOBER)
    assert rose(found) == ["quality"]
    row = found.iloc[0]
    assert (row["n"], row["n_before"], row["before"]) == (151, 30, pytest.approx(12 * 30 / 365 * 31, rel=0.01))
    said = 'Tickets about "quality" rose: 151 in October 2026, after 30 in September and 31 a month on average before.'
    assert rise_in_words(row, OCTOBER) == said


def test_all_topics_doubled_with_the_firm_so_none_of_them_rose():
    twice = [*[30] * 12, 60]
    found = reasons_that_rose(catalog(tickets=tickets({topic: twice for topic in ("a", "b", "c", "d")})), OCTOBER)
    assert rose(found) == []


def test_sixty_tickets_of_three_people_are_three_and_no_rise():
    frame = tickets({"quality": [*[3] * 12, 60], "billing": [20] * 13}, people=3)
    found = reasons_that_rose(catalog(tickets=frame), OCTOBER)
    assert rose(found) == []
    assert found.set_index("reason").loc["quality", ["n", "people"]].tolist() == [60, 3]


def test_a_rise_that_comes_every_october_is_no_news():
    months = pd.period_range("2024-09", "2026-10", freq="M")
    rows = [
        (topic, month.to_timestamp())
        for month in months
        for topic, usual in (("frost", 20), ("billing", 60), ("delivery", 60))
        for _ in range(usual * 3 if topic == "frost" and month.month == 10 else usual)
    ]
    frame = pd.DataFrame(rows, columns=["topic", "opened_at"])
    frame["ticket_id"] = frame["customer_id"] = np.arange(len(frame)).astype(str)
    assert rose(reasons_that_rose(catalog(tickets=frame), OCTOBER)) == []
    july = frame["opened_at"].dt.strftime("%Y-%m") == "2025-07"
    shifted = frame.assign(
        opened_at=frame["opened_at"].mask(
            (frame["opened_at"].dt.strftime("%Y-%m") == "2025-10") & (frame["topic"] == "frost"),
            frame.loc[july, "opened_at"].iloc[0],
        )
    )
    assert rose(reasons_that_rose(catalog(tickets=shifted), OCTOBER)) == ["frost"]  # this year alone: news


def test_lost_deals_refunds_and_own_columns_are_looked_at_too():
    on = [month.to_timestamp() for month in MONTHS]
    usual, now = [t for t in on[:-1] for _ in range(4)], [on[-1]] * 40
    n = len(usual) + len(now)
    ids = np.arange(n).astype(str)
    reason = ["price"] * len(usual) + ["no answer"] * len(now)
    deals = pd.DataFrame(
        {"deal_id": ids, "created_at": usual + now, "closed_at": usual + now, "won": False, "lost_reason": reason}
    )
    orders = pd.DataFrame(
        {"order_id": ids, "ordered_at": usual + now, "revenue": -5.0, "customer_id": ids, "Grund": reason}
    )
    found = reasons_that_rose(catalog(deals=deals, orders=orders), OCTOBER)
    assert set(found.loc[found["rose"], "source"].str.partition(".")[0]) == {"deals", "orders"}
    assert rose(found) == ["no answer", "no answer"]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_few_tickets_are_no_rise(n):
    frame = tickets({"quality": [*[0] * 12, n], "billing": [*[1] * 12, 1]})
    found = reasons_that_rose(catalog(tickets=frame), OCTOBER)
    assert rose(found) == ([] if n < 5 else rose(found))
    assert (found["n"].sum() if len(found) else 1) == n + 1


def test_a_list_that_begins_this_month_has_nothing_to_rise_from():
    frame = tickets({"quality": [*[0] * 12, 50]})
    assert reasons_that_rose(catalog(tickets=frame), OCTOBER).empty
    assert reasons_that_rose(
        catalog(orders=pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [3.0]})), OCTOBER
    ).empty


def test_chance_alone_is_called_a_rise_in_at_most_one_firm_of_twenty():
    rng = np.random.default_rng(1)
    named = 0
    firms = 40
    for _ in range(firms):
        rates = rng.lognormal(2, 1, 8)
        level = rng.gamma(20, 1 / 20, (8, 13))  # months differ by more than Poisson's chance
        counts = rng.poisson(rates[:, None] * level)
        found = reasons_that_rose(
            catalog(tickets=tickets({f"t{i}": list(row) for i, row in enumerate(counts)})), OCTOBER
        )
        named += bool(found["rose"].any())
    assert named <= 5  # 2 expected; more than 5 in 1 of 100 runs at 5 %
