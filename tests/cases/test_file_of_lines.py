"""A file of lines that is mapped as if each row were an order is refused by its name, and not mostly set aside."""

LINES = "Beleg,Datum,Betrag,Kunde,Artikel\n" + "".join(
    f"{n // 4},2026-09-{n // 4 + 1:02d},{n + 1},k{n // 8},A{n % 4}\n" for n in range(80)
)
NAIVE = """
[tables.orders]
file = "till"
[tables.orders.columns]
order_id = "Beleg"
ordered_at = "Datum"
revenue = "Betrag"
customer_id = "Kunde"
"""


def test_sixty_of_eighty_rows_that_repeat_an_order_are_told_to_be_lines(company):
    loaded = company({"till.csv": LINES}, NAIVE)
    assert loaded.exit_code == 2
    assert (
        "till.csv: 60 of its 80 rows repeat an order_id with other content. This is a file of lines" in loaded.message
    )
    assert "and run `crmkit map`: it proposes the SQL that makes orders and order_lines of it" in loaded.message


def test_what_map_then_proposes_gives_3240(company):
    loaded = company({"till.csv": LINES}, NAIVE)
    settings = loaded.folder / "crmkit.toml"
    settings.write_text(settings.read_text().partition("[tables.orders]")[0])
    assert loaded.run("map", loaded.folder / "exports").exit_code == 0
    loaded.follow((loaded.folder / "exports" / "mapping.toml").read_text(encoding="utf-8"))
    assert loaded.exit_code == 0 and loaded.number("revenue") == 3240


def test_lines_under_crmkits_own_names_get_a_proposal_too(company):
    own = "order_id,ordered_at,revenue,product\n" + "".join(
        f"{n // 4},2026-09-{n // 4 + 1:02d},{n + 1},A{n % 4}\n" for n in range(80)
    )
    loaded = company({"orders.csv": own})
    assert "orders.csv: 60 of its 80 rows repeat an order_id" in loaded.message
    assert loaded.run("map", loaded.folder / "exports").exit_code == 0
    loaded.follow((loaded.folder / "exports" / "mapping.toml").read_text(encoding="utf-8"))
    assert loaded.exit_code == 0 and loaded.number("revenue") == 3240


def test_a_few_orders_that_were_changed_later_are_set_aside(company):
    tidy = "order_id,ordered_at,revenue\n" + "".join(f"{n},2026-09-{n:02d},{n}\n" for n in range(1, 29))
    loaded = company({"orders.csv": tidy + "5,2026-09-05,99\n"})
    assert loaded.exit_code == 0 and loaded.number("revenue") == 406
