"""Bad input: one clear message on standard error, nothing on standard output, exit code 2, no traceback."""

import shutil

import pytest

from tests.reporting.tiny import write_notebook


def refusal(run):
    """The message of a run that ended as bad input ends."""
    assert run.exit_code == 2, (run.exit_code, run.stdout, run.exception)
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
    return run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("metrics", "npss"), "There is no metric 'npss'. Did you mean 'nps'?"),
        (("metrics", "--by", "chanel"), "Did you mean 'channel'?"),
        (("metrics", "--period", "October"), "'October' is not a period. Write 2026-10"),
        (("metrics", "--period", "2026-11"), "There is no data for November 2026: the data runs from"),
        (("metrics", "--period", "2019-01"), "There is no data for January 2019: the data runs from"),
        (("report", "--period", "2031"), "There is no data for 2031: the data runs from"),
        (("report", "--only", "scorcard"), "There is no page 'scorcard'. Did you mean 'scorecard'?"),
        (("report", "-p", "perio=2026-10"), "no page has a parameter 'perio'. Did you mean 'period'?"),
        (("report", "-p", "history"), "'history' is not a parameter. Write it as NAME=VALUE"),
        (("report", "--notebooks", "nowhere"), "There are no notebooks in nowhere"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_a_name_or_period_that_does_not_exist(crmkit, company, arguments, message):
    assert message in refusal(crmkit(*arguments, "--settings", company))


@pytest.mark.parametrize("command", ["load", "check", "metrics", "report"])
def test_settings_that_are_not_there(crmkit, tmp_path, command):
    assert "crmkit new" in refusal(crmkit(command, "--settings", tmp_path / "none.toml"))


@pytest.mark.parametrize("command", ["load", "check", "metrics", "report"])
def test_broken_settings_list_every_problem(crmkit, tmp_path, command):
    (tmp_path / "crmkit.toml").write_text('[company]\ncurrency = "EURO"\nfiscal_year = 4\n[data]\nthrough = "soon"\n')
    message = refusal(crmkit(command, "--settings", tmp_path))
    assert "has 3 problems" in message
    assert "Did you mean 'fiscal_year_start'?" in message


def test_settings_that_are_not_toml(crmkit, tmp_path):
    (tmp_path / "crmkit.toml").write_text("company: Kaldi")
    assert "is not valid TOML" in refusal(crmkit("metrics", "--settings", tmp_path))


def test_a_store_that_was_not_loaded_yet_says_to_load(crmkit, company, tmp_path):
    shutil.copy(company / "crmkit.toml", tmp_path)
    shutil.copytree(company / "exports", tmp_path / "exports")
    assert "crmkit load" in refusal(crmkit("metrics", "--settings", tmp_path))


def test_exports_that_are_not_there(crmkit, tmp_path):
    (tmp_path / "crmkit.toml").write_text('[company]\nname = "Kaldi"\n')
    assert "exports" in refusal(crmkit("load", "--settings", tmp_path))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "empty"),
        ("order_id,ordered_at\n1,2026-10-01\n", "revenue"),
        ("order_id,ordered_at,revenue\n1,someday,ten\n2,noon,a lot\n", "ordered_at"),
    ],
    ids=["empty file", "missing column", "wrong types"],
)
def test_an_export_that_cannot_be_read(crmkit, tmp_path, text, wanted):
    (tmp_path / "exports").mkdir()
    (tmp_path / "crmkit.toml").write_text('[company]\nname = "Kaldi"\n')
    (tmp_path / "exports/orders.csv").write_text(text)
    message = refusal(crmkit("load", "--settings", tmp_path))
    assert "orders" in message and wanted in message


def test_a_notebook_without_the_parameter_is_refused_before_any_is_run(crmkit, company, tmp_path):
    write_notebook(tmp_path / "notebooks", "01_good", f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    write_notebook(tmp_path / "notebooks", "02_odd", parameters='perod = "2026-01"  # month\nsettings = None  # file')
    run = crmkit("report", "--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    assert "02_odd.ipynb has no parameter 'period'. Did you mean 'perod'?" in refusal(run)
    assert not (tmp_path / "ran").exists() and not (tmp_path / "out").exists()


def test_an_unknown_option_is_answered_in_plain_text(crmkit):
    run = crmkit("metrics", "--perod", "2026-10")
    assert run.exit_code == 2
    assert "--period" in run.stderr


def test_a_reports_folder_that_is_a_file(crmkit, company, tmp_path):
    (tmp_path / "out").write_text("")
    write_notebook(tmp_path / "notebooks", "01_good", "period")
    run = crmkit("report", "--settings", company, "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    assert "cannot be written" in refusal(run)
