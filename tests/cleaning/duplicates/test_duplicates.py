"""A load with people who are in there twice, end to end: merged, asked for, answered, undone."""

import pandas as pd
import pytest

from crmkit.cleaning.duplicates.questions import answer_question, open_questions
from crmkit.cleaning.duplicates.review import pair_name
from crmkit.cleaning.duplicates.unmerge import merge_log, unmerge
from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.errors import CrmkitError, Problems, UnknownName
from crmkit.reporting.runner.forget import forget
from crmkit.settings import parse_settings

FIRST = "Ada Bo Cy Dora Eli Fay Gus Hana Ivo Jo".split()
LAST = "Lang Berg Roth Stein Wald Bach Feld Moor Horn Burg".split()
#: Strangers: forty names of their own, days of birth, numbers and addresses.
STRANGERS = [
    (
        f"s{n:02d}",
        f"{FIRST[n % 10]}{n} {LAST[n * 3 % 10]}au",
        f"s{n}@mail.example",
        f"0{300 + n}{n * 7919:06d}",
        f"Gasse {n}, {10_000 + 37 * n} Ort",
        f"{1950 + n}-{1 + n % 12:02d}-{1 + n % 28:02d}",
    )
    for n in range(40)
]
TWICE = [
    # Ada, for sure: name, number and day of birth. The second account is the younger one.
    ("ada2", "Ada Lang", "al@post.example", "+49 30 5551234", "Ring 9, 80331 Muenchen", "1970-03-04"),
    ("ada1", "Ada Lang", "ada.lang@firm.example", "030 555 12 34", "Hafen 5, 10115 Berlin", "1970-03-04"),
    # Bo and Bo, who are a question: one house, no date of birth.
    ("bo1", "Bo Wiesengrund", "bo.wiesengrund@post.example", "", "Markt 3, 04109 Leipzig", ""),
    ("bo2", "Bo Wiesengrund", "bo.wiesengrund@mail.example", "", "Markt 3, 04109 Leipzig", ""),
    # Three accounts in a chain that cannot be one person: one mailbox, two days of birth.
    ("cy1", "Cy Adler", "cy@adler.example", "", "", "1950-02-01"),
    ("cy2", "Cy Adler", "cy@adler.example", "", "", ""),
    ("cy3", "Cy Adler", "cy@adler.example", "", "", "1984-11-23"),
]
IDS = [person[0] for person in (*TWICE, *STRANGERS)]
BO = ("bo1", "bo2")
CHAIN = [("cy1", "cy2"), ("cy1", "cy3"), ("cy2", "cy3")]


