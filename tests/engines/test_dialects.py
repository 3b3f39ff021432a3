"""What crmkit asks for can be said in the dialect of every engine that it queries; what two cannot say is a list.

The expressions are those that a company of orders, terms, leads, surveys and visits asks DuckDB for. Ibis' own compiler of
each engine writes them, which raises an error where there is no word for something, and sqlglot reads what it wrote.
"""

import hashlib
from datetime import date
from functools import cache

import ibis
import ibis.backends.sql.compilers as compilers
import ibis.expr.operations as ops
import pytest
import sqlglot
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedOperationError
from ibis.common.graph import Node

from crmkit.cleaning.checks.database import catalog_of_ibis
from crmkit.cleaning.loading.connect import connect
from crmkit.features.customer_summaries import (
    category_counts,
    channel_counts,
    interpurchase_times,
    last_recommendation,
    order_span,
    purchase_summary,
    weekday_counts,
)
from crmkit.features.outcomes import churn_labels
from crmkit.features.snapshot import snapshot
from crmkit.metrics import evaluate
from crmkit.settings import parse_settings
from crmkit.sources.databases.columns import canonical_column, column_type, local_time
from crmkit.sources.databases.fetched import FETCHED, UNSAID
from crmkit.sources.sample import sample_company
from crmkit.tables.connection_lock import LockedBackend
from crmkit.tables.derived.register import DERIVED
from crmkit.tables.schema import schema

QUERIED = ["duckdb", "postgres", "pyspark", "databricks", "bigquery", "snowflake", "trino", "clickhouse"]
DAY = date(2026, 6, 30)
FEATURES = {
    purchase_summary: {"as_of": DAY},
    last_recommendation: {"as_of": DAY},
    interpurchase_times: {"as_of": DAY, "horizon": 90},
    order_span: {"as_of": DAY},
    category_counts: {"since": date(1900, 1, 1), "as_of": DAY},
    channel_counts: {"since": date(1900, 1, 1), "as_of": DAY},
    weekday_counts: {"since": date(1900, 1, 1), "as_of": DAY},
}


@pytest.fixture(scope="module")
def asked():
    """Every expression that cards, checks, derived tables and features ask for."""
    from tests.engines.conftest import _moods, _scores, _segments

    tables = sample_company(n_customers=120, months=14).tables
    predicted = {
        "segment_assignments": _segments(tables["customers"]),
        "customer_scores": _scores(tables["customers"]),
        "text_sentiments": _moods(tables),
    }
    frames = connect(tables | predicted, parse_settings({"data": {"through": "2026-10-20"}}))
    catalog = catalog_of_ibis({name: frames.table(name) for name in frames.names}, frames.settings)
    found, original = [], LockedBackend.execute

    def execute(backend, expression, **options):
        found.append(expression)
        return original(backend, expression, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LockedBackend, "execute", execute)
        patch.setattr("crmkit.tables.day_queries._create_view", lambda *_: False)  # as on other engines than DuckDB
        evaluate(catalog, periods="2026-09..2026-10")
        evaluate(catalog, ["revenue", "churn_rate"], periods="2026-W35..2026-W36", by="country")
        catalog.check()
        for function in (snapshot, churn_labels):
            function(catalog, DAY)
    found += [catalog.table(name) for name in DERIVED]
    return found + [catalog.call(feature, **switches) for feature, switches in FEATURES.items()]


def signature(node):
    """An operation with the types of what it works on: what one dialect may have no word for."""
    return type(node).__name__, *(str(getattr(arg, "dtype", type(arg).__name__)) for arg in node.args)


def shape(expression):
    """An expression without the values of its constants: what differs in these alone is said in the same words."""

    def digest(node, _, **parts):
        known = {name: part for name, part in parts.items() if not (isinstance(node, ops.Literal) and name == "value")}
        return hashlib.md5(repr((type(node).__name__, known)).encode()).hexdigest()

    return expression.op().map(digest)[expression.op()]


@pytest.fixture(scope="module")
def different(asked):
    """One expression of each shape."""
    assert len(asked) > 100
    return list({shape(expression): expression for expression in asked}.values())


@pytest.fixture(scope="module")
def telling(asked):
    """Small expressions that together hold every operation, with every type, of all of them."""
    held = [(expression, {signature(node) for node in expression.op().find(Node)}) for expression in asked]
    chosen, seen = [], set()
    for expression, signatures in sorted(held, key=lambda each: len(each[1])):
        if signatures - seen:
            chosen.append(expression)
            seen |= signatures
    return chosen


@cache
def written(expression, dialect):
    """The SQL of an expression, written for a dialect and read again; once for all tests."""
    if dialect == "pyspark":
        pytest.importorskip("pyspark")
        assert ibis.pyspark  # its options are known once it is imported
    compiler = getattr(compilers, dialect).compiler
    sql = compiler.to_sqlglot(expression.as_table()).sql(dialect=compiler.dialect)
    assert sqlglot.parse_one(sql, dialect=compiler.dialect)
    return sql


@pytest.mark.parametrize("dialect", QUERIED)
def test_every_operation_can_be_said_on_every_engine_that_is_queried(telling, dialect):
    assert len(telling) > 10
    for expression in telling:
        written(expression, dialect)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", QUERIED)
def test_every_expression_can_be_said_on_every_engine_that_is_queried(different, dialect):
    assert len(different) > 50
    for expression in different:
        written(expression, dialect)


@pytest.mark.parametrize("dialect", FETCHED)
def test_what_the_engines_whose_rows_are_fetched_cannot_say_is_what_the_list_says(telling, dialect):
    faults = set()
    for expression in telling:
        try:
            written(expression, dialect)
        except (OperationNotDefinedError, UnsupportedOperationError) as error:
            faults.add(str(error))
    unlisted = {fault for fault in faults if not any(word in fault for word in UNSAID[dialect])}
    assert unlisted == set()
    assert any("IntegerRange" in fault for fault in faults)


@pytest.mark.parametrize("dialect", QUERIED)
@pytest.mark.parametrize("kind", ["timestamp('UTC')", "timestamp('UTC', 6)"])
def test_an_instant_becomes_wall_clock_time_in_every_dialect(dialect, kind):
    seen = ibis.table({"at": kind}, name="orders")
    for column in ("ordered_at",):
        local = canonical_column(
            seen["at"], schema("orders").column(column), column_type(seen["at"].type()), "Europe/Berlin", dialect
        )
        assert "Europe/Berlin" in written(seen.select(local.name(column)), dialect)


def test_half_past_ten_in_the_evening_in_greenwich_is_half_past_midnight_in_berlin_in_april():
    con = ibis.duckdb.connect()
    con.raw_sql("CREATE TABLE orders AS SELECT TIMESTAMPTZ '2026-03-31 22:30:00+00' AS at")
    orders = con.table("orders")
    assert str(local_time(orders["at"], "Europe/Berlin", "duckdb").execute()[0]) == "2026-04-01 00:30:00"
