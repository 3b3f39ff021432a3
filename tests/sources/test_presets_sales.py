"""Customers, leads and deals: every trap in the exports of HubSpot, Salesforce and Pipedrive."""

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from tests.sources.layouts import (
    HUBSPOT_CONTACTS,
    HUBSPOT_DEALS,
    PIPEDRIVE_DEALS,
    SALESFORCE_LEADS,
    SALESFORCE_OPPORTUNITIES,
    export,
    loaded,
)

CONTACT = {
    "Record ID": "101",
    "First Name": "Ada",
    "Last Name": "Lang",
    "Email": "ada@firm.example",
    "Create Date": "2026-03-12 09:14",
    "Lifecycle Stage": "customer",
    "Original Traffic Source": "ORGANIC_SEARCH",
    "Became a Customer Date": "2026-04-01 10:00",
}
DEAL = {
    "Record ID": "9001",
    "Deal Name": "Espresso bar",
    "Deal Stage": "Closed Won",
    "Amount": "1200",
    "Deal owner": "Kim",
    "Create Date": "2026-01-10 09:00",
    "Close Date": "2026-02-20 12:00",
    "Associated Contact IDs": "101;102",
}
OPPORTUNITY = {
    "Opportunity Owner": "Kim",
    "Account Name": "Acme",
    "Opportunity Name": "Machines",
    "Stage": "Closed Won",
    "Amount": "5,000.00",
    "Close Date": "2/20/2026",
    "Created Date": "1/10/2026",
    "Lead Source": "Web",
    "Age": "41",
}
LEAD = {
    "Lead Source": "Web",
    "First Name": "Ada",
    "Last Name": "Lang",
    "Email": "ada@firm.example",
    "Lead Status": "Open - Not Contacted",
    "Created Date": "2026-01-10",
    "Company / Account": "Acme",
    "Lead Owner": "Kim",
}
PIPE = {
    "Deal - ID": "5",
    "Deal - Title": "Beans",
    "Deal - Value": "300",
    "Deal - Currency of value": "EUR",
    "Deal - Contact person": "Ada Lang",
    "Deal - Owner": "Kim",
    "Deal - Stage": "Proposal",
    "Deal - Status": "Open",
    "Deal - Deal created": "2026-01-10 09:00:00",
    "Deal - Expected close date": "2026-02-20",
}


def test_two_hubspot_contacts_are_two_leads_and_the_one_at_stage_customer_is_a_customer(company):
    lead = CONTACT | {
        "Record ID": "102",
        "Email": "bob@firm.example",
        "Lifecycle Stage": "lead",
        "Original Traffic Source": "Organic Search",
        "Became a Customer Date": "",
    }
    report, catalog = loaded(company({"contacts.csv": export(HUBSPOT_CONTACTS, CONTACT, lead)}), personal=True)
    assert catalog.frame("customers").customer_id.tolist() == ["hubspot-101"]
    assert str(catalog.frame("customers").acquired_at[0]) == "2026-04-01 10:00:00"
    leads = catalog.frame("leads")
    assert leads.channel.tolist() == ["Organic search", "Organic search"]  # two export options, one channel
    assert leads.converted_at.notna().tolist() == [True, False]
    assert report.counts["customers"].n_ignored == 1
    assert catalog.frame("customer_identities").name.tolist() == ["Ada Lang", "Ada Lang"]


def test_a_hubspot_view_without_lifecycle_stages_or_with_a_zone_in_a_header_is_read(company):
    header = ["Record ID", "First Name", "Email", "Create Date (CET)"]
    text = export(header, {"Record ID": "1", "Email": "a@b.example", "Create Date (CET)": "2026-03-12 09:14"})
    _, catalog = loaded(company({"all-contacts.csv": text}))
    assert len(catalog.frame("customers")) == len(catalog.frame("leads")) == 1


def test_a_hubspot_deal_is_closed_by_its_stage_and_the_close_date_of_an_open_one_is_a_hope(company):
    opened = DEAL | {"Record ID": "9002", "Deal Stage": "qualifiedtobuy", "Close Date": "2026-12-01 10:00"}
    lost = DEAL | {"Record ID": "9003", "Deal Stage": "closedlost"}
    _, catalog = loaded(company({"deals.csv": export(HUBSPOT_DEALS, DEAL, opened, lost)}))
    deals = catalog.frame("deals")
    assert deals.won.tolist() == [True, None, False]
    assert deals.closed_at.notna().tolist() == [True, False, True]


def test_a_hubspot_deal_of_two_contacts_stays_one_deal_and_goes_to_the_first(company):
    firm = DEAL | {"Record ID": "9002", "Associated Contact IDs": "", "Associated Company IDs": "77;78"}
    _, catalog = loaded(company({"deals.csv": export(HUBSPOT_DEALS, DEAL, firm)}))
    assert catalog.frame("deals").customer_id.tolist() == ["hubspot-101", "hubspot-company-77"]


def test_hubspot_stages_that_were_renamed_are_asked_for_and_amounts_in_company_currency_are_preferred(company):
    renamed = DEAL | {"Deal Stage": "Hurra", "Currency": "USD", "Amount in company currency": "1100"}
    files = {"deals.csv": export(HUBSPOT_DEALS, renamed)}
    with pytest.raises(Problems, match=r"'Hurra' \(1 row\). Write a line for each under \[words.hubspot_deals.stage\]"):
        load(company(files))
    _, catalog = loaded(company(files, words={"hubspot_deals": {"stage": {"Hurra": "won"}}}))
    assert catalog.frame("deals")[["won", "amount"]].values.tolist() == [[True, 1100.0]]


