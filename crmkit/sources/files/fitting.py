"""Where in its files the columns of a table stand: below which line, and on which sheet of a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crmkit.errors import CrmkitError
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.layout import names_by_key, plain_name
from crmkit.sources.files.mapping import TableSource
from crmkit.sources.files.read import FileHead, file_heads
from crmkit.tables.schema import SCHEMAS


@dataclass(frozen=True)
class Fitting:
    """The source of a table, with the place of its columns in the files.

    Attributes
    ----------
    source : TableSource
    is_complete : bool
        Whether every required column stands there.
    question : str
        What the settings have to say first; empty if nothing.
    """

    source: TableSource
    is_complete: bool = True
    question: str = ""


def fitted(source: TableSource) -> Fitting:
    """Return a source with the sheet and the header that hold its columns; a file that cannot be read stays as it is."""
    if source.sql is not None:
        return Fitting(source)
    files = source.files[0]
    wanted = {plain_name(source.columns.get(name, name)) for name in SCHEMAS[source.table].required}
    try:
        heads = [file_heads(path, files.dialect) for path in files.paths]
    except (CrmkitError, OSError):  # reading it raises the error again, and there it is reported
        return Fitting(source)
    several = [each for each in heads if len(each) > 1]
    if several:
        return _on_a_sheet(source, several[0], wanted)
    if all(_n_found(each[0], wanted) == len(wanted) for each in heads):
        return Fitting(_by_names(source, [each[0] for each in heads], wanted))
    return Fitting(replace(source, lacks=_advice(source)), is_complete=False)


def _advice(source: TableSource) -> str:
    return "" if source.mapped else "`crmkit map` proposes which of its columns to read as which"


def _on_a_sheet(source: TableSource, heads: Sequence[FileHead], wanted: set[str]) -> Fitting:
    counts = [_n_found(head, wanted) for head in heads]
    best = [head for head, n in zip(heads, counts, strict=True) if n == max(counts)]
    is_complete = max(counts) == len(wanted)
    if is_complete and len(best) > 1:
        files = source.files[0]
        choice = " or ".join(f'sheet = "{head.sheet}"' for head in best)
        question = f"{len(best)} of its sheets have the columns of {source.table}. {files.hint(choice)}"
        return Fitting(source, question=f"{files.shown}: {question}.")
    chosen = _with_files(source, dialect=source.files[0].dialect.model_copy(update={"sheet": best[0].sheet}))
    if is_complete:
        return Fitting(_by_names(chosen, best, wanted))
    sheets = ", ".join(f"'{head.sheet}' has {n}" for head, n in zip(heads, counts, strict=True))
    lacks = f"of {len(wanted)} columns that are needed its sheet {sheets}"
    return Fitting(replace(chosen, lacks="; ".join(filter(None, (lacks, _advice(source))))), is_complete=False)


def _by_names(source: TableSource, heads: Sequence[FileHead], wanted: set[str]) -> TableSource:
    """Return a source whose header is known by its names, where it is not known without them."""
    if all(wanted <= names_by_key(head.header).keys() for head in heads):
        return source  # as it is for other tables: a file is read once for all
    return _with_files(source, layout=replace(source.files[0].layout, wanted=tuple(sorted(wanted))))


def _with_files(source: TableSource, **changed: object) -> TableSource:
    files: FileSet = replace(source.files[0], **changed)  # type: ignore[arg-type]
    return replace(source, files=(files,))


def _n_found(head: FileHead, wanted: set[str]) -> int:
    """Return how many of the wanted names the line has that has most of them."""
    return max((len(wanted & names_by_key(cells).keys()) for _, cells in head.lines), default=0)
