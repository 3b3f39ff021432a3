"""Tables from files of any layout: renamed columns, SQL, and what is said where that cannot work."""

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.errors import Problems

SHOP = "Order No,Created,Total,Client\n1,2026-10-01,12.50,c1\n2,2026-10-02,20,c2\n"
COLUMNS = {"order_id": "Order No", "ordered_at": "Created", "revenue": "Total", "customer_id": "Client"}


def problems_of(settings):
    with pytest.raises(Problems) as caught:
        load(settings)
    assert not settings.path("store").exists()
    return caught.value.problems


def test_renamed_columns_fill_the_canonical_ones(company):
    settings = company({"shop.csv": SHOP}, tables={"orders": {"file": "shop", "columns": COLUMNS}})
    load(settings)
    orders = connect(settings=settings).frame("orders")
    assert orders.columns.tolist() == ["order_id", "ordered_at", "revenue", "customer_id"]
    assert orders.customer_id.tolist() == ["c1", "c2"]


@pytest.mark.parametrize("name", ["shop", "SHOP", "shop.csv", "till"])
def test_a_file_goes_by_its_stem_its_whole_name_or_its_name_under_files(company, name):
    settings = company(
        {"shop.csv": SHOP}, files={"till": {"path": "sh*.csv"}}, tables={"orders": {"file": name, "columns": COLUMNS}}
    )
    assert check(settings).counts["orders"].n_kept == 2


def test_sql_over_two_files_makes_a_table(company):
    clients = "Client,Land\nc1,DE\nc3,FR\n"
    sql = "SELECT DISTINCT Client AS customer_id, Land AS country FROM shop LEFT JOIN clients USING (Client);"
    orders = {"file": "shop", "columns": COLUMNS}
    settings = company({"shop.csv": SHOP, "clients.csv": clients}, tables={"orders": orders, "customers": {"sql": sql}})
    load(settings)
    customers = connect(settings=settings).frame("customers")
    assert customers.to_dict("list") == {"customer_id": ["c1", "c2"], "country": ["DE", None]}


def test_sql_sees_text_and_never_a_guessed_type(company):
    sql = "SELECT 'a' AS order_id, '2026-10-01' AS ordered_at, 1 AS revenue, typeof(Total) AS channel FROM shop LIMIT 1"
    settings = company({"shop.csv": SHOP}, tables={"orders": {"sql": sql}})
    load(settings)
    assert connect(settings=settings).frame("orders").channel[0] == "VARCHAR"


def test_sql_does_not_see_the_hidden_columns_of_a_file(company):
    settings = company({"shop.csv": SHOP}, tables={"orders": {"sql": "SELECT * FROM shop"}})
    met = problems_of(settings)[0]
    assert (
        "order_id is missing (did you mean 'Order No'?)" in met
        or "its columns: Order No, Created, Total, Client" in met
    )


def test_the_same_files_give_the_same_store_though_sql_has_no_order(company):
    shop = "Order No,Created,Total,Client\n" + "".join(f"{n % 5000},2026-10-01,{n},c\n" for n in range(20000))
    sql = 'SELECT "Order No" AS order_id, max(Created) AS ordered_at, CAST(max(Total) AS INT) AS revenue FROM shop GROUP BY ALL'
    settings = company({"shop.csv": shop}, tables={"orders": {"sql": sql}})
    load(settings)
    first = (settings.path("store") / "orders.parquet").read_bytes()
    load(settings)
    assert (settings.path("store") / "orders.parquet").read_bytes() == first


def test_a_column_beyond_the_canonical_ones_is_reported_and_kept(company):
    settings = company({"orders.csv": "order_id,ordered_at,revenue,Coupon\n1,2026-10-01,5,X\n"})
    report = load(settings)
    assert [f.finding for f in report.findings] == ["columns of orders.csv that are its own: Coupon (text, as coupon)"]
    assert connect(settings=settings).frame("orders")["coupon"].tolist() == ["X"]


