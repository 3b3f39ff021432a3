"""Exports inside of zip files are read like files of the folder, and nothing is written outside of a temporary place."""

import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import Problems
from crmkit.sources.files import packed
from crmkit.sources.proposing.preview import preview_folder

ORDERS = "order_id,ordered_at,revenue\n1,2026-09-01,5\n2,2026-09-02,6\n3,never,7\n"
LEADS = "lead_id,created_at\n1,2026-09-01\n"


def zipped(members, level=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def problem_of(settings):
    with pytest.raises(Problems) as caught:
        load(settings)
    return " ".join(caught.value.problems)


@pytest.fixture
def places(monkeypatch, tmp_path_factory):
    """The folder in which temporary files are made, for this test alone."""
    place = tmp_path_factory.mktemp("places")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_files_of_a_zip_are_named_with_it_and_leave_nothing_behind(company, places):
    settings = company({"export.zip": zipped({"2026/orders.csv": ORDERS, "leads.csv": LEADS, "readme.md": "x"})})
    report = load(settings)
    assert {record["file"] for record in report.files} == {"export.zip/2026/orders.csv", "export.zip/leads.csv"}
    assert report.counts["orders"].n_kept == 2 and report.counts["leads"].n_kept == 1
    aside = quarantined_rows(settings.path("store"), "orders")
    assert (aside.file.tolist(), aside.line.tolist()) == (["export.zip/2026/orders.csv"], [4])
    assert not list(places.rglob("orders.csv"))


def test_a_load_begins_again_only_if_the_zip_has_changed(company):
    settings = company({"export.zip": zipped({"orders.csv": ORDERS})})
    assert not load(settings).loaded_at and load(settings).loaded_at  # the time of the load before: nothing was done
    settings = company({"export.zip": zipped({"orders.csv": ORDERS + "4,2026-09-03,8\n"})})
    report = load(settings)
    assert str(report.changes) == "export.zip (changed)" and report.counts["orders"].n_kept == 3


@pytest.mark.parametrize("pattern", ["orders.csv", "till.zip", "till.zip/orders.csv", "till.zip/o*.csv"])
def test_the_settings_name_a_file_in_a_zip_by_its_name_or_that_of_the_zip(company, pattern):
    settings = company(
        {"till.zip": zipped({"orders.csv": ORDERS.replace(",", "|")})},
        files={"till": {"path": pattern, "delimiter": "|"}},
        tables={"orders": {"file": "till"}},
    )
    assert load(settings).counts["orders"].n_kept == 2


@pytest.mark.parametrize(
    "name", ["../../orders.csv", "/etc/orders.csv", "C:\\a\\..\\orders.csv", "a/../../b/orders.csv"]
)
def test_a_name_that_leads_out_of_the_zip_does_not(company, places, name):
    settings = company({"export.zip": zipped({name: ORDERS})})
    assert load(settings).counts["orders"].n_kept == 2
    written = [path for folder in (places, settings.folder) for path in folder.rglob("orders.csv")]
    assert written == [] and not Path("/etc/orders.csv").exists()


def test_two_files_of_one_name_are_both_read(company):
    more = ORDERS.replace("1,", "11,", 1)
    settings = company({"export.zip": zipped({"a/orders.csv": ORDERS, "b/orders.csv": more})})
    load(settings)
    assert sorted(connect(settings=settings).frame("orders").order_id) == ["1", "11", "2"]


def test_a_gzip_file_is_read(company):
    settings = company({"orders.csv.gz": gzip.compress(ORDERS.encode())})
    assert load(settings).files[0]["file"] == "orders.csv.gz"


def test_a_zip_with_a_password_is_to_be_unzipped(company):
    content = bytearray(zipped({"orders.csv": ORDERS}, zipfile.ZIP_STORED))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    told = problem_of(company({"export.zip": bytes(content)}))
    assert "export.zip: it is protected with a password. Unzip it and put the files into the exports folder." in told


def test_a_damaged_zip_is_named(company):
    whole = zipped({"orders.csv": ORDERS * 50})
    assert "export.zip: it cannot be read as a zip file" in problem_of(
        company({"export.zip": whole[: len(whole) // 2]})
    )
    assert "export.zip: it cannot be read as a zip file" in problem_of(company({"export.zip": b"no zip"}))
    garbled = whole[:60] + b"\xff" * 20 + whole[80:]
    assert "export.zip: it cannot be read as a zip file" in problem_of(company({"export.zip": garbled}))


def test_a_zip_that_grows_beyond_all_bounds_is_refused(company, monkeypatch):
    monkeypatch.setattr(packed, "MOST_BYTES", 10_000)
    monkeypatch.setattr(packed, "MOST_MEMBERS", 3)
    assert "its files are larger than" in problem_of(company({"export.zip": zipped({"orders.csv": ORDERS * 10_000})}))
    many = zipped({f"orders_{n}.csv": ORDERS for n in range(4)})
    assert "it holds 4 exports, more than 3" in problem_of(company({"export.zip": many}))


def test_a_zip_of_pictures_is_left_alone_and_told(company):
    report = load(company({"orders.csv": ORDERS, "photos.zip": zipped({"a.jpg": b"x", "__MACOSX/orders.csv": "x"})}))
    assert report.counts["orders"].n_kept == 2
    assert "photos.zip holds no CSV, Excel or Parquet file, and nothing reads it" in report.hints


def test_map_looks_into_a_zip(company):
    settings = company({"export.zip": zipped({"orders.csv": ORDERS, "till.csv": "Nr,Tag,Betrag\n1,2026-09-01,5\n"})})
    previews = {preview.file: preview for preview in preview_folder(settings.path("exports"), settings)}
    assert previews["export.zip/orders.csv"].system == "crmkit's own layout"
    assert 'path = "export.zip/till.csv"' in str(previews["export.zip/till.csv"].proposal.text(set()))
