"""The errors that write_exports adds to the clean tables, each kind counted: dirty rows, and second accounts of customers.

About half a percent of rows is dirty. Whatever a loader must reject is a row on top of the true ones, and whatever it
must clean can be restored. Some customers open a second account: the same person, spelt a little differently, with the
later orders. A good loader ends with the clean tables, the few rows that it can only note, and the accounts that one
person has twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import pandas as pd

from crmkit.sources.sample.comments import HOSTILE
from crmkit.tables.schema import schema

SECOND_ACCOUNTS = 0.005  # of customers
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ë": "e", "ı": "i", "Ö": "Oe"}
)


@dataclass(frozen=True)
class DirtKind:
    """One kind of error in one table.

    Attributes
    ----------
    table, kind : str
    share : float
        Rows of it per row of the table; at least one row is dirty.
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


def plan_dirt(tables: Mapping[str, pd.DataFrame], duplicates: pd.DataFrame) -> pd.DataFrame:
    """Count the rows of each kind of dirt: columns table, kind, n_rows, treatment.

    Hostile texts are listed too, with the treatment "kept": they are odd, not wrong.
    """
    rows = [(dirt.table, dirt.kind, _n_dirty(dirt, tables[dirt.table]), dirt.treatment) for dirt in DIRT_KINDS]
    rows += [(name, "entered twice", len(duplicates), "merged") for name in ("customers", "customer_identities")]
    comments, products = tables["survey_responses"]["comment"], tables["order_lines"]["product"]
    rows.append(("survey_responses", "hostile text", int(comments.isin(HOSTILE).sum()), "kept"))
    rows.append(("order_lines", "dollar signs", int(products.str.contains("$", regex=False).sum()), "kept"))
    return pd.DataFrame(rows, columns=["table", "kind", "n_rows", "treatment"])


