"""Revenue by one rule in all shop presets: paid, net of tax and refunds, no tests, gift cards when they are used."""

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import read_settings
from tests.sources.layouts import SHOPIFY_ORDERS, STRIPE_PAYMENTS, STRIPE_SUBSCRIPTIONS, WOOCOMMERCE, export

ORDER = {
    "Email": "a@b.example",
    "Financial Status": "paid",
    "Currency": "EUR",
    "Subtotal": "100.00",
    "Shipping": "0.00",
    "Taxes": "0.00",
    "Total": "100.00",
    "Refunded Amount": "0.00",
    "Created at": "2026-09-10 10:00:00 +0200",
    "Lineitem quantity": "1",
    "Lineitem name": "Mug",
    "Lineitem price": "100.00",
}
WOO = {
    "Order Status": "completed",
    "Order Date": "2026-09-10 10:00",
    "Email (Billing)": "eva@shop.example",
    "Order Total Amount": "100.00",
    "Order Refund Amount": "0",
    "Order Total Tax Amount": "0.00",
    "Item Name": "Beans",
    "Quantity": "1",
    "Item Cost": "100",
}
PAYMENT = {
    "Seller Message": "ok",
    "Created (UTC)": "2026-09-10 10:00",
    "Amount": "100.00",
    "Amount Refunded": "0.00",
    "Currency": "eur",
    "Mode": "Live",
    "Status": "Paid",
    "Customer ID": "cus_1",
    "Captured": "true",
}


def shopify(*changes):
    header = [*SHOPIFY_ORDERS, "Outstanding Balance"]
    return {"orders_export.csv": export(header, *(ORDER | {"Name": f"#{n}"} | each for n, each in enumerate(changes)))}


def woocommerce(*changes):
    rows = (WOO | {"Order Number": str(n)} | each for n, each in enumerate(changes))
    return {"orders.csv": export([*WOOCOMMERCE, "Order Shipping Amount"], *rows)}


def stripe(*changes):
    return {
        "payments.csv": export(STRIPE_PAYMENTS, *(PAYMENT | {"id": f"ch_{n}"} | each for n, each in enumerate(changes)))
    }


def test_half_of_28_orders_unpaid_is_1400_and_the_rest_is_counted_and_named(case):
    shop = case("pending")
    assert shop.number("revenue") == 1400
    assert "14 orders of 1,666.00 EUR with tax not paid yet" in shop.report
    assert "48% of the rows of orders are not paid yet and are left out" in shop.row("revenue")["reason"]


def test_gift_cards_are_0_when_sold_and_count_when_they_are_used(case):
    shop = case("gift")
    assert (shop.number("revenue"), shop.number("revenue", "2026-10")) == (0, 20 * 42)
    assert "gift cards of 1,000.00 EUR sold: counted when they are used" in shop.report


@pytest.mark.parametrize(
    "unpaid",
    [
        shopify({}, {"Financial Status": "authorized"}, {"Financial Status": "PENDING"}),
        woocommerce({}, {"Order Status": "wc-on-hold"}, {"Order Status": "Zahlung ausstehend"}),
        stripe({}, {"Status": "requires_payment_method"}, {"Captured": "false"}),
    ],
)
def test_two_unpaid_of_three_orders_leave_100_in_every_shop_and_are_counted(company, unpaid):
    shop = company(unpaid)
    assert shop.number("revenue") == 100
    assert "2 orders of 200.00 EUR with tax not paid yet" in shop.report


@pytest.mark.parametrize(
    "void",
    [
        shopify({}, {"Financial Status": "voided"}, {"Payment Method": "bogus"}),
        woocommerce({}, {"Order Status": "Cancelled"}, {"Order Status": "trash"}),
        stripe({}, {"Status": "Failed"}, {"Mode": "Test"}),
    ],
)
def test_cancelled_and_test_orders_are_no_revenue_and_nothing_to_wait_for(company, void):
    shop = company(void)
    assert shop.number("revenue") == 100
    assert "not paid yet" not in shop.report


def test_of_a_partly_paid_order_the_part_that_is_not_outstanding_counts(company):
    part = {"Financial Status": "partially_paid", "Outstanding Balance": "75.00"}
    shop = company(shopify({}, part))
    assert shop.number("revenue") == 125
    assert "1 order with 75.00 EUR outstanding" in shop.report
    assert shop.number("n_orders") == 2


def test_a_refund_of_half_takes_half_of_the_net_amount(company):
    taxed = {"Total": "119.00", "Taxes": "19.00", "Refunded Amount": "59.50", "Financial Status": "partially_refunded"}
    assert company(shopify(taxed)).number("revenue") == 50


def test_a_refunded_order_without_an_amount_of_refund_is_0(company):
    assert company(woocommerce({}, {"Order Status": "refunded", "Order Refund Amount": ""})).number("revenue") == 100


