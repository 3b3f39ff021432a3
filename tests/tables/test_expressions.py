"""The expressions that engines disagree on, against plain Python; each is also written for PostgreSQL."""

from collections import Counter
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.periods import Period
from crmkit.tables import expressions as ex

GRAINS = ["week", "month", "quarter", "year", "fiscal-year-04", "fiscal-quarter-11", "days-15-739675"]
ROWS = ibis.table(
    {"at": "timestamp(6)", "until": "timestamp(6)", "a": "int64", "b": "int64", "flag": "boolean", "who": "string"},
    "rows",
)


def values(expression):
    """Return a column's values with None for null."""
    return [None if pd.isna(value) else value for value in expression.execute()]


# --- constants and ratios


def test_three_of_four_is_three_quarters_although_both_are_integers(plain):
    t = plain(pd.DataFrame({"a": [3, -3, 0, 10**15], "b": [4, 4, 4, 3]}))
    assert values(ex.ratio(t.a, t.b)) == [0.75, -0.75, 0.0, 10**15 / 3]
    assert ex.ratio(t.a, t.b).type().is_float64()


def test_a_ratio_is_null_over_zero_and_where_either_part_is_unknown(plain):
    t = plain(pd.DataFrame({"a": [1, 0, None, 1], "b": [0, 0, 2, None]}, dtype="Int64"))
    assert values(ex.ratio(t.a, t.b)) == [None, None, None, None]


def test_an_integer_constant_is_a_float_in_the_database_and_no_decimal(plain):
    t = plain(pd.DataFrame({"a": [1]}))
    assert values(t.mutate(kind=ex.number(2).typeof()).kind) == ["DOUBLE"]
    assert "2.0" not in ibis.to_sql(ROWS.select(v=ex.number(2)), dialect="postgres")


# --- days


def test_days_are_midnights_passed_and_not_spans_of_24_hours(plain):
    pairs = [
        ("2026-01-01 23:59", "2026-01-02 00:01", 1),
        ("2026-01-01 00:00", "2026-01-01 23:59", 0),
        ("2026-01-02 00:01", "2026-01-01 23:59", -1),
        ("2024-02-28 12:00", "2024-03-01 11:00", 2),
        ("2026-02-28 12:00", "2026-03-01 11:00", 1),
        ("2025-12-31 00:00", "2026-12-31 00:00", 365),
    ]
    frame = pd.DataFrame(pairs, columns=["at", "until", "days"])
    t = plain(frame[["at", "until"]].astype("datetime64[us]"))
    assert values(ex.days_between(t.at, t.until)) == frame["days"].tolist()


def test_days_between_thousands_of_random_instants_equal_those_of_pandas(plain):
    rng = np.random.default_rng(7)
    seconds = rng.integers(-630_000_000, 4_000_000_000, (2, 5_000))
    frame = pd.DataFrame({"at": pd.to_datetime(seconds[0], unit="s"), "until": pd.to_datetime(seconds[1], unit="s")})
    t = plain(frame.astype("datetime64[us]"))
    expected = (frame["until"].dt.normalize() - frame["at"].dt.normalize()).dt.days
    assert values(ex.days_between(t.at, t.until)) == expected.tolist()


def test_ninety_days_after_new_year_is_the_first_of_april_a_day_earlier_in_a_leap_year(plain):
    at = pd.to_datetime(["2026-01-01 15:30", "2024-01-01 15:30", "2024-02-29 00:00", None]).astype("datetime64[us]")
    t = plain(pd.DataFrame({"at": at}))
    added = values(ex.add_days(t.at, 90))
    expected = [date(2026, 4, 1), date(2024, 3, 31), date(2024, 5, 29), None]
    assert [value and pd.Timestamp(value).date() for value in added] == expected


def test_a_day_later_is_a_date_in_the_database_too(plain):
    # DuckDB and PostgreSQL make a timestamp of a date plus an interval; Ibis would not notice.
    t = plain(pd.DataFrame({"at": pd.to_datetime(["2026-01-01 15:30"]).astype("datetime64[us]")}))
    kinds = t.mutate(later=ex.add_days(t.at, 1).typeof(), on=ex.day(t.at).typeof())
    assert values(kinds.later) == ["DATE"] and values(kinds.on) == ["DATE"]


@pytest.mark.parametrize("grain", GRAINS)
def test_the_database_numbers_the_period_of_every_day_from_1950_to_2100_as_python_does(plain, grain):
    days = pd.date_range("1950-01-01", "2100-12-31", freq="D", unit="us")
    expected = [Period.containing(day, grain).ordinal for day in days.date]
    for hour in (timedelta(0), timedelta(days=1) - timedelta(microseconds=1)):
        t = plain(pd.DataFrame({"at": days + hour}))
        assert values(ex.period_ordinal(t.at, grain)) == expected


