"""A CSV file gives the same rows whether DuckDB reads it in parallel or it is read cell by cell."""

import random
from contextlib import closing
from pathlib import Path

import pytest

from crmkit.cleaning.checks import kept_rows
from crmkit.cleaning.loading.load import load
from crmkit.settings import FileMapping, read_settings
from crmkit.sources.files import fast_csv, raw_files
from crmkit.sources.files.fast_csv import fast_rows
from crmkit.sources.files.layout import Layout
from crmkit.sources.files.read import read_csv, table_start
from crmkit.sources.sql import ROW, open_duckdb, working_duckdb

DIALECT = FileMapping(path="")
PIECES = 'a b " "" é \ufeff \' # \\ 0 NULL x_y "q" "q,r" " " , \u2028 \x0b \x85 \t'.split(" ")


def rows_of(con, path):
    """Return the rows read in parallel, None if that is not safe."""
    con.execute("DROP TABLE IF EXISTS raw")
    start = table_start(path, DIALECT, Layout())
    rows = start and fast_rows(con, path, start, "raw")
    return rows and con.execute(f"{rows} ORDER BY {ROW}").fetchall()


def careful_rows_of(path):
    """Return the rows read cell by cell, with the lines that are no rows."""
    text = read_csv(path, DIALECT)
    return list(zip(*(column.to_pylist() for column in text.cells.columns), strict=True)), text.bad_lines


@pytest.mark.parametrize(
    ("content", "n_rows"),
    [
        ("id,total\n1,2.50\n2,\n", 2),
        ("\ufeffid,total\r\n1,2.50\r\n2,3", 2),
        ('id;"to;tal"\n1;"a;b"\n2;"say ""hi"""\n3;""\n', 3),
        ("Orders\n\nid,total\n\n1,2\n2,3\n\n\n", 2),
        ("sep=;\nid;total\n1;é\n", 1),
    ],
)
def test_well_formed_lines_are_rows_with_their_lines(tmp_path, content, n_rows):
    file = tmp_path / "orders.csv"
    file.write_text(content, encoding="utf-8", newline="")
    with closing(open_duckdb()) as con:
        assert (rows_of(con, file), ()) == careful_rows_of(file)
        assert len(rows_of(con, file)) == n_rows


@pytest.mark.parametrize(
    "content",
    [
        "id,total\n1,2\n2\n",  # a cell too few
        "id,total\n1,2\n2,,3\n",  # too many: DuckDB would drop the 3
        'id,total\n1,"2\n3"\n2,4\n',  # a line break in a cell
        'id,total\n1, "2"\n',  # DuckDB would drop the space
        'id,total\n1,"2" "3,4"\n',  # DuckDB would make one cell of it
        "id,total\n1,2\n\n2,4\n",
        "id,total\r1,2\r2,4\r",
        "id,total\n1,2\r\n2,4\n",
        "id,total\n1,\0\n",
        "id\n1\n2\n",
    ],
)
def test_doubtful_lines_are_left_to_the_careful_reader(tmp_path, content):
    file = tmp_path / "orders.csv"
    file.write_text(content, newline="")
    with closing(open_duckdb()) as con:
        assert rows_of(con, file) is None
        assert not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'raw'").fetchall()


def test_of_600_odd_files_those_read_in_parallel_have_the_same_rows(tmp_path):
    draw, file, n_fast = random.Random(14), tmp_path / "orders.csv", 0
    with closing(open_duckdb()) as con:
        for _ in range(600):
            width, line_end = draw.choice([2, 3]), draw.choice(["\n", "\r\n"])
            lines = [",".join(_cell(draw) for _ in range(width)) for _ in range(draw.randint(1, 5))]
            header = ",".join(["first", "second", "third"][:width])
            file.write_text(line_end.join([header, *lines]) + draw.choice(["", line_end]), encoding="utf-8", newline="")
            fast = rows_of(con, file)
            if fast is not None:
                assert (fast, ()) == careful_rows_of(file), file.read_bytes()
                n_fast += 1
    assert n_fast > 100


