"""Numbers that are kept between programs: each change gives a new number, and the right one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.metrics import CARDS
from crmkit.metrics.engine import evaluate as passes
from crmkit.settings import read_settings
from crmkit.tables.caching import cache as cache_module

ROOT = Path(__file__).parents[2]
ORDERS = "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,20,a\n2,2026-10-05,30,b\n"
SETTINGS = 'metric_modules = ["cards.py"]\n[data]\nthrough = 2026-10-31\n[company]\nchurn_after_days = '
OWN = '''
import crmkit as ck

@ck.metric(label="Large orders", unit="share", better="higher", source="House definition", counted="orders")
def large_orders(orders):
    """Orders above a limit, as a share of all orders.

    large orders = orders above the limit / orders
    """
    return ck.Share(orders, at=orders.ordered_at, hit=orders.revenue > 25)

@ck.metric(label="Small orders", unit="share", better="lower", source="House definition", counted="orders")
def small_orders(orders, *, churn_after_days):
    """Orders below a setting, as a share of all orders.

    small orders = orders below the setting / orders
    """
    return ck.Share(orders, at=orders.ordered_at, hit=orders.revenue < churn_after_days)
'''


@pytest.fixture
def company(tmp_path):
    """Two orders, of 20 and 30, loaded; and two cards of the analyst's own."""
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/orders.csv").write_text(ORDERS)
    (tmp_path / "cards.py").write_text(OWN)
    (tmp_path / "crmkit.toml").write_text(SETTINGS + "25\n")
    load(read_settings(tmp_path))
    yield tmp_path
    for name in ("large_orders", "small_orders"):
        CARDS.pop(name, None)


@pytest.fixture
def ask(company, monkeypatch):
    """Open the company afresh and return a value, and whether it was computed."""
    fetched = []
    fetch = passes.fetch
    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")  # whoever edits it while the tests run
    monkeypatch.setattr(passes, "fetch", lambda query: (fetched.append(query), fetch(query))[1])

    def asked(metric="revenue", source=company, **options):
        fetched.clear()
        value = ck.evaluate(ck.connect(source, **options), metric, periods="2026-10")["value"].item()
        return value, bool(fetched)

    return asked


def test_a_number_is_computed_once_and_anew_when_the_data_change(ask, company):
    assert [ask(), ask()] == [(50.0, True), (50.0, False)]
    (company / "exports/orders.csv").write_text(ORDERS + "3,2026-10-31,40,a\n")
    load(read_settings(company))
    assert [ask(), ask()] == [(90.0, True), (90.0, False)]
    (company / "exports/orders.csv").write_text(ORDERS)
    load(read_settings(company))
    assert ask() == (50.0, False), "the data are those of the first time, and so is the key"


def test_a_number_is_computed_anew_when_a_setting_changes(ask, company):
    assert [ask("small_orders"), ask("small_orders")] == [(0.5, True), (0.5, False)]
    (company / "crmkit.toml").write_text(SETTINGS + "90\n")
    assert [ask("small_orders"), ask("small_orders")] == [(1.0, True), (1.0, False)]


def test_a_number_is_computed_anew_when_a_package_has_another_version(ask, monkeypatch):
    versions = cache_module.package_versions()
    ask()
    monkeypatch.setattr(cache_module, "package_versions", lambda: versions | {"duckdb": "1.99.0"})
    assert [ask(), ask()] == [(50.0, True), (50.0, False)]


def test_other_metrics_periods_groups_and_days_are_other_results(ask, company):
    catalog = ck.connect(company)
    ck.evaluate(catalog, "revenue", periods="2026-10")
    for other in (
        ck.evaluate(catalog, ["revenue", "n_orders"], periods="2026-10"),
        ck.evaluate(catalog, "revenue", periods="2026-09..2026-10"),
        ck.evaluate(catalog, "revenue", periods="2026-10", first_days=3),
    ):
        assert len(other) > 1 or other["value"].item() == 20.0


