"""The store is whole at any moment, keeps what others wrote into it, and keeps personal data to its owner."""

import json
import os
import re
import stat
import subprocess
import sys
import textwrap
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import CrmkitError
from crmkit.settings import parse_settings
from crmkit.sources.store import store as store_writing
from crmkit.sources.store.integrity import remove_copies
from crmkit.sources.store.store import found_store, save_table
from crmkit.sources.store.temporary_paths import MACHINE, temporary_paths_of

ORDERS = "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-02,6\n"
MORE_ORDERS = ORDERS + "3,2026-10-03,7\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_manifest_says_what_was_loaded(company):
    settings = company({"orders.csv": ORDERS + "4,never,1\n"})
    report = load(settings)
    manifest = json.loads((settings.path("store") / "manifest.json").read_text())
    assert manifest["files"] == [
        {"file": "orders.csv", "sha256": manifest["files"][0]["sha256"], "n_rows": 3, "layout": "crmkit"}
    ]
    others = {"n_folded": 0, "n_ignored": 0, "n_split": 0}
    assert manifest["tables"] == {"orders": {"n_in": 3, "n_kept": 2, "n_merged": 0, "n_aside": 1, **others}}
    assert manifest["data_through"] == "2026-10-02"
    assert [finding["finding"] for finding in manifest["findings"]] == ["ordered_at cannot be read as a time"]
    assert {"crmkit", "loaded_at", "input_sha256", "settings_sha256", "schema_version"} <= manifest.keys()
    assert report.store == str(settings.path("store"))


