"""NPS, CSAT, CES and response rate: worked by hand, and against plain pandas."""

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


def test_answers_of_one_customer_widen_the_interval_where_every_answer_counts(company, answers):
    scores = [5.0] * 20 + [1.0] * 20
    every = {"csat": "every_answer"}
    asked = {"metrics": "csat", "periods": "2026-10", "definitions": every}
    apart = evaluate(company(survey_responses=answers("csat", scores)), **asked).iloc[0]
    pairs = [f"c{i // 4}" for i in range(40)]
    together = evaluate(company(survey_responses=answers("csat", scores, pairs)), **asked).iloc[0]
    assert apart["value"] == together["value"] == 0.5
    assert together["high"] - together["low"] > 1.5 * (apart["high"] - apart["low"])


def test_of_four_answers_of_a_person_in_a_month_the_last_counts(company, answers):
    first = answers("nps", [0.0] * 10, day="2026-10-02")
    last = answers("nps", [10.0] * 10, day="2026-10-20")
    later = answers("nps", [0.0] * 10, day="2026-11-02")
    catalog = company(survey_responses=pd.concat([first, last, later]), through="2026-11-30")
    found = evaluate(catalog, "nps", periods="2026-10..2026-11")
    assert found[["value", "n"]].values.tolist() == [[100, 10], [-100, 10]]
    every = evaluate(catalog, "nps", periods="2026-10", definitions={"nps": "every_answer"})
    assert every[["value", "n"]].values.tolist() == [[0, 20]]


def test_answers_about_two_touchpoints_both_count(company, answers):
    two = pd.concat(
        [
            answers("csat", [5.0] * 10).assign(touchpoint="delivery", response_id=[f"d{i}" for i in range(10)]),
            answers("csat", [1.0] * 10).assign(touchpoint="support"),
        ]
    )
    found = evaluate(company(survey_responses=two), "csat", periods="2026-10")
    assert found[["value", "n"]].values.tolist() == [[0.5, 20]]


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


@pytest.mark.parametrize(
    ("survey", "low", "high", "scores", "expected"),
    [
        ("nps", 0, 10, [10, 9, 8, 7, 6, 0], 0.0),
        ("nps", 1, 10, [10, 9, 8, 7, 6, 1], 0.0),
        ("nps", 1, 5, [5, 5, 4, 3, 2, 1], 100 * (2 - 3) / 6),
        ("csat", 1, 5, [5, 4, 3, 2, 1], 2 / 5),
        ("csat", 1, 7, [7, 6, 5, 4, 1], 2 / 5),
        ("csat", 1, 10, [10, 9, 8, 7, 1], 3 / 5),
        ("csat", 0, 100, [100, 75, 74, 50, 0], 2 / 5),
        ("ces", 1, 7, [7, 6, 5, 4, 1], 3 / 5),
        ("ces", 1, 5, [5, 4, 3, 2, 1], 2 / 5),
        ("ces", 0, 100, [100, 67, 66, 50, 0], 2 / 5),
    ],
)
def test_every_scale_is_counted_by_the_same_rule(company, answers, survey, low, high, scores, expected):
    rows = answers(survey, [float(s) for s in scores]).assign(scale_min=float(low), scale_max=float(high))
    found = evaluate(company(survey_responses=rows), survey, periods="2026-10")["value"].item()
    assert found == pytest.approx(expected)


def test_where_low_is_good_1_of_7_is_the_best_answer(company, answers):
    rows = answers("ces", [1.0, 2.0, 3.0, 4.0, 7.0]).assign(scale_min=1.0, scale_max=7.0, low_is_good=True)
    assert evaluate(company(survey_responses=rows), "ces", periods="2026-10")["value"].item() == pytest.approx(3 / 5)


def test_an_answer_outside_its_scale_is_no_answer(company, answers):
    rows = answers("nps", [10.0, 11.0]).assign(scale_min=0.0, scale_max=10.0)
    assert evaluate(company(survey_responses=rows), "nps", periods="2026-10")[["value", "n"]].values.tolist() == [
        [100, 1]
    ]


def test_the_conventions_of_5_4_3_and_1_are_50_67_56_percent(company, answers):
    from crmkit.metrics import conventions

    rows = answers("csat", [5.0, 4.0, 3.0, 1.0]).assign(weight=[1.0, 1.0, 1.0, 5.0])
    found = conventions(company(survey_responses=rows), "2026-10", metrics="csat").set_index("convention")["value"]
    assert found["top_boxes"] == 0.5
    assert found["good_or_bad"] == pytest.approx(2 / 3)
    assert found["mean"] == pytest.approx((1 + 0.75 + 0.5 + 0) / 4)
    assert found["weighted"] == pytest.approx(2 / 8)


def test_equal_weights_change_nothing_and_unequal_ones_widen_the_interval(company, answers):
    scores = [10.0, 9.0, 0.0, 7.0] * 20
    sides = {}
    for name, weight in (
        ("none", 1.0),
        ("equal", 3.0),
        ("unequal", [0.2, 0.2, 1.8, 1.8] * 10 + [1.8, 1.8, 0.2, 0.2] * 10),
    ):
        rows = answers("nps", scores).assign(weight=weight)
        chosen = {} if name == "none" else {"nps": "weighted"}
        catalog = company(survey_responses=rows)
        sides[name] = evaluate(catalog, "nps", periods="2026-10", definitions=chosen).iloc[0]
    for side in ("value", "low", "high", "n"):
        assert sides["equal"][side] == pytest.approx(sides["none"][side])
    widths = {name: row["high"] - row["low"] for name, row in sides.items()}
    assert widths["unequal"] > 1.2 * widths["none"]


