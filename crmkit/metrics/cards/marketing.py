"""Marketing: what is spent, the budget used, and the return on campaigns."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.metrics.card import metric
from crmkit.metrics.cards.margins import with_margin
from crmkit.metrics.measures import BudgetUse, Measure, Quotient, Total
from crmkit.settings import Budget

_ATTRIBUTION = {
    "order_campaign": "{0} of the orders that name a paid campaign",
    "customer_campaign": "{0} of all orders of the customers whom a paid campaign won",
}


@metric(
    label="Spent on winning customers",
    unit="money",
    better="neither",
    counted="bookings",
    additive=True,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 3.5 (marketing spending)",
)
def acquisition_spend(costs: ir.Table) -> Measure:
    """Money spent on winning customers in the period, credit notes taken off.

    spend = sum of acquisition costs
    """
    winning = costs.purpose == "acquisition"
    return Total(costs, at=costs.spent_at, where=winning, value=costs.amount, exact=True)


@metric(
    label="Budget used",
    unit="share",
    better="neither",
    counted="bookings",
    smallest_change=0.1,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 3.5 (marketing spending)",
)
def budget_used(costs: ir.Table, *, budgets: Sequence[Budget] = ()) -> Measure:
    """Money spent on winning customers, as a share of the budget of the same days ([[budgets]] in the settings).

    budget used = acquisition costs / budget of the period, of a running one the part for its days so far
    """
    of_winning = [budget for budget in budgets if budget.purpose == "acquisition"]
    if not of_winning:
        raise NotMeasured("[[budgets]] in crmkit.toml")
    winning = costs.purpose == "acquisition"
    if all(budget.channel is not None for budget in of_winning):
        winning = winning & costs.channel.isin([budget.channel for budget in of_winning])
    return BudgetUse(costs, at=costs.spent_at, where=winning, value=costs.amount, budgets=of_winning)


@metric(
    label="Return on marketing (ROI)",
    unit="share",
    better="higher",
    counted="bookings",
    smallest_change=0.1,
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 10.4 (return on marketing investment)",
    conventions={
        name: f"({words.format('margin')} - what was paid for campaigns) / what was paid for campaigns"
        for name, words in _ATTRIBUTION.items()
    },
)
def marketing_roi(
    campaign_costs: ir.Table,
    campaign_orders: ir.Table | None = None,
    campaign_customers_orders: ir.Table | None = None,
    *,
    convention: str = "order_campaign",
    margin_rate: float | None = None,
) -> Measure:
    """Margin put down to the campaigns less what they cost, as a share of that. Some would have come anyway.

    ROI = (margin of the orders that name a paid campaign - what was paid for campaigns) / what was paid for
    campaigns
    """
    orders, assumed = with_margin(_attributed(convention, campaign_orders, campaign_customers_orders), margin_rate)
    return _over_spend(orders, orders.margin, campaign_costs, less=1.0, assumes=assumed)


@metric(
    label="Revenue per unit of ad spend (ROAS)",
    unit="times",
    better="higher",
    counted="bookings",
    headline=False,
    source="Farris et al. (2016), Marketing Metrics, 3rd edition, section 9.11 (return on advertising spend)",
    conventions={
        name: f"{words.format('revenue')} / what was paid for campaigns" for name, words in _ATTRIBUTION.items()
    },
)
def return_on_ad_spend(
    campaign_costs: ir.Table,
    campaign_orders: ir.Table | None = None,
    campaign_customers_orders: ir.Table | None = None,
    *,
    convention: str = "order_campaign",
) -> Measure:
    """Revenue put down to the campaigns over what they cost; another metric than ROI: goods and work are not paid yet.

    ROAS = revenue of the orders that name a paid campaign / what was paid for campaigns
    """
    orders = _attributed(convention, campaign_orders, campaign_customers_orders)
    return _over_spend(orders, orders.revenue, campaign_costs)


def _attributed(convention: str, by_order: ir.Table | None, by_customer: ir.Table | None) -> ir.Table:
    orders, needed = {
        "order_campaign": (by_order, "orders.campaign"),
        "customer_campaign": (by_customer, "customers.campaign"),
    }[convention]
    if orders is None:
        raise NotMeasured(needed)
    return orders


def _over_spend(
    orders: ir.Table, value: ir.Value, campaign_costs: ir.Table, less: float = 0.0, assumes: str = ""
) -> Measure:
    brought = Total(orders, at=orders.ordered_at, value=value, assumes=assumes)
    paid = Total(campaign_costs, at=campaign_costs.spent_at, value=campaign_costs.amount, exact=True)
    return Quotient(brought, paid, less=less, missing_is_zero=True)
