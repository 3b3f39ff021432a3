"""The page on what to do: whom to turn to, proposals that the front page tells too, and what trials have shown."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.reporting.display.front import FRONT_KIND
from crmkit.reporting.runner.front import front_page
from crmkit.reporting.runner.page import PageSummary
from crmkit.settings.models import ActionRule
from tests.insights.actions.conftest import N, orders

CALL = ActionRule(title="Call everybody", who="n_orders >= 1", channel="phone", cost=1.0, lift=0.5, lift_spread=0.2)
VAIN = ActionRule(title="Send a cake", who="n_orders >= 1", cost=500.0, lift=0.01)


def text_of(section):
    from bs4 import BeautifulSoup

    return " ".join(BeautifulSoup(section._repr_html_(), "html.parser").get_text(" ").split())


@pytest.fixture(scope="module")
def shop():
    settings = ck.Settings(
        data={"through": "2026-10-31"}, value={"margin_rate": 0.5}, actions={"call": CALL, "cake": VAIN}
    )
    drawn = pd.DataFrame(
        {
            "customer_id": [f"c{who:03}" for who in range(N)],
            "action": "voucher",
            "assigned_at": "2026-08-01",
            "treated": [who % 2 == 0 for who in range(N)],
            "ends_at": "2026-09-01",
            "outcome_at": "2026-08-20",
            "value": [float(who % 3) for who in range(N)],
        }
    )
    return ck.connect({"orders": orders("2026-10-31"), "treatments": drawn}, settings)


def test_proposals_are_what_the_front_page_says_is_to_be_done(shop):
    section = ck.pages.proposal_table(shop, "2026-10")
    lines = [line for line in section.carried[FRONT_KIND] if line["kind"] == "to do"]
    assert any(line["bold"] == "Call everybody" for line in lines)
    assert "Call everybody" in text_of(section) and "Send a cake" not in text_of(section)
    other = {**lines[0], "bold": "Call back 7 customers", "topic": "", "stake": 1e9}
    pages = [
        PageSummary("Voice", "", file="voice.html", front=(other,)),
        PageSummary("To do", "", file="actions.html", front=tuple(lines)),
    ]
    told = front_page(pages).to_do
    assert 1 <= len(told) <= 3 and {line["href"] for line in told} == {"actions.html#proposals"}
    assert [line["bold"] for line in front_page(pages[:1]).to_do] == ["Call back 7 customers"]


def test_people_are_listed_once_with_what_is_expected_of_each(shop):
    people = ck.people_to_contact(shop, "2026-10-31")
    assert people["customer_id"].is_unique and (people["gain"] > 0).all()
    assert people["gain"].is_monotonic_decreasing
    assert "Begin with these 7" in text_of(ck.pages.people_to_do(shop, "2026-10", limit=7))


def test_what_does_not_pay_is_named_with_its_cost(shop):
    assert "Send a cake" in (said := text_of(ck.pages.stop_table(shop, "2026-10"))) and "costs €500" in said


def test_trials_are_shown_with_their_outcomes_and_a_verdict(shop):
    assert "voucher 2026-08 measured" in text_of(ck.pages.trial_table(shop, "2026-10"))
    assert "go on" in text_of(ck.pages.action_result_table(shop, "2026-10"))
    assert "worth trying now" in text_of(ck.pages.action_opening(shop, "2026-10"))


def test_where_nothing_pays_it_says_so():
    few = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-10-01"], "revenue": [5.0]})
    catalog = ck.connect({"orders": few}, ck.Settings(data={"through": "2026-10-31"}))
    assert "Nothing that crmkit could propose is expected to pay" in text_of(
        ck.pages.action_opening(catalog, "2026-10")
    )
    assert not ck.pages.proposal_table(catalog, "2026-10").html
