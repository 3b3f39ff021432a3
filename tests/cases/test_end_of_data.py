"""Firms that win nobody new see whom they lose: the data reach to the latest event, not to the latest start of a row."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from crmkit.cleaning.loading.connect import connect

COMPANIES = Path(__file__).parent / "companies"


def terms(rows):
    lines = [f"s{n},c{n},{start},{end},10" for n, (start, end) in enumerate(rows)]
    return {"subscription_terms.csv": "\n".join(["subscription_id,customer_id,starts_at,ends_at,mrr", *lines])}


def through(firm):
    assert firm.exit_code == 0, firm.message
    return str(connect(firm.folder).data_through)


def months_from_january(day, n):
    return [f"2026-{1 + place % 6:02d}-{day:02d}" for place in range(n)]


RUNNING = [(start, "2026-11-05") for start in months_from_january(5, 40)]
ENDED = [(start, "2026-09-20") for start in months_from_january(5, 12)]


@pytest.mark.parametrize("name", ["stripe_short", "stripe_nonew", "terms_nonew"])
def test_12_of_52_customers_at_the_start_of_september_are_lost_and_120_of_recurring_revenue(case, name):
    firm = case(name)
    churn = firm.row("churn_rate")
    assert (churn["value"], churn["n"], churn["status"], churn["reason"]) == (pytest.approx(12 / 52), "52", "ok", "")
    assert abs(firm.number("churned_mrr")) == 120


def test_the_day_up_to_which_a_load_found_data_is_that_of_the_last_payment(case):
    assert through(case("terms_nonew")) == "2026-10-05"


def test_subscribers_who_all_began_on_one_day_are_known_to_have_paid_by_what_stripe_says(company):
    lines = (COMPANIES / "stripe_nonew" / "exports" / "subscriptions.csv").read_text(encoding="utf-8").splitlines()
    begun = [re.sub(r"(2026-0\d-05 10:00,){2}", "2026-02-05 10:00," * 2, line, count=1) for line in lines]
    firm = company({"subscriptions.csv": "\n".join(begun)})
    assert through(firm) == "2026-10-05"
    assert firm.number("churn_rate") == pytest.approx(12 / 52)


def test_weekly_subscriptions_show_the_last_week_that_was_paid(company):
    first = date(2026, 2, 2)
    running = [(first + timedelta(weeks=n), "2026-10-12") for n in range(20)]
    ended = [(first + timedelta(weeks=n), "2026-09-17") for n in range(5)]
    assert through(company(terms([*running, *ended]))) == "2026-10-05"


def test_an_end_in_2099_stands_for_none_and_the_other_ends_have_come(company):
    firm = company(terms([*[(start, "2099-12-31") for start, _ in RUNNING], *ENDED]))
    assert through(firm) == "2026-09-20"
    assert firm.number("churn_rate") == pytest.approx(12 / 52)


def test_an_end_in_9999_does_too(company):
    assert through(company(terms([*[(s, "9999-12-31") for s, _ in RUNNING], *ENDED]))) == "2026-09-20"


def test_yearly_terms_and_those_to_the_end_of_a_year_show_nothing_but_their_start(company):
    yearly = [(start, start.replace("2026", "2027")) for start in months_from_january(5, 40)]
    assert through(company(terms(yearly))) == "2026-06-05"


def test_memberships_to_the_end_of_the_year_show_nothing_but_their_start(company):
    assert through(company(terms([(s, "2026-12-31") for s in months_from_january(1, 40)]))) == "2026-06-01"


def test_notices_of_a_firm_that_wins_customers_each_day_do_not_prolong_its_data(company):
    begun = [(date(2026, 9, 1) + timedelta(days=n), "2099-12-31") for n in range(50)]
    assert through(company(terms([*begun, *[("2026-01-05", "2026-12-17")] * 6]))) == "2026-10-20"


def test_a_few_odd_contracts_do_not_prolong_the_data(company):
    odd = [("2026-05-05", "2027-12-05")]
    assert through(company(terms([*RUNNING, *ENDED, *odd]))) == "2026-10-05"


def test_terms_that_run_on_show_that_the_data_reach_beyond_the_last_booked_cost(company):
    costs = {"costs.csv": "spent_at,amount,purpose\n2026-05-01,10,acquisition\n2026-06-01,10,acquisition\n"}
    firm = company(terms([*RUNNING, *ENDED]) | costs)
    assert through(firm) == "2026-10-05"
    assert firm.number("churn_rate") == pytest.approx(12 / 52)


@pytest.mark.parametrize("name", ["stripe_short", "terms_nonew"])
def test_the_summary_of_a_store_and_its_catalog_agree(case, name):
    from crmkit.sources.store.summary import store_summary

    folder = case(name).folder
    summary, catalog = store_summary(folder), connect(folder)
    assert (summary.data_from, summary.data_through) == (catalog.data_from, catalog.data_through)


def test_without_a_period_the_month_is_told_in_which_they_were_lost(case):
    run = case("terms_nonew").run("metrics", "churn_rate", "--format", "csv")
    assert ",2026-09,2026-08," in run.stdout
