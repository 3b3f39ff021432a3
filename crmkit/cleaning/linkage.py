"""Which customers are probably one person: Fellegi and Sunter's model, learned without labels.

Splink makes the candidate pairs, compares them inside DuckDB, and learns from random pairs how often strangers agree.
How often two entries of one person agree, and how many such pairs there are, is learned from all candidates at once
(:mod:`crmkit.cleaning.agreement`): learned from blocks, as usual, it would leave out the agreement that the block asks for.
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from crmkit.cleaning.agreement import Numbers, same_person
from crmkit.cleaning.comparisons import RARITY, comparisons_of, keys_of
from crmkit.cleaning.people import people_features
from crmkit.sources.sql import open_duckdb

RANDOM_PAIRS = 200_000
_USUAL_HOLDERS = 50.0  # people, as whom the usual weighs where it is counted how many hold a name or number
_SEED = 20_261_031
_WORDS = {"given": "given name", "family": "family name", "birth": "date of birth", "words": "address",
          "email": "e-mail", "phone": "telephone"}  # fmt: skip


def linked_people(people: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of customers that may be one person, with the probability that they are.

    Parameters
    ----------
    people : DataFrame
        Rows of ``customer_identities``: customer_id and any of name, email, phone, address, birth_date.

    Returns
    -------
    DataFrame
        One row per candidate pair: customer_id, other_id, probability [0..1], agreement (in words: what is the same,
        what is alike and what differs); the most probable first.

    References
    ----------
    Fellegi and Sunter (1969), A theory for record linkage, JASA 64(328).

    Examples
    --------
    >>> linked_people(pd.DataFrame({"customer_id": ["a"], "name": ["Ada Byron"]})).empty
    True
    """
    features = people_features(people)
    known = [str(name) for name in features if features[name].notna().any()]
    columns = ["customer_id", "other_id", "probability", "agreement"]
    if len(features) < 2 or not keys_of(known):
        return pd.DataFrame({name: [] for name in columns})
    with closing(open_duckdb()) as con:
        n_keys = _make_people(con, features, keys_of(known))
        if not _share_a_key(con, n_keys):  # Splink takes seconds to find out
            return pd.DataFrame({name: [] for name in columns})
        pairs, strangers = _compared(con, n_keys, known, len(features))
    levels = pairs[[f"gamma_{name}" for name in strangers]].set_axis(list(strangers), axis=1)
    rarity = _rarity(pairs, levels, features, strangers)
    pairs["probability"] = same_person(levels, rarity, strangers, len(features))[0] if len(pairs) else 0.0
    pairs["agreement"] = _agreement(levels, {name: len(often) - 1 for name, often in strangers.items()})
    named = pairs.rename(columns={"customer_id_l": "customer_id", "customer_id_r": "other_id"})[columns]
    ascending = [False, True, True]
    return named.sort_values(columns[2:3] + columns[:2], ascending=ascending, ignore_index=True)


def _make_people(con: duckdb.DuckDBPyConnection, features: pd.DataFrame, keys: list[str]) -> int:
    """Make the table of people with their keys ``key_0``, ``key_1``, ...; return the number of keys."""
    con.register("features", features)
    made = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
    con.execute(f"CREATE TABLE people AS SELECT *, {made} FROM features")
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
        link_type="dedupe_only", unique_id_column_name="customer_id", comparisons=comparisons_of(known),
        blocking_rules_to_generate_predictions=[block_on(f"key_{number}") for number in range(n_keys)],
        retain_matching_columns=True,
    )  # fmt: skip
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
) -> Numbers:
    """Return by how much what each pair shares is rarer than usual [bits].

    The two are left out when its holders are counted: a number that only they have is as rare as one can tell.
    """
    at = pd.Index(features["customer_id"]).get_indexer
    one, other = at(pairs["customer_id_l"]), at(pairs["customer_id_r"])
    bits, n_people = np.zeros(len(pairs)), len(features)
    for (name, level), column in RARITY.items():
        if name not in strangers:
            continue
        usual = strangers[name][-1 if column == name or column == "address" else level]
        holders = features.groupby(column)[column].transform("size").to_numpy(float)
        others = np.fmax(holders[one], holders[other]) - 2
        often = (np.maximum(others, 0) + _USUAL_HOLDERS * usual) / (n_people + _USUAL_HOLDERS)
        bits += np.where(levels[name].to_numpy() == level, np.log2(usual / often), 0.0)
    return bits


def _agreement(levels: pd.DataFrame, highest: dict[str, int]) -> pd.Series[str]:
    """Return in words what of each pair is the same, alike, or differs."""
    patterns = levels.drop_duplicates()
    words = [_in_words(pattern, highest) for pattern in patterns.to_dict("records")]
    told = levels.merge(patterns.assign(agreement=words), how="left", on=list(levels.columns))["agreement"]
    return told.set_axis(levels.index)


def _in_words(pattern: dict[Any, int], highest: dict[str, int]) -> str:
    told = []
    for what, found in (("same", [n for n in pattern if pattern[n] == highest[n]]),
                        ("alike", [n for n in pattern if 0 < pattern[n] < highest[n]]),
                        ("differs", [n for n in pattern if pattern[n] == 0])):  # fmt: skip
        told += [f"{what}: {', '.join(_WORDS[name] for name in found)}"] if found else []
    return "; ".join(told)
