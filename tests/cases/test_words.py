"""Stages, statuses and reasons are compared whole; what no vocabulary knows is asked for, and the answer counts."""

import pytest

from tests.sources.layouts import (
    HUBSPOT_CONTACTS,
    HUBSPOT_DEALS,
    PIPEDRIVE_DEALS,
    SALESFORCE_LEADS,
    SALESFORCE_OPPORTUNITIES,
    ZENDESK,
    export,
)

DEAL = {
    "Deal Name": "Bar",
    "Amount": "100",
    "Create Date": "2026-08-10 09:00",
    "Close Date": "2026-09-20 12:00",
}
OPPORTUNITY = {
    "Opportunity Owner": "Kim",
    "Account Name": "Acme",
    "Amount": "100",
    "Close Date": "2026-09-20",
    "Created Date": "2026-08-10",
}


def hubspot(*stages):
    rows = [DEAL | {"Record ID": str(n), "Deal Stage": stage} for n, stage in enumerate(stages)]
    rows.append(DEAL | {"Record ID": "99", "Deal Stage": "Qualified to buy", "Create Date": "2026-09-30 09:00"})
    return {"deals.csv": export(HUBSPOT_DEALS, *rows)}


def salesforce(*stages):
    rows = [OPPORTUNITY | {"Opportunity Name": str(n), "Stage": stage} for n, stage in enumerate(stages)]
    rows.append(OPPORTUNITY | {"Opportunity Name": "99", "Stage": "Prospecting", "Created Date": "2026-09-30"})
    return {"report.csv": export(SALESFORCE_OPPORTUNITIES, *rows)}


@pytest.mark.parametrize("deals", [hubspot, salesforce])
def test_one_deal_won_and_five_that_are_not_won_are_a_win_rate_of_a_sixth(company, deals):
    lost = ["Closed - Not Won", "Not won", "Closed Lost", "Nicht gewonnen", "CLOSED  LOST"]
    assert company(deals("Closed Won", *lost)).number("win_rate") == pytest.approx(1 / 6, abs=1e-6)


@pytest.mark.parametrize(("deals", "preset"), [(hubspot, "hubspot_deals"), (salesforce, "salesforce_opportunities")])
def test_a_stage_with_a_name_of_ones_own_is_asked_for_whatever_words_are_in_it(company, deals, preset):
    stages = ["Closed Lost - Won by competitor", "Wonderland visit", "Lost and found", "Gewonnene Kunden"]
    firm = company(deals("Closed Won", *stages, *stages))
    assert firm.exit_code == 2
    assert all(f"'{stage}' (2 rows)" in firm.message for stage in stages)
    answers = "".join(f'"{stage}" = "lost"\n' for stage in stages[:2]) + "".join(
        f'"{s}" = "open"\n' for s in stages[2:]
    )
    firm.follow(f"[words.{preset}.stage]\n{answers}")
    assert firm.exit_code == 0, firm.message
    assert firm.number("win_rate") == pytest.approx(1 / 5, abs=1e-6)


@pytest.mark.parametrize("nothing", ["", "NULL", "n/a", "(not set)"])
def test_a_word_for_nothing_is_no_stage_and_not_asked_for(company, nothing):
    firm = company(hubspot("Closed Won", "Closed Lost", nothing, nothing))
    assert firm.exit_code == 0, firm.message
    assert firm.number("win_rate") == pytest.approx(1 / 2)


def test_the_settings_can_correct_the_vocabulary(company):
    firm = company(hubspot("Closed Won", "Contract sent"), '[words.hubspot_deals.stage]\n"contract sent" = "lost"\n')
    assert firm.number("win_rate") == 0.5


def test_a_wrong_preset_field_or_meaning_in_the_settings_is_named(company):
    words = '[words.hubspot_deal.stage]\na = "won"\n[words.hubspot_deals.stages]\na = "won"\n[words.hubspot_deals.stage]\nb = "wun"\n'
    message = company(hubspot("Closed Won"), words).message
    assert "there is no preset 'hubspot_deal'. Did you mean 'hubspot_deals'?" in message
    assert "[words.hubspot_deals.stages]: it has no such words. Did you mean 'stage'?" in message
    assert "'wun' is no meaning of 'b'. Did you mean 'won'?" in message


def test_one_mistyped_cell_among_known_stages_is_set_aside_and_does_not_stop_the_load(company):
    firm = company(hubspot("Closed Won", "Closed Wom", "Closed Lost"))
    assert firm.exit_code == 0
    assert "what its 'Deal Stage' means is not known: write it under [words.hubspot_deals.stage]: 1 row" in firm.report


def test_no_address_in_a_column_taken_for_stages_is_in_the_message(company):
    message = company(hubspot("ada@firm.example", "ada@firm.example")).message
    assert "ada@" not in message and "'***' (2 rows)" in message


def test_a_lead_status_lifecycle_deal_status_and_rating_are_asked_for_too(company):
    contact = {
        "Record ID": "1",
        "First Name": "A",
        "Email": "a@b.example",
        "Create Date": "2026-09-01 10:00",
        "Lifecycle Stage": "Customer success candidate",
    }
    lead = {
        "Lead Source": "Web",
        "Last Name": "L",
        "Email": "a@b.example",
        "Lead Status": "Not qualified yet",
        "Created Date": "2026-09-01",
    }
    deal = {
        "Deal - ID": "5",
        "Deal - Title": "Beans",
        "Deal - Value": "300",
        "Deal - Stage": "Proposal",
        "Deal - Status": "Won back later",
        "Deal - Deal created": "2026-09-10 09:00:00",
    }
    ticket = {
        "Id": "1",
        "Requester id": "7",
        "Status": "Solved",
        "Created at": "2026-09-10 09:00",
        "Satisfaction Score": "Good enough",
    }
    message = company(
        {
            "contacts.csv": export(HUBSPOT_CONTACTS, contact),
            "leads.csv": export(SALESFORCE_LEADS, lead),
            "pipe.csv": export(PIPEDRIVE_DEALS, deal),
            "tickets.csv": export(ZENDESK, ticket),
        }
    ).message
    for place in (
        "hubspot_contacts.lifecycle",
        "salesforce_leads.status",
        "pipedrive_deals.status",
        "zendesk_tickets.satisfaction",
    ):
        assert f"[words.{place}]" in message
