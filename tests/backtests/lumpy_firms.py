"""Many simulated firms at once, made in other ways than the intervals assume; each table has a column ``firm``.

Money has heavy tails, customers have busy and quiet spells, some firms have a season, a common mood from month to
month, or a few customers who bring most of the money. Nothing else ever changes. Who is dear also buys more often and
leaves less often, so that no two numbers of a customer are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd

from crmkit.periods import Period
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog

FIRST = pd.Timestamp("2017-01-01")
MONTH = 30.44  # days
STAY = 20 * MONTH  # that a customer stays on average [days]


@dataclass(frozen=True)
class Kind:
    """A kind of firm.

    Attributes
    ----------
    name : str
    tail : float
        Standard deviation of the logarithm of an amount around the customer's own; 0 for Pareto's tail of index 2.6.
    season : float
        By how much the logarithm of the frequency of orders swings within a year; December adds another half of it.
    mood : float
        Standard deviation of the logarithm of a frequency common to all customers, which lasts with 0.7 a month.
    spells : float
        Probability that a customer changes between a busy and a quiet spell in a month; 0 for none.
    large : float
        Share of customers whose amounts are fifteen times those of the others.
    """

    name: str
    tail: float = 0.9
    season: float = 0.0
    mood: float = 0.0
    spells: float = 0.0
    large: float = 0.0


KINDS = (
    Kind("heavy tails", tail=0.0),
    Kind("season", tail=0.9, season=0.35),
    Kind("spells", tail=0.9, spells=0.15),
    Kind("common mood", tail=0.9, mood=0.08, spells=0.15),
    Kind("few large customers", tail=0.7, large=0.03),
)


def month_starts(n_months: int) -> np.ndarray:
    """Return the first day of each month and of the one after the last [days since the first]."""
    return (pd.date_range(FIRST, periods=n_months + 1, freq="MS") - FIRST).days.to_numpy()


def months(first: int, n: int) -> list[Period]:
    """Return ``n`` months of the simulated time from the month number ``first`` on."""
    return [Period.containing(FIRST.date(), "month").shift(first + i) for i in range(n)]


def catalog_of(tables: dict[str, pd.DataFrame], n_months: int) -> Catalog:
    """Return a catalogue of simulated tables up to the end of the last month; ``_at`` columns hold days."""
    connection = ibis.duckdb.connect()
    made = {}
    for name, frame in tables.items():
        times = {column: _times(frame[column]) for column in frame if column.endswith("_at")}
        made[name] = connection.create_table(name, frame.assign(**times))
    last = months(n_months - 1, 1)[0].end - timedelta(days=1)
    return Catalog(made, parse_settings({"data": {"through": str(last)}, "company": {"smallest_group": 1}}))


def rhythm(random: np.random.Generator, kind: Kind, n_months: int) -> np.ndarray:
    """Return the factor by which each month's frequency differs from the average of all."""
    of_year = np.arange(n_months) % 12
    season = kind.season * (np.sin(2 * np.pi * of_year / 12) + 0.5 * (of_year == 11))
    mood = np.zeros(n_months)
    for month in range(1, n_months):
        mood[month] = 0.7 * mood[month - 1] + np.sqrt(1 - 0.7**2) * kind.mood * random.standard_normal()
    return np.exp(season + mood)