def test_a_column_named_for_customers_is_kept_to_split_by_unless_it_is_personal(company):
    customers = "customer_id,Tier,email\nc1,gold,a@b.example\n"
    columns = {"tier": "Tier"}
    settings = company({"customers.csv": customers}, tables={"customers": {"file": "customers", "columns": columns}})
    load(settings)
    assert connect(settings=settings).frame("customers").to_dict("list") == {"customer_id": ["c1"], "tier": ["gold"]}
    settings = company({}, tables={"customers": {"file": "customers", "columns": {"email": "email"}}})
    with pytest.raises(Problems, match="email is personal data and belongs to"):
        load(settings)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            {"file": "shoop", "columns": COLUMNS},
            "there is no file 'shoop' in the exports or under [files]. Did you mean 'shop'?",
        ),
        (
            {"file": "shop", "columns": {**COLUMNS, "revenue": "Totl"}},
            "there is no column 'Totl' for revenue (did you mean 'Total'?)",
        ),
        (
            {"file": "shop", "columns": {**COLUMNS, "chanel": "Client"}},
            "'chanel' is not a column of orders (did you mean channel?)",
        ),
        ({"file": "shop", "columns": {"order_id": "Order No", "ordered_at": "Created"}}, "revenue is missing"),
        ({"file": "shop", "columns": {"Order No": "order_id"}}, "the other way round: order_id = 'Order No'"),
        ({"sql": "SELECT nothing FROM shop"}, 'it cannot run: Referenced column "nothing" not found'),
        ({"sql": "SELEKT 1"}, "it cannot run: syntax error at or near"),
        ({"sql": "SELECT * FROM elsewhere"}, "it reads 'elsewhere', which is no export file or set of files."),
        ({"file": "shop", "columns": COLUMNS, "time_zone": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
def test_a_mapping_that_cannot_work_is_reported_in_one_line(company, table, told):
    problems = problems_of(company({"shop.csv": SHOP}, tables={"orders": table}))
    assert len(problems) == 1
    assert told in problems[0]
    assert "\n" not in problems[0]
    assert "Traceback" not in problems[0]


def test_everything_that_is_wrong_is_reported_at_once(company):
    files = {
        "shop.csv": SHOP,
        "leads.csv": "lead_id\n1\n",
        "tickets.csv": "",
        "costs.csv": "spent_at,amount,purpose\nsoon,1,retention\n",
    }
    settings = company(
        files, files={"books": {"path": "books_*.csv"}}, tables={"ordrs": {"file": "shop"}, "orders": {"file": "till"}}
    )
    problems = problems_of(settings)
    assert len(problems) == 6
    for told in (
        "[files.books]: there is no file books_*.csv",
        "[tables.ordrs]: there is no such table. Did you mean 'orders'?",
        "[tables.orders]: there is no file 'till'",
        "leads.csv: created_at is missing (its columns: lead_id)",
        "`crmkit map` proposes how to read the file",
        "tickets.csv: the file is empty (0 bytes)",
        "costs.csv: spent_at cannot be read as a time in 1 of 1 rows",
    ):
        assert sum(told in problem for problem in problems) == 1, told


def test_a_folder_without_known_files_says_what_it_saw(company):
    settings = company({"order.csv": SHOP, "notes.xlsx": b"x"})
    problem, workbook = problems_of(settings)
    assert "It holds notes.xlsx, order.csv. 'order.csv': Did you mean 'orders'?" in problem
    assert workbook.startswith("notes.xlsx: it cannot be read as a workbook")


def test_a_proposal_beside_the_exports_is_no_unknown_file(company):
    settings = company({"order.csv": SHOP, "mapping.toml": "[files.order]\n"})
    (problem,) = problems_of(settings)
    assert "It holds order.csv. What mapping.toml there proposes is used once it stands in crmkit.toml." in problem


def test_a_folder_that_is_not_there_is_named(company, tmp_path):
    with pytest.raises(Problems, match=r"exports has 1 problem:\n  - it is not there"):
        load(company({}, data={"exports": "elsewhere/exports"}))


def test_a_file_that_no_table_uses_is_mentioned(company):
    report = check(
        company({"orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n", "lead.csv": "a\n", "x.csv": "b\n"})
    )
    assert report.hints == ("no table uses lead.csv. Did you mean 'leads'?", "no table uses x.csv.")


def test_a_header_without_rows_means_no_table_unless_the_settings_name_it(company):
    files = {"orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n", "leads.csv": "lead_id,created_at\n"}
    settings = company(files)
    assert load(settings).hints == ("leads.csv has no rows: there is no table leads",)
    assert connect(settings=settings).names == ["orders"]
    with pytest.raises(Problems, match=r"leads.csv: it has a header and no rows, and \[tables.leads\] needs it"):
        load(company({}, tables={"leads": {"file": "leads"}}))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("orders.parquet", b"PAR1 not really", "it cannot be read as Parquet"),
        ("orders.parquet", b"", "it cannot be read as Parquet"),
        (
            "orders.csv",
            'order_id,ordered_at,revenue\n1,2026-10-01,"5\n2,2026-10-01,6\n',
            "cut off: a quotation mark in line 2",
        ),
        (
            "orders.csv",
            "order_id,ordered_at,revenue,channel\n1,2026-10-01,5,Łódź\n".encode("cp1250"),
            "in line 2, column 'channel'",
        ),
        (
            "orders.csv",
            "order_id,ordered_at,revenue,channel\n1,2026-10-01,5,Köln".encode()[:-3],
            "cut off in line 2, in the middle of a letter",
        ),
        (
            "orders.csv",
            "order_id,ordered_at,revenue\n1;2\n3;4\n5;6\n",
            "3 of its lines do not fit its header, such as line 2",
        ),
        ("orders.csv", "\n\n", "the file holds no header"),
    ],
)
def test_a_damaged_file_is_reported_in_one_line(company, name, content, told):
    (problem,) = problems_of(company({name: content}))
    assert problem.startswith(f"{name}: ")
    assert told in problem
    assert "\n" not in problem


