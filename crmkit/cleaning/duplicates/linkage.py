"""Which customers are probably one person: Fellegi and Sunter's model, learned without labels.

Splink makes the candidate pairs, compares them inside DuckDB, and learns from random pairs how often strangers agree.
How often two entries of one person agree, and how many such pairs there are, is learned in ``mixture.py`` from all
candidates at once: learned from blocks, as usual, it would leave out the agreement that the block asks for.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import closing
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from crmkit.cleaning.duplicates.features import identity_features
from crmkit.cleaning.duplicates.mixture import Numbers, same_person
from crmkit.sources.sql import identifier, open_duckdb

RANDOM_PAIRS = 200_000
_USUAL_HOLDERS = 50.0  # people, as whom the usual weighs where it is counted how many hold a name or number
_SEED = 20_261_031
_ALIKE = 0.9  # similarity of Jaro and Winkler of two spellings of a name
_WORDS = {
    "given": "given name",
    "family": "family name",
    "birth": "date of birth",
    "words": "address",
    "email": "e-mail",
    "phone": "telephone",
}
_WORDY = ("customer_id", "other_id", "agreement")
MOST_ALIKE = 20
"""People who share a key, at most: of more, all pairs would be compared for nothing."""
_COMMON = "len(list_intersect(words_l, words_r))"
_OVERLAP = f"{_COMMON}::DOUBLE / (len(words_l) + len(words_r) - {_COMMON})"
RARITY = {
    ("given", 3): "given",
    ("given", 2): "given",
    ("family", 3): "family",
    ("family", 2): "family",
    ("words", 4): "address",
    ("email", 3): "email",
    ("email", 2): "mailbox",
    ("phone", 2): "phone",
}
"""By comparison and level, counted from no agreement up: the column whose frequency says how rare the shared value is."""
_ADDRESS: list[str] = [
    "address_l = address_r",
    f"{_OVERLAP} >= 0.6",
    f"{_OVERLAP} >= 0.35 OR jaro_winkler_similarity(address_l, address_r) >= 0.9",
    f"{_OVERLAP} >= 0.2",
]
# Mailboxes are made of names: those of two namesakes say nothing beyond the names, and other digits in them even show
# that there are two people.
_MADE_OF_NAMES = (
    "email_l <> email_r AND figures_l = '' AND figures_r = '' AND contains(mailbox_l, family_l) "
    "AND contains(mailbox_r, family_r)"
)
_EMAIL: list[str] = [
    "email_l = email_r",
    "mailbox_l = mailbox_r",
    "damerau_levenshtein(mailbox_l, mailbox_r) <= 2 AND figures_l = figures_r",
]
_PHONE: list[str] = [
    "phone_l = phone_r",
    "damerau_levenshtein(phone_l, phone_r) <= 1",
]
_YEAR_MONTH, _MONTH_DAY, _YEAR_DAY = (
    "substr(birth, 1, 6)",
    "substr(birth, 5, 4)",
    "substr(birth, 1, 4) || substr(birth, 7, 2)",
)
_KEYS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("birth",), ("birth",)),
    (("given", "family"), ("given", "family")),
    (("names",), ("names",)),
    *(
        ((part, f"substr({name}, 1, 2)"), ("birth", name))
        for part in (_YEAR_MONTH, _MONTH_DAY, _YEAR_DAY)
        for name in ("given", "family")
    ),
    (("address",), ("address",)),
    (("substr(address, 1, 12)",), ("address",)),
    (("substr(address, -12)",), ("address",)),
    *((("substr(address, 1, 6)", name), ("address", name)) for name in ("given", "family")),
    *((("post", name), ("post", name)) for name in ("given", "family", "house")),
    (("post", "substr(birth, 1, 4)"), ("post", "birth")),
    (("house", "substr(birth, 1, 4)"), ("house", "birth")),
    (("email",), ("email",)),
    (("mailbox",), ("mailbox",)),
    (("given", "substr(email, 1, 4)"), ("given", "email")),
    (("phone",), ("phone",)),
]


def linked_people(people: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of customers that may be one person, with the probability that they are.

    Parameters
    ----------
    people : DataFrame
        Rows of ``customer_identities``: customer_id and any of name, email, phone, address, birth_date.

    Returns
    -------
    DataFrame
        One row per candidate pair: customer_id, other_id, probability [0..1], cautious (the same if chance and households
        explained more than was measured [0..1]), agreement (in words: what is the same, what is alike, what differs and
        what one of them has not told); the most probable first.

    References
    ----------
    Fellegi and Sunter (1969), A theory for record linkage, JASA 64(328).

    Examples
    --------
    >>> linked_people(pd.DataFrame({"customer_id": ["a"], "name": ["Ada Byron"]})).empty
    True
    """
    features = identity_features(people)
    known = [str(name) for name in features if features[name].notna().any()]
    columns = ["customer_id", "other_id", "probability", "cautious", "agreement"]
    none = pd.DataFrame({name: pd.Series(dtype=object if name in _WORDY else float) for name in columns})
    if len(features) < 2 or not keys_of(known):
        return none
    with closing(open_duckdb()) as con:
        n_keys = _make_people(con, features, keys_of(known))
        if not _share_a_key(con, n_keys):  # Splink takes seconds to find out
            return none
        pairs, strangers = _compared(con, n_keys, known, len(features))
    if pairs.empty:
        return none
    levels = pairs[[f"gamma_{name}" for name in strangers]].set_axis(list(strangers), axis=1)
    places = [name for name in ("address", "phone") if name in known]
    n_placed = int(features[places].notna().any(axis=1).sum())
    learned = same_person(levels, _rarity(pairs, levels, features, strangers), strangers, len(features), n_placed)
    pairs["probability"], pairs["cautious"] = learned.probability, learned.cautious
    pairs["agreement"] = _agreement(levels, {name: len(often) - 1 for name, often in strangers.items()})
    named = pairs.rename(columns={"customer_id_l": "customer_id", "customer_id_r": "other_id"})[columns]
    ascending = [False, True, True]
    return named.sort_values(columns[2:3] + columns[:2], ascending=ascending, ignore_index=True)


