"""Numbers, flags and whole numbers as text, and what of them is not read."""

import duckdb
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from crmkit.sources.parsing.types import bare_number, number_from_bare


def read(text, decimal=".", sure_groups=True):
    sql = number_from_bare(bare_number("cell"), decimal, sure_groups)
    return duckdb.execute(f"SELECT {sql} FROM (SELECT ? AS cell)", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", 1234.5),
        ("-3", -3),
        ("+7", 7),
        (".5", 0.5),
        ("5.", 5),
        ("1e3", 1000),
        ("−3", -3),
        ("1,234.50", 1234.5),
        ("1,234,567", 1234567),
        ("1 234", 1234),
        ("1\u00a0234.5", 1234.5),
        ("1\u202f234", 1234),
        ("1'234", 1234),
        ("1’234.05", 1234.05),
        ("€ 12.50", 12.5),
        ("12.50 €", 12.5),
        ("-$1,000.50", -1000.5),
        ("(12.50)", -12.5),
        ("0.1", 0.1),
        ("1,234", 1234),
    ],
)
def test_a_number_with_a_decimal_point_is_read(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("1.234,50", 1234.5), ("12,5", 12.5), ("1.234.567", 1234567), ("1.000", 1000)]
)
def test_a_number_with_a_decimal_comma_is_read(text, value):
    assert read(text, decimal=",") == value


@pytest.mark.parametrize(
    "text", ["abc", "12,34,56", "1,23.5", "12,5", "1.2.3", "--3", "5 apples", "0x10", "1_000", "inf", "1/2", "12%"]
)
def test_what_is_no_number_is_not_read(text):
    assert read(text) is None


def test_1_234_is_not_read_where_it_could_be_1234_or_one_and_a_quarter():
    assert read("1,234", sure_groups=False) is None
    assert read("1,234.5", sure_groups=False) == 1234.5
    assert read("1,234,567", sure_groups=False) == 1234567


def revenues(company, *texts, **files):
    rows = "".join(f'{n},2026-10-01,"{text}"\n' for n, text in enumerate(texts))
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n" + rows}, **files)
    load(settings)
    return connect(settings=settings).frame("orders").revenue.tolist()


def test_one_price_with_cents_in_the_column_settles_what_the_comma_means(company):
    assert revenues(company, "1,234", "12.50", "9") == [1234, 12.5, 9]


def test_a_declared_decimal_mark_settles_it_too(company):
    assert revenues(company, "1,234", "2,345", files={"orders": {"path": "orders.csv", "decimal": "."}}) == [1234, 2345]


def test_without_either_1_234_stops_the_load(company):
    with pytest.raises(Problems, match=r"'1,234' \(line 2, column 'revenue'\) is 1.234 or 1,234"):
        revenues(company, "1,234", "2,345", "9")


def test_one_decimal_comma_settles_that_a_point_groups_thousands(company):
    assert revenues(company, "1.500", "12,50", "9") == [1500, 12.5, 9]


def test_one_decimal_comma_among_points_costs_one_row_and_one_to_one_is_asked(company):
    assert revenues(company, "1.50", "2.50", "3.50", "12,50", "9") == [1.5, 2.5, 3.5, 9]
    with pytest.raises(Problems, match=r"'1.50' \(line 2, column 'revenue'\) and '12,50' \(line 3, column 'revenue'\)"):
        revenues(company, "1.50", "12,50", "9")


def test_flags_and_whole_numbers_are_read_in_their_usual_spellings(company):
    words = ["TRUE", "false", "Yes", "no", "1", "0", "t", "N", "", "maybe"]
    years = ["1990", "1990.0", *"abcdefg", '"1,985"']
    rows = "".join(f"{n},{word},{year}\n" for n, (word, year) in enumerate(zip(words, years, strict=True)))
    settings = company({"customers.csv": "customer_id,marketing_consent,birth_year\n" + rows})
    load(settings)
    customers = connect(settings=settings).frame("customers")
    assert customers.marketing_consent.tolist()[:8] == [True, False] * 4
    assert customers.marketing_consent.isna().tolist() == [False] * 8 + [True] * 2
    assert customers.birth_year.dropna().tolist() == [1990, 1990, 1985]  # 1990.0 shows which mark is the decimal one


def test_infinity_is_no_revenue_and_nan_is_none(company):
    frame = pd.DataFrame(
        {
            "order_id": list("abcd"),
            "ordered_at": ["2026-10-01"] * 4,
            "revenue": [1.0, float("inf"), float("nan"), 2.0],
        }
    )
    settings = company({"orders.parquet": frame})
    report = load(settings)
    assert connect(settings=settings).frame("orders").revenue.tolist() == [1.0, 2.0]
    assert {f.finding: f.n_rows for f in report.findings} == {
        "revenue cannot be read as a number": 1,
        "revenue is missing": 1,
    }
