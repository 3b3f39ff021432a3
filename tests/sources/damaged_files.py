"""Exports of every layout that crmkit knows, damaged, and what loading such a file must come to."""

import io
import random
import zipfile
from pathlib import Path

import pandas as pd

from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import parse_settings
from crmkit.sources.presets.model import presets
from crmkit.sources.proposing.preview import preview_folder
from tests.sources import layouts
from tests.sources.damage import damaged
from tests.sources.preset_rows import export_of

ROWS = 12
STEERING = set("\0\x07\x08\x1b\x7f\x9b\u202e")  # a terminal obeys them


def day(number: int) -> str:
    return f"2026-09-{number + 1:02d}"


BY_HAND = {
    "orders_export.csv": layouts.export(
        layouts.SHOPIFY_ORDERS,
        *(
            {
                "Name": f"#{n // 2}",
                "Email": f"a{n // 2}@shop.example",
                "Lineitem quantity": "1",
                "Lineitem name": f"Mug {n}",
                "Lineitem price": "10.50",
            }
            | (
                {}
                if n % 2
                else {
                    "Financial Status": "paid",
                    "Currency": "EUR",
                    "Subtotal": "21.00",
                    "Total": "25.99",
                    "Taxes": "0.00",
                    "Refunded Amount": "5.00" if n == 4 else "0.00",
                    "Created at": f"{day(n)} 10:00:00 +0200",
                }
            )
            for n in range(ROWS)
        ),
    ),
    "payments.csv": layouts.export(
        layouts.STRIPE_PAYMENTS,
        *(
            {
                "id": f"ch_{n}",
                "Seller Message": "ok",
                "Created (UTC)": f"{day(n)} 10:00",
                "Amount": f"{n}.25",
                "Amount Refunded": "0.00",
                "Currency": "eur",
                "Mode": "Live",
                "Status": "Failed" if n == 3 else "Paid",
                "Customer ID": f"cus_{n}",
                "Captured": "true",
            }
            for n in range(ROWS)
        ),
    ),
    "deals.csv": layouts.export(
        layouts.HUBSPOT_DEALS,
        *(
            {
                "Record ID": str(n),
                "Deal Name": "Beans",
                "Deal Stage": "Closed Won" if n % 2 else "Open",
                "Amount": "99.5",
                "Create Date": f"{day(n)} 09:00",
                "Close Date": f"{day(n)} 19:00",
            }
            for n in range(ROWS)
        ),
    ),
    "meta.csv": layouts.export(
        layouts.META_ADS,
        *(
            {
                "Reporting starts": day(n),
                "Reporting ends": day(n),
                "Campaign name": "Autumn",
                "Amount spent (EUR)": f"{n}.75",
            }
            for n in range(ROWS)
        ),
    ),
    "tickets.csv": layouts.export(
        layouts.ZENDESK,
        *(
            {
                "Id": str(n),
                "Requester id": "7",
                "Status": "Solved",
                "Created at": f"{day(n)} 09:00",
                "Updated at": f"{day(n)} 10:00",
                "Satisfaction Score": "Good" if n % 3 else "Offered",
            }
            for n in range(ROWS)
        ),
    ),
    "orders.csv": "order_id,ordered_at,revenue,customer_id,channel\n"
    + "".join(f"{n},{day(n)},1{n}.5,c{n},Köln\n" for n in range(ROWS)),
}

BY_PRESET = {f"{name}_2026.csv": export_of(preset, 9) for name, preset in presets().items()}
TEXTS = BY_HAND | BY_PRESET


def written_files() -> dict[str, bytes]:
    """Return every file to be damaged: texts, a workbook and Parquet."""
    rows = pd.read_csv(io.StringIO(BY_HAND["orders.csv"]))
    catalog, parquet = io.BytesIO(), io.BytesIO()
    with pd.ExcelWriter(catalog) as writer:
        rows.to_excel(writer, index=False)
    rows.to_parquet(parquet, index=False)
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2026/orders.csv", BY_HAND["orders.csv"])
    binary = {"orders.xlsx": catalog.getvalue(), "orders.parquet": parquet.getvalue(), "export.zip": packed.getvalue()}
    return {name: text.encode() for name, text in TEXTS.items()} | binary


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
        for problem in problems.problems:
            assert name in problem or "no file in it is known" in problem, problem
            assert len(problem) < 3_000 and not STEERING & set(problem), problem
        assert not settings.path("store").exists()
        return "told"
    str(report)
    (record,) = report.files or [{"n_rows": 0}]
    assert record["n_rows"] == _n_lines(name, content, record["n_rows"])
    for table, counts in report.counts.items():
        assert counts.n_in == counts.n_kept + counts.n_merged + counts.n_folded + counts.n_ignored + counts.n_aside
        assert counts.n_in - counts.n_split == record["n_rows"], (table, counts, record)
        of_file = [record for record in report.details["by_file"] if record["table"] == table]
        for name_of_count in ("n_in", "n_kept", "n_merged", "n_folded", "n_ignored", "n_aside", "n_split"):
            assert sum(record[name_of_count] for record in of_file) == getattr(counts, name_of_count), (table, of_file)
        aside = quarantined_rows(settings.path("store"), table)
        assert len(aside) == counts.n_aside
        assert (
            all(file.startswith(name) for file in aside.file)
            and aside.line.notna().all()
            and aside.reason.str.len().gt(5).all()
        )
    if any(counts.n_aside for counts in report.counts.values()):
        return "loaded, with rows aside"
    return "loaded" if report.counts else "nothing in it"


def run(seed: int, folder: Path, files: dict[str, bytes]) -> str:
    """Damage and load the file of a seed.

    Raises
    ------
    AssertionError
        With the seed and the damage, if anything is not as promised.
    """
    chance = random.Random(seed)
    name = chance.choice(sorted(files))
    content, damage = damaged(files[name], chance, name in TEXTS)
    try:
        return tried(name, content, folder)
    except CrmkitError as error:
        raise AssertionError(f"seed {seed}, {damage} of {name}: {error}") from error
    except Exception as error:
        raise AssertionError(f"seed {seed}, {damage} of {name}: {type(error).__name__}: {error}") from error


def _n_lines(name: str, content: bytes, n_rows: int) -> int:
    """Return how many rows a plain reading of a file finds: lines below the header, where no cell can hold a line break.

    Where the file is not so plain, what was counted stands.
    """
    header = TEXTS.get(name, "").split("\n")[0].encode()
    plain = not set(content) & {0, 0x22, 0x0D, 0x0C, 0x1C, 0x1D, 0x1E, 0x85} and content.startswith(header + b"\n")
    preset = presets().get(name.removesuffix("_2026.csv"))
    if not plain or not header or b'"' in header or (preset and preset.layout.second_header):
        return n_rows
    empty = b"," if preset and preset.layout.ends_at_blank else b""  # a line of commas parts two tables, and is no row
    return sum(1 for line in content.split(b"\n")[1:] if (line.strip(empty) if empty else line))
