"""The one rule for "active": spells worked by hand, against sets of active days, and blind to the future."""

from datetime import date, datetime, timedelta
from itertools import groupby

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.errors import NotMeasured
from crmkit.tables.derived.activity import activity_spells, customer_movements
from crmkit.tables.schema import schema

DAY_0 = date(2025, 1, 1)


def on(number):
    """Return the day of a number; day 0 is New Year's Day 2025."""
    return DAY_0 + timedelta(days=number)


def orders_of(stored, rows):
    """Rows are (customer, day number or instant, revenue)."""
    at = [datetime(2025, 1, 1) + timedelta(days=when) for _, when, _ in rows]
    columns = {
        "order_id": [str(n) for n in range(len(rows))],
        "customer_id": [who for who, _, _ in rows],
        "ordered_at": at,
        "revenue": [revenue for _, _, revenue in rows],
    }
    return stored("orders", columns)


def terms_of(stored, rows):
    """Rows are (customer, first day, day after the last)."""
    starts, ends = ([datetime(2025, 1, 1) + timedelta(days=row[part]) for row in rows] for part in (1, 2))
    ids = [str(n) for n in range(len(rows))]
    columns = {
        "subscription_id": ids,
        "customer_id": [row[0] for row in rows],
        "starts_at": starts,
        "ends_at": ends,
        "mrr": [10.0] * len(rows),
    }
    return stored("subscription_terms", columns)


def rows_of(expression):
    """Return a table's rows as a sorted list of tuples with dates as day numbers."""
    frame = expression.execute()
    for name in [name for name in frame if name.endswith(("_on", "_since"))]:
        days = pd.to_datetime(frame[name])
        frame[name] = [None if pd.isna(day) else (day.date() - DAY_0).days for day in days]
    plain = frame.astype(object).where(frame.notna(), None)
    return sorted(plain.itertuples(index=False, name=None), key=lambda row: tuple(str(part).zfill(9) for part in row))


def spells(stored, orders=None, terms=None, churn_after_days=90):
    """Rows are (customer, starts_on, ends_on, returns_on, spell_number), days as numbers."""
    o = None if orders is None else orders_of(stored, orders)
    t = None if terms is None else terms_of(stored, terms)
    return rows_of(activity_spells(o, t, churn_after_days=churn_after_days))


# --- worked by hand


def test_an_order_keeps_its_customer_active_for_90_days(stored):
    assert spells(stored, [("ann", 0, 10.0)]) == [("ann", 0, 90, None, 1)]


def test_orders_60_days_apart_are_one_spell_of_60_and_90_days(stored):
    assert spells(stored, [("ann", 0, 10.0), ("ann", 60, 10.0)]) == [("ann", 0, 150, None, 1)]


def test_a_gap_of_90_days_is_one_spell_and_of_91_days_two(stored):
    assert spells(stored, [("ann", 0, 10.0), ("ann", 90, 10.0)]) == [("ann", 0, 180, None, 1)]
    assert spells(stored, [("ann", 0, 10.0), ("ann", 91, 10.0)]) == [("ann", 0, 90, 91, 1), ("ann", 91, 181, None, 2)]


def test_days_count_and_not_hours(stored):
    late_and_early = [("ann", 0.99, 10.0), ("ann", 90.01, 10.0)]
    early_and_late = [("ann", 0.01, 10.0), ("ann", 90.99, 10.0)]
    assert spells(stored, late_and_early) == spells(stored, early_and_late) == [("ann", 0, 180, None, 1)]


def test_the_setting_decides_how_long_an_order_lasts(stored):
    three = [("ann", 0, 10.0), ("ann", 30, 10.0), ("ann", 61, 10.0)]
    assert spells(stored, three, churn_after_days=30) == [("ann", 0, 60, 61, 1), ("ann", 61, 91, None, 2)]
    assert spells(stored, three, churn_after_days=31) == [("ann", 0, 92, None, 1)]


def test_refunds_and_orders_without_revenue_do_not_make_a_customer_active(stored):
    rows = [
        ("ann", 0, 10.0),
        ("ann", 80, -10.0),
        ("ann", 85, 0.0),
        ("ann", 100, 10.0),
        ("bob", 0, -5.0),
        ("cid", 0, None),
    ]
    assert spells(stored, rows) == [("ann", 0, 90, 100, 1), ("ann", 100, 190, None, 2)]


def test_guests_have_no_spell(stored):
    assert spells(stored, [(None, 0, 10.0), ("ann", 5, 10.0), (None, 9, 10.0)]) == [("ann", 5, 95, None, 1)]


def test_two_orders_on_one_day_are_one_spell(stored):
    assert spells(stored, [("ann", 0.3, 10.0), ("ann", 0.6, 10.0)]) == [("ann", 0, 90, None, 1)]
    twice = [("ann", 0, 10.0), ("ann", 0, 10.0), ("ann", 200, 10.0), ("ann", 200, 10.0)]
    assert spells(stored, twice) == [("ann", 0, 90, 200, 1), ("ann", 200, 290, None, 2)]


