"""The glossary and the nomenclature: generated from the records, and the document in step with them."""

from pathlib import Path

from typer.testing import CliRunner

from crmkit.cli.commands import app
from crmkit.metrics import CARDS
from crmkit.metrics.glossary import glossary_markdown
from crmkit.tables.schema import SCHEMAS

DOCUMENT = Path(__file__).parents[2] / "docs" / "glossary.md"


def test_the_document_is_what_the_records_say_today():
    """Written again by: python -m crmkit glossary --markdown > docs/glossary.md"""
    own = [card for card in CARDS.values() if card.function.__module__.startswith("crmkit.metrics.")]
    assert len(own) == len(CARDS), "a test left a card behind"
    assert DOCUMENT.read_text(encoding="utf-8") == glossary_markdown()


def test_every_metric_has_an_anchor_a_formula_and_a_source_and_every_column_its_line():
    text = glossary_markdown()
    for card in CARDS.values():
        assert f'<a id="{card.name}"></a>**{card.label}**' in text
        assert f"- Formula: {card.formula}" in text and f"- Source: {card.source}" in text
    for schema in SCHEMAS.values():
        assert f"### {schema.name}\n\nOne row is {schema.row}." in text
        for column in schema.columns:
            assert f"| **{column.name}** |" in text if column.required else f"| {column.name} |" in text


def test_the_command_prints_it_as_it_stands():
    done = CliRunner().invoke(app, ["glossary", "--markdown"])
    assert done.exit_code == 0 and done.stdout == glossary_markdown()
