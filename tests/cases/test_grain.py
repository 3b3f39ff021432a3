"""Rows finer than a row of their table are added up, with a note; rows that stand twice in a file still count once."""

from crmkit.cleaning.loading.connect import connect
from crmkit.settings import read_settings

HOURS = "visited_on,origin,landing_page,visitors,clicks,hour\n" + "".join(
    f"2026-09-{day:02d},ads,/,{1 + hour % 2},1,{hour}\n" for day in range(1, 31) for hour in range(24)
)


def table(company, name):
    return connect(settings=read_settings(company.folder)).frame(name)


def test_720_rows_of_hours_are_30_days_with_all_their_visitors(company):
    firm = company({"web_traffic.csv": HOURS})
    assert firm.number("visitors") == 30 * 36
    assert "30 kept, 690 merged into another row" in firm.report
    assert "rows are finer than a row of the table: 690 rows" in firm.report
    assert "came before" not in firm.report


def test_hours_without_their_column_are_added_up_too_even_where_two_are_equal(company):
    rows = "visited_on,origin,visitors\n" + "2026-09-01,ads,1\n" * 5 + "2026-09-01,ads,2\n" + "2026-09-02,ads,1\n" * 3
    assert table(company({"web_traffic.csv": rows}), "web_traffic").visitors.tolist() == [7, 3]


def test_a_file_whose_rows_all_stand_twice_counts_them_once(company):
    rows = "visited_on,origin,visitors\n" + "2026-09-01,ads,5\n2026-09-02,ads,6\n" * 2
    assert table(company({"web_traffic.csv": rows}), "web_traffic").visitors.tolist() == [5, 6]


def test_two_exports_that_overlap_are_not_added_up_and_the_newer_one_counts(company):
    march = "visited_on,origin,visitors\n" + "".join(f"2026-09-{n:02d},ads,{n}\n" for n in range(1, 11))
    later = "visited_on,origin,visitors\n" + "".join(f"2026-09-{n:02d},ads,{n + (n == 10)}\n" for n in range(6, 16))
    files = {"web_traffic_1.csv": march, "web_traffic_2.csv": later}
    firm = company(files, '[files.web_traffic]\npath = "web_traffic_*.csv"\n')
    assert table(firm, "web_traffic").visitors.sum() == sum(range(1, 16)) + 1


def test_variants_of_a_mailing_are_one_mailing_with_all_recipients(company):
    rows = "mailing_id,sent_at,recipients,clicked,variant\nm1,2026-09-01 10:00,100,7,A\nm1,2026-09-01 10:00,150,9,B\n"
    totals = table(company({"mailing_totals.csv": rows}), "mailing_totals")
    assert totals[["recipients", "clicked"]].values.tolist() == [[250, 16]]


def test_two_plans_of_one_subscription_are_added_up_and_a_changed_row_of_one_plan_is_not(company):
    header = "subscription_id,customer_id,starts_at,ends_at,mrr,plan\n"
    rows = "s1,c1,2026-09-01,2026-10-01,20,Beans\ns1,c1,2026-09-01,2026-10-01,5,Filters\n"
    changed = "s2,c2,2026-09-01,2026-10-01,20,Beans\ns2,c2,2026-09-01,2026-10-01,25,Beans\n"
    firm = company({"subscription_terms.csv": header + rows + changed})
    assert table(firm, "subscription_terms").mrr.tolist() == [25, 20]
    assert "subscription_id and starts_at came before with other content: 1 row" in firm.report


def test_costs_by_keyword_and_device_all_count(company):
    rows = "spent_at,amount,purpose,campaign,device\n" + "2026-09-01,1.5,acquisition,Spring,mobile\n" * 40
    assert table(company({"costs.csv": rows}), "costs").amount.sum() == 60
