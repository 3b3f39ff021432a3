"""In an ASCII locale, and on a console of Western Europe, everything is read and the nearest letters are printed."""

import json
import os
import subprocess
import sys

import pytest

SETTINGS = '[company]\nname = "Käse & Søn"\ncurrency = "EUR"\ntime_zone = "UTC"\n'
ORDERS = "order_id,ordered_at,revenue,channel\n" + "".join(
    f"{n},2026-09-{n:02d},5,{'Straße' if n % 2 else 'Łódź'}\n" for n in range(1, 29)
)
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
WINDOWS = {"PYTHONIOENCODING": "cp1252"}


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ascii")
    (folder / "exports").mkdir()
    (folder / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "exports" / "bestellungen_märz.csv").write_text(ORDERS, encoding="utf-8")
    (folder / "crmkit.toml").write_text(
        SETTINGS + '[files.maerz]\npath = "bestellungen_märz.csv"\n[tables.orders]\nfile = "maerz"\n', encoding="utf-8"
    )
    return folder


def run(environment, *arguments):
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}
    return subprocess.run(
        [sys.executable, "-m", "crmkit", *map(str, arguments)],
        capture_output=True,
        env=known | environment,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="locales are named otherwise there")
def test_files_and_cells_with_other_letters_are_loaded_in_an_ascii_locale(firm):
    loaded = run(ASCII, "load", firm, "--fresh")
    assert loaded.returncode == 0 and b"orders: 28 rows in, 28 kept" in loaded.stdout, loaded.stderr
    shown = run(ASCII, "metrics", "revenue", "--by", "channel", "--period", "2026-09", "--settings", firm)
    assert shown.returncode == 0 and shown.stdout.isascii()
    assert b"Strasse" in shown.stdout and b"Lodz" in shown.stdout and b"EUR70" in shown.stdout
    told = run(
        ASCII, "metrics", "revenue", "--by", "channel", "--period", "2026-09", "--format", "json", "--settings", firm
    )
    assert {row["channel"] for row in json.loads(told.stdout)} == {"Straße", "Łódź"}


def test_a_console_of_western_europe_gets_the_letters_that_it_has(firm):
    assert run({}, "load", firm, "--fresh").returncode == 0
    shown = run(WINDOWS, "metrics", "revenue", "--by", "channel", "--period", "2026-09", "--settings", firm)
    text = shown.stdout.decode("cp1252")
    assert "Straße" in text and "Lódz" in text and "€70" in text


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
def test_a_file_name_that_is_no_text_is_told(tmp_path):
    (tmp_path / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "exports").mkdir()
    with open(os.fsencode(tmp_path) + b"/exports/gr\xf6\xdfe.csv", "w") as opened:
        opened.write("a,b\n1,2\n")
    for command in (("load", tmp_path), ("map", tmp_path / "exports")):
        told = run({}, *command)
        assert told.returncode == 2 and b"hold bytes that are no letters: gr??e.csv. Rename them." in told.stderr, (
            told.stderr
        )
