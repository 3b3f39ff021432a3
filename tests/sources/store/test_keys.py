"""Ids made of addresses are keyed: one key for all files, kept beside the store, in no message and no file of the store."""

import hashlib
import hmac
import stat

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.errors import CrmkitError
from crmkit.sources.sql import open_duckdb
from crmkit.sources.store.integrity import remove_copies
from crmkit.sources.store.keys import find_key, key_file, keyed_hash, use_key

SHOP = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price\n#1,Ada@b.example,paid,EUR,10,0,0,10,2026-10-01 10:00:00 +0200,1,Mug,10\n"
)
ANSWERS = "Respondent_Email,Responded_At,NPS,Comment\nada@b.example,2026-10-05 10:00:00,9,ok\n"


def customer(settings) -> str:
    return connect(settings=settings).frame("orders").customer_id[0]


@pytest.mark.parametrize("key", [b"k" * 16, bytes(range(64)), b"long" * 40])
def test_the_sql_function_is_pythons_hmac(key):
    with open_duckdb() as con:
        use_key(con, key)
        texts = ["ada@b.example", "", "müller@b.example", None]
        for text in texts:
            (made,) = con.execute("SELECT keyed_hash($1::VARCHAR)", [text]).fetchone()
            assert made == (None if text is None else hmac.new(key, text.encode(), hashlib.sha256).hexdigest())
            assert text is None or made == keyed_hash(key, text)


def test_the_id_is_the_keyed_hash_of_the_address_and_the_key_lies_beside_the_store_for_its_owner_alone(company):
    settings = company({"shop.csv": SHOP})
    load(settings)
    file = key_file(settings)
    assert file == settings.path("store").with_name("store.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert customer(settings) == "person-" + keyed_hash(find_key(settings), "ada@b.example")[:16]
    assert customer(settings) != "person-" + hashlib.sha256(b"ada@b.example").hexdigest()[:16]


def test_the_key_is_in_no_file_of_the_store_and_in_no_message(company, capsys):
    settings = company({"shop.csv": SHOP})
    report = load(settings)
    key = find_key(settings)
    store = b"".join(path.read_bytes() for path in settings.path("store").rglob("*") if path.is_file())
    told = str(report) + "".join(capsys.readouterr())
    assert key not in store and key.hex().encode() not in store and key.hex() not in told


def test_the_key_stays_and_joins_the_files_of_two_loads(company):
    load(company({"shop.csv": SHOP}))
    settings = company({"answers.csv": ANSWERS})
    first = customer(settings)
    load(settings)
    assert customer(settings) == first
    answers = connect(settings=settings).frame("survey_responses")
    assert answers.customer_id.tolist() == [first]


def test_a_key_from_the_environment_is_used_and_none_is_written(company, monkeypatch):
    monkeypatch.setenv("CRMKIT_ID_KEY", "a long text that nobody guesses")
    settings = company({"shop.csv": SHOP})
    load(settings)
    assert not key_file(settings).exists()
    assert customer(settings) == "person-" + keyed_hash(b"a long text that nobody guesses", "ada@b.example")[:16]
    monkeypatch.setenv("CRMKIT_ID_KEY", "short secret")
    with pytest.raises(CrmkitError, match="too short for a key") as refused:
        load(settings)
    assert "short secret" not in str(refused.value)


def test_a_lost_key_means_other_ids_and_the_load_says_so(company):
    settings = company({"shop.csv": SHOP})
    load(settings)
    before = customer(settings)
    key_file(settings).unlink()
    remove_copies(key_file(settings))
    report = load(settings)
    assert customer(settings) != before
    assert any(hint.startswith("the key of ids is another than at the last load") for hint in report.hints)


def test_a_damaged_key_stops_the_load_and_leaves_the_store(company):
    settings = company({"shop.csv": SHOP})
    load(settings)
    before = customer(settings)
    key_file(settings).write_text("12ab")
    remove_copies(key_file(settings))
    with pytest.raises(CrmkitError, match="store.key is damaged. Put it back from a backup"):
        load(settings, fresh=True)
    assert customer(settings) == before


def test_a_first_load_that_fails_leaves_no_key(company, tmp_path):
    with pytest.raises(CrmkitError, match="ordered_at is missing"):
        load(company({"orders.csv": "order_id,revenue\n1,5\n"}))
    assert [path.name for path in tmp_path.iterdir()] == ["exports"]


def test_a_check_and_a_catalog_in_memory_make_no_key_and_leave_none_behind(company, tmp_path):
    settings = company({"shop.csv": SHOP})
    assert check(settings).counts["orders"].n_kept == 1
    catalog = connect(settings.path("exports"))
    assert catalog.frame("orders").customer_id[0].startswith("person-")
    assert [path.name for path in tmp_path.iterdir()] == ["exports"]
    con = catalog.table("orders").get_backend().con
    assert con.execute("SELECT getvariable('crmkit_inner'), getvariable('crmkit_outer')").fetchone() == (None, None)
