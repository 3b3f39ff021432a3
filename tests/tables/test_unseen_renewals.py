"""Whether renewals are missing from the data: seasons, school years, yearly and monthly contracts, whole and cut off."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.features.outcomes import churn_labels
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.tables.unseen_renewals import grace_of, unseen_of

THROUGH = date(2026, 10, 15)


def school_years(n=60, last=2026, renew=0.8, seed=0):
    """Terms from 1 September to 31 July; each year so many of ``n`` renew, and new ones fill up."""
    return _cohorts([(date(y, 9, 1), date(y + 1, 7, 31)) for y in range(2022, last + 1)], n, renew, seed)


def yearly(n=60, last=2026, renew=0.8, seed=0):
    return _cohorts([(date(y, 9, 1), date(y + 1, 9, 1)) for y in range(2022, last + 1)], n, renew, seed)


def monthly(n=60, until=date(2026, 10, 1), renew=0.9, seed=0):
    starts = [day.date() for day in pd.date_range("2024-09-01", until, freq="MS")]
    return _cohorts(
        [(start, (pd.Timestamp(start) + pd.DateOffset(months=1)).date()) for start in starts], n, renew, seed
    )


def _cohorts(spans, n, renew, seed):
    random, rows, there, made = np.random.default_rng(seed), [], [], 0
    for start, end in spans:
        there = [who for who in there if random.random() < renew]
        new = [f"c{made + i}" for i in range(n - len(there))]
        made += len(new)
        there += new
        rows += [(who, start, end) for who in there]
    frame = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at"])
    return frame.assign(subscription_id=frame["customer_id"], mrr=20.0)


def firm(terms, through=THROUGH, grace=0):
    company = {"renewal_grace_days": grace}
    return ck.connect({"subscription_terms": terms}, ck.Settings(company=company, data={"through": str(through)}))


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        (school_years(), school_years(last=2025)),
        (yearly(), yearly(last=2025)),
        (monthly(), monthly(until=date(2026, 7, 1))),
    ],
    ids=["school years", "yearly", "monthly"],
)
def test_what_ended_last_is_unseen_where_the_next_terms_are_not_in_the_file(whole, cut):
    assert unseen_of(firm(whole)) is None
    found = unseen_of(firm(cut))
    assert found is not None and found.n_begun == 0 and found.n_renewed == 0
    assert found.n_terms == (cut["ends_at"] == cut["ends_at"].max()).sum() == 60
    assert 0.6 < found.usual < 1


def test_a_file_that_holds_a_third_of_the_new_season_is_seen():
    terms = school_years(n=150)
    random = np.random.default_rng(1)
    kept = (pd.to_datetime(terms["starts_at"]) < "2026-09-01") | (random.random(len(terms)) < 1 / 3)
    found = unseen_of(firm(terms[kept]))
    assert found is not None and found.n_terms == 150 and 0 < found.n_renewed < 60 and found.n_begun > 0


def test_subscribers_who_leave_while_new_ones_come_are_lost_and_not_unseen():
    terms = school_years(last=2025)
    new = pd.DataFrame({"customer_id": [f"new{i}" for i in range(30)], "starts_at": date(2026, 9, 1)})
    new = new.assign(ends_at=date(2027, 7, 31), mrr=20.0, subscription_id=new["customer_id"])
    assert unseen_of(firm(pd.concat([terms, new]))) is None


def test_terms_for_which_notice_was_given_count_neither_way():
    terms = school_years(last=2025)
    given = pd.to_datetime(terms["ends_at"]).eq("2026-07-31")
    noticed = terms.assign(cancelled_at=pd.Series(pd.NaT, index=terms.index).mask(given, pd.Timestamp("2026-06-01")))
    assert unseen_of(firm(noticed)) is None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [school_years, yearly, monthly])
def test_whole_files_of_small_firms_give_no_alarm(make, seed):
    assert unseen_of(firm(make(n=25, renew=0.7, seed=seed))) is None


def test_a_subscription_id_for_each_term_is_followed_by_customer():
    terms = yearly(last=2025)
    found = unseen_of(firm(terms.assign(subscription_id=[f"t{i}" for i in range(len(terms))])))
    assert found is not None and found.n_terms == 60


def test_school_years_need_32_days_of_grace_and_then_renew_and_nobody_leaves_in_august():
    terms = school_years()
    wanted, n_late = grace_of(firm(terms))
    assert wanted == 32 and n_late == (terms.duplicated("customer_id")).sum()
    numbers = {}
    for grace in (0, wanted):
        catalog = firm(terms, grace=grace)
        rows = evaluate(catalog, ["renewal_rate", "churn_rate"], periods="2026").set_index("metric")["value"]
        numbers[grace] = rows.round(2).to_dict()
    stayed = terms.groupby("customer_id")["starts_at"].agg(list)
    share = np.mean([date(2026, 9, 1) in each for each in stayed if date(2025, 9, 1) in each])
    assert numbers[0]["renewal_rate"] == 0
    assert numbers[wanted]["renewal_rate"] == pytest.approx(share, abs=0.005)
    assert numbers[wanted]["churn_rate"] == pytest.approx(1 - share, abs=0.005)
    assert grace_of(firm(terms, grace=wanted)) is None


@pytest.mark.parametrize(("days", "wanted"), [(0, None), (5, 5), (14, 14)])
def test_grace_covers_monthly_terms_paid_late(days, wanted):
    terms = monthly()
    late = terms.assign(starts_at=[start + timedelta(days=days) for start in terms["starts_at"]])
    found = grace_of(firm(late))
    assert (found[0] if found else None) == wanted


def test_returns_at_any_time_are_no_late_renewals():
    random = np.random.default_rng(0)
    ends = [date(2025, 1, 31) + timedelta(days=int(gap)) for gap in random.integers(1, 120, 100)]
    who = [f"c{i}" for i in range(100)]
    first = pd.DataFrame({"customer_id": who, "starts_at": date(2025, 1, 1), "ends_at": date(2025, 1, 31)})
    again = pd.DataFrame({"customer_id": who, "starts_at": ends, "ends_at": [day + timedelta(days=30) for day in ends]})
    terms = pd.concat([first, again]).assign(mrr=1.0)
    assert grace_of(firm(terms.assign(subscription_id=terms["customer_id"]))) is None


def test_unseen_renewals_are_no_truth_for_chances_of_leaving():
    day = date(2026, 6, 30)
    whole, cut = (churn_labels(firm(school_years(last=last)), day)["lost"] for last in (2026, 2025))
    assert whole.notna().all() and len(cut) == 60
    assert cut.isna().all()


def test_a_month_of_renewals_is_compared_with_that_of_the_year_before_and_not_with_another_season():
    """60 terms come up in September, 5 in the months around."""
    each = [(f"m{m}-{i}", m) for m in range(1, 13) for i in range(60 if m == 9 else 5)]
    rows = [(who, date(year, m, 5), date(year + 1, m, 5)) for who, m in each for year in range(2022, 2026)]
    terms = pd.DataFrame(rows, columns=["customer_id", "starts_at", "ends_at"])
    catalog = firm(terms.assign(subscription_id=terms["customer_id"], mrr=9.0))
    by_month = {m: ck.scorecard(catalog, f"2025-{m:02d}", metrics="renewal_rate").iloc[0] for m in (8, 9)}
    assert by_month[9]["previous_reason"].startswith(
        "60 came up in September 2025 and 5 in August 2025: another season"
    )
    assert by_month[9]["verdict"] == "no comparison" and by_month[9]["year_reason"] == ""
    assert by_month[9]["year_value"] == 1.0 and by_month[8]["previous_reason"] == ""


def test_a_card_of_renewals_has_no_number_where_the_next_terms_are_not_in_the_file():
    whole, cut = (evaluate(firm(yearly(last=last)), "renewal_rate", periods="2025..2026") for last in (2026, 2025))
    assert whole["status"].tolist() == ["ok", "ok"] and whole["value"].min() > 0.6
    assert cut["status"].tolist() == ["ok", "no data"] and cut["value"].iloc[0] == whole["value"].iloc[0]
    assert cut["reason"].iloc[1] == "the terms that follow are probably not in the files yet"
