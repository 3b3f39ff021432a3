"""Erase a customer from everything that crmkit has written, and prove it by a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crmkit.cleaning.duplicates.review import remove_from_review
from crmkit.cleaning.loading.forget import (
    emails_of,
    find_person,
    finish_forgetting,
    forget_in_store,
    forget_recorded,
)
from crmkit.cleaning.loading.forgotten_rows import Erased
from crmkit.errors import CrmkitError
from crmkit.metrics.formatting import counted, joined
from crmkit.periods import Period
from crmkit.reporting.display.exports import EXPORTS_FOLDER, exports_in
from crmkit.reporting.runner.fallback import FALLBACK_SUFFIX
from crmkit.reporting.runner.index import write_archive, write_index
from crmkit.reporting.runner.notebooks import Notebook, find_notebooks
from crmkit.reporting.runner.page import PageSummary, read_summary
from crmkit.reporting.runner.publish import clean_up
from crmkit.settings import Settings, read_settings
from crmkit.sources.files.file_sets import PACKED_SUFFIXES, WORKBOOK_SUFFIXES, list_files
from crmkit.sources.person_search import Person, files_below
from crmkit.sources.store.keys import forgotten_file, hashes_of, make_key
from crmkit.sources.store.locate import find_settings
from crmkit.sources.store.store import found_store

_QUESTIONS = "questions about duplicates"


@dataclass(frozen=True)
class Forgetting:
    """What was removed of a customer, or would be.

    Attributes
    ----------
    n_ids : int
        Ids of the customer.
    tables : mapping of str to Erased
        Rows by table of the store.
    n_cached : int
        Kept results [files].
    pages : tuple of FoundPages
        Pages and lists that show the customer.
    n_searched : int
        Files that were searched afterwards [files].
    remains : tuple of str
        Files in which the customer was still found, with the kinds of data found.
    own_files : tuple of str
        The analyst's export files that contain the customer.
    is_dry : bool
        Whether nothing was removed.
    """

    n_ids: int
    tables: Mapping[str, Erased]
    n_cached: int
    pages: tuple[FoundPages, ...]
    n_searched: int = 0
    remains: tuple[str, ...] = ()
    own_files: tuple[str, ...] = field(default=())
    is_dry: bool = False

    def __str__(self) -> str:
        would = "Would be forgotten" if self.is_dry else "Forgotten"
        lines = [f"{would}: one customer, known by {counted(self.n_ids, 'ids')}."]
        lines += [f"  store, {table}: {_describe(left)}" for table, left in self.tables.items() if left != Erased()]
        lines += [f"  cache: {counted(self.n_cached, 'kept results')}, removed"] if self.n_cached else []
        lines += [f"  reports, {shown.period}: {joined(list(shown.files))}, removed" for shown in self.pages]
        lines += [f"Make the pages again: crmkit report --period {shown.period}" for shown in self.pages]
        lines += [] if self.is_dry else [self._proof()]
        if self.own_files:
            lines.append(
                f"Still in your own export files, which crmkit never changes: {joined(list(self.own_files))}. The next "
                "load leaves the customer out; remove the customer from any copy that you pass on."
            )
        return "\n".join(lines)

    def _proof(self) -> str:
        what = "the customer's ids, e-mail address, telephone number, name and address"
        if self.remains:
            return f"The customer is still in {joined(list(self.remains))}."
        return f"Searched all {counted(self.n_searched, 'files')} that crmkit wrote for {what}: found in none."


def forget(
    customer: str,
    settings: Settings | str | Path | None = None,
    *,
    reports: str | Path | None = None,
    dry_run: bool = False,
) -> Forgetting:
    """Remove a customer from the store, the predictions, the cache, the reports and their lists.

    Orders, deals and paid terms stay for accounting, without the customer. A keyed hash stays beside the store, so that
    the next load leaves the customer out. The export files are the analyst's own and stay as they are.

    Parameters
    ----------
    customer : str
        An id or the e-mail address; other ids with the same address are the same customer.
    settings : Settings or path, optional
        Settings, a settings file or its folder; without it those found nearby.
    reports : path, optional
        Folder of the reports; that of the settings if not given.
    dry_run : bool
        Only say what would be removed.

    Raises
    ------
    CrmkitError
        If the customer is not in the store, or the data are in a database.

    Examples
    --------
    >>> forget("C-1", Settings())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: There is no store ... yet. Run `crmkit load` first.
    """
    known = settings if isinstance(settings, Settings) else read_settings(settings or find_settings())
    if known.database:
        raise CrmkitError(
            f"The data stay in the database {known.database.address}, which crmkit only reads. Delete the "
            "customer there, then delete the folders of the store, the cache and the reports."
        )
    finish_forgetting(known)
    person = find_person(known, customer)
    folder = Path(reports).resolve() if reports is not None else known.path("reports")
    cached = [path for path in files_below(known.path("cache")) if path.suffix in (".parquet", ".unfinished")]
    pages = pages_showing(folder, person)
    own = _own_files(known, person)
    review = known.folder / known.duplicates.file
    if dry_run:
        left = forget_in_store(known, person, dry_run=True) | {
            _QUESTIONS: Erased(remove_from_review(review, person.is_in, True))
        }
        return Forgetting(len(person.ids), left, len(cached), pages, own_files=own, is_dry=True)
    # What can be made again goes first: whatever interrupts it, the customer can be found, and this repeated.
    clean_up(folder)
    for shown in pages:
        remove_pages(folder, shown)
        _renew_index(folder / shown.period, known)
    if pages:
        write_archive(folder, company=known.company.name)
    for path in cached:
        path.unlink(missing_ok=True)
    asked = {_QUESTIONS: Erased(remove_from_review(review, person.is_in))}
    hashes = hashes_of(make_key(known), person.ids, emails_of(known, person))
    left = asked | forget_recorded(known, person, hashes)
    n_searched, remains = _search(known, folder, person)
    return Forgetting(len(person.ids), left, len(cached), pages, n_searched, remains, own)


@dataclass(frozen=True)
class FoundPages:
    """The files of one period that contain a person, by their names within its folder."""

    period: str
    files: tuple[str, ...]


def pages_showing(reports: Path, person: Person) -> tuple[FoundPages, ...]:
    """Return the files of each period that show a person, with all that belongs to the same page.

    The list and the notebook behind a page are searched too: a page masks ids, they do not.
    """
    found = []
    for folder in _periods(reports):
        files = _files_with(folder, person)
        if files:
            found.append(FoundPages(folder.name, tuple(files)))
    return tuple(found)


def remove_pages(reports: Path, found: FoundPages) -> None:
    """Remove the files that show a person."""
    for name in found.files:
        (reports / found.period / name).unlink(missing_ok=True)


def _describe(left: Erased) -> str:
    words = [f"{counted(left.n_dropped, 'rows')} removed"] if left.n_dropped else []
    if left.n_anonymous:
        words.append(f"{left.n_anonymous:,} kept for accounting, without the customer")
    return ", ".join(words)


def _own_files(settings: Settings, person: Person) -> tuple[str, ...]:
    exports = settings.path("exports")
    files = list_files(exports) if exports.is_dir() else []
    books = [
        f"{path.name} (not searched)" for path in files if path.suffix.lower() in (*WORKBOOK_SUFFIXES, *PACKED_SUFFIXES)
    ]
    return (*(path.name for path in files if person.found_in(path.name, path.read_bytes())), *books)


def _renew_index(folder: Path, settings: Settings) -> None:
    period = Period.parse(folder.name)
    summaries = [
        read_summary(file)
        if (file := folder / f"{notebook.page}.html").is_file()
        else PageSummary(notebook.title, "", status="not made")
        for notebook in find_notebooks(company=settings.folder)
    ]
    write_index(folder, period, summaries, company=settings.company.name)


def _search(settings: Settings, reports: Path, person: Person) -> tuple[int, tuple[str, ...]]:
    """Return the number of files searched, and those that still contain the person, with the kinds of data found."""
    store = settings.path("store")
    beside = [path for path in store.parent.glob(f"{store.name}.*") if path.is_dir()]
    folders = [found_store(store) or store, *beside, settings.path("cache"), reports]
    files = list(dict.fromkeys(path for folder in folders for path in files_below(folder)))
    files += [file for file in (forgotten_file(settings), settings.folder / settings.duplicates.file) if file.is_file()]
    found = []
    for path in files:
        content = path.read_bytes()
        kinds = person.found_in(path.name, content)
        if path.suffix == ".ipynb":
            kinds += [kind for name, each in exports_in(path).items() for kind in person.found_in(name, each)]
        found += [f"{path} ({joined(list(dict.fromkeys(kinds)))})"] if kinds else []
    return len(files), tuple(found)


def _periods(reports: Path) -> Iterator[Path]:
    for folder in sorted(reports.glob("*")):
        try:
            if folder.is_dir() and str(Period.parse(folder.name)) == folder.name:
                yield folder
        except CrmkitError:  # not a folder of crmkit
            continue


def _files_with(folder: Path, person: Person) -> list[str]:
    marked = {path for path in files_below(folder) if _shows(path, person)}
    for notebook in folder.glob("notebooks/*.ipynb"):
        parts = _parts_of(folder, notebook)
        if marked & set(parts):
            marked |= set(parts)
    index = folder / "index.html"  # made again from the pages that are left
    return [path.relative_to(folder).as_posix() for path in sorted(marked) if path != index]


def _shows(path: Path, person: Person) -> bool:
    if person.found_in(path.name, path.read_bytes(), with_texts=True):
        return True
    return path.suffix == ".ipynb" and any(person.found_in(name, content) for name, content in exports_in(path).items())


def _parts_of(folder: Path, notebook: Path) -> list[Path]:
    page = Notebook(notebook).page
    lists = [folder / EXPORTS_FOLDER / name for name in exports_in(notebook)]
    parts = [notebook, folder / f"{page}.html", folder / f"{page}{FALLBACK_SUFFIX}", *lists]
    return [part for part in parts if part.is_file()]
