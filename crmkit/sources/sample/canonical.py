"""From the simulation's frames (persons, day numbers) to the canonical tables (customer ids, local time, dtypes)."""

from __future__ import annotations

import pandas as pd

from crmkit.sources.sample.gaps import only_where
from crmkit.sources.sample.world import World
from crmkit.tables.schema import Column, schema

# simulation's name of a day -> canonical name of the moment, for each table
_MOMENTS = {
    "customers": {"day": "acquired_at"},
    "leads": {name: f"{name}_at" for name in ("created", "qualified", "converted", "abandoned")}
    | {"active": "last_activity_at"},
    "deals": {"created": "created_at", "closed": "closed_at"},
    "deal_stages": {"entered": "entered_at"},
    "interactions": {"day": "occurred_at"},
    "crm_events": {"day": "occurred_at"},
    "tickets": {"opened": "opened_at", "resolved": "resolved_at"},
    "costs": {"day": "spent_at"},
    "web_traffic": {"day": "visited_on"},
    "mailings": {
        name: f"{name}_at" for name in ("sent", "delivered", "opened", "clicked", "converted", "unsubscribed")
    },
    "survey_invitations": {"day": "sent_at"},
    "survey_responses": {"day": "responded_at"},
    "social_posts": {"day": "posted_at"},
}


def canonical(world: World, people: pd.DataFrame, table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Name the columns as the schema does, in its order, with customers in place of persons and the right dtypes."""
    named = rows.reset_index(drop=True)
    for day, moment in _MOMENTS.get(table, {}).items():
        named[moment] = world.at(named[day])
    if "customer_id" in schema(table).names and "customer_id" not in named:
        person = named["person"].to_numpy()
        named["customer_id"] = only_where(person >= 0, people["customer_id"].to_numpy()[person])
    return pd.DataFrame({column.name: typed(named[column.name], column) for column in schema(table).columns})


def typed(values: pd.Series, column: Column) -> pd.Series:
    """Give a column the dtype of its kind; a missing text is None.

    Examples
    --------
    >>> typed(pd.Series([1984, None]), schema("customers").column("birth_year")).tolist()
    [1984, <NA>]
    """
    if column.kind in ("id", "text"):
        return pd.Series(only_where(values.notna(), values), values.index)
    if column.kind in ("timestamp", "date"):
        return values.astype("datetime64[us]")
    if column.kind == "integer":
        return values.astype("Int64")
    return values.astype("boolean" if column.kind == "flag" else "float64")
