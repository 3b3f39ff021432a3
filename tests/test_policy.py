"""What the house promises of itself, checked: cards are whole, layers hold, nothing of a machine leaks out."""

import ast
import re
import subprocess
import tempfile
from pathlib import Path

from crmkit.cli.commands import app
from crmkit.metrics.card import CARDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "crmkit"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Not packages of crmkit: the pages as a browser meets them, the same numbers on several engines, and so on.
OTHER_TEST_FOLDERS = {"cases", "browser", "engines", "notebooks", "backtests", "policy", "data"}

OWN_CARDS = {name: card for name, card in CARDS.items() if card.function.__module__.startswith("crmkit.metrics.")}


def test_there_are_cards_to_check():
    assert {"nps", "churn_rate", "revenue"} <= OWN_CARDS.keys()


def test_each_metric_says_what_it_is_how_it_is_computed_and_who_defined_it():
    cards = OWN_CARDS.items()
    assert [name for name, card in cards if not card.label[:1].isupper()] == []
    assert [name for name, card in cards if not card.definition.endswith(".")] == []
    assert [name for name, card in cards if "=" not in card.formula] == [], "their second paragraph is the formula"
    assert [name for name, card in cards if len(card.source) <= 3] == []
    assert [name for name, card in cards if not (card.counted and card.tables)] == []


def test_each_metric_is_named_in_the_tests_of_its_topic():
    texts = {
        topic: " ".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests/metrics").rglob(f"test_{topic}*.py"))
        for topic in {card.topic for card in OWN_CARDS.values()}
    }
    assert [topic for topic, text in texts.items() if not text] == [], "tests/metrics/test_<topic>.py is missing"
    assert [n for n, card in OWN_CARDS.items() if not re.search(rf"\b{n}\b", texts[card.topic])] == []


def test_each_command_is_in_the_readme():
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert commands
    assert [command for command in commands if f"crmkit {command}" not in README] == []


def test_columns_are_divided_by_the_one_module_that_knows_how():
    # On PostgreSQL 3 / 4 of two integer columns is 0: crmkit/tables/expressions.py casts first.
    cards = {PACKAGE.parent / (card.function.__module__.replace(".", "/") + ".py") for card in OWN_CARDS.values()}
    tables = {path for path in (PACKAGE / "tables").rglob("*.py") if path.name != "expressions.py"}
    divisions = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(cards | tables)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.FloorDiv)
    ]
    assert len(cards) > 5 and len(tables) > 10
    assert divisions == [], "these lines divide columns with a raw / or //"


def test_each_package_has_tests_under_its_name():
    packages = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    tests = ROOT / "tests"
    found = {name: [*(tests / name).rglob("test_*.py"), *tests.glob(f"test_{name}.py")] for name in packages}
    assert packages
    assert [name for name, files in found.items() if not files] == [], "no tests/<name>/ nor tests/test_<name>.py"


def test_each_folder_of_tests_is_named_for_a_package():
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    others = folders - OTHER_TEST_FOLDERS - {"__pycache__"}
    assert [n for n in sorted(others) if not ((PACKAGE / n).is_dir() or (PACKAGE / f"{n}.py").is_file())] == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    telling = {str(ROOT), str(Path.home()), *(f"{top}/" for top in (tempfile.gettempdir(), "/" + "root", "/" + "work"))}
    found = []
    for name in tracked.splitlines():
        path = ROOT / name
        if path.suffix in {".png", ".webp", ".parquet", ".woff2", ".ico", ".xlsx", ".zip"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{name}: {place}" for place in telling if re.search(rf"(?<![\w.]){re.escape(place)}", text)]
    assert found == []


def test_names_say_what_they_name():
    vague = {"df", "data2", "util", "utils", "process", "handle", "manager", "foo", "tmp"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (name := getattr(node, "id", None) or getattr(node, "name", None)) in vague
    ]
    assert len(MODULES) > 200
    assert found == []


def test_no_line_is_squeezed_to_please_a_rule():
    files = [path for folder in ("crmkit", "tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")]
    marks = ("# fmt" + ": skip", "# fmt" + ": off")
    squeezed = [path for path in files if any(mark in path.read_text(encoding="utf-8") for mark in marks)]
    assert squeezed == []
