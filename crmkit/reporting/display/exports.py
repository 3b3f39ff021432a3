"""Lists to work with outside the page: a line in the notebook, ``exports/<name>.csv`` and ``.parquet`` beside the report.

A notebook writes no file. The bytes of the files are carried in its output, so that the run writes them without the
libraries that made them.
"""

from __future__ import annotations

import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import compress, decompress

from crmkit.errors import CrmkitError, Problems
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.reporting.runner.publish import write_atomically
from crmkit.sources.spreadsheet import formula_safe

if TYPE_CHECKING:
    import pandas as pd

EXPORTS_FOLDER = "exports"
_KIND = "application/vnd.crmkit.export+json"
_IN_THE_LINK = re.compile(r'href="data:[^"]*" download="([\w.]+)"')
_NAME = re.compile(r"[a-z][a-z0-9_]*")
__all__ = ["formula_safe"]


class Export(Fragment):
    """A line of a page that carries a list for the run to write."""

    def __init__(self, html: str, name: str, files: Mapping[str, bytes]) -> None:
        packed = {file: b64encode(compress(content)).decode() for file, content in files.items()}
        super().__init__(html, f"export: {name}", {_KIND: packed})
        self.files = dict(files)


def export(frame: pd.DataFrame, name: str, title: str = "") -> Export:
    """Return a line that says where the whole list is; the run writes it as CSV and as Parquet beside the pages.

    In JupyterLab its links give the files to save.

    Parameters
    ----------
    frame : DataFrame
        One row per line of the list; a named index becomes the first columns. In the CSV, texts that a spreadsheet would
        run as formulas get an apostrophe; Parquet holds them as they are.
    name : str
        Of the files, in lower case, digits and underscores: ``exports/<name>.csv`` and ``exports/<name>.parquet``.
    title : str
        What the list is, such as "Customers to call"; otherwise made from the name.

    Returns
    -------
    Export

    Raises
    ------
    Problems
        If the name is no name of a file, or a column would carry personal data out of the analyst's machine.

    Examples
    --------
    >>> import pandas as pd
    >>> listed = export(pd.DataFrame({"customer_id": ["=1", "b"], "chance": [0.5, 0.25]}), "to_call")
    >>> listed
    <crmkit export: to_call>
    >>> print(listed.files["to_call.csv"].decode("utf-8-sig"))
    customer_id,chance
    '=1,0.5
    b,0.25
    """
    from crmkit.metrics.formatting import counted
    from crmkit.reporting.display.tables import heading

    flat = frame.reset_index() if any(label is not None for label in frame.index.names) else frame
    flat = flat.reset_index(drop=True)
    _check_export(name, [str(column) for column in flat.columns])
    # Excel takes a file for UTF-8 only if it begins with the mark.
    text = formula_safe(flat).to_csv(index=False, lineterminator="\n")
    files = {
        f"{name}.csv": text.encode("utf-8-sig"),
        f"{name}.parquet": flat.to_parquet(index=False, compression="zstd"),
    }
    rows = counted(len(flat), "rows")
    links = {file: _link(file, content) for file, content in files.items()}
    shown = drawn("export", title=title or heading(name), links=links, is_report=not _is_in_jupyter(), rows=rows)
    return Export(shown.html, name, files)


def with_links_to_files(html: str) -> str:
    """Return the HTML of an export as a page has it, whose links lead to the files that the run writes.

    Examples
    --------
    >>> with_links_to_files('<a href="data:text/csv;base64,YQ==" download="to_call.csv">to_call.csv</a>')
    '<a href="exports/to_call.csv" download="to_call.csv">to_call.csv</a>'
    """
    return _IN_THE_LINK.sub(rf'href="{EXPORTS_FOLDER}/\1" download="\1"', html)


def _is_in_jupyter() -> bool:
    """Return whether this is a kernel of a notebook that somebody looks at: Jupyter's server tells it which."""
    return bool(os.environ.get("JPY_SESSION_NAME"))


def _link(file: str, content: bytes) -> str:
    """Return where the link of a file leads: beside the page, or in JupyterLab, where no file is written, to the file itself."""
    if not _is_in_jupyter():
        return f"{EXPORTS_FOLDER}/{file}"
    kind = "text/csv" if file.endswith(".csv") else "application/octet-stream"
    return f"data:{kind};base64,{b64encode(content).decode()}"


def exports_in(notebook: Path) -> dict[str, bytes]:
    """Return the files that an executed notebook carries, by name; none if it carries none or cannot be read."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return {}
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    packed = [item for data in outputs for item in data.get(_KIND, {}).items()]
    return {Path(file).name: decompress(b64decode(content)) for file, content in packed}


def save_exports(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a page into the ``exports`` of its period's folder.

    Raises
    ------
    CrmkitError
        If another page has written one of that name.
    """
    for file, content in files.items():
        path = folder / EXPORTS_FOLDER / file
        if path.exists() and path.read_bytes() != content:
            raise CrmkitError(f"Another page of this period exports {file} already. Give one of them another name.")
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)


def remove_exports(folder: Path, notebook: Path) -> None:
    """Remove the lists that the last run of a notebook exported: a list that is not made again must not look current."""
    for file in exports_in(notebook):
        with suppress(OSError):
            (folder / EXPORTS_FOLDER / file).unlink(missing_ok=True)


def _check_export(name: str, columns: list[str]) -> None:
    faults = []
    if not _NAME.fullmatch(name):
        faults.append(f"its name is {name!r}. Use lower case, digits and underscores, such as to_call.")
    faults += [
        f"the column '{column}' is personal data. Leave it out: a list names customers by their id."
        for column in columns
        if column.lower() in _personal_columns()
    ]
    if faults:
        raise Problems("The export", faults)


def _personal_columns() -> Iterator[str]:
    from crmkit.tables.schema import SCHEMAS

    for table in SCHEMAS.values():
        if table.personal:
            yield from (column.name for column in table.columns if column.name not in table.key)
