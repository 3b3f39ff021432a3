"""A company whose tables are behind a Spark Connect server: one line in the settings, and DuckDB's numbers."""

import subprocess
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.errors import CrmkitError
from crmkit.features.snapshot import snapshot
from crmkit.settings import parse_settings
from tests.engines.conftest import THROUGH, not_here
from tests.engines.test_engines import assert_same, numbers_of_each_kind

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(stored):
    """The address of a server with the sample company; skipped with the reason where Spark or Java is missing."""
    try:
        from tests.engines.spark_server import running_spark

        tables = {file.stem: file for file in sorted(stored.iterdir())}
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder, running_spark(Path(folder), tables) as running:
            yield running
    except (ImportError, OSError, subprocess.SubprocessError) as missing:
        not_here(f"no Spark Connect: {missing}")


@pytest.fixture(scope="module")
def company(url):
    return connect(settings=parse_settings(THROUGH | {"database": {"url": url}}))


def test_the_tables_are_found_and_named(company, clean):
    assert sorted(company.names) == sorted(clean.names)
    assert company.provenance["database"] == "Spark at 127.0.0.1, schema default, Spark"


def test_every_kind_of_metric_is_equal_to_a_billionth(company, expected):
    of_duckdb = expected(numbers_of_each_kind, "2026-08..2026-09", "country")
    assert_same(
        numbers_of_each_kind(company, "2026-08..2026-09", "country"), of_duckdb, ["metric", "period", "country"]
    )


def test_features_are_equal_to_a_billionth(company, expected):
    found, of_duckdb = snapshot(company, date(2026, 6, 30)), expected(snapshot, date(2026, 6, 30))
    assert_same(found.reset_index(), of_duckdb.reset_index(), ["customer_id"])


def test_what_is_wrong_with_rows_is_counted_there(company, clean):
    counts = company.report.counts
    assert {name: count.n_kept for name, count in counts.items()} == {
        name: int(clean.table(name).count().execute()) for name in clean.names
    }


def test_a_server_that_does_not_answer_is_said(monkeypatch):
    monkeypatch.setenv("CRMKIT_DATABASE_PASSWORD", "hunter2")
    with pytest.raises(CrmkitError, match="Spark at 127.0.0.1 cannot be opened: ") as refused:
        connect(settings=parse_settings({"database": {"url": "sc://127.0.0.1:1"}}))
    assert "hunter2" not in str(refused.value)
