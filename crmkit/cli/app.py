"""The application: its help, its options, and how errors and warnings are printed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from errno import EDQUOT, ENOSPC
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from crmkit.errors import CrmkitError, RestoredFile, StaleStore, printable

STOPPED = "Stopped. Nothing is left half done."


class Format(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print what is wrong with the store, or older than the exports, as one plain line, once; other warnings as ever."""
    told: set[str] = set()
    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, StaleStore | RestoredFile):
            usual(message, category, *place, **more)
        elif str(message) not in told:
            told.add(str(message))
            typer.echo(printable(str(message)), err=True)

    warnings.showwarning = show
    for category in (StaleStore, RestoredFile):
        warnings.filterwarnings("always", category=category)
    try:
        yield
    finally:
        warnings.showwarning = usual


_PERMISSIONS = {
    f"--allow-{each}": each for each in ("code", "outside", "environment")
}  # as crmkit.settings.permissions


class _PlainErrors(TyperGroup):
    """Prints errors that the user can correct as plain text, without a traceback, and exits with code 2.

    The options that give permissions may stand anywhere in the line, as a message asks to add them to a command.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        permissions, others = permissions_in(args)
        ctx.obj = (permissions, others)
        return super().parse_args(ctx, list(others))

    def invoke(self, ctx: Any) -> Any:
        from crmkit.tables.caching.moment import one_moment  # the help imports nothing heavy

        try:
            with _plain_warnings(), one_moment():
                _remember(*ctx.obj)
                return super().invoke(ctx)
        except CrmkitError as error:
            if was_interrupted(error):
                typer.echo(STOPPED, err=True)
                raise typer.Exit(130) from None
            message = str(error)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            raise
        except OSError as error:  # a full disk, a file open elsewhere, a folder without rights
            message = f"{error.filename or 'A file'}: {error.strerror or error}."
            if error.errno in (ENOSPC, EDQUOT):
                message += " What was there before is still there. Free some space and run it again."
        except (KeyboardInterrupt, RuntimeError) as error:
            if not was_interrupted(error):
                raise
            typer.echo(STOPPED, err=True)
            raise typer.Exit(130) from None
        except Exception as error:
            if not type(error).__module__.endswith("duckdb") or not (trouble := _trouble_of_duckdb(str(error))):
                raise
            message = trouble
        typer.echo(printable(message), err=True)
        raise typer.Exit(2)


def _trouble_of_duckdb(text: str) -> str:
    """Return what is wrong with the machine, in words, where DuckDB ran out of disk or memory; empty for other errors."""
    if re.search(r"No space left|Disk quota|File too large|Could not write|max_temp_directory_size", text):
        return "The disk is full. What was there before is still there. Free some space and run it again."
    if "Out of Memory" in text:
        return "The memory is not enough for this. What was there before is still there. Close other programs first."
    return ""


def was_interrupted(error: BaseException | None) -> bool:
    """Return whether an exception is Ctrl-C, or follows from it: DuckDB ends a query with an error of its own.

    Examples
    --------
    >>> error = RuntimeError("Query interrupted")
    >>> error.__cause__ = KeyboardInterrupt()
    >>> was_interrupted(error), was_interrupted(RuntimeError("Query interrupted"))
    (True, False)
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def permissions_in(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the permissions that a command line gives, and its other arguments.

    Examples
    --------
    >>> permissions_in(["report", "--allow-code", "--allow-host", "db.example.com", "--fresh"])
    (['code', 'host:db.example.com'], ['report', '--fresh'])
    """
    permissions, others = [], []
    left = iter(arguments)
    for argument in left:
        if argument in _PERMISSIONS:
            permissions.append(_PERMISSIONS[argument])
        elif argument == "--allow-host":
            permissions.append(f"host:{next(left, '').casefold()}")
        else:
            others.append(argument)
    return permissions, others


def _remember(permissions: Sequence[str], arguments: Sequence[str]) -> None:
    """Remember permissions for the folder of the settings that a command line names, or of those nearby."""
    if not permissions:
        return
    from crmkit.settings.permissions import allow
    from crmkit.sources.store.locate import find_settings

    named = [value for name, value in pairwise(arguments) if name == "--settings"]
    named += [each.partition("=")[2] for each in arguments if each.startswith("--settings=")]
    settings = Path(named[0]) if named else find_settings()
    allow(settings if settings.is_dir() else settings.parent, permissions)


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
        "--period",
        metavar="PERIOD",
        help="2026-10, 2026-Q4, 2026-W43, 2026, FY2026 or two days: 2026-03-01..2026-03-15.",
        show_default="last whole month",
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print it.")]


def _version(wanted: bool) -> None:
    if wanted:
        from crmkit import __version__

        typer.echo(f"crmkit {__version__}")
        raise typer.Exit


@app.callback()
def _crmkit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let the settings run code of their folder; remembered for it.")
    ] = False,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Let the settings name paths outside of their folder; remembered.")
    ] = False,
    allow_environment: Annotated[
        bool, typer.Option("--allow-environment", help="Let the settings read the environment; remembered.")
    ] = False,
    allow_host: Annotated[
        str | None,
        typer.Option("--allow-host", metavar="HOST", help="Let the settings open a database there; remembered."),
    ] = None,
) -> None:
    """Declare the options that :func:`permissions_in` takes from anywhere in the line, for the help."""
