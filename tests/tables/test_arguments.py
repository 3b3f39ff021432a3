"""A day long after the end of the data is told, once a catalog, and never where the firm only pauses."""

import warnings
from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError, DataEndEarly
from crmkit.tables.arguments import checked


@checked
def looked_at(catalog, as_of):
    return as_of


@checked
def compared(catalog, before, now):
    return before, now


def orders(*days):
    numbers = [str(n) for n in range(len(days))]
    return pd.DataFrame(
        {"order_id": numbers, "customer_id": numbers, "ordered_at": pd.to_datetime(list(days)), "revenue": 9.0}
    )


def terms(*spans):
    numbers = [str(n) for n in range(len(spans))]
    starts, ends = zip(*spans, strict=True)
    return pd.DataFrame(
        {
            "subscription_id": numbers,
            "customer_id": numbers,
            "mrr": 9.0,
            "starts_at": pd.to_datetime(starts),
            "ends_at": pd.to_datetime(ends),
        }
    )


DAILY = orders(*pd.date_range("2026-06-01", "2026-09-30"))


def told(catalog, *days):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for day in days:
            looked_at(catalog, day)
    return [str(each.message) for each in caught if each.category is DataEndEarly]


def test_nine_months_after_the_last_of_daily_orders_it_is_reported_once_with_both_days():
    (warning,) = told(ck.connect({"orders": DAILY}), "2027-06-30", "2027-06-30", "2027-07-31")
    assert warning == (
        "The data end on 30 September 2026, 273 days before 30 June 2027, as of which they are looked at: what came since "
        'is not known, and customers look lapsed who may not be. Load newer data, or look at them as of "2026-09-30".'
    )


def test_it_is_reported_where_the_analyst_wrote_the_call_and_the_numbers_are_the_same():
    catalog = ck.connect({"orders": DAILY})
    with pytest.warns(DataEndEarly) as caught:
        first = ck.engagement_scores(catalog, "2026-11-30")
    assert [each.filename for each in caught] == [__file__]
    pd.testing.assert_frame_equal(first, ck.engagement_scores(catalog, "2026-11-30"))


@pytest.mark.parametrize("last", ["2026-06-30", "2026-09-30", "2026-10-31"])
def test_up_to_a_month_after_the_last_order_nothing_is_reported(last):
    assert told(ck.connect({"orders": DAILY}), last) == []


@pytest.mark.parametrize(
    "days", [["2026-09-05"], ["2026-03-01", "2026-09-05"], pd.date_range("2025-01-01", "2026-09-05", freq="45D")]
)
def test_a_firm_of_few_orders_may_pause(days):
    assert told(ck.connect({"orders": orders(*days)}), "2026-11-30") == []
    assert len(told(ck.connect({"orders": orders(*days)}), "2028-11-30")) == 1


def test_a_firm_that_sells_before_christmas_may_be_silent_until_the_next():
    season = [*pd.date_range("2024-11-20", "2024-12-24"), *pd.date_range("2025-11-20", "2025-12-24")]
    assert told(ck.connect({"orders": orders(*season)}), "2026-10-31") == []


def test_paid_terms_reach_to_their_end_and_orders_do_not_reach_to_that_of_terms():
    yearly = terms(*[(f"2026-01-{day:02}", f"2027-01-{day:02}") for day in range(1, 31)])
    assert told(ck.connect({"subscription_terms": yearly}), "2026-12-31") == []
    both = ck.connect({"subscription_terms": yearly, "orders": DAILY})
    assert told(both, "2026-12-31")[0].startswith("The data end on 30 September 2026, 92 days before")


def test_what_the_settings_say_of_the_end_of_the_data_counts():
    catalog = ck.connect({"orders": DAILY}, ck.Settings(data={"through": "2026-12-31"}))
    assert told(catalog, "2027-01-31") == []
    assert told(ck.connect({"orders": DAILY}, ck.Settings(data={"through": "2026-08-31"})), "2026-10-31")[0].startswith(
        "The data end on 31 August 2026, 61 days before 31 October 2026"
    )


def test_reports_look_no_further_than_the_data_and_say_nothing():
    catalog = ck.connect({"orders": DAILY})
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataEndEarly)
        ck.scorecard(catalog, "2027-06")
        ck.pages.survival_chart(catalog, ck.covered_period(catalog, "2026"))


def test_every_day_is_taken_as_it_is_written_and_reported_by_its_name():
    catalog = ck.connect({"orders": DAILY})
    assert compared(catalog, "2026-08-31", pd.Timestamp("2026-09-30")) == (date(2026, 8, 31), date(2026, 9, 30))
    assert len(ck.migration(catalog, "2026-08-31", "2026-09-30")) > 0
    with pytest.raises(CrmkitError, match="before must be a day, .*met: 'August'"):
        compared(catalog, "August", "2026-09-30")


def test_frames_are_no_catalog_yet():
    with pytest.raises(
        CrmkitError, match=r"engagement_scores needs a catalog, not a dict\. Write ck\.engagement_scores\("
    ):
        ck.engagement_scores({"orders": DAILY}, "2026-09-30")
