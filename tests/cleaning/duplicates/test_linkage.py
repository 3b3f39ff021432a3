"""Who is in the data twice: a worked example, and public sets of people whose duplicates are known."""

import pandas as pd
import pytest

from crmkit.cleaning.duplicates.decide import judged_pairs
from crmkit.cleaning.duplicates.features import identity_features
from crmkit.cleaning.duplicates.linkage import linked_people
from crmkit.sources.sample import sample_company
from crmkit.sources.sample.dirt import add_double_accounts


def groups(ids: pd.Series, pairs: pd.DataFrame) -> pd.Series:
    """Return one label per person: those whom a chain of pairs connects have the same."""
    label = dict(zip(ids, ids, strict=True))

    def root(name):
        while label[name] != name:
            name = label[name]
        return name

    for one, other in zip(pairs["customer_id"], pairs["other_id"], strict=True):
        label[root(one)] = root(other)
    return ids.map(root)


def f1(labels: pd.Series, truth: pd.Series) -> float:
    def n_pairs(*keys):
        sizes = pd.Series(1, index=range(len(truth))).groupby([key.to_numpy() for key in keys]).size()
        return int((sizes * (sizes - 1) // 2).sum())

    return 2 * n_pairs(labels, truth) / (n_pairs(labels) + n_pairs(truth))


def test_f1_of_two_right_pairs_of_three_found_and_two_known_is_point_8():
    labels, truth = pd.Series(list("aabbcc")), pd.Series(list("aabbcd"))
    assert f1(labels, truth) == pytest.approx(2 * 2 / (3 + 2))


def test_a_name_a_number_and_a_mailbox_are_alike_however_they_are_written():
    people = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "name": ["José  Müller", "JOSE MUELLER"],
            "birth_date": ["1980-01-31", None],
            "email": ["J.M@x.example", "j.m@X.example"],
            "phone": ["+49 (30) 123-45678", "030 12345678"],
            "address": ["Rue 5, 75001 Paris", None],
        }
    )
    features = identity_features(people)
    for column in ("given", "family", "names", "email", "mailbox"):
        assert features[column].nunique() == 1, column
    assert features.phone[0][-8:] == features.phone[1][-8:] == "12345678"
    assert features.loc[0, ["birth", "post", "house"]].tolist() == ["19800131", "75001", "5"]
    assert features.loc[1, ["birth", "address", "post"]].isna().all()


@pytest.mark.parametrize("n", [0, 1])
def test_of_no_one_and_of_one_person_there_is_no_pair(n):
    people = pd.DataFrame({"customer_id": ["a"], "name": ["Ada Byron"]}).iloc[:n]
    assert linked_people(people).empty


def test_people_of_whom_nothing_is_known_are_no_pair():
    assert linked_people(pd.DataFrame({"customer_id": ["a", "b"], "name": [None, None]})).empty


def test_names_of_one_word_are_compared_where_nobody_has_a_second():
    people = [
        {"customer_id": f"{n}", "name": name, "email": f"p{n // 2}@b.example"} for n, name in enumerate(["Ada"] * 4)
    ]
    assert not linked_people(pd.DataFrame(people)).empty


def test_without_names_an_address_shared_is_still_found():
    people = pd.DataFrame({"customer_id": list("abc"), "email": ["ada@x.example", "Ada@x.example", "bo@x.example"]})
    assert linked_people(people)[["customer_id", "other_id"]].to_numpy().tolist() == [["a", "b"]]


def test_where_hardly_anybody_is_in_twice_namesakes_are_not_taken_for_one_person():
    company = sample_company(600, 8, seed=3)  # 3 of 600 are in twice; about 240 pairs have the same name by chance
    people = add_double_accounts(company.tables, company.truth["duplicates"])["customer_identities"]
    truth = company.truth["duplicates"]
    assert people["name"].duplicated().sum() > 50 * len(truth)
    pairs = linked_people(people)
    likely = judged_pairs(pairs[pairs["probability"] >= 0.5], people)
    twice = {frozenset(ids) for ids in zip(truth["customer_id"], truth["duplicate_of"], strict=True)}
    assert {frozenset(ids) for ids in zip(likely["customer_id"], likely["other_id"], strict=True)} == twice
    assert likely["agrees"].all() and not likely["contradicted"].any()
    assert likely["agreement"].str.contains("same: given name").all()


def rldata(rows):
    name = rows[["fname_c1", "fname_c2", "lname_c1", "lname_c2"]].fillna("").agg(" ".join, axis=1)
    birth = [f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in zip(rows["by"], rows["bm"], rows["bd"], strict=True)]
    return pd.DataFrame({"name": name, "birth_date": birth}), rows["identity"]


def febrl(rows):
    address = ["street_number", "address_1", "address_2", "suburb", "postcode", "state"]
    joined = {"name": ["given_name", "surname"], "address": address}
    people = pd.DataFrame(
        {key: rows[names].fillna("").astype(str).agg(" ".join, axis=1) for key, names in joined.items()}
    )
    return people.assign(birth_date=rows["date_of_birth"]), rows["rec_id"].str.extract(r"rec-(\d+)-")[0]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "columns", "least"), [("rldata10000", rldata, 0.95), ("febrl_3", febrl, 0.985)])
def test_known_duplicates_are_found_without_labels(shared_data, name, columns, least):
    people, truth = columns(pd.read_parquet(shared_data / f"{name}.parquet"))
    people.insert(0, "customer_id", [f"c{number}" for number in range(len(people))])
    pairs = linked_people(people)
    found = groups(people["customer_id"], pairs[pairs["probability"] >= 0.5])
    assert f1(found, truth) >= least
    sure = judged_pairs(pairs[pairs["probability"] >= 0.95], people).query("agrees")
    known = dict(zip(people["customer_id"], truth, strict=True))
    assert (sure["customer_id"].map(known) == sure["other_id"].map(known)).mean() >= 0.99 or sure.empty
