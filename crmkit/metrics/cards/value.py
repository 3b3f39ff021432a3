"""Customer value as predicted at the end of the period, also relative to the cost of winning a customer."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.cards.acquisition import customer_acquisition_cost
from crmkit.metrics.measures import Measure, PredictedMean, Quotient, Sums

_SOURCE = "Gupta and Lehmann (2003), Journal of Interactive Marketing 17(1), 9-24"


@metric(
    label="Value of a customer from now on",
    unit="money",
    better="higher",
    counted="customers",
    source=_SOURCE,
    headline=False,
    additive=False,
)
def residual_value(customer_scores: ir.Table) -> Sums:
    """What a customer who has ever bought is expected to bring from the end of the period on, discounted, on average.

    residual value = sum of expected margin x chance of being there / (1 + discount), over customers / customers
    """
    s = customer_scores
    return PredictedMean(s, at=s.as_of, where=s.model == "value", value=s.value, shared_error=_shared_error(s))


@metric(
    label="Value of a new customer",
    unit="money",
    better="higher",
    counted="new customers",
    source=_SOURCE,
    headline=False,
    additive=False,
)
def new_customer_value(won_values: ir.Table) -> Sums:
    """Margin that a customer won in the period has brought and is expected to bring, as seen in the month she came.

    value of a new customer = (margin so far + expected margin, discounted) of those won / customers won
    """
    w = won_values
    return PredictedMean(w, at=w.won_on, value=w.value, shared_error=_shared_error(w))


@metric(
    label="Value of a new customer to her cost (CLV to CAC)",
    unit="times",
    better="higher",
    counted="new customers",
    source="Skok (2010), SaaS metrics 2.0; " + _SOURCE,
    headline=False,
)
def clv_to_cac(
    won_values: ir.Table, costs: ir.Table, customer_movements: ir.Table, *, churn_after_days: int
) -> Measure:
    """What a customer won in the period is worth in margin, for each unit of money spent on winning her.

    CLV to CAC = value of a new customer / cost of a new customer
    """
    cost = customer_acquisition_cost(costs, customer_movements, churn_after_days=churn_after_days)
    return Quotient(new_customer_value(won_values), cost)


def _shared_error(predicted: ir.Table) -> ir.Value | None:
    """Return the shared error of predictions, None for those written by versions that had none."""
    return predicted["shared_error"] if "shared_error" in predicted.columns else None
