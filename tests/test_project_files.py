"""The project's own files agree with each other: one list of packages, one version, doors that open."""

import ast
import json
import re
import subprocess
import sys
import textwrap
import tomllib
from importlib import metadata
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import crmkit
import crmkit.errors

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(text) for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]]
PIN_LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
PINS = {canonicalize_name(name): Version(version) for name, _, version in (line.partition("==") for line in PIN_LINES)}


def test_each_constraint_is_an_exact_version_and_no_address():
    assert [line for line in PIN_LINES if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)] == []


@pytest.mark.parametrize("python", ["3.11.2", "3.12.0", "3.13.0"])  # the first is that of Debian 12
def test_each_pinned_version_can_be_installed_with_the_oldest_pythons(python):
    pinned = [found for found in distributions() if canonicalize_name(found.name) in PINS]
    asked = {found.name: found.metadata["Requires-Python"] or "" for found in pinned}
    assert len(asked) > 100
    assert {name: needs for name, needs in asked.items() if not SpecifierSet(needs).contains(python)} == {}


def test_the_constraints_say_how_to_renew_them():
    head = (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n\n")[0]
    assert head.startswith("#") and "make constraints" in head


def test_each_dependency_has_a_pin_that_its_range_allows():
    pins = {each: PINS.get(canonicalize_name(each.name)) for each in REQUIREMENTS}
    assert [each.name for each, pin in pins.items() if pin is None] == [], "constraints.txt does not pin them"
    assert [str(each) for each, pin in pins.items() if not each.specifier.contains(pin, prereleases=True)] == []


@pytest.mark.parametrize(
    ("package", "refused", "allowed"),
    [
        ("pandas", "3.0.0", "2.3.3"),  # lifelines 0.30.3 declares pandas below 3
        ("lifelines", "0.30.0", "0.30.3"),  # 0.30.0 declares no bound and is broken
        ("duckdb", "2.0.0", "1.5.6"),  # Ibis 12 crashes on it
        ("matplotlib", "3.13.0", "3.11.2"),  # seaborn 0.13.2
        ("sqlglot", "30.18.0", "30.17.0"),  # create_table of Ibis 12.0.0 breaks
        ("ibis-framework", "13.0.0", "12.0.0"),
        ("pandas-stubs", "3.1.0", "2.3.3"),  # types of another pandas than the one in use
    ],
)
def test_versions_known_to_break_are_refused(package, refused, allowed):
    specifier = next(requirement.specifier for requirement in REQUIREMENTS if requirement.name == package)
    assert not specifier.contains(refused)
    assert specifier.contains(allowed)


def test_what_is_installed_here_is_what_the_constraints_say():
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    installed = {canonicalize_name(package["name"]): package["version"] for package in json.loads(listed)}
    differing = {
        name: (installed[name], str(pin))
        for name, pin in PINS.items()
        if name in installed and Version(installed[name]) != pin
    }
    assert differing == {}
    assert {
        requirement.name for requirement in REQUIREMENTS if canonicalize_name(requirement.name) not in installed
    } == set()


def test_conda_takes_the_same_python_and_the_same_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *plain, pip = environment["dependencies"]
    python = next(text for text in plain if text.startswith("python="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))
    # No list of its own: what it installs is the project with its constraints, so it cannot fall out of step.
    assert plain == [python, "pip"]
    assert pip == {"pip": ["--constraint constraints.txt", "--editable ."]}


def test_the_changelog_and_the_package_name_the_same_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changelog, re.MULTILINE)[1] == PROJECT["version"]
    assert crmkit.__version__ == PROJECT["version"]


def test_the_licence_is_the_one_declared():
    assert PROJECT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_importing_the_errors_imports_no_heavy_package():
    code = "import sys, crmkit.cli.commands; print(*[m for m in ('pandas', 'papermill', 'matplotlib') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
    assert crmkit.errors.CrmkitError.__doc__


def test_make_knows_what_to_do_for_each_target():
    for target in ("report", "sample", "test", "lint", "docs", "install", "dev", "constraints", "clean", "help"):
        run = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, f"{target}: {run.stderr}"


def test_make_report_installs_without_the_tests_tools_and_then_makes_loads_and_reports(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    plan = subprocess.run(
        ["make", "--dry-run", "report"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    steps = ["-m venv .venv", "-c constraints.txt -e .", "crmkit sample sample", "crmkit load", "crmkit report"]
    places = [plan.find(step) for step in steps]
    assert -1 not in places and places == sorted(places)
    assert "[dev]" not in plan


def test_what_pip_installs_carries_the_notebooks_and_the_settings_to_begin_with(tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(ROOT)], check=True)
    code = """
        from pathlib import Path
        from crmkit.reporting.runner.notebooks import find_notebooks
        from crmkit.settings.starter import write_starter
        print(*(notebook.path for notebook in find_notebooks()), write_starter("own"), sep="\\n")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    *notebooks, settings = map(Path, run.stdout.split())
    ours = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    assert [path.name for path in notebooks] == [path.name for path in ours]
    assert {path.parent for path in notebooks} == {tmp_path / "site" / "crmkit" / "notebooks"}
    assert (tmp_path / settings).is_file()


def test_make_says_what_to_install_where_python_is_too_old(tmp_path):
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("")
    old = tmp_path / "python3.6"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    run = subprocess.run(["make", "install", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 2
    assert "is not Python 3.11, 3.12 or 3.13" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_second_make_installs_nothing_again(tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in (".venv/bin/python", ".venv/installed", ".venv/installed-dev"):
        (tmp_path / name).touch()
    plan = subprocess.run(
        ["make", "--dry-run", "test"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "pip install" not in plan
    assert "pytest" in plan.strip().splitlines()[-1]


def _imported(folder: str) -> set[str]:
    """Top-level names of the packages that the modules below a folder import."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"crmkit", "tests", "benchmarks"}


@pytest.mark.parametrize(
    ("folder", "extras"), [("crmkit", {"postgres", "mysql", "spark"}), ("tests", {"dev", "mysql", "spark"})]
)
def test_what_is_imported_is_declared(folder, extras):
    listed = [
        *PROJECT["dependencies"],
        *(text for extra in extras for text in PROJECT["optional-dependencies"].get(extra, [])),
    ]
    declared = {canonicalize_name(Requirement(text).name) for text in listed}
    homes = packages_distributions()
    unknown = {
        name
        for name in _imported(folder)  # of an extra that is not installed here the name is all that is known
        if not {canonicalize_name(home) for home in homes.get(name, [name])} & declared
    }
    assert unknown == set(), "declare them in pyproject.toml, then renew constraints.txt"


def test_each_package_that_is_installed_with_crmkit_stands_in_the_review():
    review = (ROOT / "docs" / "explanation" / "packages.md").read_text(encoding="utf-8")
    assert sorted(name for name in _needed(PROJECT["dependencies"]) if name not in review) == []


def _needed(requirements: list[str]) -> set[str]:
    """Return the installed packages that these need, and those that they need in turn."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        each = waiting.pop()
        name, extras = canonicalize_name(each.name), frozenset(each.extras)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        others = map(Requirement, metadata.requires(each.name) or [])
        waiting += [o for o in others if not o.marker or any(o.marker.evaluate({"extra": x}) for x in ("", *extras))]
    return {str(name) for name, _ in found}
