"""``crmkit map``: what each file is, three rows without personal data, and a proposal that can be used as it is."""

import tomllib

import pytest
from typer.testing import CliRunner

from crmkit.cleaning.loading.connect import connect
from crmkit.cli.commands import app
from crmkit.errors import CrmkitError
from crmkit.settings import Settings, parse_settings
from crmkit.sources.proposing.preview import preview_folder, write_proposal
from tests.sources.layouts import HUBSPOT_CONTACTS, SHOPIFY_ORDERS, export

TILL = (
    "Beleg-Nr;Belegdatum;Betrag netto;Kunden-Nr.;Kanal;Kundenname\n1;13.02.2026;1.234,50 €;17;Laden;Ada Lang\n"
    "2;03.04.2026;12,00 €;18;Web;Bob Bär\n3;04.04.2026;7,50 €;17;Web;Ada Lang\n"
)
ORDER = {
    "Name": "#1001",
    "Email": "ada@shop.example",
    "Billing Name": "Ada Lang",
    "Financial Status": "paid",
    "Total": "35.00",
    "Created at": "2025-10-02",
    "Lineitem quantity": "2",
    "Lineitem name": "Mug",
    "Lineitem price": "17.50",
    "Notes": "Ring twice",
}


@pytest.fixture
def folder(tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "kasse.csv").write_bytes(TILL.encode("cp1252"))
    (exports / "orders_export.csv").write_text(export(SHOPIFY_ORDERS, ORDER))
    (exports / "contacts.csv").write_text(
        export(
            HUBSPOT_CONTACTS,
            {"Record ID": "1", "First Name": "Ada", "Email": "ada@shop.example", "Create Date": "2026-01-01"},
        )
    )
    (exports / "leads.csv").write_text("lead_id,created_at\n1,2026-01-01\n")
    return exports


def by_name(folder):
    return {preview.file: preview for preview in preview_folder(folder, Settings())}


def test_each_file_is_named_with_its_system_its_tables_and_what_is_not_used(folder):
    seen = by_name(folder)
    assert {name: preview.system for name, preview in seen.items()} == {
        "contacts.csv": "HubSpot contacts",
        "kasse.csv": "not known",
        "leads.csv": "crmkit's own layout",
        "orders_export.csv": "Shopify orders",
    }
    shopify = seen["orders_export.csv"]
    assert list(shopify.tables) == ["orders", "order_lines", "customers", "customer_identities"]
    assert shopify.matched["Total"] == "total"
    assert "Lineitem sku" in shopify.unmatched
    assert "amounts are taken as EUR" in " ".join(shopify.doubts)


def test_no_name_address_or_remark_is_shown(folder, capsys):
    result = CliRunner().invoke(app, ["map", str(folder)])
    assert result.exit_code == 0
    for word in ("Ada", "Lang", "ada@", "Bär", "Ring twice"):
        assert word not in result.stdout
    for word in ("Shopify orders", "shopify-#1001", "35.0", "1.234,50 €", "not used: ", "mapping.toml"):
        assert word in result.stdout
    assert (folder / "mapping.toml").is_file()


def test_the_proposal_for_a_german_till_can_be_loaded_as_it_is(folder):
    path = write_proposal(list(by_name(folder).values()), folder / "mapping.toml")
    proposed = tomllib.loads(path.read_text(encoding="utf-8"))
    assert proposed["files"]["kasse"] == {"path": "kasse.csv", "decimal": ",", "date_format": "%d.%m.%Y"}
    columns = proposed["tables"]["orders"]["columns"]
    assert columns == {
        "order_id": "Beleg-Nr",
        "ordered_at": "Belegdatum",
        "revenue": "Betrag netto",
        "customer_id": "Kunden-Nr.",
        "channel": "Kanal",
    }
    for name in ("contacts.csv", "orders_export.csv", "leads.csv"):
        (folder / name).unlink()
    orders = connect(folder, parse_settings(proposed)).frame("orders")
    assert orders.revenue.tolist() == [1234.5, 12.0, 7.5]
    assert orders.ordered_at.astype(str).tolist() == ["2026-02-13", "2026-04-03", "2026-04-04"]


def test_a_proposal_never_writes_over_another_and_a_table_is_proposed_once(folder):
    (folder / "filiale.csv").write_text(TILL)
    previews = list(by_name(folder).values())
    first, second = (write_proposal(previews, folder / "mapping.toml") for _ in range(2))
    assert (first.name, second.name) == ("mapping.toml", "mapping_2.toml")
    text = first.read_text(encoding="utf-8")
    tomllib.loads(text)
    assert text.count("\n[tables.orders]") == 1 and "# orders comes from another file" in text


def test_what_cannot_be_decided_is_written_as_a_question_into_the_proposal(tmp_path):
    (tmp_path / "till.csv").write_text('Receipt;Order date;Total\n1;03/04/2026;"1,234"\n2;05/06/2026;"2,345"\n')
    (preview,) = preview_folder(tmp_path, Settings())
    assert (
        "# To be settled: '03/04/2026' (line 2, column 'Order date') is 3 April 2026 or 4 March 2026"
        in preview.proposed
    )
    assert "# To be settled: '1,234' (line 2, column 'Total') is 1.234 or 1,234" in preview.proposed


def test_a_file_that_is_nothing_like_a_table_gets_no_table(tmp_path):
    (tmp_path / "colours.csv").write_text("hue,shade,tint\nred,dark,a\nblue,light,b\n")
    (preview,) = preview_folder(tmp_path, Settings())
    assert "# No table of crmkit fits its columns: hue, shade, tint" in preview.proposed
    assert write_proposal([], tmp_path / "m.toml") is None


def test_a_folder_that_is_not_there_or_empty_is_reported(tmp_path):
    with pytest.raises(CrmkitError, match="There is no folder"):
        preview_folder(tmp_path / "nothing", Settings())
    with pytest.raises(CrmkitError, match="holds no CSV, Excel or Parquet files"):
        preview_folder(tmp_path, Settings())


def test_a_folder_of_known_exports_is_connected_to_without_any_settings(folder):
    (folder / "kasse.csv").unlink()
    catalog = connect(folder)
    assert {"customers", "leads", "order_lines", "orders"} <= set(catalog.names)
    assert any("orders_export.csv is read as Shopify orders" in hint for hint in catalog.provenance["hints"])
    # One address in two systems: the order is the contact's.
    assert catalog.frame("orders").customer_id.tolist() == ["hubspot-1"]