def test_terms_that_touch_are_one_spell_and_a_day_between_makes_two(stored):
    assert spells(stored, terms=[("ann", 0, 30), ("ann", 30, 60)]) == [("ann", 0, 60, None, 1)]
    assert spells(stored, terms=[("ann", 0, 30), ("ann", 31, 60)]) == [("ann", 0, 30, 31, 1), ("ann", 31, 60, None, 2)]


def test_a_term_that_ends_and_is_renewed_within_a_day_is_one_spell(stored):
    assert spells(stored, terms=[("ann", 0.5, 30.4), ("ann", 30.7, 60)]) == [("ann", 0, 60, None, 1)]


def test_a_short_term_inside_a_long_one_does_not_end_it(stored):
    # The third term begins after the second, but before the first has ended.
    terms = [("ann", 0, 365), ("ann", 30, 60), ("ann", 200, 230)]
    assert spells(stored, terms=terms) == [("ann", 0, 365, None, 1)]


def test_terms_without_a_day_activate_no_customer(stored):
    assert spells(stored, terms=[("ann", 5, 5), ("bob", 9, 7), ("cid", 3.2, 3.9)]) == []


def test_an_order_during_a_term_prolongs_the_spell_and_one_before_it_opens_it(stored):
    assert spells(stored, [("ann", 20, 10.0)], [("ann", 0, 30)]) == [("ann", 0, 110, None, 1)]
    assert spells(stored, [("ann", 0, 10.0)], [("ann", 80, 200)]) == [("ann", 0, 200, None, 1)]
    assert spells(stored, [("ann", 0, 10.0)], [("ann", 91, 200)]) == [("ann", 0, 90, 91, 1), ("ann", 91, 200, None, 2)]


def test_customers_do_not_share_spells(stored):
    rows = [("ann", 0, 10.0), ("bob", 50, 10.0), ("ann", 100, 10.0)]
    assert spells(stored, rows) == [("ann", 0, 90, 100, 1), ("ann", 100, 190, None, 2), ("bob", 50, 140, None, 1)]


def test_each_spell_knows_the_next_one_and_not_the_one_after(stored):
    rows = [("ann", day, 10.0) for day in (0, 100, 300)]
    assert [row[1:] for row in spells(stored, rows)] == [(0, 90, 100, 1), (100, 190, 300, 2), (300, 390, None, 3)]


def test_ends_of_spells_are_dates_in_the_database_too(stored):
    table = activity_spells(orders_of(stored, [("ann", 0, 10.0)]), None, churn_after_days=90)
    kinds = table.select(*[table[name].typeof().name(name) for name in ("starts_on", "ends_on", "returns_on")])
    assert set(kinds.execute().iloc[0]) == {"DATE"}


def test_without_orders_and_terms_activity_is_not_measured():
    with pytest.raises(NotMeasured, match="needs orders or subscription_terms"):
        activity_spells(churn_after_days=90)


def test_orders_of_guests_only_need_a_customer_id(stored):
    guests = orders_of(stored, [("ann", 0, 10.0)]).drop("customer_id")
    with pytest.raises(NotMeasured, match=r"needs orders\.customer_id"):
        activity_spells(guests, churn_after_days=90)
    with_terms = activity_spells(guests, terms_of(stored, [("ann", 0, 30)]), churn_after_days=90)
    assert rows_of(with_terms) == [("ann", 0, 30, None, 1)]


def test_ten_thousand_orders_each_stored_three_times_change_no_spell(plain):
    # Equal rows have no order of their own: an engine may number them differently in each of two windows.
    rng = np.random.default_rng(1)
    once = pd.DataFrame({"customer_id": rng.integers(0, 250, 10_000).astype(str), "revenue": 1.0})
    once["ordered_at"] = np.datetime64("2024-01-01", "us") + rng.integers(0, 400, 10_000).astype("timedelta64[D]")
    thrice = pd.concat([once] * 3, ignore_index=True).sample(frac=1, random_state=0)
    found = activity_spells(plain(thrice), churn_after_days=7).execute().sort_values(["customer_id", "starts_on"])
    days = once[["customer_id", "ordered_at"]].drop_duplicates().sort_values(["customer_id", "ordered_at"])
    gap = days.groupby("customer_id")["ordered_at"].diff().dt.days
    ends = days.groupby((gap.isna() | (gap > 7)).cumsum())["ordered_at"].max() + pd.Timedelta(days=7)
    assert len(found) == len(ends) > 4_000
    assert (pd.to_datetime(found["ends_on"]).to_numpy() == ends.to_numpy()).all()


# --- movements


def movements(stored, orders=None, terms=None, churn_after_days=90):
    """Rows are (customer, moved_on, kind, change, active_since), days as numbers."""
    o = None if orders is None else orders_of(stored, orders)
    t = None if terms is None else terms_of(stored, terms)
    return rows_of(customer_movements(activity_spells(o, t, churn_after_days=churn_after_days)))


