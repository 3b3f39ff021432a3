"""Settings: read, checked, every problem at once; no secret is ever repeated."""

import copy
import traceback
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CrmkitError, Problems
from crmkit.settings import Settings, parse_settings, read_settings
from crmkit.tables.schema import SCHEMAS

SECRET = "hunter2-s3cr3t"
WHOLE = {
    "company": {
        "name": "Kaldi Coffee",
        "currency": "IDR",
        "time_zone": "Asia/Jakarta",
        "fiscal_year_start": 4,
        "churn_after_days": 120,
        "lead_conversion_days": 14,
        "smallest_group": 8,
        "lead_abandonment_days": 60,
        "win_within_days": 45,
        "cost_lag_days": 20,
    },
    "data": {"exports": "exports", "store": "store", "cache": "kept", "reports": "out", "through": date(2026, 10, 31)},
    "targets": [{"metric": "nps", "value": 40, "from": date(2026, 1, 1), "until": date(2027, 1, 1)}],
    "budgets": [{"amount": 900, "channel": "paid search", "purpose": "acquisition", "per": "month"}],
    "smallest_change_that_matters": {"nps": 5},
    "files": {
        "shop": {"path": "shop*.csv", "encoding": "cp1252", "delimiter": ";", "decimal": ",", "date_format": "%d"}
    },
    "tables": {
        "orders": {"file": "shop", "columns": {"order_id": "No."}, "time_zone": "UTC"},
        "leads": {"sql": "SELECT 1"},
    },
    "metric_modules": ["kaldi_metrics"],
}


def problems_of(raw):
    with pytest.raises(Problems) as refused:
        parse_settings(raw)
    return refused.value.problems


def places(raw, place=()):
    """Yield the place of every section, list and value."""
    inside = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in inside:
        yield (*place, key)
        yield from places(value, (*place, key))


def replaced(raw, place, value):
    changed = copy.deepcopy(raw)
    inside = changed
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return changed


# --- what is read


def test_an_empty_file_gives_the_defaults():
    settings = parse_settings({})
    assert settings == Settings()
    company = settings.company
    assert (company.currency, company.time_zone, company.churn_after_days) == ("EUR", "UTC", 90)
    assert settings.targets == () and settings.data.through is None


def test_every_setting_is_read():
    settings = parse_settings(WHOLE)
    assert settings.company.model_dump(exclude_unset=True) == WHOLE["company"]
    assert settings.data.through == date(2026, 10, 31) and settings.path("cache").name == "kept"
    assert settings.smallest_change_that_matters == {"nps": 5.0}
    assert settings.files["shop"].model_dump(exclude_unset=True) == WHOLE["files"]["shop"]
    assert settings.tables["orders"].columns == {"order_id": "No."} and settings.tables["leads"].sql == "SELECT 1"
    assert settings.metric_modules == ("kaldi_metrics",)


