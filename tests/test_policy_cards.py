"""Each card is proved and shown: numbers worked by hand, plain pandas on the sample company, every engine, a place on a page."""

import ast
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest

from crmkit.metrics.card import CARDS

ROOT = Path(__file__).parents[1]
OWN = {name: card for name, card in CARDS.items() if card.function.__module__.startswith("crmkit.metrics.")}
# What such a test is given: a firm made for it, in the test itself or by a fixture beside it; or the sample company.
BY_HAND, ORACLE = {"company", "catalog", "four_kinds"}, {"sample", "sample_tables"}


@cache
def given_to_tests() -> dict[str, list[set[str]]]:
    """Return for each card what the tests that name it are given: in their own text, or in a list that they use."""
    found: dict[str, list[set[str]]] = {name: [] for name in OWN}
    for path in sorted((ROOT / "tests/metrics").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        lists = {
            target.id: words(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        helpers = {node.name: words(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
        for test in tree.body:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                said = known(words(test), lists, helpers)
                for name in said & OWN.keys():
                    found[name].append({argument.arg for argument in test.args.args})
    return found


def words(node: ast.AST) -> set[str]:
    """Return every name and every text in a piece of code."""
    parts = list(ast.walk(node))
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return names | {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def known(said: set[str], *places: dict[str, set[str]]) -> set[str]:
    """Return what is said, and what the lists and helpers say that are named, and those that they name."""
    for _ in range(3):
        said = said.union(*(place[name] for place in places for name in said & place.keys()))
    return said


def test_every_card_has_numbers_worked_by_hand():
    assert [name for name, given in given_to_tests().items() if not any(one & BY_HAND for one in given)] == []


def test_every_card_has_an_oracle_in_plain_pandas_on_the_sample_company():
    assert [name for name, given in given_to_tests().items() if not any(one >= ORACLE for one in given)] == []


def test_every_card_is_compared_on_every_engine():
    """The test of the engines asks for all cards at once; here it is held to that."""
    text = (ROOT / "tests/engines/test_engines.py").read_text(encoding="utf-8")
    assert 'assert set(of_duckdb["metric"]) == set(CARDS)' in text and "evaluate(catalog, **SHAPES[shape])" in text


def test_every_card_has_a_place_on_a_page_of_the_report():
    pages = [path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if path.stem[0].isdigit()]
    source = "\n".join(
        cell.source for path in pages for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"
    )
    topics = {topic for call in re.findall(r"ck\.about\((.*)\)", source) for topic in re.findall(r'"(\w+)"', call)}
    missing = [name for name, card in OWN.items() if card.topic not in topics and f'"{name}"' not in source]
    assert missing == []


@pytest.mark.parametrize("topic", sorted({card.topic for card in OWN.values()}))
def test_every_topic_has_a_title_among_the_tiles(topic):
    from crmkit.words import has_message

    assert has_message(f"tile-topic-{topic}")