def test_a_large_file_is_kept_on_disk_and_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(fast_csv, "_IN_MEMORY", 0)
    file = tmp_path / "orders.csv"
    file.write_text("id,total\n" + "".join(f"{n},{n % 7}\n" for n in range(130_000)))
    with working_duckdb() as con:
        rows = rows_of(con, file)
        scratch = Path(con.execute("SELECT current_setting('temp_directory')").fetchone()[0])
        assert scratch.stat().st_mode & 0o777 == 0o700
        assert [each.name for each in scratch.iterdir()] == ["raw.parquet"]
    assert not scratch.exists()
    assert (len(rows), rows[0], rows[-1]) == (130_000, ("0", "0", 2), ("129999", "2", 130_001))


def test_a_name_that_is_a_pattern_is_no_other_file(tmp_path):
    (tmp_path / "orders1.csv").write_text("id,total\n1,2\n")
    file = tmp_path / "orders[1].csv"
    file.write_text("id,total\n3,4\n")
    with closing(open_duckdb()) as con:
        assert rows_of(con, file) is None


def _cell(draw):
    return "".join(draw.choice(PIECES) if draw.random() < 0.4 else "w" for _ in range(draw.randint(0, 3)))


def _store(folder, monkeypatch, fast, on_disk):
    """Load a company; return the content of its store and the findings."""
    monkeypatch.setattr(raw_files, "FAST_FROM", 0 if fast else 10**9)
    monkeypatch.setattr(fast_csv, "_IN_MEMORY", 0 if on_disk else 1 << 24)
    monkeypatch.setattr(kept_rows, "MANY", 0 if on_disk else 10**9)
    report = load(read_settings(folder), fresh=True)
    with closing(open_duckdb()) as con:
        tables = {
            str(file.relative_to(report.store)): con.execute(f"FROM '{file}'").fetchall()
            for file in sorted(Path(report.store).rglob("*.parquet"))
        }
    return tables, report.findings, report.counts


@pytest.mark.parametrize("damage", ["", '5,2026-01-05,"7"x,c1,Ann\n', "6,2026-01-06\n", "7,2026-01-07,1,2,Ann,x\n"])
def test_all_ways_give_the_same_store_and_the_same_bad_lines(tmp_path, monkeypatch, damage):
    (tmp_path / "exports").mkdir()
    header = "order_id,ordered_at,revenue,customer_id,channel\n"
    lines = [f"{n},2026-01-{n % 28 + 1:02d},{n}.50,c{n % 9},Shop\n" for n in range(60)]
    lines[20:20] = [
        "2,2026-01-03,2.50,c2,shop\n",
        "2,2026-01-03,9.50,c2,Shop\n",
        "x,,7,c1,Web\n",
        "y,2026-01-09,much,c1,\n",
    ]
    newer = [
        "7,2026-02-05,8.50,c7,SHOP\n",
        "8,2026-01-09,8.50,c8,Shop\n",
        *(f"n{n},2026-02-01,5,c1,Shop\n" for n in range(9)),
    ]
    (tmp_path / "exports" / "orders_1.csv").write_text(header + "".join([*lines, damage]))
    (tmp_path / "exports" / "orders_2.csv").write_text(header + "".join(newer))
    settings = '[files.orders]\npath = "orders_*.csv"\nsource = "one"\n[tables.orders]\nfile = "orders"\n'
    (tmp_path / "crmkit.toml").write_text(settings)
    with monkeypatch.context() as patched:
        careful = _store(tmp_path, patched, fast=False, on_disk=False)
        assert _store(tmp_path, patched, fast=True, on_disk=False) == careful
        assert _store(tmp_path, patched, fast=True, on_disk=True) == careful
    told = " ".join(finding.finding for finding in careful[1])
    assert all(
        words in told for words in ("equal an earlier row", "came before with", "several ways", "in a newer file")
    )
