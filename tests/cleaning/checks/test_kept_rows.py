"""Many rows are kept in a file, and few in a table: the store is the same."""

import duckdb
import pytest

from crmkit.cleaning.checks import kept_rows
from crmkit.cleaning.loading import load as loading
from crmkit.settings import parse_settings

CUSTOMERS = "customer_id,acquired_at,channel,country\n" + "".join(f"c{n},2025-01-0{n},Shop,DE\n" for n in range(1, 6))
ORDERS = "order_id,ordered_at,revenue,customer_id,channel,margin,payment\n" + "".join(
    f"o{n},2026-01-{n:02d} 10:00:00,{n}.5,c{n % 5 + 1},Web,{n}.25,card\n" for n in range(1, 25)
)
LATER = ORDERS.split("\n", 1)[0] + "\n" + "".join(f"p{n},2026-02-{n:02d},{n}.5,c1,Web,1.5,\n" for n in range(1, 9))
FILES = {
    "sound": {"orders.csv": ORDERS},
    "two files": {"orders.csv": ORDERS, "orders_2.csv": LATER},
    "two files with a repeated order": {"orders.csv": ORDERS, "orders_2.csv": LATER + ORDERS.split("\n")[9] + "\n"},
    "a blank line": {"orders.csv": ORDERS.replace("o9,", "\no9,")},
    "a total": {"orders.csv": ORDERS + f"Total,,{sum(range(1, 25)) + 12}.00,,,,\n"},
    "blanks and apostrophes": {
        "orders.csv": ORDERS.replace("o3,", " o3 ,").replace("o4,", "'4,").replace("Web", "Web  shop")
    },
    "letters beyond ASCII": {"orders.csv": ORDERS.replace("Web", "Büro\u200b").replace("o5,", "Ö5\u00a0,")},
    "words for nothing": {"orders.csv": ORDERS.replace("c2,", "N/A,").replace(",card", ",-")},
    "ids with decimals": {"orders.csv": ORDERS.replace("\no", "\n").replace(",2026-01-", ".0,2026-01-")},
    "an amount that is none": {"orders.csv": ORDERS.replace(",7.5,", ",seven,")},
    "a margin that is none": {"orders.csv": ORDERS.replace(",7.25,", ",seven,")},
    "a day after the end": {"orders.csv": ORDERS.replace("2026-01-09", "2027-01-09")},
    "two spellings": {"orders.csv": ORDERS.replace("5,Web", "5,WEB")},
    "a repeated id": {"orders.csv": ORDERS.replace("o8,", "o9,")},
}


def loaded(folder, files):
    (folder / "exports").mkdir(parents=True)
    for name, text in ({"customers.csv": CUSTOMERS} | files).items():
        (folder / "exports" / name).write_text(text, encoding="utf-8")
    settings = parse_settings(
        {
            "data": {"through": "2026-12-31"},
            "files": {"orders": {"path": "orders*.csv"}},
            "tables": {"orders": {"file": "orders"}},
        },
        folder=folder,
    )
    report = loading.load(settings)
    tables = {
        file.name: duckdb.sql(f"SELECT * FROM '{file}'").fetchall()
        for file in sorted((folder / "store").glob("**/*.parquet"))
    }
    return tables, report.counts, sorted(map(str, report.findings))


@pytest.mark.parametrize("kind", FILES)
def test_rows_kept_in_a_file_make_the_store_that_rows_in_a_table_make(kind, tmp_path, monkeypatch):
    in_tables = loaded(tmp_path / "few", FILES[kind])
    monkeypatch.setattr(kept_rows, "MANY", 1)
    assert loaded(tmp_path / "many", FILES[kind]) == in_tables
    assert in_tables[1]["orders"].n_in >= 24


@pytest.mark.parametrize(("kind", "written_once"), [("sound", 2), ("two files", 2), ("an amount that is none", 1)])
def test_the_file_of_sound_rows_becomes_that_of_the_store(kind, written_once, tmp_path, monkeypatch):
    copied = []

    def noted(con, relation):
        file = kept_rows.file_of_rows(con, relation)
        copied.append(file)
        return file

    monkeypatch.setattr(kept_rows, "MANY", 1)
    monkeypatch.setattr(loading, "file_of_rows", noted)
    loaded(tmp_path, FILES[kind])
    assert sum(file is not None for file in copied) == written_once
