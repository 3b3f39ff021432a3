"""Everything that ``ck``, ``ck.pages``, ``ck.plots`` and ``ck.models`` offer is documented, with an example that runs."""

import inspect
import re
from pathlib import Path

import crmkit as ck

ROOT = Path(__file__).parents[1]
PACKAGES = {"ck": ck, "ck.pages": ck.pages, "ck.plots": ck.plots, "ck.models": ck.models}
PUBLIC = {f"{short}.{name}": getattr(package, name) for short, package in PACKAGES.items() for name in package.__all__}
EXPORTED = {name: thing for name, thing in PUBLIC.items() if callable(thing)}
# What needs a company's files, or is a part of something larger, is shown at work where tests run it.
SHOWN_AT_WORK = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "crmkit/metrics").rglob("*.py")]
)


def test_the_analysts_first_words_are_there():
    assert {"ck.connect", "ck.evaluate", "ck.scorecard", "ck.glossary", "ck.Period"} <= EXPORTED.keys()


def test_tab_completion_offers_what_is_exported():
    assert all(set(package.__all__) <= set(dir(package)) for package in (ck, ck.pages, ck.plots, ck.models))


def test_each_export_has_a_sentence_and_an_example():
    texts = {name: inspect.getdoc(thing) or "" for name, thing in EXPORTED.items()}
    opening = {name: text.partition("\n\n")[0].replace("\n", " ") for name, text in texts.items()}
    assert {name: text for name, text in opening.items() if not re.match(r"[A-Z`].*[.:]$", text)} == {}
    errors = {name for name, each in EXPORTED.items() if inspect.isclass(each) and issubclass(each, Exception)}
    bare = [name for name, text in texts.items() if ">>> " not in text and name not in errors]
    assert [name for name in bare if not re.search(rf"\b{name.rpartition('.')[2]}\(", SHOWN_AT_WORK)] == []


def test_each_exported_function_types_and_explains_its_parameters():
    functions = {name: thing for name, thing in EXPORTED.items() if inspect.isfunction(thing)}
    assert functions
    assert {name: found for name, function in functions.items() if (found := _unexplained(function))} == {}


def _unexplained(function):
    """Return the parameters that are not explained or have no type, and "return" if that has none."""
    text = inspect.getdoc(function) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(\n\n[A-Z]\w+\n-+\n|\Z)", text, re.DOTALL)
    heads = re.findall(r"^(\S.*?) : ", section[1], re.MULTILINE) if section else []
    explained = {name.strip("* ") for head in heads for name in head.split(",")}
    signature = inspect.signature(function)
    several = len(signature.parameters) > 1  # the one parameter of a function is explained by its sentence
    found = [name for name in signature.parameters if several and name not in explained]
    found += [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    return found + ["return"] * (signature.return_annotation is signature.empty)
