"""The trial book: everybody drawn for an action or its holdout, one row a person and draw, and the draws as a list."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.cleaning.duplicates.state import read_state
from crmkit.sources.store.store import located_store
from crmkit.sources.store.trial_book import read_drawn
from crmkit.tables.catalog import Catalog

WINDOW = 60  # days in which an outcome counts, where neither an end nor an outcome says how long
_TEXTS = ("trial", "block")
_NUMBERS = ("round", "probability", "cost", "value", "predicted", "risk")
_DRAW = ["action", "trial"]
_PEOPLE = [*_DRAW, "customer_id"]


def drawn_people(catalog: Catalog) -> pd.DataFrame:
    """Return everybody who was drawn, once a draw.

    A person who was merged with another counts as that one. Two of one person on both sides of a draw are left out of it:
    what the person did cannot be told apart.

    Returns
    -------
    DataFrame
        customer_id, action, trial, treated (bool), assigned_on, ends_on (first day after the time to see an outcome),
        round, block, probability [share], cost [money], responded (bool: an outcome is written down), value (of it),
        predicted and risk (before the draw, where crmkit drew), n_drawn (people of the draw when it was made).
    """
    rows = _rows(catalog)
    if rows.empty:
        return rows.reindex(columns=[*_PEOPLE, "treated", "assigned_on", "ends_on", "responded", *_TEXTS, *_NUMBERS])
    rows = rows.reindex(columns=[*dict.fromkeys([*rows.columns, *_TEXTS, *_NUMBERS, "ends_at", "outcome_at"])])
    assigned = pd.to_datetime(rows["assigned_at"])
    month = rows["action"].astype(str) + " " + assigned.dt.strftime("%Y-%m")
    rows["trial"] = rows["trial"].where(rows["trial"].notna(), month)
    for name in _NUMBERS:
        rows[name] = pd.to_numeric(rows[name]).astype(float)
    rows["treated"] = rows["treated"].astype(bool)
    rows["assigned_on"] = assigned.dt.floor("D")
    rows["responded"] = rows["outcome_at"].notna()
    rows["ends_on"] = _ends(rows)
    rows["customer_id"] = _merged(catalog, rows["customer_id"])
    sides = rows.groupby(_PEOPLE)["treated"].transform("nunique")
    kept = rows[sides == 1].sort_values(["action", "assigned_on", "customer_id"], kind="stable")
    return kept.drop_duplicates(_PEOPLE).reset_index(drop=True)


def draws(people: pd.DataFrame) -> pd.DataFrame:
    """Return one row per draw, the earliest first.

    Returns
    -------
    DataFrame
        action, trial, round (1, 2, ... of the action), assigned_on, ends_on, n_treated, n_held [people].
    """
    if people.empty:
        return pd.DataFrame(columns=[*_DRAW, "round", "assigned_on", "ends_on", "n_treated", "n_held"])
    each = people.groupby(_DRAW, sort=False).agg(
        assigned_on=("assigned_on", "min"),
        ends_on=("ends_on", "max"),
        n_treated=("treated", "sum"),
        n=("treated", "size"),
    )
    each = each.reset_index().sort_values(["assigned_on", "action"], kind="stable", ignore_index=True)
    each["round"] = each.groupby("action").cumcount() + 1
    each["n_treated"] = each["n_treated"].astype(int)
    each["n_held"] = each["n"] - each["n_treated"]
    return each[[*_DRAW, "round", "assigned_on", "ends_on", "n_treated", "n_held"]]


def running_on(people: pd.DataFrame, day: date) -> pd.DataFrame:
    """Return the people of draws whose time to see an outcome has not passed on a day.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a"], "ends_on": pd.to_datetime(["2026-10-31"])})
    >>> len(running_on(people, date(2026, 10, 30))), len(running_on(people, date(2026, 10, 31)))
    (1, 0)
    """
    return people[pd.to_datetime(people["ends_on"]) > pd.Timestamp(day)]


def _rows(catalog: Catalog) -> pd.DataFrame:
    rows = catalog.frame("treatments") if "treatments" in catalog.names else pd.DataFrame()
    if catalog.settings.database:  # of a store the two are one table
        drawn = catalog.of_its_customers(read_drawn(catalog.settings))
        rows = pd.concat([each for each in (rows, drawn) if len(each)] or [rows], ignore_index=True)
    return rows[rows["treated"].notna()] if len(rows) else rows


def _ends(rows: pd.DataFrame) -> pd.Series:
    """Return the first day after the time to see an outcome: as agreed, else as long as the action's latest outcome took."""
    took = (pd.to_datetime(rows["outcome_at"]).dt.floor("D") - rows["assigned_on"]).dt.days
    longest = took.groupby(rows["action"]).transform("max")
    days = np.where(longest.notna(), longest + 1, WINDOW)
    usual = rows["assigned_on"] + pd.to_timedelta(days, unit="D")
    return pd.to_datetime(rows["ends_at"]).dt.floor("D").fillna(usual)


def _merged(catalog: Catalog, ids: pd.Series) -> pd.Series:
    """Return each id, or that of the person with whom it was merged after the draw."""
    if catalog.settings.database or not catalog.settings.folder.is_absolute():
        return ids
    merges = read_state(located_store(catalog.settings.path("store"))).merges
    standing = merges[merges["undone_at"].isna()]
    return ids.replace(dict(zip(standing["from_id"], standing["into_id"], strict=True)))


def last_day_of(ends_on: pd.Timestamp) -> date:
    """Return the last day of the time to see an outcome."""
    last: date = ends_on.date() - timedelta(days=1)
    return last
