"""A person who is forgotten is in no table; what the books need stays; no load lets her in again."""

import json
import stat
from io import StringIO

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.forget import find_person, forget_in_store
from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError
from crmkit.reporting.runner.forget import forget
from crmkit.sources.store.integrity import remove_copies
from crmkit.sources.store.keys import forgotten_file, key_file, record_forgotten, unfinished_hashes
from crmkit.sources.store.store import save_table
from crmkit.tables.schema import schema

FILES = {
    "customers.csv": "customer_id,country,referred_by\nC-10001,DE,\nC-10002,DE,C-10001\nC-10003,FR,\n",
    "customer_identities.csv": "customer_id,name,email,phone\nC-10001,Ada Byron,ada@b.example,+49 30 1234567\n"
    "C-10002,Bob Byron,bob@b.example,+49 30 1234567\nC-10003,Ada Byron,other@b.example,+49 30 7654321\n",
    "orders.csv": "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,50,C-10001\n2,2026-10-02,6,C-10002\n3,2026-10-03,7,\n"
    "4,never,8,C-10001\n",
    "order_lines.csv": "order_id,product,revenue\n1,Mug,50\n2,Tea,6\n",
    "subscription_terms.csv": "subscription_id,customer_id,starts_at,ends_at,mrr\nS1,C-10001,2026-09-01,2026-10-01,19\n"
    "S1,C-10001,2026-10-01,2026-11-01,19\n",
    "leads.csv": "lead_id,created_at,customer_id\nL1,2026-08-01,C-10001\nL2,2026-08-02,\n",
    "deals.csv": "deal_id,created_at,amount,lead_id,customer_id\nD1,2026-08-05,900,L1,C-10001\n",
    "interactions.csv": "interaction_id,occurred_at,kind,lead_id,customer_id\nI1,2026-08-02,call,L1,\nI2,2026-08-03,call,L2,\n",
    "survey_responses.csv": "response_id,responded_at,survey,score,comment,customer_id\nR1,2026-10-05,nps,9,I like the mug,C-10001\n"
    "R2,2026-10-06,nps,8,fine,C-10002\n",
}


@pytest.fixture
def loaded(company):
    settings = company(FILES)
    load(settings)
    scores = {
        "customer_id": ["C-10001", "C-10002"],
        "as_of": pd.Timestamp("2026-10-31"),
        "model": "value",
        "model_version": "1",
        "value": [5.0, 6.0],
    }
    save_table(settings.path("store"), "customer_scores", pd.DataFrame(scores))
    return settings


def frames(settings) -> dict[str, pd.DataFrame]:
    catalog = connect(settings=settings, personal=True)
    return {name: catalog.frame(name) for name in catalog.names}


def everything(settings) -> str:
    store = settings.path("store")
    told = [pd.read_parquet(path, partitioning=None).to_csv() for path in store.rglob("*.parquet")]
    return "\n".join(
        [*told, *(path.read_text() for path in store.rglob("*.json")), forgotten_file(settings).read_text()]
    )


def test_she_is_in_no_file_and_what_the_books_need_stays_without_her(loaded):
    before = frames(loaded)
    forgotten = forget("C-10001", loaded)
    assert forgotten.remains == ()
    assert not any(hers in everything(loaded) for hers in ("C-10001", "ada@b", "I like the mug", "never"))
    after = frames(loaded)
    pd.testing.assert_series_equal(after["orders"].revenue, before["orders"].revenue)
    assert after["orders"].customer_id.tolist() == [None, "C-10002", None]
    pd.testing.assert_frame_equal(after["order_lines"], before["order_lines"])
    terms = after["subscription_terms"]
    assert terms.mrr.sum() == 38 and terms.customer_id.nunique() == 1 and terms.customer_id[0].startswith("forgotten-")
    assert after["deals"][["amount", "lead_id", "customer_id"]].values.tolist() == [[900.0, None, None]]
    assert (
        after["customers"].customer_id.tolist() == ["C-10002", "C-10003"]
        and after["customers"].referred_by.isna().all()
    )
    assert {
        name: len(after[name]) for name in ("leads", "interactions", "survey_responses", "customer_scores")
    } == dict(leads=1, interactions=1, survey_responses=1, customer_scores=1)


