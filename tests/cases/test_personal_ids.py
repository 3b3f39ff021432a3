"""Ids that are e-mail addresses, telephone numbers or names become pseudonyms when they are loaded; all others stay."""

import pandas as pd
import pytest

import crmkit as ck

ORDERS = "order_id,ordered_at,revenue,customer_id\n"


def stored(loaded, table):
    assert loaded.exit_code == 0, loaded.message
    return pd.read_parquet(loaded.folder / "store" / f"{table}.parquet")


def everything_in(loaded):
    """The bytes of all that can be read without permission for personal data, and what the load printed."""
    files = [path for path in (loaded.folder / "store").rglob("*") if path.is_file()]
    shown = [path for path in files if not {"personal", "aside"} & set(path.parts)]
    cells = "".join(pd.read_parquet(path).to_csv() for path in shown if path.suffix == ".parquet")
    return cells + loaded.message + loaded.report


@pytest.mark.parametrize(
    "who",
    [
        "anna0@example.org",
        "Anna0@Example.ORG",
        "+49 30 1234567",
        "030 / 123 45 67",
        "Anna Schmidt",
        "Łucja Żak",
        "Оксана Шевченко",
    ],
)
def test_who_can_be_read_from_an_id_is_in_no_table_and_no_message(company, who):
    orders = f"{ORDERS}1,2026-09-01,10.50,{who}\n2,2026-09-02,20.50,{who}\n3,2026-09-03,30.50,c-106\n"
    loaded = company({"orders.csv": orders})
    ids = stored(loaded, "orders")["customer_id"].tolist()
    assert ids[0] == ids[1] and ids[0].startswith("person-") and ids[2] == "c-106"
    assert who not in everything_in(loaded) and "now pseudonyms" in loaded.report
    assert loaded.number("revenue") == 61.5


@pytest.mark.parametrize(
    "who", ["c-106", "0012345678", "4711081512345", "A/2026/17", "cus_NffrFeUfNV2Hib", "17850", "12-34 B"]
)
def test_every_other_id_is_stored_as_it_is(company, who):
    loaded = company({"orders.csv": f"{ORDERS}1,2026-09-01,10.50,{who}\n2,2026-09-03,30.50,x1\n"})
    assert stored(loaded, "orders")["customer_id"].tolist() == [who, "x1"]


def test_one_address_is_one_person_in_all_tables_whether_id_or_contact(company):
    files = {
        "orders.csv": f"{ORDERS}1,2026-09-01,10.50,anna0@example.org\n",
        "customers.csv": "customer_id,country,referred_by\nANNA0@example.org,DE,\nb,AT,anna0@example.org\n",
        "survey_responses.csv": "response_id,responded_at,survey,score,scale_min,scale_max,customer_id\n"
        "1,2026-09-05,nps,9,0,10,anna0@example.org\n",
    }
    loaded = company(files)
    (one,) = set(stored(loaded, "orders")["customer_id"])
    people = stored(loaded, "customers")
    assert people["customer_id"].tolist() == [one, "b"] and people["referred_by"].tolist()[1] == one
    assert stored(loaded, "survey_responses")["customer_id"].tolist() == [one]


def test_an_id_made_of_the_customers_own_name_or_number_is_known_by_them(company):
    files = {
        "orders.csv": f"{ORDERS}1,2026-09-01,10.50,ada.lang\n2,2026-09-01,1.50,1701234567\n3,2026-09-01,2.50,bo.berg\n",
        "customer_identities.csv": "customer_id,name,phone\nada.lang,Ada Lang,\n1701234567,Cy Dee,0170 1234567\nbo.berg,Eve Fox,\n",
    }
    ids = stored(company(files), "orders")["customer_id"].tolist()
    assert [each.startswith("person-") for each in ids] == [True, True, False] and ids[2] == "bo.berg"


def test_the_same_key_makes_the_same_pseudonym_in_the_next_load_and_forgetting_finds_it(company):
    loaded = company({"orders.csv": f"{ORDERS}1,2026-09-01,10.50,anna0@example.org\n2,2026-09-03,30.50,x1\n"})
    before = stored(loaded, "orders")["customer_id"].tolist()
    more = f"{ORDERS}1,2026-09-01,10.50,anna0@example.org\n2,2026-09-03,30.50,x1\n3,2026-09-04,5.50,Anna0@example.org\n"
    (loaded.folder / "exports" / "orders.csv").write_text(more, encoding="utf-8")
    assert stored(loaded.load(), "orders")["customer_id"].tolist() == [*before, before[0]]
    assert loaded.run("forget", "anna0@example.org").exit_code == 0
    assert before[0] not in stored(loaded.load(), "orders")["customer_id"].tolist()
    assert loaded.run("load", "--fresh").exit_code == 0
    assert before[0] not in stored(loaded, "orders")["customer_id"].tolist()


def test_frames_have_pseudonyms_too():
    orders = pd.DataFrame({"order_id": ["1", "2"], "ordered_at": "2026-09-01", "revenue": 10.5})
    catalog = ck.connect({"orders": orders.assign(customer_id=["anna0@example.org", "c-2"])})
    first, second = catalog.frame("orders")["customer_id"]
    assert first.startswith("person-") and second == "c-2"
