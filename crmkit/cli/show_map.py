"""Print what a folder of exports holds: file by file, with rows to recognise it by and none to recognise people by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import fill

from crmkit.cli.show import print_rows
from crmkit.sources.proposing.preview import FilePreview

_WIDTH = 110


def print_previews(previews: Iterable[FilePreview], written: Path | None) -> None:
    """Print each file: its system, its tables, its columns, three rows, doubts and problems."""
    for preview in previews:
        print(f"{preview.file}: {preview.system}")
        if preview.matched:
            _print_list("columns", [f"{column} ({name})" for column, name in preview.matched.items()])
        if preview.unmatched:
            _print_list("not used", preview.unmatched)
        for table, rows in preview.tables.items():
            print(f"  {table or 'its first rows'}")
            if rows:
                print_rows(list(rows[0]), [list(row.values()) for row in rows])
        for doubt in preview.doubts:
            _print_list("note", [doubt])
        for problem in preview.problems:
            _print_list("PROBLEM", [problem])
        print()
    if written:
        print(
            f"A mapping for the files that are not known is proposed in {written}: read it, mend it, move it to crmkit.toml."
        )


def _print_list(heading: str, words: Iterable[str]) -> None:
    print(fill(f"{heading}: {', '.join(words)}", _WIDTH, initial_indent="  ", subsequent_indent="    "))
