"""The sections of the page on the track record: how what earlier reports said has held."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.track_record import lasting, record_findings, record_headline, record_line
from crmkit.insights.track_record import record_method as record_method
from crmkit.metrics.formatting import counted, is_number, scale_for
from crmkit.periods import Period, day_in_words, day_of
from crmkit.predictions.track_record.record import record_summary
from crmkit.reporting.display.front import FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.opening import opening
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_SHOWN = 40  # statements of the list, the latest first


@section()
def record_opening(catalog: Catalog, record: pd.DataFrame) -> Fragment:
    """Return the top of the page, with the one line for the front page.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    shown = opening(
        settings=catalog.settings,
        title=record_headline(record),
        findings=record_findings(record, catalog.settings.company.currency),
        data_through=catalog.data_through,
    )
    line = record_line(record)
    return with_front_lines(shown, [FrontLine("status", line)] if line else [])


@section("nothing scored yet")
def record_table(catalog: Catalog, record: pd.DataFrame) -> Fragment | None:
    """Return by number how its forecasts have held: those made in time, then those made afterwards.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    rows = record_summary(record)
    if rows.empty:
        return None
    made = rows["in_time"].map({True: "in time", False: "afterwards"})
    columns = ["label", "made", "n", "inside_80", "inside", "missed", "naive_missed"]
    return table(
        rows.assign(made=made)[columns],
        say("record-table-title", forecasts=counted(int(rows["n"].sum()), "forecasts")),
        subtitle=say("record-table-subtitle"),
        units={"n": "count", **dict.fromkeys(["inside_80", "inside", "missed", "naive_missed"], "share")},
        labels={
            "label": "Number",
            "made": "Made",
            "n": "Forecasts",
            "inside_80": "In their 80 %",
            "inside": "In their 95 %",
            "missed": "Missed by",
            "naive_missed": "The guess by",
        },
        settings=catalog.settings,
    )


@section("no change called real long enough ago")
def record_verdicts(catalog: Catalog, record: pd.DataFrame) -> Fragment | None:
    """Return by number how many of the changes called real have lasted.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    known = lasting(record)
    if known.empty:
        return None
    rows = known.assign(held=known["inside"].astype(bool)).groupby("label", sort=False)["held"].agg(["size", "sum"])
    return table(
        rows.reset_index(),
        say("record-verdicts-title", held=int(rows["sum"].sum()), n=len(known)),
        subtitle=say("record-verdicts-subtitle"),
        units={"size": "count", "sum": "count"},
        labels={"label": "Number", "size": "Called real", "sum": "Lasted"},
        settings=catalog.settings,
    )


@section("nothing said yet")
def record_list(catalog: Catalog, record: pd.DataFrame) -> Fragment | None:
    """Return the latest statements, with what came of them.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    if record.empty:
        return None
    latest = record[record["kind"] != "verdict"].sort_values(["period", "as_of"], ascending=False, kind="stable")
    scored = latest[latest["actual"].notna()]
    chosen = (scored if len(scored) else latest).head(_SHOWN)
    lines = [_line(row, catalog.settings.company.currency) for row in chosen.to_dict("records")]
    return table(
        pd.DataFrame(lines, columns=["Number", "Time", "Said as of", "Expected", "95 %", "Came", "Inside"]),
        say("record-list-title"),
        subtitle=say("record-list-subtitle", shown=len(lines), statements=counted(len(record), "statements")),
        settings=catalog.settings,
    )


def _line(row: dict, currency: str) -> list[str]:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    came = scale.words(row["actual"]) if is_number(row["actual"]) else "not yet"
    inside = {True: "yes", False: "no"}.get(row["inside"], "")
    said = day_in_words(day_of(row["as_of"]))
    within = scale.interval(row["low"], row["high"])
    period = Period.parse(row["period"]).label if row["kind"] == "customers" else row["period"]
    return [row["label"], period, said, scale.words(row["value"]), within, came, inside]
