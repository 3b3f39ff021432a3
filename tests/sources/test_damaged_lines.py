"""Kinds of damage that thousands of damaged files have shown."""

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.settings import parse_settings
from crmkit.sources.files.currencies import foreign_sign
from crmkit.sources.presets.model import presets
from crmkit.sources.sql import open_duckdb
from tests.sources.preset_rows import export_of


def loaded(folder, name, text):
    (folder / "exports").mkdir()
    (folder / "exports" / name).write_text(text, encoding="utf-8")
    return load(parse_settings({"data": {"through": "2026-12-31"}}, folder=folder))


@pytest.mark.parametrize("preset", ["woocommerce_orders", "shopify_orders", "hubspot_deals"])
def test_a_header_pasted_between_the_rows_with_a_damaged_name_is_no_row_and_asks_for_no_word(preset, tmp_path):
    lines = export_of(presets()[preset], 9).splitlines()
    damaged = "\ufeff" + lines[0].replace("Create", "Crexte", 1)[:-1] + "#"
    report = loaded(tmp_path, f"{preset}_2026.csv", "\n".join([*lines[:5], damaged, *lines[5:]]))
    assert any("lines that repeat the header" in each.finding for each in report.findings)
    assert sum(len(quarantined_rows(tmp_path / "store", table)) for table in report.counts) == 0


def test_rows_that_share_two_of_five_cells_with_the_header_are_rows(tmp_path):
    text = "order_id,ordered_at,revenue,channel,campaign\n1,2026-09-01,5,channel,campaign\n2,2026-09-02,7,shop,autumn\n"
    assert loaded(tmp_path, "orders.csv", text).counts["orders"].n_kept == 2


@pytest.mark.parametrize(
    ("cell", "is_foreign"), [("1F.50", False), ("12x50", False), ("1.50 F", True), ("$12.50", True)]
)
def test_a_letter_within_a_number_is_no_currency(cell, is_foreign):
    with open_duckdb() as con:
        con.execute(f"CREATE TABLE amounts AS SELECT '{cell}' AS amount, 1 AS __row, 0 AS __part")
        assert (foreign_sign(con, "amounts", ["amount"], "EUR") is not None) == is_foreign
