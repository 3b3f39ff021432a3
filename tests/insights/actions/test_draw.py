"""Draws: by lot, repeatable, nobody twice, kept by every load, whole or not at all."""

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, RestoredFile, UnknownName
from crmkit.insights.actions.draw import _blocks, systematic
from crmkit.insights.actions.propose import eligible_for
from crmkit.settings import read_settings
from crmkit.sources.store.trial_book import book_file, read_drawn
from tests.insights.actions.conftest import write


def rows(folder):
    return read_drawn(read_settings(folder))


def test_sixty_treated_and_forty_held_out_are_drawn_and_written(shop):
    drawn = ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    found = rows(shop)
    assert found["treated"].value_counts().to_dict() == {True: 60, False: 40}
    assert (len(drawn.treated), drawn.n_held, str(drawn.ends_on)) == (60, 40, "2026-09-29")
    assert set(found["probability"]) == {0.6}
    assert found["customer_id"].is_unique
    assert found.loc[found["treated"], "cost"].eq(1.0).all() and found.loc[~found["treated"], "cost"].eq(0.0).all()
    in_catalog = ck.connect(shop).frame("treatments")
    assert len(in_catalog) == 100 and set(in_catalog["trial"]) == {"call 2026-09-01"}


def test_each_block_is_split_like_the_whole(shop):
    ck.draw(ck.connect(shop), "call", treat=120, hold=120)
    share = rows(shop).groupby("block")["treated"].mean()
    assert len(share) >= 3
    assert share.between(0.45, 0.55).all()


def test_the_same_draw_again_is_the_same_to_the_bit(shop):
    first = ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    before, list_before = book_file(read_settings(shop)).read_bytes(), first.files[0].read_bytes()
    again = ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    assert (first.is_new, again.is_new) == (True, False)
    assert book_file(read_settings(shop)).read_bytes() == before
    assert again.files[0].read_bytes() == list_before
    ck.undo_draw(ck.connect(shop), "call")
    ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    assert book_file(read_settings(shop)).read_bytes() == before


def test_loads_keep_a_draw_and_a_damaged_file_is_restored(shop):
    ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    load(read_settings(shop), fresh=True)
    assert len(ck.connect(shop).frame("treatments")) == 100
    file = book_file(read_settings(shop))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.warns(RestoredFile):
        assert len(ck.connect(shop).frame("treatments")) == 100
    assert oct(file.stat().st_mode)[-3:] == "600"


def test_drawn_people_stand_beside_those_of_an_export(shop):
    outside = "customer_id,action,assigned_at,treated,outcome_at,value\nc001,voucher,2026-03-01,true,2026-03-20,5\n"
    (shop / "exports" / "treatments.csv").write_text(outside + "c002,voucher,2026-03-01,false,2026-03-20,3\n")
    load(read_settings(shop))
    ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    found = ck.connect(shop).frame("treatments")
    assert found["action"].value_counts().to_dict() == {"call": 100, "voucher": 2}
    write(shop, "2026-12-31")
    assert ck.evaluate(ck.connect(shop), "incremental_value", "2026")["n"].tolist() == [102]


def test_cards_count_the_orders_of_people_whom_crmkit_drew_as_measure_does(shop):
    ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    catalog = ck.connect(write(shop, "2026-10-31"))
    brought = ck.evaluate(
        catalog, ["incremental_value_per_customer", "incremental_margin"], periods="2026", by="action"
    )
    found = ck.measure(catalog).set_index("outcome")["unadjusted"]
    assert brought["value"].tolist() == pytest.approx([found["revenue"], 60 * found["margin"]])


def test_nobody_takes_part_in_two_trials(shop):
    more = '[actions.mail]\ntitle = "Write to everybody"\nwho = "n_orders >= 1"\nrest_days = 0\n'
    write(shop, "2026-08-31", more=more)
    ck.draw(ck.connect(shop), "call", treat=60, hold=60)
    ck.draw(ck.connect(shop), "mail", treat=60, hold=60)
    found = rows(shop)
    assert len(found) == 240 and found["customer_id"].is_unique
    ck.undo_draw(ck.connect(shop), "mail")
    with pytest.raises(CrmkitError, match=r"'mail' has 120 people who may be drawn on 31 August 2026 \(120 take part"):
        ck.draw(ck.connect(shop), "mail", treat=100, hold=60)


def test_two_draws_at_once_share_nobody(shop):
    more = '[actions.mail]\ntitle = "Write to everybody"\nwho = "n_orders >= 1"\nrest_days = 0\n'
    write(shop, "2026-08-31", more=more)
    stale = [ck.connect(shop), ck.connect(shop)]  # both opened before either has drawn
    with ThreadPoolExecutor(2) as pool:
        draws = [
            pool.submit(ck.draw, catalog, name, treat=50, hold=50)
            for catalog, name in zip(stale, ("call", "mail"), strict=True)
        ]
        assert [len(each.result().treated) for each in draws] == [50, 50]
    found = rows(shop)
    assert len(found) == 200 and found["customer_id"].is_unique


