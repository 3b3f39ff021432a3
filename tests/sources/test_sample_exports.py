"""The export files hold the tables and the dirt that was planned, and crmkit.toml maps them."""

import io
from datetime import date
from functools import cache

import duckdb
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError
from crmkit.settings import read_settings
from crmkit.sources.sample import sample_company, write_exports
from crmkit.sources.sample.layouts import FOREIGN, layouts
from tests.sources.kaldi import kaldi, kaldi_files, table

SMALL = sample_company(60, 12)


@cache
def written(name: str) -> pd.DataFrame:
    """One file of the default company as text under its canonical names, rows as they stand."""
    layout = next(layout for layout in layouts(kaldi().tables) if layout.name == name)
    raw = io.BytesIO(kaldi_files()[f"exports/{name}.csv"])
    rows = pd.read_csv(raw, sep=layout.delimiter, encoding=layout.encoding, dtype=str, keep_default_na=False)
    return rows.rename(columns={header: column for column, header in layout.headers.items()})


def planned(table_name: str, kind: str) -> int:
    dirt = kaldi().truth["dirt"].set_index(["table", "kind"])["n_rows"]
    return int(dirt[table_name, kind])


def test_each_kind_of_dirt_is_less_than_one_percent_of_its_table():
    dirt = kaldi().truth["dirt"].query("treatment != 'kept'")
    assert (dirt["n_rows"] >= 1).all()
    assert (dirt["n_rows"] <= [0.011 * len(table(name)) for name in dirt["table"]]).all()
    assert set(dirt["treatment"]) == {"deduplicated", "rejected", "noted", "cleaned", "emptied", "merged"}


@pytest.mark.parametrize(
    "name, table_name",
    [("shop_orders", "orders"), ("survey_tool", "survey_responses"), ("tickets", "tickets"), ("mailings", "mailings")],
)
def test_exact_duplicates_are_as_many_as_planned(name, table_name):
    assert written(name).duplicated().sum() == planned(table_name, "exact duplicate")


def test_the_shop_has_amounts_that_are_no_numbers_and_orders_of_2062():
    orders = written("shop_orders").drop_duplicates()
    assert (orders["revenue"] == "12,5O").sum() == planned("orders", "amount that is no number") == 7
    future = orders["ordered_at"] == "31.10.2062 10:00:00"
    assert future.sum() == planned("orders", "dated in the future") == 2
    assert len(orders) == len(table("orders")) + 9


def test_the_survey_tool_has_answers_without_a_date_scores_of_11_and_an_unknown_survey():
    answers = written("survey_tool").drop_duplicates()
    n_bad = [
        (answers["responded_at"] == "").sum(),
        (answers["score"] == "11").sum(),
        (answers["survey"] == "npss").sum(),
    ]
    kinds = ["no date", "score above the scale", "unknown survey"]
    assert n_bad == [planned("survey_responses", kind) for kind in kinds]
    assert len(answers) == len(table("survey_responses")) + sum(n_bad)


def test_leads_and_visits_without_a_date_are_as_many_as_planned():
    assert (written("leads")["created_at"] == "").sum() == planned("leads", "no date")
    assert (written("web_traffic")["visited_on"] == "").sum() == planned("web_traffic", "no date")


def test_some_tickets_and_lines_point_to_no_row():
    assert (written("tickets").drop_duplicates()["customer_id"] == "C-000000").sum() == planned(
        "tickets", "unknown customer"
    )
    assert (written("shop_order_lines")["order_id"] == "O-999999").sum() == planned("order_lines", "unknown order")


def test_the_cost_files_have_a_bad_amount_and_an_unknown_purpose():
    assert (written("media_costs")["amount"] == "12,5O").sum() == planned("costs", "amount that is no number")
    assert (written("staff_costs")["purpose"] == "aquisition").sum() == planned("costs", "unknown purpose")


