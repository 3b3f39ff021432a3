"""Two shops that number alike are two sources, and two exports of one shop are one; what is not proven is asked for."""

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import read_settings
from tests.sources.layouts import HUBSPOT_DEALS, SHOPIFY_ORDERS, WOOCOMMERCE, export

AT = {
    "Financial Status": "paid",
    "Currency": "EUR",
    "Subtotal": "50.00",
    "Taxes": "0.00",
    "Total": "50.00",
    "Lineitem quantity": "1",
    "Lineitem name": "Mug",
    "Lineitem price": "50.00",
}
DE = AT | {"Subtotal": "100.00", "Total": "100.00", "Lineitem name": "Pot", "Lineitem price": "100.00"}


def shop(order, days, country="at", hour=10, first=1001, **changes):
    """An export of one order a day; the e-mail address and the hour tell whose it is."""
    rows = [
        order
        | {
            "Name": f"#{first + day}",
            "Email": f"{country}{day}@b.example",
            "Created at": f"2026-09-{day:02d} {hour}:00:00 +0200",
        }
        | changes.get(f"day{day}", {})
        for day in days
    ]
    return export(SHOPIFY_ORDERS, *rows)


def frames(company):
    return connect(settings=read_settings(company.folder))


def test_two_shops_with_30_orders_each_of_the_same_numbers_are_60_orders_and_4500(case):
    both = case("two_shops")
    assert both.number("revenue") == 4500
    assert both.number("n_orders") == 60
    assert "orders_export_AT.csv and orders_export_DE.csv are of 2 sources" in both.report


def test_without_the_id_of_shopify_other_people_times_and_amounts_prove_two_shops_and_lines_and_refunds_follow(company):
    refund = {"day3": {"Refunded Amount": "100.00", "Financial Status": "refunded"}}
    both = company({"AT.csv": shop(AT, range(1, 11)), "DE.csv": shop(DE, range(1, 11), "de", 18, **refund)})
    assert both.number("revenue") == 10 * 50 + 10 * 100 - 100
    orders, lines = frames(both).frame("orders"), frames(both).frame("order_lines")
    assert set(lines.order_id) == set(orders.order_id[~orders.order_id.str.endswith("-refund")])
    assert orders.order_id.str.startswith(("shopify-AT-#", "shopify-DE-#")).all()
    assert lines.set_index("order_id")["product"]["shopify-DE-#1003"] == "Pot"


def test_two_exports_of_one_shop_with_a_few_changed_rows_stay_one_shop_and_the_newer_counts(company):
    refund = {"day3": {"Refunded Amount": "50.00", "Financial Status": "refunded"}}
    one = company({"a.csv": shop(AT, range(1, 11)), "b.csv": shop(AT, range(2, 13), **refund)})
    assert one.number("revenue") == 12 * 50 - 50
    assert "sources" not in one.report
    assert frames(one).frame("orders").order_id.str.startswith("shopify-#").all()


def test_where_neither_is_proven_it_asks_and_both_answers_work(company):
    half = {f"day{day}": {"Email": f"x{day}@y.example", "Total": "70.00", "Subtotal": "70.00"} for day in range(1, 6)}
    files = {"AT.csv": shop(AT, range(1, 11)), "DE.csv": shop(AT, range(1, 11), hour=10, **half)}
    asked = company(files)
    assert asked.exit_code == 2 and "have 10 values of 'Name' in common, of which 5 look the same" in asked.message
    asked.follow('[files.AT]\npath = "AT.csv"\nsource = "AT"\n[files.DE]\npath = "DE.csv"\nsource = "DE"')
    assert asked.exit_code == 0, asked.message
    assert asked.number("n_orders") == 20
    settings = asked.folder / "crmkit.toml"
    settings.write_text(settings.read_text().replace('source = "DE"', 'source = "AT"'))
    assert asked.run("load", "--drop").exit_code == 0
    assert asked.number("n_orders") == 10


def test_customer_numbers_of_two_shops_are_two_people_and_those_of_a_crm_account_are_asked_for(company):
    row = {"Order Status": "completed", "Order Total Amount": "10.00", "Order Total Tax Amount": "0.00"}
    at, de = (
        [
            row
            | {
                "Order Number": str(n),
                "Order Date": f"2026-09-0{n} {hour}:00",
                "Email (Billing)": f"{who}{n}@b.example",
                "Customer User": str(n),
                "Order Total Amount": amount,
            }
            for n in range(1, 6)
        ]
        for who, hour, amount in (("at", 10, "10.00"), ("de", 18, "20.00"))
    )
    header = [*WOOCOMMERCE, "Customer User"]
    both = company({"shop at.csv": export(header, *at), "shop de.csv": export(header, *de)})
    assert both.number("revenue") == 150
    assert frames(both).frame("orders").customer_id.nunique() == 10


def test_deals_of_two_accounts_with_the_same_ids_are_both_kept(company):
    deals = [
        export(
            HUBSPOT_DEALS,
            *(
                {
                    "Record ID": str(n),
                    "Deal Name": f"{who} {n}",
                    "Deal Stage": "Closed Won",
                    "Amount": "10",
                    "Create Date": f"2026-09-0{n} {hour}:00",
                    "Close Date": f"2026-09-1{n} {hour}:00",
                }
                for n in range(1, 7)
            ),
        )
        for who, hour in (("Beans", 10), ("Machines", 17))
    ]
    both = company({"deals_north.csv": deals[0], "deals_south.csv": deals[1]})
    assert len(frames(both).frame("deals")) == 12


def own(days, revenue, customer="c", hour=10):
    rows = "".join(f"{n},2026-09-{n:02d} {hour}:00,{revenue},{customer}{n % 4}\n" for n in days)
    return f"order_id,ordered_at,revenue,customer_id\n{rows}"


CUSTOMERS = "customer_id,country\n" + "".join(f"c{n},AT\n" for n in range(4))
PATTERN = '[files.orders]\npath = "orders_*.csv"\n'


def test_own_files_of_two_shops_are_asked_for_and_a_source_from_the_file_name_keeps_both(company):
    files = {"orders_AT.csv": own(range(1, 11), 50), "orders_DE.csv": own(range(1, 11), 100, "d", 18)}
    both = company(files, PATTERN)
    assert both.exit_code == 2 and 'source = "*" under [files.orders]' in both.message
    settings = both.folder / "crmkit.toml"
    settings.write_text(settings.read_text().replace("[files.orders]", '[files.orders]\nsource = "*"'))
    both.load()
    assert both.number("revenue") == 1500
    orders = frames(both).frame("orders")
    assert set(orders.order_id.str[:3]) == {"AT-", "DE-"} and orders.customer_id.nunique() == 8


def test_customers_in_a_file_of_both_shops_keep_their_ids_so_that_orders_find_them(company):
    files = {"orders_AT.csv": own(range(1, 11), 50), "orders_DE.csv": own(range(1, 11), 100, "c", 18)}
    both = company(files | {"customers.csv": CUSTOMERS}, PATTERN + 'source = "*"\n')
    assert set(frames(both).frame("orders").customer_id) == {"c0", "c1", "c2", "c3"}


def test_own_files_of_two_years_of_one_shop_load_without_a_question(company):
    files = {"orders_2025.csv": own(range(1, 11), 50), "orders_2026.csv": own(range(8, 21), 50)}
    assert company(files, PATTERN).number("n_orders") == 20
