"""The summary of a store says the same as the opened catalog."""

import subprocess
import sys

import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from crmkit.settings import read_settings
from crmkit.sources.store.summary import store_summary

ORDERS = "order_id,ordered_at,revenue,customer_id\n1,2026-09-30 23:30,20,a\n2,2026-10-05,30,b\n"
TERMS = "subscription_id,customer_id,starts_at,ends_at,mrr\n1,a,2026-01-05,2027-01-05,9\n2,b,2026-12-01,2027-12-01,9\n"


@pytest.fixture
def loaded(tmp_path):
    def written(settings="", **files):
        (tmp_path / "exports").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / f"exports/{name}.csv").write_text(text)
        (tmp_path / "crmkit.toml").write_text(settings)
        load(read_settings(tmp_path))
        return tmp_path

    return written


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ("", {"orders": ORDERS}),
        ("[data]\nthrough = 2026-10-31\n", {"orders": ORDERS}),
        ("", {"orders": ORDERS, "subscription_terms": TERMS}),
        ("", {"subscription_terms": TERMS}),
        ("", {"customers": "customer_id\na\n"}),
    ],
    ids=["orders", "a setting", "orders and terms booked ahead", "terms alone", "nothing with a date"],
)
def test_it_reaches_as_far_as_the_opened_catalog(loaded, settings, files):
    company = loaded(settings, **files)
    seen, opened = store_summary(company), ck.connect(company)
    assert (seen.data_from, seen.data_through) == (opened.data_from, opened.data_through)
    assert seen.settings == opened.settings


def test_scores_that_the_workbook_wrote_do_not_say_how_far_the_data_reach(loaded):
    import pandas as pd

    from crmkit.sources.store.store import save_table

    company = loaded(orders=ORDERS)
    scores = pd.DataFrame({"customer_id": ["a"], "as_of": pd.to_datetime(["2027-01-01"]), "model": ["m"]})
    save_table(company / "store", "customer_scores", scores.assign(model_version="1"))
    seen, opened = store_summary(company), ck.connect(company)
    assert (seen.data_from, seen.data_through) == (opened.data_from, opened.data_through)


def test_its_results_are_kept_under_the_same_hash_as_those_of_the_opened_catalog(loaded, monkeypatch):
    from crmkit.tables.caching import cache

    monkeypatch.setattr(cache, "code_digest", lambda: "this code")
    company = loaded(orders=ORDERS)
    assert store_summary(company / "crmkit.toml").cache.fingerprint == ck.connect(company).cache.fingerprint
    assert store_summary(company).cache.folder == company / "cache"


def test_without_a_store_there_is_nothing_to_see(tmp_path):
    assert store_summary(tmp_path) is None
    (tmp_path / "crmkit.toml").write_text("")
    assert store_summary(tmp_path) is None
    (tmp_path / "crmkit.toml").write_text('[database]\nurl = "postgresql://analyst@db.example.com/crm"\n')
    assert store_summary(tmp_path) is None


def test_wrong_settings_are_reported_as_ever(tmp_path):
    (tmp_path / "crmkit.toml").write_text("[company]\nfiscal_year = 4\n")
    with pytest.raises(Problems, match="Did you mean 'fiscal_year_start'"):
        store_summary(tmp_path)


def test_a_summary_and_what_a_run_needs_before_its_notebooks_import_no_library_of_numbers(loaded):
    company = loaded(orders=ORDERS)
    code = f"""
import sys
from pathlib import Path
import crmkit.cli.commands, crmkit.reporting.runner.run, crmkit.reporting.runner.index
from crmkit.reporting.runner.run import prepare_run
from crmkit.reporting.reported_period import covered_period
run = prepare_run({str(company)!r}, None, None, 1, None)
run.check(covered_period(run.catalog))
print(*sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"pandas", "numpy", "ibis", "papermill", "nbformat", "nbconvert", "matplotlib"} & set(loaded) == set()
    assert "duckdb" in loaded
