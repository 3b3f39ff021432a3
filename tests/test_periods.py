"""Periods: text and back, bounds, neighbours, ranges; every period of 1900 to 2100."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CrmkitError
from crmkit.periods import Period, parse_period, parse_periods

GRAINS = ["week", "month", "quarter", "year", "fiscal-year-04", "fiscal-quarter-11", "days-15-739675"]
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


def every(grain):
    first, last = Period.containing(date(1900, 1, 8), grain), Period.containing(date(2100, 12, 26), grain)
    return [Period(grain, ordinal) for ordinal in range(first.ordinal, last.ordinal + 1)]


def texts(periods):
    return [str(period) for period in periods]


@pytest.mark.parametrize(("grain", "n"), [("week", 10486), ("month", 2412), ("quarter", 804), ("year", 201)])
def test_every_period_from_1900_to_2100_reads_back_what_it_writes(grain, n):
    periods = every(grain)
    assert len(periods) == n == len(set(texts(periods)))
    assert [Period.parse(text) for text in texts(periods)] == periods


@pytest.mark.parametrize("grain", GRAINS)
def test_each_period_begins_on_the_day_the_one_before_it_ends(grain):
    periods = every(grain)
    assert all(one.end == next_.start for one, next_ in pairwise(periods))
    assert sum(period.n_days for period in periods) == (periods[-1].end - periods[0].start).days


@pytest.mark.parametrize(
    ("grain", "frequency", "n_a_year"), [("month", "M", 12), ("quarter", "Q", 4), ("year", "Y", 1)]
)
def test_bounds_and_the_year_before_equal_those_of_pandas(grain, frequency, n_a_year):
    for period in every(grain):
        peer = pd.Period(str(period).replace("-Q", "Q"), freq=frequency)
        assert (period.start, period.end) == (peer.start_time.date(), (peer + 1).start_time.date())
        assert str(period.year_before).replace("-Q", "Q") == str(peer - n_a_year)


def test_weeks_are_those_of_the_iso_calendar():
    for week in every("week"):
        assert str(week) == f"{week.start:%G-W%V}"
        assert week.start.isoweekday() == 1 and week.n_days == 7


@given(DAYS, st.sampled_from(GRAINS))
def test_a_day_lies_in_the_period_that_contains_it(day, grain):
    period = Period.containing(day, grain)
    assert period.start <= day < period.end
    assert period.previous.end == period.start and period.previous.shift(1) == period


def test_december_ends_with_the_first_of_january_and_the_fourth_quarter_too():
    assert (Period.parse("2026-12").start, Period.parse("2026-12").end) == (date(2026, 12, 1), date(2027, 1, 1))
    assert (Period.parse("2026-Q4").start, Period.parse("2026-Q4").end) == (date(2026, 10, 1), date(2027, 1, 1))
    assert (Period.parse("2026").start, Period.parse("2026").end) == (date(2026, 1, 1), date(2027, 1, 1))


def test_the_week_that_straddles_new_year_belongs_to_the_year_of_its_thursday():
    assert str(Period.containing(date(2027, 1, 3), "week")) == "2026-W53"
    assert str(Period.containing(date(2025, 12, 29), "week")) == "2026-W01"


def test_2020_and_2026_have_53_weeks_and_2021_has_52():
    assert (Period.parse("2020-W53").start, Period.parse("2020-W53").end) == (date(2020, 12, 28), date(2021, 1, 4))
    assert (Period.parse("2026-W53").start, Period.parse("2026-W53").end) == (date(2026, 12, 28), date(2027, 1, 4))
    assert str(Period.parse("2021-W01").previous) == "2020-W53"
    with pytest.raises(CrmkitError, match="'2021-W53' is not a period"):
        Period.parse("2021-W53")


def test_71_years_of_a_400_year_cycle_have_53_weeks():
    last_weeks = [str(Period.containing(date(year, 12, 28), "week")) for year in range(2001, 2401)]
    assert sum(text.endswith("W53") for text in last_weeks) == 71


def test_a_year_before_week_53_is_the_last_week_of_the_year_before():
    assert str(Period.parse("2026-W53").year_before) == "2025-W52"
    assert str(Period.parse("2027-W52").year_before) == "2026-W52"
    assert str(Period.parse("2021-W01").year_before) == "2020-W01"


def test_february_has_29_days_in_2000_and_2024_but_28_in_1900_and_2100():
    assert [Period.parse(f"{year}-02").n_days for year in (1900, 2000, 2024, 2026, 2100)] == [28, 29, 29, 28, 28]
    assert Period.parse("2024").n_days == 366 and Period.parse("2024-Q1").n_days == 91
    assert str(Period.containing(date(2024, 2, 29))) == "2024-02"


def test_before_the_first_of_a_year_comes_the_last_of_the_year_before():
    firsts = ["2026-01", "2026-Q1", "2026-W01", "2026"]
    assert texts(Period.parse(text).previous for text in firsts) == ["2025-12", "2025-Q4", "2025-W52", "2025"]
    assert texts(Period.parse(text).year_before for text in firsts) == ["2025-01", "2025-Q1", "2025-W01", "2025"]


def test_a_run_up_of_13_months_begins_with_the_same_month_a_year_earlier():
    october = Period.parse("2026-10")
    run = october.run_up(13)
    assert len(run) == 13 and run[0] == october.year_before and run[-1] == october
    assert october.run_up(1) == [october] and october.run_up(0) == []


def test_labels_are_plain_english():
    labels = [Period.parse(text).label for text in ("2026-10", "2026-Q4", "2026-W43", "2026", "2026-W53")]
    assert labels == ["October 2026", "Q4 2026", "week 43 of 2026", "2026", "week 53 of 2026"]
    assert [Period.parse(f"2026-{m:02d}").label for m in (1, 12)] == ["January 2026", "December 2026"]


def test_beside_another_month_the_year_is_left_out_up_to_11_months_away():
    october = Period.parse("2026-10")
    beside = [Period.parse(text).label_beside(october) for text in ("2026-09", "2025-11", "2025-10", "2027-10")]
    assert beside == ["September", "November", "October 2025", "October 2027"]
    assert Period.parse("2026-Q3").label_beside(Period.parse("2026-Q4")) == "Q3 2026"


def test_small_letters_and_blanks_around_are_read_too():
    assert texts(Period.parse(text) for text in (" 2026-q4 ", "2026-w43\n")) == ["2026-Q4", "2026-W43"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "october",
        "2026-13",
        "2026-00",
        "2026-1",
        "2026-Q0",
        "2026-Q5",
        "2026-W00",
        "2026-W54",
        "2026-10-01",
        "26-10",
        "0000",
        "0001",
        "9999",
        "1699-12",
        "2201",
        "2026..",
        "..",
        "2026-10;",
        "-2026",
        "2026Q4",
        None,
    ],
)
def test_garbage_is_refused_with_the_forms_a_period_may_have(text):
    with pytest.raises(CrmkitError, match="is not a period") as refused:
        Period.parse(text)
    assert f"'{text}'" in str(refused.value)
    assert all(
        form in str(refused.value)
        for form in (
            "2026-10,",
            "2026-Q4,",
            "2026-W43 (a week)",
            "2026,",
            "FY2026 ",
            "FY2026-Q1",
            "2026-03-01..2026-03-15;",
        )
    )


@given(st.text(max_size=9) | st.text("0123456789-QqWw. ", max_size=9) | st.from_regex(r"\d{4}(-[QW]?\d{1,2})?"))
def test_any_text_is_a_period_that_writes_itself_so_or_is_refused(text):
    try:
        period = Period.parse(text)
    except CrmkitError:
        return
    assert Period.parse(str(period)) == period
    assert period.previous.end == period.start < period.end


@pytest.mark.parametrize("text", ["1700", "2200", "1700-W01", "2200-W52", "2200-12", "1700-Q1"])
def test_at_the_edge_of_the_calendar_a_period_still_has_neighbours_and_bounds(text):
    period = Period.parse(text)
    assert period.year_before.end <= period.start < period.end <= pd.Timestamp.max.date()
    assert period.run_up(14)[0].start > pd.Timestamp.min.date()


def test_a_range_holds_both_ends_and_crosses_the_year():
    assert texts(parse_periods("2025-11..2026-02")) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert texts(parse_periods("2026-W52 .. 2027-W01")) == ["2026-W52", "2026-W53", "2027-W01"]
    assert texts(parse_periods("2026-Q4..2026-Q4")) == ["2026-Q4"]
    assert len(parse_periods("1900-01..2100-12")) == 2412


def test_a_list_is_sorted_and_each_period_taken_once():
    october = Period.parse("2026-10")
    asked = ["2026-10", "2026-08..2026-09", october, "2026-09"]
    assert texts(parse_periods(asked)) == ["2026-08", "2026-09", "2026-10"]
    assert parse_periods(october) == [october]


def test_the_year_as_a_number_is_a_year():
    assert texts(parse_periods(2026)) == ["2026"]
    assert texts(parse_periods([2026, 2025])) == ["2025", "2026"]


@pytest.mark.parametrize(
    ("given_text", "message"),
    [
        ("2026-09..2026-08", "runs backwards. Write the earlier period first"),
        ("2026-09..2026-Q4", "mixes kinds of periods"),
        (["2026-09", "2026"], "'2026-09, 2026' mixes kinds of periods"),
        ([], "No period was given"),
        ("2026-09..", "'' is not a period"),
        ("2026-01..2026-02..2026-03", "is not a period"),
        (None, "'None' is not a period"),
    ],
)
def test_what_is_no_range_is_refused(given_text, message):
    with pytest.raises(CrmkitError, match=message):
        parse_periods(given_text)


@pytest.mark.parametrize("grain", GRAINS)
def test_a_timestamp_lies_in_the_period_of_its_day(grain):
    last_second = datetime(2026, 12, 31, 23, 59, 59)
    expected = Period.containing(date(2026, 12, 31), grain)
    assert Period.containing(last_second, grain) == Period.containing(pd.Timestamp(last_second), grain) == expected


def test_periods_are_ordered_equal_by_value_and_cannot_be_changed():
    september, october = Period.parse("2026-09"), Period.parse("2026-10")
    assert september < october and max(october, september) == october
    assert {october, Period.containing(date(2026, 10, 31))} == {october}
    with pytest.raises(AttributeError):
        october.ordinal = 1


@given(DAYS, st.integers(-500, 500), st.sampled_from(GRAINS))
def test_shifting_there_and_back_ends_where_it_began(day, steps, grain):
    period = Period.containing(day, grain)
    assert period.shift(steps).shift(-steps) == period
    assert (period.shift(steps) > period) == (steps > 0)


@given(DAYS)
def test_a_week_later_is_the_next_week(day):
    assert Period.containing(day + timedelta(days=7), "week") == Period.containing(day, "week").shift(1)


def test_a_fiscal_year_has_the_number_of_the_year_in_which_it_ends():
    year = parse_period("FY2026", fiscal_year_start=4)
    assert (year.start, year.end, str(year), year.label) == (
        date(2025, 4, 1),
        date(2026, 4, 1),
        "FY2026",
        "fiscal year 2026",
    )
    assert str(year.previous) == str(year.year_before) == "FY2025"
    assert parse_period("FY2026", fiscal_year_start=1).start == date(2026, 1, 1)


def test_fiscal_quarters_begin_with_the_fiscal_year():
    quarters = parse_periods("FY2026-Q1..FY2026-Q4", fiscal_year_start=10)
    assert [q.start for q in quarters] == [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]
    assert [str(q) for q in quarters] == ["FY2026-Q1", "FY2026-Q2", "FY2026-Q3", "FY2026-Q4"]
    assert quarters[0].label == "Q1 of fiscal year 2026"
    assert str(quarters[0].year_before) == "FY2025-Q1"


def test_a_range_of_days_is_a_period_and_the_one_before_is_as_long():
    fair = parse_period("2026-03-01..2026-03-15")
    assert (fair.start, fair.end, fair.n_days, fair.label) == (
        date(2026, 3, 1),
        date(2026, 3, 16),
        15,
        "1 to 15 March 2026",
    )
    assert str(fair.previous) == "2026-02-14..2026-02-28"
    assert fair.previous.label == "14 to 28 February 2026"
    assert str(fair.year_before) == "2025-03-01..2025-03-15"
    assert parse_periods("2026-03-01..2026-03-15") == [fair]


def test_ranges_over_months_and_years_and_one_day_are_named_in_full():
    assert parse_period("2026-02-20..2026-03-05").label == "20 February to 5 March 2026"
    assert parse_period("2025-12-20..2026-01-05").label == "20 December 2025 to 5 January 2026"
    assert parse_period("2026-03-05..2026-03-05").label == "5 March 2026"
    assert str(parse_period("2024-02-29..2024-03-01").year_before) == "2023-02-28..2023-03-01"


@pytest.mark.parametrize("text", ["2026-03-15..2026-03-01", "2026-02-30..2026-03-01", "0001-01-01..0001-01-02"])
def test_a_range_of_days_that_cannot_be_is_refused(text):
    with pytest.raises(CrmkitError, match="range of days|calendar has not"):
        parse_period(text)
