"""Amounts in another currency than the company's: kept aside row by row, or refused as a whole; never added up."""

from io import StringIO

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import Problems
from tests.sources.layouts import loaded

HEADER = "order_id,ordered_at,revenue,currency\n"
MIXED = HEADER + "1,2026-10-01,5,EUR\n2,2026-10-01,7,usd\n3,2026-10-02,6,\n4,2026-10-02,8,Eur\n"


def test_one_row_of_four_in_dollars_is_set_aside_with_its_line(company):
    settings = company({"orders.csv": MIXED})
    report, catalog = loaded(settings)
    assert (report.counts["orders"].n_in, report.counts["orders"].n_aside) == (4, 1)
    assert catalog.frame("orders").revenue.sum() == 19
    assert quarantined_rows(settings.path("store"), "orders")[["file", "line", "reason"]].values.tolist() == [
        ["orders.csv", 3, "the amount is in USD, and the company counts in EUR"]
    ]


def test_a_sign_beside_the_amount_counts_too(company):
    rows = "order_id,ordered_at,revenue\n1,2026-10-01,€5\n2,2026-10-01,$7\n3,2026-10-02,6 €\n4,2026-10-02,8.00 zł\n"
    report, catalog = loaded(company({"orders.csv": rows}))
    assert catalog.frame("orders").revenue.tolist() == [5, 6]
    assert {f.finding for f in report.findings if f.severity == "rejected"} == {
        "the amount is in USD, and the company counts in EUR",
        "the amount is in PLN, and the company counts in EUR",
    }


def test_ringgit_are_not_euros_in_a_file_and_in_a_frame(company):
    rows = "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-01,RM7\n3,2026-10-02,6\n4,2026-10-02,8.00\n"
    report, catalog = loaded(company({"orders.csv": rows}))
    assert catalog.frame("orders").revenue.tolist() == [5, 6, 8]
    assert "the amount is in MYR, and the company counts in EUR" in {f.finding for f in report.findings}
    frame = pd.read_csv(StringIO(rows), dtype=str)
    assert ck.connect({"orders": frame}).frame("orders").revenue.tolist() == [5, 6, 8]


@pytest.mark.parametrize("currency", ["USD", "CAD"])
def test_a_file_all_in_another_currency_is_refused_with_what_to_write(company, currency):
    rows = MIXED.replace("EUR", "GBP").replace("Eur", "GBP").replace("usd", "GBP")
    with pytest.raises(Problems, match='amounts are in GBP in 3 of 4 rows, such as line 2, .* currency = "GBP" under'):
        load(company({"orders.csv": rows}, company={"currency": currency}))


def test_dollars_are_dollars_for_a_canadian(company):
    rows = "order_id,ordered_at,revenue\n1,2026-10-01,$5\n2,2026-10-01,$7\n"
    assert loaded(company({"orders.csv": rows}, company={"currency": "CAD"}))[0].counts["orders"].n_kept == 2


def test_a_column_of_currencies_says_nothing_of_a_table_without_amounts(company):
    rows = "lead_id,created_at,currency\n1,2026-10-01,USD\n2,2026-10-01,EUR\n"
    assert loaded(company({"leads.csv": rows}))[0].counts["leads"].n_aside == 0


def test_an_optional_column_that_cannot_be_read_is_reported_with_line_and_shape_and_no_value(company):
    rows = "order_id,ordered_at,revenue,margin\n" + "".join(f"{n},2026-10-0{n},5,Ada {n}\n" for n in range(1, 6))
    (told,) = (f for f in loaded(company({"orders.csv": rows}))[0].findings if f.severity == "warning")
    assert told.finding == (
        "margin cannot be read as a number in most of its 5 filled cells, shaped like 'xxx 9' in line 2"
    )
    assert (told.n_rows, "margin leaves these rows out" in told.consequence) == (5, True)
