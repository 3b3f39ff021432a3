"""Forms of times, amounts and texts that prove their reading; the same for files, frames and tables of other programs."""

import datetime
import subprocess
import sys

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import check
from crmkit.errors import Problems
from crmkit.settings import parse_settings


def read(column, cells, currency="EUR"):
    """Return the cells of a column of orders as they are read, in the order of the rows; rows set aside are absent."""
    n = len(cells)
    plain = {"order_id": [f"o{i}" for i in range(n)], "ordered_at": ["2026-09-01"] * n, "revenue": ["5.50"] * n}
    settings = parse_settings({"company": {"currency": currency, "time_zone": "Europe/Berlin"}})
    orders = ck.connect({"orders": pd.DataFrame(plain | {column: cells})}, settings).frame("orders")
    return orders.sort_values("order_id")[column].tolist()


@pytest.mark.parametrize(
    ("cells", "first", "second"),
    [
        (["01.09.2026 14.30", "13.09.2026"], "2026-09-01 14:30", "2026-09-13"),
        (["9/28/2026 11:59 PM", "9/1/2026 12:05 AM"], "2026-09-28 23:59", "2026-09-01 00:05"),
        (["13/08/2026", "1/9/26"], "2026-08-13", "2026-09-01"),
        (["1 sept. 2026", "13 août 2026 9:05"], "2026-09-01", "2026-08-13 09:05"),
        (["13 Agustus 2026", "1 Mei 2026"], "2026-08-13", "2026-05-01"),
        (["13. januar 2026", "1. mars 2026"], "2026-01-13", "2026-03-01"),
        (["13 серпня 2026", "1 вересня 2026 р."], "2026-08-13", "2026-09-01"),
        (["1 de septiembre de 2026", "2 de mayo de 2026"], "2026-09-01", "2026-05-02"),
        (["2026. szeptember 1.", "2026. május 2."], "2026-09-01", "2026-05-02"),
        (["2026年9月1日", "2026年9月13日 10:30"], "2026-09-01", "2026-09-13 10:30"),
        (["2026. 9. 1. 오후 2:30", "2026. 9. 13. 오전 9:05"], "2026-09-01 14:30", "2026-09-13 09:05"),
        (["Di., 1. Sept. 2026 um 9:05 Uhr", "Mi., 2. Dez. 2026 um 19:05 Uhr"], "2026-09-01 09:05", "2026-12-02 19:05"),
        (["Tue, Sep 1, 2026 9:59:01 PM", "Wed, Sep 2, 2026 10:00:00 AM"], "2026-09-01 21:59:01", "2026-09-02 10:00"),
        (
            ["Tue Sep 01 2026 10:00:00 GMT+0300 (EEST)", "Tue Sep 01 2026 23:00:00 GMT+0000 (UTC)"],
            "2026-09-01 09:00",
            "2026-09-02 01:00",
        ),
        (["1/9/2026 9:05 a. m.", "13/9/2026 9:05 p.\u202fm."], "2026-09-01 09:05", "2026-09-13 21:05"),
        (["46266.4166667", "46267"], "2026-09-01 10:00", "2026-09-02"),
        (["46266,5", "46267,25"], "2026-09-01 12:00", "2026-09-02 06:00"),
        (["1788249600", "1788336000"], "2026-09-01 10:00", "2026-09-02 10:00"),
        (["1788249600000", "1788336000500"], "2026-09-01 10:00", "2026-09-02 10:00:00.5"),
        (["1788249600000000", "1788336000000000"], "2026-09-01 10:00", "2026-09-02 10:00"),
        ([1788249600000, 1788336000000], "2026-09-01 10:00", "2026-09-02 10:00"),
        ([46266.5, 46267.0], "2026-09-01 12:00", "2026-09-02"),
        (["5 listopadu 2026", "1 prosince 2026"], "2026-11-05", "2026-12-01"),
        (["٠١/٠٩/٢٠٢٦", "١٣/٠٩/٢٠٢٦"], "2026-09-01", "2026-09-13"),
        (["'01/09/2026", "13/09/2026"], "2026-09-01", "2026-09-13"),
        (["26/09/01", "26/09/02"], "2026-09-01", "2026-09-02"),
        (["20260901", "13.09.2026"], "2026-09-01", "2026-09-13"),
    ],
)
def test_times_of_many_forms_are_read(cells, first, second):
    assert read("ordered_at", cells) == [pd.Timestamp(first), pd.Timestamp(second)]


