"""A store that is older than the export files says so, wherever it is opened."""

import os
import warnings

import pytest
from typer.testing import CliRunner

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cli.commands import app
from crmkit.errors import StaleStore
from crmkit.sources.store.changes import changed_exports

ORDERS = "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-02,6\n"


@pytest.fixture
def loaded(company, tmp_path):
    settings = company({"orders.csv": ORDERS, "leads.csv": "lead_id,created_at\nl,2026-10-01\n"})
    (tmp_path / "crmkit.toml").write_text("")
    load(settings)
    return settings


def test_after_a_load_nothing_is_said(loaded):
    assert not changed_exports(loaded)
    with warnings.catch_warnings(action="error"):
        connect(settings=loaded)


def test_changed_new_and_gone_files_are_named(loaded, company):
    company(
        {"orders.csv": ORDERS + "3,2026-10-03,7\n", "costs.csv": "spent_at,amount,purpose\n2026-10-01,5,retention\n"}
    )
    (loaded.path("exports") / "leads.csv").unlink()
    told = r"Exports changed since the last load: orders.csv \(changed\), costs.csv \(new\), leads.csv \(gone\). Run `crmkit load`."
    with pytest.warns(StaleStore, match=told):
        catalog = connect(settings=loaded)
    assert len(catalog.frame("orders")) == 2


def test_a_file_that_only_looks_newer_is_no_change(loaded):
    os.utime(loaded.path("exports") / "orders.csv")
    assert not changed_exports(loaded)


def test_other_files_and_a_folder_taken_away_are_no_change(loaded, company):
    company({"notes.docx": "x"})
    assert not changed_exports(loaded)
    loaded.path("exports").rename(loaded.folder / "elsewhere")
    assert not changed_exports(loaded)


def test_the_folder_that_was_loaded_is_looked_at_and_not_another(loaded, company, tmp_path):
    other = tmp_path / "october"
    other.mkdir()
    (other / "orders.csv").write_text(ORDERS)
    load(loaded, other)
    assert not changed_exports(loaded)
    (other / "orders.csv").write_text(ORDERS + "3,2026-10-03,7\n")
    assert changed_exports(loaded).changed == ("orders.csv",)


def test_the_command_line_says_it_once_in_one_plain_line_on_standard_error(loaded, company):
    company({"orders.csv": ORDERS + "3,2026-10-03,7\n"})
    run = CliRunner().invoke(app, ["metrics", "revenue", "--settings", str(loaded.folder)])
    assert run.exit_code == 0
    assert (
        run.stderr.splitlines().count("Exports changed since the last load: orders.csv (changed). Run `crmkit load`.")
        == 1
    )
    assert "Exports" not in run.stdout
