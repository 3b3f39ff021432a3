"""A tidy file gives its number through the harness of these tests."""

ROWS = "".join(f"{n},2026-09-{n:02d} 10:00,{n + 10},c{n % 3}\n" for n in range(1, 29))


def test_a_tidy_file_of_28_orders_gives_686(company):
    assert company({"orders.csv": f"order_id,ordered_at,revenue,customer_id\n{ROWS}"}).number("revenue") == 686