def test_a_card_registered_in_a_notebook_is_computed_each_time(ask, company):
    exec(OWN.replace("large_orders", "notebook_card"), {"__name__": "__main__"})
    try:
        assert [ask("notebook_card"), ask("notebook_card")] == [(0.5, True), (0.5, True)]
    finally:
        CARDS.pop("notebook_card")


def test_what_is_opened_with_personal_data_is_not_kept(ask, company):
    assert [ask(personal=True), ask(personal=True)] == [(50.0, True)] * 2
    assert not (company / "cache").exists()


def test_frames_and_folders_of_exports_are_not_kept(ask, company):
    assert [ask(source=company / "exports"), ask(source=company / "exports")] == [(50.0, True)] * 2
    frames = {"orders": ck.connect(company).frame("orders")}
    assert [ask(source=frames), ask(source=frames)] == [(50.0, True)] * 2
    assert not (company / "cache").exists()


def test_a_store_without_a_settings_file_near_it_has_no_place_to_keep_them(ask, company):
    (company / "crmkit.toml").rename(company / "other.toml")
    assert [ask(source=company / "store"), ask(source=company / "store")] == [(50.0, True)] * 2
    assert not (company / "cache").exists() and not Path("cache").exists()


# --- code: each question by a program of its own, with a copy of crmkit that the test may change


@pytest.fixture
def program(company, tmp_path_factory):
    code = tmp_path_factory.mktemp("code")
    shutil.copytree(ROOT / "crmkit", code / "crmkit")
    text = f"""
import json, sys, crmkit as ck
from crmkit.metrics.engine import evaluate as passes
fetched, fetch = [], passes.fetch
passes.fetch = lambda query: (fetched.append(query), fetch(query))[1]
value = ck.evaluate(ck.connect({str(company)!r}), sys.argv[1], periods="2026-10")["value"].item()
print(json.dumps([value, bool(fetched)]))
"""

    def asked(metric):
        run = subprocess.run([sys.executable, "-c", text, metric], cwd=code, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return tuple(json.loads(run.stdout))

    asked.code = code
    return asked


def test_a_number_is_computed_anew_when_crmkits_own_code_changes(program):
    assert [program("revenue"), program("revenue")] == [(50.0, True), (50.0, False)]
    card = program.code / "crmkit/metrics/cards/revenue.py"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("value=orders.revenue)", "value=orders.revenue + orders.revenue)"), encoding="utf-8")
    assert program("revenue") == (100.0, True)


def test_a_number_is_computed_anew_when_its_own_file_or_one_beside_it_changes(program, company):
    assert [program("large_orders"), program("large_orders")] == [(0.5, True), (0.5, False)]
    (company / "limits.py").write_text("AT = 10")
    (company / "cards.py").write_text(
        f"import sys\nsys.path.insert(0, {str(company)!r})\nimport limits\n{OWN}".replace("> 25", "> limits.AT")
    )
    assert program("large_orders") == (1.0, True)
    (company / "limits.py").write_text("AT = 30")
    assert program("large_orders") == (0.0, True)


@pytest.mark.parametrize("asked_before", ["large_orders", "revenue"])  # the file is loaded either way
def test_a_card_whose_file_is_edited_while_jupyter_is_open_is_not_kept(ask, company, asked_before):
    ask(asked_before)
    (company / "cards.py").write_text(OWN.replace("> 25", "> 10"))
    assert ask("large_orders") == (0.5, True), "the code in memory is the former one: this number is not for others"
    assert ask("large_orders") == (0.5, True)


def test_numbers_that_are_kept_part_by_part_are_those_of_one_evaluation(company):
    catalog = ck.connect(company)
    asked = dict(periods="2026-09..2026-10", metrics=["revenue", "churn_rate", "n_orders", "large_orders", "revenue"])
    in_parts = ck.evaluate(catalog, **asked)
    catalog.cache = None
    pd.testing.assert_frame_equal(in_parts, ck.evaluate(catalog, **asked), check_exact=True)
    assert in_parts.attrs == {"currency": catalog.settings.company.currency}
