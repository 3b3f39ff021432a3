"""Find a message by its name and fill in its values."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.errors import CrmkitError

if TYPE_CHECKING:
    from fluent.runtime import FluentBundle

LANGUAGE = "en"
FOLDER = Path(__file__).parent
_LONGEST = 500  # characters


def say(name: str, /, **values: str | int | float) -> str:
    """Return a message with its values filled in.

    Parameters
    ----------
    name : str
        Name of the message, ``file-message``, or of one of its parts, ``file-message.part``.
    **values : str, int or float
        What the message names, without the dollar sign. Text is put in as it is; a number is written as the language
        does, and decides between singular and plural.

    Returns
    -------
    str

    Raises
    ------
    CrmkitError
        There is no such message, or a value that it names is not given.

    Examples
    --------
    >>> say("phrase-churn_rate.states", value="8 %")
    '8 % of customers left'
    """
    pattern = _pattern(name)
    if pattern is None:
        raise CrmkitError(f"There is no message '{name}' in {FOLDER / LANGUAGE}.")
    # Fluent refuses values above 1,000 characters, such as a name of that length: a mark stands in for them meanwhile.
    marks = {key: f"\0{key}\0" for key, value in values.items() if isinstance(value, str) and len(value) > _LONGEST}
    formatted, errors = _bundle(LANGUAGE, _file_of(name)).format_pattern(pattern, values | marks)
    text = str(formatted)
    for key, mark in marks.items():
        text = text.replace(mark, str(values[key]))
    if errors:
        raise CrmkitError(f"Message '{name}': {'; '.join(str(error) for error in errors)}.")
    return text


def has_message(name: str) -> bool:
    """Return whether there is a message, or a part of one, of that name.

    Examples
    --------
    >>> has_message("phrase-churn_rate.states"), has_message("phrase-late_parcels.states")
    (True, False)
    """
    return _pattern(name) is not None


def _pattern(name: str) -> Any:
    message, _, part = name.partition(".")
    bundle = _bundle(LANGUAGE, _file_of(name))
    if not bundle.has_message(message):
        return None
    found = bundle.get_message(message)
    return found.attributes.get(part) if part else found.value


def _file_of(name: str) -> str:
    return name.partition("-")[0]


@cache
def _bundle(language: str, file: str) -> FluentBundle:
    """Return the messages of one file; parsed when the first of them is asked for, since a page needs few files."""
    from fluent.runtime import FluentBundle, FluentResource

    bundle = FluentBundle([language], use_isolating=False)  # the marks around values would stand in alternative texts
    path = FOLDER / language / f"{file}.ftl"
    if path.is_file():
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle
