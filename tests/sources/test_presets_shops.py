"""Shops and payments: every trap in the exports of Shopify, WooCommerce and Stripe."""

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from tests.sources.layouts import (
    SHOPIFY_CUSTOMERS,
    SHOPIFY_ORDERS,
    STRIPE_PAYMENTS,
    STRIPE_SUBSCRIPTIONS,
    WOOCOMMERCE,
    export,
    loaded,
)

BERLIN = {"time_zone": "Europe/Berlin"}
ORDER = {
    "Name": "#1001",
    "Email": "Ada@Shop.example",
    "Financial Status": "paid",
    "Currency": "EUR",
    "Subtotal": "30.00",
    "Shipping": "5.00",
    "Taxes": "0.00",
    "Total": "35.00",
    "Refunded Amount": "0.00",
    "Created at": "2025-10-02 23:09:34 -0300",
    "Lineitem quantity": "2",
    "Lineitem name": "Mug",
    "Lineitem price": "10.00",
    "Billing Country": "DE",
    "Source": "web",
}
SECOND_LINE = {
    "Name": "#1001",
    "Email": "Ada@Shop.example",
    "Lineitem quantity": "1",
    "Lineitem name": "Cup",
    "Lineitem price": "10.00",
}
GUEST = ORDER | {"Name": "#1002", "Email": ""}
PAYMENT = {
    "id": "ch_1",
    "Seller Message": "Payment complete.",
    "Created (UTC)": "2026-01-31 23:30",
    "Amount": "119.00",
    "Amount Refunded": "0.00",
    "Currency": "eur",
    "Tax": "19.00",
    "Mode": "Live",
    "Status": "Paid",
    "Customer ID": "cus_1",
    "Customer Email": "a@b.example",
    "Captured": "true",
}
SUBSCRIPTION = {
    "id": "sub_1",
    "Customer ID": "cus_1",
    "Plan": "price_1",
    "Product": "Beans",
    "Quantity": "2",
    "Currency": "eur",
    "Interval": "month",
    "Amount": "10.00",
    "Status": "active",
    "Created (UTC)": "2026-01-05 10:00",
    "Start (UTC)": "2026-01-05 10:00",
    "Current Period Start (UTC)": "2026-03-05 10:00",
    "Current Period End (UTC)": "2026-04-05 10:00",
}


def test_four_rows_of_three_orders_are_three_orders_of_35_euros_each_and_one_is_folded(company):
    text = export(SHOPIFY_ORDERS, ORDER, SECOND_LINE, GUEST, ORDER | {"Name": "#1003"})
    report, catalog = loaded(company({"orders_export.csv": text}))
    orders = catalog.frame("orders")
    assert orders.revenue.tolist() == [35.0, 35.0, 35.0]
    assert (report.counts["orders"].n_in, report.counts["orders"].n_folded) == (4, 1)
    lines = catalog.frame("order_lines")
    assert lines.revenue.tolist() == [20.0, 10.0, 20.0, 20.0]
    assert lines.order_id.tolist() == ["shopify-#1001", "shopify-#1001", "shopify-#1002", "shopify-#1003"]


def test_a_line_is_net_of_the_tax_that_its_price_includes_and_only_then(company):
    included = ORDER | {
        "Subtotal": "119.00",
        "Shipping": "0",
        "Taxes": "19.00",
        "Total": "119.00",
        "Lineitem quantity": "1",
        "Lineitem price": "119",
    }
    added = included | {"Name": "#2", "Subtotal": "100.00", "Lineitem price": "100"}
    _, catalog = loaded(company({"orders_export.csv": export(SHOPIFY_ORDERS, included, added)}))
    assert catalog.frame("orders").revenue.tolist() == [100.0, 100.0]
    assert catalog.frame("order_lines").revenue.tolist() == [100.0, 100.0]


def test_23_09_at_minus_three_hours_is_four_in_the_morning_in_berlin(company):
    _, catalog = loaded(company({"orders_export.csv": export(SHOPIFY_ORDERS, ORDER)}, company=BERLIN))
    assert str(catalog.frame("orders").ordered_at[0]) == "2025-10-03 04:09:34"


def test_an_order_finds_its_customer_by_email_in_any_case_then_by_phone_and_a_guest_has_none(company):
    ada = {
        "Customer ID": "'9013808660771",
        "Email": "ada@shop.EXAMPLE",
        "Accepts Email Marketing": "yes",
        "Total Spent": "70.00",
        "Total Orders": "2",
    }
    bob = ada | {"Customer ID": "'77", "Email": "", "Phone": "'+49 30 123456", "Accepts Email Marketing": "no"}
    by_phone = GUEST | {"Name": "#3", "Phone": "+4930123456"}
    stranger = GUEST | {"Name": "#4", "Email": "new@shop.example"}
    files = {
        "orders_export.csv": export(SHOPIFY_ORDERS, ORDER, GUEST, by_phone, stranger),
        "customers_export.csv": export(SHOPIFY_CUSTOMERS, ada, bob),
    }
    report, catalog = loaded(company(files), personal=True)
    met = catalog.frame("orders").customer_id.tolist()
    assert met[0] == "shopify-9013808660771"
    assert met[1] is None
    assert met[2] == "shopify-77"
    assert met[3].startswith("person-") and "new" not in met[3]
    customers = catalog.frame("customers")
    assert customers.customer_id.tolist() == ["shopify-9013808660771", "shopify-77", met[3]]
    assert customers.marketing_consent.tolist()[:2] == [True, False]
    assert "acquired_at" not in customers
    assert "address" not in catalog.frame("orders")
    unused = next(f.finding for f in report.findings if f.table == "customers" and "not used" in f.finding)
    assert "Loyalty (customer.metafields.my.loyalty)" in unused


