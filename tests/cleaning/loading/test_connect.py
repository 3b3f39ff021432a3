"""One door to a company's tables: settings, a store, a folder of exports, or frames."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quality_report
from crmkit.errors import CrmkitError, Problems, UnknownName
from crmkit.settings import parse_settings

ORDERS = "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-02T22:30:00Z,6\n2,2026-10-02T22:30:00Z,6\n3,never,1\n"
TOML = '[company]\ntime_zone = "Asia/Jakarta"\n'


@pytest.fixture
def loaded(company, tmp_path):
    (tmp_path / "crmkit.toml").write_text(TOML)
    load(company({"orders.csv": ORDERS}, company={"time_zone": "Asia/Jakarta"}))
    return tmp_path


@pytest.mark.parametrize("source", ["crmkit.toml", ".", "store"])
def test_settings_their_folder_and_the_store_lead_to_the_same_tables_and_zone(loaded, source):
    catalog = connect(loaded / source)
    assert catalog.frame("orders").ordered_at.astype(str).tolist() == ["2026-10-01 00:00:00", "2026-10-03 05:30:00"]
    assert catalog.settings.company.time_zone == "Asia/Jakarta"
    assert catalog.data_through == date(2026, 10, 3)


def test_a_folder_of_exports_is_checked_as_a_load_would(loaded):
    from_store, from_exports = connect(loaded / "store"), connect(str(loaded / "exports"))
    pd.testing.assert_frame_equal(from_exports.frame("orders"), from_store.frame("orders"))
    for key in ("files", "input_sha256", "n_rows", "rejected", "tables", "counts", "findings"):
        assert from_exports.provenance[key] == from_store.provenance[key]
    assert from_exports.provenance["rejected"] == {"orders": 1}
    assert from_exports.provenance["tables"] == {"orders": 2}
    assert from_exports.provenance["files"][0]["n_rows"] == 4


def test_without_a_source_the_settings_are_looked_for_upwards_then_in_a_sample(loaded, monkeypatch, tmp_path):
    monkeypatch.delenv("CRMKIT_SETTINGS", raising=False)
    below = loaded / "notebooks" / "drafts"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert len(connect().frame("orders")) == 2
    loaded.joinpath("sample").mkdir()
    for name in ("crmkit.toml", "store"):
        loaded.joinpath(name).rename(loaded / "sample" / name)
    assert len(connect().frame("orders")) == 2
    monkeypatch.chdir("/")
    monkeypatch.setenv("CRMKIT_SETTINGS", str(loaded / "sample" / "crmkit.toml"))
    assert len(connect().frame("orders")) == 2


def test_without_any_settings_the_message_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.delenv("CRMKIT_SETTINGS", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CrmkitError, match="Begin a folder of your own with `crmkit new FOLDER`"):
        connect()


def test_without_a_store_the_message_says_what_to_run(company, tmp_path):
    with pytest.raises(CrmkitError, match=r"There is no store .*store yet. Run `crmkit load` first."):
        connect(settings=company({"orders.csv": ORDERS}))


def test_an_empty_folder_and_a_path_that_is_none_are_reported(tmp_path):
    with pytest.raises(CrmkitError, match=r"holds no crmkit.toml, no store and no CSV or Parquet files"):
        connect(tmp_path)
    with pytest.raises(CrmkitError, match="There is no settings file"):
        connect(tmp_path / "elsewhere")


def orders(**columns):
    return pd.DataFrame(
        {"order_id": ["a", "b"], "ordered_at": ["2026-10-01", "2026-10-02"], "revenue": [5, 6]} | columns
    )


def test_frames_are_typed_as_files_are():
    catalog = connect({"orders": orders(customer_id=[17850.0, None], revenue=["1,234.50", "7"], note=["x", "y"])})
    frame = catalog.frame("orders")
    assert frame.columns.tolist() == ["order_id", "ordered_at", "revenue", "customer_id", "note"]
    assert frame.revenue.tolist() == [1234.5, 7.0]
    assert frame.customer_id[0] == "17850"
    assert pd.isna(frame.customer_id[1])
    assert catalog.provenance["tables"] == {"orders": 2}
    assert catalog.provenance["input_sha256"] is None


def test_a_frames_own_columns_of_customers_are_kept_with_their_types():
    customers = pd.DataFrame(
        {
            "customer_id": [1, 2],
            "tier": ["gold", None],
            "score": [0.5, 2],
            "reason": ["a", "b"],
            "email": ["a@b.example", "c@d.example"],
        }
    )
    frame = connect({"customers": customers}).frame("customers")
    assert frame.columns.tolist() == ["customer_id", "tier", "score", "customers_reason"]
    assert frame.score.tolist() == [0.5, 2.0]


def test_a_named_index_is_a_column_and_the_callers_frame_stays_as_it_was():
    given = orders().set_index("order_id")
    before = given.copy()
    assert connect({"orders": given}).frame("orders").order_id.tolist() == ["a", "b"]
    pd.testing.assert_frame_equal(given, before)


def test_all_that_is_wrong_with_the_frames_is_reported_at_once():
    frames = {
        "orders": orders(revenue=["much", "more"]).drop(columns="ordered_at"),
        "leads": pd.DataFrame({"lead_id": [1]}),
    }
    with pytest.raises(Problems) as caught:
        connect(frames)
    assert caught.value.problems == [
        "Table 'orders': ordered_at is missing (did you mean 'order_id'?); revenue is text, must be a number (met: 'much').",
        "Table 'leads': created_at is missing (its columns: lead_id).",
    ]


@pytest.mark.parametrize(
    ("revenue", "told"),
    [
        ([True, False], "revenue is true or false, must be a number"),
        (pd.to_datetime(["2026-10-01", "2026-10-02"]), "revenue is a time, must be a number"),
        ([[1], [2]], "revenue is bigint[], must be a number"),
    ],
)
def test_a_column_of_another_type_is_reported_in_words(revenue, told):
    with pytest.raises(Problems, match=told.replace("[", r"\[").replace("]", r"\]")):
        connect({"orders": orders(revenue=revenue)})


def test_a_table_that_does_not_exist_and_a_value_that_is_no_frame_are_reported():
    with pytest.raises(UnknownName, match="There is no table 'order'. Did you mean 'orders'?"):
        connect({"order": orders()})
    with pytest.raises(Problems, match="Table 'orders': is a list, must be a pandas DataFrame"):
        connect({"orders": [1, 2]})


def test_columns_of_two_levels_and_what_is_wrong_with_other_frames_are_reported_together():
    pivoted = pd.concat({"sum": orders()}, axis="columns")
    with pytest.raises(Problems) as caught:
        connect({"orders": pivoted, "leads": pd.DataFrame({"lead_id": [1]}), "deals": None})
    assert caught.value.problems == [
        "Table 'orders': its columns have 2 levels, must have one name each (met: ('sum', 'order_id')). "
        "Write, for instance, frame.columns = frame.columns.droplevel(0).",
        "Table 'leads': created_at is missing (its columns: lead_id).",
        "Table 'deals': is a NoneType, must be a pandas DataFrame.",
    ]
    with pytest.raises(
        Problems, match=r"(?s)no table 'order'. Did you mean 'orders'.*no table 'lead'. Did you mean 'leads'"
    ):
        connect({"order": orders(), "lead": orders()})


def test_whole_numbers_of_more_than_64_bits_are_read_by_what_they_say():
    frame = connect({"orders": orders(order_id=[2**70, 7], revenue=[2**70, Decimal("1E+60")])}).frame("orders")
    assert frame.order_id.tolist() == ["1180591620717411303424", "7"]
    assert frame.revenue.tolist() == [2.0**70, 1e60]


def test_intervals_and_months_are_reported_as_their_text():
    ages = pd.cut(pd.Series([25, None, 41]), [18, 30, 50])
    customers = pd.DataFrame(
        {
            "customer_id": list("abc"),
            "age_group": ages,
            "size": ages.astype("interval[float64]"),
            "since": pd.PeriodIndex(["2026-09", "2026-10", None], freq="M"),
        }
    )
    frame = connect({"customers": customers}).frame("customers").fillna("none")
    assert frame["age_group"].tolist() == ["(18.0, 30.0]", "none", "(30.0, 50.0]"]
    assert frame["size"].tolist() == ["(18.0, 30.0]", "none", "(30.0, 50.0]"]
    assert frame["since"].tolist() == ["2026-09", "2026-10", "none"]
    with pytest.raises(Problems, match=r"revenue is text, must be a number \(met: '\(18, 30\]'\)"):
        connect({"orders": orders(revenue=pd.cut(pd.Series([25, 41]), [18, 30, 50]))})


def test_an_index_named_as_a_column_that_is_there_already_is_left():
    given = orders().set_index("order_id", drop=False)
    assert connect({"orders": given}).frame("orders").order_id.tolist() == ["a", "b"]


def test_bad_rows_of_a_frame_are_counted_and_left_out():
    frame = pd.concat([orders(), orders(ordered_at=[None, "2026-10-03"])])
    catalog = connect({"orders": frame})
    assert catalog.frame("orders").order_id.tolist() == ["a", "b"]
    counts = catalog.provenance["counts"]["orders"]
    assert {name: n for name, n in counts.items() if n} == {"n_in": 4, "n_kept": 2, "n_aside": 2}


@pytest.mark.parametrize(
    "values", [[5, "6"], [5, None], ["5", 6.0], pd.array([5, None], "Int64"), pd.Categorical(["5", "6"])]
)
def test_mixed_and_extension_types_are_read_by_what_they_say(values):
    assert connect({"orders": orders(revenue=values)}).frame("orders").revenue[0] == 5.0


def test_an_empty_frame_is_an_empty_table_with_its_types():
    frame = connect({"orders": orders().iloc[:0]}).frame("orders")
    assert len(frame) == 0
    assert str(frame.ordered_at.dtype).startswith("datetime64")


def test_frames_may_lie_in_the_future_unless_the_settings_say_where_the_data_ends():
    future = orders(ordered_at=["2096-01-01", "2026-10-02"])
    assert len(connect({"orders": future}).frame("orders")) == 2
    settings = parse_settings({"data": {"through": "2026-12-31"}})
    assert len(connect({"orders": future}, settings).frame("orders")) == 1


def test_half_a_surrogate_pair_is_no_reason_to_fail():
    responses = pd.DataFrame(
        {
            "response_id": [1],
            "responded_at": ["2026-10-01"],
            "survey": ["nps"],
            "score": [9],
            "comment": ["broken \ud83d emoji"],
        }
    )
    assert connect({"survey_responses": responses}).frame("survey_responses").comment[0] == "broken ? emoji"


def test_personal_frames_are_opened_only_if_asked_for():
    people = pd.DataFrame({"customer_id": ["c1"], "name": ["Ada"]})
    assert connect({"orders": orders(), "customer_identities": people}).names == ["orders"]
    assert connect({"customer_identities": people}, personal=True).frame("customer_identities").name.tolist() == ["Ada"]


def test_a_catalog_in_memory_holds_the_checked_rows_only():
    con = connect({"orders": orders()}).table("orders").get_backend().con
    names = con.execute("SELECT table_name FROM information_schema.tables").fetchall()
    assert names == [("orders",)]


def test_connecting_leaves_nothing_in_the_working_directory(loaded, monkeypatch, tmp_path):
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    connect(loaded / "exports").frame("orders")
    connect(loaded / "store").frame("orders")
    assert list(Path(desk).iterdir()) == []


def test_a_text_that_was_written_before_it_was_read_is_no_finding():
    moods = {
        "text_id": ["a"],
        "source": "comment",
        "as_of": ["2026-10-31"],
        "model": "sentiment",
        "model_version": "1",
        "written_at": ["2026-10-02"],
        "mood": [1.0],
    }
    catalog = connect({"text_sentiments": pd.DataFrame(moods)})
    assert not quality_report(catalog)["finding"].str.contains("written_at").any()