@pytest.mark.parametrize("grain", GRAINS)
def test_the_first_day_of_a_period_is_its_day_0(plain, grain):
    days = pd.date_range("1960-01-01", "2030-12-31", freq="D", unit="us")
    expected = [(day - Period.containing(day, grain).start).days for day in days.date]
    t = plain(pd.DataFrame({"at": days + timedelta(hours=23)}))
    assert values(ex.day_of_period(t.at, grain)) == expected


@pytest.mark.parametrize("grain", GRAINS)
def test_an_unknown_instant_is_in_no_period(plain, grain):
    t = plain(pd.DataFrame({"at": pd.to_datetime([None, "2026-10-05"]).astype("datetime64[us]")}))
    assert values(ex.period_ordinal(t.at, grain)) == [None, Period.containing(date(2026, 10, 5), grain).ordinal]
    assert values(ex.period_ordinal(ex.day(t.at), grain))[1] == Period.containing(date(2026, 10, 5), grain).ordinal


# --- conditions


def test_an_indicator_is_one_where_true_and_zero_where_false_or_unknown(plain):
    t = plain(pd.DataFrame({"flag": pd.array([True, False, None], dtype="boolean")}))
    assert values(ex.indicator(t.flag)) == [1.0, 0.0, 0.0]
    assert ex.indicator(t.flag).type().is_float64()


def test_where_takes_the_value_if_the_condition_holds_and_counts_the_unknown_as_zero(plain):
    t = plain(pd.DataFrame({"flag": pd.array([True, False, None, True], dtype="boolean"), "a": [5.0, 7.0, 9.0, None]}))
    assert values(ex.where(t.flag, t.a)) == [5.0, 0.0, 0.0, 0.0]
    assert values(ex.where(None, t.a)) == [5.0, 7.0, 9.0, 0.0]
    assert values(ex.where(t.flag, t.flag)) == [1.0, 0.0, 0.0, 1.0]


# --- rows


def test_a_union_keeps_equal_rows_of_all_its_tables(plain):
    t, u = plain(pd.DataFrame({"a": [1, 1], "b": [2, 2]})), plain(pd.DataFrame({"b": [2], "a": [1]}))
    assert ex.union([t, u, t]).execute()[["a", "b"]].value_counts().to_dict() == {(1, 2): 5}
    assert ex.union([t]).count().execute() == 2


def test_windows_look_back_over_all_and_ahead_and_number_the_rows_within_each_customer_only(plain):
    t = plain(pd.DataFrame({"who": list("ababa"), "turn": [1, 1, 2, 2, 3], "a": [5, 1, 3, 2, 9]}))
    order = {"within": "who", "order_by": ["turn"]}
    rows = t.mutate(
        before=ex.highest_before(t, "a", **order),
        highest=ex.highest(t, "a", **order),
        place=ex.place(**order),
        after=ex.value_after(t, "a", **order),
        last=ex.value_before(t, "a", **order),
    )
    rows = rows.order_by("who", "turn")
    assert values(rows.before) == [None, 5, 5, None, 1]
    assert values(rows.highest) == [9, 9, 9, 2, 2]
    assert values(rows.place) == [1, 2, 3, 1, 2]
    assert values(rows.after) == [3, 9, None, 2, None]
    assert values(rows["last"]) == [None, 5, 3, None, 1]


# --- with_periods


def spread(plain, spans, periods):
    frame = pd.DataFrame({"row": range(len(spans)), "first": [s[0] for s in spans], "last": [s[1] for s in spans]})
    t = plain(frame.astype("Int64"), schema=ibis.schema({"row": "int64", "first": "int64", "last": "int64"}))
    bounds = {period.ordinal: (period.start, period.end) for period in periods}
    return ex.with_periods(t, t["first"], t["last"], bounds).execute()


def test_a_row_is_repeated_for_each_month_of_its_own_span_with_the_months_bounds(plain):
    october = Period.parse("2026-10")
    n = october.ordinal
    rows = spread(plain, [(n - 5, n + 5), (n, n), (n + 1, n), (n - 9, n - 8), (n - 1, n)], october.run_up(3))
    assert sorted(zip(rows["row"], rows["period"], strict=True)) == [
        (0, n - 2),
        (0, n - 1),
        (0, n),
        (1, n),
        (4, n - 1),
        (4, n),
    ]
    of_october = rows[rows["period"] == n].iloc[0]
    assert pd.Timestamp(of_october["period_start"]).date() == date(2026, 10, 1)
    assert pd.Timestamp(of_october["period_end"]).date() == date(2026, 11, 1)
    assert list(rows.columns) == ["row", "first", "last", "period", "period_start", "period_end"]


def test_months_that_are_not_listed_are_left_out_of_a_span(plain):
    october = Period.parse("2026-10")
    n = october.ordinal
    rows = spread(plain, [(n - 12, n)], [october, october.year_before])
    assert sorted(rows["period"]) == [n - 12, n]


