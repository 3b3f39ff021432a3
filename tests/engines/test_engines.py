"""The same cards and the same derived tables give the same numbers on every engine."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import NotMeasured
from crmkit.metrics import CARDS, evaluate, scorecard
from crmkit.metrics.card import cards
from crmkit.metrics.measures import Combined
from crmkit.tables.catalog import Catalog
from crmkit.tables.derived.register import DERIVED

ENGINES = ["duckdb", "postgres"]
AND_SPARK = [*ENGINES, pytest.param("spark", marks=pytest.mark.slow)]
CLOSE = 1e-9
SHAPES = {  # of every metric
    "months over all the data": {"periods": "2023-11..2026-10"},
    "by a column of the customers": {"periods": "2026-07..2026-09", "by": "country"},
    "by a column of the table itself": {"periods": "2026-09", "by": "channel"},
}
OTHER_PERIODS = {  # of one metric of each kind: how days become periods does not depend on what is added up
    "quarters": "2026-Q1..2026-Q4",
    "weeks over a new year": "2025-W51..2026-W02",
    "years": ["2025", "2026"],
    "a fiscal year": "FY2026",
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module", params=AND_SPARK)
def any_engine(request):
    return request.getfixturevalue(request.param)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> None:
    """Equal rows in any order: numbers to 1e-9 of their size (sums that cancel to 0, to 1e-9), everything else to the letter."""
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected) > 0
    found, expected = (frame.sort_values(keys, ignore_index=True, na_position="last") for frame in (found, expected))
    for name in expected:
        if pd.api.types.is_float_dtype(expected[name]):
            np.testing.assert_allclose(found[name].astype(float), expected[name], rtol=CLOSE, atol=CLOSE, err_msg=name)
        else:
            assert (
                found[name].astype("string").fillna("").tolist() == expected[name].astype("string").fillna("").tolist()
            ), name


def numbers(catalog: Catalog, shape: str) -> pd.DataFrame:
    return evaluate(catalog, **SHAPES[shape])


def on_both(shapes: Iterable[str], *, from_files: Iterable[str] = ()) -> list[Any]:
    """Return each engine with each shape; files on DuckDB, which are read as its own tables are, quickly in a few only."""
    slow = [("duckdb", shape) for shape in shapes if shape not in from_files]
    pairs = [(engine, shape) for engine in ENGINES for shape in shapes]
    return [pytest.param(*pair, marks=pytest.mark.slow if pair in slow else ()) for pair in pairs]


@pytest.mark.parametrize(
    ("engine", "shape"), on_both(SHAPES, from_files=["months over all the data"]), indirect=["engine"]
)
def test_every_metric_is_equal_to_a_billionth(engine, expected, shape):
    of_duckdb = expected(numbers, shape)
    assert set(of_duckdb["metric"]) == set(CARDS)
    keys = [name for name in of_duckdb if name in ("metric", "period", "country", "channel")]
    assert_same(numbers(engine, shape), of_duckdb, keys)


def one_of_each_kind(catalog: Catalog) -> list[str]:
    """Return metrics that together are of every kind of measure and read every table that any metric reads."""
    chosen, seen = [], set()
    for card in cards():
        try:
            measure = catalog.call(card.function, **({"convention": card.convention} if card.conventions else {}))
        except NotMeasured:
            continue
        parts = measure.leaves() if isinstance(measure, Combined) else [measure]
        adds = {*(type(part) for part in [measure, *parts]), *card.tables} - seen
        chosen += [card.name] if adds else []
        seen |= adds
    return chosen


def numbers_of_each_kind(catalog: Catalog, periods: str, by: str | None = None) -> pd.DataFrame:
    return evaluate(catalog, one_of_each_kind(catalog), periods=OTHER_PERIODS.get(periods, periods), by=by)


@pytest.mark.slow  # a query costs Spark seconds of planning, so that it is asked for each kind of measure once
def test_on_spark_every_kind_of_metric_is_equal_by_month_and_country(spark, expected):
    of_duckdb = expected(numbers_of_each_kind, "2026-08..2026-09", "country")
    assert of_duckdb["metric"].nunique() >= 30
    assert_same(numbers_of_each_kind(spark, "2026-08..2026-09", "country"), of_duckdb, ["metric", "period", "country"])


@pytest.mark.parametrize(("engine", "periods"), on_both(OTHER_PERIODS), indirect=["engine"])
def test_every_kind_of_metric_is_equal_in_periods_other_than_months(engine, expected, periods):
    of_duckdb = expected(numbers_of_each_kind, periods)
    assert 30 <= of_duckdb["metric"].nunique() < len(CARDS)
    assert_same(numbers_of_each_kind(engine, periods), of_duckdb, ["metric", "period"])


def test_a_scorecard_of_a_running_month_is_equal_with_its_verdicts(engine, expected):
    of_duckdb = expected(scorecard, "2026-10")
    assert (of_duckdb["status"] == "ok").sum() >= 8
    assert_same(scorecard(engine, "2026-10"), of_duckdb, ["metric"])


@pytest.mark.parametrize("name", DERIVED)
def test_every_derived_table_is_equal_row_by_row(any_engine, expected, name):
    of_duckdb = expected(Catalog.frame, name)
    assert len(of_duckdb) > 1_000
    assert_same(any_engine.frame(name), of_duckdb, list(of_duckdb.columns))


def test_the_spells_of_a_company_of_orders_alone_are_equal_too(engine, clean):
    of_orders = [Catalog({"orders": catalog.table("orders")}, clean.settings) for catalog in (engine, clean)]
    found, expected = (catalog.frame("activity_spells") for catalog in of_orders)
    assert_same(found, expected, list(expected.columns))


def test_the_days_with_data_are_equal(any_engine, clean):
    assert (any_engine.data_from, any_engine.data_through) == (clean.data_from, clean.data_through)
