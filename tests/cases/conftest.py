"""Small companies with files as people have them: loaded and asked by the command line, as a user does."""

import csv
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cli.commands import app

COMPANIES = Path(__file__).parent / "companies"
SETTINGS = """[company]
name = "Test"
currency = "EUR"
time_zone = "Europe/Berlin"
"""


@dataclass
class Company:
    """A folder with settings and exports, and what the last ``load`` of it printed: its messages, and the report."""

    folder: Path
    exit_code: int = 0
    message: str = ""
    report: str = ""

    def run(self, *arguments):
        """Run the command line on the settings of this folder."""
        return CliRunner().invoke(app, [*map(str, arguments), "--settings", str(self.folder)])

    def load(self):
        """Load the exports; a refusal is no error here, a traceback is."""
        run = self.run("load")
        assert run.exit_code in (0, 2), (run.stderr, run.exception)
        assert "Traceback" not in run.stderr
        self.exit_code, self.message = run.exit_code, " ".join(run.stderr.split())
        self.report = " ".join(run.stdout.split())
        return self

    def follow(self, advice):
        """Add what a message says to write to the settings, and load again."""
        assert self.exit_code == 2, self.message
        settings = self.folder / "crmkit.toml"
        settings.write_text(settings.read_text(encoding="utf-8") + f"\n{advice}\n", encoding="utf-8")
        return self.load()

    def number(self, metric, period="2026-09"):
        """The value that ``crmkit metrics`` prints; None where it prints none."""
        return self.row(metric, period)["value"]

    def row(self, metric, period="2026-09"):
        """The row that ``crmkit metrics`` prints, its value as a number."""
        run = self.run("metrics", metric, "--period", period, "--format", "csv")
        assert run.exit_code == 0, (run.stderr, run.exception)
        (row,) = csv.DictReader(io.StringIO(run.stdout))
        return row | {"value": float(row["value"]) if row["value"] else None}


@pytest.fixture
def case(tmp_path):
    """Load a copy of a shipped company: ``case("us")``."""

    def load(name):
        shutil.copytree(COMPANIES / name, tmp_path / name)
        return Company(tmp_path / name).load()

    return load


@pytest.fixture
def company(tmp_path):
    """Write files and load them: ``company({"orders.csv": "order_id,...\\n"})``; settings may be added."""

    def load(files, settings="", folder="company"):
        folder = tmp_path / folder
        (folder / "exports").mkdir(parents=True)
        (folder / "crmkit.toml").write_text(SETTINGS + settings, encoding="utf-8")
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (folder / "exports" / name).write_bytes(data)
        return Company(folder).load()

    return load
