"""The password comes from the environment, opens the database, and appears nowhere else, whatever goes wrong."""

import json
import logging
import re
import traceback

import pytest
from typer.testing import CliRunner

from crmkit.cleaning.loading.connect import connect
from crmkit.cli.commands import app
from crmkit.errors import CrmkitError
from crmkit.reporting.runner.run import run_report
from crmkit.settings import parse_settings
from crmkit.sources.sample import sample_company

WRONG = "hunter2-s3cr3t"
VARIABLE = "CRMKIT_DATABASE_PASSWORD"


@pytest.fixture
def refused(caplog, capfd):
    """Return the message with which a database is refused, after a look at everything that was said on the way."""

    def message(database, secret=WRONG):
        caplog.set_level(logging.DEBUG)
        with pytest.raises(CrmkitError) as error:
            connect(settings=parse_settings({"database": database}))
        with_causes = "".join(traceback.TracebackException.from_exception(error.value, capture_locals=False).format())
        for said in (str(error.value), repr(error.value), with_causes, caplog.text, *capfd.readouterr()):
            assert secret not in said
        assert error.value.__cause__ is None and error.value.__context__ is None
        return str(error.value)

    return message


# --- what is said when the database cannot be opened


def test_a_wrong_password_is_reported_with_the_name_of_the_variable(server, refused, monkeypatch):
    monkeypatch.setenv(VARIABLE, WRONG)
    assert refused({"url": server.url()}) == (
        'The database crm on this machine cannot be opened: password authentication failed for user "analyst". '
        "The password is taken from the environment variable CRMKIT_DATABASE_PASSWORD."
    )


def test_no_password_where_one_is_needed_is_reported_with_the_name_of_the_variable(server, refused, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "no password supplied. The password is taken from the environment variable CRMKIT_" in refused(
        {"url": server.url()}
    )


def test_a_variable_that_is_named_and_not_set_is_reported_without_its_name_which_may_be_the_password(server, refused):
    message = refused({"url": server.url(), "password_variable": "hunter2s3cr3t"}, secret="hunter2s3cr3t")
    assert message == "The environment variable that [database] password_variable names is not set."


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://analyst@127.0.0.1:1/crm", "crm at 127.0.0.1 cannot be opened: Connection refused. See url"),
        ("postgresql://analyst@no-such-host.invalid/crm", "crm at no-such-host.invalid cannot be opened: "),
        (
            "postgresql://analyst@db/crm?host=/nowhere",
            "crm on this machine cannot be opened: No such file or directory",
        ),
        ("postgresql://analyst@127.0.0.1:1/crm?sslmode=hunter", 'invalid sslmode value: "hunter"'),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_with_the_reason(refused, monkeypatch, url, why):
    monkeypatch.setenv(VARIABLE, WRONG)
    assert why in refused({"url": url})


def test_a_database_that_is_not_there_is_named(server, refused, password):
    message = refused({"url": server.url("shop")}, secret=password)
    assert message.startswith(
        'The database shop on this machine cannot be opened: database "shop" does not exist. See url'
    )


# --- what is known of it when it is open


def test_the_password_is_in_nothing_that_is_kept_shown_or_sent_to_a_notebook(company_on_postgres, password):
    catalog = connect(settings=company_on_postgres)
    backend = catalog.table("orders").get_backend()
    shown = [
        repr(catalog.settings),
        catalog.settings.model_dump_json(),
        repr(catalog),
        repr(vars(catalog)),
        repr(backend),
        repr(vars(backend)),
        backend.db_identity,
        backend.con.info.dsn,
        json.dumps(catalog.provenance),
    ]
    assert [text for text in shown if password in text] == []


def test_the_origin_names_database_and_tables_and_neither_user_nor_folder(company_on_postgres, server, password):
    known = connect(settings=company_on_postgres).provenance
    assert re.fullmatch(r"crm on this machine, schema kaldi, PostgreSQL [\d.]+", known["database"])
    assert known["relations"]["orders"] == "kaldi.orders"
    assert known["input_sha256"] is None and known["files"] == []
    assert "analyst" not in str(known) and server.socket not in str(known)


# --- from the command line and in the report


@pytest.fixture
def settings_file(server, company_on_postgres, tmp_path):
    """Write settings and return their path; the password is in the environment."""
    file = tmp_path / "crmkit.toml"
    file.write_text(f'[data]\nthrough = 2026-09-30\n[database]\nurl = "{server.url()}"\nschema = "kaldi"\n')
    return file


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert "Traceback" not in done.output
    return done


def test_metrics_and_check_read_the_database(settings_file, password):
    metrics = run("metrics", "--settings", settings_file, "--format", "json")
    records = {record["metric"]: record for record in json.loads(metrics.stdout)}
    assert records["turnover"]["period"] == "2026-09" and records["turnover"]["value"] > 0
    check = run("check", "--settings", settings_file)
    assert check.exit_code == 0 and "orders: " in check.stdout and "Data through 2026-09-30." in check.stdout
    assert re.search(r"ordered_at lies after 2026-09-30, the end of the data: [\d,]+ rows", check.stdout)
    for done in (metrics, check):
        assert password not in done.output and "analyst" not in done.output


def test_load_says_that_there_is_nothing_to_load(settings_file):
    done = run("load", "--settings", settings_file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "The data stay in the database crm on this machine: there is nothing to load." in done.stderr


@pytest.mark.parametrize("command", ["metrics", "check", "report"])
@pytest.mark.parametrize("fault", ["wrong password", "unreachable"])
def test_a_database_that_cannot_be_opened_ends_with_2_and_one_message(settings_file, monkeypatch, command, fault):
    monkeypatch.setenv(VARIABLE, WRONG)
    if fault == "unreachable":
        settings_file.write_text('[database]\nurl = "postgresql://analyst@127.0.0.1:1/crm"\n')
    done = run(command, "--settings", settings_file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot be opened: " in done.stderr
    assert WRONG not in done.stderr


@pytest.mark.slow
def test_pages_of_the_report_are_made_from_the_database_and_show_no_secret(settings_file, tmp_path, password, server):
    small = connect(sample_company(n_customers=300, months=20).tables)
    server.store("small", {name: small.table(name).to_pyarrow() for name in small.names})
    settings_file.write_text(settings_file.read_text().replace('"kaldi"', '"small"'))
    some = ["data_quality", "scorecard", "pipeline"]  # all ten would take minutes, and read by the same catalog
    done = run_report(settings_file, "2026-09", output=tmp_path / "reports", only=some)
    assert [(page.name, page.cause) for page in done.failed] == []
    pages = [(tmp_path / "reports/2026-09" / page.file).read_text(encoding="utf-8") for page in done.pages]
    assert len(pages) == 3
    for page in pages:
        assert re.search(r"crm on this machine, schema small, PostgreSQL [\d.]+, read 20", page)
        assert "orders from small.orders" in page
    for file in (tmp_path / "reports").rglob("*.*"):
        text = file.read_bytes().decode("utf-8", "replace")
        assert password not in text and server.socket not in text and "analyst@" not in text