def shops(
    random: np.random.Generator, kind: Kind, n_customers: int, n_firms: int, n_months: int, factor: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Return the tables of ``n_firms`` shops of about ``n_customers`` customers each."""
    people = _people(random, kind, n_customers, n_firms, n_months)
    tables = {"customers": people[["customer_id", "firm", "channel"]], "orders": _orders(random, kind, people, factor)}
    tables["survey_responses"] = _answers(random, people, tables["orders"])
    return tables | _funnel(random, kind, n_customers, n_firms, n_months)


def subscriptions(
    random: np.random.Generator, kind: Kind, n_customers: int, n_firms: int, n_months: int, factor: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Return the tables of ``n_firms`` firms of about ``n_customers`` subscribers each, with messages sent to them."""
    people = _people(random, kind, n_customers, n_firms, n_months)
    terms = _terms(random, kind, people, n_months)
    mailings = _mailings(random, people, n_months)
    users = _user_events(random, kind, n_customers, n_firms, n_months, factor)
    return {
        "customers": people[["customer_id", "firm", "channel"]],
        "subscription_terms": terms,
        "mailings": mailings,
        "crm_events": users,
    }


def _people(random: np.random.Generator, kind: Kind, n_customers: int, n_firms: int, n_months: int) -> pd.DataFrame:
    before, days = 5 * STAY, month_starts(n_months)[-1]  # so that their number is settled when the data begin
    n = random.poisson(n_customers / STAY * (days + before), n_firms)
    firm = np.repeat(np.arange(n_firms), n)
    total = int(n.sum())
    size = random.normal(0, 0.7, total)  # how dear and how frequent
    large = random.random(total) < kind.large
    stay = STAY * random.exponential(1, total) * np.exp(0.15 * size)
    joins = random.uniform(-before, days, total)
    channel = np.array(["search", "social", "friends"], dtype=object)[random.choice(3, total, p=[0.5, 0.3, 0.2])]
    people = pd.DataFrame(
        {
            "customer_id": [f"{n_customers}-{i}" for i in range(total)],
            "firm": [f"{n_customers}-{f}" for f in firm],
            "joins": joins,
            "leaves": joins + stay,
            "size": size + large * np.log(15),
            "rate": 0.6 * np.exp(0.3 * size + random.normal(0, 0.7, total) - 0.29),
            "happy": random.beta(2.5, 1.2, total),
            "channel": channel,
        }
    )
    return people[people["leaves"] > 0].reset_index(drop=True)


def _orders(random: np.random.Generator, kind: Kind, people: pd.DataFrame, factor: np.ndarray) -> pd.DataFrame:
    n_months = len(factor)
    starts = month_starts(n_months)
    joins, leaves = (people[name].to_numpy()[:, None] for name in ("joins", "leaves"))
    there = np.clip(np.minimum(leaves, starts[1:]) - np.maximum(joins, starts[:-1]), 0, None) / MONTH
    mean = there * people["rate"].to_numpy()[:, None] * factor * _busy(random, kind, len(people), n_months)
    visits = random.poisson(mean) * (1 + (random.random(mean.shape) < 0.15))  # some visits bring two orders
    person, in_month = np.nonzero(visits)
    person, in_month = (np.repeat(a, visits[person, in_month]) for a in (person, in_month))
    first = np.flatnonzero(people["joins"] >= 0)  # a customer joins with an order
    at = _within(random, in_month, n_months)
    at = np.concatenate([np.clip(at, joins[person, 0], leaves[person, 0]), joins[first, 0]])
    person = np.concatenate([person, first])
    amount = np.exp(3.5 + people["size"].to_numpy()[person]) * _tail(random, kind, len(person))
    returned = random.random(len(person)) < 0.05
    cost = random.uniform(0.3, 1.1, len(person))  # some are sold below cost
    guest = random.random(len(person)) < 0.1
    names = people["customer_id"].to_numpy(object)[person]
    revenue = np.round(np.where(returned, -amount, amount), 2)
    return pd.DataFrame(
        {
            "order_id": np.arange(len(person)).astype(str),
            "ordered_at": at,
            "revenue": revenue,
            "margin": np.round(revenue * (1 - cost), 2),
            "customer_id": np.where(guest, None, names),
            "firm": people["firm"].to_numpy(object)[person],
        }
    )


def _answers(random: np.random.Generator, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    asked = orders[orders["customer_id"].notna() & (random.random(len(orders)) < 0.5)]
    happy = people.set_index("customer_id")["happy"].reindex(asked["customer_id"]).to_numpy()
    content = random.random(len(asked)) < happy
    survey = random.choice(np.array(["nps", "csat", "ces"], dtype=object), len(asked))
    low = np.where(survey == "nps", random.choice([3, 7], len(asked)), 2)
    return pd.DataFrame(
        {
            "response_id": np.arange(len(asked)).astype(str),
            "responded_at": asked["ordered_at"].to_numpy(),
            "survey": survey,
            "score": np.where(content, np.where(survey == "nps", 9, np.where(survey == "ces", 7, 5)), low),
            "customer_id": asked["customer_id"].to_numpy(object),
            "firm": asked["firm"].to_numpy(object),
        }
    )


def _funnel(
    random: np.random.Generator, kind: Kind, n_customers: int, n_firms: int, n_months: int
) -> dict[str, pd.DataFrame]:
    days = month_starts(n_months)[-1]
    n = random.poisson(n_customers / 10 * n_months, n_firms)
    firm = np.array([f"{n_customers}-{f}" for f in np.repeat(np.arange(n_firms), n)], dtype=object)
    total = int(n.sum())
    created = random.uniform(0, days, total)
    converted = np.where(random.random(total) < 0.3, created + 15 * random.pareto(2.0, total), np.nan)
    opened = np.flatnonzero(random.random(total) < 0.6)
    to_win, to_lose = 25 * random.weibull(1.5, len(opened)), 60 * random.pareto(2.5, len(opened))
    closed = created[opened] + np.minimum(to_win, to_lose)
    known = closed < days
    amount = np.exp(6 + random.normal(0, 1.2, len(opened)))
    spent = np.repeat(np.arange(n_firms), days)
    return {
        "leads": pd.DataFrame(
            {
                "lead_id": np.arange(total).astype(str),
                "created_at": created,
                "converted_at": np.where(converted < days, converted, np.nan),
                "firm": firm,
            }
        ),
        "deals": pd.DataFrame(
            {
                "deal_id": np.arange(len(opened)).astype(str),
                "created_at": created[opened],
                "closed_at": np.where(known, closed, np.nan),
                "won": pd.array(np.where(known, to_win <= to_lose, None), dtype="boolean"),
                "amount": np.round(amount, 2),
                "firm": firm[opened],
            }
        ),
        "costs": pd.DataFrame(
            {
                "spent_at": np.tile(np.arange(days, dtype=float), n_firms),
                "amount": n_customers / 10,
                "purpose": "acquisition",
                "firm": [f"{n_customers}-{f}" for f in spent],
            }
        ),
    }


def _terms(random: np.random.Generator, kind: Kind, people: pd.DataFrame, n_months: int) -> pd.DataFrame:
    """Return paid terms: one for each price that a customer paid, with upgrades, downgrades and some who come back."""
    price = np.round(30 * np.exp(0.9 * people["size"].to_numpy()) * _tail(random, kind, len(people)) + 1, 0)
    days = month_starts(n_months)[-1]
    ends = people["leaves"].to_numpy()
    parts = []
    alive = np.arange(len(people))
    at = people["joins"].to_numpy().copy()
    while len(alive):
        until = at[alive] + random.exponential(MONTH / 0.03, len(alive))
        last = until >= ends[alive]
        end = np.where(last, ends[alive], until)
        parts.append(pd.DataFrame({"who": alive, "from": at[alive], "to": end, "mrr": price[alive]}))
        at[alive] = end
        up = random.random(len(alive)) < 0.65
        change = np.where(up, 1 + random.pareto(3.0, len(alive)), 1 - 0.6 * random.random(len(alive)))
        price[alive] = np.maximum(np.round(price[alive] * change), 1)
        alive = alive[~last & (at[alive] < days)]
    back = np.flatnonzero((random.random(len(people)) < 0.15) & (ends > 0))
    returns = ends[back] + random.exponential(4 * MONTH, len(back)) + 2
    parts.append(
        pd.DataFrame(
            {"who": back, "from": returns, "to": returns + random.exponential(STAY, len(back)), "mrr": price[back]}
        )
    )
    terms = pd.concat(parts, ignore_index=True)
    terms = terms[(terms["from"] < days) & (terms["to"] > 0)]
    who = terms["who"].to_numpy()
    starts_at, ends_at = np.floor(terms["from"].to_numpy()), np.floor(terms["to"].to_numpy())
    return pd.DataFrame(
        {
            "subscription_id": people["customer_id"].to_numpy(object)[who],
            "customer_id": people["customer_id"].to_numpy(object)[who],
            "starts_at": starts_at,
            "ends_at": np.maximum(ends_at, starts_at + 1),
            "mrr": terms["mrr"].to_numpy(),
            "firm": people["firm"].to_numpy(object)[who],
        }
    )


def _mailings(random: np.random.Generator, people: pd.DataFrame, n_months: int) -> pd.DataFrame:
    starts = month_starts(n_months)
    there = (people["joins"].to_numpy()[:, None] < starts[:-1]) & (people["leaves"].to_numpy()[:, None] >= starts[1:])
    person, in_month = np.nonzero(there)
    n = len(person)
    at = _within(random, in_month, n_months)
    arrived = random.random(n) < 0.97
    clicked = arrived & (random.random(n) < 0.4 * people["happy"].to_numpy()[person] ** 3)
    ordered = clicked & (random.random(n) < 0.15)
    gone = arrived & (random.random(n) < 0.004)
    return pd.DataFrame(
        {
            "mailing_id": in_month.astype(str),
            "customer_id": people["customer_id"].to_numpy(object)[person],
            "sent_at": at,
            "delivered_at": np.where(arrived, at, np.nan),
            "clicked_at": np.where(clicked, at, np.nan),
            "converted_at": np.where(ordered, at, np.nan),
            "unsubscribed_at": np.where(gone, at, np.nan),
            "firm": people["firm"].to_numpy(object)[person],
        }
    )


def _user_events(
    random: np.random.Generator, kind: Kind, n_customers: int, n_firms: int, n_months: int, factor: np.ndarray
) -> pd.DataFrame:
    n_users = max(3, min(30, n_customers // 30))
    rate = 15 * np.exp(random.normal(0, 0.6, n_users * n_firms))
    busy = _busy(random, kind, len(rate), n_months)
    events = random.poisson(rate[:, None] * busy * factor * np.diff(month_starts(n_months)) / MONTH)
    user, in_month = np.nonzero(events)
    user, in_month = (np.repeat(a, events[user, in_month]) for a in (user, in_month))
    action = random.choice(np.array(["login", "record_created", "export"], dtype=object), len(user), p=[0.6, 0.3, 0.1])
    return pd.DataFrame(
        {
            "occurred_at": _within(random, in_month, n_months),
            "user_id": [f"{n_customers}-{u}" for u in user],
            "action": action,
            "firm": [f"{n_customers}-{u // n_users}" for u in user],
        }
    )


def _busy(random: np.random.Generator, kind: Kind, n: int, n_months: int) -> np.ndarray:
    """Return each one's factor by month: 1.6 in a busy spell, 0.4 in a quiet one; 1 where there are none."""
    if not kind.spells:
        return np.ones((n, n_months))
    changes = random.random((n, n_months)) < kind.spells
    changes[:, 0] = random.random(n) < 0.5
    return np.where(np.cumsum(changes, axis=1) % 2, 1.6, 0.4)


def _tail(random: np.random.Generator, kind: Kind, n: int) -> np.ndarray:
    """Return factors of an amount with the mean 1."""
    if not kind.tail:
        return (1 + random.pareto(2.6, n)) * 1.6 / 2.6
    return np.exp(random.normal(-(kind.tail**2) / 2, kind.tail, n))


def _within(random: np.random.Generator, in_month: np.ndarray, n_months: int) -> np.ndarray:
    """Return a random time of each month [days]."""
    starts = month_starts(n_months)
    return starts[in_month] + random.random(len(in_month)) * (starts[in_month + 1] - starts[in_month])


def _times(column: pd.Series) -> pd.Series:
    microseconds = (column * 86_400_000_000).round().astype("Int64")
    return FIRST.as_unit("us") + microseconds.astype("timedelta64[us]")
