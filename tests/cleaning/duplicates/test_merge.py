"""What becomes of the rows of people who are in there twice, by hand; and that nothing of before is lost."""

import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.duplicates.merge import merge_rows, ranked_accounts, write_rows_before
from crmkit.cleaning.duplicates.state import BEFORE
from crmkit.cleaning.duplicates.unmerge import rows_before
from crmkit.sources.sql import open_duckdb
from crmkit.sources.store.store import write_table

NEVER = pd.NaT


def day(*texts):
    return pd.to_datetime(list(texts))


@pytest.fixture
def con():
    with open_duckdb() as opened:
        yield opened


TABLES = {
    "customers": pd.DataFrame(
        {
            "customer_id": ["new", "old", "other", "selfless"],
            "acquired_at": day("2026-02-01", "2025-01-05", "2025-03-01", "2025-04-01"),
            "channel": ["direct", "ads", "ads", "referral"],
            "campaign": ["autumn", None, "spring", None],
            "referred_by": ["old", None, "new", "selfless"],
            "country": [None, "Austria", "Italy", "Italy"],
            "region": ["Tyrol", "Styria", None, None],
            "marketing_consent": [False, True, True, None],
            "shoe size": ["41", None, "38", "39"],
        }
    ),
    "customer_identities": pd.DataFrame(
        {
            "customer_id": ["old", "new", "other", "selfless"],
            "name": ["Ada Lang", "Ada Lang-Roth", "Bo", "Cy"],
            "email": ["ada@firm.example", None, None, None],
        }
    ),
    "orders": pd.DataFrame(
        {
            "order_id": list("1234"),
            "ordered_at": day("2025-01-05", "2026-02-01", "2026-10-01", "2026-03-01"),
            "revenue": [10.0, 20.0, 5.0, 40.0],
            "customer_id": ["old", "new", None, "other"],
        }
    ),
    "mailings": pd.DataFrame(
        {
            "mailing_id": ["m1", "m1", "m2", "m1"],
            "customer_id": ["old", "other", "new", "new"],
            "sent_at": day("2026-03-02", "2026-03-02", "2026-04-01", "2026-03-01"),
            "opened_at": day("2026-03-05", None, None, "2026-03-04"),
            "clicked_at": day("2026-03-06", None, None, None),
            "revenue": [3.0, None, None, 4.5],
        }
    ),
    "costs": pd.DataFrame({"spent_at": day("2026-03-02"), "amount": [5.0]}),
}


def merged(con, tables, people):
    rows = {}
    for name, frame in tables.items():
        con.register(f"rows_{name}", frame)
        rows[name] = f"SELECT * FROM rows_{name}"
    accounts = ranked_accounts(con, rows, people)
    dropped = merge_rows(con, rows, accounts)
    after = {
        name: con.execute(f"SELECT * EXCLUDE (position) FROM merged_{name} ORDER BY position").df()
        if name in dropped
        else frame
        for name, frame in tables.items()
    }
    return accounts, dropped, after


def test_the_oldest_account_remains_and_the_one_used_last_gives_the_values(con):
    accounts, dropped, after = merged(con, TABLES, [("new", "old")])
    assert accounts.set_index("customer_id")["person_id"].to_dict() == {"old": "old", "new": "old"}
    assert dropped == {"customers": 1, "customer_identities": 1, "orders": 0, "mailings": 1}
    ada = after["customers"].set_index("customer_id").loc["old"]
    assert ada["acquired_at"] == pd.Timestamp("2025-01-05")
    assert (ada["channel"], ada["country"], ada["region"], ada["shoe size"]) == ("ads", "Austria", "Tyrol", "41")
    assert ada["campaign"] is None, "the autumn campaign won the second account, not the customer"
    assert ada["referred_by"] is None, "nobody recommends the firm to herself"
    assert not ada["marketing_consent"], "she forbade it once"
    person = after["customer_identities"].set_index("customer_id").loc["old"]
    assert person.tolist() == ["Ada Lang-Roth", "ada@firm.example"]


