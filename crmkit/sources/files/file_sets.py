"""The export files of a folder, by the names under which they are read together, and the dialects they are written in.

No Arrow and no frames here: the check for changed exports uses it before either is imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import FileMapping, Settings
from crmkit.sources.files.layout import Layout
from crmkit.sources.files.names import is_named_by, is_unpacked, shown_name

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", *WORKBOOK_SUFFIXES)
PACKED_SUFFIXES = (".zip", ".gz")


@dataclass(frozen=True)
class FileSet:
    """Export files that are read as one because they have one name.

    Attributes
    ----------
    name : str
        Name under ``[files]``, or the file's name without its ending.
    paths : tuple of Path
    dialect : FileMapping
        Encoding, delimiter, decimal mark and date format.
    declared : bool
        Whether it stands under ``[files]``.
    layout : Layout
        Where the rows are in the files.
    """

    name: str
    paths: tuple[Path, ...]
    dialect: FileMapping
    declared: bool = False
    layout: Layout = field(default_factory=Layout)

    @property
    def shown(self) -> str:
        """How a message names it: the file's name, or the pattern of several."""
        several = f"{self.dialect.path or self.name} ({len(self.paths)} files)"
        return shown_name(self.paths[0]) if len(self.paths) == 1 else several

    def hint(self, setting: str) -> str:
        """Return what to write where in the settings so that the files are read differently, without a full stop."""
        path = "" if self.declared else f'path = "{shown_name(self.paths[0])}" and '
        return f"Write {path}{setting} under [files.{self.name}]"


def list_files(folder: Path) -> list[Path]:
    """Return the CSV, Parquet, Excel and zip files of a folder by name, without hidden and lock files.

    Raises
    ------
    CrmkitError
        If a name holds bytes that are no letters, as of an archive from another system.
    """
    listed = sorted(path for path in folder.iterdir() if path.is_file() and (is_export(path) or is_packed(path)))
    if damaged := [path.name for path in listed if not _is_text(path.name)]:
        shown = ", ".join(name.encode("utf-8", "replace").decode() for name in damaged)
        raise CrmkitError(f"The names of files in {folder} hold bytes that are no letters: {shown}. Rename them.")
    return listed


def file_sets(settings: Settings, folder: Path, listed: Sequence[Path]) -> tuple[dict[str, FileSet], list[str]]:
    """Return every set of files by its name in lower case, and the problems of those under ``[files]``.

    Each file is a set of its own name too, in the dialect of the set that contains it.

    Parameters
    ----------
    settings : Settings
    folder : Path
        The exports folder.
    listed : sequence of Path
        Its files, with those of its zip files in place of these.
    """
    declared: dict[str, FileSet] = {}
    problems = []
    for name, dialect in settings.files.items():
        paths = _matching(folder, listed, dialect.path)
        if paths:
            declared[name.casefold()] = FileSet(name, paths, dialect, declared=True)
        else:
            hint = did_you_mean(dialect.path, [shown_name(path) for path in listed])
            problems.append(f"[files.{name}]: there is no file {dialect.path} in {folder}. {hint}")
    own = {stem.casefold(): _own_set(stem, listed, declared) for stem in dict.fromkeys(path.stem for path in listed)}
    return own | declared, problems


def find_set(sets: dict[str, FileSet], name: str) -> FileSet | None:
    """Return the set of a name: the one under ``[files]``, the file's stem, or the whole file name."""
    found = sets.get(name.casefold())
    wanted = name.casefold()
    named = (s for s in sets.values() if wanted in (s.paths[0].name.casefold(), shown_name(s.paths[0]).casefold()))
    return found or next(named, None)


def is_workbook(path: Path) -> bool:
    """Whether a file is an Excel or OpenDocument workbook, by its name."""
    return path.suffix.lower() in WORKBOOK_SUFFIXES


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def is_export(path: Path) -> bool:
    """Whether a file may be an export, by its name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~$"))


def is_packed(path: Path) -> bool:
    """Whether a file may hold exports inside, by its name."""
    return path.suffix.lower() in PACKED_SUFFIXES and not path.name.startswith((".", "~$"))


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _matching(folder: Path, listed: Sequence[Path], pattern: str) -> tuple[Path, ...]:
    inside = [path for path in listed if is_unpacked(path) and is_named_by(path, pattern)]
    try:
        return tuple(sorted([*inside, *(path for path in folder.glob(pattern) if path.is_file() and is_export(path))]))
    except (NotImplementedError, ValueError):  # an absolute or empty pattern
        return ()


def _own_set(stem: str, listed: Sequence[Path], declared: dict[str, FileSet]) -> FileSet:
    paths = tuple(path for path in listed if path.stem.casefold() == stem.casefold())
    holder = next((s for s in declared.values() if set(paths) & set(s.paths)), None)
    return FileSet(stem, paths, holder.dialect if holder else FileMapping(path=""))