def test_a_refund_of_half_is_an_order_of_minus_half_net_of_tax_and_a_voided_order_is_none(company):
    refunded = ORDER | {
        "Taxes": "7.00",
        "Total": "35.00",
        "Refunded Amount": "17.50",
        "Financial Status": "partially_refunded",
        "Cancelled at": "2025-10-05 10:00:00 +0000",
    }
    voided = ORDER | {"Name": "#9", "Financial Status": "voided"}
    report, catalog = loaded(company({"orders_export.csv": export(SHOPIFY_ORDERS, refunded, SECOND_LINE, voided)}))
    orders = catalog.frame("orders")
    assert orders.order_id.tolist() == ["shopify-#1001", "shopify-#1001-refund"]
    assert orders.revenue.tolist() == [28.0, -14.0]
    assert str(orders.ordered_at[1]) == "2025-10-05 10:00:00"
    counts = report.counts["orders"]
    assert (counts.n_in, counts.n_split, counts.n_kept, counts.n_folded, counts.n_ignored) == (4, 1, 2, 1, 1)


def test_a_total_that_is_no_number_is_set_aside_with_line_and_column(company):
    sound = [ORDER | {"Name": f"#{n}"} for n in range(3)]
    report, _ = loaded(company({"orders_export.csv": export(SHOPIFY_ORDERS, *sound, ORDER | {"Total": "=1+2"})}))
    assert report.counts["orders"].n_aside == 1
    assert [f.finding for f in report.findings if f.severity == "rejected" and f.table == "orders"] == [
        "'Total' cannot be read as a number"
    ]


def test_a_header_in_other_case_with_mark_and_apostrophe_is_known(company):
    text = export(SHOPIFY_ORDERS, ORDER).split("\n", 1)
    header = "\ufeff" + ",".join(
        f" '{name.upper()}\u00a0" if name in ("Total", "Email") else name.lower() for name in SHOPIFY_ORDERS
    )
    _, catalog = loaded(company({"orders.csv": f"{header}\n{text[1]}"}))
    assert catalog.frame("orders").revenue.tolist() == [35.0]


def test_a_shop_that_sells_in_dollars_is_not_counted_in_euros(company):
    files = {"orders_export.csv": export(SHOPIFY_ORDERS, ORDER, GUEST | {"Currency": "USD"})}
    report, catalog = loaded(company(files))
    assert catalog.frame("orders").revenue.tolist() == [35.0]
    assert "the amount is in USD, and the company counts in EUR" in [f.finding for f in report.findings]
    with pytest.raises(Problems, match="line 2: the amount is in EUR, and the company counts in CHF"):
        load(company({"orders_export.csv": export(SHOPIFY_ORDERS, ORDER)}, company={"currency": "CHF"}))


WOO = {
    "Order Number": "501",
    "Order Status": "Completed",
    "Order Date": "2026-02-13 10:00",
    "Email (Billing)": "eva@shop.example",
    "Country Code (Billing)": "NL",
    "Order Total Amount": "121.00",
    "Order Refund Amount": "0",
    "Order Total Tax Amount": "21.00",
    "Item Name": "Beans",
    "Quantity": "2",
    "Item Cost": "40",
}


def test_woocommerce_repeats_an_order_on_each_line_and_it_counts_once(company):
    second = WOO | {"Item Name": "Filter", "Quantity": "1", "Item Cost": "20"}
    unpaid = WOO | {"Order Number": "502", "Order Status": "wc-cancelled"}
    refunded = WOO | {"Order Number": "503", "Order Status": "refunded", "Order Refund Amount": "-121.00"}
    odd = WOO | {"Order Number": "504", "Order Status": "complted"}
    report, catalog = loaded(
        company({"orders.csv": export(WOOCOMMERCE, WOO, second, unpaid, refunded, odd)}), personal=True
    )
    orders = catalog.frame("orders")
    assert orders.order_id.tolist() == ["woocommerce-501", "woocommerce-503", "woocommerce-503-refund"]
    assert orders.revenue.tolist() == [100.0, 100.0, -100.0]
    assert catalog.frame("order_lines").revenue.tolist() == [80.0, 20.0, 80.0]
    counts = report.counts["orders"]
    assert (counts.n_in, counts.n_kept, counts.n_folded, counts.n_ignored, counts.n_aside) == (6, 3, 1, 1, 1)
    assert len(catalog.frame("customers")) == len(catalog.frame("customer_identities")) == 1


