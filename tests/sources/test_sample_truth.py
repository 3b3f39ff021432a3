"""The people behind the sample: not those whom our models assume, and the truth can be seen in the tables."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crmkit.sources.sample import sample_company
from tests.sources.kaldi import SUMMER, cac_of, churn_of_subscribers, kaldi, month_of, nps_of, table


def persons(kind: str) -> pd.DataFrame:
    people = kaldi().truth["persons"]
    return people[people["kind"] == kind]


def test_rates_are_not_gamma_and_not_even_one_log_normal():
    rates = persons("shopper")["rate"]
    shape, _, scale = stats.gamma.fit(rates, floc=0)
    assert stats.kstest(rates, "gamma", (shape, 0, scale)).pvalue < 1e-6
    assert stats.kstest(np.log(rates), "norm", (np.log(rates).mean(), np.log(rates).std())).pvalue < 1e-6


@pytest.mark.parametrize("kind", ["shopper", "subscriber", "office"])
def test_lifetimes_are_not_exponential(kind):
    lifetimes = persons(kind)["lifetime"]
    assert stats.kstest(lifetimes, "expon", (0, lifetimes.mean())).pvalue < 0.01


def test_the_content_stay_longer_answer_better_and_ask_for_help_less():
    people = kaldi().truth["persons"].set_index("customer_id")
    content = people["satisfaction"] > people["satisfaction"].median()
    assert people.loc[content, "lifetime"].median() > 1.3 * people.loc[~content, "lifetime"].median()
    answers = table("survey_responses").query("survey == 'nps'").dropna(subset=["customer_id"])
    scores = answers.groupby(content.loc[answers["customer_id"]].to_numpy())["score"].mean()
    assert scores[True] > scores[False] + 1
    tickets = content.loc[table("tickets")["customer_id"]]
    assert tickets.mean() < 0.55, "though they stay longer and order more"


def test_channels_differ_in_how_long_their_customers_stay():
    people = persons("subscriber")
    median = people.groupby("channel")["lifetime"].median()
    assert median["referral"] > 1.3 * median["paid social"]


def test_no_customer_orders_after_having_left():
    left = kaldi().truth["persons"].set_index("customer_id")["left_at"]
    orders = table("orders").query("revenue > 0").dropna(subset=["customer_id"])
    assert (orders["ordered_at"].to_numpy() <= left.loc[orders["customer_id"]].to_numpy()).all()
    terms = table("subscription_terms")
    assert (terms["starts_at"].to_numpy() <= left.loc[terms["customer_id"]].to_numpy()).all()


def test_the_true_churn_of_subscribers_is_what_their_terms_show():
    churn = kaldi().truth["churn"].query("kind == 'subscriber' and n_at_start >= 200")
    assert len(churn) > 25
    expected = (churn["n_at_start"] * churn["churn_probability"]).sum()
    assert abs(churn["n_lost"].sum() - expected) < 3 * np.sqrt(expected)
    assert churn["churn_probability"].iloc[:-1].between(0.03, 0.10).all()


def test_the_true_churn_of_shoppers_is_what_their_departures_show():
    churn = kaldi().truth["churn"].query("kind == 'shopper' and n_at_start >= 100")
    expected = (churn["n_at_start"] * churn["churn_probability"]).sum()
    assert abs(churn["n_lost"].sum() - expected) < 3 * np.sqrt(expected)


def test_december_is_busy_and_july_is_quiet():
    orders = table("orders")
    daily = month_of(orders["ordered_at"]).value_counts() / 31
    for year in ("2024", "2025"):
        assert daily[f"{year}-12"] > 1.2 * daily[f"{year}-07"]
    sold = table("order_lines").merge(orders[["order_id", "ordered_at"]], on="order_id")
    gifts = sold[sold["product"] == "Gift Box"]
    assert (gifts["ordered_at"].dt.month == 12).mean() > 0.3


def test_prices_rise_on_the_first_of_september_2025():
    terms = table("subscription_terms")
    small = terms[terms["plan"] == "Small"].groupby(terms["starts_at"] >= "2025-09-01")["mrr"].unique()
    assert small[False].tolist() == [18.0] and small[True].tolist() == [19.9]


def test_october_2026_is_bad_in_churn_scores_and_tickets():
    company = kaldi()
    usual = np.mean([churn_of_subscribers(company, month) for month in SUMMER])
    assert churn_of_subscribers(company, "2026-10") > 2 * usual
    assert nps_of(company, "2026-10") < min(nps_of(company, month) for month in SUMMER) - 20
    opened = month_of(table("tickets")["opened_at"]).value_counts()
    assert opened["2026-10"] > 2 * opened[SUMMER].max()


def test_october_2026_is_good_in_the_cost_of_a_customer():
    company = kaldi()
    assert cac_of(company, "2026-10") < 0.7 * cac_of(company, "2026-09")


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_have_the_same_bad_month_and_the_same_good_news(seed):
    company = sample_company(seed=seed)
    assert churn_of_subscribers(company, "2026-10") > 1.7 * churn_of_subscribers(company, "2026-09")
    assert nps_of(company, "2026-10") < nps_of(company, "2026-09") - 15
    assert cac_of(company, "2026-10") < 0.75 * cac_of(company, "2026-09")


def test_the_level_of_nps_is_that_of_a_decent_shop_with_80_to_160_answers_a_month():
    answers = table("survey_responses").query("survey == 'nps'")
    n_answers = month_of(answers["responded_at"]).value_counts().sort_index()["2024-06":]
    assert n_answers.between(80, 160).all()
    levels = [nps_of(kaldi(), month) for month in n_answers.index[:-1]]
    assert 30 < np.mean(levels) < 45


def test_the_voucher_brings_a_little_and_the_draw_is_fair():
    both = kaldi().truth["treatments"]
    effect = both["value_if_treated"] - both["value_if_held_out"]
    assert (effect >= 0).all() and (effect[~both["responds"]] == 0).all()
    assert kaldi().truth["effects"]["effect"].between(0.5, 6).all()
    assert abs(both["treated"].mean() - 0.5) < 0.01
    drawn = table("treatments")
    seen = np.where(both["treated"], both["value_if_treated"], both["value_if_held_out"])
    np.testing.assert_allclose(drawn["value"], seen)


def test_the_value_of_a_treatment_is_the_revenue_of_the_45_days_after_it():
    drawn, orders = table("treatments"), table("orders").query("revenue > 0")
    pairs = drawn.merge(orders[["customer_id", "ordered_at", "revenue"]], on="customer_id")
    within = pairs[(pairs["ordered_at"] >= pairs["assigned_at"]) & (pairs["ordered_at"] < pairs["outcome_at"])]
    spent = within.groupby(["customer_id", "assigned_at"])["revenue"].sum()
    shown = drawn.set_index(["customer_id", "assigned_at"])["value"]
    np.testing.assert_allclose(shown, spent.reindex(shown.index, fill_value=0.0), atol=0.011)


def test_about_2000_customers_are_active_at_the_end_and_churn_is_highest_among_shoppers():
    last = kaldi().truth["churn"].query("month == '2026-09'").set_index("kind")
    assert 1200 < last["n_at_start"].sum() < 2600
    assert last.loc["office", "churn_probability"] < last.loc["subscriber", "churn_probability"]
    assert last.loc["subscriber", "churn_probability"] < last.loc["shopper", "churn_probability"]
