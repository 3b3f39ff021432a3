"""Columns beyond the canonical ones: names, types by evidence, personal data."""

import duckdb
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.sources.parsing.own_columns import is_personal_header, own_names
from crmkit.tables.schema import SCHEMAS


def orders(**own):
    n = len(next(iter(own.values())))
    days = pd.date_range("2026-10-01", periods=n)
    return pd.DataFrame({"order_id": [str(i) for i in range(n)], "ordered_at": days, "revenue": 10.0, **own})


def kept(**own):
    catalog = ck.connect({"orders": orders(**own)})
    return catalog.frame("orders").drop(columns=["order_id", "ordered_at", "revenue"])


def told(**own):
    return [each["finding"] for each in ck.connect({"orders": orders(**own)}).provenance["findings"]]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", None], "whole number"),
        (["1.5", "2", "-"], "number"),
        (["1,5", "2,25", "3"], "number"),
        (["1.234,50", "7", "8"], "number"),
        (["00123", "17", "18"], "text"),
        (["1", "2", "unknown"], "text"),
        (["12.000", "13.000", "1.500"], "text"),
        (["1.5", "2,5", "3"], "text"),
        (["7", None, None], "text"),
        (["12345678901234567890", "1", "2"], "text"),
        (["yes", "no", "yes"], "true or false"),
        (["NO", "SE", "DK"], "text"),
        (["no", "no", "no"], "text"),
        (["true", "true", "true"], "true or false"),
        (["2026-10-01", "2026-10-02", None], "day"),
        (["2026-10-01 10:00", "2026-10-02 11:30", None], "time"),
        (["13.10.2026", "01.11.2026", None], "day"),
        (["10/13/2026", "11/01/2026", None], "day"),
        (["01.02.2026", "03.04.2026", None], "text"),
        (["Berlin", "1", "2"], "text"),
        ([1, 2, 3], "whole number"),
        ([1.0, None, 3.0], "whole number"),
        ([1.5, None, 3.0], "number"),
        ([True, False, None], "true or false"),
        (list(pd.to_datetime(["2026-10-01", "2026-10-02", None])), "time"),
    ],
)
def test_the_type_is_what_every_filled_cell_proves(cells, kind):
    assert f"columns of Table 'orders' that are its own: thing ({kind})" in told(thing=cells)


def test_values_are_read_as_their_type():
    frame = kept(weight=["1,5", "2,25", "n/a"], gift=["yes", "no", None], due=["13.10.2026", "01.11.2026", ""])
    assert frame["weight"].tolist()[:2] == [1.5, 2.25]
    assert frame["gift"].tolist()[:2] == [True, False]
    assert frame["due"].astype(str).tolist()[:2] == ["2026-10-13", "2026-11-01"]
    assert frame.isna().iloc[2].all()


def test_digits_under_the_header_of_a_code_stay_text():
    assert kept(**{"Dealer code": ["12", "13"], "items": ["12", "13"]}).iloc[0].tolist() == ["12", 12]


@pytest.mark.parametrize(
    "own",
    [
        {"Billing Name": ["Ada", "Bo"]},
        {"phone": [493012345, 493012346]},
        {"ship_to_address": ["a", "b"]},
        {"note": ["call", "ask ada@b.example"]},
        {"contact": ["+49 30 1234567", "+49 40 7654321"]},
        {"Kunden E-Mail": ["x", "y"]},
    ],
)
def test_what_looks_like_personal_data_is_left_out_and_said(own):
    (header,) = own
    assert kept(**own).columns.empty
    assert f"columns of Table 'orders' that look like personal data: {header}" in told(**own)


def test_a_consent_to_mails_and_the_name_of_a_thing_are_not_personal():
    frame = kept(**{"Accepts email": ["yes", "no"], "Product name": ["Mug", "Pot"], "emails sent": ["1", "2"]})
    assert frame.columns.tolist() == ["accepts_email", "product_name", "emails_sent"]
    assert not is_personal_header("warehouse")


@pytest.mark.parametrize(
    ("table", "header", "name"),
    [
        ("orders", "Ware-House / No. 1", "ware_house_no_1"),
        ("orders", "Country", "orders_country"),
        ("orders", "plan", "orders_plan"),
        ("orders", "period", "orders_period"),
        ("orders", "__hidden__", "hidden"),
        ("orders", "склад", "склад"),
        ("orders", "'; DROP TABLE orders; --", "drop_table_orders"),
        ("customers", "plan", "plan"),
        ("tickets", "country", "tickets_country"),
    ],
)
def test_names_are_safe_and_never_those_of_canonical_columns(table, header, name):
    assert list(own_names(SCHEMAS[table], [header])) == [name]
    assert name.isidentifier()


def test_headers_that_become_one_name_are_numbered():
    assert list(own_names(SCHEMAS["orders"], ["A b", "a-b", "A_B"])) == ["a_b", "a_b_2", "a_b_3"]


def test_a_metric_is_split_by_an_own_column_of_its_table():
    frame = orders(warehouse=["Berlin"] * 6 + ["Hamburg"] * 5)
    numbers = ck.evaluate(ck.connect({"orders": frame}), "revenue", periods="2026-10", by="warehouse")
    assert dict(zip(numbers["warehouse"], numbers["value"], strict=True)) == {"Berlin": 60.0, "Hamburg": 50.0}


def test_rows_of_a_key_are_the_same_whose_canonical_columns_are():
    frame = pd.concat([orders(line=["a"]), orders(line=["b"])])
    catalog = ck.connect({"orders": frame})
    assert catalog.frame("orders")["line"].tolist() == ["a"]
    assert catalog.provenance["rejected"] == {"orders": 0}


def test_a_forgotten_customers_order_loses_its_own_texts_and_keeps_its_numbers():
    from crmkit.cleaning.loading.forgotten_rows import forget_rows, list_forgotten

    con = duckdb.connect()
    con.execute(
        "CREATE TABLE o AS SELECT * FROM (VALUES ('1', 'a', 5.0, 'Berlin', 3), ('2', 'b', 6.0, 'Bonn', 4)) "
        "t(order_id, customer_id, revenue, warehouse, items)"
    )
    list_forgotten(con, ["a"])
    forget_rows(con, {"orders": "o"})
    rows = con.execute("SELECT * FROM o ORDER BY order_id").fetchall()
    assert rows == [("1", None, 5, None, 3), ("2", "b", 6, "Bonn", 4)]


def test_files_keep_their_own_columns_through_the_store_though_only_one_month_has_them(company):
    september = "order_id,ordered_at,revenue,Ware House\n1,2026-09-01,5,Berlin\n2,2026-09-02,6,Bonn\n"
    october = "order_id,ordered_at,revenue,Ware House,items\n3,2026-10-01,7,Bonn,2\n4,2026-10-02,8,Bonn,3\n"
    files = {"orders_2026-09.csv": september, "orders_2026-10.csv": october}
    settings = company(files, files={"orders": {"path": "orders_*.csv"}})
    load(settings)
    orders = ck.connect(settings=settings).frame("orders").sort_values("order_id")
    assert orders["ware_house"].tolist() == ["Berlin", "Bonn", "Bonn", "Bonn"]
    assert orders["items"].tolist()[2:] == [2, 3]
