"""The size of an event: from the firm's own history, never from a later period, and too few to tell where there is none."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.metrics.engine.event_sizes import event_sizes
from crmkit.metrics.engine.window import Window
from crmkit.periods import Period

FIRST = Period.parse("2024-01")
EVERY = [FIRST.shift(i).ordinal for i in range(30)]
WINDOW = Window("month", {month: (FIRST.start, FIRST.end) for month in EVERY})


def sizes_of(sizes_by_month):
    n = np.array([len(sizes) for sizes in sizes_by_month], dtype=float)
    x, xx = (np.array([sum(s**power for s in sizes) for sizes in sizes_by_month], dtype=float) for power in (1, 2))
    return event_sizes(pd.DataFrame({"period": EVERY[: len(n)]}), WINDOW, x=x, xx=xx, n=n)


def test_two_small_events_after_twenty_large_ones_have_nearly_the_squares_of_large_ones():
    found = sizes_of([[100.0] * 20, [10.0] * 2])
    mean_square = (20 * 100**2 + 2 * 10**2) / 22
    assert found.squares[1] == pytest.approx(2 * (2 * 10**2 + 20 * mean_square) / 22)
    assert found.known[1] == 22


def test_a_later_event_is_never_looked_at():
    earlier = sizes_of([[10.0], [20.0]])
    with_later = sizes_of([[10.0], [20.0], [5_000.0] * 9])
    assert (earlier.squares == with_later.squares[:2]).all() and (earlier.size == with_later.size[:2]).all()


def test_events_of_more_than_13_periods_ago_are_forgotten():
    found = sizes_of([[100.0], *[[]] * 14])
    assert found.size[13] == 100 and np.isnan(found.size[14]) and found.known[14] == 0


def test_a_month_without_a_row_counts_as_one():
    sums = pd.DataFrame({"period": [EVERY[14], EVERY[13], EVERY[0]]})
    found = event_sizes(sums, WINDOW, x=np.array([0, 0, 9.0]), xx=np.array([0, 0, 81.0]), n=np.array([0, 0, 1.0]))
    assert np.isnan(found.size[0]) and found.size[1:].tolist() == [9, 9]


def test_of_equal_events_the_squares_stay_as_they_are():
    assert sizes_of([[7.0] * 3] * 4).squares == pytest.approx(3 * 49.0)


def subscriptions(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at", "mrr"])
    times = {name: pd.to_datetime(frame[name]) for name in ("starts_at", "ends_at")}
    return frame.assign(subscription_id=frame["customer_id"], **times)


def test_a_month_without_a_loss_may_have_had_one_of_the_size_that_losses_had(company):
    """200 a month were lost in May; in June nothing was, and 3.7 losses of 200 might have gone unseen."""
    terms = subscriptions(
        ("stays", "2026-01-01", "2027-01-01", 30.0),
        ("left", "2026-01-01", "2026-05-10", 200.0),
        ("came", "2026-06-10", "2027-01-01", 30.0),
    )
    firm = company(subscription_terms=terms, through="2026-06-30")
    row = evaluate(firm, "churned_mrr", periods="2026-06").iloc[0]
    assert (row["value"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(200 * 3.689, rel=1e-3)


def test_net_new_revenue_of_one_small_gain_may_be_a_loss(company):
    terms = subscriptions(
        ("stays", "2026-01-01", "2027-01-01", 30.0),
        ("left", "2026-01-01", "2026-05-10", 200.0),
        ("came", "2026-06-10", "2027-01-01", 30.0),
    )
    row = evaluate(company(subscription_terms=terms, through="2026-06-30"), "net_new_revenue", periods="2026-06").iloc[
        0
    ]
    assert row["value"] == 30 and row["low"] < -500 and row["high"] > 100


def test_of_deals_that_were_never_won_nobody_knows_the_amount(company):
    deals = pd.DataFrame(
        {
            "deal_id": ["1"],
            "created_at": pd.to_datetime(["2026-05-01"]),
            "closed_at": pd.to_datetime(["2026-06-02"]),
            "won": [False],
            "amount": [500.0],
        }
    )
    row = evaluate(company(deals=deals, through="2026-06-30"), "amount_won", periods="2026-06").iloc[0]
    assert (row["value"], row["status"]) == (0, "too few") and np.isnan(row["high"])
    assert row["reason"] == "none so far, so nobody knows how large one would be"
