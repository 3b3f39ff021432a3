"""The page about segments, section by section, for small and odd firms: drawn or left out, never broken, nobody named."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.settings import parse_settings

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "09_segments.ipynb"
PERIOD = ck.Period.parse("2026-09")


def sections() -> list[str]:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    return [re.match(r"ck\.pages\.(\w+)\(catalog, reported\)", "".join(cell["source"]))[1] for cell in cells[2:-1]]


def firm(n: int) -> dict[str, pd.DataFrame]:
    random, rows = np.random.default_rng(0), []
    for customer in range(n):
        days = (customer * 7 % 365 + np.cumsum(random.exponential(15 + 20 * (customer % 3), 50))).astype(int)
        rows += [(f"customer-{customer:04}", day, 20.0 + customer) for day in days[days < 636]]
    orders = pd.DataFrame(rows, columns=["customer_id", "day", "revenue"])
    orders["ordered_at"] = pd.Timestamp(2025, 1, 1) + pd.to_timedelta(orders.pop("day"), unit="D")
    people = pd.DataFrame(
        {
            "customer_id": [f"customer-{each:04}" for each in range(n)],
            "channel": np.where(np.arange(n) % 3 == 0, "<script>alert(1)</script>", "search"),
        }
    )
    return {"orders": orders.assign(order_id=[str(each) for each in range(len(orders))]), "customers": people}


def drawn(catalog) -> dict:
    return {name: getattr(ck.pages, name)(catalog, PERIOD) for name in sections()}


@pytest.fixture(scope="module")
def page():
    settings = parse_settings({"segments": {"number": 2}, "company": {"segment_model": "segments"}})
    return drawn(ck.connect(firm(60), settings))


def test_every_section_of_a_firm_with_groups_is_there(page):
    empty = [name for name, fragment in page.items() if not fragment.html]
    assert set(empty) <= {"preference_table"}
    assert "“" in page["segment_map"].html and page["segment_flow_chart"].html.count('<svg class="chart') >= 1


def test_ids_are_shown_whole_and_what_customers_wrote_runs_nowhere(page):
    html = " ".join(fragment.html for fragment in page.values())
    assert "<script>alert" not in html
    for name in ("typical_table", "anniversary_table"):
        assert re.search(r"customer-\d{4}", page[name].html) and "•••" not in page[name].html


def test_pictures_say_in_words_what_they_show(page):
    (alt,) = re.findall(r'aria-label="([^"]+)"', page["segment_flow_chart"].html)[:1]
    assert re.match(
        r"Flow between segments in September 2026: (Nobody upgraded|\w+ customers? upgraded, \d+ slid)", alt
    )
    assert "Map of 60 customers" in page["segment_map"].html


def test_lists_hold_ids_and_every_customer(page):
    listed = page["segment_export"].files["segments.csv"].decode("utf-8-sig").splitlines()
    assert len(listed) == 61 and listed[0].startswith("customer_id,") and "move" in listed[0]
    assert set(page["loyalty_export"].files) == {"loyalty.csv", "loyalty.parquet"}


@pytest.mark.parametrize("n", [1, 30])
def test_one_and_thirty_customers_have_a_page(n):
    page = drawn(ck.connect(firm(n)))
    assert "too few for segments" in page["segment_opening"].html and not page["segment_table"].html
    assert not re.search(r"\bnan\b", " ".join(fragment.html for fragment in page.values()))


def test_who_has_never_ordered_is_in_no_segment_and_is_reported():
    tables = firm(60)
    assert "others have not" not in ck.pages.segment_table(ck.connect(tables), PERIOD).html
    silent = pd.DataFrame({"customer_id": [f"silent-{each}" for each in range(40)], "channel": "search"})
    tables["customers"] = pd.concat([tables["customers"], silent])
    assert (
        "Of the 60 customers who have bought; 40 others have not."
        in ck.pages.segment_table(ck.connect(tables), PERIOD).html
    )


def test_rules_of_the_firm_make_the_page_too():
    rules = parse_settings({"company": {"segment_model": "rules", "segment_rules": {"Key": "revenue > 150"}}})
    catalog = ck.connect(firm(20), rules)
    text = ck.pages.segment_table(catalog, PERIOD).html
    assert "Key" in text and "rules of your settings" in text
    assert ck.pages.segment_fit_table(catalog, PERIOD).html == ""
    assert (
        "Telephone or write" in ck.pages.segment_action_table(catalog, PERIOD).html
        or "Thank them" in ck.pages.segment_action_table(catalog, PERIOD).html
    )


def test_what_is_known_of_less_than_a_third_of_a_segment_is_left_out_and_of_how_many_it_is_known_is_said():
    """100 large spenders, 50 of them by referral; an industry is known of 30 of them, of 60 the country."""
    ids, large = [f"c{n:03}" for n in range(200)], np.arange(200) < 100
    orders = pd.DataFrame(
        {
            "order_id": ids,
            "customer_id": ids,
            "ordered_at": pd.Timestamp(2026, 9, 1),
            "revenue": np.where(large, 150.0, 50.0),
        }
    )
    people = pd.DataFrame(
        {
            "customer_id": ids,
            "channel": ["referral"] * 50 + ["search"] * 150,
            "industry": ["shops"] * 30 + [None] * 70 + ["farms"] * 100,
            "country": ["Italy"] * 60 + [None] * 40 + ["France"] * 100,
        }
    )
    rules = parse_settings({"company": {"segment_rules": {"Large": "revenue >= 100"}, "segment_model": "rules"}})
    html = ck.pages.segment_trait_table(ck.connect({"orders": orders, "customers": people}, rules), PERIOD).html
    large_rows = [row for row in re.findall(r"<tr\b.*?</tr>", html, re.DOTALL) if ">Large<" in row]
    told = {re.search(r"(channel|country|industry)", row)[1]: re.search(r"\d+ of \d+", row)[0] for row in large_rows}
    assert told == {"channel": "100 of 100", "country": "60 of 100"}
