"""A folder of one's own, begun with `crmkit new`."""

import re
import tomllib

import pytest
from typer.testing import CliRunner

from crmkit.cli.commands import app
from crmkit.settings import Settings, parse_settings, read_settings

ORDERS = "order_id,ordered_at,revenue,customer_id\n" + "".join(
    f"{n},2026-{8 + n % 3:02d}-{1 + n % 27:02d},{20 + n},c{n % 40}\n" for n in range(300)
)


def crmkit(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_new_folder_has_settings_that_are_read_and_a_place_for_exports(tmp_path):
    done = crmkit(
        "new", tmp_path / "kaldi", "--name", 'Kaldi "The" Coffee', "--currency", "IDR", "--time-zone", "Asia/Jakarta"
    )
    assert done.exit_code == 0, done.output
    assert (tmp_path / "kaldi" / "exports").is_dir()
    company = read_settings(tmp_path / "kaldi").company
    assert (company.name, company.currency, company.time_zone) == ('Kaldi "The" Coffee', "IDR", "Asia/Jakarta")


def test_without_more_words_the_settings_are_those_by_default(tmp_path):
    assert crmkit("new", tmp_path / "kaldi", "--time-zone", "UTC").exit_code == 0
    read = read_settings(tmp_path / "kaldi").model_dump(exclude={"folder"})
    usual = Settings().model_dump(exclude={"folder"})
    assert read == usual | {"company": usual["company"] | {"name": "kaldi"}}


def test_each_choice_behind_a_comment_is_a_setting_that_there_is(tmp_path):
    crmkit("new", tmp_path)
    text = (tmp_path / "crmkit.toml").read_text(encoding="utf-8")
    switched_on = re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)
    files, _, database = switched_on.partition("[database]")
    assert switched_on.count("\n[") == text.count("\n[") + 7
    assert parse_settings(tomllib.loads(files)).files["till"].decimal == ","
    assert parse_settings(tomllib.loads("[database]" + database)).database.address.host == "db.example.com"


def test_settings_that_are_there_are_not_written_over(tmp_path):
    (tmp_path / "crmkit.toml").write_text("[company]\n")
    done = crmkit("new", tmp_path)
    assert done.exit_code == 2
    assert "crmkit.toml" in done.output and "already" in done.output
    assert (tmp_path / "crmkit.toml").read_text() == "[company]\n"


@pytest.mark.parametrize(
    ("option", "value", "nearest"), [("--currency", "EURO", "EUR"), ("--time-zone", "Asia/Jakata", "Asia/Jakarta")]
)
def test_a_wrong_currency_or_time_zone_is_one_sentence_and_nothing_is_written(tmp_path, option, value, nearest):
    done = crmkit("new", tmp_path / "kaldi", option, value)
    assert done.exit_code == 2
    assert nearest in done.output
    assert not (tmp_path / "kaldi").exists()


def test_own_notebooks_are_copies_that_the_report_uses(tmp_path):
    crmkit("new", tmp_path, "--notebooks", "--time-zone", "UTC")
    (tmp_path / "exports" / "orders.csv").write_text(ORDERS)
    page = tmp_path / "notebooks" / "01_scorecard.ipynb"
    page.write_text(
        page.read_text(encoding="utf-8").replace("# Monthly scorecard", "# Our own first page"), encoding="utf-8"
    )
    assert "Our own first page" in page.read_text(encoding="utf-8")
    assert crmkit("load", "--settings", tmp_path).exit_code == 0
    done = crmkit("report", "--settings", tmp_path, "--only", "scorecard")
    assert done.exit_code == 0, done.output
    made = next((tmp_path / "reports").glob("2026-*/scorecard.html"))
    assert "Our own first page" in made.read_text(encoding="utf-8")


def test_where_settings_are_missing_the_advice_can_be_followed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRMKIT_SETTINGS", raising=False)
    done = crmkit("load")
    assert done.exit_code == 2
    assert "`crmkit new FOLDER`" in done.output
    assert crmkit("new", "kaldi").exit_code == 0
    (tmp_path / "kaldi" / "exports" / "orders.csv").write_text(ORDERS)
    assert crmkit("load", "--settings", "kaldi").exit_code == 0
