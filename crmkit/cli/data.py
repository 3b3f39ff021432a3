"""Commands that bring data in: ``new``, ``sample``, ``map``, ``load``, ``history``, ``check``, ``tables``.

Each imports what it needs inside its function, so that ``--help`` answers at once.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crmkit.cli.app import Format, OutputFormat, SettingsPath, app
from crmkit.errors import CrmkitError, printable

if TYPE_CHECKING:
    from crmkit.settings import Settings

ExportsPath = Annotated[
    Path | None,
    typer.Option("--exports", metavar="DIR", help="Folder of the export files.", show_default="as in the settings"),
]


class HistoryBy(StrEnum):
    """What a row of the history is."""

    load = "load"
    table = "table"
    file = "file"


@app.command(epilog='Examples: crmkit new kaldi | crmkit new kaldi --name "Kaldi Coffee" --currency MYR --notebooks')
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to begin; created if missing.")],
    name: Annotated[str | None, typer.Option(help="Name of the company.", show_default="the folder's")] = None,
    currency: Annotated[str, typer.Option(help="Currency of every amount, such as EUR or IDR.")] = "EUR",
    time_zone: Annotated[
        str | None, typer.Option(help="Such as Asia/Jakarta.", show_default="this machine's, else UTC")
    ] = None,
    notebooks: Annotated[
        bool, typer.Option("--notebooks", help="Copy the pages' notebooks, for you to edit; report then uses them.")
    ] = False,
) -> None:
    """Begin a folder for your own company: commented settings, a place for export files, notebooks if asked for."""
    from crmkit.settings.permissions import CODE, allow
    from crmkit.settings.starter import write_starter

    file = write_starter(folder, name, currency, time_zone)
    allow(folder, [CODE])  # what will be in a folder of one's own is one's own
    if notebooks:
        from crmkit.reporting.runner.notebooks import copy_notebooks

        copy_notebooks(folder / "notebooks")
    typer.echo(
        f"Put your export files into {folder / 'exports'}, then run crmkit load and crmkit report there.", err=True
    )
    typer.echo(file)


@app.command(epilog="Examples: crmkit sample | crmkit sample demo --customers 60 && crmkit load --settings demo")
def sample(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to write; created if missing.")] = Path(
        "sample"
    ),
    customers: Annotated[int, typer.Option(min=20, help="How many customers it has.")] = 5000,
    months: Annotated[int, typer.Option(min=8, help="How many months up to October 2026.")] = 36,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives another company.")] = 20261031,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over the sample in the folder.")] = False,
) -> None:
    """Write an invented company: its settings and its export files."""
    from crmkit.cli.progress import working
    from crmkit.sources.sample import sample_company, write_exports

    with working("Inventing a company"):
        files = write_exports(folder, sample_company(customers, months, seed), overwrite=overwrite)
    typer.echo(files[-1])


FolderPath = Annotated[
    Path | None,
    typer.Argument(metavar="[FOLDER]", help="Folder of your settings, or of export files.", show_default="as nearby"),
]


@app.command(epilog="Examples: crmkit load | crmkit load sample | crmkit load exports/2026-10 --settings kaldi")
def load(
    folder: FolderPath = None,
    settings: SettingsPath = None,
    exports: ExportsPath = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Load the files even if nothing is new.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Drop rows that no file holds any more, however many.")] = False,
) -> None:
    """Read the export files, check them and write the store that reports read; do nothing if nothing is new."""
    from crmkit.cleaning.loading.load import load as load_exports
    from crmkit.cli.progress import step_progress

    known, exports = settings_and_exports(folder, settings, exports)
    with step_progress() as progress:
        loaded = load_exports(known, exports, progress, fresh=fresh, drop=drop)
    typer.echo(printable(str(loaded)))


@app.command(epilog="Examples: crmkit history | crmkit history --by file | crmkit history --by table --format csv")
def history(
    by: Annotated[
        HistoryBy, typer.Option("--by", help="A row for each load, or also for each table or file.")
    ] = HistoryBy.load,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """List the loads so far: which files came, and what became of their rows."""
    from crmkit.cleaning.loading.history import load_history
    from crmkit.cli.show import print_frame

    print_frame(load_history(read_nearby(settings), by=by.value), output.value)


@app.command(epilog="Examples: crmkit check | crmkit check --format csv > findings.csv")
def check(
    folder: FolderPath = None,
    settings: SettingsPath = None,
    exports: ExportsPath = None,
    output: OutputFormat = Format.table,
) -> None:
    """Say what is wrong with the export files, without writing anything."""
    from crmkit.cleaning.loading.load import check as check_exports
    from crmkit.cli.progress import step_progress
    from crmkit.cli.show import print_findings

    known, exports = settings_and_exports(folder, settings, exports)
    with step_progress() as progress:
        checked = check_exports(known, exports, progress)
    print_findings(checked, output.value)


@app.command(name="map", epilog="Examples: crmkit map exports | crmkit map ~/Downloads/exports --write proposed.toml")
def map_folder(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the export files.")],
    settings: SettingsPath = None,
    write: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Where to write the proposed mapping.", show_default="mapping.toml in FOLDER"
        ),
    ] = None,
) -> None:
    """Say what each export file is, and propose a mapping for those that are not known."""
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_previews
    from crmkit.sources.proposing.preview import preview_folder, write_proposal
    from crmkit.sources.store.locate import settings_beside

    known = read_nearby(settings) if settings else settings_beside(folder, "exports")
    with working("Looking at the files"):
        previews = preview_folder(folder, known)
    written = write_proposal(previews, write or folder / "mapping.toml")
    print_previews(previews, written)


@app.command(epilog="Examples: crmkit tables | crmkit tables orders | crmkit tables orders --format csv")
def tables(
    table: Annotated[str | None, typer.Argument(metavar="[TABLE]", help="Which; without it all.")] = None,
    output: OutputFormat = Format.table,
) -> None:
    """List the tables that data can be mapped to, or the columns of one table: type, unit, meaning."""
    from crmkit.cli.show import print_frame
    from crmkit.tables.schema import columns_frame, tables_frame

    print_frame(columns_frame(table) if table else tables_frame(), output.value)


def settings_and_exports(
    folder: Path | None, settings: Path | None, exports: Path | None
) -> tuple[Settings, Path | None]:
    """Return the settings and the folder of exports that a command means, and say which if a folder was named.

    A folder with settings is a company's; any other is one of export files, for the settings around it, or those nearby.
    """
    if folder is None:
        return read_nearby(settings), exports
    from crmkit.settings import FILE_NAME
    from crmkit.sources.store.locate import find_settings

    if not folder.is_dir():
        what = "is a file, and load takes a folder" if folder.exists() else "is not there"
        raise CrmkitError(
            f"{folder} {what}. Name the folder of your settings ({FILE_NAME}), or that of your export files."
        )
    if (folder / FILE_NAME).is_file():
        if settings is not None:
            raise CrmkitError(
                f"{folder} has settings of its own: leave out --settings {settings}, or name its exports."
            )
        return read_nearby(folder), exports
    if exports is not None:
        raise CrmkitError(f"{folder} has no {FILE_NAME}, and --exports names the export files: name one of the two.")
    above = next((each / FILE_NAME for each in folder.resolve().parents[:2] if (each / FILE_NAME).is_file()), None)
    known = settings or above or find_settings()
    typer.echo(printable(f"The export files of {folder}, with the settings {known}."), err=True)
    return read_nearby(known), folder


def read_nearby(path: Path | None) -> Settings:
    """Return the settings of a file or folder, otherwise those found nearby."""
    from crmkit.settings import read_settings
    from crmkit.sources.store.locate import find_settings

    return read_settings(path or find_settings())
