"""The period of a report lies inside the data."""

from datetime import date
from types import SimpleNamespace

import pytest

from crmkit.errors import CrmkitError
from crmkit.reporting.reported_period import covered_period
from crmkit.settings import Settings, parse_settings


def data(first, last):
    return SimpleNamespace(data_from=first, data_through=last, settings=Settings())


def test_the_default_is_the_last_whole_month():
    assert str(covered_period(data(date(2025, 1, 9), date(2026, 10, 31)))) == "2026-10"
    assert str(covered_period(data(date(2025, 1, 9), date(2026, 10, 30)))) == "2026-09"


def test_a_shop_in_its_first_month_gets_that_month():
    assert str(covered_period(data(date(2026, 10, 3), date(2026, 10, 20)))) == "2026-10"


@pytest.mark.parametrize("period", ["2026-10", "2026-Q4", "2026-W40", "2026", "2025-01"])
def test_a_period_that_touches_the_data_is_taken_as_it_is(period):
    assert str(covered_period(data(date(2025, 1, 31), date(2026, 10, 1)), period)) == period


@pytest.mark.parametrize(
    ("period", "label"), [("2026-11", "November 2026"), ("2024-12", "December 2024"), ("2027", "2027")]
)
def test_a_period_without_a_day_of_data_is_refused_with_the_span_of_the_data(period, label):
    with pytest.raises(CrmkitError) as raised:
        covered_period(data(date(2025, 1, 31), date(2026, 10, 1)), period)
    assert str(raised.value) == (f"There is no data for {label}: the data runs from 31 January 2025 to 1 October 2026.")


def test_no_dated_rows_at_all_is_said():
    with pytest.raises(CrmkitError, match="There is no data: no table has a row with a date"):
        covered_period(data(None, None), "2026-10")


def test_a_fiscal_year_begins_when_the_settings_say():
    catalog = data(date(2025, 1, 31), date(2026, 2, 1))
    catalog.settings = parse_settings({"company": {"fiscal_year_start": 4}})
    assert covered_period(catalog, "FY2026").start == date(2025, 4, 1)
    with pytest.raises(CrmkitError, match="There is no data for fiscal year 2027"):
        covered_period(catalog, "FY2027")
