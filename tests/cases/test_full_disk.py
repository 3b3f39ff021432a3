"""A disk that is full at any write: a plain message, the old store or the new one whole, and nothing half written."""

import os
import resource
import shutil
import signal
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.cli.commands import app
from crmkit.settings import read_settings
from tests.cases.conftest import SETTINGS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork and a limit on the size of files")

HEADER = "order_id,ordered_at,revenue,customer_id,note\n"
OLD = HEADER + "".join(f"{n},2026-09-{n % 28 + 1:02d},10,c{n % 40},{n * 7919 % 10007}\n" for n in range(400))
NEW = OLD + "".join(f"{n},2026-10-{n % 28 + 1:02d},10,c{n % 40},{n * 7919 % 10007}\n" for n in range(400, 800))
PEOPLE = "customer_id,name,email\n" + "".join(f"c{n},Ada {n},ada{n}@example.org\n" for n in range(40))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A company with a loaded store."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "exports").mkdir()
    (folder / "crmkit.toml").write_text(SETTINGS)
    (folder / "exports" / "orders.csv").write_text(OLD)
    (folder / "exports" / "customer_identities.csv").write_text(PEOPLE)
    assert run(folder, None, "load")[0] == 0
    return folder


def run(home: Path, most_bytes: int | None, *arguments: str) -> tuple[int, str]:
    """Run the command line in a process whose files may not grow beyond a size; return exit code and messages."""
    reader, writer = os.pipe()  # a pipe has no size
    child = os.fork()
    if child == 0:
        sys.dont_write_bytecode = True  # Python leaves half of a compiled module on a full disk
        if most_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
        done = CliRunner().invoke(app, [*arguments, "--settings", str(home)])
        failed = done.exception is not None and not isinstance(done.exception, SystemExit)
        os.write(writer, f"{f'Traceback: {done.exception!r} ' if failed else ''}{done.stderr}"[-3000:].encode())
        os._exit(done.exit_code)
    os.close(writer)
    with os.fdopen(reader) as told:
        message = told.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), message


def orders(home: Path) -> int:
    catalog = ck.connect(home, personal=True)
    assert len(catalog.frame("customer_identities")) == 40
    return len(catalog.frame("orders"))


@pytest.mark.parametrize("most_bytes", [300, 700, 1_500, 3_000, 6_000])
def test_a_load_on_a_full_disk_leaves_the_old_store_and_says_so(home, most_bytes):
    (home / "exports" / "orders.csv").write_text(NEW)
    code, told = run(home, most_bytes, "load")
    assert "Traceback" not in told, told
    if code == 0:
        assert orders(home) == 800
    else:
        assert code == 2 and ("File too large" in told or "cannot be written" in told or "disk is full" in told), told
        assert orders(home) == 400
    left = [path.name for path in home.iterdir() if ".tmp-" in path.name or ".old-" in path.name]
    assert left == []
    (home / "exports" / "orders.csv").write_text(OLD)
    assert run(home, None, "load", "--drop")[0] == 0
    assert orders(home) == 400


ACTION = """
[actions.hello]
title = "Say hello"
who = "n_orders > 0"
needs_consent = false
"""
FULL = ("File too large", "cannot be written", "disk is full")


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """A loaded company with an action, and a file that `crmkit map` has to propose a mapping for."""
    import crmkit.sources.proposing.preview  # noqa: F401  once, and not in each process

    folder = tmp_path_factory.mktemp("kept") / "firm"
    (folder / "exports").mkdir(parents=True)
    (folder / "crmkit.toml").write_text(SETTINGS + ACTION)
    (folder / "exports" / "orders.csv").write_text(OLD)
    (folder / "exports" / "customer_identities.csv").write_text(PEOPLE)
    load(read_settings(folder))
    sales = "Beleg,Datum,Betrag,Kunde\n" + "".join(f"{n},2026-09-{n:02d},{n}.5,k{n % 3}\n" for n in range(1, 29))
    (folder / "exports" / "sales.csv").write_text(sales)
    return folder


def state(folder: Path) -> dict[str, bytes]:
    """Return what every file of a folder holds, but for locks, results that can be computed again, and nobody forgotten."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    nothing = ("store.forgotten", "lock")
    return {
        str(name): path.read_bytes()
        for name, path in files.items()
        if "cache" not in name.parts and not name.name.startswith(nothing[0]) and not name.name.endswith(nothing[1])
    }


@pytest.mark.parametrize("most_bytes", [0, 1_500])
@pytest.mark.parametrize("command", ["predict", "forget", "map", "draw"])
def test_a_command_on_a_full_disk_says_so_and_leaves_everything_as_it_was(kept, tmp_path, command, most_bytes):
    folder = shutil.copytree(kept, tmp_path / "firm")
    before = state(folder)
    arguments = {
        "predict": ("predict", "--only", "rfm", "--only", "segments"),
        "forget": ("forget", "c3"),
        "map": ("map", str(folder / "exports")),
        "draw": ("actions", "draw", "hello"),
    }[command]
    code, told = run(folder, most_bytes, *arguments)
    assert "Traceback" not in told, told
    if state(folder) == before:
        assert code == 2 and any(words in told for words in FULL), told
        assert "[Errno" not in told
    else:
        assert code == (1 if command == "forget" else 0), told  # 1: her rows are still in the exports
    assert not [path.name for path in folder.rglob("*") if ".tmp-" in path.name or ".old-" in path.name]
    code, told = run(folder, None, *arguments)
    assert code in (0, 1 if command == "forget" else 0) or "was forgotten before" in told, told
