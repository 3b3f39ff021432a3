"""The SQL of a settings file reads the export files and nothing else, and cannot hang or flood a load."""

import duckdb
import pytest

from crmkit.errors import CrmkitError
from crmkit.sources.mapping_sql import make_table

ROWS = {"shop": "SELECT * FROM (VALUES ('1', '2026-10-01', '5'), ('2', '2026-10-02', '6')) t(id, day, total)"}


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE customer_identities (email VARCHAR); SET VARIABLE secret = 'key'")
        yield con


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id AS order_id, day AS ordered_at, total AS revenue FROM shop",
        "FROM shop SELECT id, day, total",
        "WITH s AS (SELECT * FROM Shop) SELECT id, day, total FROM s;",
        "SELECT id, day, total FROM shop WHERE total IN (SELECT max(total) FROM shop) OR id = '1'",
        "SELECT id, timezone('Europe/Berlin', day::TIMESTAMP), total FROM shop -- local time",
        "SELECT id, day, total FROM shop QUALIFY row_number() OVER (PARTITION BY id ORDER BY day) = 1",
        "SELECT id, day, unnest([total]) FROM shop",
        "SELECT id, day, 'EUR' FROM shop UNION ALL SELECT 'x', NULL, NULL FROM range(0)",
    ],
)
def test_a_select_over_the_files_runs(con, sql):
    make_table(con, "made", sql, ROWS)
    assert con.execute("SELECT count(*) FROM made").fetchone() == (2,)
    assert len(con.execute("DESCRIBE made").fetchall()) == 3


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM 'secret.csv'", "it reads 'secret.csv', which is no export file"),
        ("SELECT * FROM read_text('secret.txt')", r"it reads 'read_text\(\)'"),
        ("SELECT id, (SELECT content FROM read_text('secret.txt')) FROM shop", r"it reads 'read_text\(\)'"),
        ("SELECT id FROM shop WHERE id IN (SELECT file FROM glob('*'))", r"it reads 'glob\(\)'"),
        ("WITH s AS (FROM read_blob('secret.txt')) FROM s", r"it reads 'read_blob\(\)'"),
        ("SELECT * FROM customer_identities", "it reads 'customer_identities'"),
        ("SELECT * FROM shoop", "Did you mean 'shop'?"),
        ("SELECT * FROM information_schema.tables", "it reads 'information_schema.tables'"),
        ("SELECT * FROM duckdb_secrets()", r"it reads 'duckdb_secrets\(\)'"),
        ("SELECT * FROM query('FROM read_text(''secret.txt'')')", r"it reads 'query\(\)'"),
        ("COPY shop TO 'secret.csv'", "it must be one SELECT, and is COPY"),
        ("ATTACH 'secret.db'", "it must be one SELECT, and is ATTACH"),
        ("SELECT * FROM shop; COPY shop TO 'x.csv'", "it must be one SELECT, and is SELECT and COPY"),
        ("CREATE TABLE x AS FROM shop", "it must be one SELECT, and is CREATE"),
        ("SET enable_external_access = true", "it must be one SELECT, and is SET"),
        ("INSTALL httpfs", "it must be one SELECT, and is LOAD"),
        ("PRAGMA database_list", "it must be one SELECT"),
        ("EXPLAIN SELECT * FROM shop", "it must be one SELECT"),
        ("", "it must be one SELECT, and is empty"),
        ("SELECT idd FROM shop", "it cannot run: Referenced column"),
        ("SELEKT * FROM shop", "it cannot run: syntax error"),
    ],
)
def test_anything_else_is_refused_with_the_reason(con, tmp_path, monkeypatch, sql, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("password")
    (tmp_path / "secret.csv").write_text("a\npassword\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CrmkitError, match=reason):
        make_table(con, "made", sql, ROWS)
    assert sorted(tmp_path.iterdir()) == before
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'made'").fetchone() == (0,)


def test_a_variable_of_the_load_cannot_be_read(con):
    make_table(con, "made", "SELECT getvariable('secret') AS it FROM shop", ROWS)
    assert con.execute("SELECT DISTINCT it FROM made").fetchall() == [(None,)]


def test_a_query_that_takes_too_long_is_ended(con):
    endless = "SELECT count(*) FROM range(100_000_000) a, range(100_000) b WHERE a.range % 7 = b.range % 3"
    with pytest.raises(CrmkitError, match="it was stopped after 1 seconds"):
        make_table(con, "made", endless, {}, longest=1)


def test_a_join_that_makes_too_many_rows_is_ended(con):
    with pytest.raises(CrmkitError, match="it makes more than 1,000,000 rows"):
        make_table(con, "made", "SELECT a.range FROM range(100_000) a, range(100_000) b", {})