def test_a_file_that_is_utf8_is_not_garbled_by_a_declared_cp1252(company):
    settings = company(
        {"orders.csv": "order_id,ordered_at,revenue,channel\n1,2026-10-01,5,Köln\n"},
        files={"orders": {"path": "orders.csv", "encoding": "cp1252"}},
    )
    assert "it is written in utf-8, not in cp1252" in problems_of(settings)[0]


def test_an_encoding_that_is_none_is_named(company):
    settings = company({"orders.csv": "order_id\n1\n"}, files={"orders": {"path": "orders.csv", "encoding": "klingon"}})
    assert "there is no encoding 'klingon'. Use utf-8, utf-16 or cp1252" in problems_of(settings)[0]


def test_rows_none_of_which_can_be_used_stop_the_load(company):
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n,2026-10-01,5\n,2026-10-01,6\n"})
    assert problems_of(settings) == ["orders.csv: none of its 2 rows can be used; in 2 order_id is missing."]


def test_progress_counts_up_to_its_total(company):
    steps = []
    settings = company(
        {
            "orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n",
            "leads.csv": "lead_id,created_at\nl,2026-10-01\n",
        }
    )
    load(settings, progress=lambda *step: steps.append(step))
    told, done, work = zip(*steps, strict=True)
    assert told == (
        "Reading orders",
        "Reading leads",
        "Checking orders (1 row)",
        "Checking leads (1 row)",
        "Writing orders (1 row)",
        "Writing leads (1 row)",
    )
    assert len(set(work)) == 1
    assert done[0] == 0 and list(done) == sorted(set(done)) and done[-1] < work[-1]