def test_a_draw_that_is_killed_leaves_nothing_or_all(shop):
    program = (
        "import os, sys, crmkit as ck; from crmkit.sources.store import trial_book as book\n"
        "import crmkit.sources.store.integrity as integrity\n"
        "integrity.os.replace = lambda *a: os._exit(9)\n"
        f"ck.draw(ck.connect({str(shop)!r}), 'call', treat=60, hold=40)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    catalog = ck.connect(shop)
    assert "treatments" not in catalog.names or len(catalog.frame("treatments")) == 100
    assert len(ck.draw(catalog, "call", treat=60, hold=40).treated) == 60
    assert len(rows(shop)) == 100


def test_the_list_names_nobody_unless_asked_and_runs_no_formula(shop):
    plain = ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    text = plain.files[0].read_text("utf-8-sig")
    assert "example.org" not in text and text.startswith("customer_id,why,worth,segment,channel,say")
    full = ck.draw(ck.connect(shop), "call", contacts=True)
    read = list(csv.DictReader(full.files[0].read_text("utf-8-sig").splitlines()))
    assert read[0]["email"] == f"{read[0]['customer_id']}@example.org" and read[0]["name"] == "'=HYPERLINK(1)"
    sheet = openpyxl.load_workbook(full.files[1]).active
    header = [cell.value for cell in sheet[1]]
    cell = sheet.cell(row=2, column=header.index("name") + 1)
    assert (cell.value, cell.data_type) == ("'=HYPERLINK(1)", "s")
    assert sheet.max_row == 61
    assert {oct(file.stat().st_mode)[-3:] for file in full.files} == {"600"}


def test_who_does_not_agree_or_was_just_contacted_is_not_drawn(tmp_path):
    shop = write(tmp_path, "2026-08-31", consent=False)
    sent = pd.DataFrame({"mailing_id": "m", "customer_id": [f"c{n:03}" for n in range(0, 40)], "sent_at": "2026-08-25"})
    sent.to_csv(shop / "exports" / "mailings.csv", index=False)
    toml = shop / "crmkit.toml"
    toml.write_text(toml.read_text().replace("rest_days = 0", "rest_days = 14"))
    load(read_settings(shop))
    eligible = eligible_for(ck.connect(shop), "call", ck.connect(shop).data_through)
    assert eligible.left_out == {"have not agreed to marketing": 100, "were contacted within 14 days": 40}
    assert len(eligible.people) == 100


def test_a_draw_is_undone_until_something_was_sent(shop):
    drawn = ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    assert ck.undo_draw(ck.connect(shop), "call") == (
        "'call 2026-09-01' is undone: 100 people are free again, and its list is deleted."
    )
    assert rows(shop).empty and not drawn.files[0].exists() and not drawn.files[1].exists()
    drawn = ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    write(shop, "2026-09-05")
    calls = pd.DataFrame(
        {
            "interaction_id": "i",
            "occurred_at": "2026-09-02",
            "kind": "call",
            "customer_id": drawn.treated["customer_id"][:1],
        }
    )
    calls.to_csv(shop / "exports" / "interactions.csv", index=False)
    load(read_settings(shop))
    with pytest.raises(CrmkitError, match="1 of the 60 people of 'call 2026-09-01' have been written to"):
        ck.undo_draw(ck.connect(shop), "call")
    with pytest.raises(CrmkitError, match="crmkit has drawn nobody for 'mail'"):
        ck.undo_draw(ck.connect(shop), "mail")


def test_who_is_forgotten_is_forgotten_by_the_draw_too(shop):
    ck.draw(ck.connect(shop), "call", treat=60, hold=40)
    who = rows(shop).query("treated")["customer_id"].iloc[0]
    ck.forget(who, shop)
    assert who not in set(rows(shop)["customer_id"]) and len(rows(shop)) == 99
    assert not any(who.encode() in file.read_bytes() for file in (shop / "actions").glob("*.csv"))


def test_an_unknown_action_gets_the_nearest_and_a_bad_rule_a_sentence(shop):
    with pytest.raises(UnknownName, match="Did you mean 'call'"):
        ck.draw(ck.connect(shop), "cal")
    toml = shop / "crmkit.toml"
    toml.write_text(toml.read_text().replace("n_orders >= 1", "n_order >= 1"))
    load(read_settings(shop))
    with pytest.raises(CrmkitError, match="names 'n_order'"):
        ck.draw(ck.connect(shop), "call")


def test_systematic_choice_takes_exactly_as_many_and_each_as_often():
    import numpy as np

    counts = sum(systematic(10, 3, np.random.default_rng(seed)).astype(int) for seed in range(3000))
    assert all(systematic(17, k, np.random.default_rng(k)).sum() == k for k in range(18))
    assert (abs(counts / 3000 - 0.3) < 0.03).all()


def test_blocks_are_thirds_by_worth_and_halves_by_risk():
    worth = pd.Series(range(120), dtype=float)
    blocks = _blocks(worth, pd.Series([0.1, 0.5] * 60), 120)
    assert blocks.value_counts().to_dict() == {f"w{third}r{half}": 20 for third in (1, 2, 3) for half in (1, 2)}
    assert set(_blocks(worth, pd.Series([0.0] * 120), 30)) == {"w1r1"}