def test_a_spreadsheets_day_among_dates_of_its_year_is_read_and_one_far_away_is_not():
    dates = ["2026-09-01", "2026-09-02", "46268", "46269", "2026-09-05"]
    assert read("ordered_at", dates)[2] == pd.Timestamp("2026-09-03")
    assert len(read("ordered_at", [*dates[:2], "26268", "26269", dates[4]])) == 3


def test_a_word_that_is_two_months_is_asked_for():
    with pytest.raises(Problems, match=r"'5 listopad 2026' \(line 1, column 'ordered_at'\) is in October or November"):
        read("ordered_at", ["5 listopad 2026", "6 listopad 2026"])


def test_rows_in_the_order_of_their_dates_prove_the_order_of_day_and_month():
    days = [datetime.date(2026, month, day) for month, last in ((8, 6), (9, 4)) for day in range(1, last + 1)]
    cells = [f"{day:%d/%m/%Y}" for day in days]
    assert [each.date() for each in read("ordered_at", cells)] == days
    with pytest.raises(Problems, match="no cell shows whether the day or the month stands first"):
        read("ordered_at", [*cells[5:], *cells[:5]])


@pytest.mark.parametrize(
    ("cells", "currency", "values"),
    [
        (["1.201,50", "3"], "EUR", [1201.5, 3]),
        (["1,23,401.00", "12,34,567"], "INR", [123401, 1234567]),
        (["5.-", "12.50"], "CHF", [5, 12.5]),
        (["1.234,-", "5,--"], "EUR", [1234, 5]),
        (["12.50-", "7-"], "EUR", [-12.5, -7]),
        (["'-70.00", "(12.50)"], "EUR", [-70, -12.5]),
        (["−12,50 €", "€ -3,00"], "EUR", [-12.5, -3]),
        (["RM125.50", "-RM3.00"], "MYR", [125.5, -3]),
        (["1250,50 ₴", "3 грн."], "UAH", [1250.5, 3]),
        (["1250円", "300円"], "JPY", [1250, 300]),
        (["Rp1.699.000", "Rp85.000"], "IDR", [1699000, 85000]),
        (["1 250,50 zł", "3 zł"], "PLN", [1250.5, 3]),
        (["kr 1\u00a0250,50", "3 kr."], "NOK", [1250.5, 3]),
        (["S/ 1,250.50", "S/3"], "PEN", [1250.5, 3]),
        (["US$1,250.50", "3 usd"], "USD", [1250.5, 3]),
        (["٣٫٥٠", "١٢٫٢٥"], "EGP", [3.5, 12.25]),
        (["0,125", "1.500"], "EUR", [0.125, 1500]),
    ],
)
def test_amounts_of_many_forms_are_read(cells, currency, values):
    assert read("revenue", cells, currency) == values


@pytest.mark.parametrize("cell", ["12K", "12 pieces", "1.2M", "12,34,56", "5%"])
def test_what_is_no_amount_is_set_aside(cell):
    assert read("revenue", ["3.50", "4", cell]) == [3.5, 4]


def test_the_mark_of_another_amount_of_the_file_counts_and_that_of_a_rating_does_not():
    frame = {"order_id": ["1", "2"], "ordered_at": ["2026-09-01"] * 2, "revenue": ["85.000", "12.000"]}
    orders = ck.connect({"orders": pd.DataFrame(frame | {"margin": ["3,50", "4,25"]})}).frame("orders")
    assert orders.revenue.tolist() == [85000, 12000]
    with pytest.raises(Problems, match=r"'85.000' \(line 1, column 'revenue'\) is 85 or 85,000"):
        ck.connect({"orders": pd.DataFrame(frame | {"rating": ["3.5", "4.25"]})})


