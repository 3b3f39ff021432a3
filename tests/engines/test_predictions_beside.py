"""Predictions made from a server are kept beside the settings, and its queries join them; nothing is made on the server."""

import pytest

import crmkit as ck
from crmkit.cleaning.loading.connect import connect
from crmkit.errors import CrmkitError, Problems
from crmkit.predictions.runner.store import read_predictions
from crmkit.settings import parse_settings
from crmkit.sources.databases import beside
from crmkit.sources.sample import sample_company
from crmkit.tables.caching.moment import one_moment
from tests.engines.postgres_server import PASSWORD

DAY = "2026-09-30"
SETTINGS = '[data]\nthrough = 2026-10-31\n[database]\nurl = "{}"\nschema = "beside"\n'


@pytest.fixture(scope="module")
def tables():
    return sample_company(n_customers=80, months=14).tables


@pytest.fixture(scope="module")
def small(server, tables):
    """The address of a server that has these tables."""
    clean = connect(tables)
    server.store("beside", {name: clean.table(name).to_pyarrow() for name in clean.names})
    return server.url()


@pytest.fixture
def folder(small, password, tmp_path):
    (tmp_path / "crmkit.toml").write_text(SETTINGS.format(small))
    return tmp_path


def test_segments_values_and_moods_made_from_postgresql_are_read_by_its_cards(folder, tables):
    made = ck.predict(ck.connect(folder), DAY, only=["rfm", "value", "sentiment"])
    assert set(made["status"]) == {"made"}
    catalog = ck.connect(folder)
    of_frames = ck.with_predictions(
        ck.connect(tables, ck.Settings(data={"through": "2026-10-31"})), DAY, only=["rfm", "value", "sentiment"]
    )
    for name in ("segment_assignments", "customer_scores", "text_sentiments"):
        assert sorted(catalog.frame(name).columns) == sorted(read_predictions(folder / "store", name).columns)
    asked = [
        ("revenue", "2026-10", "segment"),
        ("active_customers", "2026-10", "segment"),
        ("residual_value", "2026-09", None),
    ]
    for metric, period, by in asked:
        found, expected = (ck.evaluate(each, metric, period, by=by) for each in (catalog, of_frames))
        assert found["value"].tolist() == pytest.approx(expected["value"].tolist(), rel=1e-9, nan_ok=True)
        assert found["value"].notna().any()


def test_what_a_run_has_computed_is_kept_until_its_end(folder, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with one_moment():
        ck.predict(folder, DAY, only=["value"])
        (kept,) = (tmp_path / "temporary").glob("crmkit-*")
        assert ck.connect(folder).cache.folder == kept and len(list(kept.glob("*.parquet"))) > 3
        assert kept.stat().st_mode & 0o077 == 0
    assert not kept.exists() and ck.connect(folder).cache is None


def test_more_predictions_than_a_session_takes_are_told(folder, monkeypatch):
    ck.predict(folder, DAY, only=["rfm"])
    monkeypatch.setattr(beside, "MOST_ROWS", 10)
    catalog = ck.connect(folder)
    assert "segment_assignments" not in catalog.names
    (hint,) = catalog.provenance["hints"]
    assert hint.startswith("segment_assignments: ") and "10 at most are joined on postgres" in hint


def test_predictions_are_written_into_the_schema_that_the_settings_name(folder, server, small):
    (folder / "crmkit.toml").write_text(SETTINGS.format(small) + 'results = "crmkit_results"\n')
    with pytest.raises(
        CrmkitError, match="but not in schema crmkit_results .*GRANT USAGE, CREATE ON SCHEMA"
    ) as refused:
        ck.predict(folder, DAY, only=["rfm"])
    assert PASSWORD not in str(refused.value)
    with server.owner() as con:
        con.execute("CREATE SCHEMA crmkit_results")
        con.execute("GRANT USAGE, CREATE ON SCHEMA crmkit_results TO analyst")
    for day in (DAY, "2026-10-31"):
        ck.predict(folder, day, only=["rfm"])
    kept = read_predictions(folder / "store", "segment_assignments")
    with server.owner() as con:
        found = con.execute("SELECT customer_id, as_of, segment FROM crmkit_results.segment_assignments").fetchall()
    assert sorted(found) == sorted(kept[["customer_id", "as_of", "segment"]].itertuples(index=False, name=None))
    assert {day.isoformat() for _, day, _ in found} == {DAY, "2026-10-31"}


def test_results_in_a_database_that_is_only_read_are_refused_at_once():
    with pytest.raises(Problems, match="results: predictions are written into PostgreSQL alone, and this is DuckDB"):
        parse_settings({"database": {"url": "duckdb:///shop.duckdb", "results": "crmkit"}})
