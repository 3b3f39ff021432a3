"""Kaldi Coffee, the sample company: simulate its people first, then every table that they leave behind.

The simulation counts people and days from 0; the last step gives them customer ids, local times and canonical dtypes.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crmkit.sources.sample.dirt import plan_dirt, plan_double_accounts
from crmkit.sources.sample.feedback import simulate_invitations, simulate_responses, simulate_tickets
from crmkit.sources.sample.marketing import simulate_costs, simulate_mailings, simulate_posts, simulate_traffic
from crmkit.sources.sample.orders import fill_baskets, order_tables, simulate_orders
from crmkit.sources.sample.people import describe_people, identities, simulate_people, simulate_stays
from crmkit.sources.sample.pipeline import simulate_deals, simulate_leads, stage_entries
from crmkit.sources.sample.staff import simulate_crm_events, simulate_interactions
from crmkit.sources.sample.subscriptions import simulate_terms
from crmkit.sources.sample.trials import add_trial_orders, simulate_trials, treatments_table, trial_outcomes
from crmkit.sources.sample.truth import churn_truth, events_truth, persons_truth, trials_truth
from crmkit.sources.sample.world import World, only_where
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


@dataclass(frozen=True, eq=False)
class SampleCompany:
    """A simulated company.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        The canonical tables, clean, one frame per name of :data:`crmkit.tables.schema.SCHEMAS` except those that
        predictions write.
    truth : dict of str to pandas.DataFrame
        What no firm sees, for tests: ``persons`` (latent rate, lifetime, satisfaction), ``churn`` (true chance by
        month and kind), ``treatments`` (both outcomes of each customer), ``effects`` (mean true effect of each
        trial), ``events`` (price change, bad month, cheaper paid social), ``dirt`` (what
        :func:`~crmkit.sources.sample.write_exports` adds) and ``duplicates`` (the customers it enters twice).
    seed : int
        The seed it was drawn with.
    last_month : str
        The last month with data.
    """

    tables: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]
    seed: int
    last_month: str


def sample_company(
    n_customers: int = 5000, months: int = 36, seed: int = 20261031, last_month: str = "2026-10"
) -> SampleCompany:
    """Simulate Kaldi Coffee: a roaster with a web shop, a coffee subscription and offices as customers.

    Rates are a mixture of log-normals, lifetimes a mixture of Weibulls that satisfaction and channel stretch, gaps
    between orders are more regular than Poisson; there are seasons, a price change and a bad month. None of the
    models that crmkit fits is the one that made the data.

    Parameters
    ----------
    n_customers : int
        Customers won within the window, at least 20. Costs and visits scale with it.
    months : int
        Whole months of data, at least 8.
    seed : int
        The same seed gives the same company.
    last_month : str
        The last month with data. It is the bad one, and the one in which paid social got cheaper.

    Returns
    -------
    SampleCompany
        Clean canonical tables and, apart, the truth.

    Raises
    ------
    Problems
        If a number is out of range.

    Examples
    --------
    >>> company = sample_company(n_customers=50)
    >>> len(company.tables["customers"])
    50
    >>> company.truth["events"]["event"].tolist()
    ['price change', 'bad month', 'cheaper paid social']
    """
    world = World.of(n_customers, months, seed, last_month)
    people = describe_people(world, simulate_people(world))
    stays = simulate_stays(world, people)
    terms = simulate_terms(world, people, stays)
    orders, lines, trials = _sales(world, people, stays)
    parts = {
        "customers": people[~people["future"]],
        "customer_identities": identities(world, people),
        "orders": orders,
        "order_lines": lines,
        "subscription_terms": terms,
        "treatments": treatments_table(world, trials),
    } | _contacts(world, people, stays, orders, terms, trials)
    tables = {name: canonical(world, people, name, rows) for name, rows in parts.items()}
    truth = _truth(world, people, stays, terms, trials) | _planned_errors(tables, seed)
    return SampleCompany(tables, truth, seed, str(world.last_month))


def canonical(world: World, people: pd.DataFrame, table: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Name the columns as the schema does, in its order, with customers in place of persons and the right dtypes."""
    named = rows.reset_index(drop=True)
    for day, moment in _MOMENTS.get(table, {}).items():
        named[moment] = world.at(named[day])
    if "customer_id" in schema(table).names and "customer_id" not in named:
        person = named["person"].to_numpy()
        named["customer_id"] = only_where(person >= 0, people["customer_id"].to_numpy()[person])
    return pd.DataFrame(
        {column.name: typed(named[column.name], column) for column in schema(table).columns if column.name in named}
    )


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


def _sales(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Orders, their lines, and the trials, whose vouchers bring some of the orders."""
    bought = simulate_orders(world, people, stays)
    trials = simulate_trials(world, people, stays, bought)
    bought = add_trial_orders(bought, trials)
    baskets = fill_baskets(world, people, bought)
    orders, lines = order_tables(world, people, bought, baskets)
    return orders, lines, trial_outcomes(trials, bought.assign(revenue=baskets.groupby("order")["revenue"].sum()))


def _contacts(
    world: World,
    people: pd.DataFrame,
    stays: pd.DataFrame,
    orders: pd.DataFrame,
    terms: pd.DataFrame,
    trials: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """Return the tables on contacts: leads, deals, tickets, surveys, mailings, posts, and the costs of marketing."""
    leads = simulate_leads(world, people)
    deals = simulate_deals(world, leads, stays, terms)
    tickets = simulate_tickets(world, people, orders, terms)
    touches = simulate_interactions(world, people, stays, leads, deals, tickets)
    invitations = simulate_invitations(world, people, stays, orders, terms, tickets)
    return {
        "leads": leads,
        "deals": deals,
        "deal_stages": stage_entries(world, deals),
        "tickets": tickets,
        "interactions": touches,
        "crm_events": simulate_crm_events(world, leads, deals, tickets, touches),
        "survey_invitations": invitations,
        "survey_responses": simulate_responses(world, people, invitations),
        "costs": simulate_costs(world, people),
        "web_traffic": simulate_traffic(world, people, leads),
        "mailings": simulate_mailings(world, people, orders, trials),
        "social_posts": simulate_posts(world, people, stays),
    }


def _truth(
    world: World, people: pd.DataFrame, stays: pd.DataFrame, terms: pd.DataFrame, trials: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    both, effects = trials_truth(world, people, trials)
    return {
        "persons": persons_truth(world, people, stays),
        "churn": churn_truth(world, stays, terms),
        "treatments": both,
        "effects": effects,
        "events": events_truth(world),
    }


def _planned_errors(tables: dict[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """What the exports will have wrong, known beforehand."""
    duplicates = plan_double_accounts(tables, seed)
    return {"duplicates": duplicates, "dirt": plan_dirt(tables, duplicates)}
