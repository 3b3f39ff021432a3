"""Rows by file and by kind, and what joins make of them: exact, whatever a preset makes of a file."""

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.cleaning.loading.reports import file_report, join_report
from crmkit.sources.presets.model import presets
from tests.sources.preset_rows import export_of

ANSWERS = "response_id,responded_at,survey,score\na,2026-10-01,nps,9\na,2026-10-01,nps,9\nb,,nps,3\nc,,csat,5\nd,2026-10-02,npss,4\n"


def test_each_file_of_a_pattern_and_of_a_preset_reconciles_with_its_own_lines(company):
    january = "order_id,ordered_at,revenue\n1,2026-01-01,5\n2,2026-01-02,x\n3,2026-01-03,7\n3,2026-01-03,7\n"
    february = "order_id,ordered_at,revenue\n4,2026-02-01,5\n5,2026-02-01\n"
    settings = company(
        {"shop_1.csv": january, "shop_2.csv": february, "shopify_2026.csv": export_of(presets()["shopify_orders"])},
        files={"shop": {"path": "shop_*.csv"}},
        tables={"orders": {"file": "shop"}},
    )
    report = load(settings)
    found = file_report(connect(settings=settings)).set_index(["file", "table"])
    columns = ["n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside"]
    assert found.loc[("shop_1.csv", "orders"), columns].tolist() == [4, 2, 1, 0, 0, 1]
    assert found.loc[("shop_2.csv", "orders"), columns].tolist() == [2, 1, 0, 0, 0, 1]
    for table in set(found.index.get_level_values("table")):
        counts = report.counts[table]
        rows = found.xs(table, level="table")[columns].sum()
        assert rows.tolist() == [getattr(counts, name) for name in columns]


def test_rows_of_a_kind_are_counted_by_reason(company):
    kinds = {
        (r["kind"], r["reason"]): r["n_rows"]
        for r in check(company({"survey_responses.csv": ANSWERS})).details["by_kind"]
    }
    assert kinds == {("nps", ""): 1, ("nps", "responded_at is missing"): 1, ("csat", "responded_at is missing"): 1}


def test_frames_have_no_file_and_no_join_without_a_table_to_look_into():
    import pandas as pd

    catalog = connect({"orders": pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [5.0]})})
    assert file_report(catalog)[["file", "n_in"]].values.tolist() == [["", 1]]
    assert join_report(catalog).empty
