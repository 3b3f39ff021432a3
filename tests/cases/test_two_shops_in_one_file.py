"""Rows of one number that are other rows stay both: told apart by a column that says whose they are, or asked for."""

import csv
import io

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import Problems
from crmkit.settings import read_settings
from tests.cases.conftest import COMPANIES

SHOPS = (("AT", 50, "a", 10), ("DE", 100, "d", 18))


def own(header="store", days=range(1, 11), shops=SHOPS, more=""):
    """Orders 1 to 10 of two shops: other customers, hours and amounts, so 500 and 1,000."""
    rows = "".join(
        f"{n},2026-09-{n:02d} {hour}:00,{amount},{who}{n % 4},{shop}\n"
        for shop, amount, who, hour in shops
        for n in days
    )
    return f"order_id,ordered_at,revenue,customer_id,{header}\n{rows}{more}"


def shopify(drop=(), **added):
    """The orders of the two Shopify shops in one file: 30 of 50 and 30 of 100, with the same numbers."""
    rows = []
    for file in sorted((COMPANIES / "two_shops" / "exports").iterdir()):
        rows += [row | {name: file.stem[-2:] for name in added} for row in csv.DictReader(file.open(encoding="utf-8"))]
    out = io.StringIO()
    writer = csv.DictWriter(out, [name for name in rows[0] if name not in drop], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def orders(company):
    return ck.connect(settings=read_settings(company.folder)).frame("orders")


@pytest.mark.parametrize("header", ["store", "Filiale", "Магазин", "channel"])
def test_a_column_that_names_the_shop_keeps_the_20_orders_of_two_shops_with_the_same_numbers(company, header):
    both = company({"orders.csv": own(header)})
    assert both.exit_code == 0, both.message
    assert (both.number("revenue"), both.number("n_orders")) == (1500, 20)
    assert f"order_id is that of another row of another source too, as {header} says: 20 rows" in both.report
    assert set(orders(both).order_id.str[:3]) == {"AT-", "DE-"}


def test_a_shopify_export_of_two_shops_keeps_60_orders_and_4500(company):
    both = company({"orders_export.csv": shopify(Shop=True)})
    assert (both.number("revenue"), both.number("n_orders")) == (4500, 60)
    assert "30 values of 'Name' stand for other rows of several sources, as 'Shop' says" in both.report
    assert set(orders(both).order_id.str[:11]) == {"shopify-AT-", "shopify-DE-"}


def test_without_a_shop_column_the_id_that_is_unique_everywhere_keeps_both(company):
    both = company({"orders_export.csv": shopify()})
    assert (both.number("revenue"), both.number("n_orders")) == (4500, 60)


def test_a_shopify_export_without_either_is_asked_for_and_each_answer_works(company):
    asked = company({"orders_export.csv": shopify(drop=("Id",), Team=True)})
    assert asked.exit_code == 2 and 'source_column = "Team" under [files.orders_export]' in asked.message
    asked.follow('[files.orders_export]\npath = "orders_export.csv"\nsource_column = "Team"')
    assert asked.number("revenue") == 4500
    settings = asked.folder / "crmkit.toml"
    settings.write_text(settings.read_text().replace('source_column = "Team"', 'source = "one"'))
    assert asked.run("load", "--drop").exit_code == 0


@pytest.mark.parametrize(
    ("answer", "revenue", "n_orders"), [('source_column = "team"', 1500, 20), ('source = "one"', 500, 10)]
)
def test_a_column_of_another_name_is_asked_for_and_both_answers_do_what_they_say(company, answer, revenue, n_orders):
    more = "".join(f"{n},2026-09-20,1,z,AT\n" for n in range(100, 150))  # so that the repeats are few
    asked = company({"orders.csv": own("team", more=more)})
    assert (
        asked.exit_code == 2
        and "in 10 values of order_id the rows have other times, people or amounts" in asked.message
    )
    asked.follow(f'[files.orders]\npath = "orders.csv"\n{answer}')
    assert asked.exit_code == 0, asked.message
    assert (asked.number("revenue") - 50, asked.number("n_orders") - 50) == (revenue, n_orders)
    if n_orders == 10:
        assert "order_id came before with other content" in asked.report


def test_a_source_column_that_the_file_lacks_is_told_with_the_nearest_name(company):
    wrong = company({"orders.csv": own("team")}, '[files.orders]\npath = "orders.csv"\nsource_column = "taem"\n')
    assert wrong.exit_code == 2 and "there is no column 'taem'. Did you mean 'team'?" in wrong.message


def test_lines_with_the_column_follow_their_orders_and_lines_without_it_are_asked_for(company):
    lines = "order_id,product,revenue,store\n" + "".join(
        f"{n},Mug {s},{v},{s}\n" for s, v, *_ in SHOPS for n in range(1, 11)
    )
    files = {"orders.csv": own(), "order_lines.csv": lines}
    both = company(files)
    catalog = ck.connect(settings=read_settings(both.folder))
    joined = catalog.frame("order_lines").merge(catalog.frame("orders"), on="order_id", suffixes=("_line", ""))
    assert len(joined) == 20 and (joined.revenue_line == joined.revenue).all()
    without = "\n".join(line.rpartition(",")[0] for line in lines.splitlines())
    asked = company(files | {"order_lines.csv": without}, folder="without")
    assert asked.exit_code == 2, asked.report
    assert "20 rows name values of order_id" in asked.message and "no column 'store'" in asked.message


def test_customers_numbered_alike_in_both_shops_are_two_people_and_an_address_is_one(company):
    alike = [("AT", 50, "", 10), ("DE", 100, "", 18)]
    assert orders(company({"orders.csv": own(shops=alike)})).customer_id.nunique() == 8
    customers = "customer_id,country\n" + "".join(f"{n},AT\n" for n in range(4))
    known = company({"orders.csv": own(shops=alike), "customers.csv": customers}, folder="known")
    assert set(orders(known).customer_id) == {"0", "1", "2", "3"}


def test_a_history_of_one_order_and_the_lines_of_one_order_are_no_two_shops(company):
    rows = "".join(f"{n},2026-09-{n:02d},10,c{n},web\n" for n in range(1, 28))
    changed = "".join(f"{n},2026-09-{n:02d},12,c{n},app\n" for n in range(1, 5))
    one = company({"orders.csv": f"order_id,ordered_at,revenue,customer_id,store\n{rows}{changed}"})
    assert one.number("n_orders") == 27
    assert "order_id came before with other content: 4 rows" in one.report


def test_repeated_numbers_in_sql_and_frames_are_asked_for_too(company):
    sql = '[tables.orders]\nsql = "SELECT order_id, ordered_at, revenue, customer_id FROM sales"\n'
    asked = company({"sales.csv": own("team")}, sql)
    assert asked.exit_code == 2 and "Make order_id unique, as by writing the shop before it" in asked.message
    settings = asked.folder / "crmkit.toml"
    settings.write_text(settings.read_text().replace("SELECT order_id", "SELECT team || '-' || order_id AS order_id"))
    assert asked.load().number("n_orders") == 20
    frame = pd.read_csv(io.StringIO(own("team")))
    with pytest.raises(Problems, match="in 10 values of order_id"):
        ck.connect({"orders": frame})
    assert len(ck.connect({"orders": frame.rename(columns={"team": "shop"})}).frame("orders")) == 20


def test_tickets_of_two_desks_with_the_same_numbers_are_both_kept(company):
    rows = "".join(
        f"{n},{who}{n},2026-09-{n:02d} {hour}:00,{desk}\n"
        for desk, who, hour in (("N", "a", 8), ("S", "b", 15))
        for n in range(1, 9)
    )
    both = company({"tickets.csv": f"ticket_id,customer_id,opened_at,Workspace\n{rows}"})
    assert len(ck.connect(settings=read_settings(both.folder)).frame("tickets")) == 16
