"""The sample company on each engine: the same clean rows on DuckDB, on PostgreSQL and on Spark."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import Settings, parse_settings
from crmkit.sources.sample import sample_company
from crmkit.tables.catalog import Catalog
from tests.engines.postgres_server import PASSWORD, Server, running_server

THROUGH = {"data": {"through": "2026-10-20"}}  # October is still running
_SCHEMAS = count()  # a test runs with several parameters
ON_EVERY_MACHINE = "CRMKIT_CI"  # set by .ci/run: there nothing may be missing


@pytest.fixture(scope="session")
def clean() -> Catalog:
    """The sample company in DuckDB's memory, with segments as predictions write them; the others are compared with it."""
    tables = sample_company().tables
    predicted = {
        "segment_assignments": _segments(tables["customers"]),
        "customer_scores": _scores(tables["customers"]),
        "text_sentiments": _moods(tables),
    }
    return connect(tables | predicted, parse_settings(THROUGH))


@pytest.fixture(scope="session")
def expected(clean: Catalog) -> Callable[..., Any]:
    """Ask ``expected(function, *arguments)`` what DuckDB says, computed once for all engines; it is not to be changed."""
    return cache(lambda function, *arguments: function(clean, *arguments))


@pytest.fixture(scope="session")
def stored(clean: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same tables as Parquet files."""
    folder = tmp_path_factory.mktemp("parquet")
    for name in clean.names:
        clean.table(name).to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server; skipped with the reason where the machine has none."""
    try:
        # Not in pytest's folder: whoever starts pytest beside these tests closes that to the user the server runs as.
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder, running_server(Path(folder)) as running:
            yield running
    except (ImportError, OSError, subprocess.SubprocessError) as missing:
        not_here(f"no PostgreSQL: {missing}")


@pytest.fixture(scope="session")
def company_on_postgres(server: Server, clean: Catalog) -> Settings:
    """Settings of the sample company whose tables are in PostgreSQL."""
    server.store("kaldi", {name: clean.table(name).to_pyarrow() for name in clean.names})
    return parse_settings(THROUGH | {"database": {"url": server.url(), "schema": "kaldi"}})


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    """The analyst's password, in the environment."""
    monkeypatch.setenv("CRMKIT_DATABASE_PASSWORD", PASSWORD)
    return PASSWORD


@pytest.fixture
def company(server: Server, request: pytest.FixtureRequest) -> Callable[..., Settings]:
    """Run statements in a schema of the test's own, and return the settings of the company in it."""

    def made(*statements: str, grant: bool = True, **sections: Any) -> Settings:
        namespace = f"{request.node.name.split('[')[0][-50:]}_{next(_SCHEMAS)}"
        with server.owner() as con:
            con.execute(f'CREATE SCHEMA "{namespace}"')
            con.execute(f'SET search_path = "{namespace}"')
            for statement in statements:
                con.execute(statement)
        server.allow(f'"{namespace}"') if grant else None
        database = {"url": server.url(), "schema": namespace} | sections.pop("database", {})
        return parse_settings({"data": {"through": "2026-10-31"}} | sections | {"database": database})

    return made


@pytest.fixture(scope="session")
def duckdb(stored: Path) -> Catalog:
    """The sample company on DuckDB, its tables left in Parquet files."""
    import ibis

    con = ibis.duckdb.connect()
    return Catalog({file.stem: con.read_parquet(file) for file in sorted(stored.iterdir())}, parse_settings(THROUGH))


@pytest.fixture(scope="session")
def postgres(company_on_postgres: Settings) -> Catalog:
    """The sample company on PostgreSQL, read by a role that may only read."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CRMKIT_DATABASE_PASSWORD", PASSWORD)
        return connect(settings=company_on_postgres)


@pytest.fixture(scope="session")
def spark(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """The sample company on Spark in local mode; skipped with the reason where Spark or Java is missing."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        not_here("no Java: install openjdk-17-jre-headless to run the tests on Spark")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        not_here("no pyspark: install crmkit with its extra spark")
    import ibis

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")  # small tables: the work is in planning and compiling queries
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")  # each query is run once: to compile it does not pay
        .config("spark.sql.subexpressionElimination.enabled", "false")  # without compiling it costs more than it saves
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("spark")))
        .getOrCreate()
    )
    con = ibis.pyspark.connect(session)
    tables = {file.stem: con.read_parquet(file, table_name=file.stem) for file in sorted(stored.iterdir())}
    yield Catalog(tables, parse_settings(THROUGH))
    session.stop()


def _scores(customers: pd.DataFrame) -> pd.DataFrame:
    """Two valuations of each customer, many of them equal, and her lifetime value at the end of ten months."""
    worth = pd.Series(range(len(customers)), index=customers["customer_id"]) % 97 * 1.5
    days = {
        "value": pd.date_range("2026-08-31", periods=2, freq="ME"),
        "lifetime_value": pd.date_range("2025-12-31", periods=10, freq="ME"),
    }
    rows = [worth.rename("value").reset_index().assign(as_of=day, model=model) for model in days for day in days[model]]
    return pd.concat(rows, ignore_index=True).assign(model_version="1")


def _segments(customers: pd.DataFrame) -> pd.DataFrame:
    """Every customer in one of three segments at two dates; a third of them change it in between."""
    half = customers[["customer_id"]].iloc[::2].reset_index(drop=True)
    rows = [
        half.assign(
            as_of=pd.Timestamp(day), model="rfm", model_version="1", segment=(half.index % 9 // step).map("s{}".format)
        )
        for day, step in (("2026-07-31", 3), ("2026-08-31", 4))
    ]
    return pd.concat(rows, ignore_index=True)


def _moods(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A mood of every comment and post, told at two dates."""
    sources = (
        ("comment", "survey_responses", "response_id", "responded_at", "comment"),
        ("post", "social_posts", "post_id", "posted_at", "text"),
    )
    parts = []
    for source, table, key, at, text in sources:
        rows = tables[table][tables[table][text].notna()]
        told = pd.DataFrame({"text_id": rows[key], "source": source, "written_at": rows[at], "model": "sentiment"})
        parts += [
            told.assign(as_of=pd.Timestamp(day), mood=[n % 3 - 1.0 for n in range(shift, shift + len(told))])
            for shift, day in enumerate(("2026-10-20", "2026-09-30"))
        ]
    return pd.concat(parts, ignore_index=True).assign(model_version="1")


def not_here(reason: str) -> None:
    """Skip with the reason; fail where everything has to be there."""
    if os.environ.get(ON_EVERY_MACHINE):
        pytest.fail(reason)
    pytest.skip(reason)
