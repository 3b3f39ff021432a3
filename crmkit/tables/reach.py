"""Which tables reach a column: their own, those of their customers, and the states of customers that change over time.

Splits (``by=``) and filters (``where=``) follow the same rule.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

import ibis.expr.types as ir

from crmkit.errors import CrmkitError, NotMeasured, did_you_mean, printable
from crmkit.tables.conditions import Condition, applied, columns_in, renamed
from crmkit.tables.derived.states import STATES
from crmkit.tables.expressions import constant_day
from crmkit.tables.schema import PREDICTED, SCHEMAS

#: Tables whose rows belong to those of another table, and the column that joins them.
BELONGS_TO = {"order_lines": ("orders", "order_id"), "deal_stages": ("deals", "deal_id")}


class HasTables(Protocol):
    """What is needed of a catalog here: its tables by name, and the last day with data."""

    @property
    def names(self) -> list[str]:
        """Names of the canonical tables."""

    @property
    def data_through(self) -> date | None:
        """Last day with data."""

    def table(self, name: str) -> ir.Table:
        """Return a canonical or derived table."""


def through_customer(catalog: HasTables, table: ir.Table, column: str) -> bool:
    """Return whether a column of customers is known for the customers of a table."""
    has_customer = "customer_id" in table.columns and "customers" in catalog.names
    return has_customer and column in catalog.table("customers").columns


def has_state(catalog: HasTables, column: str) -> bool:
    """Return whether the data say when customers were in a state, such as a segment."""
    try:
        return column in catalog.table(STATES[column]).columns
    except NotMeasured:
        return False


def changes_over_time(catalog: HasTables, table: ir.Table, column: str) -> bool:
    """Return whether a column is a state of the table's customers that changes over time."""
    fixed = column in table.columns or through_customer(catalog, table, column)
    return not fixed and "customer_id" in table.columns and column in STATES and has_state(catalog, column)


def known_columns(catalog: HasTables) -> list[str]:
    """Return the columns by which numbers can be split and filtered: those of all tables, and the states of customers."""
    known = {column for name in catalog.names for column in catalog.table(name).columns}
    return sorted(known | {column for column in STATES if has_state(catalog, column)})


def named_in(catalog: HasTables, condition: Condition) -> Condition:
    """Return the condition with its columns named as the data name them, whatever the case.

    Raises
    ------
    CrmkitError
        If there is no such column, or the data lack it.
    """
    known = [
        column
        for column in known_columns(catalog)
        if any(not SCHEMAS[name].personal and column in catalog.table(name).columns for name in catalog.names)
        or column in STATES
    ]
    by_folded = {column.casefold(): column for column in known}

    def name_of(column: str) -> str:
        folded = "_".join(column.casefold().split())
        if column in known or folded in by_folded:
            return column if column in known else by_folded[folded]
        listed = ", ".join(known) or "none"
        if any(column in table.names for table in SCHEMAS.values() if not table.personal):
            raise CrmkitError(f"where: the data have no column '{column}'. There are: {listed}.")
        hint = did_you_mean(column, known)
        there = f" There are: {listed}." if hint.startswith("Did") else ""
        raise CrmkitError(f"where: there is no column '{printable(column)}'. {hint}{there}")

    return renamed(condition, name_of)


def narrowed_tables(catalog: HasTables, condition: Condition) -> tuple[dict[str, ir.Table], dict[str, str]]:
    """Return the rows of each table that meet a condition, and what the other tables lack for it.

    A table has the columns of the condition itself or reaches them through its customers. A state that changes over
    time, such as a segment, is that of the last day with data. Predictions are narrowed by their customers alone, and
    lines of orders and stages of deals with the orders and deals.

    Returns
    -------
    (dict of str to table, dict of str to str)
        By name of the table; the second holds "table.column".

    Raises
    ------
    CrmkitError
        If no table reaches the columns, or a value cannot be compared with its column.
    """
    kept: dict[str, ir.Table] = {}
    lacking: dict[str, str] = {}
    for name in sorted(catalog.names, key=lambda name: name in BELONGS_TO):
        table = catalog.table(name)
        own = [] if name in PREDICTED else list(table.columns)
        absent = [column for column in columns_in(condition) if not _is_reached(catalog, table, own, column)]
        owner, key = BELONGS_TO.get(name, ("", ""))
        if not absent:
            kept[name] = _filtered(catalog, table, own, condition)
        elif owner in kept and key in table.columns:
            kept[name] = table.semi_join(kept[owner], key)
        else:
            lacking[name] = f"{name}.{absent[0]}"
    if not kept:
        raise CrmkitError(f"where: no table has or reaches all columns of the condition {condition}.")
    return {name: kept[name] for name in catalog.names if name in kept}, lacking


def members(catalog: HasTables, condition: Condition) -> ir.Table:
    """Return the customers who meet a condition: customer_id.

    Raises
    ------
    NotMeasured
        If it is not one on customers.
    """
    columns = columns_in(condition)
    people = catalog.table("customers") if "customers" in catalog.names else None
    if people is None:
        states = [
            catalog.table(STATES[column]) for column in columns if column in STATES and has_state(catalog, column)
        ]
        if not states:
            raise NotMeasured(f"customers.{columns[0]}")
        people = states[0].select("customer_id").distinct()
    for column in columns:
        if not _is_reached(catalog, people, list(people.columns), column):
            raise NotMeasured(f"customers.{column}")
    return _filtered(catalog, people, list(people.columns), condition).select("customer_id").distinct()


def _is_reached(catalog: HasTables, table: ir.Table, own: list[str], column: str) -> bool:
    if column in own or through_customer(catalog, table, column):
        return True
    return "customer_id" in table.columns and column in STATES and has_state(catalog, column)


def _filtered(catalog: HasTables, table: ir.Table, own: list[str], condition: Condition) -> ir.Table:
    borrowed = [column for column in columns_in(condition) if column not in own]
    if not borrowed:
        return table.filter(applied(condition, lambda column: table[column]))
    rows = table
    fixed = [column for column in borrowed if through_customer(catalog, table, column)]
    if fixed:
        columns = {f"__{column}": column for column in fixed}
        theirs = catalog.table("customers").select(__customer="customer_id", **columns)
        rows = rows.left_join(theirs, rows["customer_id"] == theirs["__customer"]).drop("__customer")
    for column in borrowed:
        if column not in fixed:
            theirs = _last_states(catalog, column)
            rows = rows.left_join(theirs, rows["customer_id"] == theirs["__customer"]).drop("__customer")
    met = rows.filter(applied(condition, lambda column: rows[f"__{column}" if column in borrowed else column]))
    return met.select(*table.columns)


def _last_states(catalog: HasTables, column: str) -> ir.Table:
    """Return the state of each customer on the last day with data; of several the last by name, as in splits."""
    spells = catalog.table(STATES[column])
    if catalog.data_through is not None:
        last = constant_day(catalog.data_through)
        spells = spells.filter((spells.starts_on <= last) & (last < spells.ends_on))
    return spells.group_by(__customer=spells["customer_id"]).aggregate(**{f"__{column}": spells[column].max()})
