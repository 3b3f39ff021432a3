"""Whatever goes wrong in a run: the other pages and the earlier months are unharmed, and files and exit code say it.

Each test runs the command line and looks at what is on the disk afterwards.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from crmkit.cli.commands import app
from crmkit.reporting.runner.page import read_summary
from tests.reporting.loaded import orders, write_company
from tests.reporting.tiny import write_notebook

DAYS = [f"2026-{month}-{day:02d}" for month in ("09", "10") for day in (5, 15, 25)]
DEADLINE = 12
PARTS = 'period = ""  # month\nsettings = ""  # file\nhistory = 13  # months'
FAULTS = {
    "error": ["1 / 0"],
    "gone": ["import os\nos._exit(9)"],
    "killed": ["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"],
    "slow": ["import time\ntime.sleep(4)"] * 9,  # no cell is slow, the notebook is
}


def crmkit(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def content(folder):
    """Hash of every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def report(company, *arguments):
    place = ("--notebooks", company / "notebooks", "--output", company / "reports")
    return crmkit("report", "--settings", company, *place, *arguments)


def write_notebooks(company, **sources):
    shutil.rmtree(company / "notebooks", ignore_errors=True)
    for number, (name, cells) in enumerate(sources.items(), start=1):
        write_notebook(company / "notebooks", f"0{number}_{name}", *cells, parameters=PARTS)