@pytest.mark.parametrize(
    "name, table_name", [("leads", "leads"), ("customers", "customers"), ("crm_opportunities", "deals")]
)
def test_untidy_channels_differ_in_case_and_blanks_only(name, table_name):
    known = set(table(table_name)["channel"].dropna()) | {""}
    spelt = written(name)["channel"]
    untidy = ~spelt.isin(known)
    assert untidy.sum() == planned(table_name, "untidy channel")
    assert set(spelt.str.strip().str.lower()) <= known


def test_impossible_years_of_birth_stand_where_none_is_known():
    customers = written("customers").drop_duplicates("customer_id").set_index("customer_id")
    impossible = customers.index[customers["birth_year"] == "1066"]
    assert len(impossible) == planned("customers", "year of birth before 1900")
    assert table("customers").set_index("customer_id").loc[impossible, "birth_year"].isna().all()


def test_25_customers_have_a_second_account_with_their_later_orders():
    twice, people = kaldi().truth["duplicates"], written("customer_identities").set_index("customer_id")
    assert len(twice) == planned("customers", "entered twice") == 25
    first, second = people.loc[twice["duplicate_of"]], people.loc[twice["customer_id"]]
    assert (first["name"].to_numpy() != second["name"].to_numpy()).all()
    digits = [rows["phone"].str.replace(r"\D", "", regex=True).to_numpy() for rows in (first, second)]
    assert (digits[0] == digits[1]).all()
    owners = written("shop_orders").drop_duplicates().set_index("order_id")["customer_id"]
    merged = owners.replace(dict(zip(twice["customer_id"], twice["duplicate_of"], strict=True)))
    truth = table("orders").set_index("order_id")["customer_id"].fillna("")
    assert (merged.loc[truth.index] == truth).all()
    assert set(twice["customer_id"]) <= set(owners)


def test_hostile_texts_arrive_as_they_are():
    comments = written("survey_tool")["comment"]
    assert (comments == "<script>alert(1)</script>").any()
    assert comments.str.startswith("=HYPERLINK(").any()
    assert (written("shop_order_lines")["product"] == "Espresso $mart $aver 2 kg").any()


def test_without_the_dirt_the_canonical_files_are_the_tables():
    canonical = [layout.name for layout in layouts(kaldi().tables) if not layout.headers]
    assert len(canonical) == 13
    for name in set(canonical) - {"customers", "customer_identities", "leads", "tickets", "web_traffic"}:
        assert len(written(name).drop_duplicates()) == len(table(name))


def test_the_settings_are_valid_and_name_the_company(tmp_path):
    write_exports(tmp_path / "sample", SMALL)
    settings = read_settings(tmp_path / "sample")
    assert settings.company.name == "Kaldi Coffee" and settings.company.churn_after_days == 90
    assert settings.data.through == date(2026, 10, 31)
    assert settings.target("nps", date(2025, 5, 1)) == 30 and settings.target("nps", date(2026, 5, 1)) == 35
    assert set(settings.files) == {layout.name for layout in FOREIGN}
    assert set(settings.tables) == {"orders", "order_lines", "survey_responses", "deals", "costs"}


def test_the_mapped_headers_are_those_of_the_files(tmp_path):
    write_exports(tmp_path / "sample", SMALL)
    settings = read_settings(tmp_path / "sample")
    for mapping in settings.tables.values():
        if mapping.file is not None:
            file = settings.files[mapping.file]
            text = (settings.path("exports") / file.path).read_text(encoding=file.encoding)
            assert text.splitlines()[0].split(file.delimiter or ",") == list(mapping.columns.values())


def test_the_sql_of_the_settings_puts_the_costs_together(tmp_path):
    write_exports(tmp_path / "sample", SMALL)
    settings = read_settings(tmp_path / "sample")
    with duckdb.connect() as con:
        for name in ("media_costs", "staff_costs"):
            file = settings.path("exports") / settings.files[name].path
            delimiter = settings.files[name].delimiter or ","
            con.execute(
                f"CREATE VIEW {name} AS FROM read_csv('{file}', delim = '{delimiter}', header = true, all_varchar = true)"
            )
        costs = con.execute(settings.tables["costs"].sql or "").df()
    truth = SMALL.tables["costs"]
    good = costs[costs["amount"].notna() & costs["purpose"].isin(["acquisition", "retention"])]
    assert len(costs) == len(truth) + 2 and len(good) == len(truth)
    for columns in (["purpose"], ["category"], ["channel"], ["campaign"]):
        expected = truth.groupby(columns)["amount"].sum()
        pd.testing.assert_series_equal(good.groupby(columns)["amount"].sum(), expected, check_index_type=False)


