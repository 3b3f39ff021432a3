"""A catalog answers several threads at once as it answers them one after the other, to the billionth that sums are known to."""

from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from datetime import date
from threading import Barrier

import duckdb
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.features.snapshot import snapshot
from crmkit.sources.sample import sample_company
from crmkit.tables.catalog import Catalog
from crmkit.tables.connection_lock import LockedBackend, locked_backend

SEPTEMBER, JUNE = date(2026, 9, 30), date(2026, 6, 30)
ASKED = [
    lambda catalog: ck.scorecard(catalog, "2026-09", metrics=["revenue", "nps", "churn_rate", "new_customers"]),
    lambda catalog: ck.evaluate(catalog, ["revenue", "win_rate"], periods="2026-07..2026-09"),
    lambda catalog: ck.evaluate(catalog, "revenue", periods="2026-09", by="channel"),
    lambda catalog: snapshot(catalog, SEPTEMBER),
    lambda catalog: snapshot(catalog, JUNE),
    lambda catalog: ck.engagement_scores(catalog, SEPTEMBER),
    lambda catalog: ck.what_sells(catalog, "2026-09"),
    lambda catalog: catalog.table("orders").to_pyarrow().to_pandas(),
]


@pytest.fixture(scope="module")
def tables():
    return sample_company(n_customers=60, months=14).tables


def in_threads(catalog, asked):
    together = Barrier(len(asked))

    def answered(question):
        together.wait(60)
        return question(catalog)

    with ThreadPoolExecutor(len(asked)) as threads:
        return [each.result(300) for each in [threads.submit(answered, question) for question in asked]]


def test_eight_threads_that_ask_a_fresh_catalog_get_what_they_get_one_after_the_other(tables):
    quiet = ck.connect(tables)
    expected = [question(quiet) for question in ASKED]
    for found, one_by_one in zip(in_threads(ck.connect(tables), ASKED), expected, strict=True):
        pd.testing.assert_frame_equal(found, one_by_one, rtol=1e-9)


def test_threads_that_query_several_days_each_get_their_own(tables):
    catalog = ck.connect(tables)
    days = [JUNE, SEPTEMBER] * 4
    expected = {day: snapshot(catalog, day) for day in (JUNE, SEPTEMBER)}
    for _ in range(3):
        found = in_threads(catalog, [lambda catalog, day=day: snapshot(catalog, day) for day in days])
        for day, each in zip(days, found, strict=True):
            pd.testing.assert_frame_equal(each, expected[day], rtol=1e-9)


def test_tables_are_laid_over_while_others_are_read(tables):
    catalog = ck.connect(tables)
    scores = pd.DataFrame(
        {"customer_id": ["1"], "as_of": "2026-09-30", "model": "value", "model_version": "1", "value": 3.0}
    )

    def with_frames(catalog):
        return catalog.with_tables({"customer_scores": scores}).frame("customer_scores")["value"].tolist()

    found = in_threads(catalog, [with_frames, lambda catalog: len(catalog.frame("orders"))] * 4)
    assert found == [[3.0], len(catalog.frame("orders"))] * 4


def test_a_catalog_can_be_copied(tables):
    catalog = ck.connect({"orders": tables["orders"]})
    expected = ck.evaluate(catalog, "revenue", periods="2026-09")
    for again in (copy(catalog), deepcopy(catalog)):
        pd.testing.assert_frame_equal(ck.evaluate(again, "revenue", periods="2026-09"), expected, rtol=1e-9)


def test_every_catalog_on_duckdb_locks_its_connection(tmp_path, company):
    orders = pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [5.0]})
    settings = company({"orders.csv": orders.to_csv(index=False)})
    load(settings)
    books = [
        ck.connect(tmp_path / "exports"),
        ck.connect(tmp_path / "store"),
        ck.connect({"orders": orders}),
        Catalog({}).with_tables({"orders": orders}),
    ]
    assert [type(catalog.table("orders").get_backend()) for catalog in books] == [LockedBackend] * 4


def test_the_backend_is_still_that_of_duckdb():
    backend = locked_backend(duckdb.connect())
    assert backend.name == "duckdb" and backend.list_tables() == []
    made = backend.create_table("numbers", pd.DataFrame({"n": [1, 2]}))
    assert made.execute()["n"].tolist() == [1, 2] and backend.list_tables() == ["numbers"]