def comparisons_of(filled: Collection[str]) -> list[Any]:
    """Return the comparisons of the things that the source knows; the levels of each from the closest down.

    Examples
    --------
    >>> len(comparisons_of(["given", "family", "birth"]))
    3
    """
    known = {
        "given": _name("given", "family"),
        "family": _name("family", "given"),
        "birth": _BIRTH,
        "words": _ADDRESS,
        "email": _EMAIL,
        "phone": _PHONE,
    }
    silent = {"email": f" OR ({_MADE_OF_NAMES})"} if "family" in filled else {}
    return [_comparison(column, levels, silent.get(column, "")) for column, levels in known.items() if column in filled]


def keys_of(filled: Collection[str]) -> list[str]:
    """Return the SQL of the keys by which pairs are found: two people are compared if they share at least one.

    A key that is shared by very many, such as a street, is no reason to compare them, and is empty.

    Examples
    --------
    >>> len(keys_of(["given", "birth"]))
    4
    """
    return [_uncommon(" || '|' || ".join(parts)) for parts, needs in _KEYS if set(needs) <= set(filled)]


def _make_people(con: duckdb.DuckDBPyConnection, features: pd.DataFrame, keys: list[str]) -> int:
    """Make the table of people with their keys ``key_0``, ``key_1``, ...; return the number of keys."""
    con.register("features", features)
    # DuckDB takes a column without any value for one of numbers, and a name cannot be compared with these.
    empty = [identifier(str(name)) for name in features if features[name].isna().all()]
    texts = f"REPLACE ({', '.join(f'CAST({name} AS VARCHAR) AS {name}' for name in empty)})" if empty else ""
    made = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
    con.execute(f"CREATE TABLE people AS SELECT * {texts}, {made} FROM features")
    return len(keys)


def _share_a_key(con: duckdb.DuckDBPyConnection, n_keys: int) -> bool:
    counted = ", ".join(f"count(key_{number}) > count(DISTINCT key_{number})" for number in range(n_keys))
    return any(con.execute(f"SELECT {counted} FROM people").fetchone() or ())