def test_without_weights_the_convention_says_what_it_needs(company, answers):
    catalog = company(survey_responses=answers("nps", [10.0] * 12))
    row = evaluate(catalog, "nps", periods="2026-10", definitions={"nps": "weighted"}).iloc[0]
    assert (row["status"], row["reason"]) == ("not measured", "needs survey_responses.weight")


def test_two_of_three_invitations_answered_within_30_days_are_67_percent(company):
    asked = pd.DataFrame(
        {
            "invitation_id": ["1", "2", "3"],
            "survey": "nps",
            "customer_id": ["a", "b", "c"],
            "sent_at": pd.Timestamp("2026-09-10"),
        }
    )
    responses = pd.DataFrame(
        {
            "response_id": ["x", "y", "z"],
            "survey": ["nps", "nps", "nps"],
            "customer_id": ["a", "b", "c"],
            "score": 9.0,
            "responded_at": pd.to_datetime(["2026-09-10", "2026-10-10", "2026-10-11"]),
        }
    )
    catalog = company(survey_invitations=asked, survey_responses=responses, through="2026-10-31")
    found = evaluate(catalog, "response_rate", periods="2026-10").iloc[0]
    assert (found["value"], found["n"]) == (pytest.approx(2 / 3), 3)


def test_the_airport_survey_of_2017_has_an_nps_of_39_84_and_weighted_40_40(shared_data):
    import crmkit as ck

    passengers = pd.read_parquet(shared_data / "sfo_survey_2017.parquet")
    passengers = passengers[passengers["NETPRO"].between(0, 10)]
    rows = pd.DataFrame(
        {
            "response_id": passengers["RESPNUM"].astype(int).astype(str),
            "survey": "nps",
            "score": passengers["NETPRO"].astype(float),
            "weight": passengers["WEIGHT"],
            "responded_at": pd.Timestamp("2017-05-31"),
        }
    )
    found = ck.conventions(ck.connect({"survey_responses": rows}), "2017-05", metrics="nps").set_index("convention")
    assert found["n"].tolist() == [2746, 2746, 2746]
    assert round(found.loc["last_answer", "value"], 2) == 39.84
    assert round(found.loc["weighted", "value"], 2) == 40.40
    weighted, plain = (found.loc[name, "high"] - found.loc[name, "low"] for name in ("weighted", "last_answer"))
    weights = rows["weight"].to_numpy()
    kish = np.sqrt(len(weights) * (weights**2).sum()) / weights.sum()  # what unequal weights cost on average
    assert weighted / plain == pytest.approx(kish, rel=0.05)


def test_weighted_share_has_the_linearised_variance_of_statsmodels(company, answers):
    """Oracle: weighted mean with its Taylor-linearised error, by the formula of survey statistics."""
    random = np.random.default_rng(2)
    scores = random.choice([5.0, 1.0], 400, p=[0.7, 0.3])
    weights = random.gamma(4, 0.25, 400)
    rows = answers("csat", list(scores)).assign(weight=weights)
    row = evaluate(company(survey_responses=rows), "csat", periods="2026-10", definitions={"csat": "weighted"}).iloc[0]
    hit = scores >= 4
    share = weights[hit].sum() / weights.sum()
    error = np.sqrt(400 / 399 * (weights**2 * (hit - share) ** 2).sum()) / weights.sum()
    assert row["value"] == pytest.approx(share)
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.966 * error, rel=0.02)


def test_voice_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    numbers = evaluate(sample, ["nps", "csat", "ces"], periods="2024-11..2026-10").set_index(["metric", "period"])[
        "value"
    ]
    responses = sample_tables["survey_responses"].sort_values(["responded_at", "response_id"])
    responses = responses.assign(month=responses["responded_at"].dt.strftime("%Y-%m"))
    known = responses["customer_id"].notna()
    last = responses[known].groupby(["customer_id", "survey", "touchpoint", "month"], dropna=False).tail(1)
    responses = pd.concat([last, responses[~known]])
    for (name, period), value in numbers.items():
        scores = responses.loc[(responses["survey"] == name) & (responses["month"] == period), "score"].dropna()
        if scores.empty:
            assert np.isnan(value)
            continue
        nps = 100 * ((scores >= 9).mean() - (scores <= 6).mean())
        expected = {"nps": nps, "csat": (scores >= 4).mean(), "ces": (scores >= 5).mean()}[name]
        assert value == pytest.approx(expected, rel=1e-12)


def test_the_response_rate_equals_plain_pandas_on_the_sample_company(sample, sample_tables):
    asked = sample_tables["survey_invitations"]
    sent = asked["sent_at"].dt.normalize()
    due = sent + pd.Timedelta(days=30)
    asked = asked.assign(sent=sent, due=due)[
        (due >= "2026-10-01") & (due < "2026-11-01") & asked["customer_id"].notna()
    ]
    responses = sample_tables["survey_responses"][["customer_id", "survey", "responded_at"]].dropna()
    met = asked.merge(responses, on=["customer_id", "survey"])
    on = met["responded_at"].dt.normalize()
    answered = met.loc[(on >= met["sent"]) & (on <= met["due"]), "invitation_id"].nunique()
    assert evaluate(sample, "response_rate", periods="2026-10")["value"].item() == pytest.approx(answered / len(asked))