def test_the_same_files_give_the_same_hash_and_other_ones_another(company):
    hashes = []
    for text in (ORDERS, ORDERS, MORE_ORDERS):
        settings = company({"orders.csv": text})
        load(settings)
        hashes.append(connect(settings=settings).provenance["input_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_check_writes_nothing(company, tmp_path):
    settings = company({"orders.csv": ORDERS})
    before = contents(tmp_path)
    assert check(settings).counts["orders"].n_kept == 2
    assert contents(tmp_path) == before


@pytest.mark.parametrize("failing", ["write_table", "write_manifest", "_copy_other_tables", "_swap"])
def test_a_load_that_fails_while_writing_leaves_the_old_store_as_it_was(company, monkeypatch, failing):
    load(company({"orders.csv": ORDERS}))
    settings = company({"orders.csv": MORE_ORDERS})
    before = contents(settings.path("store"))

    def broken(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_writing, failing, broken)
    monkeypatch.setattr("crmkit.cleaning.loading.load." + failing, broken, raising=False)
    with pytest.raises(CrmkitError, match="cannot be written: No space left on device"):
        load(settings)
    assert contents(settings.path("store")) == before
    assert temporary_paths_of(settings.path("store"), "tmp") == temporary_paths_of(settings.path("store"), "old") == []


@pytest.mark.parametrize("fatal", ["shutil.copy2", "pathlib.Path.rename", "shutil.rmtree"])
def test_a_load_that_is_killed_leaves_a_whole_store(company, tmp_path, fatal):
    settings = company({"orders.csv": ORDERS})
    load(settings)
    save_table(settings.path("store"), "customer_scores", pd.DataFrame({"customer_id": ["c1"]}))
    company({"orders.csv": MORE_ORDERS})
    script = f"""
        import os, pathlib, shutil, sys
        from crmkit.cleaning.loading.load import load
        from crmkit.settings import parse_settings
        calls = []
        original = {fatal}
        def deadly(*arguments, **options):
            calls.append(1)
            if {fatal!r} != "pathlib.Path.rename":
                os._exit(9)
            original(*arguments, **options)
            os._exit(9)  # the old store is moved away and the new one not in its place yet
        {fatal} = deadly
        load(parse_settings({{}}, folder=pathlib.Path({str(tmp_path)!r})))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=Path(__file__).parents[3])
    assert killed.returncode == 9
    n_orders = len(connect(found_store(settings.path("store"))).frame("orders"))
    assert n_orders == (3 if fatal == "shutil.rmtree" else 2)
    load(settings)
    assert len(connect(settings=settings).frame("orders")) == 3
    assert len(connect(settings=settings).frame("customer_scores")) == 1
    assert temporary_paths_of(settings.path("store"), "old") == []


@pytest.fixture(scope="module")
def ended() -> int:
    """Number of a program that has ended."""
    program = subprocess.Popen([sys.executable, "-c", ""])
    program.wait()
    return program.pid


def test_what_a_program_that_has_ended_left_unfinished_is_removed_at_once(company, tmp_path, ended):
    settings = company({"orders.csv": ORDERS})
    (tmp_path / f"store.tmp-{MACHINE}-{ended}").mkdir()
    (tmp_path / f"store.key.tmp-{MACHINE}-{ended}").write_text("half a k")
    (tmp_path / "store.tmp-of-mine").mkdir()
    load(settings)
    assert not list(tmp_path.glob("store.key.tmp-*"))
    assert [path.name for path in temporary_paths_of(settings.path("store"), "tmp")] == ["store.tmp-of-mine"]


def test_while_another_program_writes_the_store_a_load_waits_for_its_turn_and_says_so(company, tmp_path):
    settings = company({"orders.csv": ORDERS})
    (tmp_path / f"store.tmp-{MACHINE}-{os.getppid()}").mkdir()
    with pytest.raises(
        CrmkitError, match="Another program is writing the store .*Run it again when that one has ended"
    ):
        load(settings)
    os.utime(
        tmp_path / f"store.tmp-{MACHINE}-{os.getppid()}", (0, time.time() - 3600)
    )  # the number is another's by now
    load(settings)
    assert len(connect(settings=settings).frame("orders")) == 2


def test_predictions_stay_when_the_exports_are_loaded_again(company):
    settings = company({"orders.csv": ORDERS, "leads.csv": "lead_id,created_at\nl,2026-10-01\n"})
    load(settings)
    scores = pd.DataFrame(
        {"customer_id": ["c1"], "as_of": [date(2026, 10, 1)], "model": ["churn"], "model_version": ["1"]}
    )
    save_table(settings.path("store"), "customer_scores", scores)
    (settings.path("store") / "models").mkdir()
    (settings.path("store") / "models" / "churn.json").write_text("{}")
    (settings.path("exports") / "leads.csv").unlink()
    load(settings)
    catalog = connect(settings=settings)
    assert catalog.names == ["orders", "customer_scores"]
    assert catalog.frame("customer_scores").model.tolist() == ["churn"]
    assert (settings.path("store") / "models" / "churn.json").is_file()


def test_a_folder_with_other_things_in_it_is_never_replaced(company, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"x")
    settings = company({"orders.csv": ORDERS}, data={"store": "photos"})
    with pytest.raises(CrmkitError, match="holds other things than a store"):
        load(settings)
    assert (tmp_path / "photos" / "cat.jpg").is_file()


PEOPLE = (
    "customer_id,name,email,birth_date\nc1,Ada Byron,ada@example.org,1815-12-10\nc2,Bob,bob@example.org,1985-01-02\n"
    "c2,Robert,rob@example.org,1985-01-02\n,Nobody,no@example.org,\n"
)


def test_rows_set_aside_may_hold_anybody_and_only_their_owner_can_read_them(company):
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,ada@example.org,6\n"})
    load(settings)
    file = settings.path("store") / "aside" / "orders.parquet"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_personal_data_lies_apart_and_only_its_owner_can_read_it(company):
    settings = company({"customer_identities.csv": PEOPLE, "customers.csv": "customer_id\nc1\nc2\n"})
    load(settings)
    file = settings.path("store") / "personal" / "customer_identities.parquet"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert connect(settings=settings).names == ["customers"]
    people = connect(settings=settings, personal=True).frame("customer_identities")
    assert people.customer_id.tolist() == ["c1", "c2"]


def test_personal_data_is_nowhere_else_in_the_store(company):
    settings = company({"customer_identities.csv": PEOPLE, "customers.csv": "customer_id,name\nc1,Ada Byron\n,Bob\n"})
    load(settings)
    store = settings.path("store")
    aside = pd.read_parquet(store / "aside" / "customer_identities.parquet")
    assert aside[["file", "line", "reason"]].values.tolist() == [
        ["customer_identities.csv", 4, "customer_id came before with other content"],
        ["customer_identities.csv", 5, "customer_id is missing"],
    ]
    assert aside.row.isna().all()
    elsewhere = pd.concat([pd.read_parquet(path) for path in [*store.glob("*.parquet"), *(store / "aside").glob("*")]])
    manifest = re.sub("[0-9a-f]{32,}", "", (store / "manifest.json").read_text())  # a hash may hold any four digits
    told = elsewhere.to_csv() + manifest
    assert not any(secret in told for secret in ("Ada", "Bob", "Robert", "example.org", "1815", "Nobody"))


def test_a_store_of_another_version_is_refused_and_written_anew_by_a_load(company):
    settings = company({"orders.csv": ORDERS})
    load(settings)
    manifest = settings.path("store") / "manifest.json"
    for content in ('{"schema_version": 99, "tables": {}}', "{", "[]"):
        manifest.write_text(content)
        remove_copies(manifest)
        with pytest.raises(CrmkitError, match="Run `crmkit load` to write it anew"):
            connect(settings=settings)
        load(settings)
        assert len(connect(settings=settings).frame("orders")) == 2


@pytest.mark.parametrize("name", ["it's [1] a*b?", "run=3", 'Größe "XL"'])
def test_the_name_of_a_folder_plays_no_part(tmp_path, name):
    exports = tmp_path / name / "exports"
    exports.mkdir(parents=True)
    rows = {"order_id": ["1", "2", "3"], "ordered_at": ["2026-10-01", "2026-10-02", None], "revenue": [5, 6, 7]}
    pd.DataFrame(rows).to_parquet(exports / "orders.parquet")
    settings = parse_settings({}, folder=tmp_path / name)
    assert load(settings).findings[0].finding == "ordered_at is missing"
    assert connect(settings=settings).frame("orders").columns.tolist() == ["order_id", "ordered_at", "revenue"]
    assert quarantined_rows(settings.path("store"), "orders").columns.tolist() == ["file", "line", "reason", "row"]


def test_two_readers_and_a_writer_do_not_lock_each_other_out(company):
    settings = company({"orders.csv": ORDERS})
    load(settings)
    readers = [connect(settings=settings) for _ in range(2)]
    assert [len(reader.frame("orders")) for reader in readers] == [2, 2]
    load(company({"orders.csv": MORE_ORDERS}))
    assert len(connect(settings=settings).frame("orders")) == 3
