"""Customer ids that differ only in capitals or blanks are told, and a file of lines is not loaded as orders."""

HEADER = "order_id,ordered_at,revenue,customer_id\n"


def test_ids_that_differ_in_capitals_or_blanks_are_told_with_their_number(company):
    ids = ["C1", "c1", "C 2", "C2", "C3", "4", "5"]
    rows = "".join(f"{n},2026-09-0{n} 10:00,5,{each}\n" for n, each in enumerate(ids, start=1))
    shop = company({"orders.csv": HEADER + rows})
    assert shop.exit_code == 0
    assert "4 customer ids differ from another only in capitals or blanks" in shop.report


def test_ids_in_one_notation_are_not_doubted(company):
    rows = "".join(f"{n},2026-09-0{n} 10:00,5,C-{n}\n" for n in range(1, 8))
    assert "capitals" not in company({"orders.csv": HEADER + rows}).report


def test_a_number_says_that_a_tenth_of_its_rows_could_not_be_used(company):
    rows = "".join(f"{n},2026-09-{n:02d} 10:00,{'?' if n % 10 == 0 else 5},c{n}\n" for n in range(1, 31))
    shop = company({"orders.csv": HEADER + rows})
    assert "10% of the rows of orders could not be used and are left out" in shop.row("revenue")["reason"]
    assert shop.number("revenue") == 27 * 5