def add_dirt(table: str, rows: pd.DataFrame, plan: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the table's rows with its planned dirt, every column as object; a dirty row stands next to its original."""
    n_rows = plan[plan["table"] == table].set_index("kind")["n_rows"]
    dirty = rows.astype(object)
    extras: list[pd.DataFrame] = []
    for dirt in (dirt for dirt in DIRT_KINDS if dirt.table == table):
        rng = np.random.default_rng([seed, crc32(f"{table}: {dirt.kind}".encode())])
        chosen = pd.Index(np.sort(rng.choice(_eligible(dirt, rows), n_rows[dirt.kind], replace=False)))
        if dirt.treatment == "cleaned":
            dirty.loc[chosen, "channel"] = _untidy(dirty.loc[chosen, "channel"], rng)
        elif dirt.treatment == "emptied":
            _write_into(dirty, chosen, dirt)
        else:
            extras.append(_dirty_copies(dirt, rows.loc[chosen].astype(object), len(extras)))
    return pd.concat([dirty, *extras]).sort_index(kind="stable").reset_index(drop=True)


def plan_double_accounts(tables: Mapping[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """Choose who opens a second account, and when.

    Returns
    -------
    pandas.DataFrame
        customer_id (of the second account), duplicate_of, moved_at: from then on the orders are booked on the second.
    """
    orders = tables["orders"].dropna(subset=["customer_id"])
    orders = orders[orders["revenue"] > 0]
    nth = orders.groupby("customer_id").cumcount()
    middle = orders[nth == orders.groupby("customer_id")["order_id"].transform("size") // 2]
    faithful = middle[nth[middle.index] >= 2]
    n = min(max(1, round(SECOND_ACCOUNTS * len(tables["customers"]))), len(faithful))
    chosen = faithful.iloc[np.sort(np.random.default_rng([seed, 2]).choice(len(faithful), n, replace=False))]
    return pd.DataFrame(
        {
            "customer_id": [f"C-9{number:05d}" for number in range(1, n + 1)],
            "duplicate_of": chosen["customer_id"].to_numpy(),
            "moved_at": chosen["ordered_at"].to_numpy(),
        }
    )


def add_double_accounts(tables: Mapping[str, pd.DataFrame], duplicates: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables with the second accounts in customers, identities and orders."""
    second_account = duplicates.set_index("duplicate_of")
    customers, people, orders = (tables[name] for name in ("customers", "customer_identities", "orders"))
    second = customers[customers["customer_id"].isin(second_account.index)]
    second = second.assign(
        acquired_at=second_account["moved_at"].loc[second["customer_id"]].to_numpy(),
        customer_id=second_account["customer_id"].loc[second["customer_id"]].to_numpy(),
        channel="direct",
        campaign=None,
        referred_by=None,
    )
    again = people[people["customer_id"].isin(second_account.index)]
    again = _misspelt_contacts(again).assign(
        customer_id=second_account["customer_id"].loc[again["customer_id"]].to_numpy()
    )
    moved = orders["ordered_at"] >= orders["customer_id"].map(second_account["moved_at"])
    owner = orders["customer_id"].where(~moved, orders["customer_id"].map(second_account["customer_id"]))
    return dict(tables) | {
        "customers": pd.concat([customers, second], ignore_index=True),
        "customer_identities": pd.concat([people, again], ignore_index=True),
        "orders": orders.assign(customer_id=owner),
    }


def _n_dirty(dirt: DirtKind, rows: pd.DataFrame) -> int:
    return min(max(1, round(dirt.share * len(rows))), len(_eligible(dirt, rows)))


def _eligible(dirt: DirtKind, rows: pd.DataFrame) -> pd.Index:
    """Rows that the dirt can fall on: where a value is to be emptied, those that have none in truth."""
    if dirt.treatment == "emptied":
        return rows.index[rows[list(dirt.changes)].isna().all(axis=1)]
    return rows.index[rows["channel"].notna()] if dirt.treatment == "cleaned" else rows.index


DIRT_KINDS = (
    DirtKind("orders", "exact duplicate", 0.003, "deduplicated"),
    DirtKind("orders", "amount that is no number", 0.0003, "rejected", {"revenue": "12,5O"}),
    DirtKind("orders", "dated in the future", 0.0001, "rejected", {"ordered_at": pd.Timestamp("2062-10-31 10:00:00")}),
    DirtKind("order_lines", "unknown order", 0.0002, "noted", {"order_id": "O-999999"}),
    DirtKind("survey_responses", "exact duplicate", 0.003, "deduplicated"),
    DirtKind("survey_responses", "no date", 0.003, "rejected", {"responded_at": ""}),
    DirtKind(
        "survey_responses",
        "score above the scale",
        0.0008,
        "rejected",
        {"survey": "nps", "score": 11.0, "scale_max": 10.0},
    ),
    DirtKind("survey_responses", "unknown survey", 0.0005, "rejected", {"survey": "npss"}),
    DirtKind("tickets", "exact duplicate", 0.003, "deduplicated"),
    DirtKind("tickets", "unknown customer", 0.004, "noted", {"customer_id": "C-000000"}),
    DirtKind("leads", "no date", 0.001, "rejected", {"created_at": ""}),
    DirtKind("leads", "untidy channel", 0.008, "cleaned"),
    DirtKind("customers", "untidy channel", 0.008, "cleaned"),
    DirtKind("customers", "year of birth before 1900", 0.002, "emptied", {"birth_year": 1066}),
    DirtKind("deals", "untidy channel", 0.01, "cleaned"),
    DirtKind("mailings", "exact duplicate", 0.001, "deduplicated"),
    DirtKind("web_traffic", "no date", 0.0001, "rejected", {"visited_on": ""}),
    DirtKind("costs", "amount that is no number", 0.0004, "rejected", {"category": "media", "amount": "12,5O"}),
    DirtKind("costs", "unknown purpose", 0.0004, "rejected", {"category": "staff", "purpose": "aquisition"}),
)


def _untidy(channels: pd.Series, rng: np.random.Generator) -> list[str]:
    spellings = (lambda name: f" {name.capitalize()}", str.upper, str.title, lambda name: f"{name} ")
    return [spellings[int(rng.integers(len(spellings)))](name) for name in channels]


def _write_into(rows: pd.DataFrame, chosen: pd.Index, dirt: DirtKind) -> None:
    for column, value in dirt.changes.items():
        rows[column] = pd.Series(value, chosen, dtype=object).combine_first(rows[column]).loc[rows.index]


def _dirty_copies(dirt: DirtKind, copies: pd.DataFrame, nth: int) -> pd.DataFrame:
    """Make the copies wrong, under new identifiers if the table has its own: otherwise they would replace true rows."""
    if dirt.treatment == "deduplicated":
        return copies
    wrong = copies.copy()
    _write_into(wrong, wrong.index, dirt)
    key = schema(dirt.table).key
    if len(key) == 1 and key[0] not in dirt.changes and len(wrong):
        letter = str(copies[key[0]].iloc[0]).split("-")[0]
        wrong[key[0]] = [f"{letter}-9{nth}{number:05d}" for number in range(1, len(wrong) + 1)]
    return wrong


def _misspelt_contacts(people: pd.DataFrame) -> pd.DataFrame:
    """Umlauts written out or two letters swapped, the telephone with brackets, the street abbreviated."""
    return people.assign(
        name=people["name"].map(_misspelt_name),
        email=people["email"].str.replace(".", "", n=1, regex=False),
        phone=people["phone"].str.replace("+49 30 ", "+49 (30) ", regex=False).str.replace("-", " "),
        address=people["address"].str.replace("straße", "str.", regex=False),
    )


def _misspelt_name(name: str) -> str:
    plain, swapped = name.translate(_SPELT_OUT), f"{name[:-3]}{name[-2]}{name[-3]}{name[-1]}"
    other = plain if plain != name else swapped
    return other if other != name else f"{name[:-2]}{name[-1]}"  # two equal letters: one is left out