def test_a_salesforce_report_with_title_and_footer_is_two_deals_in_the_order_month_day(company):
    opened = OPPORTUNITY | {
        "Opportunity Name": "Beans",
        "Stage": "Negotiation",
        "Close Date": "12/01/2026",
        "Age": "12",
    }
    text = export(
        SALESFORCE_OPPORTUNITIES,
        OPPORTUNITY,
        opened,
        above='Opportunities of the year\n"As of 2026-03-01, 09:00"\n\n',
        below='Total,,,,,,"6,000.00",,,,,,,\n"Confidential Information - Do Not Distribute"\n"Copyright (c) 2000-2026 salesforce.com"\n',
    )
    report, catalog = loaded(company({"report.csv": text}))
    deals = catalog.frame("deals")
    assert deals.won.tolist() == [True, None]
    assert deals.closed_at.astype(str).tolist() == ["2026-02-20", "NaT"]
    assert deals.created_at.astype(str).tolist() == ["2026-01-10"] * 2
    assert deals.amount.tolist() == [5000.0, 5000.0]
    assert report.counts["deals"].n_ignored == 3
    assert "has no Opportunity ID" in report.hints[0]
    assert deals.deal_id.is_unique


def test_salesforce_names_of_the_api_and_flags_are_read_and_other_currencies_are_set_aside(company):
    header = "Id,Name,StageName,Amount,CurrencyIsoCode,CloseDate,CreatedDate,IsClosed,IsWon,AccountId".split(",")
    row = dict(
        zip(
            header,
            ["006A", "Beans", "Hurra", "10.5", "EUR", "2026-02-20", "2026-01-10T09:00:00.000Z", "true", "true", "001A"],
            strict=True,
        )
    )
    report, catalog = loaded(
        company({"Opportunity.csv": export(header, row, row | {"Id": "006B", "CurrencyIsoCode": "USD"})})
    )
    assert catalog.frame("deals")[["deal_id", "won", "customer_id"]].values.tolist() == [
        ["salesforce-006A", True, "salesforce-001A"]
    ]
    assert report.counts["deals"].n_aside == 1


def test_a_salesforce_report_without_created_date_says_which_column_to_add(company):
    header = [name for name in SALESFORCE_OPPORTUNITIES if name != "Created Date"]
    row = {name: value for name, value in OPPORTUNITY.items() if name in header}
    with pytest.raises(
        Problems,
        match=r"no column for created_at of deals \(Created Date or CreatedDate\). Add the column Created Date",
    ):
        load(company({"report.csv": export(header, row)}))


def test_a_salesforce_lead_goes_by_a_hash_of_its_email_and_no_name_is_in_the_table(company):
    converted = LEAD | {"Email": "eva@firm.example", "Lead Status": "Closed - Converted"}
    _, catalog = loaded(company({"leads.csv": export(SALESFORCE_LEADS, LEAD, LEAD, converted)}))
    leads = catalog.frame("leads")
    assert len(leads) == 2  # the same lead twice is one
    assert leads.converted_at.notna().tolist() == [False, True]
    assert "Ada" not in leads.to_csv() and "@" not in leads.to_csv()


def test_a_pipedrive_deal_is_won_by_its_status_and_its_contact_is_a_name_that_is_not_kept(company):
    won = PIPE | {"Deal - ID": "6", "Deal - Status": "Won", "Deal - Won time": "2026-02-01 10:00:00"}
    lost = PIPE | {"Deal - ID": "7", "Deal - Status": "Lost", "Deal - Lost time": "2026-02-02 10:00:00"}
    dollars = PIPE | {"Deal - ID": "8", "Deal - Currency of value": "USD"}
    gone = PIPE | {"Deal - ID": "9", "Deal - Status": "Deleted"}
    report, catalog = loaded(company({"deals.csv": export(PIPEDRIVE_DEALS, PIPE, won, lost, dollars, gone)}))
    deals = catalog.frame("deals")
    assert deals.won.tolist() == [None, True, False]
    assert deals.closed_at.astype(str).tolist() == ["NaT", "2026-02-01 10:00:00", "2026-02-02 10:00:00"]
    assert "customer_id" not in deals and "Ada" not in deals.to_csv()
    assert (report.counts["deals"].n_aside, report.counts["deals"].n_ignored) == (1, 1)


def test_a_pipedrive_list_without_ids_and_with_serial_dates_of_a_spreadsheet_is_read_and_doubted(company):
    header = ["Deal - Title", "Deal - Value", "Deal - Stage", "Deal - Status", "Deal - Deal created"]
    row = dict(zip(header, ["Beans", "300", "Lead in", "open", "45631"], strict=True))
    report, catalog = loaded(
        company({"deals.csv": export(header, row, row | {"Deal - Title": "Filter", "Deal - Deal created": "45631.5"})})
    )
    assert catalog.frame("deals").created_at.astype(str).tolist() == ["2024-12-05 00:00:00", "2024-12-05 12:00:00"]
    assert "shows no ID" in report.hints[0]
