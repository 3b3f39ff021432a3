"""The proposal for an unknown file as TOML, for the analyst to read, mend and move into her settings."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from crmkit.sources.evidence import Evidence
from crmkit.sources.proposal import Proposal

OPENING = (
    "# Proposed by `crmkit map`. Read every line, mend what is wrong, and move it into crmkit.toml: nothing of it is used\n"
    "# before. A percentage says how alike two names are; 50 % that nothing else in the file could be it.\n"
)


def proposal_text(
    file: str, found: Proposal | None, evidence: Evidence, date_format: str | None, others: Sequence[str]
) -> str:
    """Return the sections ``[files]`` and ``[tables]`` for one file.

    Parameters
    ----------
    file : str
        Its name.
    found : Proposal or None
    evidence : Evidence
        What was settled and what must be asked.
    date_format : str or None
        Of its times, if not ISO 8601.
    others : sequence of str
        Columns that nothing is proposed for.
    """
    name = re.sub(r"\W+", "_", file.rpartition(".")[0]).strip("_").casefold() or "file"
    lines = [f"[files.{name}]", f"path = {_quoted(file)}"]
    lines += [f"decimal = {_quoted(evidence.decimal)}"] if evidence.decimal == "," else []
    lines += [f"date_format = {_quoted(date_format)}"] if date_format else []
    lines += [f"# To be settled: {question}." for question in evidence.questions]
    if found is None:
        return "\n".join([*lines, f"# No table of crmkit fits its columns: {', '.join(others)}", ""])
    lines += ["", f"[tables.{found.table}]", f"file = {_quoted(name)}", "", f"[tables.{found.table}.columns]"]
    for column, (header, alike) in found.columns.items():
        lines.append(f"{column} = {_quoted(header)}" + ("" if alike >= 0.995 else f" # {alike:.0%}"))
    lines += [f'# {column} = "" # needed, and no column of the file looks like it' for column in found.missing]
    lines += [f"# not used: {', '.join(others)}"] if others else []
    return "\n".join([*lines, ""])


def once_each_table(proposed: Sequence[str]) -> list[str]:
    """Return the proposals with the sections of a table that another file has already been proposed for as comments."""
    seen: set[str] = set()
    told = []
    for text in proposed:
        files, mark, tables = text.partition("\n[tables.")
        table = tables.partition("]")[0]
        if mark and table in seen:
            lines = f"[tables.{tables}".rstrip("\n").splitlines()
            why = f"# {table} is proposed from another file above: choose one, or write sql over both."
            tables = "\n".join([why, *(f"# {line}" for line in lines), ""])
            told.append(f"{files}\n{tables}")
        else:
            seen.add(table)
            told.append(text)
    return told


def _quoted(text: str) -> str:
    """Return a text as a string of TOML: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
