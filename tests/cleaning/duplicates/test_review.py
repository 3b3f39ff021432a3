"""The file in which the analyst answers: private, defused, forgiving about spreadsheets, strict about answers."""

import pandas as pd
import pytest

from crmkit.cleaning.duplicates.review import (
    answer_kind,
    change_answers,
    pair_name,
    read_answers,
    read_review,
    write_review,
)
from crmkit.cleaning.duplicates.state import DuplicatesState, with_answers, with_kinds, with_merges
from crmkit.errors import Problems

PEOPLE = pd.DataFrame(
    {
        "customer_id": ["0012", "34", "56"],
        "name": ["Ada Lang", '=HYPERLINK("http://evil.example")', "Bo\n Berg"],
        "phone": ["+49 30 1", None, None],
        "birth_date": pd.to_datetime(["1980-01-31", None, None]),
    }
)
ASKED = pd.DataFrame(
    {
        "customer_id": ["0012", "0012"],
        "other_id": ["34", "56"],
        "score": [0.91234, 0.6],
        "why": ["same: given name", "alike: given name"],
    }
)
FIRST, SECOND = ("0012", "34"), ("0012", "56")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "review.csv"
    write_review(path, ASKED, PEOPLE, {})
    return path


def answered(file, *answers):
    """Write answers into the lines of the file, as she would."""
    head, *lines = file.read_text(encoding="utf-8-sig").splitlines()
    file.write_text(
        "\n".join([head, *(line.replace(",", f",{answer}", 1) for line, answer in zip(lines, answers, strict=True))])
    )


def test_only_its_owner_reads_it_and_nothing_in_it_is_a_formula(file):
    assert file.stat().st_mode & 0o077 == 0
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert rows.loc[0, ["pair", "answer", "score"]].tolist() == [pair_name(FIRST), "", "0.912"]
    assert rows["name_2"].tolist() == ['\'=HYPERLINK("http://evil.example")', "Bo Berg"]
    assert rows.loc[0, ["phone_1", "birth_date_1", "customer_id_1"]].tolist() == ["'+49 30 1", "1980-01-31", "0012"]


def test_no_answer_is_none_and_same_and_different_are_read_in_any_case(file):
    assert read_review(file) == {}
    answered(file, " SAME ", "Different")
    assert read_review(file) == {FIRST: "same", SECOND: "different"}


def test_a_spreadsheet_may_have_made_numbers_of_the_ids_semicolons_of_the_commas_and_another_order(file):
    lines = [f"{pair_name(SECOND)};same;12;56", f"{pair_name(FIRST)};different;12;34", "", ";;;"]
    text = "\n".join(["Pair;Answer;customer_id_1;customer_id_2", *lines]).encode("utf-16")
    file.write_bytes(text)
    assert read_review(file, {pair_name(pair): pair for pair in (FIRST, SECOND)}) == {
        FIRST: "different",
        SECOND: "same",
    }


def test_every_bad_answer_is_reported_at_once_with_its_line(file):
    lines = [
        f"{pair_name(FIRST)},yes",
        "p0123456789,same",
        f"{pair_name(SECOND)},same",
        f"{pair_name(SECOND)},different",
    ]
    file.write_text("\n".join(["pair,answer", *lines]))
    with pytest.raises(Problems) as told:
        read_review(file, {pair_name(pair): pair for pair in (FIRST, SECOND)})
    assert [problem.split(". ")[0] for problem in told.value.problems] == [
        f"line 2, pair {pair_name(FIRST)}: the answer is 'yes'",
        "line 3, pair p0123456789: no such pair was asked",
        f"line 5, pair {pair_name(SECOND)}: it is answered twice, as same and as different",
    ]


@pytest.mark.parametrize("content", ["", "name,mail\na,b\n", "pair,other\n"])
def test_a_file_without_its_heading_says_what_to_do(file, content):
    file.write_text(content)
    with pytest.raises(Problems, match=r"review\.csv has 1 problem"):
        read_review(file)


def test_answers_come_back_in_the_file_and_an_empty_review_leaves_none(file):
    write_review(file, ASKED.iloc[:0], PEOPLE, {FIRST: "different", ("34", "gone"): "same"})
    assert read_review(file) == {FIRST: "different"}
    change_answers(file, {FIRST: "same", SECOND: "same"})
    assert read_review(file) == {FIRST: "same"}
    assert file.stat().st_mode & 0o077 == 0
    write_review(file, ASKED.iloc[:0], PEOPLE, {})
    assert not file.exists() and read_review(file) == {}


def test_the_log_keeps_merges_that_were_undone_and_notes_when_one_begins_again():
    accounts = pd.DataFrame({"customer_id": ["old", "new"], "person_id": ["old", "old"]})
    links = pd.DataFrame({"customer_id": ["new"], "other_id": ["old"], "score": [0.99996], "why": ["same: e-mail"]})
    first = with_merges(DuplicatesState().merges, accounts, links, "2026-09-01")
    assert first.to_dict("records") == [
        {
            "from_id": "new",
            "into_id": "old",
            "merged_at": "2026-09-01",
            "score": 1.0,
            "why": "same: e-mail",
            "undone_at": None,
        }
    ]
    assert with_merges(first, accounts, links, "2026-10-01").equals(first)
    undone = with_merges(first, accounts.iloc[:0], links.iloc[:0], "2026-10-01")
    assert undone["undone_at"].tolist() == ["2026-10-01"]
    again = with_merges(undone, accounts, links, "2026-11-01")
    assert again["merged_at"].tolist() == ["2026-09-01", "2026-11-01"]
    assert again["undone_at"].isna().tolist() == [False, True]


def test_an_answer_given_again_keeps_its_day():
    answers = with_answers(DuplicatesState().answers, {FIRST: "same"}, "2026-09-01")
    assert with_answers(answers, {FIRST: "same"}, "2026-10-01")["answered_at"].tolist() == ["2026-09-01"]
    assert with_answers(answers, {FIRST: "different"}, "2026-10-01")["answered_at"].tolist() == ["2026-10-01"]


def test_open_takes_an_answer_back_for_a_pair_and_for_a_kind(file):
    given = with_answers(DuplicatesState().answers, {FIRST: "same", SECOND: "different"}, "2026-09-01")
    assert with_answers(given, {FIRST: "open"}, "2026-10-01")["answer"].tolist() == ["different"]
    kinds = with_kinds(DuplicatesState(), {"q0123abcd": "same"}, "2026-09-01")
    assert kinds[["question", "answer"]].to_numpy().tolist() == [["q0123abcd", "same"]]
    assert with_kinds(DuplicatesState(kinds=kinds), {"q0123abcd": "open"}, "2026-10-01").empty


def test_a_kind_is_answered_in_a_line_of_its_own_and_an_unknown_one_is_reported(file):
    answer_kind(file, "q0123abcd", "same")
    answer_kind(file, "q0123abcd", "different")
    assert read_answers(file, {}, ["q0123abcd"]).kinds == {"q0123abcd": "different"}
    assert read_answers(file, {}, ["q0123abcd"]).pairs == {}
    with pytest.raises(Problems, match="question q0123abcd: no such question was asked"):
        read_answers(file)
