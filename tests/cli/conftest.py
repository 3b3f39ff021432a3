"""One small company for all tests of the command line: invented, written and loaded by the command line itself."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cli.commands import app


@pytest.fixture(scope="session")
def crmkit():
    """Run the command line: ``crmkit("metrics", "nps")``."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def company(crmkit, tmp_path_factory) -> Path:
    """Folder of a company with 300 customers and 14 months, loaded."""
    folder = tmp_path_factory.mktemp("cli") / "kaldi"
    for run in (
        crmkit("sample", folder, "--customers", 300, "--months", 14),
        crmkit("load", "--settings", folder),
    ):
        assert run.exit_code == 0, run.stderr or run.exception
    return folder