def texts(column, cells):
    frame = {"order_id": [str(n) for n in range(len(cells))], "ordered_at": "2026-09-01", "revenue": 5.0, column: cells}
    catalog = ck.connect({"orders": pd.DataFrame(frame)})
    found = [(f["finding"], f["n_rows"]) for f in catalog.provenance["findings"] if "say nothing" in f["finding"]]
    return [None if pd.isna(text) else text for text in catalog.frame("orders")[column]], found


def test_words_for_nothing_are_empty_and_told_with_their_number():
    read_as, found = texts("channel", ["shop", "N/A", "(not set)", "-", "nan", "none", "web", "NaN"])
    assert read_as == ["shop", None, None, None, None, None, "web", None]
    assert [n for _, n in found] == [6] and found[0][0].startswith("cells of channel say nothing: ")


def test_namibia_and_a_customer_called_null_stay():
    frame = pd.DataFrame({"customer_id": ["Meyer", "Null", "Okafor"], "country": ["NA", "DE", "ZA"]})
    customers = ck.connect({"customers": frame}).frame("customers")
    assert customers.customer_id.tolist() == ["Meyer", "Null", "Okafor"]
    assert customers.country.tolist() == ["NA", "DE", "ZA"]
    names = pd.DataFrame({"customer_id": ["1", "2"], "country": ["NA", "Germany"]})
    assert ck.connect({"customers": names}).frame("customers").country.isna().tolist() == [True, False]


def test_own_columns_hold_nothing_in_place_of_words_for_nothing():
    assert texts("warehouse", ["Bonn", "N/A", "Köln\u200b", "Ko\u0308ln"])[0] == ["Bonn", None, "Köln", "Köln"]


def test_a_product_called_n_a_keeps_its_line():
    lines = pd.DataFrame({"order_id": ["1", "2"], "product": ["N/A", "Mug"]})
    assert ck.connect({"order_lines": lines}).frame("order_lines")["product"].tolist() == ["N/A", "Mug"]


@pytest.mark.parametrize("ids", [[1.2345678901234567e17, 2.5e17], ["4.91512E+11", "491512000001"], ["6,78E+12", "7"]])
def test_shortened_ids_of_a_frame_are_refused(ids):
    frame = pd.DataFrame({"order_id": ids, "ordered_at": "2026-09-01", "revenue": 5.0})
    with pytest.raises(Problems, match=r"digits are lost"):
        ck.connect({"orders": frame})


def test_numbers_of_a_workbook_are_no_text_that_could_group_thousands(tmp_path):
    pd.DataFrame({"order_id": [1, 2, 3], "ordered_at": "2026-09-01", "revenue": [12.125, 3.5, 7.375]}).iloc[
        [0, 2]
    ].to_excel(tmp_path / "orders.xlsx", index=False)
    assert ck.connect(tmp_path).frame("orders").revenue.tolist() == [12.125, 7.375]


def test_a_question_names_the_column_as_the_file_does(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "kasse.csv").write_text("Beleg,Datum,Betrag\n1,2026-09-01,85.000\n2,2026-09-02,12.000\n")
    columns = {"order_id": "Beleg", "ordered_at": "Datum", "revenue": "Betrag"}
    settings = parse_settings({"tables": {"orders": {"file": "kasse", "columns": columns}}}, folder=tmp_path)
    with pytest.raises(Problems, match=r"'85.000' \(line 2, column 'Betrag'\) is 85 or 85,000.* under \[files.kasse\]"):
        check(settings)


def test_days_of_the_week_are_known_after_another_use_of_the_same_locale():
    code = (
        "from babel import Locale; Locale('en').territories; from crmkit.sources.parsing.cldr import date_words; "
        "print(*date_words(['Tue', 'Sep'])[0].others)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "tue\n"