def needs_no_kernel(patch):
    """Write notebooks as they are in place of running them: for a report that was there before, or comes after."""
    from crmkit.reporting.runner import execute as execute_module

    patch.setattr(
        execute_module, "execute", lambda notebook, output, *rest, **more: output.write_bytes(notebook.read_bytes())
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A company with a report of September and one of October, every page complete."""
    company = write_company(tmp_path_factory.mktemp("faults") / "kaldi", orders(*DAYS))
    write_notebooks(company, good=["'good before'"], **{name: ["'all was well'"] for name in FAULTS})
    with pytest.MonkeyPatch.context() as patch:
        needs_no_kernel(patch)
        assert report(company, "--periods", "2026-09..2026-10").exit_code == 0
    return company


@pytest.fixture
def company(whole, tmp_path):
    """A copy of it, for a test that writes."""
    return shutil.copytree(whole, tmp_path / "kaldi")


# --- a notebook fails


@pytest.fixture(scope="module")
def failed(whole, tmp_path_factory):
    """The company after a run in which notebooks fail in every way, and that run."""
    company = shutil.copytree(whole, tmp_path_factory.mktemp("failed") / "kaldi")
    write_notebooks(company, good=["'good now'"], **FAULTS)
    return company, report(company, "--period", "2026-10", "--deadline", DEADLINE)


@pytest.mark.parametrize(
    ("page", "cause", "next_step"),
    [
        ("error", "failed with ZeroDivisionError: division by zero.", "open the notebook and run it there"),
        ("gone", "stopped without a message; most often the memory was full.", "--jobs 1"),
        ("killed", "stopped without a message; most often the memory was full.", "--jobs 1"),
        ("slow", f"did not finish within {DEADLINE} seconds and was stopped.", "--deadline"),
    ],
)
def test_a_notebook_that_fails_becomes_a_page_with_cause_next_step_and_last_good_page(failed, page, cause, next_step):
    company, run = failed
    october = company / "reports/2026-10"
    stub = BeautifulSoup((october / f"{page}.html").read_text(), "html.parser")
    text = " ".join(stub.select_one("main").get_text(" ").split())
    assert read_summary(october / f"{page}.html").status == "failed"
    assert cause in text and next_step in text and f"crmkit report --period 2026-10 --only {page}" in text
    assert stub.select_one("main a")["href"] == f"{page}.last-good.html"
    assert read_summary(october / f"{page}.last-good.html").status == "complete"
    assert f"{page} failed: " in run.stderr and cause in run.stderr


def test_the_other_pages_and_the_other_months_are_unharmed_by_it(failed, whole):
    company, _ = failed
    assert "good now" in (company / "reports/2026-10/good.html").read_text()
    assert content(company / "reports/2026-09") == content(whole / "reports/2026-09")


def test_index_archive_and_exit_code_say_that_pages_failed(failed):
    company, run = failed
    assert (run.exit_code, run.stdout) == (1, f"{company / 'reports/2026-10/index.html'}\n")
    index = BeautifulSoup((company / "reports/2026-10/index.html").read_text(), "html.parser")
    listed = [entry.select_one(".soft") for entry in index.select(".page-list li")]
    assert [note and note.get_text() for note in listed] == [*["failed"] * 4, None]
    archive = BeautifulSoup((company / "reports/index.html").read_text(), "html.parser")
    october, september = archive.select("li.card")
    assert "Not complete" in october.get_text() and "Not complete" not in september.get_text()


def test_once_the_fault_is_corrected_every_page_is_complete_and_nothing_is_left_over(failed, monkeypatch):
    company, _ = failed
    needs_no_kernel(monkeypatch)
    write_notebooks(company, good=["'good now'"], **{name: ["'well again'"] for name in FAULTS})
    run = report(company, "--period", "2026-10")
    assert run.exit_code == 0
    assert names(company / "reports/2026-10") == sorted(
        [*(f"{name}.html" for name in ("good", *FAULTS)), "index.html", "notebooks"]
    )
    assert names(company / "reports") == ["2026-09", "2026-10", "index.html"]


# --- the input is wrong: nothing is run and nothing changes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-p", "histroy=6"), "no page has a parameter 'histroy'. Did you mean 'history'?"),
        (("-p", "history=many"), "history must be a whole number, not 'many'."),
        (("--only", "goood"), "There is no page 'goood'. Did you mean 'good'?"),
        (("--period", "2031"), "There is no data for 2031"),
        (("--period", "2026-10", "--periods", "2026-09..2026-10"), "--period and --periods cannot go together"),
        (("--periods", "2026-10..2026-09"), "runs backwards"),
    ],
    ids=["unknown parameter", "wrong type", "unknown page", "no data", "two kinds", "backwards"],
)
def test_bad_input_ends_with_2_and_changes_nothing(whole, arguments, message):
    before = content(whole / "reports")
    run = report(whole, *arguments)
    assert (run.exit_code, run.stdout) == (2, "")
    assert message in run.stderr and "Traceback" not in run.stderr
    assert content(whole / "reports") == before


# --- no kernel


@pytest.mark.parametrize("missing", ["ipykernel", "its program", "all but the program"])
def test_without_a_kernel_every_page_says_so_and_the_month_before_is_unharmed(company, missing, monkeypatch):
    if missing == "ipykernel":
        monkeypatch.setitem(sys.modules, "ipykernel.kernelspec", None)
    else:
        import ipykernel.kernelspec as kernelspec

        argv = ["no-such-python"] if missing == "its program" else [sys.executable, "-c", "raise SystemExit(3)"]
        spec = {"argv": argv, "display_name": "x", "language": "python"}
        monkeypatch.setattr(kernelspec, "get_kernel_dict", lambda: spec)
    before, october = content(company / "reports/2026-09"), company / "reports/2026-10"
    former = read_summary(october / "good.html")
    write_notebooks(company, good=["'now'"], **{name: [] for name in FAULTS})
    run = report(company, "--period", "2026-10", "--only", "good")
    assert run.exit_code == 1
    page = (october / "good.html").read_text()
    assert "No kernel could be started for the notebook" in page and "Install crmkit again" in page
    assert str(company.parent) not in page and sys.executable not in page
    kept = read_summary(october / "good.last-good.html")
    assert (kept.status, kept.key) == ("complete", former.key)
    assert content(company / "reports/2026-09") == before


# --- no room


@pytest.fixture
def small_disk(company):
    """The reports on a disk of one megabyte, as an administrator can mount it."""
    mount, umount, reports = shutil.which("mount"), shutil.which("umount"), company / "reports"
    if not (mount and umount and hasattr(os, "geteuid") and os.geteuid() == 0):
        pytest.skip("only an administrator of a Linux machine can mount a small disk")
    former = reports.rename(company / "former")
    reports.mkdir()
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", reports], capture_output=True).returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    shutil.copytree(former, reports, dirs_exist_ok=True)
    yield company
    subprocess.run([umount, reports], check=True)


def test_a_page_too_large_for_the_disk_fails_and_the_other_one_is_made(small_disk):
    before = content(small_disk / "reports/2026-09")
    others = {name: [] for name in FAULTS if name != "error"}
    write_notebooks(small_disk, good=["'good now'"], error=["print('x' * 2_000_000)"], **others)
    run = report(small_disk, "--period", "2026-10", "--only", "good", "--only", "error", "--jobs", 1)
    assert run.exit_code == 1
    assert "error failed: The disk is full." in run.stderr
    assert "Free some space" in (small_disk / "reports/2026-10/error.html").read_text()
    assert "good now" in (small_disk / "reports/2026-10/good.html").read_text()
    assert content(small_disk / "reports/2026-09") == before


def test_a_full_disk_ends_with_2_and_every_file_stays_as_it_was(small_disk):
    before = content(small_disk / "reports")
    filler = small_disk / "reports/filler"
    with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    write_notebooks(small_disk, good=["'good now'"])
    run = report(small_disk, "--period", "2026-10")
    assert (run.exit_code, run.stdout) == (2, "")
    assert "No space left" in run.stderr and "Traceback" not in run.stderr
    filler.unlink()
    assert content(small_disk / "reports") == before


@pytest.mark.parametrize("full", ["the month", "the archive", "the links of last month"])
def test_a_disk_that_is_full_at_a_bad_moment_harms_no_page_that_was_there(company, full, monkeypatch):
    from crmkit.reporting.runner import page

    written, reports = page.write_atomically, company / "reports"

    def write_atomically(file, text):
        in_archive, in_september = file.parent == reports, "2026-09" in file.parent.name
        if {"the month": ".tmp-" in file.parent.name, "the archive": in_archive}.get(full, in_september):
            raise OSError(28, "No space left on device", file.name)
        written(file, text)

    september, october = content(reports / "2026-09"), content(reports / "2026-10")
    monkeypatch.setattr(page, "write_atomically", write_atomically)
    needs_no_kernel(monkeypatch)
    write_notebooks(company, good=["'now'"], **{name: ["'now'"] for name in FAULTS})
    if full == "the links of last month":
        monkeypatch.setattr("crmkit.reporting.runner.index.replace_navigation", _always(write_atomically))
    run = report(company, "--period", "2026-10")
    assert run.exit_code == 2
    assert "No space left on device. What was there before is still there." in run.stderr
    assert content(reports / "2026-09") == september
    assert (content(reports / "2026-10") == october) == (full == "the month")
    assert names(reports) == ["2026-09", "2026-10", "index.html"]


def _always(write_atomically):
    return lambda file, navigation: write_atomically(file, file.read_bytes()) or True


# --- the run itself is ended


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="Windows has no signals; the swap is tested apart")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_killed_leaves_the_month_as_it_was_and_the_next_run_tidies_up(company, sent, monkeypatch):
    reports, pid = company / "reports", company / "kernel"
    before = content(reports)
    hangs = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    write_notebooks(company, good=["'good now'"], slow=[hangs])
    command = [
        sys.executable,
        "-m",
        "crmkit",
        "report",
        "--settings",
        company,
        "--period",
        "2026-10",
        "--notebooks",
        company / "notebooks",
        "--output",
        reports,
    ]
    run = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = iter(run.stderr.readline, "")
    assert any(line.startswith("good: done") for line in told), "one page is made, the other one is being made"
    while not pid.is_file() or not pid.read_text():
        time.sleep(0.1)
    run.send_signal(sent)
    printed, _ = run.communicate(timeout=100)
    assert (run.returncode, printed) == (-signal.SIGKILL if sent == signal.SIGKILL else 130, "")
    left = [name for name in names(reports) if ".tmp-" in name]
    assert len(left) == (sent == signal.SIGKILL)
    assert {name: digest for name, digest in content(reports).items() if ".tmp-" not in name} == before
    for _ in range(100):
        if not is_running(int(pid.read_text())):
            break
        time.sleep(0.2)
    assert not is_running(int(pid.read_text())), "no kernel is left behind"

    needs_no_kernel(monkeypatch)
    write_notebooks(company, good=["'good now'"], slow=["'in time'"])
    again = report(company, "--period", "2026-10")
    assert again.exit_code == 0
    assert names(reports) == ["2026-09", "2026-10", "index.html"]
    assert names(reports / "2026-10") == ["good.html", "index.html", "notebooks", "slow.html"]
