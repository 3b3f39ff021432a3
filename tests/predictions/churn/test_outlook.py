"""Chances of leaving on simulated firms: learned before, judged after, honest where there is little."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.errors import NotMeasured
from crmkit.insights.churn import churn_findings, churn_headline, churn_summary, reasons
from crmkit.predictions.churn import outlook as outlook_module
from crmkit.predictions.churn.backtest import _tenths, back_test_by_tenth, by_day, judged, reliability
from crmkit.predictions.churn.learning import (
    ConstantRate,
    allowed_methods,
    features_of,
    fit_method,
    fit_methods,
    log_odds,
    past_days,
    training_rows,
)
from crmkit.predictions.churn.outlook import churn_outlook
from crmkit.predictions.churn.value_at_risk import call_plan, n_worth_calling, total_at_risk, value_at_risk
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.value.customer_values import customer_values
from crmkit.settings import read_settings
from crmkit.tables.caching import cache as cache_module

LAST = date(2026, 6, 30)


def shop(n, seed=0, days=700):
    """Shoppers who order every 10 to 60 days and stop for good at a random day; a third of them order hardly ever."""
    random = np.random.default_rng(seed)
    rows = []
    for who in range(n):
        start = random.integers(0, days)
        stop = start + random.exponential(350)
        gap = random.choice([12, 30, 55])
        at = float(start)
        while at < min(stop, days):
            rows.append((f"c{who}", pd.Timestamp(LAST) - pd.Timedelta(days=days - int(at)), 20.0 + gap / 10))
            at += max(1.0, random.gamma(4, gap / 4))
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return orders.assign(order_id=[str(i) for i in range(len(orders))])


def company(orders, **settings):
    return ck.connect(
        {"orders": orders}, ck.Settings(data={"through": str(LAST)}, company={"churn_after_days": 60}, **settings)
    )


@pytest.fixture(scope="module")
def catalog():
    return company(shop(350))


@pytest.fixture(scope="module")
def outlook(catalog):
    return churn_outlook(catalog, LAST)


def test_no_outcome_is_used_before_it_is_known(catalog):
    days = past_days(catalog, LAST)
    assert days[0] == date(2026, 5, 1) and all(day <= days[0] for day in days)
    assert training_rows(catalog, days[:2])["lost"].notna().all()


def test_where_all_customers_have_left_none_is_listed():
    settings = ck.Settings(data={"through": "2026-10-31"}, company={"churn_after_days": 60})
    told = churn_outlook(ck.connect({"orders": shop(120)}, settings), date(2026, 10, 31))
    assert told.scores.empty and told.shifts.empty and told.expected == (0.0, 0.0, 0.0)


def test_chances_do_not_change_with_what_comes_later(catalog, outlook):
    later = shop(350)
    later = pd.concat(
        [
            later,
            later.tail(50).assign(
                ordered_at=pd.Timestamp(LAST) + pd.Timedelta(days=5), order_id=[f"x{i}" for i in range(50)]
            ),
        ]
    )
    wider = ck.connect({"orders": later}, ck.Settings(company={"churn_after_days": 60}))
    again = churn_outlook(wider, LAST)
    assert again.scores["value"].to_dict() == pytest.approx(outlook.scores["value"].to_dict(), abs=1e-9)


def test_the_back_test_beats_the_same_chance_for_everybody_and_its_losses_lie_in_their_interval(outlook):
    tested = outlook.tested
    mean = tested.groupby("method")["log_loss"].mean()
    assert outlook.method != "rate" and mean[outlook.method] < mean["rate"] - 0.05
    own = tested[tested["method"] == outlook.method]
    assert own["auc"].mean() > 0.7 and own["lift"].mean() > 1.3
    spread = 1.96 * np.sqrt(own["expected"] + (outlook.drift * own["expected"]) ** 2)
    assert ((own["lost"] - own["expected"]).abs() <= spread).mean() >= 0.8


def test_as_many_left_as_the_chances_said_in_most_tenths(outlook):
    tenths = reliability(outlook.tenths, outlook.method, outlook.horizon)
    assert len(tenths) == 10 and tenths["chance"].is_monotonic_increasing
    assert ((tenths["lost"] >= tenths["low"]) & (tenths["lost"] <= tenths["high"])).mean() >= 0.8


def test_scores_are_chances_inside_their_intervals_likeliest_first(outlook):
    scores = outlook.scores
    assert scores["value"].between(scores["low"] - 1e-12, scores["high"] + 1e-12).all()
    assert scores["value"].is_monotonic_decreasing and scores["value"].between(0, 1).all()


def test_reasons_name_the_rhythm_in_words(outlook):
    told = reasons(outlook, "EUR")
    assert told.index.equals(outlook.scores.index)
    assert told.head(50).str.contains("no order for").mean() > 0.5
    assert not told.str.contains("nan|None|inf", regex=True).any()


def test_value_at_risk_is_chance_times_what_would_not_come_anyway(catalog, outlook):
    rows = value_at_risk(catalog, LAST, outlook.scores["value"])
    stakes, worth = (
        possible_futures(catalog, LAST).stakes,
        customer_values(catalog, LAST).set_index("customer_id")["value"],
    )
    assert rows["worth"].tolist() == pytest.approx(stakes.reindex(rows.index).tolist())
    assert rows.attrs["basis"] == "what would not come anyway"
    total, low, high = total_at_risk(rows, outlook.spread)
    assert total == pytest.approx((rows["chance"] * rows["worth"]).sum()) and low < total < high
    assert total < worth[rows.index].sum()  # less than all that they are expected to bring


def test_it_pays_to_call_as_long_as_the_expected_gain_exceeds_the_cost():
    rows = pd.DataFrame({"chance": [0.5, 0.9, 0.1], "worth": [100.0, 100.0, 10.0]}, index=list("abc"))
    plan = call_plan(rows, contact_cost=4.0, save_rate=0.1)
    assert plan["gain"].to_dict() == pytest.approx({"b": 5.0, "a": 1.0, "c": -3.9})
    assert n_worth_calling(plan) == 2 and plan["profit"].max() == pytest.approx(6.0)


def test_two_losses_in_ten_give_3_of_15_to_everybody():
    model = ConstantRate().fit(pd.DataFrame(index=range(10)), np.array([1.0] * 2 + [0.0] * 8))
    assert 1 / (1 + np.exp(-model.decision_function(pd.DataFrame(index=[0]))[0])) == pytest.approx(3 / 15)


@pytest.mark.parametrize("n", [3, 50])
def test_a_few_customers_get_an_honest_answer(n):
    few = company(shop(n, seed=2))
    try:
        outlook = churn_outlook(few, LAST)
    except NotMeasured as reason:
        assert "days" in str(reason) or "orders" in str(reason)
        return
    value, low, high = outlook.expected
    assert low <= value <= high
    summary = churn_summary(few, LAST)
    assert "nan" not in churn_headline(summary)
    told = churn_findings(summary, "EUR")
    assert 2 <= len(told) <= 5 and not any("nan" in finding.text for finding in told)


def test_a_record_too_short_for_any_outcome_says_how_long_it_must_be():
    orders = pd.DataFrame({"order_id": ["1"], "customer_id": "a", "ordered_at": ["2026-06-01"], "revenue": 5.0})
    with pytest.raises(NotMeasured, match="a record of at least 180 days"):
        churn_outlook(company(orders), LAST)


def test_one_outcome_only_gives_the_rate_alone():
    assert allowed_methods(pd.Series([0.0] * 500)) == ["rate"]


def test_judging_counts_losses_lift_and_order():
    each = judged(np.array([0.8] + [0.2] * 9), pd.Series([1.0] + [0.0] * 9))
    assert (each["expected"], each["lost"], each["auc"], each["lift"]) == (pytest.approx(2.6), 1, 1.0, 10.0)


def test_equal_chances_have_a_lift_of_1_in_any_order():
    lost = pd.Series([1.0] * 4 + [0.0] * 16)
    for each in (lost, lost[::-1]):
        assert judged(np.full(20, 0.2), each)["lift"] == pytest.approx(1.0)
        assert [tenth["tenth_lost"] for tenth in _tenths(np.full(20, 0.2), each)] == pytest.approx([0.4] * 10)


def test_one_sure_place_of_two_and_one_shared_by_four_of_whom_two_left_give_a_lift_of_5():
    chance = np.array([0.9] + [0.5] * 4 + [0.1] * 15)  # 1 + 2 / 4 of 2 places left, of 20 customers 3
    assert judged(chance, pd.Series([1.0, 0.0, 1.0, 1.0, 0.0] + [0.0] * 15))["lift"] == pytest.approx(0.75 * 20 / 3)


def test_days_since_the_last_order_alone_and_the_models_are_compared_on_the_same_customers(catalog):
    tested = by_day(back_test_by_tenth(catalog, LAST))
    assert tested.groupby("day")["n"].nunique().eq(1).all()


def test_methods_learned_together_are_those_learned_one_by_one(catalog):
    rows = training_rows(catalog, past_days(catalog, LAST)[:2])
    X, lost = features_of(rows), rows["lost"]
    together = fit_methods(["rate", "rhythm", "logistic", "blend"], X, lost)
    assert list(together) == ["rate", "rhythm", "logistic", "blend"]
    for method, model in together.items():
        assert (log_odds(model, X) == log_odds(fit_method(method, X, lost), X)).all()


def test_a_result_is_not_computed_again(tmp_path, monkeypatch):
    (tmp_path / "exports").mkdir()
    shop(60).to_csv(tmp_path / "exports/orders.csv", index=False)
    (tmp_path / "crmkit.toml").write_text(f"[data]\nthrough = {LAST}\n[company]\nchurn_after_days = 60\n")
    load(read_settings(tmp_path))
    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")
    first = churn_outlook(ck.connect(tmp_path), LAST)
    monkeypatch.setattr(outlook_module, "fit_method", lambda *_: pytest.fail("learned again"))
    again = churn_outlook(ck.connect(tmp_path), LAST)
    assert len(first.scores) and len(first.shifts)
    for part in ("scores", "shares", "drivers", "shifts"):
        pd.testing.assert_frame_equal(getattr(again, part), getattr(first, part), check_exact=True)


def test_numbers_and_texts_of_one_column_are_the_same_after_they_were_kept():
    rows = pd.DataFrame({"feature": ["days", "plan", "age"], "then": [0.1, "a", None], "now": [1 / 3, "b", 2.0]})
    told = outlook_module._mixed_columns(
        outlook_module._mixed_columns(rows, "shifts", json.dumps), "shifts", json.loads
    )
    assert told.to_dict("records") == rows.to_dict("records")
