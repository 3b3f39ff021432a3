"""Times in many spellings become the company's local time, naive and to the microsecond."""

import duckdb
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from crmkit.sources.parsing.dates import Clock, time_from_native, time_from_parts, time_parts
from crmkit.sources.sql import open_duckdb


def read(text, to_zone="Europe/London", from_zone=None, date_format=None):
    clock = Clock(to_zone, from_zone, date_format)
    parts = f"(SELECT {time_parts('cell', clock)} AS parts FROM (SELECT ? AS cell))"
    value = open_duckdb().execute(f"SELECT {time_from_parts('parts', clock)} FROM {parts}", [text]).fetchone()[0]
    return None if value is None else str(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-07-01", "2026-07-01 00:00:00"),
        ("20260701", "2026-07-01 00:00:00"),
        ("2026-07-01 9:05", "2026-07-01 09:05:00"),
        ("2026-07-01T10:00:05", "2026-07-01 10:00:05"),
        ("2026-07-01 10:00:05.1234567", "2026-07-01 10:00:05.123456"),
        ("2026-07-01 10:00:05,5", "2026-07-01 10:00:05.500000"),
    ],
)
def test_a_time_without_zone_is_local_time_as_it_stands(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-07-01T10:00Z", "2026-07-01 11:00:00"),
        ("2026-01-01T10:00:00 UTC", "2026-01-01 10:00:00"),
        ("2026-07-01 10:00+02:00", "2026-07-01 09:00:00"),
        ("2025-10-02 17:09:34 -0300", "2025-10-02 21:09:34"),
        ("2026-07-01 10:00+0530", "2026-07-01 05:30:00"),
        ("2026-07-01 10:00-00:30", "2026-07-01 11:30:00"),
        ("2026-07-01 10:00+02", "2026-07-01 09:00:00"),
    ],
)
def test_an_offset_moves_the_time_to_the_companys_zone(text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "31/12/2026",
        "0000-00-00",
        "yesterday",
        "2026-07-01 10:00:051",
        "2026-07-01 25:00",
        "12",
        "infinity",
    ],
)
def test_what_is_no_time_is_not_read(text):
    assert read(text) is None


def test_both_hours_around_the_change_to_winter_time_come_from_utc():
    assert read("2026-10-25T00:30Z", "Europe/Berlin") == "2026-10-25 02:30:00"
    assert read("2026-10-25T01:30Z", "Europe/Berlin") == "2026-10-25 02:30:00"
    assert read("2026-10-25T02:30Z", "Europe/Berlin") == "2026-10-25 03:30:00"


def test_a_declared_zone_moves_times_and_leaves_days_alone():
    assert read("2026-09-30 18:30", "Asia/Jakarta", "UTC") == "2026-10-01 01:30:00"
    assert read("2026-10-01", "America/New_York", "UTC") == "2026-10-01 00:00:00"
    assert read("2026-03-29 12:00", "UTC", "Europe/Berlin") == "2026-03-29 10:00:00"


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("31/12/2026", "%d/%m/%Y", "2026-12-31 00:00:00"),
        ("31/12/2026 17:45", "%d/%m/%Y", "2026-12-31 17:45:00"),
        ("12/31/2026 5:45 PM", "%m/%d/%Y %I:%M %p", "2026-12-31 17:45:00"),
        ("31.12.2026", "%d.%m.%Y %H:%M:%S", "2026-12-31 00:00:00"),
        ("2026-12-31", "%d.%m.%Y", "2026-12-31 00:00:00"),
        ("31.12.2026 10:00 +0200", "%d.%m.%Y %H:%M %z", "2026-12-31 08:00:00"),
        ("2026-03-02", "%Y-%d-%m", "2026-02-03 00:00:00"),
        ("2026-03-13", "%Y-%d-%m", None),
        ("1.2.26", "%d.%m.%y", "2026-02-01 00:00:00"),
    ],
)
def test_a_declared_format_is_read_with_or_without_the_hour(text, form, value):
    assert read(text, date_format=form) == value


