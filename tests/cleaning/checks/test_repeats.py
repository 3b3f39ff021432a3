"""Rows that come twice, and categories that are spelled twice."""

import pandas as pd

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.cleaning.loading.reports import quarantined_rows


def test_of_three_equal_rows_two_are_merged_and_of_a_changed_one_the_first_stays(company):
    rows = "1,2026-10-01,5\n1,2026-10-01,5.00\n2,2026-10-02,6\n1, 2026-10-01 ,5\n2,2026-10-02,7\n2,2026-10-02,7\n"
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n" + rows})
    counts = load(settings).counts["orders"]
    assert (counts.n_in, counts.n_kept, counts.n_merged, counts.n_aside) == (6, 2, 2, 2)
    assert connect(settings=settings).frame("orders").revenue.tolist() == [5, 6]
    assert quarantined_rows(settings.path("store"), "orders").line.tolist() == [6, 7]


def test_a_row_that_cannot_be_used_does_not_stand_in_the_way_of_a_good_one(company):
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n1,never,5\n1,2026-10-01,5\n"})
    assert load(settings).counts["orders"].n_kept == 1


def test_a_key_of_two_columns_repeats_only_if_both_do(company):
    rows = "m1,c1,2026-10-01\nm1,c2,2026-10-01\nm1,c1,2026-10-02\n"
    report = check(company({"mailings.csv": "mailing_id,customer_id,sent_at\n" + rows}))
    assert [f.finding for f in report.findings] == ["mailing_id and customer_id came before with other content"]
    assert report.counts["mailings"].n_kept == 2


def test_two_days_without_an_origin_have_the_same_key(company):
    report = check(
        company({"web_traffic.csv": "visited_on,origin,visitors\n2026-10-01,,5\n2026-10-01,,6\n2026-10-01,ads,6\n"})
    )
    assert report.counts["web_traffic"].n_kept == 2


def test_equal_lines_of_an_order_both_count_and_are_noted(company):
    settings = company({"order_lines.csv": "order_id,product,quantity\n1,cup,1\n1,cup,1\n1,pot,1\n"})
    report = load(settings)
    assert report.counts["order_lines"].n_kept == 3
    assert [(f.finding, f.n_rows) for f in report.findings] == [("rows equal another row in every column", 1)]


def test_the_most_frequent_spelling_of_a_campaign_wins_over_all_tables(company):
    leads = "lead_id,created_at,campaign\n1,2026-10-01,facebOOK_tier2\n2,2026-10-01,facebOOK_tier2\n3,2026-10-01,Spring\u00a0 sale\n"
    costs = (
        "spent_at,amount,purpose,campaign\n"
        + "2026-10-01,5,acquisition,Facebook_Tier2\n" * 3
        + "2026-10-02,5,acquisition,SPRING SALE\n"
    )
    settings = company({"leads.csv": leads, "costs.csv": costs})
    report = load(settings)
    catalog = connect(settings=settings)
    assert catalog.frame("leads").campaign.tolist() == ["Facebook_Tier2", "Facebook_Tier2", "SPRING SALE"]
    assert set(catalog.frame("costs").campaign) == {"Facebook_Tier2", "SPRING SALE"}
    spelled = [f for f in report.findings if "spelled" in f.finding]
    assert [(f.table, f.n_rows) for f in spelled] == [("leads", 3)]
    assert spelled[0].finding == "campaign is spelled in several ways, such as 'Spring sale' and 'SPRING SALE'"


def test_ids_comments_and_names_keep_their_case_and_inner_spaces(company):
    rows = 'A,2026-10-01,nps,9,"Good   coffee",C1\na,2026-10-01,nps,9,"good coffee",c1\n'
    settings = company({"survey_responses.csv": "response_id,responded_at,survey,score,comment,customer_id\n" + rows})
    load(settings)
    frame = connect(settings=settings).frame("survey_responses")
    assert frame.comment.tolist() == ["Good   coffee", "good coffee"]
    assert frame.customer_id.tolist() == ["C1", "c1"]


def test_spelling_settles_before_rows_are_compared(company):
    report = check(
        company(
            {"deal_stages.csv": "deal_id,stage,entered_at\n1,Won,2026-10-01\n1,won,2026-10-01\n1,Won ,2026-10-02\n"}
        )
    )
    assert (report.counts["deal_stages"].n_kept, report.counts["deal_stages"].n_merged) == (2, 1)


def test_a_hundred_thousand_repeats_are_merged(company):
    frame = pd.DataFrame(
        {"order_id": [str(n // 2) for n in range(200_000)], "ordered_at": "2026-10-01", "revenue": 1.0}
    )
    counts = check(company({"orders.parquet": frame})).counts["orders"]
    assert (counts.n_kept, counts.n_merged) == (100_000, 100_000)
