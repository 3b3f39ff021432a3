"""Payments of subscriptions that are among the orders too: found by customer, day and amount, and told at the turnover."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.checks.whole_tables import table_findings
from crmkit.tables.paid_twice import paid_twice

MONTHS = pd.date_range("2026-05-01", periods=6, freq="MS")


def firm(paid=1.0, *, months=1, late=0, mrr=20.0):
    """Return 10 subscribers of six terms, of whom a part has an order for each, beside orders of the shop."""
    who = [f"c{n}" for n in range(10)]
    terms = pd.DataFrame([(c, at) for c in who for at in MONTHS[::months]], columns=["customer_id", "starts_at"])
    ends = [at + pd.DateOffset(months=months) for at in terms["starts_at"]]
    terms = terms.assign(subscription_id=terms["customer_id"], ends_at=ends, mrr=mrr)
    paying = terms[terms["customer_id"].isin(who[: round(paid * 10)])]
    payments = pd.DataFrame(
        {
            "customer_id": paying["customer_id"],
            "ordered_at": paying["starts_at"] + pd.Timedelta(days=late),
            "revenue": mrr * months,
        }
    )
    goods = pd.DataFrame(
        {"customer_id": who * 2, "ordered_at": pd.Timestamp("2026-10-09"), "revenue": [33.0, 47.5] * 10}
    )
    orders = pd.concat([each for each in (payments, goods) if len(each)], ignore_index=True)
    orders = orders.assign(order_id=[str(n) for n in range(len(orders))])
    return ck.connect({"orders": orders, "subscription_terms": terms}, ck.Settings(data={"through": "2026-10-31"}))


@pytest.mark.parametrize(
    "payments", [{}, {"months": 3}, {"months": 6, "mrr": 9.99}, {"late": 3}, {"late": -2}, {"paid": 0.6}]
)
def test_payments_that_are_orders_too_are_found_and_told_at_the_turnover(payments):
    catalog = firm(**payments)
    found = paid_twice(catalog)
    terms = len(catalog.frame("subscription_terms"))
    assert found is not None and found.n_matched == found.n_orders == round(payments.get("paid", 1.0) * terms)
    (said,) = [finding for finding in table_findings(catalog) if "among the orders too" in finding.finding]
    assert said.severity == "warning" and "Turnover counts them twice" in said.consequence
    rows = ck.evaluate(catalog, ["turnover", "revenue"], "2026-10").set_index("metric")["reason"]
    assert rows["turnover"] == f"payments of {found.n_matched} terms are probably among the orders too, and count twice"
    assert "twice" not in rows["revenue"]


@pytest.mark.parametrize("other", [{"paid": 0.4}, {"late": 9}, {"paid": 0.0}])
def test_orders_that_pay_for_no_term_are_left_alone(other):
    catalog = firm(**other)
    assert paid_twice(catalog) is None
    assert "twice" not in ck.evaluate(catalog, "turnover", "2026-10")["reason"].iloc[0]


def test_a_firm_without_orders_or_without_subscriptions_is_left_alone():
    whole = firm()
    for name in whole.names:
        assert paid_twice(ck.connect({name: whole.frame(name)})) is None
