"""Firms of 1, 5 and 50 customers with every table, and one in whose last month nothing happened."""

from __future__ import annotations

from functools import cache

import pandas as pd

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import parse_settings
from crmkit.sources.sample import sample_company
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS

MONTH, THROUGH = "2026-10", "2026-10-31"
TARGETS = [
    {"metric": "revenue", "value": 100.0},
    {"metric": "churn_rate", "value": 0.04},
    {"metric": "nps", "value": 45.0},
    {"metric": "new_customers", "value": 1.0},
    {"metric": "sales_cycle", "value": 1.0},
]


@cache
def firm(n_customers: int) -> Catalog:
    """Return a firm of so many customers: of the sample company those who order most, with all that is theirs.

    With none it has five of whom none did anything in the last month.
    """
    if n_customers == 0:
        return connected({name: _before_last_month(name, rows) for name, rows in cut(5).items()})
    return connected(cut(n_customers))


@cache
def firm_without(*tables: str, n_customers: int = 50) -> Catalog:
    """Return a firm that does not record some tables."""
    return connected({name: rows for name, rows in cut(n_customers).items() if name not in tables})


@cache
def firm_of(*tables: str, n_customers: int = 50) -> Catalog:
    """Return a firm that records these tables and nothing else."""
    return connected({name: rows for name, rows in cut(n_customers).items() if name in tables})


def cut(n_customers: int) -> dict[str, pd.DataFrame]:
    tables = _tables()
    orders = tables["orders"]["customer_id"].value_counts()
    every = list(dict.fromkeys([*orders.index, *tables["customers"]["customer_id"]]))
    known = set(every[:n_customers])
    share = n_customers / len(every)
    cut = {name: _of(rows, known, share) for name, rows in tables.items()}
    cut["order_lines"] = tables["order_lines"].merge(cut["orders"][["order_id"]], on="order_id")
    cut["deal_stages"] = tables["deal_stages"].merge(cut["deals"][["deal_id"]], on="deal_id")
    return cut


def connected(tables: dict[str, pd.DataFrame]) -> Catalog:
    budgets = [{"amount": 300, "per": "month"}, {"amount": 1, "per": "month", "channel": "paid social"}]
    settings = {"data": {"through": THROUGH}, "company": {"currency": "EUR"}, "targets": TARGETS, "budgets": budgets}
    return connect(tables, parse_settings(settings))


@cache
def _tables() -> dict[str, pd.DataFrame]:
    return sample_company(n_customers=50, months=14).tables


def _of(rows: pd.DataFrame, known: set[str], share: float) -> pd.DataFrame:
    if "customer_id" not in rows:
        return rows.tail(round(len(rows) * share))
    theirs = rows["customer_id"].isin(known)
    nobodys = rows[rows["customer_id"].isna()]
    return pd.concat([rows[theirs], nobodys.tail(round(len(nobodys) * share))]).sort_index()


def _before_last_month(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    clock = SCHEMAS[name].clock
    return rows if clock is None else rows[rows[clock] < pd.Timestamp(f"{MONTH}-01")]
