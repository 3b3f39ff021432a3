"""``duplicates`` lists whom a load has merged; ``unmerge`` takes them apart, whatever else changes."""

import json
import shutil

import pytest

import crmkit as ck


@pytest.fixture
def own_company(company, tmp_path):
    """A copy of the loaded company: the other tests' is to stay as it is."""
    return shutil.copytree(company, tmp_path / "kaldi")


def test_a_merge_is_listed_undone_and_stays_in_the_list(crmkit, own_company):
    place = ("--settings", own_company)
    merges = json.loads(crmkit("duplicates", *place, "--format", "json").stdout)
    assert [merge["from_id"] for merge in merges] == ["C-900001", "C-900002"]
    assert all(merge["undone_at"] is None and "telephone" in merge["why"] for merge in merges)
    before = ck.connect(own_company).frame("orders")
    run = crmkit("unmerge", "C-900001", *place)
    assert (
        run.stdout == f"C-900001 is a customer of its own again, and will not be merged with {merges[0]['into_id']}.\n"
    )
    after = ck.connect(own_company).frame("orders")
    assert after["revenue"].sum() == before["revenue"].sum()
    assert not (before["customer_id"] == "C-900001").any() and (after["customer_id"] == "C-900001").any()
    again = json.loads(crmkit("duplicates", *place, "--format", "json").stdout)
    assert [bool(merge["undone_at"]) for merge in again] == [True, False]


def test_who_was_never_merged_cannot_be_taken_apart(crmkit, company, tmp_path):
    run = crmkit("unmerge", "C-10001", "--settings", company)
    assert (run.exit_code, run.stdout) == (2, "")
    assert "There is no merged customer 'C-10001'" in run.stderr
    shutil.copy(company / "crmkit.toml", tmp_path)
    assert "Run `crmkit load` first" in crmkit("duplicates", "--settings", tmp_path).stderr
