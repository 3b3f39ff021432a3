"""The recognised files of a folder: found, read and typed, with one directory of the people in all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import FileMapping, Settings
from crmkit.sources.contacts import add_contacts, create_directory, create_lookups
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.names import is_named_by, shown_name
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.files.read import file_heads
from crmkit.sources.presets.model import presets
from crmkit.sources.presets.preset_file import IGNORED, REFUSED, PresetFile, no_usable_rows, read_preset_file
from crmkit.sources.presets.recognise import PresetMatch, match_preset
from crmkit.sources.presets.sources import settle_sources
from crmkit.sources.presets.takes import Portion, person_of, portions
from crmkit.sources.presets.words import wrong_words

NO_PRESET = "none"
"""In place of a preset's name: do not read the file by a preset."""


@dataclass
class PresetRows:
    """What was read from the recognised files of a folder.

    Attributes
    ----------
    preset_files : list of PresetFile
    portions : list of Portion
    remarks : list of str
        How each file was understood.
    problems : list of str
    """

    preset_files: list[PresetFile] = field(default_factory=list)
    portions: list[Portion] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def paths(self) -> set[Path]:
        """The files."""
        return {preset_file.files.paths[0] for preset_file in self.preset_files}


def find_presets(
    settings: Settings, listed: Iterable[Path], mapped_files: Collection[Path]
) -> tuple[list[tuple[FileSet, PresetMatch]], list[str]]:
    """Return the files that a preset fits, and what is wrong with the presets that the settings name.

    Parameters
    ----------
    settings : Settings
    listed : iterable of Path
        The files of the folder.
    mapped_files : collection of Path
        Files that a mapping reads.
    """
    found, problems = [], wrong_words(settings, presets()) if settings.words else []
    for path in listed:
        name, dialect = _dialect_of(settings, path)
        wanted = dialect.preset
        if wanted == NO_PRESET or (path in mapped_files and wanted is None):
            continue
        if wanted is not None and wanted not in presets():
            problems.append(
                f"[files.{name}]: there is no preset '{wanted}'. {did_you_mean(wanted, [*presets(), NO_PRESET])}"
            )
            continue
        try:
            fit = match_preset(file_heads(path, dialect), wanted)
        except CrmkitError as error:
            advice = "" if path in mapped_files else " If it is not wanted, take it out of the folder."
            problems += [f"{shown_name(path)}: {error}{advice}"] if path.suffix.lower() != ".txt" else []
            continue
        if fit is None:
            problems += [f"{shown_name(path)}: the preset {wanted} does not fit its header"] if wanted else []
        elif fit.rivals:
            several = " or ".join(f'preset = "{each}"' for each in sorted((fit.preset.name, *fit.rivals)))
            problems.append(
                f"{shown_name(path)}: its header fits several presets. Write {several} under [files.{name}]"
            )
        else:
            sheet = dialect.model_copy(update={"sheet": fit.sheet}) if fit.sheet else dialect
            found.append((FileSet(name, (path,), sheet, name in settings.files, fit.layout), fit))
    return found, problems


def read_presets(raw_files: RawFiles, settings: Settings, matches: Iterable[tuple[FileSet, PresetMatch]]) -> PresetRows:
    """Read the recognised files, then take the rows of canonical tables from them."""
    read = PresetRows()
    con = raw_files.con
    create_directory(con)
    for number, (files, fit) in enumerate(matches):
        shown = f"{shown_name(files.paths[0])} ({fit.preset.system} {fit.preset.export})"
        try:
            preset_file = read_preset_file(raw_files, files, fit, settings, number)
        except CrmkitError as error:
            read.problems.append(f"{shown}: {error}")
            continue
        problems = preset_file.problems or [problem for problem in [no_usable_rows(con, preset_file)] if problem]
        if problems:
            read.problems.append(f"{shown}: {'; '.join(problem.rstrip('.') for problem in problems)}.")
        else:
            read.preset_files.append(preset_file)
    sources = settle_sources(con, read.preset_files)
    read.remarks += sources.notes
    read.problems += [f"{question}." for question in sources.questions]
    for preset_file in read.preset_files:
        _register(raw_files, preset_file)
    create_lookups(con)
    for preset_file in read.preset_files:
        made = portions(con, preset_file)
        read.portions += made
        read.remarks.append(_understood(preset_file, made))
    return read


def _dialect_of(settings: Settings, path: Path) -> tuple[str, FileMapping]:
    """Return the name of a file in the settings and its dialect; its stem and the default dialect if it is not named there."""
    for name, dialect in settings.files.items():
        if is_named_by(path, dialect.path):
            return name, dialect
    return path.stem, FileMapping(path="")


def _register(raw_files: RawFiles, preset_file: PresetFile) -> None:
    usable = f"(SELECT * FROM {preset_file.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NULL)"
    for take in preset_file.preset.takes:
        if take.table == "customer_identities" and not take.supplement:
            add_contacts(raw_files.con, preset_file.prefix, usable, person_of(preset_file, take))


def _understood(preset_file: PresetFile, made: Iterable[Portion]) -> str:
    preset = preset_file.preset
    tables = ", ".join(dict.fromkeys(portion.table for portion in made))
    more = "".join(f"; {each}" for each in preset_file.remarks)
    return f"{preset_file.file} is read as {preset.system} {preset.export} and fills {tables}{more}"
