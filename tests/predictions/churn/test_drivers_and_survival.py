"""When customers leave, what leaving goes together with, what a contact keeps: against simulated truth."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.actions.saving import save_rate
from crmkit.insights.churn import driver_message
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.predictions.churn.drivers import drivers, shifts
from crmkit.predictions.churn.survival import relative_risks, remaining

LAST = date(2026, 6, 30)


def subscribers(n, *, through, seed=0):
    """Monthly terms; each month 4 % of the plan basic leave, and 12 % of the plan trial, whatever their age."""
    random = np.random.default_rng(seed)
    rows = []
    for who in range(n):
        plan, start = ("basic", "trial")[who % 2], int(random.integers(0, 24))
        for month in range(start, 36):
            begin = pd.Timestamp("2023-07-01") + pd.DateOffset(months=month)
            if begin > pd.Timestamp(through):
                break
            rows.append((f"s{who}", f"c{who}", begin, begin + pd.DateOffset(months=1), plan))
            if random.random() < (0.04, 0.12)[who % 2]:
                break
    terms = pd.DataFrame(rows, columns=["subscription_id", "customer_id", "starts_at", "ends_at", "plan"])
    return ck.connect({"subscription_terms": terms.assign(mrr=20.0)}, ck.Settings(data={"through": str(through)}))


@pytest.fixture(scope="module")
def firm():
    return subscribers(600, through=LAST)


def test_the_number_remaining_is_predicted_a_year_before(firm):
    then = date(2025, 6, 30)
    months = remaining(firm, then)
    spells = firm.table("activity_spells").execute()
    starts, ends = (pd.to_datetime(spells[name]) for name in ("starts_on", "ends_on"))
    active = (starts <= pd.Timestamp(then)) & (ends > pd.Timestamp(then))
    assert months["value"].iloc[0] == active.sum()
    for month in (3, 6, 12):
        came = (active & (ends > pd.Timestamp(then) + pd.DateOffset(months=month))).sum()
        foretold = months[months["month"] == month].iloc[0]
        assert foretold["low"] <= came <= foretold["high"]
        assert foretold["high"] - foretold["low"] < active.sum() / 3


def test_three_times_the_rate_of_leaving_is_found(firm):
    row = relative_risks(firm, LAST).iloc[0]
    one_of_two = {row["group"]: row["hazard_ratio"], row["against"]: 1.0}
    assert one_of_two["trial"] / one_of_two["basic"] == pytest.approx(np.log(0.88) / np.log(0.96), rel=0.25)
    assert row["p_value"] < 1e-6 and row["p_constant"] > 0.001
    assert row["low"] < row["hazard_ratio"] < row["high"]


def test_fewer_than_20_losses_say_nothing_of_time():
    few = subscribers(20, through=LAST)
    assert remaining(few, date(2023, 12, 31)).empty and relative_risks(few, date(2023, 12, 31)).empty


def leavers(n, seed):
    """Log odds of leaving: -1 + 0.05 per day since the last order + 1 on the plan b; age says nothing."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"days": random.uniform(0, 60, n), "age": random.uniform(20, 70, n)}, index=[f"c{i}" for i in range(n)]
    )
    X["plan"] = random.choice(["a", "b"], n)
    odds = -2.5 + 0.05 * X["days"] + (X["plan"] == "b")
    return X, pd.Series(random.random(n) < 1 / (1 + np.exp(-odds)), index=X.index).astype(float)


def test_the_odds_between_the_ends_of_a_feature_are_found_and_noise_is_called_so():
    X, lost = leavers(3000, seed=1)
    rows = drivers(ChurnClassifier("logistic").fit(X, lost), X, lost).set_index("feature")
    assert rows.index[0] == "days"
    for name, truth in (("days", np.exp(0.05 * 48)), ("plan", np.e), ("age", 1.0)):
        assert rows.loc[name, "low"] < truth < rows.loc[name, "high"]
    assert (rows.loc["plan", "least"], rows.loc["plan", "most"]) == ("a", "b")
    found = rows.reset_index().assign(significant=lambda each: (each["low"] > 1) | (each["high"] < 1))
    assert driver_message(found) == "Leavers differ from stayers most in days and plan"


def test_standard_errors_are_those_of_refits_on_customers_drawn_anew_and_do_not_shrink_when_rows_are_doubled():
    X, lost = leavers(500, seed=2)
    at = X.head(20)
    model = ChurnClassifier("logistic", calibrate=False).fit(X, lost)
    ours = model.standard_errors(X, lost.to_numpy(), X.index.to_numpy(), at)
    random = np.random.default_rng(0)
    refits = []
    for _ in range(40):
        drawn = random.choice(len(X), len(X))
        again = ChurnClassifier("logistic", calibrate=False).fit(X.iloc[drawn], lost.iloc[drawn])
        refits.append(again.decision_function(at))
    assert np.mean(ours / np.std(refits, axis=0, ddof=1)) == pytest.approx(1, abs=0.25)
    twice, both = pd.concat([X, X]), pd.concat([lost, lost])
    doubled = ChurnClassifier("logistic", penalty=40.0, calibrate=False).fit(twice, both)
    assert doubled.standard_errors(twice, both.to_numpy(), twice.index.to_numpy(), at) == pytest.approx(ours, rel=0.02)


def test_other_customers_than_those_learned_from_are_noticed_and_the_same_ones_are_not():
    X, _ = leavers(2000, seed=3)
    same, _ = leavers(400, seed=4)
    weight = pd.Series({"days": 0.6, "age": 0.3, "plan": 0.1})
    assert not shifts(X, same, weight)["shifted"].any()
    moved = shifts(X, same.assign(days=same["days"] + 40), weight)
    assert moved.loc[moved["shifted"], "feature"].tolist() == ["days"] and moved["weight"].sum() == pytest.approx(1)


def with_trial(keeps, seed=0, n=600):
    """Customers with one order; 60 % of those held out leave, of those treated ``keeps`` of the leavers stay."""
    random = np.random.default_rng(seed)
    treated = np.arange(n) % 2 == 0
    leaves = random.random(n) < np.where(treated, 0.6 * (1 - keeps), 0.6)
    who = [f"c{i}" for i in range(n)]
    first = pd.DataFrame({"customer_id": who, "ordered_at": pd.Timestamp("2026-01-10")})
    again = pd.DataFrame({"customer_id": np.array(who)[~leaves], "ordered_at": pd.Timestamp("2026-03-01")})
    orders = pd.concat([first, again], ignore_index=True)
    orders = orders.assign(order_id=[str(i) for i in range(len(orders))], revenue=10.0)
    drawn = pd.DataFrame(
        {"customer_id": who, "action": "call", "assigned_at": pd.Timestamp("2026-01-20"), "treated": treated}
    )
    settings = ck.Settings(data={"through": str(LAST)}, company={"churn_after_days": 60})
    return ck.connect({"orders": orders, "treatments": drawn}, settings)


def test_a_contact_that_keeps_half_of_the_leavers_is_measured_against_the_holdout():
    found = save_rate(with_trial(0.5), LAST)
    assert found.measured and found.value == pytest.approx(0.5, abs=0.1)
    assert found.words.startswith("measured against customers held out")


def test_a_contact_without_effect_leaves_the_setting_and_says_what_was_measured():
    found = save_rate(with_trial(0.0), LAST)
    assert not found.measured and found.value == 0.10
    assert "which may be chance" in found.words


def test_an_action_whose_outcome_is_not_known_yet_is_not_used():
    assert not save_rate(with_trial(0.5), date(2026, 3, 1)).measured
