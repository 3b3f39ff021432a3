"""Visitors, spend, mailings, answers and tickets: every trap in their exports."""

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from tests.sources.layouts import (
    GA4,
    GOOGLE_ADS,
    HUBSPOT_CONTACTS,
    MAILCHIMP,
    META_ADS,
    SURVEYMONKEY,
    TYPEFORM,
    ZENDESK,
    export,
    loaded,
)

CHANNEL = GA4[0]
PREAMBLE = "# ----------------------------------------\n# Traffic acquisition\n# Account: Kaldi\n# Start date: 20260901\n# End date: 20260930\n\n"
MAILING = {
    "Title": "September",
    "Subject": "Beans, fresh",
    "Send Date": "Jun 09, 2018 09:30 pm",
    "Send Weekday": "Saturday",
    "Total Recipients": "1,200",
    "Successful Deliveries": "1,180",
    "Total Bounces": "20",
    "Unique Opens": "400",
    "Open Rate": "33.9%",
    "Unique Clicks": "60",
    "Unsubscribes": "3",
    "Abuse Complaints": "0",
    "Unique Id": "abc",
    "Total Orders": "5",
    "Total Revenue": "150.50",
}
TICKET = {
    "Id": "1",
    "Requester": "Ada Lang",
    "Requester id": "77",
    "Requester email": "ada@firm.example",
    "Subject": "Broken",
    "Status": "Solved",
    "Via": "Mail",
    "Created at": "2026-03-01 09:00",
    "Updated at": "2026-03-03 10:00",
    "Solved at": "2026-03-02 10:00",
    "Satisfaction Score": "Good",
}


def test_ga4_by_day_leaves_out_preamble_grand_total_and_the_second_table(company):
    header = ["Date", *GA4]
    rows = [
        {"Date": "20260826", CHANNEL: "Organic Search", "Sessions": "40"},
        {"Date": "20260827", CHANNEL: "Direct", "Sessions": "1,003"},
    ]
    total = {CHANNEL: "Grand total", "Sessions": "1,043"}
    text = export(header, total, *rows, above=PREAMBLE, below="\n# Start date: 20260901\nNth day,Sessions\n0000,40\n")
    report, catalog = loaded(company({"traffic.csv": text}))
    assert catalog.frame("web_traffic")[["origin", "visitors"]].values.tolist() == [
        ["Organic Search", 40],
        ["Direct", 1003],
    ]
    counts = report.counts["web_traffic"]
    assert (counts.n_in, counts.n_kept, counts.n_ignored) == (6, 2, 4)


def test_ga4_without_days_is_not_spread_over_the_month_and_of_one_day_it_is_that_day(company):
    text = export(GA4, {CHANNEL: "Direct", "Sessions": "40"}, above=PREAMBLE)
    with pytest.raises(
        Problems,
        match=r"none of its 1 rows can be used, such as line 8: it covers a period and not one day.*add Date as a dimension",
    ):
        load(company({"traffic.csv": text}))
    one_day = text.replace("End date: 20260930", "End date: 20260901")
    _, catalog = loaded(company({"traffic.csv": one_day}))
    assert str(catalog.frame("web_traffic").visited_on[0])[:10] == "2026-09-01"
    with pytest.raises(Problems, match="no column for visited_on"):
        load(company({"traffic.csv": export(GA4, {CHANNEL: "Direct", "Sessions": "40"})}))


@pytest.mark.parametrize(
    "name",
    [
        "Session primary channel group (Default channel group)",
        "SESSION DEFAULT CHANNEL GROUP",
        "Session default channel group",
    ],
)
def test_ga4_headers_differ_between_properties_in_words_and_case(company, name):
    text = export(["Date", name, "Sessions", "Conversions"], {"Date": "20260826", name: "Direct", "Sessions": "4"})
    assert loaded(company({"traffic.csv": text}))[1].frame("web_traffic").visitors.tolist() == [4]


def test_ga4_landing_pages_lose_their_query_and_add_up(company):
    pages = [
        {"Date": "20260826", "Landing page + query string": page, "Sessions": n}
        for page, n in (("/shop?utm_source=x&email=a@b.example", 3), ("/shop", 4), ("(not set)", 1))
    ]
    report, catalog = loaded(
        company({"pages.csv": export(["Date", "Landing page + query string", "Sessions"], *pages)})
    )
    traffic = catalog.frame("web_traffic")
    assert traffic[["landing_page", "visitors"]].astype(object).where(traffic.notna(), None).values.tolist() == [
        ["/shop", 7],
        [None, 1],
    ]
    assert report.counts["web_traffic"].n_folded == 1


