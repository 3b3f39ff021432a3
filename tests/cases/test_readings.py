"""Cells that prove their reading are read; the others are asked for with both readings, and following the answer loads."""

import re

import pytest

import crmkit as ck

ORDERS = "order_id,ordered_at,revenue,customer_id\n"


def rows(cells, column="revenue"):
    """Return the text of orders with these cells, and plain ones beside them."""
    lines = []
    for n, cell in enumerate(cells, start=1):
        met = {"ordered_at": "2026-09-01", "revenue": "10.50"} | {column: f'"{cell}"'}
        lines.append(f"{n},{met['ordered_at']},{met['revenue']},c{n}\n")
    return ORDERS + "".join(lines)


def answers_in(message):
    """Return the settings that a message offers, each as it would be written into the file."""
    offered = re.search(
        r"Write (?:path = \"(?P<path>[^\"]+)\" and )?(?P<answers>.*?) under \[files\.(?P<name>\w+)\]", message
    )
    assert offered, message
    answers = re.findall(r'(\w+ = "[^"]+")(?: \(([^)]*)\))?', offered["answers"])
    return [
        (f'[files.{offered["name"]}]\npath = "{offered["path"]}"\n{answer}', reading) for answer, reading in answers
    ]


@pytest.mark.parametrize(
    ("name", "revenue"),
    [
        ("canon_eu", 34020),
        ("us", 686),
        ("ampm", 686),
        ("yy", 686),
        ("fr", 686),
        ("serial", 686),
        ("epoch_ms", 658),
        ("xlsx_mixdates", 686),
    ],
)
def test_times_and_amounts_that_their_cells_prove_are_read(case, name, revenue):
    loaded = case(name)
    assert loaded.exit_code == 0, loaded.message
    assert loaded.number("revenue") == revenue


@pytest.mark.parametrize("which", [0, 1])
def test_1_001_in_every_row_is_asked_for_and_either_answer_loads(case, which):
    loaded = case("thousands")
    assert "'1,001' (line 2, column 'revenue') is 1.001 or 1,001" in loaded.message
    answer, reading = answers_in(loaded.message)[which]
    assert loaded.follow(answer).exit_code == 0, loaded.message
    assert loaded.number("revenue") == pytest.approx({"1.001": 28.406, "1,001": 28406}[reading])


@pytest.mark.parametrize(
    ("cells", "column", "offers"),
    [
        (["Rp85.000", "Rp699.000"], "revenue", {"85": 784, "85,000": 784000}),
        (["03/04/2026", "05/06/2026"], "ordered_at", {"3 April 2026": 21, "4 March 2026": 21}),
        (["3.4.26 9:05", "5.4.26 21:05"], "ordered_at", {"3 April 2026": 21, "4 March 2026": 21}),
        (["03.04.26", "05.04.26"], "ordered_at", {"3 April 2026": 21, "4 March 2026": 21, "26 April 2003": 21}),
        (["4/3/2026 9:05 PM", "4/5/2026 9:05 AM"], "ordered_at", {"4 March 2026": 21, "3 April 2026": 21}),
    ],
)
def test_every_answer_that_is_printed_is_followed_and_loads(company, cells, column, offers):
    currency = '[company]\nname = "Test"\ncurrency = "IDR"\n'
    for number, (said, expected) in enumerate(offers.items()):
        loaded = company({"orders.csv": rows(cells, column)}, folder=str(number))
        if "Rp" in cells[0]:
            (loaded.folder / "crmkit.toml").write_text(currency, encoding="utf-8")
            loaded.load()
        offered = {reading: answer for answer, reading in answers_in(loaded.message)}
        assert list(offered) == list(offers), loaded.message
        assert loaded.follow(offered[said]).exit_code == 0, loaded.message
        orders = ck.connect(loaded.folder).frame("orders")
        assert orders.revenue.sum() == expected
        assert column == "revenue" or f"{orders.ordered_at[0]:%d %B %Y}".lstrip("0") == said


def test_a_format_that_contradicts_the_cells_is_named_with_one_that_reads_them(company):
    settings = '\n[files.orders]\npath = "orders.csv"\ndate_format = "%d/%m/%Y"\n'
    loaded = company({"orders.csv": rows(["9/28/2026 1:00 PM", "9/13/2026 2:00 PM"], "ordered_at")}, settings)
    assert "'9/28/2026 1:00 PM' (line 2, column 'ordered_at') has the month first" in loaded.message
    text = (loaded.folder / "crmkit.toml").read_text(encoding="utf-8")
    (answer,) = re.findall(r'date_format = "%m[^"]*"', loaded.message)
    (loaded.folder / "crmkit.toml").write_text(text.replace('date_format = "%d/%m/%Y"', answer), encoding="utf-8")
    assert loaded.load().exit_code == 0, loaded.message
    assert loaded.number("revenue") == 21


@pytest.mark.parametrize("name", ["sci", "sci_customer", "sci_mix"])
def test_ids_that_excel_has_shortened_are_refused_with_their_cause(case, name):
    loaded = case(name)
    assert loaded.exit_code == 2
    assert "Excel has shortened the ids" in loaded.message and "E+1" in loaded.message
    assert "without opening it in Excel" in loaded.message


def test_ids_that_are_truly_written_so_are_declared(company):
    text = ORDERS + "5E10,2026-09-01,5,c1\n1E+05,2026-09-02,6,c2\n"
    loaded = company({"orders.csv": text})
    assert "'1E+05' (line 3, column 'order_id')" in loaded.message and "exact_ids = true" in loaded.message
    loaded.follow('[files.orders]\npath = "orders.csv"\nexact_ids = true')
    assert loaded.number("revenue") == 11


def test_ids_of_18_digits_that_all_end_in_zeros_beyond_the_15th_are_refused(company):
    ids = [f"1234567890123{n:02d}000" for n in range(1, 4)]
    text = ORDERS + "".join(f"{n},2026-09-0{n},5,{each}\n" for n, each in enumerate(ids, start=1))
    assert "Excel has rounded the ids in 3 rows of column 'customer_id'" in company({"orders.csv": text}).message
    exact = text.replace("01000", "01007")
    assert company({"orders.csv": exact}, folder="exact").exit_code == 0


def test_a_composed_and_a_decomposed_letter_are_one(case):
    loaded = case("nfd")
    assert ck.connect(loaded.folder).frame("orders")[["customer_id", "channel"]].nunique().tolist() == [1, 1]
    said = loaded.run("check").stdout
    assert "Café" not in said and "spell" not in said
