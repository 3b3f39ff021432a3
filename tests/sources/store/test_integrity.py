"""Damage to any file of the store is found before a number is read; a load or a second copy mends it."""

import json
import random
import shutil
from pathlib import Path

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.duplicates.state import read_state
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import CrmkitError, RestoredFile
from crmkit.settings import read_settings
from crmkit.sources.store.integrity import COPY
from crmkit.sources.store.keys import find_key, key_file, record_forgotten
from crmkit.sources.store.store import read_loads, save_table

ORDERS = "order_id,ordered_at,revenue,customer_id\n" + "".join(
    f"{n},2026-10-{n % 28 + 1:02d},{n}.5,c{n % 7}\n" for n in range(1, 41)
)
PEOPLE = "customer_id,name,email\n" + "".join(f"c{n},Ada {n},ada{n}@example.org\n" for n in range(7))
SCORES = pd.DataFrame(
    {"customer_id": ["c1", "c2"], "as_of": ["2026-10-31"] * 2, "model": "churn", "value": [0.25, 0.5]}
)
FLIPS = 12  # of the 400 of benchmarks/flipped_bits.py


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """Return the folder of a company with loaded tables, rows set aside, people, predictions and an answer about a pair."""
    return made(tmp_path_factory.mktemp("kaldi") / "kaldi")


@pytest.fixture
def folder(loaded, tmp_path) -> Path:
    """Return a copy of that folder."""
    return shutil.copytree(loaded, tmp_path / "kaldi")


def made(folder: Path) -> Path:
    """Write and load that company into a folder."""
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "orders.csv").write_text(ORDERS + "41,never,1,c1\n")
    (folder / "exports" / "customer_identities.csv").write_text(PEOPLE)
    (folder / "crmkit.toml").write_text('[company]\nname = "Kaldi"\n')
    (folder / "duplicates.csv").write_text("pair,answer,customer_id,other_id\n,different,c1,c2\n")
    settings = read_settings(folder)
    record_forgotten(settings, ["0" * 64], finished=True)
    load(settings)
    save_table(folder / "store", "customer_scores", SCORES)
    return folder


def numbers(folder: Path) -> tuple:
    """Return all that a reader can see of a store."""
    settings = read_settings(folder)
    catalog = ck.connect(folder, personal=True)
    known = {key: value for key, value in catalog.provenance.items() if key != "loaded_at"}
    frames = [catalog.frame(name).sort_values(list(catalog.frame(name))).to_csv() for name in sorted(catalog.names)]
    answers = read_state(folder / "store").answers[["customer_id", "other_id", "answer"]].to_csv()
    aside = quarantined_rows(folder / "store", "orders").to_csv()
    return json.dumps(known, default=str), frames, answers, aside, find_key(settings), len(read_loads(folder / "store"))


