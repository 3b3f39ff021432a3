"""Every preset: its file is whole, its own header is recognised as it and nothing else, and its rows arrive."""

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from crmkit.sources.files.file_sets import FileMapping
from crmkit.sources.files.layout import Layout
from crmkit.sources.files.read import FileHead
from crmkit.sources.presets.model import mentioned, presets
from crmkit.sources.presets.recognise import header_key, match_preset
from crmkit.tables.schema import SCHEMAS
from tests.sources.layouts import export
from tests.sources.preset_rows import export_of, header_of, row_of

PRESETS = presets()


def test_there_are_38_presets():
    assert len(PRESETS) == 38


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fills_canonical_columns_from_fields_it_has(name):
    preset = PRESETS[name]
    for take in preset.takes:
        schema = SCHEMAS[take.table]
        assert set(take.columns) <= set(schema.names)
        assert set(schema.required) <= set(take.columns)
        for column, expression in take.columns.items():
            assert (
                expression == "customer"
                or mentioned(expression, preset.kinds)
                or "'" in expression
                or expression.isdigit()
            ), column
        if "customer" in take.columns.values():
            assert take.person is not None
    aliases = [header_key(alias) for named in preset.aliases.values() for alias in named]
    assert preset.confidence in ("verbatim", "columns", "vendor", "unverified")
    assert len(set(aliases)) >= len(aliases) - 3  # a header may stand in for two fields


@pytest.mark.parametrize("name", PRESETS)
def test_the_header_of_a_preset_is_recognised_in_capitals_behind_a_title_and_as_no_other(name):
    header = tuple(f" {cell.upper()} " for cell in header_of(PRESETS[name]).values())
    below = ((4, ("",) * len(header)),)
    fit = match_preset([FileHead(None, ((1, ("A report",)), (3, ("\ufeff" + header[0], *header[1:])), *below))])
    assert fit is not None and fit.preset.name == name and fit.rivals == ()
    assert fit.layout.header_line == 3


@pytest.mark.parametrize("name", PRESETS)
def test_three_rows_of_each_export_arrive_in_its_tables_and_no_address_in_those_that_pages_read(name, company):
    preset = PRESETS[name]
    settings = company({f"{name}_2026.csv": export_of(preset)}, company={"time_zone": "Asia/Jakarta"})
    report = load(settings)
    catalog = connect(settings=settings, personal=True)
    assert report.hints[0].startswith(f"{name}_2026.csv is read as {preset.system} {preset.export}")
    main = preset.takes[0].table
    assert len(catalog.frame(main)) - report.counts[main].n_split == 3
    assert "@firm.example" not in "".join(
        catalog.frame(table).to_csv() for table in catalog.names if not SCHEMAS[table].personal
    )
    for counts in report.counts.values():
        assert counts.n_in - counts.n_split == 3
        assert counts.n_in == counts.n_kept + counts.n_merged + counts.n_folded + counts.n_ignored + counts.n_aside
    for table in catalog.names:
        frame = catalog.frame(table)
        for column in frame:
            if SCHEMAS[table].column(column).kind == "id" and column != "customer_id":
                assert frame[column].dropna().str.startswith(preset.prefix).all()


def test_a_preset_can_be_named_or_switched_off_and_a_wrong_name_is_reported(company):
    rows = [row_of(PRESETS["delighted"], n) for n in (1, 2, 3)]
    text = export(list(rows[0]), *rows)
    named = {"answers": {"path": "answers.csv", "preset": "delighted"}}
    assert "is read as Delighted responses" in load(company({"answers.csv": text}, files=named)).hints[0]
    with pytest.raises(Problems, match="there is no preset 'delightd'. Did you mean 'delighted'?"):
        load(company({"answers.csv": text}, files={"answers": {"path": "answers.csv", "preset": "delightd"}}))
    with pytest.raises(Problems, match="no file in it is known"):
        load(company({"answers.csv": text}, files={"answers": {"path": "answers.csv", "preset": "none"}}))
    with pytest.raises(Problems, match="answers.csv: the preset zendesk_tickets does not fit its header"):
        load(company({"answers.csv": text}, files={"answers": {"path": "answers.csv", "preset": "zendesk_tickets"}}))


def test_a_file_that_is_mapped_in_the_settings_is_left_to_the_mapping(company):
    rows = [row_of(PRESETS["delighted"], n) for n in (1, 2, 3)]
    sql = 'SELECT "Response ID" AS response_id, "Created at" AS responded_at, \'csat\' AS survey, 5 AS score, 1 AS scale_min, 5 AS scale_max FROM answers'
    settings = company({"answers.csv": export(list(rows[0]), *rows)}, tables={"survey_responses": {"sql": sql}})
    assert load(settings).hints == ()
    assert set(connect(settings=settings).frame("survey_responses").survey) == {"csat"}


def test_a_layout_is_frozen_and_a_dialect_too():
    assert hash(Layout()) and FileMapping(path="x").preset is None
