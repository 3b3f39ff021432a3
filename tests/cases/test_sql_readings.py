"""SQL in the settings reads cells as crmkit does: with the decimal mark and the date format of the file."""

import pytest

LINES = (
    "Beleg;Datum;Menge;Preis;Kunde\n"
    "1;03.09.2026;2;1.000,50;a\n1;03.09.2026;1;9,00;a\n2;14.09.2026;-1;9,00;b\n3;20.09.2026 08:15;1;20,00 €;c\n"
)
FILE = '\n[files.till]\npath = "till.csv"\ndecimal = ","\ndate_format = "%d.%m.%Y"\n'


def orders(sql):
    return FILE + f"\n[tables.orders]\nsql = '''\n{sql}\n'''\n"


GROUPED = (
    'SELECT "Beleg" AS order_id, min(as_time("Datum")) AS ordered_at, sum(as_number("Menge") * as_number("Preis")) AS revenue, '
    'min("Kunde") AS customer_id FROM till GROUP BY "Beleg"'
)


def test_three_receipts_of_2010_minus_9_and_20_give_2021(company):
    assert company({"till.csv": LINES}, orders(GROUPED)).number("revenue") == pytest.approx(2021)


def test_cells_that_sql_passes_on_as_text_are_read_as_the_file_is_declared(company):
    plain = 'SELECT row_number() OVER () AS order_id, "Datum" AS ordered_at, "Preis" AS revenue FROM till'
    assert company({"till.csv": LINES}, orders(plain)).number("revenue") == pytest.approx(1038.5)


def test_a_sum_with_a_cell_that_is_no_number_is_set_aside_and_not_too_small(company):
    loaded = company({"till.csv": LINES + "1;03.09.2026;1;siehe oben;a\n"}, orders(GROUPED))
    assert "orders: 3 rows in, 2 kept, 1 kept aside" in " ".join(loaded.run("check").stdout.split())
    assert loaded.number("revenue") == 11


def test_two_files_that_are_written_differently_are_read_by_naming_the_marks(company):
    english = "id,day,price\n9,9/15/2026,5.50\n"
    both = (
        'SELECT "Beleg" AS order_id, as_time("Datum", \'%d.%m.%Y\') AS ordered_at, as_number("Preis", \',\') AS revenue '
        "FROM till WHERE \"Menge\" = '-1' UNION ALL "
        "SELECT id, as_time(day, '%m/%d/%Y'), as_number(price, '.') FROM web"
    )
    settings = FILE + '\n[files.web]\npath = "web.csv"\n' + orders(both).removeprefix(FILE)
    assert company({"till.csv": LINES, "web.csv": english}, settings).number("revenue") == 14.5


def test_an_amount_in_another_currency_is_set_aside_in_sql_too(company):
    loaded = company({"till.csv": LINES + "4;20.09.2026;1;$7,00;c\n"}, orders(GROUPED))
    assert "orders: 4 rows in, 3 kept, 1 kept aside" in " ".join(loaded.run("check").stdout.split())
    assert loaded.number("revenue") == pytest.approx(2021)
