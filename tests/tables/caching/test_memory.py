"""A catalog of frames computes the same number once, and never gives an old one for a new question."""

from datetime import date
from importlib import import_module

import ibis
import pandas as pd
import pytest

import crmkit as ck
from crmkit.tables.caching import cache as memory_module
from crmkit.tables.caching.cache import Memory
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog


def sales(catalog, month):
    """What is to be remembered: says when it is computed."""
    sales.calls.append(month)
    return catalog.frame("orders")[["revenue"]].assign(month=str(month))


sales.calls = []  # on the function: what a function reads from its module is part of its name


@pytest.fixture(autouse=True)
def same_code(monkeypatch):
    """The code stays what it is, whoever edits it while the tests run."""
    sales.calls.clear()
    monkeypatch.setattr(memory_module, "code_digest", lambda: "this code")


def orders(*revenue):
    days = pd.Timestamp("2026-10-01") + pd.to_timedelta(range(len(revenue)), unit="D")
    return pd.DataFrame({"order_id": [f"o{n}" for n in range(len(revenue))], "ordered_at": days, "revenue": revenue})


@pytest.fixture
def catalog():
    return ck.connect({"orders": orders(30.0, 50.0)})


def test_the_second_of_two_equal_questions_is_answered_from_memory(catalog):
    first, second = memoize(catalog, sales, "2026-10"), memoize(catalog, sales, "2026-10")
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    memoize_each(catalog, sales, [("2026-10",), (date(2026, 9, 1),)])
    assert ["2026-10", date(2026, 9, 1)] == sales.calls


def test_writing_into_a_result_does_not_change_the_next_one(catalog):
    for _ in range(2):
        answer = memoize(catalog, sales, "2026-10")
        answer["revenue"] = 0.0
    assert memoize(catalog, sales, "2026-10")["revenue"].tolist() == [30.0, 50.0]


def test_an_evaluation_is_done_once_and_one_of_another_month_or_convention_is_another(monkeypatch):
    module = import_module("crmkit.metrics.engine.evaluate")  # not the function of that name
    asked, original = [], module.estimate_all
    monkeypatch.setattr(module, "estimate_all", lambda *of: asked.append(of) or original(*of))
    answers = {"response_id": ["a", "b"], "responded_at": ["2026-10-02"] * 2, "survey": "csat", "score": [5, 3]}
    catalog = ck.connect({"survey_responses": pd.DataFrame(answers)})
    told = [
        ck.evaluate(catalog, "csat", periods=period, definitions=definitions)["value"].tolist()
        for _ in range(2)
        for period, definitions in (("2026-10", {}), ("2026-10", {"csat": "mean"}), ("2026-09..2026-10", {}))
    ]
    assert told[:2] == [[0.5], [0.75]] and told[3:5] == told[:2]
    assert len(asked) == 3


def test_other_tables_have_a_memory_of_their_own(catalog):
    memoize(catalog, sales, "2026-10")
    changed = catalog.with_tables({"orders": orders(7.0)})
    assert memoize(changed, sales, "2026-10")["revenue"].tolist() == [7.0]
    assert memoize(catalog, sales, "2026-10")["revenue"].tolist() == [30.0, 50.0]


def test_tables_that_another_program_can_change_are_read_each_time():
    con = ibis.duckdb.connect()
    con.create_table("orders", orders(30.0))
    catalog = Catalog({"orders": con.table("orders")})
    assert memoize(catalog, sales, "2026-10")["revenue"].tolist() == [30.0]
    con.create_table("orders", orders(31.0), overwrite=True)
    assert memoize(catalog, sales, "2026-10")["revenue"].tolist() == [31.0]
    assert catalog.with_tables({"orders": orders(7.0)}).memory is None


def test_what_has_no_name_is_computed_each_time(catalog):
    for _ in range(2):
        memoize(catalog, sales, ibis.literal(1))
    assert len(sales.calls) == 2


def test_after_a_change_of_the_code_nothing_is_kept(catalog, monkeypatch):
    memoize(catalog, sales, "2026-10")
    monkeypatch.setattr(memory_module, "code_digest", lambda: None)
    for _ in range(2):
        memoize(catalog, sales, "2026-10")
    assert len(sales.calls) == 3


def test_with_other_settings_it_is_another_question(catalog):
    october = {"periods": "2026-10", "metrics": "revenue"}
    assert ck.evaluate(catalog, **october).attrs["currency"] == "EUR"
    catalog.settings = ck.Settings(company={"currency": "USD"}, data={"through": "2026-10-01"})
    other = ck.evaluate(catalog, **october)
    assert (other.attrs["currency"], other["value"].tolist()) == ("USD", [30.0])


def test_of_many_results_those_that_were_asked_for_last_stay(monkeypatch):
    frame = pd.DataFrame({"n": range(1_000)})
    monkeypatch.setattr(memory_module, "MOST_BYTES", 2.5 * frame.memory_usage().sum())
    memory = Memory()
    for key in ("a", "b"):
        memory.write(key, frame)
    memory.read("a")
    memory.write("c", frame)
    assert [memory.read(key) is not None for key in "abc"] == [True, False, True]
    memory.write("too large", pd.concat([frame] * 3))
    assert [memory.read(key) is not None for key in ("a", "c", "too large")] == [False] * 3
