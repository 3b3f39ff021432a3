"""What each customer is worth: worked by hand, against simulated truth, and where hardly anything is known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import NotMeasured
from crmkit.predictions.churn.value_at_risk import value_at_risk
from crmkit.predictions.value.backtest import OURS, value_backtest, value_tenths
from crmkit.predictions.value.customer_values import customer_values, lifetime_value, valuation
from crmkit.predictions.value.forecast_error import past_days
from crmkit.predictions.value.payments import payments_until, renewal_groups, shoppers, subscriptions
from crmkit.predictions.value.summary import new_customer_values, value_over_life, value_summary
from crmkit.settings import parse_settings

END = date(2026, 10, 31)


def orders(*rows):
    """Orders of (customer, day, revenue) or (customer, day, revenue, margin)."""
    names = ["customer_id", "ordered_at", "revenue", "margin"][: len(rows[0])]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(order_id=[str(n) for n in range(len(frame))])


def terms(customer, start, months, lost=False, mrr=10.0, plan="Small", notice=None):
    """Monthly terms of one subscription; the last one is cancelled where it is not renewed."""
    starts = pd.date_range(start, periods=months, freq=pd.DateOffset(months=1))
    ends = starts + pd.DateOffset(months=1)
    cancelled = [pd.NaT] * (months - 1) + [ends[-1] if lost else pd.Timestamp(notice) if notice else pd.NaT]
    return pd.DataFrame(
        {
            "subscription_id": f"S{customer}",
            "customer_id": str(customer),
            "starts_at": starts,
            "ends_at": ends,
            "mrr": mrr,
            "plan": plan,
            "cancelled_at": pd.to_datetime(pd.Series(cancelled)),
        }
    )


def connected(settings=None, **frames):
    return ck.connect(frames, parse_settings(settings or {"data": {"through": END}}))


def simulated(n, months=24, churn=0.08, seed=1, mrr=10.0):
    """Subscribers who come over the months and leave with a chance that differs among them."""
    random = np.random.default_rng(seed)
    parts = []
    for customer in range(n):
        begin = pd.Timestamp(2024, 11, 1) + pd.DateOffset(months=int(random.integers(0, months)))
        chance = random.beta(2, 2 / churn - 2)
        stays = int(random.geometric(chance))
        left = (END.year - begin.year) * 12 + END.month - begin.month + 1
        parts.append(terms(customer, begin, min(stays, left), lost=stays <= left, mrr=mrr))
    return pd.concat(parts, ignore_index=True)


# --- what is known of a customer


def test_orders_of_a_day_are_one_and_a_refund_lowers_the_mean():
    rows = orders(("a", "2026-01-01", 30), ("a", "2026-01-01", 10), ("a", "2026-05-02", 20), ("a", "2026-05-03", -15))
    one = shoppers(payments_until(connected(orders=rows), END), END).loc["a"]
    assert (one["n_repeats"], one["n_values"], one["mean_value"]) == (1, 2, 22.5)  # (30 + 10 + 20 - 15) / 2
    assert one["last_age"] == pytest.approx(121 / 30.4375) and one["age"] == pytest.approx(303 / 30.4375)


def test_the_margin_counts_where_half_of_the_orders_have_one_and_the_others_get_the_average_rate():
    rows = orders(("a", "2026-01-01", 100, 40), ("b", "2026-01-02", 50, None))
    got = payments_until(connected(orders=rows), END)
    assert got.rows["money"].tolist() == [40.0, 20.0] and got.basis == "margin"


def test_without_a_margin_it_says_that_revenue_is_all_that_is_known():
    rows = orders(("a", "2026-01-01", 100))
    assert payments_until(connected(orders=rows), END).basis == "revenue (the margin is not known)"
    rate = {"data": {"through": END}, "value": {"margin_rate": 0.25}}
    assert payments_until(connected(rate, orders=rows), END).rows["money"].tolist() == [25.0]


def test_three_renewals_and_a_loss_and_one_who_is_there():
    both = pd.concat([terms(1, "2026-01-15", 4, lost=True), terms(2, "2026-06-10", 5)], ignore_index=True)
    spells = subscriptions(connected(subscription_terms=both), END).set_index("customer_id")
    assert spells.loc["1", ["entry", "exit", "lost", "runs"]].tolist() == [0, 4, True, False]
    assert spells.loc["2", ["entry", "exit", "lost", "runs"]].tolist() == [0, 4, False, True]
    assert spells["per_year"].tolist() == [12, 12]


def test_a_subscription_that_began_before_the_data_is_entered_late():
    rows = terms(1, "2025-11-05", 12)
    people = pd.DataFrame({"customer_id": ["1"], "acquired_at": ["2025-05-05"]})
    spells = subscriptions(connected(subscription_terms=rows, customers=people), END)
    assert spells[["entry", "exit"]].to_numpy().tolist() == [[6, 17]]


def test_plans_with_twenty_losses_have_a_model_of_their_own():
    rows = pd.DataFrame(
        {"per_year": 12, "plan": ["A"] * 30 + ["B"] * 30 + ["C"] * 4, "lost": [True] * 25 + [False] * 39}
    )
    assert sorted(len(group) for group in renewal_groups(rows)) == [30, 34]


# --- never past the day


def test_what_came_later_changes_nothing():
    rows = simulated(60)
    shop = orders(*((str(n), f"2026-{m:02d}-07", 20.0) for n in range(40) for m in range(1 + n % 4, 11, 1 + n % 3)))
    day = date(2026, 6, 30)
    seen = customer_values(connected(subscription_terms=rows, orders=shop), day)
    cut = rows[rows["starts_at"] < pd.Timestamp(2026, 7, 1)].copy()
    cut["cancelled_at"] = cut["cancelled_at"].where(cut["cancelled_at"] < pd.Timestamp(2026, 7, 1))
    known = connected(subscription_terms=cut, orders=shop[shop["ordered_at"] < "2026-07-01"])
    pd.testing.assert_frame_equal(seen, customer_values(known, day))


# --- worked by hand, and simulated truth


def test_who_gave_notice_or_has_left_is_worth_nothing_more_and_who_does_both_gets_both():
    rows = pd.concat(
        [
            simulated(80),
            terms("gone", "2026-01-03", 3, lost=True),
            terms("leaving", "2026-06-03", 5, notice="2026-10-20"),
            terms("both", "2026-01-03", 10),
        ],
        ignore_index=True,
    )
    shop = orders(*((c, f"2026-{m:02d}-07", 20.0) for c in ("both", "x", "y", "z") for m in range(1, 11)))
    values = customer_values(connected(subscription_terms=rows, orders=shop), END).set_index("customer_id")
    alone = customer_values(connected(subscription_terms=rows), END).set_index("customer_id")
    shops = customer_values(connected(orders=shop), END).set_index("customer_id")
    assert values.loc["gone", "value"] == values.loc["leaving", "value"] == 0
    assert values.loc["both", "value"] == pytest.approx(alone.loc["both", "value"] + shops.loc["both", "value"])


def test_a_sure_renewal_of_ten_a_month_is_worth_ten_a_month():
    rows = pd.concat([terms(n, "2024-11-01", 24) for n in range(400)], ignore_index=True)
    whole = valuation(connected(subscription_terms=rows), END, 12, discount_rate=0.0)
    assert whole.forecast.within(12).sum() == pytest.approx(400 * 120, rel=0.01)
    low, high = np.quantile(whole.forecast.draws.sum(axis=0), [0.025, 0.975])
    assert 400 * 112 < low < 400 * 118 and 400 * 122 < high < 400 * 128  # no chance is left but a bad year for all


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interval_holds_what_400_simulated_subscribers_bring(seed):
    rows = simulated(400, seed=seed)
    day = date(2025, 10, 31)
    everything = connected(subscription_terms=rows)
    whole = valuation(everything, day, 12, discount_rate=0.0)
    came = payments_until(everything, END, since=day).rows
    came = came[came["customer_id"].isin(whole.forecast.customers)]
    low, high = np.quantile(whole.forecast.draws.sum(axis=0), [0.001, 0.999])
    assert low <= came["money"].sum() <= high


def test_parts_add_up():
    values = customer_values(connected(subscription_terms=simulated(120)), END)
    assert (values["within_12"] <= values["within_24"] + 1e-9).all() and (
        values["within_24"] <= values["within_36"] + 1e-9
    ).all()
    assert values["value"].to_numpy() == pytest.approx(values["within_36"].to_numpy())
    assert (values["low"] <= values["value"]).all() and (values["value"] <= values["high"]).all()


# --- groups, life, risk, summary


def test_who_holds_the_value_and_what_is_at_risk():
    catalog = connected(subscription_terms=simulated(120))
    summary = value_summary(catalog, END)
    assert (
        summary.concentration["share"].iloc[-1] == pytest.approx(1.0)
        and summary.concentration["n"].tolist()[-1] == summary.n
    )
    assert summary.total["low"] <= summary.total["value"] <= summary.total["high"]
    values = summary.customers.set_index("customer_id")["value"]
    risk = value_at_risk(catalog, END, pd.Series({values.idxmax(): 0.5, values.idxmin(): 1.0}))
    stakes = valuation(catalog, END).forecast.stakes
    assert risk.loc[values.idxmax(), "at_risk"] == pytest.approx(stakes[values.idxmax()] / 2)
    assert stakes[values.idxmax()] > values.max() * 0.8  # all but the payments of the next three months


def test_cohorts_and_life_add_what_came_to_what_is_to_come():
    catalog = connected(subscription_terms=simulated(150))
    cohorts = new_customer_values(catalog, "cohort", END)
    assert (cohorts["low"] <= cohorts["value"]).all() and (cohorts["value"] <= cohorts["high"]).all()
    assert cohorts["so_far"].iloc[0] > cohorts["so_far"].iloc[-1]
    life = value_over_life(catalog, END)
    assert life["value"].is_monotonic_increasing and life["value"].iloc[0] == pytest.approx(10.0)


def test_lifetime_value_needs_a_margin():
    with pytest.raises(NotMeasured, match="margin_rate under"):
        lifetime_value(connected(subscription_terms=simulated(20)), END)


# --- back-test


def test_the_backtest_says_what_each_way_foresaw_and_what_came():
    catalog = connected(subscription_terms=simulated(300, seed=4))
    rows = value_backtest(catalog, END)
    assert rows["months"].unique().tolist() == [12] and {OURS, "Last year's pace"} <= set(rows["method"])
    row = rows.iloc[0]
    day = date.fromisoformat(row["day"])
    there = valuation(catalog, day, 12, 0.0).forecast.customers
    paid = payments_until(catalog, END, since=day).rows
    assert row["actual"] == pytest.approx(paid.loc[paid["customer_id"].isin(there), "money"].sum())
    assert 0.8 < rows.loc[rows["method"] == OURS, "coverage"].iloc[0] <= 1
    assert value_tenths(catalog, END)["n"].sum() == row["n"]


def test_data_of_three_months_cannot_be_judged():
    assert past_days(date(2026, 8, 1), END) == ([], 0)
    assert value_backtest(
        connected(orders=orders(("a", "2026-08-01", 5), ("b", "2026-08-02", 5), ("c", "2026-10-02", 5))), END
    ).empty


# --- hardly anything is known


def sparse(kind, n):
    random = np.random.default_rng(n)
    if kind == "no repeat buyer":
        return {"orders": orders(*((str(c), f"2026-{1 + c % 9:02d}-11", 10.0 + c % 7) for c in range(n)))}
    if kind == "constant spend":
        return {"orders": orders(*((str(c), f"2026-{m:02d}-11", 20.0) for c in range(n) for m in range(1, 3 + c % 7)))}
    if kind == "all churned":
        return {"subscription_terms": pd.concat([terms(c, "2025-01-05", 1 + c % 6, lost=True) for c in range(n)])}
    if kind == "none churned":
        return {"subscription_terms": pd.concat([terms(c, f"2026-{1 + c % 9:02d}-05", 10 - c % 9) for c in range(n)])}
    return {"orders": orders(*((str(c), f"2026-{1 + random.integers(9):02d}-11", -5.0) for c in range(n)))}


@pytest.mark.parametrize("n", [1, 3, 50, *(pytest.param(n, marks=pytest.mark.slow) for n in (100, 300))])
@pytest.mark.parametrize("kind", ["no repeat buyer", "constant spend", "all churned", "none churned", "refunds alone"])
def test_it_is_a_number_with_an_interval_or_a_sentence(kind, n):
    catalog = connected(**sparse(kind, n))
    summary = value_summary(catalog, END)
    if summary.reason:
        assert summary.n == 0 and summary.reason.startswith("not measured: needs")
        return
    numbers = summary.customers[["value", "low", "high"]].to_numpy()
    assert np.isfinite(numbers).all() and np.isfinite(summary.total).all()
    if n < 300 and summary.total["value"] > 0:
        assert any("fewer than 300" in note for note in summary.few)