def test_what_belongs_to_an_account_belongs_to_the_person_and_no_money_is_lost(con):
    _, _, after = merged(con, TABLES, [("new", "old")])
    assert after["orders"]["customer_id"].tolist() == ["old", "old", None, "other"]
    assert after["orders"]["revenue"].sum() == 75.0
    by_id = after["customers"].set_index("customer_id")["referred_by"]
    assert by_id["other"] == "old", "the friend she recommended was recommended by the person"
    assert by_id["selfless"] == "selfless", "rows of others stay as they are, odd or not"


def test_a_message_that_reached_both_accounts_was_one_message(con):
    _, _, after = merged(con, TABLES, [("new", "old")])
    mails = after["mailings"].set_index(["mailing_id", "customer_id"])
    assert mails.index.tolist() == [("m1", "old"), ("m1", "other"), ("m2", "old")]
    one = mails.loc[("m1", "old")]
    assert one["sent_at"] == pd.Timestamp("2026-03-01") and one["opened_at"] == pd.Timestamp("2026-03-04")
    assert one["clicked_at"] == pd.Timestamp("2026-03-06") and one["revenue"] == 7.5


def test_accounts_never_used_fall_to_the_smallest_id(con):
    people = {"customers": pd.DataFrame({"customer_id": ["b", "a", "c"], "country": [None, "Italy", None]})}
    accounts, dropped, after = merged(con, people, [("a", "b")])
    assert set(accounts["person_id"]) == {"a"} and dropped == {"customers": 1}
    assert after["customers"].to_dict("list") == {"customer_id": ["a", "c"], "country": ["Italy", None]}


def random_tables(rng):
    """Fourteen accounts with orders and messages in any order, and any three people of two to four accounts."""
    ids = [f"c{number:02d}" for number in rng.permutation(14)]
    some = [rng.choice([*ids, None], 60).tolist() for _ in range(2)]
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 200, 60), unit="D")
    mailings = (
        pd.DataFrame(
            {
                "mailing_id": rng.choice(["m1", "m2", "m3"], 60),
                "customer_id": some[1],
                "sent_at": at,
                "revenue": rng.integers(0, 9, 60) * 1.0,
            }
        )
        .dropna()
        .drop_duplicates(["mailing_id", "customer_id"])
    )
    tables = {
        "customers": pd.DataFrame({"customer_id": ids, "acquired_at": at[:14], "referred_by": some[0][:14]}),
        "orders": pd.DataFrame(
            {
                "order_id": [f"o{n}" for n in range(60)],
                "ordered_at": at,
                "revenue": rng.random(60),
                "customer_id": some[0],
            }
        ),
        "mailings": mailings,
    }
    return tables, [tuple(ids[:2]), tuple(ids[2:5]), tuple(ids[5:9])]


@pytest.mark.parametrize("seed", range(6))
def test_from_the_rows_kept_every_table_comes_back_as_it_was_row_by_row(con, tmp_path, seed):
    tables, people = random_tables(np.random.default_rng(seed))
    _, dropped, after = merged(con, tables, people)
    assert dropped["customers"] == 1 + 2 + 3
    assert after["orders"]["revenue"].tolist() == tables["orders"]["revenue"].tolist()
    assert after["mailings"]["revenue"].sum() == tables["mailings"]["revenue"].sum()
    assert not after["mailings"].duplicated(["mailing_id", "customer_id"]).any()
    (tmp_path / "personal").mkdir()
    write_rows_before(con, tmp_path)
    for name in tables:
        write_table(
            con, f"SELECT * EXCLUDE (position) FROM merged_{name} ORDER BY position", tmp_path / f"{name}.parquet"
        )
    assert (tmp_path / "personal" / BEFORE).stat().st_mode & 0o077 == 0
    with open_duckdb() as fresh:
        for name, rows in rows_before(fresh, tmp_path, tables).items():
            restored = fresh.execute(rows).df()
            pd.testing.assert_frame_equal(restored, con.execute(f"FROM rows_{name}").df())
