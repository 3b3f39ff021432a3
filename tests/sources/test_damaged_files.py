"""Files damaged in every way: never a traceback, never a lost or an invented row, always a message that says where.

``python -m tests.sources.test_damaged_files 5000`` runs as many as one likes; the tests run a few hundred.
"""

import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from crmkit.cleaning.load import load
from crmkit.cleaning.quality import rows_aside
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import parse_settings
from crmkit.sources.preview import preview_folder
from tests.sources import layouts
from tests.sources.damage import damaged

ROWS = 12


def day(number: int) -> str:
    return f"2026-09-{number + 1:02d}"


FILES = {
    "orders_export.csv": layouts.export(layouts.SHOPIFY_ORDERS, *(
        {"Name": f"#{n // 2}", "Email": f"a{n // 2}@shop.example", "Lineitem quantity": "1", "Lineitem name": f"Mug {n}", "Lineitem price": "10.50"}
        | ({} if n % 2 else {"Financial Status": "paid", "Currency": "EUR", "Subtotal": "21.00", "Total": "25.99", "Taxes": "0.00",
                             "Refunded Amount": "5.00" if n == 4 else "0.00", "Created at": f"{day(n)} 10:00:00 +0200"}) for n in range(ROWS))),
    "payments.csv": layouts.export(layouts.STRIPE_PAYMENTS, *(
        {"id": f"ch_{n}", "Seller Message": "ok", "Created (UTC)": f"{day(n)} 10:00", "Amount": f"{n}.25", "Amount Refunded": "0.00", "Currency": "eur",
         "Mode": "Live", "Status": "Failed" if n == 3 else "Paid", "Customer ID": f"cus_{n}", "Captured": "true"} for n in range(ROWS))),
    "deals.csv": layouts.export(layouts.HUBSPOT_DEALS, *(
        {"Record ID": str(n), "Deal Name": "Beans", "Deal Stage": "Closed Won" if n % 2 else "Open", "Amount": "99.5", "Create Date": f"{day(n)} 09:00",
         "Close Date": f"{day(n)} 19:00"} for n in range(ROWS))),
    "meta.csv": layouts.export(layouts.META_ADS, *(
        {"Reporting starts": day(n), "Reporting ends": day(n), "Campaign name": "Autumn", "Amount spent (EUR)": f"{n}.75"} for n in range(ROWS))),
    "tickets.csv": layouts.export(layouts.ZENDESK, *(
        {"Id": str(n), "Requester id": "7", "Status": "Solved", "Created at": f"{day(n)} 09:00", "Updated at": f"{day(n)} 10:00",
         "Satisfaction Score": "Good" if n % 3 else "Offered"} for n in range(ROWS))),
    "orders.csv": "order_id,ordered_at,revenue,customer_id,channel\n" + "".join(f"{n},{day(n)},1{n}.5,c{n},Köln\n" for n in range(ROWS)),
}  # fmt: skip


def tried(name: str, content: bytes, folder: Path) -> str:
    """Load one damaged file and hold the outcome to what is promised; return what became of it."""
    exports = folder / "exports"
    exports.mkdir()
    (exports / name).write_bytes(content)
    settings = parse_settings({"data": {"through": "2026-12-31"}}, folder=folder)
    if len(content) % 4 == 0:
        preview_folder(exports, settings)
    try:
        report = load(settings)
    except Problems as problems:
        assert all(name in problem or "no file in it is known" in problem for problem in problems.problems), problems
        assert not settings.path("store").exists()
        return "told"
    (record,) = report.files or [{"n_rows": 0}]
    for table, counts in report.counts.items():
        assert counts.n_in == counts.n_kept + counts.n_merged + counts.n_folded + counts.n_ignored + counts.n_aside
        assert counts.n_in - counts.n_split == record["n_rows"], (table, counts, record)
        aside = rows_aside(settings.path("store"), table)
        assert len(aside) == counts.n_aside
        assert set(aside.file) <= {name} and aside.line.notna().all() and aside.reason.str.len().gt(5).all()
    return (
        "loaded, with rows aside"
        if any(c.n_aside for c in report.counts.values())
        else "loaded"
        if report.counts
        else "nothing in it"
    )


def run(seed: int, folder: Path) -> str:
    chance = random.Random(seed)
    name = chance.choice(sorted(FILES))
    content, damage = damaged(FILES[name].encode(), chance)
    try:
        return tried(name, content, folder)
    except CrmkitError as error:
        raise AssertionError(f"seed {seed}, {damage} of {name}: {error}") from error
    except Exception as error:
        raise AssertionError(f"seed {seed}, {damage} of {name}: {type(error).__name__}: {error}") from error


def outcomes_of(seeds, folder):
    outcomes = Counter()
    for seed in seeds:
        (folder / str(seed)).mkdir()
        outcomes[run(seed, folder / str(seed))] += 1
    return outcomes


def test_forty_damaged_files_are_each_loaded_with_every_row_accounted_for_or_told_as_problems(tmp_path):
    outcomes = outcomes_of(range(40), tmp_path)
    assert outcomes["told"] and outcomes["loaded"] + outcomes["loaded, with rows aside"] > 5


@pytest.mark.slow
def test_so_are_160_more(tmp_path):
    assert outcomes_of(range(40, 200), tmp_path).total() == 160


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_undamaged_file_is_loaded(name, tmp_path):
    assert tried(name, FILES[name].encode(), tmp_path) == "loaded"


def test_a_cell_that_cannot_be_read_is_told_with_file_line_and_column(tmp_path):
    content = FILES["payments.csv"].replace("ch_5,,ok,2026-09-06 10:00,5.25", "ch_5,,ok,2026-09-06 10:00,=A1+2")
    assert tried("payments.csv", content.encode(), tmp_path) == "loaded, with rows aside"
    (row,) = rows_aside(tmp_path / "store", "orders").to_dict("records")
    assert (row["file"], row["line"]) == ("payments.csv", 7)
    assert re.search("'Amount' cannot be read as a number", row["reason"])


if __name__ == "__main__":
    totals: Counter[str] = Counter()
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    for number in range(start, start + int(sys.argv[1])):
        with tempfile.TemporaryDirectory() as place:
            try:
                totals[run(number, Path(place))] += 1
            except AssertionError as error:
                totals["BROKEN"] += 1
                print(error)
    print(dict(totals))
