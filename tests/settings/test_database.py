"""The section [database]: an address without a password, and no secret repeated whatever is wrong with it."""

import traceback
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.errors import Problems
from crmkit.settings import Settings, parse_settings
from crmkit.settings.address import ENGINES, Address, read_address

SECRET = "hunter2-s3cr3t"
URL = "postgresql://analyst@db.example.com:5432/crm"


def problems_of(raw):
    with pytest.raises(Problems) as refused:
        parse_settings(raw)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    return refused.value.problems


def test_without_the_section_there_is_no_database():
    assert parse_settings({}).database is None


def test_every_setting_of_the_section_is_read():
    raw = {
        "url": URL,
        "schema": "reporting",
        "tables": {"orders": "shop_orders"},
        "password_variable": "KALDI_PASSWORD",
    }
    database = parse_settings({"database": raw}).database
    assert database.address == Address("crm", user="analyst", host="db.example.com", port=5432)
    assert (database.namespace, database.tables) == ("reporting", {"orders": "shop_orders"})
    assert database.password_variable == "KALDI_PASSWORD"


def test_the_password_is_taken_from_one_variable_unless_another_is_named():
    assert parse_settings({"database": {"url": URL}}).database.password_variable == "CRMKIT_DATABASE_PASSWORD"


@pytest.mark.parametrize(
    ("url", "address", "shown"),
    [
        ("postgres://db/crm", Address("crm", host="db"), "crm at db"),
        ("postgresql:///crm", Address("crm"), "crm on this machine"),
        ("postgresql://ana@[::1]:6543/crm", Address("crm", "ana", "::1", 6543), "crm at ::1"),
        ("postgresql://ana%40shop@db/my%20crm", Address("my crm", "ana@shop", "db"), "my crm at db"),
        ("postgresql://ana@/crm?host=/run/pg", Address("crm", "ana", "/run/pg"), "crm on this machine"),
        (
            "postgresql://db/crm?sslmode=verify-full&sslrootcert=ca%20x.pem",
            Address("crm", host="db", options=(("sslmode", "verify-full"), ("sslrootcert", "ca x.pem"))),
            "crm at db",
        ),
        (
            "mariadb://ana@db:3307/crm",
            Address("crm", user="ana", host="db", port=3307, engine="mysql"),
            "crm at db",
        ),
        (
            "mysql://ana@/crm?host=/run/mysqld/mysqld.sock",
            Address("crm", "ana", "/run/mysqld/mysqld.sock", engine="mysql"),
            "crm on this machine",
        ),
        ("duckdb://lake/shop.duckdb", Address("lake/shop.duckdb", engine="duckdb"), "shop.duckdb"),
        ("sqlite:////srv/my%20shop.db", Address("/srv/my shop.db", engine="sqlite"), "my shop.db"),
        ("md:crm", Address("crm", engine="motherduck"), "crm at motherduck.com"),
        ("duckdb://md:crm", Address("crm", engine="motherduck"), "crm at motherduck.com"),
        ("sc://spark.lan:15003", Address("Spark", host="spark.lan", port=15003, engine="spark"), "Spark at spark.lan"),
        (
            "sc://spark.lan:443/;use_ssl=true",
            Address("Spark", None, "spark.lan", 443, (("use_ssl", "true"),), "spark"),
            "Spark at spark.lan",
        ),
        ("spark://local", Address("Spark", engine="spark"), "Spark on this machine"),
        (
            "databricks://dbc-1.cloud.databricks.com/sql/1.0/warehouses/ab12?catalog=main",
            Address(
                "/sql/1.0/warehouses/ab12",
                host="dbc-1.cloud.databricks.com",
                options=(("catalog", "main"),),
                engine="databricks",
            ),
            "/sql/1.0/warehouses/ab12 at dbc-1.cloud.databricks.com",
        ),
        (
            "bigquery://kaldi-2026/shop",
            Address("kaldi-2026", engine="bigquery", namespace="shop"),
            "kaldi-2026 at bigquery.googleapis.com",
        ),
        (
            "snowflake://ana@org-acc/CRM/SHOP?warehouse=SMALL",
            Address("CRM", "ana", "org-acc", None, (("warehouse", "SMALL"),), "snowflake", "SHOP"),
            "CRM at org-acc.snowflakecomputing.com",
        ),
        ("trino://ana@db/hive/shop", Address("hive", "ana", "db", engine="trino", namespace="shop"), "hive at db"),
        (
            "clickhouse://ana@db:8443/crm?secure=true",
            Address("crm", "ana", "db", 8443, (("secure", "true"),), "clickhouse"),
            "crm at db",
        ),
    ],
)
def test_an_address_is_read_in_its_parts_and_shown_without_its_user(url, address, shown):
    assert read_address(url) == address
    assert str(address) == shown


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://analyst:{SECRET}@db/crm",
        f"postgresql://:{SECRET}@db/crm",
        "postgresql://analyst:@db/crm",
        f"postgresql://analyst:a/{SECRET}?@db/crm",
        f"postgresql://analyst:a@b:{SECRET}@db:5432/crm",
        f"postgresql://analyst@db/crm?password={SECRET}",
        f"postgresql://analyst@db/crm?sslmode=require&passfile={SECRET}",
        f"oracle://analyst:{SECRET}@db/crm",
    ],
)
def test_an_address_with_a_password_is_refused_with_the_way_out_and_without_the_password(url):
    (problem,) = problems_of({"database": {"url": url}})
    assert problem == (
        "database.url: must not hold a password. Write postgresql://user@host:5432/database, and put the password into "
        "the environment variable CRMKIT_DATABASE_PASSWORD."
    )


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        (f"mysql://analyst:{SECRET}@db/crm", "mysql://user@host:3306/database"),
        (f"sc://db:15002/;token={SECRET}", "sc://host:15002"),
        (f"md:crm?motherduck_token={SECRET}", "md:database"),
        (f"snowflake://ana:{SECRET}@acc/crm", "snowflake://user@account/database/schema?warehouse=name"),
        (f"trino://ana:{SECRET}@db/hive", "trino://user@host:8080/catalog/schema"),
        (f"clickhouse://ana@db/crm?password={SECRET}", "clickhouse://user@host:8123/database"),
        (f"databricks://token:{SECRET}@db/sql", "databricks://host/sql/1.0/warehouses/id?catalog=main"),
        (f"bigquery://p/d?credentials_path={SECRET}", "bigquery://project/dataset"),
        (f"sqlite:///a.db?key={SECRET}", "sqlite:///shop.sqlite"),
    ],
)
def test_a_password_is_refused_in_the_address_of_every_engine_with_how_that_one_is_written(url, shape):
    (problem,) = problems_of({"database": {"url": url}})
    assert problem.startswith(f"database.url: must not hold a password. Write {shape}, and put the password into ")


