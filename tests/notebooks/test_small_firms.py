"""The pages of firms of 0, 1, 5 and 50 customers: nothing fails, and every sentence is one that an owner can read."""

import re

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.errors import CrmkitError
from tests.firms import firm
from tests.notebooks.in_process import sections
from tests.reading import cells, faults, sentences

PAGES = ["00_data_quality", "01_scorecard", "02_acquisition", "03_pipeline", "04_retention", "05_voice", "06_social"]
SIZES = [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 5, 50))]
# Tables of the first page name tables and columns to those who must mend their files; a cell is no sentence.
NAMES = "a name of the code"
IN_CELLS = (NAMES, "no end", "one of several", "more than one of one")


@pytest.mark.filterwarnings("error::FutureWarning")
@pytest.mark.parametrize("n_customers", SIZES)
@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_is_sense(page, n_customers):
    wrong = []
    for source, html in sections(page, firm(n_customers)):
        if "provenance" in source:  # names of settings and files
            continue
        names_tables = any(word in source for word in ("tiles", "quality", "glossary"))
        allow = (NAMES,) if names_tables else ()
        wrong += [f"{text}  <- {fault}" for text in sentences(html) for fault in faults(text, allow=allow)]
        wrong += [f"{text}  <- {fault}" for text in cells(html) for fault in faults(text, allow=IN_CELLS)]
    assert not wrong


def test_a_firm_without_a_single_row_gets_one_sentence_that_says_so():
    everything = firm(1)
    nothing = connect({name: everything.frame(name).head(0) for name in everything.names})
    with pytest.raises(CrmkitError, match=r"^There is no data: no table has a row with a date"):
        sections("01_scorecard", nothing)


@pytest.mark.parametrize("page", ["02_acquisition", "03_pipeline"])
def test_a_page_of_a_firm_of_orders_alone_says_what_it_needs(page):
    of_orders = connect({"orders": firm(50).frame("orders")}, firm(50).settings)
    shown = [html for _, html in sections(page, of_orders)]
    text = " ".join(text for html in shown for text in [*sentences(html), *cells(html)])
    assert "needs " in text
    assert not re.search(r"\b(nan|NaN|None|inf|NaT)\b", text)
