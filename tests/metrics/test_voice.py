"""NPS and CSAT: worked by hand, and against plain pandas."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from crmkit.metrics import evaluate


def test_six_promoters_and_two_detractors_of_ten_give_40(company, answers):
    row = evaluate(
        company(survey_responses=answers("nps", [9, 9, 10, 10, 9, 10, 7, 8, 6, 0])), "nps", periods="2026-10"
    ).iloc[0]
    assert (row["value"], row["n"], row["unit"], row["status"]) == (40.0, 10, "points", "ok")
    assert -20 < row["low"] < 40 < row["high"] < 90


def test_scores_of_other_surveys_do_not_count_in_nps(company, answers):
    mixed = pd.concat([answers("nps", [10] * 10), answers("csat", [1] * 10)])
    assert evaluate(company(survey_responses=mixed), "nps", periods="2026-10")["value"].item() == 100


def test_an_answer_without_a_score_is_no_answer(company, answers):
    row = evaluate(company(survey_responses=answers("nps", [10] * 10 + [np.nan])), "nps", periods="2026-10").iloc[0]
    assert (row["value"], row["n"]) == (100, 10)


def test_eight_of_ten_satisfied_have_wilsons_interval(company, answers):
    row = evaluate(
        company(survey_responses=answers("csat", [4, 5, 4, 5, 4, 5, 4, 5, 3, 1])), "csat", periods="2026-10"
    ).iloc[0]
    assert (row["value"], row["n"]) == (0.8, 10)
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(8, 10, method="wilson"), abs=1e-12)


def test_answers_of_one_customer_widen_the_interval(company, answers):
    scores = [5.0] * 20 + [1.0] * 20
    apart = evaluate(company(survey_responses=answers("csat", scores)), "csat", periods="2026-10").iloc[0]
    pairs = [f"c{i // 4}" for i in range(40)]
    together = evaluate(company(survey_responses=answers("csat", scores, pairs)), "csat", periods="2026-10").iloc[0]
    assert apart["value"] == together["value"] == 0.5
    assert together["high"] - together["low"] > 1.5 * (apart["high"] - apart["low"])


def test_answers_without_a_customer_are_independent_of_each_other(company, answers):
    known = answers("csat", [5.0, 1.0] * 10)
    unknown = known.assign(customer_id=pd.Series(pd.NA, index=known.index, dtype="string"))
    columns = ["value", "low", "high", "n"]
    of_known, of_unknown = (
        evaluate(company(survey_responses=frame), "csat", periods="2026-10")[columns] for frame in (known, unknown)
    )
    pd.testing.assert_frame_equal(of_known, of_unknown)


def test_below_ten_customers_there_are_too_few(company, answers):
    row = evaluate(company(survey_responses=answers("nps", [10, 9, 0])), "nps", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == ("too few", "the interval is rough below 10 answers")
    assert row["value"] == pytest.approx(100 / 3)


def test_a_month_without_answers_has_no_data_and_not_zero(company, answers):
    numbers = evaluate(company(survey_responses=answers("nps", [10] * 12)), "nps", periods="2026-09..2026-10")
    assert numbers["status"].tolist() == ["no data", "ok"]
    assert numbers["value"].isna().tolist() == [True, False]


def test_nps_and_csat_equal_plain_pandas_on_the_sample_company(sample, sample_tables):
    numbers = evaluate(sample, ["nps", "csat"], periods="2024-11..2026-10").set_index(["metric", "period"])["value"]
    responses = sample_tables["survey_responses"]
    month = responses["responded_at"].dt.strftime("%Y-%m")
    for (name, period), value in numbers.items():
        scores = responses.loc[(responses["survey"] == name) & (month == period), "score"].dropna()
        expected = 100 * ((scores >= 9).mean() - (scores <= 6).mean()) if name == "nps" else (scores >= 4).mean()
        assert value == pytest.approx(expected, rel=1e-12)