def flip(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position // 8 % len(content)] ^= 1 << position % 8
    file.write_bytes(content)


def files_of(folder: Path) -> list[Path]:
    inside = [path for path in (folder / "store").rglob("*") if path.is_file()]
    return sorted(
        f for f in [*inside, *folder.glob("store.key*"), *folder.glob("store.forgotten*")] if f.stat().st_size
    )


DAMAGE = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "missing": lambda file: file.unlink(),
    "other": lambda file: file.write_bytes(Path(__file__).read_bytes()),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.filterwarnings("ignore::crmkit.errors.RestoredFile")
def test_twelve_flipped_bits_change_no_number(folder):
    chance, before = random.Random(15), numbers(folder)
    n_refused = 0
    for _ in range(FLIPS):
        file = chance.choice(files_of(folder))
        flip(file, chance.randrange(8 * file.stat().st_size))
        try:
            assert numbers(folder) == before, file
        except CrmkitError as refused:
            n_refused += 1
            assert file.name in str(refused) and "Run `crmkit load`" in str(refused)
            repaired = load(read_settings(folder))
            assert repaired.loaded_at is None
            assert any("the store was damaged" in hint and file.name in hint for hint in repaired.hints)
            again = numbers(folder)
            assert again[1:5] == before[1:5]
            before = again  # the history of loads has one more
    assert n_refused >= 2


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_table_that_is_damaged_is_named_and_a_load_writes_it_anew(folder, kind):
    before = numbers(folder)
    DAMAGE[kind](folder / "store" / "orders.parquet")
    with pytest.raises(CrmkitError, match=r"is damaged: orders\.parquet .*Run `crmkit load`"):
        ck.connect(folder)
    assert load(read_settings(folder)).loaded_at is None
    assert numbers(folder)[1:5] == before[1:5]


@pytest.mark.parametrize(
    "name",
    [
        "store/customer_scores.parquet",
        "store/people/answers.parquet",
        "store/loads.json",
        "store/manifest.json",
        "store.key",
        "store.forgotten",
    ],
)
def test_what_no_export_can_rebuild_is_restored_from_its_second_copy(folder, name):
    before = numbers(folder)
    for kind in ("cut", "empty", "missing", "other"):
        DAMAGE[kind](folder / name)
        with pytest.warns(RestoredFile, match=f"{Path(name).name} was .*restored from its second copy"):
            assert numbers(folder) == before
    DAMAGE["cut"](folder / name)
    with pytest.warns(RestoredFile):
        assert load(read_settings(folder)).loaded_at


def test_a_damaged_copy_changes_nothing_and_the_next_load_renews_it(folder):
    before = numbers(folder)
    (copy,) = (folder / "store").glob(f"customer_scores.parquet{COPY}*")
    flip(copy, 999)
    assert numbers(folder) == before
    load(read_settings(folder), fresh=True)
    (folder / "store" / "customer_scores.parquet").unlink()
    with pytest.warns(RestoredFile):
        assert numbers(folder)[1] == before[1]


def test_both_copies_damaged_stop_every_command_until_they_are_deleted(folder):
    for file in [*(folder / "store").glob("customer_scores*")]:
        flip(file, 999)
    for command in (ck.connect, lambda of: load(read_settings(of)), lambda of: load(read_settings(of), fresh=True)):
        with pytest.raises(CrmkitError, match=r"customer_scores\.parquet.*put them back from a backup"):
            command(folder)
    for file in [*(folder / "store").glob("customer_scores*")]:
        file.unlink()
    load(read_settings(folder))
    assert "customer_scores" not in ck.connect(folder).names


def test_two_tables_exchanged_are_found(folder):
    store = folder / "store"
    one, other = store / "orders.parquet", store / "personal" / "customer_identities.parquet"
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    with pytest.raises(CrmkitError, match=r"orders\.parquet has changed.*customer_identities\.parquet has changed"):
        ck.connect(folder)


def test_a_new_prediction_replaces_both_copies(folder):
    save_table(folder / "store", "customer_scores", SCORES.assign(value=0.75))
    assert len(list((folder / "store").glob("customer_scores*"))) == 2
    (folder / "store" / "customer_scores.parquet").unlink()
    with pytest.warns(RestoredFile):
        assert ck.connect(folder).frame("customer_scores")["value"].tolist() == [0.75, 0.75]


def test_a_program_killed_between_the_two_copies_leaves_the_old_rows(folder, monkeypatch):
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr("crmkit.sources.store.integrity.os.replace", _only_copies)
        save_table(folder / "store", "customer_scores", SCORES.assign(value=0.75))
    assert ck.connect(folder).frame("customer_scores")["value"].tolist() == [0.25, 0.5]


def test_the_whole_store_is_readable_by_its_owner_only(folder):
    load(read_settings(folder), fresh=True)
    store = folder / "store"
    for path in [store, *store.rglob("*"), key_file(read_settings(folder))]:
        assert path.stat().st_mode & 0o077 == 0, path


def _only_copies(source: Path, target: Path) -> None:
    if COPY not in target.name:
        raise KeyboardInterrupt
    Path(source).rename(target)
