"""Commands that give numbers and pages: ``predict``, ``metrics``, ``report``, ``glossary``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from crmkit.cli.app import Format, OutputFormat, PeriodText, SettingsPath, app
from crmkit.errors import CrmkitError, printable

Where = Annotated[
    str | None,
    typer.Option(metavar="CONDITION", help="Only what meets a condition on columns, such as \"country = 'DE'\"."),
]


@app.command(epilog="Examples: crmkit predict | crmkit predict --period 2026-09 --only value")
def predict(
    period: PeriodText = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="MODEL", help="Make this prediction alone; may be repeated.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Predict again, even if nothing has changed.")] = False,
    refresh_segments: Annotated[
        bool,
        typer.Option(
            "--refresh-segments", help="Learn the segments anew from these data; they hold from this period on."
        ),
    ] = False,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """Predict what each customer will do and write it into the store; reports do this by themselves.

    A period's predictions use the data up to its end. Those of earlier periods stay.
    """
    import crmkit as ck
    from crmkit.cli.progress import page_progress
    from crmkit.cli.show import print_frame

    with page_progress("Predicting", "predictions") as progress:
        made = ck.predict(
            settings, period, only=only or None, fresh=fresh, refresh_segments=refresh_segments, progress=progress
        )
    print_frame(made, output.value)
    raise typer.Exit(1 if (made["status"] == "failed").any() else 0)


@app.command(epilog="Examples: crmkit metrics | crmkit metrics churn_rate --by plan | crmkit metrics --format json")
def metrics(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[METRIC]...", help="Which; without it those of the scorecard.")
    ] = None,
    about: Annotated[
        list[str] | None, typer.Option("--about", metavar="TOPIC", help="All metrics of a topic; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All metrics.")] = False,
    period: PeriodText = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Split by a column; may be repeated.")
    ] = None,
    where: Where = None,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """Print the scorecard: each metric's value, interval and verdict."""
    import crmkit as ck
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_metrics
    from crmkit.reporting.reported_period import covered_period

    with working("Adding up"):
        whole = ck.connect(settings)
        wanted = covered_period(whole, period)
        catalog = whole.where(where)
        if by:
            rows = ck.evaluate(catalog, names or None, periods=str(wanted), by=by)
        else:
            rows = ck.scorecard(catalog, str(wanted), metrics=names or None)
            if about:
                rows = ck.about(rows, *about)
            elif not names and not everything:
                rows = ck.headlines(rows)
    print_metrics(rows, output.value, currency=catalog.settings.company.currency, period=wanted)


@app.command(
    epilog="Examples: crmkit explain churn_rate --period 2026-10 | crmkit explain revenue --against year --by channel"
)
def explain(
    metric: Annotated[str, typer.Argument(help="Its name, as `crmkit glossary` has it.")],
    period: PeriodText = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="PERIOD", help="Compare with this period, or with the year before.", show_default="the one before"
        ),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Look at this column alone; may be repeated.")
    ] = None,
    where: Where = None,
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
) -> None:
    """Say why a metric moved: how it came about, where, which reasons rose, and what coincided.

    For programs (--format csv or json) the parts of the change, which add up to it.
    """
    import crmkit as ck
    from crmkit.cli.progress import working
    from crmkit.cli.show import print_frame
    from crmkit.insights.explain.report import report_in_words
    from crmkit.reporting.reported_period import covered_period

    with working("Adding up"):
        whole = ck.connect(settings)
        wanted = covered_period(whole, period)
        catalog = whole.where(where)
        parts = ck.explain(catalog, metric, wanted, against=against, by=by or None)
        said = report_in_words(catalog, parts) if output is Format.table else []
    if output is not Format.table:
        print_frame(parts, output.value)
    for sentence in said:
        typer.echo(sentence)


@app.command(
    epilog="Examples: crmkit report --period 2026-10 --only scorecard | crmkit report --periods 2026-01..2026-09"
)
def report(
    period: PeriodText = None,
    periods: Annotated[
        str | None, typer.Option(metavar="FIRST..LAST", help="Make the reports of several periods: 2026-01..2026-09.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="PAGE", help="Make this page alone; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the reports.", show_default="as in the settings")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks to run at the same time.")] = 2,
    where: Where = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a notebook's parameter.")
    ] = None,
    deadline: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Time that one notebook may take.")] = 1200,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Compute all numbers and make all pages again, changed or not.")
    ] = False,
    notebooks: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the notebooks.",
            show_default="beside the settings, else crmkit's own",
        ),
    ] = None,
    settings: SettingsPath = None,
) -> None:
    """Run the notebooks of one period, or of several, and write their pages; print the path of the index.

    A page that nothing has changed for is kept as it is.
    """
    from crmkit.cli.progress import page_progress
    from crmkit.reporting.runner.run import Backfill, RunReport, run_report, run_reports

    if period and periods:
        raise CrmkitError("--period and --periods cannot go together. Name one period, or the first and the last.")
    options: dict[str, Any] = {
        "parameters": _parameter_values(parameter or []),
        "deadline": deadline,
        "notebooks": notebooks,
        "fresh": fresh,
        "where": where,
    }
    common = (only, output, jobs)
    done: RunReport | Backfill
    with page_progress() as progress:
        if periods is None:
            done = run_report(settings, period, *common, progress, **options)
        else:
            done = run_reports(settings, periods, *common, progress, **options)
    for trouble in done.troubles:
        typer.echo(printable(trouble), err=True)
    typer.echo(done.index)
    raise typer.Exit(1 if done.troubles else 0)


@app.command(epilog="Examples: crmkit glossary | crmkit glossary --format csv > glossary.csv")
def glossary(
    output: OutputFormat = Format.table,
    settings: SettingsPath = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="All metrics and all tables with their columns, as one text.")
    ] = False,
) -> None:
    """Print what each metric means: definition, formula, source; with --settings your own metrics too."""
    import crmkit as ck
    from crmkit.cli.show import print_glossary

    if settings:
        from crmkit.metrics.card import load_own_cards

        load_own_cards(ck.read_settings(settings))
    if markdown:
        typer.echo(ck.pages.glossary_markdown(), nl=False)
        return
    print_glossary(ck.glossary(), output.value)


def _parameter_values(parameters: list[str]) -> dict[str, str]:
    """Return the values by name from texts NAME=VALUE."""
    pairs = [text.partition("=") for text in parameters]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise CrmkitError(f"'{name}' is not a parameter. Write it as NAME=VALUE, such as -p reports=DIR.")
    return {name.strip(): value for name, _, value in pairs}
