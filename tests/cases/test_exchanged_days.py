"""A spreadsheet that exchanged day and month is found out; dates and text side by side that are right are read."""

HEADER = "order_id,ordered_at,revenue,customer_id\n"
MIXED = [f"2026-{day:02d}-09 00:00:00" for day in range(1, 13)] + [f"{day}/09/2026" for day in range(13, 29)]


def rows(days):
    return HEADER + "".join(f"{n},{day},{n + 10},c{n % 3}\n" for n, day in enumerate(days, start=1))


def test_days_up_to_the_12th_that_a_spreadsheet_turned_into_months_are_refused(company):
    loaded = company({"orders.csv": rows(MIXED)})
    assert loaded.exit_code == 2
    assert (
        "exchanged day and month in 12 cells such as '2026-01-09 00:00:00' (line 2, column 'ordered_at')"
        in loaded.message
    )
    stated = loaded.follow('[files.orders]\npath = "orders.csv"\ndate_format = "%d/%m/%Y"')
    assert stated.exit_code == 0 and stated.number("revenue", "2026-01") == 11


def test_dates_and_text_of_the_same_days_are_read(company):
    right = [f"2026-09-{day:02d}" for day in range(1, 15)] + [f"{day}/09/2026" for day in range(15, 29)]
    assert company({"orders.csv": rows(right)}).number("revenue") == 686


def test_text_is_read_in_the_order_in_which_it_is_of_the_time_of_the_dates_beside_it(company):
    days = [f"{day:02d}/09/2026" for day in range(1, 13)] + [f"2026-09-{day}" for day in range(13, 29)]
    assert company({"orders.csv": rows(days)}).number("revenue") == 686


def test_text_that_could_be_of_that_time_in_either_order_is_asked_for(company):
    days = [f"{day:02d}/09/2026" for day in range(1, 13)] + [f"2026-{month:02d}-20" for month in range(1, 12)]
    loaded = company({"orders.csv": rows(days)})
    assert loaded.exit_code == 2 and "no cell shows whether the day or the month stands first" in loaded.message


def test_text_and_true_dates_in_one_column_of_a_workbook(case):
    assert case("xlsx_mixdates").number("revenue") == 686