def test_a_namesake_and_a_customer_with_the_same_telephone_stay(loaded):
    forget("C-10001", loaded)
    assert frames(loaded)["customer_identities"].values.tolist() == [
        ["C-10002", "Bob Byron", "bob@b.example", "+49 30 1234567"],
        ["C-10003", "Ada Byron", "other@b.example", "+49 30 7654321"],
    ]


def test_a_load_of_the_same_files_afterwards_is_nothing_new_and_a_fresh_one_makes_the_same_store(loaded):
    forget("ada@b.example", loaded)
    once, counts = frames(loaded), json.loads((loaded.path("store") / "manifest.json").read_text())["tables"]
    assert load(loaded).loaded_at
    report = load(loaded, fresh=True)
    again = frames(loaded)
    assert once.keys() == again.keys()
    for name, frame in once.items():
        pd.testing.assert_frame_equal(again[name], frame)
    assert json.loads((loaded.path("store") / "manifest.json").read_text())["tables"] == counts
    for each in report.counts.values():
        assert each.n_in == each.n_kept + each.n_merged + each.n_folded + each.n_ignored + each.n_aside
    assert "rows of people who were forgotten: 1 row" in str(report)


def test_another_file_with_the_address_under_another_id_does_not_load_the_customer_again(loaded, company):
    forget("C-10001", loaded)
    settings = company(
        {
            "customer_identities.csv": FILES["customer_identities.csv"].replace("C-10001", "X-9"),
            "customers.csv": FILES["customers.csv"].replace("C-10001", "X-9"),
            "survey_responses.csv": FILES["survey_responses.csv"].replace("C-10001", "X-9"),
        }
    )
    load(settings)
    assert "X-9" not in everything(settings)


def test_two_ids_under_one_address_are_one_person(company):
    people = FILES["customer_identities.csv"] + "C-10009,Ada B.,ADA@b.example,\n"
    settings = company(FILES | {"customer_identities.csv": people})
    load(settings)
    assert find_person(settings, "C-10009").ids == ("C-10001", "C-10009")
    assert find_person(settings, " Ada@B.example").ids == ("C-10001", "C-10009")


def test_a_customer_known_by_address_alone_is_found_by_it_and_left_out(company):
    shop = (
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price\n#1,ada@b.example,paid,EUR,10,0,0,10,2026-10-01 10:00:00 +0200,1,Mug,10\n"
    )
    settings = company({"shop.csv": shop})
    load(settings)
    (who,) = frames(settings)["orders"].customer_id
    forget("ada@b.example", settings)
    for fresh in (False, True):
        load(settings, fresh=fresh)
        after = frames(settings)
        assert after["orders"].revenue.tolist() == [10.0] and after["orders"].customer_id.isna().all()
        assert after["customers"].empty and after["customer_identities"].empty
        assert who not in everything(settings)


def test_a_dry_run_changes_nothing_and_reports_the_same(loaded):
    before = everything_bytes(loaded)
    told = forget("C-10001", loaded, dry_run=True)
    assert everything_bytes(loaded) == before
    assert str(told).startswith("Would be forgotten: one customer, known by 1 id.")
    done = forget("C-10001", loaded)
    assert (told.tables, told.n_cached) == (done.tables, done.n_cached)


def everything_bytes(settings) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in settings.folder.rglob("*") if path.is_file()}


def test_the_hashes_are_readable_by_the_owner_only_and_reveal_no_one(loaded):
    forget("C-10001", loaded)
    file = forgotten_file(loaded)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(hers in file.read_text() for hers in ("C-10001", "ada", "Byron"))
    assert stat.S_IMODE((loaded.path("store") / "personal" / "customer_identities.parquet").stat().st_mode) == 0o600


