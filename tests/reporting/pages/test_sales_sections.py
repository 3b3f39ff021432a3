"""What sells: amounts of a shorter or longer month say that they are scaled."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.reporting.pages.revenue import sales_table


@pytest.fixture(scope="module")
def catalog():
    days = pd.date_range("2026-07-01", "2026-11-12")
    orders = pd.DataFrame(
        {"order_id": range(len(days)), "ordered_at": days, "revenue": 10.0, "customer_id": range(len(days))}
    )
    lines = pd.DataFrame(
        {"order_id": orders["order_id"], "line_id": 1, "product": "tea", "quantity": 1, "revenue": 10.0}
    )
    return ck.connect({"orders": orders, "order_lines": lines})


@pytest.mark.parametrize(
    ("month", "told"),
    [
        ("2026-10", "October 2026 against September 2026, whose amounts are scaled to 31 days."),
        ("2026-08", "August 2026 against July 2026."),
        ("2026-11", "November 2026 against October 2026, for as many days."),
    ],
)
def test_the_page_says_where_amounts_are_scaled(catalog, month, told):
    html = sales_table(catalog, ck.covered_period(catalog, month)).html
    assert told in html.replace("\N{NO-BREAK SPACE}", " ")


def test_amounts_of_a_shorter_month_are_as_of_a_month_as_long(catalog):
    sold = ck.what_sells(catalog, "2026-10").iloc[0]
    assert (sold["revenue"], sold["before"]) == (310.0, pytest.approx(310.0))