def files():
    identities = pd.DataFrame(
        [*TWICE, *STRANGERS], columns=["customer_id", "name", "email", "phone", "address", "birth_date"]
    )
    months = pd.date_range("2024-01-01", periods=len(IDS), freq="7D").strftime("%Y-%m-%d")
    acquired = dict(zip(IDS, months, strict=True)) | {"ada1": "2023-01-01"}
    customers = pd.DataFrame({"customer_id": IDS, "acquired_at": [acquired[each] for each in IDS], "channel": "ads"})
    orders = pd.DataFrame(
        {"order_id": range(len(IDS)), "ordered_at": "2026-05-01", "revenue": range(len(IDS)), "customer_id": IDS}
    )
    mailings = pd.DataFrame({"mailing_id": "m1", "customer_id": IDS, "sent_at": "2026-06-01"})
    tables = {"customer_identities": identities, "customers": customers, "orders": orders, "mailings": mailings}
    return {f"{name}.csv": rows.to_csv(index=False) for name, rows in tables.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A company that is loaded once; the tests of this file go on from each other's state, in order."""
    path = tmp_path_factory.mktemp("twice")
    (path / "exports").mkdir()
    for name, text in files().items():
        (path / "exports" / name).write_text(text)
    return path


def company(folder, store="store", **wanted):
    sections = {"duplicates": {"file": f"{store}.csv", **wanted}, "data": {"store": store, "through": "2026-10-31"}}
    return parse_settings(sections, folder=folder)


def tables_of(settings):
    catalog = connect(settings=settings, personal=True)
    return {name: catalog.frame(name) for name in catalog.names}


@pytest.fixture(scope="module")
def loaded(folder):
    return load(company(folder))


def test_every_row_is_kept_or_merged_and_it_is_said(folder, loaded):
    for name in ("customers", "customer_identities", "mailings"):
        counts = loaded.counts[name]
        assert (counts.n_in, counts.n_kept, counts.n_merged) == (len(IDS), len(IDS) - 1, 1)
    assert loaded.counts["orders"].n_kept == len(IDS)
    assert "1 person was in there twice and is now one; `crmkit duplicates` lists them." in str(loaded)
    assert "4 pairs wait for your answer in store.csv." in str(loaded)
    tables = tables_of(company(folder))
    assert len(tables["customers"]) == len(IDS) - 1
    assert tables["orders"].query("customer_id == 'ada1'")["revenue"].tolist() == [0, 1]
    assert tables["orders"]["revenue"].sum() == sum(range(len(IDS)))
    assert merge_log(company(folder)).loc[0, ["from_id", "into_id"]].tolist() == ["ada2", "ada1"]


def test_rows_are_counted_file_by_file_as_they_are_in_all(loaded):
    for name, counts in loaded.counts.items():
        by_file = [record for record in loaded.details["by_file"] if record["table"] == name]
        for what in ("n_in", "n_kept", "n_merged", "n_aside"):
            assert sum(record[what] for record in by_file) == getattr(counts, what), (name, what)


def test_the_review_asks_for_the_doubtful_pair_and_for_the_links_of_the_impossible_chain(folder, loaded):
    asked = pd.read_csv(folder / "store.csv", dtype=str)
    assert set(asked["pair"]) == {pair_name(pair) for pair in (BO, *CHAIN)}
    assert asked["answer"].isna().all()
    assert (folder / "store.csv").stat().st_mode & 0o077 == 0
    assert asked.set_index("pair").loc[pair_name(BO), ["name_1", "customer_id_2"]].tolist() == ["Bo Wiesengrund", "bo2"]


def test_no_name_or_address_lies_in_what_is_not_private(folder, loaded):
    for file in (folder / "store").rglob("*"):
        if file.is_file() and "personal" not in file.parts:
            assert b"Wiesengrund" not in file.read_bytes() and b"5551234" not in file.read_bytes(), file


def test_answers_are_kept_and_not_asked_again_and_a_bad_one_stops_the_load(folder, loaded):
    asked = pd.read_csv(folder / "store.csv", dtype=str, keep_default_na=False).set_index("pair")
    asked.loc[pair_name(BO), "answer"] = "same"
    asked.loc[pair_name(CHAIN[0]), "answer"] = "perhaps"
    asked.to_csv(folder / "store.csv")
    with pytest.raises(Problems, match="the answer is 'perhaps'. Write same or different"):
        load(company(folder))
    assert len(tables_of(company(folder))["customers"]) == len(IDS) - 1, "the store is as before"
    asked.loc[[pair_name(pair) for pair in CHAIN[:2]], "answer"] = "different"
    asked.to_csv(folder / "store.csv")
    report = load(company(folder))
    # Once cy1 is another one, cy2 and cy3 agree in all that is known.
    assert len(tables_of(company(folder))["customers"]) == len(IDS) - 3
    assert "3 people were in there twice" in str(report) and "wait" not in str(report)
    assert merge_log(company(folder)).query("from_id == 'bo2'")["why"].tolist() == ["answered: same"]
    (folder / "store.csv").unlink()
    assert len(load(company(folder), fresh=True).people.state.questions) == 0, "answers outlive their file"
    again = pd.read_csv(folder / "store.csv", dtype=str).set_index("pair")["answer"]
    assert again.to_dict() == {pair_name(BO): "same"} | dict.fromkeys(map(pair_name, CHAIN[:2]), "different")


def test_undoing_every_merge_gives_the_tables_that_a_load_without_merging_gives(folder, loaded):
    apart = company(folder, "apart", merge=False)
    assert len(load(apart).people.state.questions) == 5
    expected = tables_of(apart)
    for number, account in enumerate(["ada1", "bo2", "cy3"], start=1):
        told = unmerge(company(folder), account)
        assert "is a customer of its own again" in told
        counts = connect(settings=company(folder)).provenance["counts"]["customers"]
        assert (counts["n_kept"], counts["n_merged"]) == (len(IDS) - 3 + number, 3 - number)
    for name, rows in tables_of(company(folder)).items():
        pd.testing.assert_frame_equal(rows, expected[name])
    assert merge_log(company(folder))["undone_at"].notna().all()
    with pytest.raises(UnknownName, match="There is no merged customer 'ada2'"):
        unmerge(company(folder), "ada2")


def test_who_was_taken_apart_is_not_merged_by_the_next_load(folder, loaded):
    report = load(company(folder), fresh=True)
    assert len(report.people.accounts) == 0 and "in there" not in str(report)
    for name, rows in tables_of(company(folder)).items():
        assert len(rows) == len(IDS), name


def test_a_check_writes_nothing_and_without_looking_no_customer_is_merged(folder):
    elsewhere = company(folder, "elsewhere")
    told = str(check(elsewhere))
    assert (
        "becomes one when they are loaded" in told and "`crmkit load` will ask about 4 pairs in elsewhere.csv" in told
    )
    assert not (folder / "elsewhere.csv").exists() and not (folder / "elsewhere").exists()
    assert load(company(folder, "blind", find=False)).counts["customers"].n_kept == len(IDS)


def test_a_review_file_among_the_exports_is_refused(folder):
    with pytest.raises(CrmkitError, match="would be read as an export"):
        check(company(folder, file="exports/review.csv"))


def test_an_answer_in_the_review_file_makes_a_load_of_the_same_files_new(folder):
    settings = company(folder, "answered")
    load(settings)
    assert load(settings).loaded_at  # nothing is new
    file = folder / "answered.csv"
    asked = pd.read_csv(file, dtype=str, keep_default_na=False)
    asked.loc[asked["pair"] == pair_name(BO), "answer"] = "same"
    asked.to_csv(file, index=False)
    assert not load(settings).loaded_at
    assert ("bo2", "bo1") in set(merge_log(settings)[["from_id", "into_id"]].itertuples(index=False, name=None))
    assert load(settings).loaded_at


def test_who_was_merged_is_forgotten_with_all_accounts_under_either_id_and_in_the_review_file(folder):
    for who, hers in (
        ("ada2", ("ada1", "ada2", "al@post.example", "5551234")),
        ("bo1", ("bo1", "bo.wiesengrund@post.example")),
    ):
        settings = company(folder, f"forgetting_{who}")
        load(settings)
        told = forget(who, settings)
        assert told.remains == ()
        kept = [pd.read_parquet(path, partitioning=None).to_csv() for path in settings.path("store").rglob("*.parquet")]
        review = (folder / f"forgetting_{who}.csv").read_text()
        assert not any(each in text for each in hers for text in (*kept, review))
        load(settings, fresh=True)
        assert not {"ada1", "ada2"} & set(tables_of(settings)["customers"]["customer_id"]) or who != "ada2"


def test_a_kind_of_pairs_is_answered_at_once_and_the_answer_is_taken_back(folder):
    settings = company(folder, "kinds")
    load(settings)
    listed = open_questions(settings).set_index("agreement")
    assert "B* W*********" in " ".join(listed["examples"]) and "Wiesengrund" not in listed.to_csv()
    kind = listed.loc[listed.index.str.contains("same: given name, family name, address"), "question"].item()
    assert f"Question {kind}" in answer_question(settings, f"{kind}=same")
    load(settings)
    assert ("bo2", "bo1") in set(merge_log(settings)[["from_id", "into_id"]].itertuples(index=False, name=None))
    assert open_questions(settings).set_index("question").loc[kind, "answer"] == "same"
    assert "open again" in answer_question(settings, f"{kind}=open")
    load(settings)
    assert merge_log(settings).query("from_id == 'bo2'")["undone_at"].notna().all()
    assert open_questions(settings).set_index("question").loc[kind, ["pairs", "answer"]].tolist() == [1, ""]
    with pytest.raises(CrmkitError, match="Write QUESTION=same"):
        answer_question(settings, f"{kind}=perhaps")
    with pytest.raises(UnknownName, match="There is no question 'q0'"):
        answer_question(settings, "q0=same")
