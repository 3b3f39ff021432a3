"""Who is merged without a question: never namesakes, couples, twins, colleagues, or fathers and sons."""

import pandas as pd
import pytest

from crmkit.cleaning.duplicates.decide import birth_dates_differ, compared_names, judged_pairs

ADA = {
    "name": "Ada Lang",
    "email": "ada.lang@firm.example",
    "phone": "030 1234567",
    "address": "Hafenstraße 5, 10115 Berlin",
    "birth_date": "1980-01-31",
}
ELSEWHERE = {"email": "al@post.example", "phone": "089 7654321", "address": "Ring 9, 80331 München"}


def judged(one, other, more=()):
    people = pd.DataFrame([ADA | one, ADA | other, *more])
    people.insert(0, "customer_id", [f"c{number}" for number in range(len(people))])
    row = judged_pairs(pd.DataFrame({"customer_id": ["c0"], "other_id": ["c1"]}), people).iloc[0]
    return bool(row["agrees"]), bool(row["contradicted"])


@pytest.mark.parametrize(
    ("case", "one", "other"),
    [
        (
            "another spelling of everything",
            {},
            {"name": "ADA  LÄNG", "phone": "+49 (30) 123 45-67", "address": "Hafenstr. 5, 10115 Berlin"},
        ),
        (
            "a slip in the family name, only the number is the same",
            {},
            ELSEWHERE | {"name": "Ada Lnag", "phone": "+4930 1234567"},
        ),
        (
            "family name first, only the address of the mailbox is the same",
            {},
            ELSEWHERE | {"name": "Lang, Ada", "email": "adalang+shop@firm.example"},
        ),
        (
            "nothing but date of birth and address",
            {"email": None, "phone": None},
            {"email": "al@post.example", "phone": None},
        ),
        ("a name left out, same mailbox", {}, ELSEWHERE | {"name": "Ada Maria Lang", "email": "ADA.LANG@firm.example"}),
        ("no name, same mailbox", {"name": None}, ELSEWHERE | {"email": "ada.lang@firm.example"}),
        ("day and month swapped", {"birth_date": "1980-01-03"}, {"birth_date": "1980-03-01"}),
        ("a Turkish name without its dot", {"name": "Ayşe Yılmaz"}, {"name": "AYSE YILMAZ"}),
        ("Cyrillic", {"name": "Анна Иванова"}, ELSEWHERE | {"name": "анна иванова", "phone": "030 1234567"}),
    ],
)
def test_one_person_however_written(case, one, other):
    assert judged(one, other) == (True, False), case


@pytest.mark.parametrize(
    ("case", "one", "other", "contradicted"),
    [
        ("namesakes who share nothing else", {"birth_date": None}, ELSEWHERE | {"birth_date": None}, False),
        ("namesakes born on one day", {}, ELSEWHERE, False),
        ("a couple at one address with one number", {}, {"name": "Paul Lang", "birth_date": None}, True),
        ("twins", {"name": "Lena Lang"}, {"name": "Lene Lang", "email": "lene@firm.example"}, False),
        ("father and son of one name", {}, {"birth_date": "2004-07-02"}, True),
        ("father and son of one name, no day of birth", {"birth_date": None}, {"email": "junior@post.example"}, False),
        ("two firms in one house", {"name": "Lang Bau GmbH"}, {"name": "Lang Holz GmbH"}, True),
        (
            "a firm's mailbox without names",
            {"name": None, "email": "info@firm.example"},
            {"name": None, "email": "info@firm.example", "phone": None, "birth_date": None},
            False,
        ),
        ("figures in the mailbox differ", {"phone": None}, ELSEWHERE | {"email": "ada.lang2@firm.example"}, False),
        ("nothing known", dict.fromkeys(ADA), dict.fromkeys(ADA), False),
    ],
)
def test_two_people_or_a_question(case, one, other, contradicted):
    assert judged(one, other) == (False, contradicted), case


def test_a_number_that_four_have_is_a_switchboard():
    colleagues = [{"name": f"Someone {letter}", "phone": "030 1234567"} for letter in "BC"]
    other = ELSEWHERE | {"phone": "030 1234567", "email": None}
    assert judged({"birth_date": None}, other | {"birth_date": None})[0]
    assert not judged({"birth_date": None}, other | {"birth_date": None}, colleagues)[0]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("ada lang", "a lang", "close"),
        ("ada lang", "b lang", "different"),
        ("ada lang", "ada", "different"),
        ("anna lena weber", "annalena weber", "close"),
        ("li wu", "lu wu", "different"),
        ("ada lang", None, "unknown"),
    ],
)
def test_names_are_compared_word_by_word(one, other, found):
    assert compared_names(one, other) == compared_names(other, one) == found


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        ({"name": "Ada Roth"}, {"birth_date": None}, True),  # her mailbox, married
        ({"name": "Paul Lang", "email": None}, {"birth_date": None}, False),  # a couple
        ({"name": None, "email": None}, {"birth_date": None}, False),  # anybody of the house
        ({"name": "Lena Lang", "email": None}, {}, True),  # twins, or another first name
        ({}, ELSEWHERE, True),  # namesakes born on one day
    ],
)
def test_who_shares_a_home_and_no_name_is_not_worth_a_question(one, other, asked):
    people = pd.DataFrame([{"customer_id": "a"} | ADA | one, {"customer_id": "b"} | ADA | other])
    pairs = pd.DataFrame({"customer_id": ["a"], "other_id": ["b"]})
    assert judged_pairs(pairs, people)["others"].item() == (not asked)


def test_one_wrong_digit_of_a_birth_date_is_a_slip_and_three_are_not():
    assert not birth_dates_differ("19800131", "19800132")
    assert birth_dates_differ("19800131", "19810218")
