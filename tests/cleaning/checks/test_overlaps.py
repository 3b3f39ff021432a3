"""Exports that overlap: the newer file's rows count, its lines too, and how many is said."""

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load

HEADER = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Refunded Amount,Lineitem quantity,"
    "Lineitem name,Lineitem price\n"
)


def order(number: int, day: str, status: str, *lines: tuple[str, int], refunded: int = 0) -> str:
    total = sum(price for _, price in lines)
    first = f"#{number},a{number}@b.example,{status},EUR,{total},0,0,{total},{day} 10:00:00 +0200,{refunded}"
    blank = f"#{number},a{number}@b.example,,,,,,,,"
    return "".join(f"{blank if n else first},1,{name},{price}\n" for n, (name, price) in enumerate(lines))


MARCH = order(2, "2026-03-05", "paid", ("Mug", 10), ("Mug", 10), ("Tea", 5)) + order(
    3, "2026-03-09", "paid", ("Pot", 30)
)
TO_MARCH = HEADER + order(1, "2026-01-05", "paid", ("Mug", 10)) + MARCH
FROM_MARCH = HEADER + MARCH + order(4, "2026-04-02", "paid", ("Tea", 5))


def findings(report, table):
    return {finding.finding: finding.n_rows for finding in report.findings if finding.table == table}


def reconciled(counts) -> bool:
    return counts.n_in == counts.n_kept + counts.n_merged + counts.n_folded + counts.n_ignored + counts.n_aside


def test_the_lines_of_two_shop_exports_that_overlap_count_once(company):
    settings = company({"a.csv": TO_MARCH, "b.csv": FROM_MARCH})
    report = load(settings)
    catalog = connect(settings=settings)
    orders, lines = catalog.frame("orders"), catalog.frame("order_lines")
    assert sorted(orders.revenue) == [5.0, 10.0, 25.0, 30.0]
    assert sorted(lines["product"]) == ["Mug", "Mug", "Mug", "Pot", "Tea", "Tea"]
    by_order = lines.groupby("order_id").revenue.sum()
    pd.testing.assert_series_equal(by_order, orders.set_index("order_id").revenue.sort_index(), check_names=False)
    assert findings(report, "order_lines") == {
        "rows are in a newer file too": 4,
        "rows equal another row in every column": 1,
    }
    assert findings(report, "orders") == {"rows equal an earlier row": 2}
    assert all(reconciled(counts) for counts in report.counts.values())


@pytest.mark.parametrize("names", [("a.csv", "b.csv"), ("b.csv", "a.csv"), ("orders.csv", "orders (2).csv")])
def test_the_file_that_reaches_further_is_the_newer_one_whatever_its_name(company, names):
    older, newer = names
    changed = FROM_MARCH.replace(
        "#3,a3@b.example,paid,EUR,30,0,0,30", "#3,a3@b.example,refunded,EUR,30,0,0,30"
    ).replace("2026-03-09 10:00:00 +0200,0,1,Pot,30", "2026-03-09 10:00:00 +0200,30,1,Large pot,30")
    settings = company({older: TO_MARCH, newer: changed})
    report = load(settings)
    catalog = connect(settings=settings)
    assert "Large pot" in set(catalog.frame("order_lines")["product"])
    assert "Pot" not in set(catalog.frame("order_lines")["product"])
    assert sorted(catalog.frame("orders").revenue) == [-30.0, 5.0, 10.0, 25.0, 30.0]
    assert not any(counts.n_aside for counts in report.counts.values())


@pytest.mark.parametrize(("older", "newer"), [("orders.csv", "orders (1).csv"), ("orders (2).csv", "orders (10).csv")])
def test_of_two_files_that_reach_equally_far_the_later_download_wins(company, older, newer):
    settings = company({older: TO_MARCH, newer: TO_MARCH.replace(",Pot,30", ",Large pot,30")})
    load(settings)
    assert sorted(connect(settings=settings).frame("order_lines")["product"]) == [
        "Large pot",
        "Mug",
        "Mug",
        "Mug",
        "Tea",
    ]


def own(*rows: str) -> str:
    return "order_id,ordered_at,revenue\n" + "".join(f"{row}\n" for row in rows)


def test_a_corrected_order_in_a_newer_file_of_ones_own_replaces_the_older_one_and_the_count_is_said(company):
    files = {"path": "orders_*.csv"}
    settings = company(
        {
            "orders_03.csv": own("1,2026-03-01,5", "2,2026-03-31,6"),
            "orders_04.csv": own("2,2026-03-31,60", "3,2026-04-01,7"),
        },
        files={"orders": files},
    )
    report = load(settings)
    assert connect(settings=settings).frame("orders").revenue.tolist() == [5.0, 60.0, 7.0]
    assert findings(report, "orders") == {"rows are in a newer file too": 1}
    assert report.counts["orders"].n_merged == 1


def test_within_one_file_the_first_row_of_a_key_stays_as_before(company):
    settings = company({"orders.csv": own("1,2026-03-01,5", "1,2026-03-01,50")})
    report = load(settings)
    assert connect(settings=settings).frame("orders").revenue.tolist() == [5.0]
    assert findings(report, "orders") == {"order_id came before with other content": 1}


def test_the_lines_of_an_order_that_is_split_over_two_files_all_stay(company):
    lines = "order_id,product,quantity,revenue\n"
    settings = company(
        {
            "orders.csv": own("1,2026-03-01,15"),
            "order_lines_1.csv": lines + "1,Mug,1,10\n",
            "order_lines_2.csv": lines + "1,Tea,1,5\n",
        },
        files={"order_lines": {"path": "order_lines_*.csv"}},
    )
    load(settings)
    assert connect(settings=settings).frame("order_lines")["product"].tolist() == ["Mug", "Tea"]


def test_a_campaigns_day_in_two_files_is_spent_once_and_two_equal_invoices_twice(company):
    costs = "spent_at,amount,purpose,campaign\n"
    shared = "2026-03-31,40,acquisition,spring\n2026-03-31,99,acquisition,\n"
    settings = company(
        {
            "costs_1.csv": costs + "2026-03-30,30,acquisition,spring\n" + shared,
            "costs_2.csv": costs + shared + "2026-04-01,50,acquisition,spring\n",
        },
        files={"costs": {"path": "costs_*.csv"}},
    )
    report = load(settings)
    assert connect(settings=settings).frame("costs").amount.sum() == 30 + 40 + 99 + 99 + 50
    assert findings(report, "costs")["rows are in a newer file too"] == 1