def test_google_ads_in_utf_16_with_tabs_titles_and_totals_is_spend_by_day(company):
    header = ["Day", *GOOGLE_ADS]
    row = {
        "Day": "2026-09-01",
        "Campaign status": "Enabled",
        "Campaign": "Brand",
        "Currency code": "EUR",
        "Impr.": "1,234",
        "Cost": "1,172.45",
    }
    phone = row | {"Cost": "€27.55", "Conversions": "0.33"}  # segmented by device: two rows a day, which add up
    totals = [
        {"Day": "Total: Campaigns", "Campaign status": " --", "Cost": "1,200.00"},
        {"Campaign status": "Total: Account", "Cost": "1,200.00"},
    ]
    text = export(
        header, row, phone, *totals, delimiter="\t", above="Campaign report\nSeptember 1, 2026 - September 30, 2026\n"
    )
    report, catalog = loaded(company({"campaigns.csv": text.encode("utf-16")}))
    assert catalog.frame("costs").amount.tolist() == [1172.45, 27.55]
    assert catalog.frame("costs").channel.unique().tolist() == ["Google Ads"]
    assert (report.counts["costs"].n_in, report.counts["costs"].n_ignored) == (4, 2)


def test_google_ads_in_german_is_read_and_without_days_it_says_how_to_segment(company):
    german = ["Tag", "Kampagne", "Währungscode", "Kosten", "Klicks", "Impr."]
    row = dict(zip(german, ["2026-09-01", "Marke", "EUR", "1.172,45", "12", "1.234"], strict=True))
    _, catalog = loaded(company({"kampagnen.csv": export(german, row, delimiter=";")}))
    assert catalog.frame("costs").amount.tolist() == [1172.45]
    with pytest.raises(
        Problems,
        match=r"no column for spent_at of costs \(Day or Tag\)\. The report covers a period.*Segment > Time > Day",
    ):
        load(
            company(
                {
                    "kampagnen.csv": export(
                        GOOGLE_ADS, {"Campaign": "Brand", "Cost": "5"}, above="Campaign report\nAll time\n"
                    )
                }
            )
        )


META = {
    "Reporting starts": "2026-09-01",
    "Reporting ends": "2026-09-01",
    "Campaign name": "Autumn",
    "Amount spent (EUR)": "20.50",
}


def test_meta_ads_takes_days_only_leaves_the_accounts_total_and_reads_the_currency_from_the_header(company):
    rows = [META | {"Campaign name": "", "Amount spent (EUR)": "41.00"}, META, META | {"Reporting ends": "2026-09-30"}]
    report, catalog = loaded(company({"meta.csv": "\ufeff" + export(META_ADS, *rows)}))
    assert catalog.frame("costs")[["campaign", "amount"]].values.tolist() == [["Autumn", 20.5]]
    assert (report.counts["costs"].n_ignored, report.counts["costs"].n_aside) == (1, 1)
    with pytest.raises(Problems, match="the amount is in EUR, and the company counts in USD"):
        load(company({"meta.csv": export(META_ADS, META)}, company={"currency": "USD"}))


@pytest.mark.parametrize(
    "header",
    [["Día", "Nombre de la campaña", "Importe gastado (EUR)"], ["Jour", "Nom de la campagne", "Montant dépensé (EUR)"]],
)
def test_meta_ads_in_spanish_and_french(company, header):
    text = export(header, dict(zip(header, ["2026-09-01", "Otoño", "20,50"], strict=True)), delimiter=";")
    assert loaded(company({"meta.csv": text}))[1].frame("costs").amount.tolist() == [20.5]


def test_google_and_meta_spend_are_one_table_with_file_and_line_of_what_is_set_aside(company):
    google = export(
        ["Day", "Campaign", "Cost", "Impr."],
        {"Day": "2026-09-01", "Campaign": "Brand", "Cost": "10"},
        {"Day": "2026-09-01", "Campaign": "Brand", "Cost": "ten"},
        {"Day": "2026-09-02", "Campaign": "Brand", "Cost": "11"},
    )
    own = "spent_at;amount;purpose\n03.09.2026;1,50;retention\n"
    settings = company(
        {"google.csv": google, "meta.csv": export(META_ADS, META), "costs.csv": own},
        files={"costs": {"path": "costs.csv", "decimal": ",", "date_format": "%d.%m.%Y"}},
    )
    report, catalog = loaded(settings)
    assert sorted(catalog.frame("costs").amount) == [1.5, 10.0, 11.0, 20.5]
    from crmkit.cleaning.loading.reports import quarantined_rows

    assert quarantined_rows(settings.path("store"), "costs")[["file", "line", "reason"]].values.tolist() == [
        ["google.csv", 3, "'Cost' cannot be read as a number"]
    ]
    assert report.counts["costs"].n_in == 5


def test_a_mailchimp_mailing_is_1180_deliveries_at_half_past_nine_in_the_evening(company):
    _, catalog = loaded(company({"campaigns.csv": export(MAILCHIMP, MAILING)}))
    (mailing,) = catalog.frame("mailing_totals").to_dict("records")
    assert (mailing["recipients"], mailing["delivered"], mailing["clicked"], mailing["revenue"]) == (
        1200,
        1180,
        60,
        150.5,
    )
    assert str(mailing["sent_at"]) == "2018-06-09 21:30:00"
    assert "open_rate" not in mailing  # a text, computed from the counts


