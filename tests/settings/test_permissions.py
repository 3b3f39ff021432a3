"""Settings from a stranger run no code, leave their folder nowhere and send no password, until the reader allows it."""

import pytest
from typer.testing import CliRunner

from crmkit.cleaning.loading.connect import connect
from crmkit.cli.commands import app
from crmkit.errors import CrmkitError
from crmkit.settings import read_settings
from crmkit.settings.permissions import CODE, VARIABLE, allow, is_allowed

ORDERS = "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,50,c1\n2,2026-10-02,6,c2\n"
CODE_OF_A_STRANGER = "from pathlib import Path\nPath(__file__).with_name('was_run').touch()\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("CRMKIT_CONFIG", str(tmp_path / "configuration"))
    folder = tmp_path / "stranger"
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "orders.csv").write_text(ORDERS)
    (folder / "crmkit.toml").write_text('[company]\nname = "Kaldi"\n')
    return folder


def run(folder, *arguments):
    return CliRunner().invoke(app, [*arguments, "--settings", str(folder)])


def refused(done, *told):
    assert done.exit_code == 2 and "Traceback" not in done.stderr, (done.stderr, done.exception)
    message = " ".join(done.stderr.split())
    assert all(each in message for each in told), message


def test_code_of_the_folder_runs_only_once_it_is_allowed_and_that_is_remembered(folder, monkeypatch):
    (folder / "cards.py").write_text(CODE_OF_A_STRANGER)
    (folder / "crmkit.toml").write_text('metric_modules = ["cards.py"]\n')
    assert run(folder, "load").exit_code == 0
    refused(run(folder, "metrics", "revenue"), "runs code: cards.py", "--allow-code")
    assert not (folder / "was_run").exists()
    assert run(folder, "metrics", "revenue", "--allow-code").exit_code == 0
    assert (folder / "was_run").exists()
    monkeypatch.delenv(VARIABLE)  # what the first run gave to itself and its children
    assert run(folder, "metrics", "revenue").exit_code == 0
    assert not is_allowed(folder.parent, CODE)


def test_the_folders_own_notebooks_are_code(folder):
    assert run(folder, "load").exit_code == 0
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "01_page.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    refused(run(folder, "report"), "the notebooks of its folder", "--allow-code")


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ('[data]\nexports = "../.."', "data.exports"),
        ('[data]\nstore = "/var/lib/store"', "data.store"),
        ('[data]\nreports = "exports/../../reports"', "data.reports"),
        ('[duplicates]\nfile = "../questions.csv"', "duplicates.file"),
        ('[files.orders]\npath = "../../*.csv"', "files.orders.path"),
        ('metric_modules = ["../cards.py"]', "metric_modules: ../cards.py"),
        ('[database]\nurl = "postgresql://me@localhost/crm?sslrootcert=/etc/hosts"', "database.url: sslrootcert"),
        ('[database]\nurl = "sqlite:////etc/shop.db"', "database.url"),
        ('[database]\nurl = "duckdb:///../secret.duckdb"', "database.url"),
        ('[database]\nurl = "duckdb://../secret.duckdb"', "database.url"),
    ],
)
@pytest.mark.parametrize("command", ["load", "check", "metrics", "report"])
def test_a_path_that_leaves_the_folder_is_refused_by_every_command(folder, command, settings, where):
    (folder / "crmkit.toml").write_text(settings)
    refused(run(folder, command), f"{where} leads out of the folder of these settings", "--allow-outside")


def test_a_folder_elsewhere_can_be_allowed(folder):
    (folder / "exports").rename(folder.parent / "elsewhere")
    (folder / "crmkit.toml").write_text('[data]\nexports = "../elsewhere"')
    assert run(folder, "load", "--allow-outside").exit_code == 0
    assert connect(folder).frame("orders").revenue.sum() == 56


def test_a_link_to_a_file_elsewhere_is_refused_and_a_folder_named_by_the_reader_is_not(folder):
    (folder / "exports" / "orders.csv").rename(folder.parent / "secret.csv")
    (folder / "exports" / "orders.csv").symlink_to(folder.parent / "secret.csv")
    refused(run(folder, "check"), "links to files elsewhere: orders.csv", "--allow-outside")
    (folder.parent / "mine").mkdir()
    (folder.parent / "mine" / "orders.csv").write_text(ORDERS)
    assert run(folder, "load", "--exports", str(folder.parent / "mine")).exit_code == 0


def test_a_value_of_the_environment_is_shown_in_no_report_of_a_stranger(folder, monkeypatch):
    monkeypatch.setenv("PRIVATE", "hunter2")
    (folder / "crmkit.toml").write_text('[company]\nname = "${PRIVATE}"')
    done = run(folder, "check")
    refused(done, "company.name takes a value from the environment", "--allow-environment")
    assert "hunter2" not in done.stderr


def test_a_password_goes_to_no_machine_that_the_reader_has_not_confirmed(folder, monkeypatch):
    monkeypatch.setenv("CRMKIT_DATABASE_PASSWORD", "hunter2")
    (folder / "crmkit.toml").write_text('[database]\nurl = "postgresql://me@db.invalid/crm"')
    refused(run(folder, "metrics"), "send your password for the database crm to db.invalid", "--allow-host db.invalid")
    refused(run(folder, "metrics", "--allow-host", "db.invalid"), "The database crm at db.invalid cannot be opened")
    refused(run(folder, "metrics", "--allow-host", "other.invalid"), "cannot be opened")
    (folder / "crmkit.toml").write_text('[database]\nurl = "postgresql://me@evil.invalid/crm"')
    refused(run(folder, "metrics"), "to evil.invalid")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("mysql://me@db.invalid/crm", "db.invalid"),
        ("md:crm", "motherduck.com"),
        ("sc://db.invalid", "db.invalid"),
        ("snowflake://me@acc/crm", "acc.snowflakecomputing.com"),
        ("bigquery://p/d", "bigquery.googleapis.com"),
        ("trino://me@db.invalid/hive", "db.invalid"),
        ("clickhouse://me@db.invalid/crm", "db.invalid"),
        ("databricks://db.invalid/sql/1", "db.invalid"),
    ],
)
def test_no_engine_is_asked_on_a_machine_that_the_reader_has_not_confirmed(folder, monkeypatch, url, host):
    monkeypatch.setenv("CRMKIT_DATABASE_PASSWORD", "hunter2")
    monkeypatch.setattr("crmkit.sources.databases.engines._is_installed", lambda module: True)
    (folder / "crmkit.toml").write_text(f'[database]\nurl = "{url}"')
    refused(run(folder, "metrics"), f" to {host}. ", f"--allow-host {host}")


def test_a_folder_begun_with_crmkit_is_ones_own(folder):
    assert CliRunner().invoke(app, ["new", str(folder.parent / "mine")]).exit_code == 0
    assert is_allowed(folder.parent / "mine", CODE)


def test_permissions_are_kept_by_folder_and_never_in_it(folder):
    allow(folder, ["code"])
    assert "code" in (folder.parent / "configuration" / "allowed.json").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["crmkit.toml", "exports"]
    assert read_settings(folder).company.name == "Kaldi"


def test_a_damaged_record_of_permissions_allows_nothing(folder, monkeypatch):
    allow(folder, ["code"])
    monkeypatch.delenv(VARIABLE)
    (folder.parent / "configuration" / "allowed.json").write_text("{")
    assert not is_allowed(folder, CODE)
    with pytest.raises(CrmkitError, match="leads out of the folder"):
        (folder / "crmkit.toml").write_text('[data]\nstore = "../store"')
        read_settings(folder)
