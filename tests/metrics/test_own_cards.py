"""Cards in a file of the analyst's own, named in the settings."""

import pytest

from crmkit.errors import CrmkitError, Problems
from crmkit.metrics import CARDS, evaluate, scorecard
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog

OWN = '''
import crmkit as ck

@ck.metric(label="Late parcels", unit="share", better="lower", source="House definition", counted="answers")
def late_parcels(survey_responses):
    """Answers below three.

    late parcels = answers below 3 / answers
    """
    r = survey_responses
    return ck.Share(r, at=r.responded_at, hit=r.score < 3)
'''


@pytest.fixture
def own(company, answers, tmp_path):
    table = company(survey_responses=answers("csat", [1.0] * 5 + [5.0] * 15)).table("survey_responses")

    def make(*files: str) -> Catalog:
        settings = parse_settings({"metric_modules": list(files)}, folder=tmp_path)
        return Catalog({"survey_responses": table}, settings)

    yield make
    CARDS.pop("late_parcels", None)


def test_a_card_in_the_analysts_file_is_evaluated_and_judged(own, tmp_path):
    (tmp_path / "parcels.py").write_text(OWN)
    assert evaluate(own("parcels.py"), "late_parcels", periods="2026-10")["value"].item() == 0.25
    row = scorecard(own("parcels.py"), "2026-10", metrics="late_parcels").iloc[0]
    assert (row["label"], row["topic"]) == ("Late parcels", "parcels")


def test_a_card_that_fails_or_a_file_that_ends_the_program_is_told_in_one_sentence(own, tmp_path):
    (tmp_path / "parcels.py").write_text(OWN.replace("r.score < 3", "r.score < 3 / 0"))
    with pytest.raises(CrmkitError, match=r"'late_parcels' fails with ZeroDivisionError: .* \(parcels.py, line 11\)\."):
        evaluate(own("parcels.py"), "late_parcels", periods="2026-10")
    (tmp_path / "ends.py").write_text("raise SystemExit(3)")
    with pytest.raises(Problems, match="ends.py fails with SystemExit: 3"):
        evaluate(own("ends.py"), "nps", periods="2026-10")


def test_every_file_that_cannot_be_loaded_is_reported_with_its_cause(own, tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "bare.py").write_text(OWN.replace("late parcels = answers below 3 / answers", ""))
    with pytest.raises(Problems) as refused:
        evaluate(own("missing.py", "broken.py", "bare.py"), periods="2026-10")
    assert "there is no file missing.py" in str(refused.value)
    assert "broken.py fails with ZeroDivisionError: division by zero" in str(refused.value)
    assert "bare.py: metric late_parcels has 1 problem" in str(refused.value)
