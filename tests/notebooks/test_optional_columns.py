"""Firms without a single optional column, and with none of their values: everything still runs, and says what it needs."""

import pytest

from tests.optional_columns import bare_firm, faults_of, faults_of_load

# benchmarks/optional_columns.py takes the columns one by one, absent and empty.
PAGES = ("01_scorecard", "03_pipeline", "05_voice")
OTHERS = ("00_data_quality", "02_acquisition", "04_retention", "06_social", "07_churn", "08_value", "09_segments")


@pytest.mark.parametrize("how", ["absent", "empty"])
def test_files_load_and_no_row_is_lost(how, tmp_path):
    assert list(faults_of_load(bare_firm(how), tmp_path)) == []


@pytest.mark.parametrize("pages", [PAGES, pytest.param(OTHERS, marks=pytest.mark.slow)], ids=["some", "others"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_metrics_predictions_and_pages_are_made(how, pages):
    assert list(faults_of(bare_firm(how), pages)) == []
