"""Write the pages of the reference from what they describe: the public names, the commands, the settings."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import crmkit

PACKAGES = {
    "crmkit": ("Analysis: `ck`", "Frames in, frames out: `import crmkit as ck`."),
    "crmkit.pages": ("Sections of pages: `ck.pages`", "What the cells of the report's notebooks show."),
    "crmkit.plots": ("Plots: `ck.plots`", "Each draws a frame on an axes and computes nothing."),
    "crmkit.models": ("Models: `ck.models`", "Estimators: `Model(...).fit(X, y)`; they know no table."),
}
# Added to every estimator by scikit-learn; their words point into its own documentation.
OF_SCIKIT_LEARN = "set_fit_request, set_score_request, set_predict_request, set_transform_request, get_metadata_routing"
SECTION = re.compile(r"^# (.+)\.$")
NAME = re.compile(r"^from \.\S* import \w+ as (\w+)$")


def write_reference(folder: Path) -> None:
    """Write one page a package of public names, one of the command line and one of the settings."""
    for package in PACKAGES:
        _write(folder / f"{package.rpartition('.')[2]}.md", api_page(package))
    _write(folder / "command-line.md", commands_page())
    _write(folder / "settings.md", settings_page())


def api_page(package: str) -> str:
    """Return the page of a package: its names in the groups of its stub, each with its docstring."""
    title, lead = PACKAGES[package]
    lines = [f"# {title}", "", lead, ""]
    for heading, names in _groups(package):
        lines += [f"## {heading}", "", "```{eval-rst}"]
        for name in names:
            kind = "autoclass" if inspect.isclass(getattr(_module(package), name)) else "autofunction"
            members = ["   :members:", f"   :exclude-members: {OF_SCIKIT_LEARN}"] if kind == "autoclass" else []
            lines += [f".. {kind}:: {package}.{name}", *members, ""]
        lines += ["```", ""]
    return "\n".join(lines)


def _module(package: str) -> object:
    return crmkit if package == "crmkit" else getattr(crmkit, package.rpartition(".")[2])


def _groups(package: str) -> list[tuple[str, list[str]]]:
    """Return the headings of a stub with the names below each."""
    module = _module(package)
    stub = Path(str(module.__file__)).with_suffix(".pyi")  # type: ignore[attr-defined]
    groups: list[tuple[str, list[str]]] = [("Names", [])]
    for line in stub.read_text(encoding="utf-8").splitlines():
        if heading := SECTION.match(line):
            groups.append((heading[1], []))
        elif (found := NAME.match(line)) and not inspect.ismodule(getattr(module, found[1])):
            groups[-1][1].append(found[1])
    return [(heading, names) for heading, names in groups if names]


def commands_page() -> str:
    """Return what ``--help`` says of every command."""
    command = [sys.executable, "-m", "typer", "crmkit.cli.commands", "utils", "docs", "--name", "crmkit"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"\[/?(?:bold)?\]", "", text).replace("```console", "```text")
    return text.replace("# `crmkit`", "# Command line", 1)


def settings_page() -> str:
    """Return the settings file that ``crmkit new`` writes, in which every choice is explained."""
    file = Path(crmkit.__file__).parent / "settings" / "starter.toml"
    text = file.read_text(encoding="utf-8")
    for key, example in {"name_quoted": '"Kaldi Coffee"', "name": "Kaldi Coffee", "currency": "EUR"}.items():
        text = text.replace(f"{{{key}}}", example)
    text = text.replace("{time_zone}", "Europe/Berlin")
    return "\n".join(
        [
            "# Settings",
            "",
            "`crmkit.toml` as `crmkit new` writes it. All keys have defaults; a key that crmkit does not know is an",
            'error that names the nearest one. A secret never stands in the file: write `"${NAME}"`, and the value',
            "is taken from the environment variable NAME.",
            "",
            "```toml",
            text.rstrip(),
            "```",
            "",
        ]
    )


def _write(file: Path, text: str) -> None:
    """Write a page only if it has changed, so that Sphinx builds no page twice."""
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