def test_woocommerce_in_german_with_semicolons_decimal_commas_and_cp1252(company):
    header = ["Bestellnummer", "Bestellstatus", "Bestelldatum", "Gesamtsumme", "Item Name", "Quantity"]
    row = dict(zip(header, ["7", "completed", "13.02.2026 10:00", "1.234,50", "Körner", "1"], strict=True))
    text = export(
        header,
        row,
        row | {"Bestellnummer": "8", "Bestelldatum": "03.04.2026", "Gesamtsumme": "1\u00a0000,25 €"},
        delimiter=";",
    )
    report, catalog = loaded(company({"bestellungen.csv": text.encode("cp1252")}))
    orders = catalog.frame("orders")
    assert orders.revenue.tolist() == [1234.5, 1000.25]
    assert orders.ordered_at.astype(str).tolist() == ["2026-02-13 10:00:00", "2026-04-03 00:00:00"]
    assert (
        "cp1252" in report.hints[0]
        and "dates with the day first" in report.hints[0]
        and "a decimal comma" in report.hints[0]
    )


def test_stripe_failed_blocked_and_test_payments_are_ignored_and_counted(company):
    rows = [
        PAYMENT,
        PAYMENT | {"id": "ch_2", "Status": "Failed"},
        PAYMENT | {"id": "ch_3", "Status": "Blocked"},
        PAYMENT | {"id": "ch_4", "Mode": "Test"},
        PAYMENT | {"id": "ch_5", "Status": "Payd"},
    ]
    report, catalog = loaded(company({"payments.csv": export(STRIPE_PAYMENTS, *rows)}, company=BERLIN))
    orders = catalog.frame("orders")
    assert orders.order_id.tolist() == ["stripe-ch_1"]
    assert orders.revenue.tolist() == [100.0]
    assert str(orders.ordered_at[0]) == "2026-02-01 00:30:00"  # UTC in the file
    assert (report.counts["orders"].n_ignored, report.counts["orders"].n_aside) == (3, 1)


def test_stripe_amounts_are_major_units_and_converted_where_the_currency_differs(company):
    converted = PAYMENT | {
        "id": "ch_2",
        "Currency": "usd",
        "Amount": "100",
        "Tax": "",
        "Converted Amount": "90.00",
        "Converted Currency": "eur",
        "Amount Refunded": "50",
        "Converted Amount Refunded": "45.00",
        "Status": "Refunded",
    }
    foreign = PAYMENT | {"id": "ch_3", "Currency": "usd"}
    lost = PAYMENT | {
        "id": "ch_4",
        "Disputed Amount": "119.00",
        "Dispute Status": "lost",
        "Dispute Date (UTC)": "2026-02-10 09:00",
    }
    report, catalog = loaded(company({"payments.csv": export(STRIPE_PAYMENTS, PAYMENT, converted, foreign, lost)}))
    revenue = catalog.frame("orders").set_index("order_id").revenue
    assert revenue.to_dict() == {
        "stripe-ch_1": 100.0,
        "stripe-ch_2": 90.0,
        "stripe-ch_2-refund": -45.0,
        "stripe-ch_4": 100.0,
        "stripe-ch_4-dispute": -119.0,
    }
    assert report.counts["orders"].n_aside == 1
    assert any("campaign (metadata)" in f.finding for f in report.findings)


def test_a_stripe_subscription_is_a_term_of_20_a_month_lost_when_it_ends_not_when_notice_is_given(company):
    yearly = SUBSCRIPTION | {
        "id": "sub_2",
        "Interval": "year",
        "Amount": "120.00",
        "Quantity": "1",
        "Status": "canceled",
        "Canceled At (UTC)": "2026-02-01 10:00",
        "Ended At (UTC)": "2026-03-01 10:00",
        "Cancellation Reason": "too dear",
    }
    trial = SUBSCRIPTION | {"id": "sub_3", "Status": "trialing", "Trial End (UTC)": "2026-05-01 00:00"}
    report, catalog = loaded(company({"subscriptions.csv": export(STRIPE_SUBSCRIPTIONS, SUBSCRIPTION, yearly, trial)}))
    terms = catalog.frame("subscription_terms")
    assert terms.mrr.tolist() == [20.0, 10.0]
    assert terms.ends_at.astype(str).tolist() == ["2026-04-05 10:00:00", "2026-03-01 10:00:00"]
    assert str(terms.cancelled_at[1]) == "2026-02-01 10:00:00"
    assert report.counts["subscription_terms"].n_ignored == 1


def test_a_stripe_export_without_cancelled_subscriptions_or_with_several_plans_in_a_cell_is_doubted(company):
    report, _ = loaded(company({"subscriptions.csv": export(STRIPE_SUBSCRIPTIONS, SUBSCRIPTION | {"Plan": "a, b"})}))
    assert "it holds no cancelled subscription" in report.hints[0]
    assert "several plans in one cell" in report.hints[0]
