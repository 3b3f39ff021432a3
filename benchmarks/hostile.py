"""Write hostile texts into every column of a company, and say what obeys them: terminal, CSV, JSON, pages, notebooks.

    PYTHONPATH=. python benchmarks/hostile.py --strings 200

The texts are those of the tests, and made of two of them each. One company holds them as CSV files, one as a workbook.
The whole report is made; its pages, the files beside them and its executed notebooks are read as a browser, a
spreadsheet and JupyterLab would.
"""

import argparse
import io
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
from typer.testing import CliRunner

from crmkit.cli.commands import app
from tests.cases.conftest import SETTINGS, Company
from tests.cases.test_hostile_strings import exports
from tests.hostile_strings import faults_of_csv, faults_of_html, faults_of_json, faults_of_text, hostile

COMMANDS = [
    ("check",),
    ("history", "--by", "file"),
    ("metrics", "--period", "2026-09"),
    ("metrics", "revenue", "--period", "2026-09", "--by", "channel"),
    ("explain", "revenue", "--period", "2026-09"),
    ("duplicates", "--questions"),
    ("report", "--period", "2026-09"),
]


def main() -> None:
    """Load, print and report both companies."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--strings", type=int, default=200)
    texts = hostile(asked.parse_args().strings)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        for form in ("csv", "workbook"):
            company = written(Path(place) / form, exports(texts), form)
            if company.exit_code:
                faults.append(f"{form}: load ended with {company.exit_code}: {company.message[-300:]}")
                continue
            found = [*faults_of_commands(company), *faults_of_files(company.folder)]
            faults += [f"{form}: {fault}" for fault in found]
            print(f"{form}: {len(texts)} texts, {len(found)} faults", flush=True)
    print("\n".join(faults))
    raise SystemExit(1 if faults else 0)


def written(folder: Path, files: dict[str, str], form: str) -> Company:
    """Write the exports as CSV files or as sheets of one workbook, and load them."""
    (folder / "exports").mkdir(parents=True)
    (folder / "crmkit.toml").write_text(SETTINGS)
    if form == "csv":
        for name, text in files.items():
            (folder / "exports" / name).write_text(text, newline="")
        return Company(folder).load()
    for name, text in files.items():
        frame = pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False)
        printable = frame.rename(columns=_writable).map(_writable)  # XML has no control characters
        printable.to_excel(folder / "exports" / name.replace(".csv", ".xlsx"), index=False)
    return Company(folder).load()


def _writable(cell: str) -> str:
    return "".join(letter for letter in cell if letter.isprintable() or letter in "\n\t")[:32_000]


def faults_of_commands(company: Company) -> list[str]:
    """Return what a terminal or a parser would trip over in what the commands print."""
    found = []
    for command in COMMANDS:
        run = company.run(*command)
        if "Traceback" in run.stderr or run.exit_code not in (0, 1):
            found.append(f"{command}: ended with {run.exit_code}: {run.stderr[-200:]}")
        found += [f"{command}: {fault}" for text in (run.stdout, run.stderr) for fault in faults_of_text(text)]
    for form, faults in (("csv", faults_of_csv), ("json", faults_of_json)):
        run = company.run(*COMMANDS[3], "--format", form)
        found += [f"{form}: {fault}" for fault in faults(run.stdout)]
    proposed = CliRunner().invoke(app, ["map", str(company.folder / "exports")])
    return found + [f"map: {fault}" for fault in faults_of_text(proposed.stdout)]


def faults_of_files(folder: Path) -> list[str]:
    """Return what a browser, a spreadsheet or JupyterLab would obey in the files of a report."""
    found = []
    for path in sorted((folder / "reports").rglob("*")):
        faults: list[str] = []
        if path.suffix == ".html":
            faults = faults_of_html(path.read_text())
        elif path.suffix == ".csv":
            faults = faults_of_csv(path.read_text())
        elif path.suffix == ".json":
            faults = faults_of_json(path.read_text())
        elif path.suffix == ".ipynb":
            faults = [fault for html in outputs(path) for fault in faults_of_html(html)]
        found += [f"{path.relative_to(folder)}: {fault}" for fault in faults]
    return found


def outputs(path: Path) -> list[str]:
    """Return the HTML that JupyterLab would show of an executed notebook."""
    cells = nbformat.read(path, as_version=4).cells
    shown = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return [data["text/html"] for data in shown if "text/html" in data]


if __name__ == "__main__":
    main()
