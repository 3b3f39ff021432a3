"""Print a frame on standard output: for reading, for a spreadsheet, for another program."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from crmkit.cli.output import in_letters_of
from crmkit.errors import printable
from crmkit.reporting.display.html import capitalised
from crmkit.sources.spreadsheet import formula_safe

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.cleaning.loading.load_report import LoadReport
    from crmkit.periods import Period
    from crmkit.sources.proposing.preview import FilePreview

_STEERING = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # a terminal obeys them, and JSON lets them stand
_LINE = 80  # characters of a line in the preview of files
_LONGEST_HEADER = 24  # characters
_PIPED_WIDTH = 240  # characters; a line that goes to a file or a pager is not to be cut at 80


def print_frame(frame: pd.DataFrame, form: str = "table") -> None:
    """Print every row and column as a table, as CSV that no spreadsheet takes for formulas, or as JSON records."""
    if form == "json":
        escaped = not (sys.stdout.encoding or "").lower().startswith("utf")  # JSON can hold every letter in ASCII
        text = frame.to_json(orient="records", indent=2, force_ascii=escaped, date_format="iso", double_precision=12)
        print(_STEERING.sub(lambda letter: f"\\u{ord(letter[0]):04x}", text))
    elif form == "csv":
        print(formula_safe(frame).to_csv(index=False, lineterminator="\n"), end="")
    else:
        print_rows(list(frame.columns), (row for row in frame.itertuples(index=False, name=None)))


def print_metrics(rows: pd.DataFrame, form: str, *, currency: str, period: Period | None = None) -> None:
    """Print metrics: rounded and in words for reading; every digit and column for programs.

    Parameters
    ----------
    rows : DataFrame
        What :func:`crmkit.scorecard` or :func:`crmkit.evaluate` returns.
    form : {"table", "csv", "json"}
    currency : str
        ISO 4217 code.
    period : Period, optional
        The one asked for, to say above the table if it is still running.
    """
    if form != "table":
        print_frame(rows, form)
        return
    if period and "days_so_far" in rows and rows["days_so_far"].notna().any():
        days = f"{rows['days_so_far'].iloc[0]} of {period.n_days} days"
        print(f"{capitalised(period.label)}, so far: {days}, compared with as many days of the others.")
    compared = "verdict" in rows.columns
    groups = [] if compared else list(rows.columns)[2 : list(rows.columns).index("value")]
    headings = ["metric", *groups, "value", "95 % interval", "from"]
    headings += ["before", "change", "verdict", "target"] if compared else []
    print_rows(headings, (_words(record, groups, currency, compared) for record in rows.to_dict("records")))


def print_findings(report: LoadReport, form: str) -> None:
    """Print what a check found: by table for reading, one row per finding for programs."""
    if form == "table":
        print(printable(str(report)))
        return
    import pandas as pd

    from crmkit.cleaning.checks.findings import Finding

    names = [column.name for column in fields(Finding)]
    print_frame(pd.DataFrame([asdict(finding) for finding in report.findings], columns=names), form)


def print_glossary(rows: pd.DataFrame, form: str) -> None:
    """Print what each metric means: a paragraph each for reading, every column for programs."""
    if form != "table":
        print_frame(rows, form)
        return
    for row in rows.to_dict("records"):
        good = f", {row['better']} is better" if row["better"] != "neither" else ""
        print(f"{row['label']} [{row['metric']}; {row['unit']}{good}]")
        for line in (row["definition"], row["formula"], f"Source: {row['source']}."):
            print(fill(line, width=100, initial_indent="    ", subsequent_indent="    "))
        print()


def print_previews(previews: Iterable[FilePreview], written: Path | None) -> None:
    """Print each file: its system, and a line for each column of each table with what it is and three cells."""
    for preview in previews:
        print(printable(f"{preview.file}: {preview.system}"))
        for problem in preview.problems:
            _print_list("PROBLEM", [problem])
        for table, rows in preview.tables.items():
            if preview.proposal:
                print(f"  looks like {table}" if table else "  its first rows")
            else:
                print(f"  {table}")
            _print_columns(rows, preview.matched if preview.proposal else {})
        if preview.matched and not preview.proposal:
            _print_list("columns", [f"{column} ({name})" for column, name in preview.matched.items()])
        if preview.unmatched:
            _print_list("not used", preview.unmatched)
        for doubt in preview.doubts:
            _print_list("note", [doubt])
        print()
    if written:
        print(
            f"A mapping for the files that are not known is proposed in {written}: read it, mend it, move it to crmkit.toml."
        )


def _print_columns(rows: Sequence[dict[str, str]], matched: dict[str, str]) -> None:
    """Print a line for each column, with what it is read as and its first cells; so a table of any width fits a window."""
    if not rows:
        return
    headers = [name for name in rows[0] if any(row[name] for row in rows)]
    width = min(max((len(name) for name in headers), default=0), _LONGEST_HEADER)
    roles = [matched.get(name, "") for name in headers] if matched else []
    second = max((len(role) for role in roles), default=0) + 2 if roles else 0
    for position, name in enumerate(headers):
        role = f"{roles[position]:<{second}}" if roles else ""
        left = f"    {_cut(name, width):<{width}}  {role}"
        cells = " | ".join(row[name] or "-" for row in rows)
        print(printable(left) + _cut(cells, max(_LINE - len(left), 20)))
    empty = [name for name in rows[0] if name not in headers]
    if empty:
        _print_list("empty in these rows", empty)


def _cut(text: str, width: int) -> str:
    plain = printable(" ".join(text.split()))
    return plain if len(plain) <= width else f"{plain[: width - 1]}…"


def _words(record: dict[Any, Any], groups: Sequence[str], currency: str, compared: bool) -> list[str]:
    from crmkit.metrics.formatting import counted, scale_for

    value, low, high = record["value"], record["low"], record["high"]
    scale = scale_for(record["unit"], value, low=low, high=high, currency=currency)
    known = record["status"] == "ok"
    cells = [str(record.get("label", record["metric"])), *(_text(record[group]) for group in groups)]
    cells += (
        [scale.words(value), scale.interval(low, high)] if known else [str(record["status"]), _text(record["reason"])]
    )
    counts = counted(record["n"], _text(record.get("counted"))) if record["n"] else ""
    said = _text(record["reason"]) if known and not _text(record["reason"]).startswith("so far: ") else ""
    cells.append("; ".join(part for part in (counts, said) if part))
    if compared:
        before, target = record["previous_value"], record["target"]
        cells += [
            scale.words(before) if before == before else "",
            scale.change(record["change"], (value, before)) if known else "",
        ]
        cells.append(f"{record['verdict']}: {record['direction']}" if record["direction"] else str(record["verdict"]))
        judged = known and record["target_verdict"]
        cells.append(f"{scale.words(target)}: {record['target_verdict']}" if judged else "")
    return cells


def _text(cell: Any) -> str:
    return "" if cell is None or cell != cell else printable(str(cell))


def print_rows(headings: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table for reading."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(*map(_text, headings), box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(in_letters_of(sys.stdout.encoding, _text(cell)) for cell in row))
    console = Console(markup=False, highlight=False, emoji=False)  # a customer's [bold] name stays what it is
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(table)


def _print_list(heading: str, words: Iterable[str]) -> None:
    print(fill(printable(f"{heading}: {', '.join(words)}"), _LINE, initial_indent="  ", subsequent_indent="    "))
