"""The dirt that write_exports adds to the clean tables: about half a percent of rows, each kind counted.

Whatever a loader must reject is a row on top of the true ones, and whatever it must clean can be restored. A good
loader ends with the clean tables, the few rows that it can only note, and the accounts that one person has twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import pandas as pd

from crmkit.sources.sample.comments import HOSTILE
from crmkit.tables.schema import schema


@dataclass(frozen=True)
class Soil:
    """One kind of dirt in one table.

    Attributes
    ----------
    table, kind : str
    share : float
        Rows of it per row of the table; at least one row is soiled.
    treatment : str
        What a loader should do: rejected, deduplicated, noted (kept, with a remark), emptied (the one value) or
        cleaned (to the usual spelling).
    changes : mapping of str to object
        The columns that are wrong and their values.
    """

    table: str
    kind: str
    share: float
    treatment: str
    changes: Mapping[str, object] = field(default_factory=dict)


SOILS = (
    Soil("orders", "exact duplicate", 0.003, "deduplicated"),
    Soil("orders", "amount that is no number", 0.0003, "rejected", {"revenue": "12,5O"}),
    Soil("orders", "dated in the future", 0.0001, "rejected", {"ordered_at": pd.Timestamp("2062-10-31 10:00:00")}),
    Soil("order_lines", "unknown order", 0.0002, "noted", {"order_id": "O-999999"}),
    Soil("survey_responses", "exact duplicate", 0.003, "deduplicated"),
    Soil("survey_responses", "no date", 0.003, "rejected", {"responded_at": ""}),
    Soil(
        "survey_responses",
        "score above the scale",
        0.0008,
        "rejected",
        {"survey": "nps", "score": 11.0, "scale_max": 10.0},
    ),
    Soil("survey_responses", "unknown survey", 0.0005, "rejected", {"survey": "npss"}),
    Soil("tickets", "exact duplicate", 0.003, "deduplicated"),
    Soil("tickets", "unknown customer", 0.004, "noted", {"customer_id": "C-000000"}),
    Soil("leads", "no date", 0.001, "rejected", {"created_at": ""}),
    Soil("leads", "untidy channel", 0.008, "cleaned"),
    Soil("customers", "untidy channel", 0.008, "cleaned"),
    Soil("customers", "year of birth before 1900", 0.002, "emptied", {"birth_year": 1066}),
    Soil("deals", "untidy channel", 0.01, "cleaned"),
    Soil("mailings", "exact duplicate", 0.001, "deduplicated"),
    Soil("web_traffic", "no date", 0.0001, "rejected", {"visited_on": ""}),
    Soil("costs", "amount that is no number", 0.0004, "rejected", {"category": "media", "amount": "12,5O"}),
    Soil("costs", "unknown purpose", 0.0004, "rejected", {"category": "staff", "purpose": "aquisition"}),
)


def plan_dirt(tables: Mapping[str, pd.DataFrame], duplicates: pd.DataFrame) -> pd.DataFrame:
    """Count the rows of each kind of dirt: columns table, kind, n_rows, treatment.

    Hostile texts are listed too, with the treatment "kept": they are odd, not wrong.
    """
    rows = [(soil.table, soil.kind, _n_soiled(soil, tables[soil.table]), soil.treatment) for soil in SOILS]
    rows += [(name, "entered twice", len(duplicates), "merged") for name in ("customers", "customer_identities")]
    comments, products = tables["survey_responses"]["comment"], tables["order_lines"]["product"]
    rows.append(("survey_responses", "hostile text", int(comments.isin(HOSTILE).sum()), "kept"))
    rows.append(("order_lines", "dollar signs", int(products.str.contains("$", regex=False).sum()), "kept"))
    return pd.DataFrame(rows, columns=["table", "kind", "n_rows", "treatment"])


def add_dirt(table: str, rows: pd.DataFrame, plan: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table's rows with its planned dirt, every column as object; a soiled row stands next to its original."""
    n_rows = plan[plan["table"] == table].set_index("kind")["n_rows"]
    dirty = rows.astype(object)
    extras: list[pd.DataFrame] = []
    for soil in (soil for soil in SOILS if soil.table == table):
        rng = np.random.default_rng([seed, crc32(f"{table}: {soil.kind}".encode())])
        chosen = pd.Index(np.sort(rng.choice(_eligible(soil, rows), n_rows[soil.kind], replace=False)))
        if soil.treatment == "cleaned":
            dirty.loc[chosen, "channel"] = _untidy(dirty.loc[chosen, "channel"], rng)
        elif soil.treatment == "emptied":
            _write_into(dirty, chosen, soil)
        else:
            extras.append(_soiled(soil, rows.loc[chosen].astype(object), len(extras)))
    return pd.concat([dirty, *extras]).sort_index(kind="stable").reset_index(drop=True)


def _n_soiled(soil: Soil, rows: pd.DataFrame) -> int:
    return min(max(1, round(soil.share * len(rows))), len(_eligible(soil, rows)))


def _eligible(soil: Soil, rows: pd.DataFrame) -> pd.Index:
    """Rows that the dirt can fall on: where a value is to be emptied, those that have none in truth."""
    if soil.treatment == "emptied":
        return rows.index[rows[list(soil.changes)].isna().all(axis=1)]
    return rows.index[rows["channel"].notna()] if soil.treatment == "cleaned" else rows.index


def _soiled(soil: Soil, copies: pd.DataFrame, nth: int) -> pd.DataFrame:
    """Make the copies wrong; where the table has an identifier of its own, they get a new one, so that no true row falls."""
    if soil.treatment == "deduplicated":
        return copies
    wrong = copies.copy()
    _write_into(wrong, wrong.index, soil)
    key = schema(soil.table).key
    if len(key) == 1 and key[0] not in soil.changes and len(wrong):
        letter = str(copies[key[0]].iloc[0]).split("-")[0]
        wrong[key[0]] = [f"{letter}-9{nth}{number:05d}" for number in range(1, len(wrong) + 1)]
    return wrong


def _write_into(rows: pd.DataFrame, chosen: pd.Index, soil: Soil) -> None:
    for column, value in soil.changes.items():
        rows[column] = pd.Series(value, chosen, dtype=object).combine_first(rows[column]).loc[rows.index]


def _untidy(channels: pd.Series, rng: np.random.Generator) -> list[str]:
    spellings = (lambda name: f" {name.capitalize()}", str.upper, str.title, lambda name: f"{name} ")
    return [spellings[int(rng.integers(len(spellings)))](name) for name in channels]