def test_relative_paths_begin_at_the_settings_file_and_absolute_ones_stay(tmp_path, monkeypatch):
    (tmp_path / "kaldi").mkdir()
    elsewhere = tmp_path / "archive"
    (tmp_path / "kaldi" / "crmkit.toml").write_text(
        f"[data]\nexports = '../exports'\nreports = '{elsewhere.as_posix()}'\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    settings = read_settings("kaldi/crmkit.toml")
    monkeypatch.chdir(tmp_path.parent)
    assert settings.path("exports") == (tmp_path / "exports").resolve()
    assert settings.path("store") == (tmp_path / "kaldi" / "store").resolve()
    assert settings.path("reports") == elsewhere.resolve()


def test_a_folder_a_file_and_the_working_directory_lead_to_the_same_settings(tmp_path, monkeypatch):
    (tmp_path / "crmkit.toml").write_text("[company]\nname = 'Kaldi'\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_settings(tmp_path) == read_settings(str(tmp_path / "crmkit.toml")) == read_settings()
    assert read_settings().company.name == "Kaldi"


def test_a_file_saved_by_notepad_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "crmkit.toml").write_text("[company]\nname = 'Café'\n", encoding="utf-8-sig")
    assert read_settings(tmp_path).company.name == "Café"


def test_a_missing_file_is_named_and_the_solution_given(tmp_path):
    with pytest.raises(CrmkitError, match=r"There is no settings file .*nothing\.toml.*crmkit new"):
        read_settings(tmp_path / "nothing.toml")
    with pytest.raises(CrmkitError, match=r"There is no settings file .*crmkit\.toml"):
        read_settings(tmp_path)


@pytest.mark.parametrize("content", [b"[company\nname = 'x'", b"name = ", b"name = 'Caf\xe9'", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_a_problem_with_the_files_name(tmp_path, content):
    (tmp_path / "crmkit.toml").write_bytes(content)
    with pytest.raises(Problems, match="not valid TOML") as refused:
        read_settings(tmp_path)
    assert refused.value.subject == str(tmp_path / "crmkit.toml")


def test_settings_cannot_be_changed():
    settings = parse_settings(WHOLE)
    for section, name in (
        (settings, "targets"),
        (settings.company, "currency"),
        (settings.data, "through"),
        (settings.targets[0], "value"),
        (settings.files["shop"], "path"),
    ):
        with pytest.raises(ValueError, match="frozen"):
            setattr(section, name, None)


# --- targets


def target_of(*targets):
    settings = parse_settings({"targets": [{"metric": "nps", **target} for target in targets]})
    return lambda *day: settings.target("nps", date(*day))


def test_a_target_holds_from_its_first_day_up_to_and_not_on_its_until():
    on = target_of({"value": 40, "from": date(2026, 1, 1), "until": date(2027, 1, 1)})
    assert [on(2025, 12, 31), on(2026, 1, 1), on(2026, 12, 31), on(2027, 1, 1)] == [None, 40.0, 40.0, None]


def test_of_two_targets_in_force_the_one_that_started_last_wins_whatever_their_order():
    general, year_2026 = {"value": 30}, {"value": 40, "from": date(2026, 1, 1), "until": date(2027, 1, 1)}
    for targets in ((general, year_2026), (year_2026, general)):
        on = target_of(*targets)
        assert [on(2025, 6, 1), on(2026, 6, 1), on(2027, 6, 1)] == [30.0, 40.0, 30.0]


def test_a_metric_without_target_has_none():
    assert parse_settings(WHOLE).target("csat", date(2026, 6, 1)) is None


def test_a_target_that_ends_before_it_starts_is_a_problem():
    target = {"metric": "nps", "value": 1, "from": date(2026, 5, 1), "until": date(2026, 5, 1)}
    assert problems_of({"targets": [target]}) == ["targets[1].until: until must be after from (it is 2026-05-01)."]


# --- problems


def test_six_problems_are_listed_at_once_each_with_a_hint():
    raw = {
        "company": {"currency": "EURO", "time_zone": "Berlin", "fiscal_year_start": 13, "curency": "EUR"},
        "targets": [{"metric": "nps", "value": 1}, {"metric": "nps", "value": "high"}],
        "dta": {},
    }
    assert sorted(problems_of(raw)) == [
        "company.curency: there is no such setting. Did you mean 'currency'?",
        "company.currency: 'EURO' is not a currency code. Did you mean 'EUR'?",
        "company.fiscal_year_start: input should be less than or equal to 12 (it is 13).",
        "company.time_zone: 'Berlin' is not a time zone such as Europe/Berlin. Did you mean 'Europe/Berlin'?",
        "dta: there is no such setting. Did you mean 'data'?",
        "targets[2].value: input should be a valid number, unable to parse string as a number (it is 'high').",
    ]


@pytest.mark.parametrize(
    ("place", "nearest"),
    [
        (("compny",), "company"),
        (("company", "churn_after"), "churn_after_days"),
        (("data", "report"), "reports"),
        (("targets", 0, "form"), "from"),
        (("files", "shop", "encodin"), "encoding"),
        (("tables", "orders", "column"), "columns"),
        (("tables", "leads", "timezone"), "time_zone"),
    ],
)
def test_a_misspelt_setting_is_answered_with_the_nearest_of_its_own_level(place, nearest):
    where = ".".join(str(part) for part in place).replace(".0", "[1]")
    found = problems_of(replaced(WHOLE, place, "x"))
    assert found == [f"{where}: there is no such setting. Did you mean '{nearest}'?"]


def test_a_file_may_be_called_like_a_setting_and_its_faults_are_still_reported():
    found = problems_of({"files": {"path": {"path": "a.csv", "encodin": "x"}}})
    assert found == ["files.path.encodin: there is no such setting. Did you mean 'encoding'?"]


def test_the_folder_of_the_file_is_not_a_setting():
    assert problems_of({"folder": "elsewhere"})[0].startswith(
        "folder: there is no such setting. Known: actions, budgets, company"
    )
    assert parse_settings({}, folder=Path("here")).folder == Path("here")


@pytest.mark.parametrize("table", [{}, {"file": "shop", "sql": "SELECT 1"}])
def test_a_table_comes_from_one_file_or_from_sql(table):
    assert problems_of({"tables": {"orders": table}}) == [
        "tables.orders: write either file = ... (with columns) or sql = ..., not both and not neither."
    ]


def test_columns_beside_sql_are_refused():
    table = {"sql": "SELECT 1", "columns": {"order_id": "No."}}
    assert "in sql name the columns with AS" in problems_of({"tables": {"orders": table}})[0]


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("company", "name", " "),
        ("company", "currency", "eur"),
        ("company", "time_zone", "Mars/Base"),
        ("company", "fiscal_year_start", 0),
        ("company", "churn_after_days", 0),
        ("company", "churn_after_days", 3661),
        ("company", "lead_conversion_days", 1.5),
        ("data", "through", "yesterday"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_place(section, name, value):
    (problem,) = problems_of({section: {name: value}})
    assert problem.startswith(f"{section}.{name}: ") and repr(value).strip("'") in problem


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_target_that_is_no_number_is_refused(value):
    (problem,) = problems_of({"targets": [{"metric": "nps", "value": value}]})
    assert problem == f"targets[1].value: input should be a finite number (it is {value})."
    assert len(problems_of({"smallest_change_that_matters": {"nps": value}})) == 1


# --- secrets


def test_a_variable_is_filled_in_from_the_environment_also_inside_a_text(monkeypatch):
    monkeypatch.setenv("KALDI_HOME", "/srv/kaldi")
    monkeypatch.setenv("KALDI_DAYS", "120")
    company = {"churn_after_days": "${KALDI_DAYS}"}
    settings = parse_settings({"data": {"exports": "${KALDI_HOME}/exports"}, "company": company})
    assert settings.path("exports") == Path("/srv/kaldi/exports").resolve()
    assert settings.company.churn_after_days == 120


def test_a_variable_that_is_not_set_is_one_problem_and_named(monkeypatch):
    monkeypatch.delenv("KALDI_CURRENCY", raising=False)
    found = problems_of({"company": {"currency": "${KALDI_CURRENCY}"}, "metric_modules": ["a", "b_${KALDI_CURRENCY}"]})
    assert found == [
        "company.currency: the environment variable KALDI_CURRENCY is not set.",
        "metric_modules[2]: the environment variable KALDI_CURRENCY is not set.",
    ]


@pytest.mark.parametrize("name", ["password", "db_password", "api_key", "api-key", "apikey", "TOKEN", "client_secret"])
@pytest.mark.parametrize(
    "place", [(), ("company",), ("targets", 0), ("files", "shop"), ("smallest_change_that_matters",)]
)
def test_a_secret_written_in_the_file_is_refused_and_not_repeated(place, name):
    found = problems_of(replaced(WHOLE, (*place, name), SECRET))
    assert any("a secret does not belong in this file" in problem and '"${NAME}"' in problem for problem in found)
    assert SECRET not in "".join(found)


def test_a_secret_is_not_repeated_where_a_list_stands_for_a_section():
    assert SECRET not in "".join(problems_of({"company": [{"password": SECRET}], "targets": {"token": SECRET}}))


def test_half_a_secret_beside_a_variable_is_refused_too(monkeypatch):
    monkeypatch.setenv("KALDI_SALT", "salt")
    found = problems_of({"smallest_change_that_matters": {"password": f"{SECRET}${{KALDI_SALT}}"}})
    assert "a secret does not belong in this file" in found[0]
    assert SECRET not in "".join(found)


@pytest.mark.parametrize("place", list(places(WHOLE)), ids=lambda place: ".".join(str(part) for part in place))
def test_a_value_from_the_environment_is_never_repeated_wherever_it_is_wrong(monkeypatch, place):
    monkeypatch.setenv("KALDI_SECRET", SECRET)
    try:
        parse_settings(replaced(WHOLE, place, "${KALDI_SECRET}"))
    except Problems as refused:
        assert SECRET not in str(refused)
        assert SECRET not in "".join(traceback.format_exception(refused)), "pydantic's own message repeats the value"


def test_a_wrong_value_from_the_environment_is_shown_by_the_name_of_its_variable(monkeypatch):
    monkeypatch.setenv("KALDI_SECRET", SECRET)
    found = problems_of({"company": {"currency": "${KALDI_SECRET}", "fiscal_year_start": "${KALDI_SECRET}"}})
    assert found[0].startswith("company.currency: '${KALDI_SECRET}' is not a currency code.")
    assert found[1].endswith("unable to parse string as an integer (it is '${KALDI_SECRET}').")


def test_a_day_from_the_environment_is_not_repeated_when_a_target_runs_backwards(monkeypatch):
    monkeypatch.setenv("KALDI_FROM", "2026-05-17")
    target = {"metric": "nps", "value": 1, "from": "${KALDI_FROM}", "until": date(2026, 1, 1)}
    assert problems_of({"targets": [target]}) == ["targets[1].until: until must be after from (it is 2026-01-01)."]


def test_no_column_of_a_canonical_table_is_taken_for_a_secret():
    for table in SCHEMAS.values():
        mapping = {"file": "a", "columns": dict.fromkeys(table.names, "A")}
        assert parse_settings({"tables": {table.name: mapping}}).tables[table.name].columns == mapping["columns"]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(places(WHOLE))), _VALUES)
def test_whatever_stands_in_a_setting_it_is_read_or_it_is_a_problem(place, value):
    try:
        parse_settings(replaced(WHOLE, place, value))
    except Problems as refused:
        assert all(problem.endswith((".", "?")) for problem in refused.problems)


def test_a_tab_may_be_the_delimiter():
    assert parse_settings({"files": {"a": {"path": "a.tsv", "delimiter": "\t"}}}).files["a"].delimiter == "\t"
