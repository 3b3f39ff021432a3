"""The commands. Each imports what it needs itself, so that ``crmkit --help`` answers at once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from crmkit.errors import CrmkitError


class Format(str, Enum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class _PlainErrors(TyperGroup):
    """Print what the user can mend as plain text, without a traceback, and end with code 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CrmkitError as error:
            message = str(error)
        except OSError as error:  # a full disk, a file open elsewhere, a folder without rights
            message = f"{error.filename or 'A file'}: {error.strerror or error}."
        typer.echo(message, err=True)
        raise typer.Exit(2)


app = typer.Typer(
    cls=_PlainErrors,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Monthly numbers of a small business, with a verdict on every change.",
    epilog="First report: [bold]crmkit sample[/], [bold]crmkit load[/], [bold]crmkit report[/]."
    " Help on one command: [bold]crmkit report --help[/].",
)

SettingsPath = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="PATH",
        help="crmkit.toml or its folder.",
        show_default="$CRMKIT_SETTINGS, else this folder, those above, or sample/ in them",
    ),
]
PeriodText = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="PERIOD", help="2026-10, 2026-Q4, 2026-W43 or 2026.", show_default="last whole month"
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print it.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"crmkit {version('crmkit')}")
        raise typer.Exit


@app.callback()
def _crmkit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: crmkit sample demo && crmkit report --settings demo")
def sample(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to write; it must be new or empty.")] = Path(
        "sample"
    ),
) -> None:
    """Write an invented company: its settings and its export files."""
    from crmkit.cli.progress import working
    from crmkit.sources.sample import sample_company, write_exports

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CrmkitError(f"{folder} is not empty. Name a new folder, such as: crmkit sample {folder}2")
    with working("Inventing a company"):
        write_exports(sample_company(), folder)
    typer.echo(folder / "crmkit.toml")


@app.command()
def load(settings: SettingsPath = None) -> None:
    """Read the export files, check them and write the store that reports read."""
    from crmkit.cleaning import load as load_exports
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame
    from crmkit.settings import read_settings
    from crmkit.sources.connect import find_settings

    with working("Loading the exports"):
        loaded = load_exports(read_settings(find_settings(settings)))
    print_frame(loaded.summary())


@app.command()
def check(settings: SettingsPath = None, output: OutputFormat = Format.table) -> None:
    """Say what is wrong with the export files, without writing anything."""
    from crmkit.cleaning import check as check_exports
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame

    with working("Checking the exports"):
        findings = check_exports(settings)
    print_frame(findings, output.value)


@app.command(epilog="Examples: crmkit metrics | crmkit metrics churn_rate --by plan | crmkit metrics --format json")
def metrics(
    names: Annotated[list[str] | None, typer.Argument(metavar="[METRIC]...", help="Which; without it all.")] = None,
    period: PeriodText = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Split by a customer column; may be repeated.")
    ] = None,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """Print the scorecard: each metric's value, interval and verdict."""
    import crmkit as ck
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_metrics
    from crmkit.reporting.coverage import covered_period

    with working("Adding up"):
        catalog = ck.connect(settings)
        wanted = covered_period(catalog, period)
        if by:
            rows = ck.evaluate(catalog, names or None, periods=str(wanted), by=by)
        else:
            rows = ck.scorecard(catalog, str(wanted), metrics=names or None)
    print_metrics(rows, output.value, currency=catalog.settings.company.currency)


@app.command(epilog="Example: crmkit report --period 2026-10 --only scorecard")
def report(
    period: PeriodText = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="PAGE", help="Make this page alone; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the reports.", show_default="as in the settings")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks to run at the same time.")] = 2,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a notebook's parameter.")
    ] = None,
    deadline: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Time that one notebook may take.")] = 1200,
    notebooks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the notebooks.", show_default="crmkit's own")
    ] = None,
    settings: SettingsPath = None,
) -> None:
    """Run the notebooks of one period and write its pages; print the path of the index."""
    from crmkit.cli.progress import page_progress
    from crmkit.reporting.run import run_report

    with page_progress() as progress:
        done = run_report(
            settings,
            period,
            only,
            output,
            jobs,
            progress,
            parameters=_named(parameter or []),
            deadline=deadline,
            notebooks=notebooks,
        )
    for page in done.failed:
        typer.echo(f"{page.name} failed: {page.cause}", err=True)
    typer.echo(done.index)
    raise typer.Exit(1 if done.failed else 0)


@app.command()
def glossary(output: OutputFormat = Format.table) -> None:
    """Print what each metric means: definition, formula, source."""
    import crmkit as ck
    from crmkit.cli.show import print_frame

    print_frame(ck.glossary(), output.value)


def _named(parameters: list[str]) -> dict[str, str]:
    """Read NAME=VALUE pairs."""
    pairs = [text.partition("=") for text in parameters]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise CrmkitError(f"'{name}' is not a parameter. Write it as NAME=VALUE, such as -p history=25.")
    return {name.strip(): value for name, _, value in pairs}
