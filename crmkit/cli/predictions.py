"""The command ``predict``."""

from __future__ import annotations

from typing import Annotated

import typer

from crmkit.cli.app import Format, OutputFormat, PeriodText, SettingsPath, app


@app.command(epilog="Examples: crmkit predict | crmkit predict --period 2026-09 --only value")
def predict(
    period: PeriodText = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="MODEL", help="Make this prediction alone; may be repeated.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make them again, changed or not.")] = False,
    refresh_segments: Annotated[
        bool,
        typer.Option(
            "--refresh-segments", help="Learn the segments anew from these data; they hold from this period on."
        ),
    ] = False,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """Write what is to be expected of each customer into the store; reports do this by themselves.

    A period's predictions use the data up to its end. Those of earlier periods stay.
    """
    import crmkit as ck
    from crmkit.cli.progress import page_progress
    from crmkit.cli.show import print_frame

    with page_progress("Predicting", "predictions") as progress:
        told = ck.predict(
            settings, period, only=only or None, fresh=fresh, refresh_segments=refresh_segments, progress=progress
        )
    print_frame(told, output.value)
    raise typer.Exit(1 if (told["status"] == "failed").any() else 0)
