"""Which customers are probably one person: Fellegi and Sunter's model, learned without labels.

Splink makes the candidate pairs, compares them inside DuckDB, and learns from random pairs how often strangers agree.
How often two entries of one person agree, and how many such pairs there are, is learned here from all candidates at
once: learned from blocks, as usual, it would leave out the agreement that the block itself asks for.
"""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from crmkit.cleaning.comparisons import comparisons_of, rules_of
from crmkit.cleaning.people import people_features

RANDOM_PAIRS = 1_000_000
_SEED = 20_261_031
_MOST_ROUNDS = 500
_CLOSE_ENOUGH = 1e-6  # of the share of pairs that are one person


def linked_people(people: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of customers that may be one person, with the probability that they are.

    Parameters
    ----------
    people : DataFrame
        Rows of ``customer_identities``: customer_id and any of name, email, phone, address, birth_date.

    Returns
    -------
    DataFrame
        One row per candidate pair: customer_id, other_id, probability [0..1]; the most probable first.

    Notes
    -----
    Where hardly anybody is in twice (two of 400), the model takes namesakes for one person, and its probabilities are
    too high: order the pairs by them, merge nobody by them alone.

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
    if len(features) < 2 or not rules_of(known):
        return pd.DataFrame({"customer_id": [], "other_id": [], "probability": []})
    pairs, comparisons = _compared(features, known)
    pairs["probability"] = _probabilities(pairs, comparisons, len(features)) if len(pairs) else 0.0
    named = pairs.rename(columns={"customer_id_l": "customer_id", "customer_id_r": "other_id"})
    named = named[["customer_id", "other_id", "probability"]]
    ascending = [False, True, True]
    return named.sort_values(["probability", "customer_id", "other_id"], ascending=ascending, ignore_index=True)


def _compared(features: pd.DataFrame, known: list[str]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return the candidate pairs with the level at which each thing agrees, and the levels with what strangers do."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="customer_id", comparisons=comparisons_of(known),
        blocking_rules_to_generate_predictions=rules_of(known),
        retain_intermediate_calculation_columns=True, retain_matching_columns=True,
    )  # fmt: skip
    logging.getLogger("splink").setLevel(logging.ERROR)
    with duckdb.connect() as con:
        con.register("people", features)
        linker = Linker(DuckDBAPI(con).register("people"), settings, log_level=logging.ERROR)
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=_SEED)
        pairs = linker.inference.predict(warning_mode="never").as_pandas_dataframe()
        return pairs, linker.misc.save_model_to_json()["comparisons"]


def _probabilities(pairs: pd.DataFrame, comparisons: list[dict[str, Any]], n_people: int) -> np.ndarray:
    """Return the probability of each pair by expectation and maximisation, strangers' agreement held fixed."""
    n_pairs = n_people * (n_people - 1) / 2
    rare = 2.0 ** sum(
        (pairs[name].to_numpy() for name in pairs.columns if str(name).startswith("mw_tf_adj_")), np.zeros(len(pairs))
    )
    strangers = {each["output_column_name"]: _of_strangers(each) for each in comparisons}
    levels = {name: pairs[f"gamma_{name}"].to_numpy() for name in strangers}
    same = {name: np.r_[0.1, np.full(len(u) - 2, 0.1 / max(len(u) - 2, 1)), 0.8] for name, u in strangers.items()}
    share = 1.0 / n_people
    probability = np.zeros(len(pairs))
    for _ in range(_MOST_ROUNDS):
        odds = share / (1 - share) * rare
        for name, level in levels.items():
            odds = odds * np.where(level < 0, 1.0, (same[name] / strangers[name])[np.maximum(level, 0)])
        probability = odds / (1 + odds)
        before, share = share, float(np.clip(probability.sum() / n_pairs, 1e-12, 0.5))
        for name, level in levels.items():
            counts = np.bincount(level[level >= 0], probability[level >= 0], len(same[name])) + 1e-3
            same[name] = counts / counts.sum()
        if abs(share - before) < _CLOSE_ENOUGH * share:
            break
    return probability


def _of_strangers(comparison: dict[str, Any]) -> np.ndarray:
    """Return how often strangers agree at each level, from no agreement up; never impossible."""
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    return np.array([max(level.get("u_probability") or 0.0, 1e-6) for level in reversed(levels)])
