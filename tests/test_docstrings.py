"""Everything that ``import crmkit as ck`` offers is documented, with units, and with an example that runs."""

import inspect
import re

import pytest

import crmkit as ck

EXPORTED = {name: getattr(ck, name) for name in ck.__all__ if callable(getattr(ck, name))}
# An example that needs a company's files is run with the README's blocks and not as a doctest.
SHOWN_IN_THE_README: set[str] = set()


def test_the_analysts_first_words_are_there():
    assert {"connect", "evaluate", "scorecard", "glossary", "Period"} <= EXPORTED.keys()


def test_tab_completion_offers_what_is_exported():
    assert set(ck.__all__) <= set(dir(ck))


@pytest.mark.parametrize("name", EXPORTED)
def test_each_export_has_a_sentence_and_an_example(name):
    text = inspect.getdoc(EXPORTED[name]) or ""
    assert re.match(r"[A-Z`].*[.:]$", text.partition("\n\n")[0].replace("\n", " ")), text[:80]
    assert ">>> " in text or name in SHOWN_IN_THE_README


@pytest.mark.parametrize("name", [name for name, thing in EXPORTED.items() if inspect.isfunction(thing)])
def test_each_exported_function_types_and_explains_its_parameters(name):
    function = EXPORTED[name]
    text = inspect.getdoc(function) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(\n\n[A-Z]\w+\n-+\n|\Z)", text, re.DOTALL)
    heads = re.findall(r"^(\S.*?) : ", section[1], re.MULTILINE) if section else []
    explained = {name.strip("* ") for head in heads for name in head.split(",")}
    signature = inspect.signature(function)
    assert [p for p in signature.parameters if p not in explained] == []
    assert [p.name for p in signature.parameters.values() if p.annotation is p.empty] == []
    assert signature.return_annotation is not signature.empty
