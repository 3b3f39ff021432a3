"""Months add up: what is loaded again, what is not, and what the store remembers of each load."""

import json

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.history import load_history
from crmkit.cleaning.loading.load import load
from crmkit.sources.store.integrity import remove_copies

ORDERS = "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,5,a\n2,2026-10-02,6,b\n2,2026-10-02,6,b\n3,never,1,a\n"
LEADS = "lead_id,created_at\nl1,2026-10-05\n"


def written(settings) -> dict[str, tuple[int, bytes]]:
    store = settings.path("store")
    return {
        str(path.relative_to(store)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in store.rglob("*")
        if path.is_file()
    }


def test_the_same_files_again_change_nothing_and_are_said_to_be_nothing_new(company):
    settings = company({"orders.csv": ORDERS})
    first = load(settings)
    before = written(settings)
    again = load(settings)
    assert written(settings) == before
    assert str(again).startswith("Nothing new: the 1 export file is as it was at the load of 20")
    assert (again.counts, again.findings, again.data_through) == (first.counts, first.findings, first.data_through)


def test_a_touched_file_of_the_same_content_is_nothing_new(company):
    settings = company({"orders.csv": ORDERS})
    load(settings)
    before = written(settings)
    company({"orders.csv": ORDERS})
    load(settings)
    assert written(settings) == before


@pytest.mark.parametrize("what", ["file", "settings", "code", "table", "fresh"])
def test_a_change_of_any_input_of_the_store_makes_a_load_new(company, monkeypatch, what):
    settings = company({"orders.csv": ORDERS})
    load(settings)
    sections = {"company": {"name": "Kaldi"}} if what == "settings" else {}
    settings = company({"orders.csv": ORDERS + ("4,2026-10-04,1,a\n" if what == "file" else "")}, **sections)
    if what == "code":
        monkeypatch.setattr("crmkit.sources.store.changes.code_digest", lambda: "other")
    if what == "table":
        (settings.path("store") / "orders.parquet").unlink()
    assert load(settings, fresh=what == "fresh").loaded_at is None
    assert len(load_history(settings)) == 2


def test_rows_dated_tomorrow_are_looked_at_again_tomorrow(company, monkeypatch):
    settings = company({"orders.csv": ORDERS.replace("never", "2026-11-02")})
    monkeypatch.setattr("crmkit.sources.store.changes.datetime", _Today("2026-11-01"))
    assert load(settings).counts["orders"].n_aside == 1
    assert load(settings).loaded_at
    monkeypatch.setattr("crmkit.sources.store.changes.datetime", _Today("2026-11-02"))
    assert load(settings).counts["orders"].n_kept == 3


class _Today:
    def __init__(self, day):
        self.day = day

    def now(self, zone):
        return pd.Timestamp(self.day, tz=zone).to_pydatetime()


def test_a_corrected_file_replaces_its_rows_and_a_new_one_adds_its_own(company):
    load(company({"orders.csv": ORDERS}))
    corrected = company({"orders.csv": ORDERS.replace("2026-10-01,5", "2026-10-01,50"), "leads.csv": LEADS})
    report = load(corrected)
    assert str(report).splitlines()[0] == "Since the last load: orders.csv (changed), leads.csv (new)."
    assert connect(settings=corrected).frame("orders").revenue.tolist() == [50.0, 6.0]
    assert len(connect(settings=corrected).frame("leads")) == 1


def test_the_history_says_of_each_load_what_came_and_what_became_of_it(company):
    load(company({"orders.csv": ORDERS, "leads.csv": LEADS}))
    settings = company({"orders.csv": ORDERS + "4,2026-10-09,1,a\n"})
    (settings.path("exports") / "leads.csv").unlink()
    load(settings)
    loads = load_history(settings)
    assert loads[
        ["load", "n_files", "new", "changed", "gone", "n_in", "n_kept", "n_merged", "n_aside"]
    ].values.tolist() == [
        [1, 2, 2, 0, 0, 5, 3, 1, 1],
        [2, 1, 0, 1, 1, 5, 3, 1, 1],
    ]
    assert loads.share_aside.tolist() == [0.2, 0.2]
    tables = load_history(connect(settings=settings), by="table")
    assert tables[["load", "table", "n_kept"]].values.tolist() == [[1, "orders", 2], [1, "leads", 1], [2, "orders", 3]]
    files = load_history(settings, by="file").set_index(["load", "file"])
    assert files.change.to_dict() == {
        (1, "leads.csv"): "new",
        (1, "orders.csv"): "new",
        (2, "orders.csv"): "changed",
        (2, "leads.csv"): "gone",
    }
    last = files.loc[(2, "orders.csv")]
    assert (last.layout, last.n_rows, last.n_kept, last.n_merged, last.n_aside) == ("crmkit", 5, 3, 1, 1)
    assert (last.first_day, last.last_day) == ("2026-10-01", "2026-10-09")


def test_a_file_that_fills_two_tables_and_has_lines_that_fit_no_header_is_counted_by_table(company):
    shop = (
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price\n#1,ada@b.example,paid,EUR,10,0,0,10,2026-10-01 10:00:00 +0200,1,Mug,10\n#2,too,many\n"
    )
    settings = company({"shop.csv": shop})
    load(settings)
    files = load_history(settings, by="file").set_index("table")
    assert files.layout.unique().tolist() == ["shopify_orders"]
    assert files.loc[["orders", "order_lines"], ["n_kept", "n_aside"]].values.tolist() == [[1, 1], [1, 1]]


def test_the_history_holds_nothing_of_the_rows(company):
    settings = company({"customer_identities.csv": "customer_id,name,email\nc17,Ada Byron,ada@example.org\n"})
    load(settings)
    told = (settings.path("store") / "loads.json").read_text()
    assert json.loads(told)[0]["portions"][0]["n_kept"] == 1
    assert not any(secret in told for secret in ("c17", "Ada", "example.org"))


def test_a_store_without_a_history_and_no_store_have_an_empty_one(company):
    settings = company({"orders.csv": ORDERS})
    assert load_history(settings).empty
    load(settings)
    (settings.path("store") / "loads.json").write_text("{")
    remove_copies(settings.path("store") / "loads.json")
    assert load_history(settings).empty
    load(settings, fresh=True)
    assert load_history(settings).load.tolist() == [1]
