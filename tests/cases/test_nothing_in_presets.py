"""Words that stand for nothing in the exports of known tools are missing values, told with their number."""

import pytest

import crmkit as ck
from crmkit.settings import read_settings
from tests.sources.layouts import HUBSPOT_DEALS, SHOPIFY_ORDERS, export

WORDS = ["N/A", "-", "none", "(not set)", "null", "web", "nan", "Shop", "--", "#N/A"]


def shopify(**columns):
    """Ten orders, one a day, with the words of each column."""
    return export(
        SHOPIFY_ORDERS,
        *(
            {
                "Name": f"#{n}",
                "Email": f"a{n}@b.example",
                "Financial Status": "paid",
                "Currency": "EUR",
                "Subtotal": "10",
                "Taxes": "0",
                "Total": "10",
                "Created at": f"2026-09-{n + 1:02d} 10:00:00 +0200",
                "Lineitem quantity": "1",
                "Lineitem name": "Mug",
                "Lineitem price": "10",
            }
            | {name: words[n] for name, words in columns.items()}
            for n in range(10)
        ),
    )


def frame(company, table):
    return ck.connect(settings=read_settings(company.folder)).frame(table)


@pytest.mark.parametrize(
    ("header", "table", "column"), [("Source", "orders", "channel"), ("Billing Country", "customers", "country")]
)
def test_eight_of_ten_cells_of_a_shopify_export_say_nothing(company, header, table, column):
    shop = company({"orders_export.csv": shopify(**{header: WORDS})})
    assert set(frame(shop, table)[column].dropna()) == {"web", "Shop"}
    assert f"cells of {column} say nothing: '#N/A', '(not set)', '-', ...: 8 rows (80.0 %)" in shop.report


def test_na_among_codes_of_two_letters_is_namibia(company):
    shop = company({"orders_export.csv": shopify(**{"Billing Country": ["DE", "FR", "NA", "IT", "AT"] * 2})})
    assert (frame(shop, "customers")["country"] == "NA").sum() == 2 and "say nothing" not in shop.report


def test_the_owner_of_a_deal_in_hubspot_is_nobody_where_the_cell_says_so(company):
    owners = ["Ada", "(none)", "N/A", "Bo"]
    deals = export(
        HUBSPOT_DEALS,
        *(
            {
                "Record ID": str(n),
                "Deal Name": f"Deal {n}",
                "Deal Stage": "Closed Won",
                "Amount": "10",
                "Create Date": f"2026-09-0{n + 1} 10:00",
                "Close Date": f"2026-09-1{n} 10:00",
                "Deal owner": owner,
            }
            for n, owner in enumerate(owners)
        ),
    )
    firm = company({"deals.csv": deals})
    assert set(frame(firm, "deals")["owner"].dropna()) == {"Ada", "Bo"}
    assert "cells of owner say nothing: '(none)', 'N/A': 2 rows" in firm.report


def test_a_file_of_the_companys_own_beside_a_preset_is_told_too(company):
    own = "order_id,ordered_at,revenue,channel\n1,2026-09-02,5,N/A\n2,2026-09-03,5,web\n"
    both = company({"orders_export.csv": shopify(), "orders.csv": own})
    assert "cells of channel say nothing: 'N/A': 1 row" in both.report
