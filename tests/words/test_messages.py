"""Every message that the code names exists, is given its values, and is used; the files are the only place of words."""

import ast
import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl

from crmkit.errors import CrmkitError
from crmkit.words import has_message, say
from crmkit.words.messages import FOLDER

PACKAGE = Path(__file__).parents[2] / "crmkit"
NAMED_BY_METRIC = (
    "phrase-",
    "chart-part-",
    "tile-topic-",
    "voice-touchpoint-",
    "segments-do-",
    "experiment-incremental_",
    "voice-label-",
    "voice-channel-",
    "voice-posts-",
    "revenue-part-",
)  # found by the name of a metric or a feature
NOT_OF_PAGES = {  # names of verdicts, beginnings of what a check found, a pattern
    "too few to tell",
    "too close to call",
    "the rows end",
    "no row from",
    "cannot be read as",
    " is none of ",
    "no large change",
    "topic of the text",
    "no reason given",
    "no longer fits",
    "too new to judge",
    "too few to judge",
    "differs as a year ago",
    "crmkit predict --refresh-segments",
    "not measured: needs ",
    "number of orders",
    r"(?:the|its|her|who|what|whether) ",
}
MOVED = [
    "insights/churn.py",
    "insights/conventions.py",
    "insights/data_quality.py",
    "insights/explain/reasons.py",
    "insights/explain/report.py",
    "insights/explain/words.py",
    "insights/findings.py",
    "insights/follow_up.py",
    "insights/goals.py",
    "insights/messages.py",
    "insights/phrases.py",
    "insights/revisions.py",
    "insights/segments.py",
    "insights/sentiment.py",
    "insights/track_record.py",
    "insights/value.py",
    "plots/churn.py",
    "plots/forecasts.py",
    "plots/groups.py",
    "plots/history.py",
    "plots/marks.py",
    "plots/segments.py",
    "plots/survival.py",
    "plots/waterfall.py",
    "reporting/display/notes.py",
    "reporting/display/opening.py",
    "reporting/display/sparkline.py",
    "reporting/display/tables.py",
    "reporting/display/tiles.py",
    "reporting/pages/churn.py",
    "reporting/pages/data_quality.py",
    "reporting/pages/experiments.py",
    "reporting/pages/glossary.py",
    "reporting/runner/failures.py",
    "reporting/runner/index.py",
    "reporting/pages/retention.py",
    "reporting/pages/revenue.py",
    "reporting/pages/revisions.py",
    "reporting/pages/scorecard.py",
    "reporting/pages/segments.py",
    "reporting/pages/value.py",
    "reporting/pages/voice.py",
    "reporting/pages/why.py",
]


def messages() -> dict[str, set[str]]:
    """Return the variables of each message and of each of its parts, those of messages it refers to included."""
    entries = {}
    for path in sorted((FOLDER / "en").glob("*.ftl")):
        for entry in FluentParser().parse(path.read_text()).body:
            assert not isinstance(entry, ftl.Junk), (path.name, entry.content)
            if isinstance(entry, ftl.Message):
                assert entry.id.name.startswith(f"{path.stem}-"), f"{entry.id.name} stands in {path.name}"
                assert entry.id.name not in entries, f"{entry.id.name} stands twice"
                entries[entry.id.name] = entry.value
                entries |= {f"{entry.id.name}.{part.id.name}": part.value for part in entry.attributes}
    return {name: variables(pattern, entries) for name, pattern in entries.items() if pattern is not None}


def variables(node: object, entries: dict) -> set[str]:
    """Return the variables of a pattern."""
    if isinstance(node, ftl.VariableReference):
        return {node.id.name}
    if isinstance(node, ftl.MessageReference):
        return variables(entries[node.id.name], entries)
    if isinstance(node, list):
        return set().union(*(variables(each, entries) for each in node))
    if isinstance(node, ftl.BaseNode):
        return set().union(*(variables(each, entries) for each in vars(node).values()))
    return set()


def calls() -> list[tuple[str, str, set[str] | None]]:
    """Return where a message is asked for by its name: place, name, and its values where all are spelled out."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say" and node.args:
                names = [each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                given = {keyword.arg for keyword in node.keywords}
                if isinstance(node.args[0], ast.Constant):
                    found.append((f"{path.name}:{node.lineno}", names[0], None if None in given else given))
    return found


def test_every_message_that_is_asked_for_is_there():
    known = messages()
    assert [(place, name) for place, name, _ in calls() if name not in known] == []


def test_every_message_gets_the_values_that_it_names():
    known = messages()
    assert [
        (place, name, known[name] - given)
        for place, name, given in calls()
        if given is not None and known[name] - given
    ] == []


def test_every_message_is_used():
    code = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    referred = "\n".join(path.read_text() for path in (FOLDER / "en").glob("*.ftl"))
    unused = [
        name
        for name in messages()
        if not name.startswith(NAMED_BY_METRIC)
        and not re.search(rf"[\"']{re.escape(name)}[\"']", code)
        and not re.search(rf"\{{ {re.escape(name)} \}}", referred)
        and f'"{name.removesuffix("-apart")}"' not in code  # chosen by the presence of exceptions
    ]
    assert unused == []


@pytest.mark.parametrize("module", MOVED)
def test_no_sentence_stands_in_the_code(module):
    tree = ast.parse((PACKAGE / module).read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and hasattr(node.body[0], "value")
    }
    # An error is for the analyst, and so is the name of an empty section.
    unseen = [node for node in ast.walk(tree) if isinstance(node, ast.Raise) or _names_a_section(node)]
    skipped = docstrings | {id(part) for node in unseen for part in ast.walk(node)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped]
    # Markup is no sentence.
    literals = [text for text in texts if isinstance(text, str) and text not in NOT_OF_PAGES and '="' not in text]
    assert [text for text in literals if len(re.findall(r"[^\W\d_]{2,}", text)) > 2 and " " in text] == []


def _names_a_section(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "section"


def test_a_value_is_put_in_as_it_is():
    assert say("findings-closing-few", named="{ $n } <b>") == "Too few to tell: { $n } <b>."


def test_a_missing_message_or_value_is_an_error():
    with pytest.raises(CrmkitError, match="no message 'findings-none-such'"):
        say("findings-none-such")
    with pytest.raises(CrmkitError, match="named"):
        say("findings-closing-few")
    assert not has_message("nowhere-at-all")


def test_a_value_of_any_length_is_put_in_as_it_is():
    name = "a" * 5000
    assert say("phrase-churn_rate.states", value=name) == f"{name} of customers left"
