"""Do totals of value hold what comes: notices not given, prices that rise, ways to pay that are new to a customer."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.models.series.drift import Drift
from crmkit.periods import months_before
from crmkit.predictions.futures.pace import with_common_error
from crmkit.predictions.value.backtest import paid_after
from crmkit.predictions.value.customer_values import valuation
from crmkit.predictions.value.fitted_models import fitted_models
from crmkit.predictions.value.forecast import (
    choose_renewal_model,
    forecast_new_business,
    forecast_renewals,
    share_noticed,
)
from crmkit.predictions.value.forecast_error import common_error, forecast_errors
from crmkit.predictions.value.payments import payments_until
from crmkit.predictions.value.tenure import renewal_odds
from crmkit.settings import parse_settings
from tests.predictions.value_firms import firm

END, DAY = date(2026, 10, 31), date(2025, 10, 31)


def connected(**frames):
    return ck.connect(frames, parse_settings({"data": {"through": END}}))


@pytest.fixture(scope="module")
def growing():
    return connected(**firm("growing", 300, 1))


def test_half_of_the_leavers_have_given_notice_when_half_of_the_term_has_run():
    spells = pd.DataFrame(
        {"lost": [True] * 9 + [False], "noticed": [0.1, 0.2, 0.3, 0.4, 0.45, 0.6, 0.7, 0.8, 0.9, None]}
    )
    assert share_noticed(spells, np.array([0.0, 0.5, 1.0])).tolist() == [0.0, 0.5, 0.9]


def test_without_notice_late_in_the_term_a_customer_will_hardly_leave_at_its_end():
    gone = pd.DataFrame({"exit": np.tile([1, 2, 3], 33), "lost": True, "runs": False, "noticed": 0.5, "elapsed": 1.0})
    here = pd.DataFrame({"exit": 2, "lost": False, "runs": True, "noticed": np.nan, "elapsed": [0.1, 0.9] * 30})
    spells = pd.concat([gone, here], ignore_index=True).assign(entry=0, per_year=12, mrr=10.0, notice=False, plan="A")
    spells["customer_id"] = spells.index.astype(str)
    chosen = choose_renewal_model(spells)
    stays = chosen.model.curves(pd.DataFrame({"tenure": [2]}), 1)[0, 1]
    forecast = forecast_renewals(spells, chosen, Drift().fit(_constant()), 1.0, 1, 0.0, 4000)
    early, late = forecast.within(1)[:2]
    assert early == pytest.approx(10 * stays) and stays < 0.9
    assert (
        late == pytest.approx(10 * stays / (1 - 0.99 * (1 - stays))) and late > 9.7
    )  # 99 of 99 and one gave notice by 0.9
    assert forecast.draws[1::2].mean() == pytest.approx(late, rel=0.005)


def _constant():
    return pd.DataFrame({"customer_id": "a", "month": range(24), "amount": 10.0})


def test_prices_that_rise_6_percent_a_year_are_seen_and_foreseen(growing):
    known = fitted_models(growing, END)
    assert 12 * known.price_drift.growth_ == pytest.approx(np.log(1.06), abs=0.002)
    still = fitted_models(connected(**firm("still", 300, 1)), END)
    assert still.price_drift.growth_ == pytest.approx(0.0, abs=1e-6)


def first_orders(n_ordering):
    """Forty subscribers since 2024; some order for 30 for the first time in February 2026."""
    starts = pd.date_range("2024-11-01", periods=24, freq="MS")
    terms = pd.concat(
        [
            pd.DataFrame(
                {
                    "subscription_id": f"S{n}",
                    "customer_id": f"{n}",
                    "starts_at": starts,
                    "ends_at": starts + pd.DateOffset(months=1),
                    "mrr": 10.0,
                }
            )
            for n in range(40)
        ]
    )
    orders = pd.DataFrame(
        {
            "order_id": [f"{n}" for n in range(n_ordering)],
            "customer_id": [f"{n}" for n in range(n_ordering)],
            "ordered_at": pd.Timestamp(2026, 2, 3),
            "revenue": 30.0,
        }
    )
    return connected(subscription_terms=terms.assign(ends_at=terms["ends_at"] + pd.Timedelta(hours=12)), orders=orders)


def test_four_of_forty_who_ordered_for_30_for_the_first_time_make_3_of_each_who_has_not():
    catalog = first_orders(4)
    (forecast,) = forecast_new_business(catalog, payments_until(catalog, END), END, 12, 0.0, 400)
    assert len(forecast.customers) == 36
    assert forecast.within(12) == pytest.approx(np.full(36, 3.0))
    assert forecast.draws.mean() == pytest.approx(3.0, rel=0.15)
    assert forecast.within(36).mean() == pytest.approx(3.0 * (1 - np.exp(-1)) / (1 - np.exp(-1 / 3)))


def test_where_none_ever_began_nothing_is_expected_of_it():
    catalog = firm("still", 90, 2)
    only = connected(subscription_terms=catalog["subscription_terms"])
    assert forecast_new_business(only, payments_until(only, END), END, 12, 0.0, 50) == []


def test_past_misses_use_no_day_whose_outcome_was_not_known(growing):
    rows = forecast_errors(growing, DAY)
    assert len(rows) == 1
    assert all(
        months_before(date.fromisoformat(day), -ahead) <= DAY
        for day, ahead in zip(rows["day"], rows["months"], strict=True)
    )


def test_the_doubt_common_to_all_is_the_usual_one_where_nothing_can_be_judged():
    young = connected(
        orders=pd.DataFrame(
            {"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 9.0, "ordered_at": "2026-09-01"}
        )
    )
    assert common_error(young, END, 12) == pytest.approx(0.03)
    assert common_error(young, END, 48) == pytest.approx(0.06)


def test_what_moves_all_keeps_the_mean_and_moves_all_together():
    draws = with_common_error(np.ones((3, 20_000)), 0.1)
    assert draws.mean() == pytest.approx(1.0, abs=0.003) and np.std(np.log(draws[0])) == pytest.approx(0.1, rel=0.03)
    assert (draws[0] == draws[2]).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["still", "growing", "one rise"])
def test_totals_of_simulated_firms_lie_in_their_intervals(kind):
    held, ratios = [], []
    for seed in range(5):
        catalog = connected(**firm(kind, 300, seed))
        whole = valuation(catalog, DAY, 12, discount_rate=0.0)
        came = paid_after(catalog, whole.forecast.customers, DAY, END).sum()
        low, high = np.quantile(whole.forecast.draws.sum(axis=0), [0.025, 0.975])
        held.append(low <= came <= high)
        ratios.append(came / whole.forecast.within(12).sum())
    assert sum(held) >= 4 and np.mean(ratios) == pytest.approx(1.0, abs=0.06)


def test_of_two_plans_of_which_one_loses_three_times_as_many_the_odds_are_about_three_times():
    starts = pd.Timestamp(2025, 11, 3)
    parts = []
    for n in range(400):
        plan, stays = ("dear", 1 + n % 8) if n % 2 else ("cheap", 1 + n % 24)
        begins = pd.date_range(starts, periods=min(stays, 12), freq=pd.DateOffset(months=1))
        parts.append(
            pd.DataFrame(
                {
                    "subscription_id": f"S{n}",
                    "customer_id": str(n),
                    "starts_at": begins,
                    "ends_at": begins + pd.DateOffset(months=1),
                    "mrr": 10.0,
                    "plan": plan,
                }
            )
        )
    odds = renewal_odds(connected(subscription_terms=pd.concat(parts)), END)
    assert odds["compared_with"].iloc[0] in {"cheap", "dear"} and len(odds) == 1
    row = odds.iloc[0]
    ratio = row["odds_ratio"] if row["level"] == "dear" else 1 / row["odds_ratio"]
    assert 2 < ratio < 9 and (row["low"] > 1 or row["high"] < 1)


def test_without_losses_there_are_no_odds():
    starts = pd.date_range("2026-09-01", periods=2, freq="MS")
    terms = pd.DataFrame(
        {
            "subscription_id": ["a", "b"],
            "customer_id": ["1", "2"],
            "starts_at": starts,
            "mrr": 5.0,
            "ends_at": starts + pd.DateOffset(months=3),
            "plan": ["x", "y"],
        }
    )
    assert renewal_odds(connected(subscription_terms=terms), END).empty
