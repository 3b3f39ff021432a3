"""Who is forgotten is in no page, no list and no notebook of the reports; pages about others stay."""

import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from crmkit.cleaning.loading.load import load
from crmkit.cli.commands import app
from crmkit.reporting.display.exports import export, exports_in, save_exports
from crmkit.reporting.runner.forget import forget
from crmkit.reporting.runner.index import write_archive, write_index
from crmkit.reporting.runner.page import PageSummary, write_page
from crmkit.reporting.runner.run import run_report
from crmkit.sources.sample import sample_company, write_exports

PEOPLE = "customer_id,name,email\nC-10001,Zoë Byron,zoe@b.example\nC-10002,Bob,bob@b.example\n"
ORDERS = "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,50,C-10001\n2,2026-10-02,6,C-10002\n"


@pytest.fixture
def reported(company):
    """A company whose report has a page with a list of both customers, one that shows a name, and one about totals."""
    settings = company({"orders.csv": ORDERS, "customer_identities.csv": PEOPLE})
    load(settings)
    folder = settings.path("reports") / "2026-10"
    (folder / "notebooks").mkdir(parents=True)
    both = export(pd.DataFrame({"customer_id": ["C-10001", "C-10002"], "value": [5.0, 6.0]}), "customer_values")
    for number, (page, bundle, body) in enumerate(
        [
            ("value", both._repr_mimebundle_(), "<p>•••01</p>"),
            ("voice", {"text/plain": "nothing"}, "<p>Zo&euml; Byron was unhappy</p>"),
            ("scorecard", {"text/plain": "nothing"}, "<p>56 in revenue</p>"),
        ]
    ):
        executed = folder / "notebooks" / f"0{number}_{page}.ipynb"
        executed.write_text(json.dumps({"cells": [{"cell_type": "code", "outputs": [{"data": bundle}]}]}))
        save_exports(folder, exports_in(executed))
        write_page(folder / f"{page}.html", PageSummary(page, f"October 2026: {page}", period="2026-10"), body)
    write_index(folder, "2026-10", company="Kaldi")
    write_archive(folder.parent, company="Kaldi")
    settings.path("cache").mkdir()
    (settings.path("cache") / "a.b.parquet").write_bytes(b"kept")
    return settings


def files(settings) -> set[str]:
    folder = settings.path("reports") / "2026-10"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_pages_and_lists_that_show_the_customer_are_removed_with_their_files(reported):
    done = forget("C-10001", reported)
    assert files(reported) == {"index.html", "scorecard.html", "notebooks/02_scorecard.ipynb"}
    assert list(reported.path("cache").iterdir()) == []
    assert done.remains == () and done.n_searched > 5
    index = (reported.path("reports") / "2026-10" / "index.html").read_text()
    assert "voice.html" not in index and "not made" in index and 'href="scorecard.html"' in index


def test_the_message_says_what_was_removed_and_what_the_analyst_must_do(reported):
    message = str(forget("zoe@b.example", reported))
    assert "store, customer_identities: 1 row removed" in message
    assert "store, orders: 1 kept for accounting, without the customer" in message
    assert "cache: 1 kept result, removed" in message
    assert re.search(r"reports, 2026-10: .*exports/customer_values.csv.* value.html and voice.html, removed", message)
    assert "Make the pages again: crmkit report --period 2026-10" in message
    assert re.search(r"Searched all \d+ files that crmkit wrote .*: found in none", message)
    assert (
        "Still in your own export files, which crmkit never changes: customer_identities.csv and orders.csv." in message
    )
    assert not any(hers in message for hers in ("C-10001", "zoe@", "Byron"))


def test_files_in_which_the_customer_remains_are_named_and_the_exit_code_is_1(reported, monkeypatch):
    (reported.folder / "crmkit.toml").write_text("")
    (reported.path("reports") / "notes.txt").write_text("call Zoë Byron")
    run = CliRunner().invoke(app, ["forget", "C-10001", "--settings", str(reported.folder)])
    assert run.exit_code == 1
    assert "The customer is still in" in run.stdout and "notes.txt (name)" in run.stdout


def test_an_interrupted_run_can_be_repeated_and_completes(reported, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr("crmkit.cleaning.loading.forget.forget_in_store", killed)
        forget("C-10001", reported)
    assert forget("C-10001", reported).remains == ()


@pytest.mark.slow
def test_after_forgetting_no_file_of_a_real_report_names_the_customer_nor_does_the_next_load(tmp_path):
    write_exports(tmp_path, sample_company(40, 8, 7))
    run = CliRunner().invoke(app, ["load", "--settings", str(tmp_path)])
    assert run.exit_code == 0, run.output
    done = run_report(tmp_path, only=["value"], jobs=1)
    assert not done.troubles
    listed = pd.read_parquet(done.folder / "exports" / "customer_values.parquet")
    who = listed["customer_id"].iloc[0]
    people = pd.read_csv(tmp_path / "exports" / "customer_identities.csv", dtype=str).set_index("customer_id").loc[who]
    hers = [who, people["email"], people["phone"]]

    def naming() -> list[str]:
        own = tmp_path / "exports"
        paths = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(own)]
        texts = {
            path: path.read_bytes() if path.suffix != ".parquet" else pd.read_parquet(path).to_csv().encode()
            for path in paths
        }
        for path in [path for path in paths if path.suffix == ".ipynb"]:
            texts |= {path / name: content for name, content in exports_in(path).items() if name.endswith("csv")}
        return [str(path) for path, content in texts.items() if any(str(each).encode() in content for each in hers)]

    assert len(naming()) > 5
    assert forget(who, tmp_path).remains == ()
    assert naming() == []
    run = CliRunner().invoke(app, ["load", "--fresh", "--settings", str(tmp_path)])
    assert run.exit_code == 0 and naming() == []
