"""A zip file among the exports is read, whatever is inside of it."""

import io
import zipfile

import pandas as pd


def zipped(members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_the_orders_in_a_zip_give_686(case):
    assert case("zip").number("revenue") == 686


def test_a_workbook_and_parquet_in_a_zip_are_read(company):
    rows = [[n, pd.Timestamp(2026, 9, n), n + 10, f"c{n % 3}"] for n in range(1, 29)]
    orders = pd.DataFrame(rows, columns=["order_id", "ordered_at", "revenue", "customer_id"])
    book, parquet = io.BytesIO(), io.BytesIO()
    orders[:14].to_excel(book, index=False)
    orders[14:].to_parquet(parquet, index=False)
    settings = '[tables.orders]\nsql = "FROM first UNION ALL BY NAME SELECT * REPLACE (order_id::VARCHAR AS order_id, ordered_at::VARCHAR AS ordered_at, revenue::VARCHAR AS revenue) FROM second"\n'
    files = {"export.zip": zipped({"first.xlsx": book.getvalue(), "second.parquet": parquet.getvalue()})}
    assert company(files, settings).number("revenue") == 686
