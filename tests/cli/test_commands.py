"""What each command prints, where, and with which exit code."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from tests.reporting.tiny import write_notebook


def test_the_help_names_every_command():
    command = [sys.executable, "-m", "crmkit", "--help"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert all(command in shown for command in ("sample", "load", "check", "metrics", "predict", "report", "glossary"))


def test_the_help_imports_nothing_heavy():
    code = "import sys; from crmkit.cli.commands import app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"pandas", "numpy", "ibis", "papermill", "matplotlib", "pydantic", "babel"} & set(loaded) == set()


def test_version_prints_the_version_alone(crmkit):
    run = crmkit("--version")
    assert (run.exit_code, run.stdout) == (0, "crmkit 0.2.0\n")


@pytest.mark.parametrize("command", ["sample", "load", "check", "metrics", "predict", "report", "glossary"])
def test_each_command_explains_itself_with_an_example(crmkit, command):
    shown = crmkit(command, "--help").stdout
    assert f"crmkit {command}" in shown.split("Options")[-1], "the epilog shows an example"


def test_sample_prints_the_path_of_the_settings_and_refuses_a_folder_in_use(crmkit, tmp_path):
    run = crmkit("sample", tmp_path / "demo", "--customers", 60, "--months", 8)
    assert (run.exit_code, run.stdout) == (0, f"{tmp_path / 'demo' / 'crmkit.toml'}\n")
    again = crmkit("sample", tmp_path / "demo")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "is not empty" in again.stderr


def test_check_lists_findings_and_writes_nothing(crmkit, company):
    before = {path: path.stat().st_mtime_ns for path in company.rglob("*")}
    run = crmkit("check", "--settings", company, "--format", "json")
    assert run.exit_code == 0
    assert {"table", "finding", "n_rows"} <= json.loads(run.stdout)[0].keys()
    assert {path: path.stat().st_mtime_ns for path in company.rglob("*")} == before


def test_metrics_as_json_is_one_record_for_each_metric_of_the_last_whole_month(crmkit, company):
    run = crmkit("metrics", "--settings", company, "--format", "json")
    records = {record["metric"]: record for record in json.loads(run.stdout)}
    assert {"nps", "churn_rate", "turnover"} <= records.keys()
    wanted = {"metric", "period", "value", "low", "high", "n", "unit", "status", "reason"}
    assert all(wanted <= record.keys() for record in records.values())
    assert {record["period"] for record in records.values()} == {"2026-10"}
    assert records["turnover"]["low"] < records["turnover"]["value"] < records["turnover"]["high"]


def test_metrics_without_names_are_those_of_the_scorecard_and_others_by_topic_or_all(crmkit, company):
    def printed(*options: str) -> set[str]:
        run = crmkit("metrics", *options, "--settings", company, "--format", "json")
        return {record["metric"] for record in json.loads(run.stdout)}

    headline, pipeline, every = printed(), printed("--about", "pipeline"), printed("--all")
    assert "win_rate" in headline and "open_deals" not in headline
    assert {"win_rate", "open_deals"} <= pipeline and "revenue" not in pipeline
    assert headline | pipeline < every
    assert "Did you mean 'pipeline'" in crmkit("metrics", "--about", "pipelines", "--settings", company).stderr


def test_the_number_printed_is_the_sum_of_the_store(crmkit, company):
    import crmkit as ck

    orders = ck.connect(company).frame("orders")
    october = orders[orders.ordered_at.dt.strftime("%Y-%m") == "2026-10"].revenue.sum()
    (record,) = json.loads(crmkit("metrics", "revenue", "--settings", company, "--format", "json").stdout)
    assert record["value"] == pytest.approx(october)


def test_metrics_by_a_column_is_one_record_for_each_group(crmkit, company):
    run = crmkit("metrics", "revenue", "n_orders", "--by", "channel", "--settings", company, "--format", "json")
    records = json.loads(run.stdout)
    assert len({(record["metric"], record["channel"]) for record in records}) == len(records) > 4


def test_metrics_as_csv_reads_back(crmkit, company, tmp_path):
    run = crmkit("metrics", "--period", "2026-09", "--settings", company, "--format", "csv")
    (tmp_path / "metrics.csv").write_text(run.stdout)
    rows = pd.read_csv(tmp_path / "metrics.csv")
    assert set(rows.period) == {"2026-09"}
    assert {"metric", "value", "low", "high", "n", "unit", "status", "reason"} <= set(rows.columns)


def test_metrics_as_a_table_prints_rounded_numbers_with_words(crmkit, company):
    shown = crmkit("metrics", "churn_rate", "revenue", "--settings", company).stdout
    assert "€" in shown and " % " in shown and " to " in shown
    assert any(verdict in shown for verdict in ("real", "within noise", "too few to tell", "no comparison"))


def test_metrics_of_a_period_that_is_still_running_say_so_above_the_table(crmkit, company):
    shown = crmkit("metrics", "revenue", "--period", "2026-Q4", "--settings", company).stdout
    assert shown.startswith("Q4 2026, so far: 31 of 92 days, compared with as many days of the others.\n")
    assert "so far" not in crmkit("metrics", "revenue", "--period", "2026-Q3", "--settings", company).stdout


def test_metrics_of_a_fiscal_year_and_of_some_days(crmkit, company):
    asked = ("metrics", "revenue", "--settings", company, "--format", "json", "--period")
    for period in ("FY2026", "2026-10-01..2026-10-15"):
        (record,) = json.loads(crmkit(*asked, period).stdout)
        assert (record["period"], record["value"] > 0) == (period, True)


def test_the_glossary_prints_definition_formula_and_source(crmkit):
    shown = crmkit("glossary").stdout
    assert "Net Promoter Score [nps; points, higher is better]" in shown
    assert "NPS = 100 (promoters - detractors) / answers" in shown
    assert "Source: Reichheld (2003)" in shown
    records = json.loads(crmkit("glossary", "--format", "json").stdout)
    assert {"metric", "label", "topic", "definition", "formula", "unit", "better", "source"} <= records[0].keys()


def test_report_prints_the_index_alone_and_ends_with_0_when_every_page_is_made(crmkit, company, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_tiny", "period")
    run = crmkit("report", "--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    assert (run.exit_code, run.stdout) == (0, f"{tmp_path / 'out' / '2026-10' / 'index.html'}\n")
    assert "tiny: done in" in run.stderr


def test_report_ends_with_1_and_names_the_page_that_failed(crmkit, company, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_good", "period")
    write_notebook(tmp_path / "notebooks", "02_bad", "1 / 0")
    run = crmkit("report", "--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    assert run.exit_code == 1
    assert run.stdout == f"{tmp_path / 'out' / '2026-10' / 'index.html'}\n"
    assert "bad failed: A step of the notebook failed with ZeroDivisionError: division by zero." in run.stderr
    assert (tmp_path / "out/2026-10/good.html").is_file()


def test_report_sets_a_notebooks_parameter(crmkit, company, tmp_path):
    lines = 'period = "2026-01"  # month\nsettings = None  # file\nhistory = 13  # months'
    write_notebook(tmp_path / "notebooks", "01_tiny", "assert history == 25", parameters=lines)
    place = ("--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    assert crmkit("report", *place, "-p", "history=25").exit_code == 0


@pytest.mark.slow
def test_report_of_several_months_prints_the_page_over_all_of_them(crmkit, company, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_tiny", "period")
    place = ("--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    run = crmkit("report", *place, "--periods", "2026-09..2026-10")
    assert (run.exit_code, run.stdout) == (0, f"{tmp_path / 'out' / 'index.html'}\n")
    assert "2026-09 tiny: done in" in run.stderr and "; 1 of 2 pages, about " in run.stderr
    before = crmkit("report", *place, "--periods", "2020-01..2020-02")
    assert before.exit_code == 2 and "There is no data for January 2020" in before.stderr


@pytest.mark.slow
def test_report_says_which_pages_are_unchanged_and_fresh_makes_them_again(crmkit, company, tmp_path, monkeypatch):
    from crmkit.tables.caching import cache

    monkeypatch.setattr(cache, "code_digest", lambda: "this code")  # whoever edits it while the tests run
    write_notebook(tmp_path / "notebooks", "01_tiny", "period")
    place = ("--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    crmkit("report", *place)
    again = crmkit("report", *place)
    assert (again.exit_code, again.stdout) == (0, f"{tmp_path / 'out' / '2026-10' / 'index.html'}\n")
    assert "tiny: unchanged" in again.stderr and "done" not in again.stderr
    assert "tiny: done in" in crmkit("report", *place, "--fresh").stderr


def test_the_glossary_of_a_company_has_its_own_metrics_too(crmkit, company, tmp_path):
    from crmkit.metrics.card import CARDS

    (tmp_path / "cards.py").write_text(
        "import crmkit as ck\n"
        '@ck.metric(label="Large orders", unit="share", better="higher", source="House", counted="orders")\n'
        "def large_orders(orders):\n"
        '    """Orders above 100.\n\n    large orders = orders above 100 / orders\n    """\n'
        "    return ck.Share(orders, at=orders.ordered_at, hit=orders.revenue > 100)\n"
    )
    (tmp_path / "crmkit.toml").write_text('metric_modules = ["cards.py"]\n')
    try:
        assert "large_orders" not in crmkit("glossary").stdout
        shown = crmkit("glossary", "--settings", tmp_path).stdout
        assert "Large orders [large_orders; share, higher is better]" in shown and "Net Promoter Score" in shown
    finally:
        CARDS.pop("large_orders", None)
    assert crmkit("glossary", "--settings", tmp_path / "none.toml").exit_code == 2


def test_predict_writes_scores_once_and_prints_what_became_of_each(crmkit, company):
    # Another test's report may have made them already.
    run = crmkit("predict", "--settings", company, "--only", "value", "--fresh", "--format", "json")
    (told,) = json.loads(run.stdout)
    assert (run.exit_code, told["model"], told["table"], told["status"]) == (0, "value", "customer_scores", "made")
    assert told["n_customers"] > 100 and (company / "store/customer_scores.parquet").is_file()
    again = crmkit("predict", "--settings", company, "--only", "value", "--format", "json")
    assert json.loads(again.stdout)[0]["status"] == "unchanged"
    wrong = crmkit("predict", "--settings", company, "--only", "valu")
    assert wrong.exit_code == 2 and "Did you mean 'value'" in wrong.stderr


def test_tables_lists_the_tables_and_the_columns_of_one(crmkit):
    assert "subscription_terms" in crmkit("tables").stdout
    columns = crmkit("tables", "orders", "--format", "csv").stdout.splitlines()
    assert columns[0] == "column,kind,required,unit,meaning"
    assert columns[3].startswith("revenue,money,yes,currency,")
    wrong = crmkit("tables", "order")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "Did you mean 'orders'?" in wrong.stderr


def test_load_and_check_read_another_folder_of_exports_if_it_is_named(crmkit, tmp_path):
    (tmp_path / "crmkit.toml").write_text("")
    (tmp_path / "october").mkdir()
    (tmp_path / "october" / "orders.csv").write_text("order_id,ordered_at,revenue\n1,2026-10-01,5\n")
    for command in ("check", "load"):
        run = crmkit(command, "--settings", tmp_path, "--exports", tmp_path / "october")
        assert run.exit_code == 0, run.stderr
        assert "orders: 1 row in, 1 kept" in run.stdout