def test_a_gift_card_beside_goods_leaves_the_goods_and_its_refund_takes_only_their_share(company):
    goods = {"Subtotal": "150.00", "Total": "150.00"}
    card = {"Name": "#0", "Lineitem quantity": "1", "Lineitem name": "Geschenkgutschein 50 EUR", "Lineitem price": "50"}
    second = dict.fromkeys(ORDER, "") | card
    shop = company(shopify(goods, second))
    assert shop.number("revenue") == 100


@pytest.mark.parametrize(("meaning", "revenue"), [("gift card", 0), ("goods", 200)])
def test_a_name_that_only_speaks_of_gift_cards_is_asked_for_and_the_answer_counts(company, meaning, revenue):
    box = {"Lineitem name": "Wooden gift card box"}
    shop = company(shopify(box, box))
    assert shop.exit_code == 2 and "'Wooden gift card box' (2 rows)" in shop.message
    shop.follow(f'[words.shopify_orders.product]\n"Wooden gift card box" = "{meaning}"')
    assert shop.number("revenue") == revenue


def test_a_gift_card_box_that_is_sent_by_post_is_goods_without_a_question(company):
    box = {"Lineitem name": "Wooden gift card box", "Lineitem requires shipping": "true"}
    assert company(shopify(box)).number("revenue") == 100


def test_shipping_and_tips_count_unless_the_settings_say_otherwise(company):
    order = {"Subtotal": "110.00", "Shipping": "5.00", "Total": "115.00"}
    tip = dict.fromkeys(ORDER, "") | {
        "Name": "#0",
        "Lineitem quantity": "1",
        "Lineitem name": "Tip",
        "Lineitem price": "10.00",
    }
    shop = company(shopify(order, tip))
    assert shop.number("revenue") == 115
    settings = shop.folder / "crmkit.toml"
    settings.write_text(settings.read_text() + "\n[revenue]\nshipping = false\ntips = false\n")
    assert shop.load().number("revenue") == 100


def test_a_shop_whose_file_shows_no_tax_says_that_revenue_includes_it(company):
    header = ["Order Number", "Order Status", "Order Date", "Order Total Amount"]
    row = dict(zip(header, ["1", "completed", "2026-09-10 10:00", "119.00"], strict=True))
    shop = company({"orders.csv": export(header, row)})
    assert shop.number("revenue") == 119
    assert "the file does not show the tax: revenue includes it" in shop.report


SUBSCRIPTION = {
    "id": "sub_1",
    "Customer ID": "cus_1",
    "Plan": "price_1",
    "Quantity": "1",
    "Currency": "eur",
    "Interval": "month",
    "Amount": "40.00",
    "Status": "active",
    "Created (UTC)": "2026-09-05 10:00",
    "Start (UTC)": "2026-09-05 10:00",
    "Current Period Start (UTC)": "2026-09-05 10:00",
    "Current Period End (UTC)": "2026-11-05 10:00",
}


def test_recurring_revenue_is_what_is_paid_after_the_discount(company):
    discounts = {"": 40, "100%": 0, "100% off forever": 0, "25 % off": 30, "12,5 %": 35, "10.00": 30, "50% once": 40}
    rows = [
        SUBSCRIPTION | {"id": f"sub_{n}", "Customer ID": f"cus_{n}", "Discount": discount}
        for n, discount in enumerate(discounts)
    ]
    shop = company({"subscriptions.csv": export([*STRIPE_SUBSCRIPTIONS, "Discount"], *rows)})
    assert shop.exit_code == 0, shop.message
    terms = connect(settings=read_settings(shop.folder)).frame("subscription_terms")
    assert terms.mrr.tolist() == list(discounts.values())
    assert "a discount of 100 % have no recurring revenue" in shop.report


def test_paypal_counts_sales_and_refunds_and_neither_transfers_nor_what_the_firm_pays(company):
    header = ["Date", "Time", "TimeZone", "Name", "Type", "Status", "Currency", "Gross", "Fee", "Net", "Transaction ID"]
    rows = [
        ("Express Checkout Payment", "Completed", "100.00"),
        ("Payment Refund", "Completed", "-20.00"),
        ("General Withdrawal", "Completed", "-50.00"),
        ("PreApproved Payment Bill User Payment", "Completed", "-30.00"),
        ("Mobile Payment", "Pending", "70.00"),
    ]
    cells = [
        ["2026-09-10", "10:00:00", "CET", "x", kind, status, "EUR", gross, "0.00", gross, f"T{n}"]
        for n, (kind, status, gross) in enumerate(rows)
    ]
    shop = company({"paypal.csv": export(header, *(dict(zip(header, each, strict=True)) for each in cells))})
    assert shop.exit_code == 0, shop.message
    assert shop.number("revenue") == 80
    assert "1 order of 70.00 EUR with tax not paid yet" in shop.report
