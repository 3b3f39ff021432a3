"""The blocks of the README and of the documentation run as they stand, in order, in a folder of their own."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from crmkit.cleaning.loading.connect import connect
from crmkit.cli.commands import app
from crmkit.settings import parse_settings
from crmkit.sources.presets.model import Preset, presets

ROOT = Path(__file__).parents[1]
GENERATED = ROOT / "docs" / "reference"
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name != "glossary.md" and path.parent != GENERATED),
]
EXECUTED = "{code-cell} ipython3"  # the cells of the tutorials run when the site is built
BLOCKS = [
    (token.info, token.content, f"{path.relative_to(ROOT)}, line {token.map[0] + 1}")
    for path in DOCUMENTS
    if "build" not in path.parts
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8"))
    if (token.type == "fence" and not token.info.startswith("{")) or (token.type == "fence" and token.info == EXECUTED)
]
# These make or change whole installations; .ci/run and make test do them on a fresh machine.
NOT_HERE = re.compile(r"(make|git|conda|py -3\.11|python -m (venv|pip)|\.venv\\Scripts)\b")


SETS_UP = ("crmkit sample", "crmkit load")  # the fixture below runs these


def lines(*languages):
    return [
        line.partition("  #")[0].strip() for info, text, _ in BLOCKS if info in languages for line in text.splitlines()
    ]


def test_every_block_says_its_language_and_is_checked_here():
    assert {info for info, _, _ in BLOCKS} <= {"shell", "powershell", "python", "toml", "text", EXECUTED}
    assert {info for info, _, _ in BLOCKS} >= {"shell", "powershell", "python", "toml"}


def test_every_make_target_named_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ {4}|^)make (\w+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize(
    "line", sorted({line for line in lines("powershell", "shell", "text") if line.startswith("crmkit ")})
)
def test_every_command_line_is_understood(line):
    run = CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"])
    assert run.exit_code == 0, run.output
    known = set(re.findall(r"--[\w-]+", run.output))
    assert set(re.findall(r"--[\w-]+", line)) <= known


def test_no_line_is_left_unchecked():
    rest = [line for line in lines("shell", "powershell") if not re.match(r"crmkit |papermill ", line)]
    assert [line for line in rest if line and not NOT_HERE.match(line)] == []


@pytest.mark.parametrize("text", [text for info, text, _ in BLOCKS if info == "toml"])
def test_the_settings_shown_are_valid(text):
    written = tomllib.loads(text)
    settings = parse_settings(written)  # raises where one is not known or not fit
    assert written.keys() <= settings.model_fields_set
    if "company" in written:
        assert settings.company.name == "Kaldi Coffee"


def test_the_preset_shown_is_one(tmp_path, monkeypatch):
    shown = ROOT / "docs" / "how-to" / "plain_shop_orders.toml"
    preset = Preset.model_validate({"name": shown.stem, **tomllib.loads(shown.read_text(encoding="utf-8"))})
    monkeypatch.setitem(presets(), preset.name, preset)
    (tmp_path / "exports.csv").write_text(
        "Plain order number,Plain status,Plain customer e-mail,Placed on,Amount paid\n"
        "1,paid,ada@example.org,2026-10-01,12.50\n2,test,ada@example.org,2026-10-02,9.00\n"
    )
    orders = connect(tmp_path).frame("orders")
    assert orders["revenue"].tolist() == [12.5]
    assert orders["customer_id"].notna().all()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder as the reader has it, with the sample loaded by the README's own first lines."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    assert {"crmkit sample", "crmkit load"} <= set(lines("shell"))
    for line in ("crmkit sample --customers 400 --months 14", "crmkit load"):  # a smaller company, for the tests' sake
        in_shell(line, folder)
    return folder


def in_shell(line, folder):
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    run = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"
    return run.stdout


# The rest of the lines run in this process, which saves each the import of the libraries.
IN_SHELL = ("crmkit report", "papermill")


def in_this_process(line, folder, monkeypatch):
    monkeypatch.chdir(folder)
    run = CliRunner().invoke(app, shlex.split(line)[1:])
    assert run.exit_code == 0, f"{line}\n{run.output}"
    return run.stdout


@pytest.mark.parametrize(
    "line",
    [
        line
        for line in dict.fromkeys(lines("shell"))
        if not NOT_HERE.match(line)
        and line not in SETS_UP
        and " --periods " not in line  # tests/cli makes several months
    ],
)
def test_each_shell_line_runs(clone, monkeypatch, line):
    alone = line.startswith(IN_SHELL) or not re.fullmatch(r"crmkit [^|>&;$*]+", line)
    printed = in_shell(line, clone) if alone else in_this_process(line, clone, monkeypatch)
    if line.startswith("crmkit report"):
        assert Path(printed.strip()).name == "index.html" and Path(printed.strip()).is_file()
    elif line.startswith("papermill"):
        assert (clone / "scorecard.ipynb").is_file()
    else:
        assert printed.strip()


@pytest.mark.parametrize(
    ("text", "line"), [(text, line) for info, text, line in BLOCKS if info == "python"], ids=lambda part: str(part)[:12]
)
def test_each_python_block_runs_and_prints(clone, capsys, monkeypatch, text, line):
    if "@ck." in text:  # what it registers is for its own process
        printed = subprocess.run(
            [sys.executable, "-c", text], cwd=clone, capture_output=True, text=True, check=True
        ).stdout
    else:
        monkeypatch.chdir(clone)
        exec(compile(text, line, "exec"), {"__name__": "__main__"})
        printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 1


def test_the_first_example_in_python_is_ten_lines():
    text = next(text for info, text, _ in BLOCKS if info == "python")
    assert len([line for line in text.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("word", ["real", "within noise", "no large change", "too few to tell", "no comparison"])
def test_every_verdict_is_explained(word):
    assert f"| {word} |" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_what_the_readme_points_to_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    places = re.findall(r"`([\w./]+/|[\w./]+\.(?:md|txt|yml)|examples/\w+|LICENSE)`", text)
    assert len(places) > 8
    made = {"reports/", "sample/", "exports"}
    assert [place for place in places if place not in made and not (ROOT / place).exists()] == []
