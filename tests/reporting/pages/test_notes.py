"""The foot of a page."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from crmkit.errors import CrmkitError
from crmkit.reporting.display.provenance import without_paths
from crmkit.reporting.pages import glossary_section, method, provenance, quality_notes
from tests.reporting.factories import glossary_frame, scorecard_frame
from tests.reporting.rendered_pages import HOSTILE, ORIGIN


def text(fragment):
    return " ".join(BeautifulSoup(fragment.html, "html.parser").get_text(" ", strip=True).replace("\xa0", " ").split())


def test_quality_notes_are_sentences():
    found = [
        {"table": "orders", "finding": "revenue is missing", "n_rows": 37, "consequence": "Kept aside; counts nowhere."}
    ]
    wanted = "Data quality orders: revenue is missing (37 rows). Kept aside; counts nowhere."
    assert text(quality_notes(found)) == text(quality_notes(pd.DataFrame(found))) == wanted
    assert text(quality_notes(["One file ends early."])) == "Data quality One file ends early."


@pytest.mark.parametrize("nothing", [[], pd.DataFrame(), pd.DataFrame(columns=["table", "finding"])])
def test_clean_data_are_said_to_be_clean(nothing):
    assert text(quality_notes(nothing)) == "Data quality Nothing to report: every row passed the checks."


def test_a_note_without_a_sentence_is_an_error():
    with pytest.raises(CrmkitError, match="needs one of finding, note"):
        quality_notes([{"table": "orders", "n_rows": 3}])


def test_the_method_counts_the_numbers_it_judged_together():
    assert "this page looks at 9 numbers at once" in text(method(scorecard_frame()))
    assert "at once" not in text(method()) and "at once" not in text(method(scorecard_frame(["nps"])))
    assert text(method(extra=["Churn under another convention would be 5.4 %."])).endswith("would be 5.4 %.")


def test_the_glossary_holds_the_metrics_of_the_page_and_can_be_linked_to():
    page = BeautifulSoup(glossary_section(glossary_frame(), ["nps", "csat"]).html, "html.parser")
    assert [term["id"] for term in page.select("dl > div")] == ["term-nps", "term-csat"]
    assert page.summary.get_text() == "Definition, formula and source of 2 numbers"
    assert not page.details.has_attr("open")
    assert BeautifulSoup(glossary_section(glossary_frame(), is_open=True).html, "html.parser").details.has_attr("open")


def test_provenance_says_how_to_make_the_page_again():
    shown = text(provenance(ORIGIN, parameters={"period": "2026-10"}, command="crmkit report --period 2026-10", seed=7))
    for part in (
        "crmkit ",
        "Python 3.",
        "Input 3 files, sha256 9f3c2e219f3c2e21",
        "orders.csv, customers.csv, costs.csv",
        "Rows kept 214,388 in all tables: orders 5,204, customers 4,742, survey_responses 509",
        "Rows kept aside survey_responses 37",
        "Random seed 7",
        "Make it again crmkit report --period 2026-10",
    ):
        assert part in shown


def test_provenance_of_frames_has_no_files_and_no_empty_lines():
    shown = text(provenance({"n_rows": 12, "files": [], "input_sha256": None, "rejected": {"orders": 0}}))
    assert (
        "Rows kept 12" in shown
        and "Input" not in shown
        and "None" not in shown
        and "Files" not in shown
        and "kept aside" not in shown
    )
    assert "Input" not in text(provenance())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("settings = /home/ada/kaldi/crmkit.toml", "settings = crmkit.toml"),
        (r"C:\Users\Ada\kaldi\crmkit.toml", "crmkit.toml"),
        ("file '/srv/data/orders.csv' has no column", "file 'orders.csv' has no column"),
        ("~/kaldi/crmkit.toml", "crmkit.toml"),
        ("48 % of orders/refunds and 1/2", "48 % of orders/refunds and 1/2"),
    ],
)
def test_a_page_does_not_show_on_which_machine_it_was_made(before, after):
    assert without_paths(before) == after


def test_notes_are_text():
    for fragment in (
        quality_notes([HOSTILE]),
        method(extra=[HOSTILE]),
        provenance(command=HOSTILE, parameters={HOSTILE: HOSTILE}),
        glossary_section(glossary_frame().assign(label=HOSTILE, definition=HOSTILE, source=HOSTILE)),
    ):
        assert "<script" not in fragment.html and "<img" not in fragment.html
