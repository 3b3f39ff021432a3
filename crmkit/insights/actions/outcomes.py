"""What people did in the time of their trial, and before the draw: joined from orders, terms, tickets and answers."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.actions.book import last_day_of
from crmkit.predictions.value.payments import payments_until
from crmkit.tables.catalog import Catalog

_YEAR = 365  # days before the draw
_LOW = 0.495  # of the scale: an answer below is a low one


@dataclass(frozen=True)
class Outcome:
    """One thing that may have happened to a person.

    Attributes
    ----------
    label : str
        What it is, in words.
    unit : {"money", "share", "count"}
    """

    label: str
    unit: str


#: The first in money that a trial has is what it is judged by: costs are paid out of the margin.
OUTCOMES = {
    "margin": Outcome("margin", "money"),
    "value": Outcome("value written down", "money"),
    "revenue": Outcome("turnover", "money"),
    "responded": Outcome("outcome written down", "share"),
    "ordered": Outcome("ordered or paid", "share"),
    "active": Outcome("active at the end", "share"),
    "tickets": Outcome("tickets opened", "count"),
    "low_answers": Outcome("low answers", "count"),
}


def outcomes_of(catalog: Catalog, people: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return what the people of one draw did from the draw up to its end, or up to a day that comes before.

    Who did nothing counts with 0. An outcome that the data cannot show has no column.

    Parameters
    ----------
    catalog : Catalog
    people : DataFrame
        Rows of one draw, from :func:`crmkit.insights.actions.book.drawn_people`.
    as_of : date
        Last day whose data is used.

    Returns
    -------
    DataFrame
        Indexed as ``people``, with some of the columns of :data:`OUTCOMES`.
    """
    found = pd.DataFrame(index=people.index)
    ends_on = people["ends_on"].max()
    last = min(last_day_of(ends_on), as_of)
    if people["value"].notna().any():
        found["value"] = people["value"].fillna(0.0)
    if people["responded"].any() and not people["responded"].all():
        found["responded"] = people["responded"].astype(float)
    events = _events(catalog, last)
    for name, rows in events.items():
        found[name] = _summed(people, rows, last)
    if "margin" in found or "revenue" in found:
        money = events["margin" if "margin" in events else "revenue"].assign(amount=1.0)
        found["ordered"] = (_summed(people, money, last) > 0).astype(float)
    with suppress(NotMeasured):
        found["active"] = _active(catalog, people, last)
    if "margin" in found and "value" in found and not found["margin"].any():
        found = found.drop(columns="margin")  # what was written down is about something else
    return found[[name for name in OUTCOMES if name in found]]


def known_before(catalog: Catalog, people: pd.DataFrame) -> pd.DataFrame:
    """Return what was known of the people of one draw before it: the numbers to adjust by, those that matter most first.

    Returns
    -------
    DataFrame
        Indexed as ``people``: predicted, risk (where crmkit drew), money (of the year before [money]), payments (their
        number), days_since (the last one; a year where there is none); without columns that are empty.
    """
    found = pd.DataFrame({name: people[name] for name in ("predicted", "risk")}, index=people.index)
    day = people["assigned_on"].min().date() - timedelta(days=1)
    with suppress(NotMeasured):
        rows = payments_until(catalog, day, since=day - timedelta(days=_YEAR)).rows
        by = rows.groupby("customer_id")
        theirs = people["customer_id"]
        found["money"] = theirs.map(by["money"].sum()).fillna(0.0)
        found["payments"] = theirs.map(by.size()).fillna(0.0).astype(float)
        last = theirs.map((pd.Timestamp(day) - by["on"].max()).dt.days)
        found["days_since"] = last.fillna(_YEAR).astype(float)
    return found.dropna(axis=1, how="all").astype(float)


def _events(catalog: Catalog, last: date) -> dict[str, pd.DataFrame]:
    """Return what customers did up to a day, by name of the outcome: customer_id, on, amount."""
    events = {}
    with suppress(NotMeasured):
        paid = payments_until(catalog, last)
        rate = catalog.settings.value.margin_rate or 1.0
        turnover = paid.rows["revenue"].astype(float).fillna(paid.rows["money"] / rate)
        if paid.is_margin:
            events["margin"] = paid.rows.assign(amount=paid.rows["money"])
        events["revenue"] = paid.rows.assign(amount=turnover)
    for table, at in (("tickets", "opened_at"), ("survey_answers", "responded_at")):
        with suppress(NotMeasured):
            rows = catalog.table(table)
            if "customer_id" in rows.columns:
                wanted = ["customer_id", at, *(["position"] if "position" in rows.columns else [])]
                frame = rows.select(*wanted).execute()
                on = pd.to_datetime(frame[at]).dt.floor("D")
                name = "tickets" if table == "tickets" else "low_answers"
                amount = 1.0 if table == "tickets" else (frame["position"].astype(float) < _LOW).astype(float)
                events[name] = frame.assign(on=on, amount=amount)
    return {name: rows[["customer_id", "on", "amount"]] for name, rows in events.items()}


def _summed(people: pd.DataFrame, rows: pd.DataFrame, last: date) -> pd.Series:
    """Return the sum of the amounts of each person in the time of the trial."""
    own = people[["customer_id", "assigned_on", "ends_on"]].reset_index(names="person")
    met = own.merge(rows.dropna(subset=["customer_id"]), on="customer_id")
    inside = (met["on"] >= met["assigned_on"]) & (met["on"] < met["ends_on"]) & (met["on"] <= pd.Timestamp(last))
    sums = met[inside].groupby("person")["amount"].sum()
    return sums.reindex(people.index).fillna(0.0).astype(float)


def _active(catalog: Catalog, people: pd.DataFrame, last: date) -> pd.Series:
    """Return whether each person was active at the end."""
    spells = catalog.table("activity_spells").select("customer_id", "starts_on", "ends_on").execute()
    day = pd.Timestamp(last)
    runs = (pd.to_datetime(spells["starts_on"]) <= day) & (pd.to_datetime(spells["ends_on"]) > day)
    result: pd.Series = people["customer_id"].isin(set(spells.loc[runs, "customer_id"])).astype(float)
    return result


def noise_of(outcome: pd.Series) -> float:
    """Return the standard deviation of an outcome; 0 for fewer than two people."""
    return float(np.std(outcome.to_numpy(dtype=float), ddof=1)) if len(outcome) > 1 else 0.0
