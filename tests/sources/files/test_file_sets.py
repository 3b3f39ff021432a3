"""CSV and Parquet files in the dialects that real tools write."""

import json

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import Problems

HEADER = "order_id,ordered_at,revenue,customer_id,channel\n"


def orders_of(settings):
    load(settings)
    return connect(settings=settings).frame("orders")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_an_umlaut_and_a_euro_sign_arrive_in_each_encoding(company, encoding):
    text = HEADER + "1,2026-10-01,12.50,c1,Köln €\n"
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    settings = company(
        {"orders.csv": text.encode(encoding)}, files={"orders": {"path": "orders.csv", "encoding": declared}}
    )
    assert orders_of(settings).channel.tolist() == ["Köln €"]


def test_a_byte_order_mark_overrules_the_usual_encoding(company):
    assert (
        orders_of(company({"orders.csv": (HEADER + "1,2026-10-01,5,c1,Café\n").encode("utf-16")})).channel[0] == "Café"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_out(company, delimiter):
    cells = ["1", "2026-10-01", '"12.50"', '"Miller; Sons, Ltd\t"', "shop"]
    text = HEADER.replace(",", delimiter) + delimiter.join(cells) + "\n"
    orders = orders_of(company({"orders.csv": text}))
    assert orders.revenue.tolist() == [12.5]
    assert orders.customer_id.tolist() == ["Miller; Sons, Ltd"]


def test_a_german_file_says_12_50_with_a_comma_and_the_day_first(company):
    text = "order_id;ordered_at;revenue\n1;31.10.2026;1.234,50\n2;01.11.2026;12,5\n3;02.11.2026 08:30;1.000\n"
    dialect = {"path": "orders.csv", "decimal": ",", "date_format": "%d.%m.%Y"}
    orders = orders_of(company({"orders.csv": text}, files={"orders": dialect}, data={"through": "2026-11-30"}))
    assert orders.revenue.tolist() == [1234.5, 12.5, 1000.0]
    assert orders.ordered_at.astype(str).tolist() == [
        "2026-10-31 00:00:00",
        "2026-11-01 00:00:00",
        "2026-11-02 08:30:00",
    ]


def test_headers_are_compared_without_case_spaces_and_marks(company):
    text = "\ufeff Order_ID ,ORDERED_AT\u00a0,' Revenue\n1,2026-10-01,5\n".replace("' Revenue", "'Revenue")
    assert orders_of(company({"Orders.CSV": text})).revenue.tolist() == [5.0]


def test_several_files_of_one_pattern_are_one_table(company):
    september = HEADER + "1,2026-09-30,5,c1,shop\n2,2026-09-30,6,c1,shop\n"
    october = "revenue,order_id,ordered_at\n6,2,2026-09-30\n7,3,2026-10-01\n"
    settings = company({"o_09.csv": september, "o_10.csv": october}, files={"orders": {"path": "o_*.csv"}})
    orders = orders_of(settings).set_index("order_id").sort_index()
    assert orders.revenue.to_dict() == {"1": 5.0, "2": 6.0, "3": 7.0}
    assert orders.customer_id.fillna("").to_dict() == {"1": "c1", "2": "", "3": ""}  # order 2 is that of the newer file


def test_parquet_keeps_its_types_and_numbers_become_ids_without_point_zero(company):
    frame = pd.DataFrame(
        {
            "order_id": [1, 2],
            "ordered_at": pd.to_datetime(["2026-10-01 10:00", "2026-10-02 00:00"]),
            "revenue": [1.25, -3.0],
            "customer_id": [17850.0, None],
        }
    )
    orders = orders_of(company({"orders.parquet": frame}))
    assert orders.order_id.tolist() == ["1", "2"]
    assert orders.customer_id.tolist()[0] == "17850"
    assert pd.isna(orders.customer_id[1])
    assert orders.revenue.sum() == -1.75


def test_ids_written_17850_point_0_in_csv_lose_the_point_only_if_all_are(company):
    all_whole = orders_of(company({"orders.csv": HEADER + "1,2026-10-01,5,17850.0,a\n2,2026-10-01,5,17851.0,a\n"}))
    assert all_whole.customer_id.tolist() == ["17850", "17851"]
    some = orders_of(company({"orders.csv": HEADER + "1,2026-10-01,5,1.0,a\n2,2026-10-01,5,1.1,a\n"}))
    assert some.customer_id.tolist() == ["1.0", "1.1"]


def test_words_that_exports_write_for_nothing_are_no_customers_and_namibia_stays(company):
    rows = "".join(f"{n},2026-10-01,5,{word},NA\n" for n, word in enumerate(["NULL", "nan", "None", "'42", "c7"]))
    orders = orders_of(company({"orders.csv": HEADER + rows}))
    assert orders.customer_id.dropna().tolist() == ["42", "c7"]
    assert set(orders.channel) == {"NA"}


def test_a_line_that_does_not_fit_the_header_is_set_aside_and_the_others_stay(company):
    text = (
        HEADER
        + '1,2026-10-01,5,c1,shop\n2,2026-10-02\n3,2026-10-03,5,c1,"a"b\n\n4,2026-10-04,6,c1,shop,,\n5,2026-10-04,1,c1,shop\n'
    )
    settings = company({"orders.csv": text})
    assert orders_of(settings).order_id.tolist() == ["1", "4", "5"]
    aside = quarantined_rows(settings.path("store"), "orders")
    assert aside.line.tolist() == [3, 4]
    assert aside.reason.tolist() == [
        "the line has 2 cells and the header 5",
        "a quotation mark stands in the wrong place",
    ]


def test_the_line_of_a_rejected_row_is_its_first_line_in_the_file(company):
    text = HEADER + '1,2026-10-01,5,c1,"two\nlines"\n\n2,never,5,c1,shop\n'
    settings = company({"orders.csv": text})
    load(settings)
    assert quarantined_rows(settings.path("store"), "orders").line.tolist() == [5]


HOSTILE = [
    '<script>alert("x")</script>',
    "Robert'); DROP TABLE orders;--",
    "=1+1",
    "a\nb\r\nc",
    "nul\x00byte",
    "${HOME}",
    "\u202egnp.exe",
    "😀" * 50,
    "{{7*7}}",
    "$x_1$",
    'O\'Brien "Bob"',
    "\\N\\\\",
    "x" * 200_000,
]


def test_hostile_texts_come_through_the_store_letter_by_letter(company):
    quoted = [text.replace('"', '""') for text in HOSTILE]
    rows = "".join(f'r{n},2026-10-01,nps,9,"{text}"\n' for n, text in enumerate(quoted))
    settings = company({"survey_responses.csv": "response_id,responded_at,survey,score,comment\n" + rows})
    load(settings)
    assert connect(settings=settings).frame("survey_responses").comment.tolist() == HOSTILE


def test_hostile_texts_in_a_rejected_row_are_kept_as_json(company):
    rows = "".join(f'r{n},never,nps,9,"{text}"\n' for n, text in enumerate(t.replace('"', '""') for t in HOSTILE))
    rows += "".join(f"g{n},2026-10-01,nps,9,\n" for n in range(len(HOSTILE)))
    settings = company({"survey_responses.csv": "response_id,responded_at,survey,score,comment\n" + rows})
    load(settings)
    aside = quarantined_rows(settings.path("store"), "survey_responses")
    assert [json.loads(row)["comment"] for row in aside.row] == HOSTILE


def test_csv_and_parquet_of_one_name_are_not_added_up(company):
    frame = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-01"], "revenue": [5]})
    settings = company({"orders.parquet": frame, "orders.csv": HEADER + "1,2026-10-01,5,c1,shop\n"})
    with pytest.raises(Problems, match="both CSV and Parquet: orders.csv, orders.parquet"):
        load(settings)
