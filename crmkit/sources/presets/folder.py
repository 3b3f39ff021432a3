"""The recognised files of a folder: each found, read and judged, and the people in them known to one another."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import FileMapping, Settings
from crmkit.sources.contacts import make_directory, make_lookups, register
from crmkit.sources.files.file_sets import FileSet, RawFiles, peeks
from crmkit.sources.presets.judging import IGNORED, REFUSED
from crmkit.sources.presets.model import presets
from crmkit.sources.presets.recognise import Recognised, recognised
from crmkit.sources.presets.takes import Portion, person_of, portions
from crmkit.sources.presets.unit import Unit, none_left, read_unit

NO_PRESET = "none"
"""In place of a preset's name: the file is to be left alone."""


@dataclass
class FromPresets:
    """What the recognised files of a folder give.

    Attributes
    ----------
    units : list of Unit
    portions : list of Portion
    said : list of str
        What was understood of each file.
    problems : list of str
    """

    units: list[Unit] = field(default_factory=list)
    portions: list[Portion] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def paths(self) -> set[Path]:
        """The files."""
        return {unit.files.paths[0] for unit in self.units}


def find_presets(
    settings: Settings, listed: Iterable[Path], taken: Collection[Path]
) -> tuple[list[tuple[FileSet, Recognised]], list[str]]:
    """Return the files that a preset fits, and what is wrong with the presets that the settings name.

    Parameters
    ----------
    settings : Settings
    listed : iterable of Path
        The files of the folder.
    taken : collection of Path
        Files that a mapping reads.
    """
    found, problems = [], []
    for path in listed:
        name, dialect = _dialect_of(settings, path)
        wanted = dialect.preset
        if wanted == NO_PRESET or (path in taken and wanted is None):
            continue
        if wanted is not None and wanted not in presets():
            problems.append(
                f"[files.{name}]: there is no preset '{wanted}'. {did_you_mean(wanted, [*presets(), NO_PRESET])}"
            )
            continue
        try:
            fit = recognised(peeks(path, dialect), wanted)
        except CrmkitError as error:
            advice = "" if path in taken else " If it is not wanted, take it out of the folder."
            problems += [f"{path.name}: {error}{advice}"] if path.suffix.lower() != ".txt" else []
            continue
        if fit is None:
            problems += [f"{path.name}: the preset {wanted} does not fit its header"] if wanted else []
        elif fit.rivals:
            several = " or ".join(f'preset = "{each}"' for each in sorted((fit.preset.name, *fit.rivals)))
            problems.append(f"{path.name}: its header fits several presets. Write {several} under [files.{name}]")
        else:
            sheet = dialect.model_copy(update={"sheet": fit.sheet}) if fit.sheet else dialect
            found.append((FileSet(name, (path,), sheet, name in settings.files, fit.layout), fit))
    return found, problems


def read_presets(raw_files: RawFiles, settings: Settings, found: Iterable[tuple[FileSet, Recognised]]) -> FromPresets:
    """Read and judge the recognised files, then take the rows of canonical tables from them."""
    read = FromPresets()
    con = raw_files.con
    make_directory(con)
    for number, (files, fit) in enumerate(found):
        shown = f"{files.paths[0].name} ({fit.preset.system} {fit.preset.export})"
        try:
            unit = read_unit(raw_files, files, fit, settings, number)
        except CrmkitError as error:
            read.problems.append(f"{shown}: {error}")
            continue
        problems = unit.problems or [problem for problem in [none_left(con, unit)] if problem]
        if problems:
            read.problems.append(f"{shown}: {'; '.join(problem.rstrip('.') for problem in problems)}.")
        else:
            read.units.append(unit)
            _register(raw_files, unit)
    make_lookups(con)
    for unit in read.units:
        made = portions(con, unit)
        read.portions += made
        read.said.append(_understood(unit, made))
    return read


def _dialect_of(settings: Settings, path: Path) -> tuple[str, FileMapping]:
    """Return the name under which a file stands in the settings, and its dialect; its stem and the usual one if it does not."""
    for name, dialect in settings.files.items():
        if path.match(dialect.path):
            return name, dialect
    return path.stem, FileMapping(path="")


def _register(raw_files: RawFiles, unit: Unit) -> None:
    usable = f"(SELECT * FROM {unit.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NULL)"
    for take in unit.preset.takes:
        if take.table == "customer_identities" and not take.supplement:
            register(raw_files.con, unit.preset.prefix, usable, person_of(unit, take))


def _understood(unit: Unit, made: Iterable[Portion]) -> str:
    preset = unit.preset
    tables = ", ".join(dict.fromkeys(portion.table for portion in made))
    more = "".join(f"; {each}" for each in unit.said)
    return f"{unit.file} is read as {preset.system} {preset.export} and fills {tables}{more}"
