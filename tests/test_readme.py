"""The blocks of the README run as they stand, in order, in a folder of their own."""

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

from crmkit.cli.commands import app
from crmkit.settings import parse_settings

ROOT = Path(__file__).parents[1]
BLOCKS = [
    (token.info, token.content, token.map[0] + 1)
    for token in MarkdownIt().parse((ROOT / "README.md").read_text(encoding="utf-8"))
    if token.type == "fence"
]
# These make or change whole installations; .ci/run and make test do them on a fresh machine.
NOT_HERE = re.compile(r"(make|git|conda|py -3\.11|python -m (venv|pip)|\.venv\\Scripts)\b")


def lines(*languages):
    return [
        line.partition("  #")[0].strip() for info, text, _ in BLOCKS if info in languages for line in text.splitlines()
    ]


def test_every_block_says_its_language_and_is_checked_here():
    assert {info for info, _, _ in BLOCKS} <= {"shell", "powershell", "python", "toml", "text"}
    assert {info for info, _, _ in BLOCKS} >= {"shell", "powershell", "python", "toml"}


def test_every_make_target_named_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ {4}|^)make (\w+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("line", sorted({line for line in lines("powershell", "shell") if line.startswith("crmkit")}))
def test_every_command_line_is_understood(line):
    run = CliRunner().invoke(app, [*shlex.split(line)[1:], "--help"])
    assert run.exit_code == 0, run.output
    known = set(re.findall(r"--[\w-]+", run.output))
    assert set(re.findall(r"--[\w-]+", line)) <= known


def test_no_line_is_left_unchecked():
    rest = [line for line in lines("shell", "powershell", "text") if not re.match(r"crmkit |papermill ", line)]
    assert [line for line in rest if line and not NOT_HERE.match(line)] == []


@pytest.mark.parametrize("text", [text for info, text, _ in BLOCKS if info == "toml"])
def test_the_settings_shown_are_valid(text):
    assert parse_settings(tomllib.loads(text)).company.name == "Kaldi Coffee"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder as the reader has it, with the sample loaded by the README's own first lines."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    first, second, *_ = [line for line in lines("shell") if line.startswith("crmkit")]
    assert (first, second) == ("crmkit sample", "crmkit load")
    for line in ("crmkit sample --customers 400 --months 14", second):  # a smaller company, for the tests' sake
        in_shell(line, folder)
    return folder


def in_shell(line, folder):
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([scripts, os.environ["PATH"]])}
    run = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"
    return run.stdout


@pytest.mark.parametrize(
    "line",
    [line for line in lines("shell") if not NOT_HERE.match(line) and line not in ("crmkit sample", "crmkit load")],
)
def test_each_shell_line_runs(clone, line):
    printed = in_shell(line, clone)
    if line.startswith("crmkit report"):
        assert Path(printed.strip()).name == "index.html" and Path(printed.strip()).is_file()
    elif line.startswith("papermill"):
        assert (clone / "scorecard.ipynb").is_file()
    else:
        assert printed.strip()


@pytest.mark.parametrize(
    ("text", "line"), [(text, line) for info, text, line in BLOCKS if info == "python"], ids=lambda part: str(part)[:12]
)
def test_each_python_block_runs_and_prints(clone, text, line):
    run = subprocess.run([sys.executable, "-c", text], cwd=clone, capture_output=True, text=True)
    assert run.returncode == 0, f"README.md, line {line}\n{run.stderr}"
    assert len(run.stdout.splitlines()) > 1


def test_the_first_example_in_python_is_ten_lines():
    text = next(text for info, text, _ in BLOCKS if info == "python")
    assert len([line for line in text.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("word", ["real", "within noise", "too few to tell", "no comparison"])
def test_every_verdict_is_explained(word):
    assert f"| {word} |" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_what_the_readme_points_to_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    places = re.findall(r"`([\w./]+/|[\w./]+\.(?:md|txt|yml)|examples/\w+|LICENSE)`", text)
    assert len(places) > 8
    made = {"reports/", "sample/", "exports"}
    assert [place for place in places if place not in made and not (ROOT / place).exists()] == []
