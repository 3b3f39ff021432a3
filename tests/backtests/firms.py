"""Simulated firms whose truth is known: people with rates, tastes and opinions of their own."""

from __future__ import annotations

from datetime import timedelta

import ibis
import numpy as np
import pandas as pd

from crmkit.periods import Period
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog

FIRST = pd.Timestamp("1800-01-01")
MONTH = 30.44  # days
SETTLED = 80  # months until the number of customers has stopped growing


def months(first: int, n: int) -> list[Period]:
    """Return ``n`` months of the simulated time from the month number ``first`` on."""
    start = Period.containing(FIRST.date(), "month").shift(first)
    return [start.shift(i) for i in range(n)]


def catalog_of(tables: dict[str, pd.DataFrame], last: Period) -> Catalog:
    """Return a catalogue of simulated tables up to the end of a month; ``_at`` columns hold days since the first."""
    connection = ibis.duckdb.connect()
    made = {}
    for name, frame in tables.items():
        times = {column: _times(frame[column]) for column in frame if column.endswith("_at")}
        made[name] = connection.create_table(name, frame.assign(**times))
    return Catalog(made, parse_settings({"data": {"through": str(last.end - timedelta(days=1))}}))


def stationary_firm(random: np.random.Generator, n_customers: int, n_months: int) -> dict[str, pd.DataFrame]:
    """Return the tables of a firm in which nothing ever changes: about ``n_customers`` come, buy, answer and go.

    Each customer has a rate of visits, a taste (how dear), an opinion (how happy) and a day of leaving. A visit brings
    one or more orders that are alike, so orders are far from independent.
    """
    days = n_months * MONTH
    n_people = random.poisson(n_customers / 20 * n_months)  # they stay for 20 months on average
    arrives = random.uniform(0, days, n_people)
    stays = random.exponential(20 * MONTH, n_people)
    visits = np.where(arrives > 0, 1 + random.poisson(random.gamma(1.5, 0.4, n_people) * stays / MONTH), 0)
    person = np.repeat(np.arange(n_people), visits)
    first_visit = np.r_[True, person[1:] != person[:-1]]
    at = arrives[person] + np.where(first_visit, 0, random.random(len(person)) * stays[person])
    seen = at < days
    tables = _orders(random, person[seen], at[seen], random.normal(0, 0.4, n_people))
    tables["survey_responses"] = _answers(random, person[seen], at[seen], random.beta(3, 1.5, n_people))
    channel = random.choice(
        np.array(["search", "social", "friends", None], dtype=object), n_people, p=[0.4, 0.3, 0.2, 0.1]
    )
    tables["customers"] = pd.DataFrame({"customer_id": np.arange(n_people).astype(str), "channel": channel})
    return tables | funnel(random, n_customers / 5, n_months)


def funnel(random: np.random.Generator, leads_per_month: float, n_months: int) -> dict[str, pd.DataFrame]:
    """Return leads, the deals that some of them become, and the same cost each day."""
    days = n_months * MONTH
    n = random.poisson(leads_per_month * n_months)
    created = random.uniform(0, days, n)
    converted = np.where(random.random(n) < 0.3, created + random.exponential(15, n), np.nan)
    opened = created[random.random(n) < 0.5]
    to_win, to_lose = 20 * random.weibull(1.3, len(opened)), random.exponential(30, len(opened))
    closed = opened + np.minimum(to_win, to_lose)
    known = closed < days
    return {
        "leads": pd.DataFrame(
            {
                "lead_id": np.arange(n).astype(str),
                "created_at": created,
                "converted_at": np.where(converted < days, converted, np.nan),
            }
        ),
        "deals": pd.DataFrame(
            {
                "deal_id": np.arange(len(opened)).astype(str),
                "created_at": opened,
                "closed_at": np.where(known, closed, np.nan),
                "won": pd.array(np.where(known, to_win <= to_lose, None), dtype="boolean"),
            }
        ),
        "costs": pd.DataFrame({"spent_at": np.arange(int(days)), "amount": leads_per_month, "purpose": "acquisition"}),
    }


def subscription_firm(random: np.random.Generator, n_customers: int, churn: list[float]) -> dict[str, pd.DataFrame]:
    """Return the tables of a firm of ``n_customers`` subscribers that loses the share ``churn[i]`` of them in month i.

    Each has a risk of leaving of her own; who leaves is replaced on the month's last day by one of the same risk, so
    that only ``churn`` tells the months apart. Visitors buy without a name, the same in every month.
    """
    risk = random.beta(2, 2 / 0.05 - 2, n_customers) / 0.05  # 1 on average
    starts, ends = [], []
    since = np.zeros(n_customers)
    bounds = _month_starts(len(churn))
    for month, rate in enumerate(churn):
        first, after = bounds[month], bounds[month + 1]
        leaves = random.random(n_customers) < np.minimum(rate * risk, 1)
        starts.append(since[leaves])
        ends.append(first + 1 + random.integers(0, after - first - 1, leaves.sum()))
        since = np.where(leaves, after - 1, since)  # from the last day on: there at the next start
    starts, ends = np.concatenate([*starts, since]), np.concatenate([*ends, np.full(n_customers, bounds[-1] + 400)])
    names = np.arange(len(starts)).astype(str)
    terms = pd.DataFrame(
        {"subscription_id": names, "customer_id": names, "starts_at": starts, "ends_at": ends, "mrr": 30.0}
    )
    customers = pd.DataFrame({"customer_id": names, "channel": random.choice(["search", "social"], len(names))})
    tables = stationary_firm(random, n_customers, len(churn))
    visitors = {"orders": tables["orders"].drop(columns="customer_id")}
    return tables | visitors | {"subscription_terms": terms, "customers": customers}


def _orders(
    random: np.random.Generator, person: np.ndarray, at: np.ndarray, taste: np.ndarray
) -> dict[str, pd.DataFrame]:
    n_orders = 1 + random.poisson(1.5, len(person))
    visit = np.repeat(np.arange(len(person)), n_orders)
    mood = random.normal(0, 0.7, len(person))[visit]
    price = np.exp(3.5 + taste[person[visit]] + mood + random.normal(0, 0.4, len(visit)))
    refunded = np.where(random.random(len(visit)) < 0.03, -1, 1)
    return {
        "orders": pd.DataFrame(
            {
                "order_id": np.arange(len(visit)).astype(str),
                "ordered_at": at[visit],
                "revenue": price * refunded,
                "customer_id": person[visit].astype(str),
            }
        )
    }


def _answers(random: np.random.Generator, person: np.ndarray, at: np.ndarray, happy: np.ndarray) -> pd.DataFrame:
    asked = random.random(len(person)) < 0.5
    person, at = person[asked], at[asked]
    content = random.random(len(person)) < happy[person]
    survey = np.where(random.random(len(person)) < 0.5, "nps", "csat")
    middling = np.where(random.random(len(person)) < 0.4, 7, 4)
    score = np.where(survey == "csat", np.where(content, 5, 2), np.where(content, 10, middling))
    return pd.DataFrame(
        {
            "response_id": np.arange(len(person)).astype(str),
            "responded_at": at,
            "survey": survey,
            "score": score,
            "customer_id": person.astype(str),
        }
    )


def _times(column: pd.Series) -> pd.Series:
    microseconds = (column * 86_400_000_000).round().astype("Int64")
    return FIRST.as_unit("us") + microseconds.astype("timedelta64[us]")


def _month_starts(n_months: int) -> np.ndarray:
    starts = pd.date_range(FIRST.as_unit("us"), periods=n_months + 1, freq="MS")
    return (starts - FIRST.as_unit("us")).days.to_numpy()
