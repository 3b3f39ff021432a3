"""The sections on why a number moved: what they say on the sample's small firms, and nothing where nothing is known."""

import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.reporting.display.front import FRONT_KIND
from crmkit.reporting.pages.voice import topic_table
from crmkit.reporting.pages.why import risen_reasons, why_it_moved
from crmkit.settings import parse_settings
from tests.firms import firm
from tests.predictions.test_topics import answers
from tests.predictions.test_topics import catalog as comments


def test_tickets_about_quality_stand_on_the_page_and_on_the_front_page_with_their_counts():
    months = pd.period_range("2025-10", "2026-10", freq="M")
    opened = [month.to_timestamp() for month in months for _ in range(40 if str(month) == "2026-10" else 10)]
    ids = np.arange(len(opened)).astype(str)
    tickets = pd.DataFrame({"ticket_id": ids, "customer_id": ids, "opened_at": opened, "topic": "quality"})
    catalog = connect({"tickets": tickets}, parse_settings({"data": {"through": "2026-10-31"}}))
    shown = risen_reasons(catalog, "2026-10")
    assert "October 2026 40; September 10; a month on average before 10." in shown.html  # one row is a sentence
    line, mend = shown.carried[FRONT_KIND]
    assert mend["kind"] == "to do" and mend["rest"].endswith("mend it (40 after 10).")
    assert (line["kind"], line["bold"]) == ("why", 'Tickets about "quality" rose')
    assert line["rest"] == ": 40 in October 2026, after 10 in September and 10 a month on average before"


@pytest.mark.parametrize("n_customers", [0, 1, 5, 50])
def test_small_firms_name_no_cause(n_customers):
    shown = why_it_moved(firm(n_customers), "2026-10", "turnover").html
    assert not shown or "no single cause stands out" in shown
    assert "nan" not in shown


def test_what_comments_begin_to_say_stands_on_the_front_page_with_counts_and_quotes_without_names():
    catalog = comments(answers(burnt=16))
    shown = risen_reasons(catalog, "2026-10")
    line, mend = shown.carried[FRONT_KIND]
    assert mend["bold"] == line["bold"].removesuffix(" rose")
    assert line["bold"].startswith('Comments that say "burnt')
    assert line["rest"].startswith(": 16 of 56 comments in October 2026, none before. In their words: “")
    assert "Lang" not in shown.html + line["rest"]
    topics = topic_table(catalog, "2026-10").html
    assert "New in October 2026: " in topics and "in 16 of 56 comments" in topics and "Lang" not in topics


@pytest.mark.parametrize("n", [0, 1, 5, 50])
def test_few_comments_are_listed_one_by_one(n):
    catalog = comments(answers(burnt=n, a_month=1, months=1).tail(n))
    shown = topic_table(catalog, "2026-10").html
    assert shown.count("“") == min(n, 12) and "nan" not in shown and "Lang" not in shown
    assert not n or "Too few texts for topics: they are listed one by one" in shown
    assert risen_reasons(catalog, "2026-10").html == ""