def test_a_row_whose_span_is_unknown_is_in_no_period(plain):
    n = Period.parse("2026-10").ordinal
    assert len(spread(plain, [(None, n), (n, None), (None, None)], Period.parse("2026-10").run_up(3))) == 0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.none() | st.integers(-8, 8), st.none() | st.integers(-8, 8)), min_size=1, max_size=8),
    st.sets(st.integers(-6, 6), min_size=1, max_size=8),
)
def test_the_repetition_equals_a_double_loop_over_rows_and_periods(plain, spans, listed):
    middle = Period.parse("2026-W30")
    n = middle.ordinal
    known = [(None if first is None else n + first, None if last is None else n + last) for first, last in spans]
    rows = spread(plain, known, [middle.shift(step) for step in listed])
    expected = Counter(
        (number, n + step)
        for number, (first, last) in enumerate(spans)
        for step in listed
        if None not in (first, last) and first <= step <= last
    )
    assert Counter(zip(rows["row"], rows["period"], strict=True)) == expected
    starts = pd.to_datetime(rows["period_start"]).dt.date
    assert all(start == Period("week", ordinal).start for start, ordinal in zip(starts, rows["period"], strict=True))


# --- PostgreSQL

_WITHIN = {"within": "who", "order_by": ["at", "a"]}
WRITTEN = {
    "number": ROWS.select(v=ex.number(3)),
    "ratio": ROWS.select(v=ex.ratio(ROWS.a, ROWS.b)),
    "is_some": ROWS.select(v=ex.is_some(ROWS.a)),
    "constant_day": ROWS.select(v=ex.constant_day(date(2026, 3, 29))),
    "day": ROWS.select(v=ex.day(ROWS.at)),
    "days_between": ROWS.select(v=ex.days_between(ROWS.at, ROWS.until)),
    "months_of": ROWS.select(v=ex.months_of(ROWS.a)),
    "month_position": ROWS.select(v=ex.month_position(ROWS.at)),
    "add_days": ROWS.select(v=ex.add_days(ROWS.at, 90)),
    **{f"period_ordinal {grain}": ROWS.select(v=ex.period_ordinal(ROWS.at, grain)) for grain in GRAINS},
    **{f"day_of_period {grain}": ROWS.select(v=ex.day_of_period(ROWS.at, grain)) for grain in GRAINS},
    "indicator": ROWS.select(v=ex.indicator(ROWS.flag)),
    "where": ROWS.select(v=ex.where(ROWS.flag, ROWS.a)),
    "union": ex.union([ROWS, ROWS]),
    "highest_before": ROWS.select(v=ex.highest_before(ROWS, "a", **_WITHIN)),
    "highest": ROWS.select(v=ex.highest(ROWS, "a", **_WITHIN)),
    "place": ROWS.select("who", "at", "a", v=ex.place(**_WITHIN)),
    "running_sum": ROWS.select(v=ex.running_sum(ROWS, "a", **_WITHIN)),
    "value_after": ROWS.select(v=ex.value_after(ROWS, "a", **_WITHIN)),
    "value_before": ROWS.select(v=ex.value_before(ROWS, "a", **_WITHIN)),
    "with_periods": ex.with_periods(ROWS, ROWS.a, ROWS.b, {5: (date(2026, 1, 1), date(2026, 2, 1))}),
}


def written(name):
    return " ".join(ibis.to_sql(WRITTEN[name], dialect="postgres").split())


@pytest.mark.parametrize("name", WRITTEN)
def test_each_expression_can_be_written_for_postgresql(name):
    assert written(name).startswith("SELECT")


def test_every_public_expression_is_written_for_postgresql_above():
    public = {
        name
        for name in vars(ex)
        if name[0] != "_" and callable(getattr(ex, name)) and getattr(ex, name).__module__ == ex.__name__
    }
    assert public == {name.partition(" ")[0] for name in WRITTEN}


def test_on_postgresql_a_ratio_is_cast_before_it_is_divided():
    assert 'CAST("t0"."a" AS DOUBLE PRECISION) / NULLIF(CAST("t0"."b" AS DOUBLE PRECISION), 0)' in written("ratio")


def test_on_postgresql_a_day_later_is_cast_back_to_a_date():
    assert written("add_days").startswith('SELECT CAST(CAST(CAST("t0"."at" AS DATE) AS TIMESTAMP) + INTERVAL')
    assert "AS DATE) AS" in written("add_days").removeprefix("SELECT CAST(CAST(CAST")


def test_on_postgresql_days_are_counted_between_dates_as_timestamps_would_be_rounded():
    assert 'CAST("t0"."until" AS DATE)' in written("days_between") and 'CAST("t0"."at" AS DATE)' in written(
        "days_between"
    )
