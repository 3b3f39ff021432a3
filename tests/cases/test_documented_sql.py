"""The settings that ``docs/how-to/lines.md`` shows load files with the columns that it names, with the right totals."""

import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import parse_settings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "lines.md"
BLOCKS = [token.content for token in MarkdownIt().parse(PAGE.read_text(encoding="utf-8")) if token.info == "toml"]
LINES = (
    "Beleg;Artikelnr;Bezeichnung;Menge;Belegdatum;Einzelpreis;Kundennr;Status\n"
    "1;A;Tee;2;03.09.2026;1.000,50;k1;bezahlt\n1;B;;1;03.09.2026;9,00;k1;bezahlt\n"
    "2;A;Tee;-1;14.09.2026;9,00 €;k2;bezahlt\n3;A;Tee;1;14.09.2026;9,00;k2;Storniert\n"
)


@pytest.fixture
def loaded(tmp_path):
    def load(block, **files):
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        return connect(tmp_path, parse_settings(tomllib.loads(BLOCKS[block])))

    return load


def test_two_receipts_of_2010_and_minus_9_and_three_lines(loaded):
    catalog = loaded(0, belege=LINES)
    assert catalog.frame("orders").revenue.tolist() == [2010.0, -9.0]
    assert catalog.frame("order_lines")[["product", "revenue"]].values.tolist() == [
        ["B", 9.0],
        ["Tee", 2001.0],
        ["Tee", -9.0],
    ]


def test_two_shops_are_joined_and_their_numbers_told_apart(loaded):
    till = "Bon;Datum;E-Mail;Netto\n1;13.09.2026;Ada@example.org;10,50\n"
    market = "Order,Purchased,Buyer email,Total\n1,2026-09-14,ada@example.org,9.00\n"
    orders = loaded(1, till=till, market=market).frame("orders")
    assert orders.set_index("order_id")["revenue"].to_dict() == {"till-1": 10.5, "market-1": 9.0}
    assert orders["customer_id"].nunique() == 1


def test_costs_get_their_purpose(loaded):
    costs = loaded(2, ausgaben="Tag;Kosten;Kampagne\n13.09.2026;10,50;Herbst\n").frame("costs")
    assert costs[["amount", "purpose", "category"]].values.tolist() == [[10.5, "acquisition", "media"]]


def test_answers_are_numbered_by_time(loaded):
    answers = loaded(3, umfrage="Datum;Note;Kommentar;Kundennr\n13.09.2026;9;gut;k1\n02.09.2026;3;;k2\n").frame(
        "survey_responses"
    )
    assert sorted(answers[["response_id", "score"]].values.tolist()) == [["1", 3.0], ["2", 9.0]]
