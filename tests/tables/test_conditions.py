"""Conditions: read from text, mappings and lists, and applied to tables."""

from datetime import date, datetime

import duckdb
import ibis
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CrmkitError
from crmkit.tables.conditions import Comparison, Joined, applied, columns_in, condition_of

ROWS = pd.DataFrame(
    {
        "id": [0, 1, 2, 3],
        "country": ["DE", "AT", None, "O'Neill"],
        "weight": [1.5, 2.0, 10.0, None],
        "items": pd.array([1, 2, 3, None], "Int64"),
        "vip": pd.array([True, False, None, True], "boolean"),
        "at": pd.to_datetime(["2026-10-01 08:00", "2026-10-31 23:59", "2026-11-01 00:00", None]),
    }
)


def ids(where):
    con = ibis.duckdb.from_connection(duckdb.connect())
    table = con.create_table("rows", ROWS)
    return sorted(table.filter(applied(condition_of(where), lambda name: table[name])).execute()["id"])


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("country = 'DE'", [0]),
        ('country == "DE"', [0]),
        ("country <> 'DE'", [1, 3]),
        ("country != 'DE' or country is null", [1, 2, 3]),
        ("country is not null", [0, 1, 3]),
        ("country = 'O''Neill'", [3]),
        ("COUNTRY in ('DE', 'AT')".replace("COUNTRY", "country"), [0, 1]),
        ("country not in ('DE', 'AT')", [3]),
        ("not country = 'DE'", [1, 3]),
        ("not (country = 'DE' or weight > 5)", [1]),
        ("country = 'DE' or country = 'AT' and weight > 5", [0]),
        ("(country = 'DE' or country = 'AT') and weight >= 2", [1]),
        ("weight > 1.5", [1, 2]),
        ("weight = 2", [1]),
        ("weight < '2'", [0]),
        ("items <= 2", [0, 1]),
        ("items = 2.0", [1]),
        ("items > 1.5", [1, 2]),
        ("vip = true", [0, 3]),
        ("vip != true", [1]),
        ("at <= 2026-10-31", [0, 1]),
        ("at = '2026-10-01'", [0]),
        ("at > 2026-10-01T08:00", [1, 2]),
        ("at in (2026-10-01, 2026-11-01)", [0, 2]),
        ({"country": "DE"}, [0]),
        ({"country": ["DE", "AT"], "vip": False}, [1]),
        ({"country": None}, [2]),
        ({"items": pd.Series([1]).iloc[0]}, [0]),
        ({"at": pd.Timestamp("2026-10-01 08:00")}, [0]),
        (["weight > 1", "weight < 5", {"country": {"AT", "DE"}}], [0, 1]),
    ],
)
def test_a_condition_keeps_the_rows_that_meet_it(where, found):
    assert ids(where) == found


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("country = ", "a value is missing after 'country =' .character 10."),
        ("= 'DE'", "'=' is no column .character 1."),
        ("country 'DE'", "after the column 'country' stands =, !=, <, <=, >, >=, in .* .character 9."),
        ("country = DE", "'DE' is no value; a text stands in quotation marks: 'DE' .character 11."),
        ("country = 'DE", "the quotation mark ' at character 11 is never closed"),
        ("country = 'DE' weight > 5", "'and' or 'or' is missing before 'weight', .* .character 16."),
        ("(country = 'DE'", "a closing bracket is missing .character 16."),
        ("country = 'DE')", "closes a bracket that was never opened .character 15."),
        ("country in 'DE'", "an opening bracket after in is missing"),
        ("country in ()", "a value is missing before '\\)'"),
        ("country is 'DE'", "after 'is' stands null or not null"),
        ("country = null", "empty cells are found by is null"),
        ("'country' = 'DE'", "'country' is a text|is a text, and a column is written without"),
        ("at = 2026-13-01", "'2026-13-01' is no day of the calendar"),
        ("upper(country) = 'DE'", "after the column 'upper' stands"),
        ("country = 'DE'; drop table orders", "';' at character 15 has no meaning in a condition"),
        ("1 = 1", "'1' is no column"),
        ("", "where is empty"),
        ("not " * 60 + "vip = true", "more than 50 times"),
        ("(" * 60 + "vip = true" + ")" * 60, "more than 50 times"),
        ([], "names no condition"),
        ({}, "names no condition"),
        ({"country": []}, "no value is given for country"),
        ({"country": float("nan")}, "compared with no number"),
        ({"country": object}, "is compared with <class"),
        (7, "where must be a text, a mapping"),
        ("x" * 10_001, "at most 10,000 characters"),
    ],
)
def test_what_is_no_condition_says_where_and_why(where, told):
    with pytest.raises(CrmkitError, match=told) as raised:
        condition_of(where)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("country > 'DE'", "country is text and compared by =, != and in alone, not by >"),
        ("weight = 'much'", "weight is compared with 'much', and needs a number"),
        ("at > 'soon'", "at is compared with 'soon', and needs a day"),
        ("vip = 2", "vip is compared with 2, and needs true or false"),
        ("vip > true", "vip is true or false and not compared by >"),
    ],
)
def test_a_value_of_another_type_than_its_column_is_an_error(where, told):
    with pytest.raises(CrmkitError, match=told):
        ids(where)


VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(date(1900, 1, 1), date(2999, 1, 1)),
    st.datetimes(datetime(1900, 1, 1), datetime(2999, 1, 1)).map(lambda at: at.replace(microsecond=0)),
)
NAMES = st.one_of(
    st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True), st.text(min_size=1, max_size=10).filter(str.strip)
)
COMPARISONS = st.one_of(
    st.builds(Comparison, NAMES, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.tuples(VALUES)),
    st.builds(
        Comparison, NAMES, st.sampled_from(["in", "not in"]), st.lists(VALUES, min_size=1, max_size=3).map(tuple)
    ),
    st.builds(Comparison, NAMES, st.sampled_from(["is null", "is not null"])),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Joined, st.just("not"), st.tuples(inner)),
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_a_condition_that_is_written_down_is_read_as_the_same(condition):
    assert condition_of(str(condition)) == condition


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[a-z '\"`()=<>!,;0-9\-]{0,40}", fullmatch=True)))
def test_any_text_is_a_condition_or_one_sentence(text):
    try:
        assert columns_in(condition_of(text))
    except CrmkitError as error:
        assert str(error).startswith("where")
        assert "\n" not in str(error)


@given(st.text(max_size=40))
def test_a_hostile_text_is_a_value_and_nothing_else(text):
    comparison = condition_of({"country": text})
    con = ibis.duckdb.from_connection(duckdb.connect())
    table = con.create_table("rows", ROWS)
    query = con.compile(table.filter(applied(comparison, lambda name: table[name])))
    assert (
        duckdb.extract_statements(query.replace("\0", ""))
        and len(duckdb.extract_statements(query.replace("\0", ""))) == 1
    )