@pytest.mark.parametrize("engine", ENGINES.values(), ids=lambda engine: engine.name)
def test_the_shape_that_a_message_shows_is_an_address_of_that_engine(engine):
    assert read_address(engine.shape).engine == engine.name


def test_a_password_in_an_address_from_the_environment_is_refused_too(monkeypatch):
    monkeypatch.setenv("KALDI_URL", f"postgresql://analyst:{SECRET}@db/crm")
    assert problems_of({"database": {"url": "${KALDI_URL}"}})[0].startswith("database.url: must not hold a password.")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm",
        f"postgresql://{SECRET}",
        f"postgresql://db:{SECRET}/crm",
        f"oracle://{SECRET}/crm",
        f"file:///{SECRET}",
        f"postgresql://db/{SECRET}/b",
    ],
)
def test_the_message_on_what_is_no_address_shows_how_one_is_written(url):
    (problem,) = problems_of({"database": {"url": url}})
    assert "must read postgresql://user@host:5432/database" in problem


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        (f"mysql://{SECRET}", "mysql://user@host:3306/database"),
        ("duckdb://", "duckdb:///warehouse.duckdb"),
        (f"trino:///{SECRET}", "trino://user@host:8080/catalog/schema"),
        (f"snowflake://{SECRET}", "snowflake://user@account/database/schema?warehouse=name"),
        (f"clickhouse://db/a/{SECRET}", "clickhouse://user@host:8123/database"),
    ],
)
def test_a_half_address_of_a_known_engine_is_answered_with_how_it_is_written(url, shape):
    (problem,) = problems_of({"database": {"url": url}})
    assert problem.startswith(f"database.url: must read {shape}") and "postgresql" not in problem


def test_an_unknown_engine_is_answered_with_the_line_of_every_known_one():
    (problem,) = problems_of({"database": {"url": "oracle://db/crm"}})
    for engine in ENGINES.values():
        assert (engine.shape in problem and engine.label in problem) or engine.name == "postgresql"


def test_an_option_that_is_not_known_is_refused_without_its_value():
    (problem,) = problems_of({"database": {"url": f"{URL}?options={SECRET}"}})
    assert problem == "database.url: may end in ?sslmode=..., sslrootcert=... or host=..., and in no other option."


@pytest.mark.parametrize("name", ["password", "passwort", "pwd"])
def test_a_password_of_its_own_is_refused_and_not_repeated(name):
    found = problems_of({"database": {"url": URL, name: SECRET}})
    assert f"database.{name}: there is no such setting." in found[-1]


def test_the_password_in_place_of_the_variables_name_is_refused_and_not_repeated():
    (problem,) = problems_of({"database": {"url": URL, "password_variable": SECRET}})
    assert problem.startswith(
        "database.password_variable: must be the name of an environment variable, such as CRMKIT_"
    )


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"files": {"shop": {"path": "a.csv"}}}, "[files] map"),
        ({"tables": {"orders": {"sql": "SELECT 1"}}}, "[tables] map"),
        ({"files": {"shop": {"path": "a.csv"}}, "tables": {"orders": {"file": "shop"}}}, "[files] and [tables] map"),
    ],
)
def test_a_company_has_its_data_in_files_or_in_a_database(section, named):
    (problem,) = problems_of(section | {"database": {"url": URL}})
    assert problem.startswith(f"database: {named} export files, and the data are in a database.")


def test_a_misspelt_setting_is_answered_with_the_nearest():
    found = problems_of({"database": {"url": URL, "shema": "reporting"}})
    assert found == ["database.shema: there is no such setting. Did you mean 'schema'?"]
    assert problems_of({"databas": {"url": URL}}) == ["databas: there is no such setting. Did you mean 'database'?"]


@given(st.text(min_size=1, max_size=12).map(lambda text: quote(text, safe="")), st.sampled_from("/?#@:%& x"))
@example("p", "@")
def test_no_password_whatever_its_letters_gets_past_or_is_repeated(secret, odd):
    password = f"{SECRET}{odd}{secret}"
    try:
        settings = parse_settings({"database": {"url": f"postgresql://analyst:{password}@db/crm"}})
    except Problems as refused:
        assert SECRET not in str(refused)
    else:
        raise AssertionError(settings)


def test_settings_without_a_database_are_the_defaults():
    assert parse_settings({}) == Settings()
