"""Functions that look at the data as of a day take the day as an analyst writes it."""

import inspect
from datetime import date, datetime

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError
from crmkit.periods import day_of
from crmkit.tables.arguments import checked

OF_A_DAY = [
    name
    for name in ck.__all__
    if name != "predict"  # takes a period as well, and opens the settings first
    and inspect.isfunction(getattr(ck, name))
    and "as_of" in inspect.signature(getattr(ck, name)).parameters
]


@checked
def told(of, as_of=None, more=1):
    return as_of, more


@pytest.mark.parametrize(
    "written", [date(2026, 9, 30), datetime(2026, 9, 30, 23, 59), pd.Timestamp("2026-09-30"), "2026-09-30", "20260930"]
)
def test_a_day_is_read_however_it_is_written_and_wherever_it_stands(written):
    assert told(None, written) == told(None, as_of=written, more=1) == (date(2026, 9, 30), 1)
    assert type(told(None, written, 2)[0]) is date


@pytest.mark.parametrize("written", ["2026-09", "30.9.2026", "2026-02-30", "", 20260930, pd.NaT, object])
def test_what_is_no_day_is_reported_with_what_was_met(written):
    with pytest.raises(CrmkitError, match="^as_of must be a day, such as date\\(2026, 9, 30\\)"):
        day_of(written)


def test_none_stays_none_where_a_function_has_its_own_day():
    assert told(None, None) == (None, 1)


@pytest.mark.parametrize("name", OF_A_DAY)
def test_every_public_function_of_a_day_says_what_is_no_day(name):
    assert len(OF_A_DAY) > 20
    function = getattr(ck, name)
    needed = [
        each.name for each in inspect.signature(function).parameters.values() if each.default is inspect.Parameter.empty
    ]
    with pytest.raises(CrmkitError, match="as_of must be a day"):
        function(**{name: None for name in needed} | {"as_of": "last month"})


def test_the_same_day_is_the_same_question():
    orders = {
        "order_id": list("abc"),
        "ordered_at": ["2026-08-02", "2026-09-02", "2026-09-20"],
        "customer_id": list("xxy"),
    }
    catalog = ck.connect({"orders": pd.DataFrame(orders | {"revenue": 10.0})})
    asked = [
        ck.engagement_scores(catalog, day) for day in (date(2026, 9, 30), "2026-09-30", pd.Timestamp("2026-09-30"))
    ]
    for other in asked[1:]:
        pd.testing.assert_frame_equal(asked[0], other)
