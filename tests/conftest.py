"""What tests of several folders share: the real data, and a company made of a few export files."""

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import pytest
import typer.testing

from crmkit.settings import Settings, parse_settings

ROOT = Path(__file__).parents[1]

# What must hold before a change lands is the same each time; on a desk every run looks elsewhere.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CRMKIT_CI"):
    hypothesis.settings.load_profile("ci")


# A test's command line is built anew each time, which takes as long as a quarter of a small load.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]


# The longest first, so that at the end no processor waits for another. Those on Spark are one: each process with some
# of them would start a Spark and a PostgreSQL of its own.
ON_SPARK = "tests/engines"
LONGEST = (
    "tests/notebooks/test_shipped.py",
    ON_SPARK,
    "tests/test_documents.py",
    "tests/backtests/test_verdicts.py",
    "tests/reporting/runner",
    "tests/reporting/test_faults.py",
    "tests/cleaning/loading/test_forget.py",
    "tests/cli",
    "tests/notebooks",
    "tests/models",
    "tests/metrics",
    "tests/predictions",
    "tests/sources",
)
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pytest_configure(config: pytest.Config) -> None:
    """Let the settings of tests do what their tests need, and remember nothing with the user's own configuration.

    Each of several processes keeps to one thread: threads of more than there are processors wait for each other.
    """
    os.environ["CRMKIT_ALLOW"] = "code outside environment"
    os.environ["CRMKIT_CONFIG"] = tempfile.mkdtemp(prefix="crmkit-configuration-")
    if config.getoption("numprocesses", None):
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest in front, each in one piece and its tests in their order."""
    items.sort(
        key=lambda item: next((n for n, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))
    )


@pytest.hookimpl(optionalhook=True)  # there is none without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole files in the order above; by default pytest-xdist begins with those of many tests, not of long ones."""
    from xdist.scheduler import LoadFileScheduling

    class LongestFirst(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return ON_SPARK if nodeid.startswith(ON_SPARK) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return LongestFirst(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of public data sets; they are not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets are not beside the project (../shared/data)")
    return folder


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Settings]:
    """Return a function that writes export files and returns the settings of their company."""

    def written(files: dict[str, str | bytes | pd.DataFrame], /, **sections: dict) -> Settings:
        exports = tmp_path / "exports"
        exports.mkdir(exist_ok=True)
        for name, content in files.items():
            if isinstance(content, pd.DataFrame):
                content.to_parquet(exports / name)
            else:
                (exports / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return parse_settings(sections, folder=tmp_path)

    return written


_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=executable, args=_FLAGS)
    yield browser
    browser.close()
    playwright.stop()
