"""Whatever comes in: rows in = kept + merged + aside, and nothing in the store breaks a rule."""

import csv
from collections import Counter

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import Problems
from crmkit.settings import parse_settings

text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
ids = st.sampled_from(["1", "2", "3", "4.0", "'5", " 6 ", "", None])
times = st.one_of(
    st.sampled_from(
        ["2026-10-01", "2026-10-02T10:00Z", "2026-10-02 12:00+02:00", "2099-01-01", "0001-01-01", None, ""]
    ),
    text,
)
amounts = st.one_of(
    st.sampled_from(["5", "1,234.50", "12.5", "(3)", "nan", "inf", None]), st.floats(allow_nan=True).map(str), text
)
order_rows = st.lists(
    st.tuples(ids, times, amounts, ids, st.one_of(text, st.sampled_from(["Ads", "ads", "ADS"]))), max_size=12
)
sound_row = ("sound", "2026-10-01", "5.5", "1", "Ads")
quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
THROUGH = parse_settings({"data": {"through": "2026-10-31"}})
COLUMNS = ["order_id", "ordered_at", "revenue", "customer_id", "channel"]


def csv_of(rows):
    return pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, na_rep="", quoting=csv.QUOTE_ALL)


@given(rows=order_rows)
@quick
def test_of_any_frame_every_row_is_kept_merged_or_set_aside(rows):
    # Sound rows in the majority: else the load rightly refuses a column that is mostly unreadable.
    sound = [(f"sound {n}", *sound_row[1:]) for n in range(2 * len(rows) + 1)]
    catalog = connect({"orders": pd.DataFrame([*rows, *sound], columns=COLUMNS)}, THROUGH)
    counts = catalog.provenance["counts"]["orders"]
    assert counts["n_in"] == len(rows) + len(sound) == counts["n_kept"] + counts["n_merged"] + counts["n_aside"]
    orders = catalog.frame("orders")
    assert len(orders) == counts["n_kept"] >= len(sound)
    assert orders.order_id.is_unique
    assert orders[["order_id", "ordered_at", "revenue"]].notna().all(axis=None)
    assert orders.ordered_at.between("1900-01-01", "2026-11-01", inclusive="left").all()
    rejected = [f["n_rows"] for f in catalog.provenance["findings"] if f["severity"] == "rejected"]
    assert sum(rejected) == counts["n_aside"]
    assert orders.channel.dropna().map(str.lower).nunique() == orders.channel.dropna().nunique()


@given(rows=order_rows)
@quick
def test_of_any_csv_file_every_row_is_kept_merged_or_set_aside_with_its_line(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("messy")
    (folder / "exports").mkdir()
    sound = [(f"sound {n}", *sound_row[1:]) for n in range(2 * len(rows) + 1)]
    (folder / "exports" / "orders.csv").write_text(csv_of([*rows, *sound]), encoding="utf-8", newline="")
    company = parse_settings({"data": {"through": "2026-10-31"}}, folder=folder)
    report = load(company)
    counts, aside = report.counts["orders"], quarantined_rows(company.path("store"), "orders")
    assert counts.n_in == len(rows) + len(sound) == counts.n_kept + counts.n_merged + counts.n_aside
    assert len(aside) == counts.n_aside
    assert aside.line.is_unique
    assert Counter(aside.reason) == {f.finding: f.n_rows for f in report.findings if f.severity == "rejected"}


@given(content=st.binary(max_size=300))
@quick
def test_any_bytes_under_a_tables_name_load_or_are_reported_as_problems(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("orders.csv", "orders.parquet"):
        exports = folder / name.replace(".", "_")
        exports.mkdir()
        (exports / name).write_bytes(content)
        try:
            report = check(parse_settings({}, folder=folder), exports)
        except Problems as problems:
            assert problems.problems[0].startswith(f"{name}: ")
        else:
            assert report.counts == {}


@given(content=st.text(max_size=120))
@quick
def test_any_text_after_a_header_loads_or_is_reported_as_problems(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    (folder / "exports").mkdir()
    (folder / "exports" / "orders.csv").write_bytes(
        b"order_id,ordered_at,revenue\n" + content.encode("utf-8", "replace")
    )
    try:
        report = check(parse_settings({}, folder=folder))
    except Problems as problems:
        assert len(problems.problems) == 1
    else:
        assert all(c.n_in == c.n_kept + c.n_merged + c.n_aside for c in report.counts.values())