def test_a_customer_joins_leaves_returns_and_leaves(stored):
    assert movements(stored, [("ann", 0, 10.0), ("ann", 100, 10.0)]) == [
        ("ann", 0, "joined", 1, None),
        ("ann", 90, "left", -1, 0),
        ("ann", 100, "returned", 1, None),
        ("ann", 190, "left", -1, 100),
    ]


def test_of_three_customers_two_are_active_after_the_first_has_left(stored):
    moves = movements(stored, terms=[("ann", 0, 30), ("bob", 10, 90), ("cid", 20, 90)])
    active = [sum(change for _, moved_on, _, change, _ in moves if moved_on <= day) for day in (0, 10, 29, 30, 89, 90)]
    assert active == [1, 2, 3, 2, 2, 0]


# --- against sets of active days

NAMES = ["ann", "bob", "cid", "dan", "eve", "fay"]
CUSTOMERS = st.sampled_from([*NAMES, None])
INSTANTS = st.integers(0, 400).map(float) | st.floats(0, 400, allow_nan=False).map(lambda day: round(day, 3))
ORDERS = st.lists(st.tuples(CUSTOMERS, INSTANTS, st.sampled_from([10.0, 10.0, 10.0, 0.0, -10.0])), max_size=40)
TERMS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 400), st.integers(-5, 120)).map(
        lambda term: (term[0], term[1], term[1] + term[2])
    ),
    max_size=15,
)
COMPANIES = {"orders": ORDERS, "terms": TERMS, "churn_after_days": st.integers(1, 120)}


def active_days(orders, terms, churn_after_days):
    """Return the set of active day numbers of each customer."""
    days = {}
    for who, when, revenue in orders:
        if who is not None and revenue > 0:
            days.setdefault(who, set()).update(range(int(when), int(when) + churn_after_days))
    for who, starts, ends in terms:
        days.setdefault(who, set()).update(range(starts, ends))
    return {who: numbers for who, numbers in days.items() if numbers}


def runs(numbers):
    """Return (first, last + 1) of each run of consecutive numbers."""
    placed = [(day, day - place) for place, day in enumerate(sorted(numbers))]
    grouped = [[day for day, _ in run] for _, run in groupby(placed, key=lambda pair: pair[1])]
    return [(run[0], run[-1] + 1) for run in grouped]


def spells_by_days(orders, terms, churn_after_days):
    rows = []
    for who, numbers in sorted(active_days(orders, terms, churn_after_days).items()):
        stretches = runs(numbers)
        returns = [start for start, _ in stretches[1:]] + [None]
        rows += [(who, *stretch, back, n) for n, (stretch, back) in enumerate(zip(stretches, returns, strict=True), 1)]
    return rows


@settings(max_examples=40, deadline=None)
@given(**COMPANIES)
def test_spells_are_the_runs_of_consecutive_active_days(stored, orders, terms, churn_after_days):
    expected = spells_by_days(orders, terms, churn_after_days)
    assert spells(stored, orders, terms, churn_after_days) == expected
    if not terms:
        assert spells(stored, orders, None, churn_after_days) == expected


@settings(max_examples=20, deadline=None)
@given(**COMPANIES)
def test_movements_up_to_any_day_add_up_to_the_customers_active_on_it(stored, orders, terms, churn_after_days):
    moves = movements(stored, orders, terms, churn_after_days)
    days = active_days(orders, terms, churn_after_days)
    for day in range(0, 530, 7):
        n_active = sum(day in numbers for numbers in days.values())
        assert sum(change for _, moved_on, _, change, _ in moves if moved_on <= day) == n_active
    assert sum(kind == "joined" for _, _, kind, _, _ in moves) == len(days)
    assert all((active_since is None) == (change == 1) for *_, change, active_since in moves)


@settings(max_examples=25, deadline=None)
@given(**COMPANIES, today=st.integers(0, 500))
def test_what_happened_up_to_a_day_does_not_depend_on_later_data(stored, orders, terms, churn_after_days, today):
    known_orders = [order for order in orders if int(order[1]) <= today]
    known_terms = [term for term in terms if term[1] <= today]
    whole = spells(stored, orders, terms, churn_after_days)
    known = spells(stored, known_orders, known_terms, churn_after_days)

    def starts(rows):
        return [(who, start, n) for who, start, _, _, n in rows if start <= today]

    def ends(rows):
        seen = [(who, start, end, back, n) for who, start, end, back, n in rows if end <= today]
        return [(who, start, end, back if back and back <= today else None, n) for who, start, end, back, n in seen]

    assert starts(known) == starts(whole)
    assert ends(known) == ends(whole)


# --- PostgreSQL


def test_spells_and_movements_can_be_written_for_postgresql():
    kinds = {"id": "string", "text": "string", "timestamp": "timestamp(6)", "money": "float64"}
    orders, terms = (
        ibis.table({column.name: kinds[column.kind] for column in schema(name).columns}, name)
        for name in ("orders", "subscription_terms")
    )
    written = ibis.to_sql(customer_movements(activity_spells(orders, terms, churn_after_days=90)), dialect="postgres")
    assert "UNION ALL" in written and "LEAD(" in written
