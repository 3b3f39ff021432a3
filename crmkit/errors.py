"""The errors that crmkit raises on purpose, and how they are worded.

A message says what is wrong, which value was found, and what to do. Where several things are wrong it lists
them all, so that the reader can correct them in one round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_LISTED = 30  # there are 300 currencies and 600 time zones: listing so many does not help


class CrmkitError(Exception):
    """Bad input or settings, which the caller can correct. The command line prints it without a traceback, exit code 2."""


class Problems(CrmkitError):
    """Several problems found in one pass, listed together.

    Parameters
    ----------
    subject : str
        What was checked, such as ``crmkit.toml`` or ``orders.csv``.
    problems : sequence of str
        One sentence each, at least one.

    Examples
    --------
    >>> print(Problems("crmkit.toml", ["company.currency: 'EURO' is not a currency code. Write EUR."]))
    crmkit.toml has 1 problem:
      - company.currency: 'EURO' is not a currency code. Write EUR.
    """

    def __init__(self, subject: str, problems: Sequence[str]) -> None:
        self.subject = subject
        self.problems = [printable(problem) for problem in problems]
        noun = "problem" if len(self.problems) == 1 else "problems"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{subject} has {len(self.problems)} {noun}:\n{lines}")


class StaleStore(UserWarning):
    """The export files have changed since the store was loaded from them: the numbers are out of date."""


class RestoredFile(UserWarning):
    """A file of the store was damaged or missing, and has been restored from its second copy."""


class DataEndEarly(UserWarning):
    """The data end long before the day of an analysis: what happened in between is not known."""


class UnknownName(CrmkitError, KeyError):
    """A name that is not among the known ones; the message offers the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"There is no {kind} '{name}'. {did_you_mean(name, known)}")

    def __str__(self) -> str:
        return str(self.args[0])


class WrongCall(CrmkitError, TypeError):
    """A function was called with a parameter that it does not have, or without one that it needs."""


class NotMeasured(CrmkitError):
    """A metric or derived table needs a table or a column that the source does not have.

    Parameters
    ----------
    needs : str
        ``table`` or ``table.column``, such as ``orders.margin``.
    """

    def __init__(self, needs: str) -> None:
        self.needs = needs
        super().__init__(f"not measured: needs {needs}")


def printable(text: str) -> str:
    r"""Return a text without characters that control a terminal or reverse a line: values in messages come from files.

    Examples
    --------
    >>> printable("met: '1\x00\x1b[2J'")
    "met: '1�[2J'"
    """
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known name, whatever its case, or lists the known ones.

    Examples
    --------
    >>> did_you_mean("npss", ["nps", "csat"])
    "Did you mean 'nps'?"
    >>> did_you_mean("weather", ["nps", "csat"])
    'Known: csat, nps.'
    """
    names = sorted(known)
    by_folded = {each.casefold(): each for each in names}
    near = get_close_matches(str(name).casefold(), by_folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{by_folded[near[0]]}'?"
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"Known: {', '.join(names[:_LISTED])}{rest}." if names else "None are known."