def test_typeform_keeps_completed_answers_to_the_question_about_recommending_and_finds_the_customer(company):
    question, why = TYPEFORM[1], TYPEFORM[2]
    answer = {
        "#": "r1",
        question: "9",
        why: "Good,\nreally",
        "email": "ADA@firm.example",
        "Response Type": "completed",
        "Start Date (UTC)": "2026-03-01 22:50:00",
        "Submit Date (UTC)": "2026-03-01 23:30:00",
    }
    rows = [
        answer,
        answer | {"#": "r2", "Response Type": "partial"},
        answer | {"#": "r3", question: ""},
        answer | {"#": "r4", question: "eleven"},
    ]
    contact = {"Record ID": "101", "First Name": "Ada", "Email": "ada@firm.example", "Create Date": "2026-01-01"}
    files = {
        "responses.csv": export(TYPEFORM, *rows),
        "contacts.csv": export(HUBSPOT_CONTACTS, contact | {"Lifecycle Stage": "customer"}),
    }
    report, catalog = loaded(company(files, company={"time_zone": "Europe/Berlin"}))
    (row,) = catalog.frame("survey_responses").to_dict("records")
    assert (row["score"], row["survey"], row["customer_id"], row["comment"]) == (
        9,
        "nps",
        "hubspot-101",
        "Good,\nreally",
    )
    assert str(row["responded_at"]) == "2026-03-02 00:30:00"
    counts = report.counts["survey_responses"]
    assert (counts.n_in, counts.n_ignored, counts.n_aside) == (4, 2, 1)


def test_surveymonkey_has_two_header_lines_a_question_of_two_lines_and_labels_at_the_scores(company):
    choices = ["", "", "", "", "", "", "", "", "", "Response", "Shop", "Café", "Open-Ended Response"]
    rows = [
        [
            "1",
            "c",
            "03/13/2026 09:00:00",
            "03/13/2026 09:05:00",
            "10.0.0.1",
            "a@b.example",
            "",
            "",
            "",
            "10 - Extremely likely",
            "Shop",
            "",
            "Nice, and near",
        ],
        ["2", "c", "04/03/2026 09:00:00", "04/03/2026 09:05:00", "", "", "", "", "", "0", "", "Café", ""],
        ["3", "c", "04/03/2026 09:00:00", "04/03/2026 09:05:00", "", "", "", "", "", "", "", "", ""],
    ]
    quoted = "\n".join(",".join('"' + cell + '"' for cell in line) for line in [SURVEYMONKEY, choices, *rows]) + "\n"
    report, catalog = loaded(company({"survey.csv": quoted}))
    answers = catalog.frame("survey_responses")
    assert answers.score.tolist() == [10, 0]
    assert answers.comment.tolist() == ["Nice, and near", None]
    assert answers.responded_at.astype(str).tolist() == ["2026-03-13 09:05:00", "2026-04-03 09:05:00"]
    assert (report.counts["survey_responses"].n_in, report.counts["survey_responses"].n_ignored) == (3, 1)
    unused = next(f.finding for f in report.findings if "not used" in f.finding)
    assert "What did you use? - Shop, What did you use? - Café" in unused


def test_a_list_of_nps_answers_of_any_tool_is_read_and_an_11_is_set_aside(company):
    text = "Respondent_Email;Responded_At;NPS;Comment\na@b.example;13.02.2026 10:00;9;ok\nb@b.example;14.02.2026;11;\nc@b.example;15.02.2026;;\n"
    report, catalog = loaded(company({"answers.csv": text}))
    answers = catalog.frame("survey_responses")
    assert answers.score.tolist() == [9]
    assert answers.customer_id[0].startswith("person-")
    assert (report.counts["survey_responses"].n_ignored, report.counts["survey_responses"].n_aside) == (1, 1)


def test_zendesk_counts_good_and_bad_and_takes_offered_for_a_question_without_an_answer(company):
    scores = ["Good", "Bad", "Offered", "Not Offered", "-"]
    rows = [TICKET | {"Id": str(n), "Satisfaction Score": score} for n, score in enumerate(scores, start=1)]
    report, catalog = loaded(company({"tickets.csv": export(ZENDESK, *rows)}))
    assert catalog.frame("survey_responses").score.tolist() == [1, 0]
    assert catalog.frame("survey_responses").scale_max.tolist() == [1, 1]
    assert len(catalog.frame("survey_invitations")) == 3
    assert catalog.frame("tickets").customer_id.tolist() == ["zendesk-77"] * 5
    assert report.counts["survey_responses"].n_ignored == 3
    assert any("Product [list]" in f.finding for f in report.findings)
