"""Everything that ``import crmkit as ck`` offers is documented, with units, and with an example that runs."""

import inspect
import re
from pathlib import Path

import pytest

import crmkit as ck

ROOT = Path(__file__).parents[1]
EXPORTED = {name: getattr(ck, name) for name in ck.__all__ if callable(getattr(ck, name))}
# What needs a company's files, or is a part of something larger, is shown at work where tests run it.
SHOWN_AT_WORK = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "crmkit/metrics").rglob("*.py")]
)


def test_the_analysts_first_words_are_there():
    assert {"connect", "evaluate", "scorecard", "glossary", "Period"} <= EXPORTED.keys()


def test_tab_completion_offers_what_is_exported():
    assert all(set(package.__all__) <= set(dir(package)) for package in (ck, ck.pages, ck.plots, ck.models))


@pytest.mark.parametrize("name", EXPORTED)
def test_each_export_has_a_sentence_and_an_example(name):
    text = inspect.getdoc(EXPORTED[name]) or ""
    assert re.match(r"[A-Z`].*[.:]$", text.partition("\n\n")[0].replace("\n", " ")), text[:80]
    is_error = inspect.isclass(EXPORTED[name]) and issubclass(EXPORTED[name], Exception)
    assert ">>> " in text or is_error or re.search(rf"\b{name}\(", SHOWN_AT_WORK)


@pytest.mark.parametrize("name", [name for name, thing in EXPORTED.items() if inspect.isfunction(thing)])
def test_each_exported_function_types_and_explains_its_parameters(name):
    function = EXPORTED[name]
    text = inspect.getdoc(function) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(\n\n[A-Z]\w+\n-+\n|\Z)", text, re.DOTALL)
    heads = re.findall(r"^(\S.*?) : ", section[1], re.MULTILINE) if section else []
    explained = {name.strip("* ") for head in heads for name in head.split(",")}
    signature = inspect.signature(function)
    if len(signature.parameters) > 1:  # the one parameter of a function is explained by its sentence
        assert [p for p in signature.parameters if p not in explained] == []
    assert [p.name for p in signature.parameters.values() if p.annotation is p.empty] == []
    assert signature.return_annotation is not signature.empty
