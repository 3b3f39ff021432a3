"""A scale of answers is taken only where the cells prove it, the question names it or the settings say it."""

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import read_settings

HEADER = "response_id,responded_at,survey,score\n"


def own(survey, *scores):
    return {
        "survey_responses.csv": HEADER
        + "".join(f"{n},2026-09-{n:02d} 10:00,{survey},{score}\n" for n, score in enumerate(scores, start=1))
    }


def answers(question, *scores):
    rows = "".join(f'{n},2026-09-{n:02d} 10:00,"{score}",x\n' for n, score in enumerate(scores, start=1))
    return {"feedback.csv": f'response_id,responded_at,"{question}",comment\n{rows}'}


def scales(company):
    frame = connect(settings=read_settings(company.folder)).frame("survey_responses")
    return frame[["scale_min", "scale_max"]].drop_duplicates().values.tolist()


def test_answers_from_3_to_5_without_a_scale_are_no_score_until_it_is_said(case):
    firm = case("scale5")
    assert firm.exit_code == 2
    assert "run from 3 to 5, and nothing says which scale they are on" in firm.message
    assert 'Write scale = "1-5"' in firm.message and 'with path = "feedback.csv"' in firm.message
    firm.follow('[files.feedback]\npath = "feedback.csv"\nscale = "1-5"')
    assert firm.exit_code == 0, firm.message
    assert firm.number("nps") == pytest.approx(100 * (37 - 7) / 60)


@pytest.mark.parametrize("scores", [(9, 7, 3), (0, 5, 5), (10, 10, 11, 4)])
def test_a_0_or_a_score_above_7_proves_a_scale_from_0_to_10(company, scores):
    assert scales(company(answers("score", *scores))) == [[0, 10]]


def test_the_scale_that_a_question_names_is_taken(company):
    assert scales(company(answers("How likely are you to recommend us (0 to 10)?", 5, 6, 7))) == [[0, 10]]


@pytest.mark.parametrize(
    ("survey", "scores"), [("nps", (3, 4, 5)), ("csat", (2, 4, 4)), ("csat", (4, 9, 8)), ("ces", (5, 4, 3))]
)
def test_own_answers_whose_scale_is_not_proven_are_asked_for_and_the_answer_works(company, survey, scores):
    firm = company(own(survey, *scores))
    assert firm.exit_code == 2 and "under [files.survey_responses]" in firm.message
    firm.follow('[files.survey_responses]\npath = "survey_responses.csv"\nscale = "0-10"')
    assert firm.exit_code == 0, firm.message
    assert scales(firm) == [[0, 10]]


def test_two_surveys_in_a_file_have_each_their_scale(company):
    rows = "1,2026-09-01 10:00,nps,9\n2,2026-09-02 10:00,csat,3\n3,2026-09-03 10:00,csat,4\n"
    firm = company({"survey_responses.csv": HEADER + rows})
    assert 'scale = { csat = "1-5" }' in firm.message
    firm.follow('[files.survey_responses]\npath = "survey_responses.csv"\nscale = { csat = "1-5" }')
    assert firm.exit_code == 0, firm.message
    assert firm.number("csat") == 0.5


@pytest.mark.parametrize(("survey", "scores"), [("csat", (5, 4, 1)), ("ces", (7, 2, 3)), ("nps", (10, 9, 2))])
def test_own_answers_that_prove_the_usual_scale_load_without_a_question(company, survey, scores):
    assert company(own(survey, *scores)).exit_code == 0
