"""Customers who opened a second account: the same person, spelt a little differently, with the later orders."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

SHARE = 0.005  # of customers
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ë": "e", "ı": "i", "Ö": "Oe"}
)


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
    n = min(max(1, round(SHARE * len(tables["customers"]))), len(faithful))
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
    twice = duplicates.set_index("duplicate_of")
    customers, people, orders = (tables[name] for name in ("customers", "customer_identities", "orders"))
    second = customers[customers["customer_id"].isin(twice.index)]
    second = second.assign(
        acquired_at=twice["moved_at"].loc[second["customer_id"]].to_numpy(),
        customer_id=twice["customer_id"].loc[second["customer_id"]].to_numpy(),
        channel="direct",
        campaign=None,
        referred_by=None,
    )
    again = people[people["customer_id"].isin(twice.index)]
    again = _misspelt(again).assign(customer_id=twice["customer_id"].loc[again["customer_id"]].to_numpy())
    moved = orders["ordered_at"] >= orders["customer_id"].map(twice["moved_at"])
    owner = orders["customer_id"].where(~moved, orders["customer_id"].map(twice["customer_id"]))
    return dict(tables) | {
        "customers": pd.concat([customers, second], ignore_index=True),
        "customer_identities": pd.concat([people, again], ignore_index=True),
        "orders": orders.assign(customer_id=owner),
    }


def _misspelt(people: pd.DataFrame) -> pd.DataFrame:
    """Umlauts written out or two letters swapped, the telephone with brackets, the street abbreviated."""
    return people.assign(
        name=people["name"].map(_respelt),
        email=people["email"].str.replace(".", "", n=1, regex=False),
        phone=people["phone"].str.replace("+49 30 ", "+49 (30) ", regex=False).str.replace("-", " "),
        address=people["address"].str.replace("straße", "str.", regex=False),
    )


def _respelt(name: str) -> str:
    plain, swapped = name.translate(_SPELT_OUT), f"{name[:-3]}{name[-2]}{name[-3]}{name[-1]}"
    other = plain if plain != name else swapped
    return other if other != name else f"{name[:-2]}{name[-1]}"  # two equal letters: one is left out