def _compared(
    con: duckdb.DuckDBPyConnection, n_keys: int, known: list[str], n_people: int
) -> tuple[pd.DataFrame, dict[str, Numbers]]:
    """Return the candidate pairs with the level at which each thing agrees, and how often strangers reach each level."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="customer_id",
        comparisons=comparisons_of(known),
        blocking_rules_to_generate_predictions=[block_on(f"key_{number}") for number in range(n_keys)],
        retain_matching_columns=True,
    )
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker = Linker(DuckDBAPI(con).register("people"), settings, log_level=logging.ERROR, validate_settings=False)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=_SEED, num_chunks=1)
    found = linker.inference.predict(warning_mode="never").physical_name
    pairs = con.execute(f"SELECT customer_id_l, customer_id_r, COLUMNS('^gamma_.*') FROM {found}").df()
    n_random = min(RANDOM_PAIRS, n_people * (n_people - 1) / 2)
    comparisons = linker.misc.save_model_to_json()["comparisons"]
    return pairs, {each["output_column_name"]: _of_strangers(each, n_random) for each in comparisons}


def _of_strangers(comparison: dict[str, Any], n_random: float) -> Numbers:
    """Return how often strangers agree at each level, from no agreement up; what no pair did is rare, not impossible."""
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    often = np.array([level.get("u_probability") or 0.0 for level in reversed(levels)])
    return np.asarray((often * n_random + 0.5) / (often.sum() * n_random + 0.5 * len(often)))


def _rarity(
    pairs: pd.DataFrame, levels: pd.DataFrame, features: pd.DataFrame, strangers: dict[str, Numbers]
) -> pd.DataFrame:
    """Return by how much the first name, and what else each pair shares, is rarer than usual [bits].

    The two are left out when its holders are counted: a number that only they have is as rare as can be measured.
    """
    at = pd.Index(features["customer_id"]).get_indexer
    one, other = at(pairs["customer_id_l"]), at(pairs["customer_id_r"])
    bits, n_people = {"given": np.zeros(len(pairs)), "other": np.zeros(len(pairs))}, len(features)
    for (name, level), column in RARITY.items():
        if name not in strangers:
            continue
        usual = strangers[name][-1 if column == name or column == "address" else level]
        holders = features.groupby(column)[column].transform("size").to_numpy(float)
        others = np.fmax(holders[one], holders[other]) - 2
        often = (np.maximum(others, 0) + _USUAL_HOLDERS * usual) / (n_people + _USUAL_HOLDERS)
        rarer = np.where(levels[name].to_numpy() == level, np.log2(usual / often), 0.0)
        bits["given" if name == "given" else "other"] += rarer
    return pd.DataFrame(bits)


def _agreement(levels: pd.DataFrame, highest: dict[str, int]) -> pd.Series[str]:
    """Return in words what of each pair is the same, alike, or differs, and what is not known of both."""
    patterns = levels.drop_duplicates()
    words = [_in_words(pattern, highest) for pattern in patterns.to_dict("records")]
    words_of_pairs = levels.merge(patterns.assign(agreement=words), how="left", on=list(levels.columns))["agreement"]
    return words_of_pairs.set_axis(levels.index)


def _in_words(pattern: dict[Any, int], highest: dict[str, int]) -> str:
    words = []
    for what, found in (
        ("same", [n for n in pattern if pattern[n] == highest[n]]),
        ("alike", [n for n in pattern if 0 < pattern[n] < highest[n]]),
        ("differs", [n for n in pattern if pattern[n] == 0]),
        ("not told", [n for n in pattern if pattern[n] < 0]),
    ):
        words += [f"{what}: {', '.join(_WORDS[name] for name in found)}"] if found else []
    return "; ".join(words)


def _name(column: str, other: str) -> list[str]:
    """Return the levels of one part of the name; the other part tells whether the two were told in another order."""
    left, right = f"{column}_l", f"{column}_r"
    swapped = " AND ".join(
        f"jaro_winkler_similarity({one}_l, {two}_r) >= {_ALIKE}" for one, two in ((column, other), (other, column))
    )
    # A name of one word may be the first or the last name of the other.
    single = f"({other}_l IS NULL AND {left} = {other}_r) OR ({other}_r IS NULL AND {right} = {other}_l)"
    near = (
        f"jaro_winkler_similarity({left}, {right}) >= {_ALIKE} OR starts_with({left}, {right}) "
        f"OR starts_with({right}, {left}) OR ({swapped}) OR {single}"
    )
    return [f"{left} = {right} OR names_l = names_r", f"damerau_levenshtein({left}, {right}) <= 1", near]


def _same_part(start: int, length: int) -> str:
    return f"(substr(birth_l, {start}, {length}) = substr(birth_r, {start}, {length}))::INT"


_BIRTH: list[str] = [
    "birth_l = birth_r",
    "damerau_levenshtein(birth_l, birth_r) <= 1",
    f"{_same_part(1, 4)} + {_same_part(5, 2)} + {_same_part(7, 2)} = 2",  # of year, month and day
    "damerau_levenshtein(birth_l, birth_r) <= 2",
]


def _comparison(column: str, levels: list[str], silent: str) -> Any:
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    nothing = f"{column}_l IS NULL OR {column}_r IS NULL{silent}"
    unknown = cll.CustomLevel(nothing, "unknown").configure(is_null_level=True)
    made = [cll.CustomLevel(condition, condition) for condition in levels]
    return cl.CustomComparison(output_column_name=column, comparison_levels=[unknown, *made, cll.ElseLevel()])


def _uncommon(key: str) -> str:
    return f"CASE WHEN count(*) OVER (PARTITION BY {key}) <= {MOST_ALIKE} THEN {key} END"