def test_the_survey_tool_writes_utc(tmp_path):
    local = table("survey_responses").set_index("response_id")["responded_at"]
    utc = written("survey_tool").set_index("response_id")["responded_at"]
    july, january = local[local.dt.month == 7].index[0], local[local.dt.month == 1].index[0]
    assert local[july] - pd.Timestamp(utc[july]) == pd.Timedelta(hours=2)
    assert local[january] - pd.Timestamp(utc[january]) == pd.Timedelta(hours=1)


def test_the_same_company_writes_the_same_bytes(tmp_path):
    first, again = write_exports(tmp_path / "a", SMALL), write_exports(tmp_path / "b", sample_company(60, 12))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert all(path.is_file() for path in first) and first[-1].name == "crmkit.toml"


def test_a_full_folder_is_refused_and_nothing_is_left_behind(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(CrmkitError, match="not empty"):
        write_exports(tmp_path / "mine", SMALL)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_overwriting_replaces_the_sample_and_keeps_store_and_reports(tmp_path):
    write_exports(tmp_path / "sample", SMALL)
    (tmp_path / "sample" / "store").mkdir()
    (tmp_path / "sample" / "exports" / "orders.csv").unlink(missing_ok=True)
    other = sample_company(40, 8, seed=5)
    write_exports(tmp_path / "sample", other, overwrite=True)
    customers = pd.read_csv(tmp_path / "sample" / "exports" / "customers.csv")
    assert len(customers) == 40 + len(other.truth["duplicates"])
    assert sorted(path.name for path in (tmp_path / "sample").iterdir()) == ["crmkit.toml", "exports", "store"]
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_overwriting_never_removes_exports_that_are_not_the_samples(tmp_path):
    write_exports(tmp_path / "sample", SMALL)
    own = tmp_path / "sample" / "exports" / "real_orders.csv"
    own.write_text("order_id\n1\n")
    with pytest.raises(CrmkitError, match=r"real_orders\.csv"):
        write_exports(tmp_path / "sample", SMALL, overwrite=True)
    assert own.exists()


def test_a_failure_while_writing_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "crmkit.sources.sample.exports._swap_in", lambda *_: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        write_exports(tmp_path / "sample", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_the_smallest_company_can_be_written(tmp_path):
    assert len(write_exports(tmp_path / "tiny", sample_company(20, 8))) == 20


def test_loading_the_exports_sets_the_planned_dirt_aside_and_restores_the_rest(tmp_path):
    write_exports(tmp_path / "sample", SMALL)
    settings = read_settings(tmp_path / "sample")
    load(settings)
    loaded = connect(tmp_path / "sample", personal=True)
    dirt = SMALL.truth["dirt"]
    planned_rejects = dirt[dirt["treatment"] == "rejected"].groupby("table")["n_rows"].sum().to_dict()
    assert {name: n_rows for name, n_rows in loaded.provenance["rejected"].items() if n_rows} == planned_rejects
    extra = dirt[dirt["treatment"] == "noted"].groupby("table")["n_rows"].sum()
    for name, rows in SMALL.tables.items():
        assert len(loaded.frame(name)) == len(rows) + extra.get(name, 0), name
    for name, money in (("orders", "revenue"), ("costs", "amount"), ("subscription_terms", "mrr"), ("deals", "amount")):
        assert loaded.frame(name)[money].sum() == pytest.approx(SMALL.tables[name][money].sum())
    times = loaded.frame("survey_responses").set_index("response_id")["responded_at"]
    truth = SMALL.tables["survey_responses"].set_index("response_id")["responded_at"]
    assert (times.loc[truth.index] == truth).all()
    assert set(loaded.frame("leads")["channel"]) == set(SMALL.tables["leads"]["channel"])
