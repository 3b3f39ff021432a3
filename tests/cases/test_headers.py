"""A header is found however its letters are composed, below a title too."""

import unicodedata

import pytest

from tests.cases.test_first import ROWS

MAPPING = '\n[tables.orders]\nfile = "till"\n[tables.orders.columns]\norder_id = "Größe"\nordered_at = "Tag"\nrevenue = "Umsatz"\n'


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("title", ["", "Bericht\nSeptember 2026\n\n"], ids=["at the top", "below a title"])
@pytest.mark.parametrize("mark", ["", "\u200b"], ids=["plain", "with an invisible mark"])
def test_a_mapped_column_is_found_by_its_name_as_it_looks(company, form, title, mark):
    header = unicodedata.normalize(form, f"Größe{mark},Tag,Umsatz,customer_id\n")
    assert company({"till.csv": title + header + ROWS}, MAPPING).number("revenue") == 686