def test_with_another_key_no_one_can_be_left_out_and_the_load_stops(loaded):
    forget("C-10001", loaded)
    key_file(loaded).unlink()
    remove_copies(key_file(loaded))
    with pytest.raises(CrmkitError, match="People were forgotten with another key than the present one"):
        load(loaded)
    assert "C-10001" not in everything(loaded)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("C-1001", r"There is no customer 'C-1001' in the store. Did you mean 'C-1000\d'\? Give the id"),
        ("eve@b.example", "There is no customer 'eve@b.example' in the store. Give the id"),
        ("", "There is no customer '' in the store. Give the id"),
    ],
)
def test_who_is_unknown_is_reported_and_nothing_changes(loaded, who, told):
    before = everything_bytes(loaded)
    with pytest.raises(CrmkitError, match=told):
        forget(who, loaded)
    assert everything_bytes(loaded) == before


def test_a_customer_forgotten_before_gets_a_message_that_says_so(loaded):
    forget("C-10001", loaded)
    for who in ("C-10001", "Ada@b.example"):
        with pytest.raises(CrmkitError, match="was forgotten before: nothing about this customer is in the store"):
            forget(who, loaded)


def test_a_short_id_is_looked_for_where_ids_stand_and_not_in_every_number(company):
    settings = company({"orders.csv": "order_id,ordered_at,revenue,customer_id\n17,2026-10-17,17,17\n18,x,17,17\n"})
    load(settings)
    person = find_person(settings, "17")
    told = forget_in_store(settings, person)
    assert frames(settings)["orders"].order_id.tolist() == ["17"]
    assert told["aside/orders"].n_dropped == 1
    assert person.found_in("page.html", b"<td>17</td>") == []


def test_forgetting_works_where_a_table_lacks_every_optional_column(company):
    bare = {f"{name}.csv": _only_required(name, FILES[f"{name}.csv"]) for name in ("deals", "leads", "interactions")}
    settings = company(FILES | bare)
    load(settings)
    forget("C-10001", settings)
    load(settings, fresh=True)
    assert len(frames(settings)["deals"]) == 1 and "C-10001" not in everything(settings)


def _only_required(table: str, text: str) -> str:
    frame = pd.read_csv(StringIO(text), dtype=str)
    return frame[list(schema(table).required)].to_csv(index=False)


def test_a_deal_known_by_the_lead_of_the_customer_alone_keeps_no_text_of_its_own(company):
    deals = "deal_id,created_at,amount,lead_id,title\nD1,2026-08-05,900,L1,For Ada\nD2,2026-08-06,5,L2,For Bob\n"
    settings = company(FILES | {"deals.csv": deals})
    load(settings)
    forget("C-10001", settings)
    assert frames(settings)["deals"][["amount", "title"]].values.tolist() == [[900.0, None], [5.0, "For Bob"]]
    before = frames(settings)["deals"]
    load(settings, fresh=True)
    pd.testing.assert_frame_equal(frames(settings)["deals"], before)


def test_an_error_while_the_store_is_written_leaves_no_record(loaded, monkeypatch):
    before = everything_bytes(loaded)
    monkeypatch.setattr("crmkit.cleaning.loading.forget.write_manifest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        forget("C-10001", loaded)
    after = everything_bytes(loaded)
    assert json.loads(forgotten_file(loaded).read_text()) == []
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("removed", [False, True], ids=["before the store is written", "after it"])
def test_a_forgetting_that_was_killed_is_finished_by_the_next_command(loaded, monkeypatch, removed):
    """Killed between the record and the store, or between the store and the end of the record."""
    told = []
    monkeypatch.setattr("crmkit.cleaning.loading.forget.record_forgotten", lambda *a, **k: told.append((a, k)))
    if not removed:
        monkeypatch.setattr("crmkit.cleaning.loading.forget.forget_in_store", lambda *_: {})
    forget("C-10001", loaded)
    (arguments, _), *_ = told
    monkeypatch.undo()
    record_forgotten(*arguments, finished=False)
    assert ("C-10001" in everything(loaded)) is not removed
    connect(settings=loaded)
    assert "C-10001" not in everything(loaded) and unfinished_hashes(loaded) == []
    with pytest.raises(CrmkitError, match="nothing about this customer is in the store"):
        forget("C-10001", loaded)