def test_a_declared_zone_moves_formatted_times_and_leaves_formatted_days_alone():
    assert read("30/09/2026 18:30", "Asia/Jakarta", "UTC", "%d/%m/%Y") == "2026-10-01 01:30:00"
    assert read("30/09/2026", "America/New_York", "UTC", "%d/%m/%Y %H:%M") == "2026-09-30 00:00:00"


@pytest.mark.parametrize(
    ("literal", "kind", "value"),
    [
        ("TIMESTAMP_NS '2026-12-31 23:59:59.999999999'", "TIMESTAMP_NS", "2026-12-31 23:59:59.999999"),
        ("TIMESTAMP_NS '1969-12-31 23:59:59.999999999'", "TIMESTAMP_NS", "1969-12-31 23:59:59.999999"),
        ("TIMESTAMPTZ '2026-07-01 10:00:00+00:00'", "TIMESTAMP WITH TIME ZONE", "2026-07-01 11:00:00"),
        ("DATE '2026-07-01'", "DATE", "2026-07-01 00:00:00"),
        ("TIMESTAMP 'infinity'", "TIMESTAMP", "None"),
    ],
)
def test_a_database_time_is_floored_to_microseconds_and_moved(literal, kind, value):
    sql = time_from_native("moment", kind, Clock("Europe/London"))
    assert str(open_duckdb().execute(f"SELECT {sql} FROM (SELECT {literal} AS moment)").fetchone()[0]) == value


def test_a_parquet_column_with_a_zone_lands_in_the_companys_month(company):
    frame = pd.DataFrame(
        {
            "order_id": ["1"],
            "ordered_at": pd.to_datetime(["2026-09-30 18:30"]).tz_localize("UTC"),
            "revenue": [5.0],
        }
    )
    settings = company({"orders.parquet": frame}, company={"time_zone": "Asia/Jakarta"})
    load(settings)
    assert str(connect(settings=settings).frame("orders").ordered_at[0]) == "2026-10-01 01:30:00"


def test_the_sessions_own_zone_plays_no_part(company, monkeypatch):
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01T00:30Z,5\n2,2026-10-01 00:30,5\n"})
    load(settings)
    assert connect(settings=settings).frame("orders").ordered_at.astype(str).tolist() == ["2026-10-01 00:30:00"] * 2


def test_days_written_as_numbers_are_days(company):
    frame = pd.DataFrame({"visited_on": [20170501, 20170502], "visitors": [5, 6]})
    settings = company({"web_traffic.parquet": frame})
    load(settings)
    days = connect(settings=settings).frame("web_traffic").visited_on
    assert [str(day)[:10] for day in days] == ["2017-05-01", "2017-05-02"]


def test_a_column_with_a_31st_is_read_and_one_without_says_which_format_to_write(company):
    rows = "order_id,ordered_at,revenue\n1,31/10/2025,5\n2,01/10/2025,5\n"
    load(settings := company({"orders.csv": rows}))
    assert str(connect(settings=settings).frame("orders").ordered_at[1]) == "2025-10-01 00:00:00"
    settings = company({"orders.csv": rows.replace("31/", "02/")})
    with pytest.raises(Problems, match=r"'02/10/2025' \(line 2, .* date_format = \"%d/%m/%Y\" \(2 October 2025\) or"):
        load(settings)


def test_a_format_that_is_none_is_named(company):
    with pytest.raises(Problems, match=r"files.orders.date_format: must say how a day is written.*%Q"):
        company(
            {"orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n"},
            files={"orders": {"path": "orders.csv", "date_format": "%d/%Q"}},
        )


def test_duckdb_still_has_the_zones_it_needs():
    assert duckdb.execute("SELECT count(*) > 400 FROM pg_timezone_names()").fetchone()[0]
