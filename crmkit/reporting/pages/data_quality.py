"""The sections of the page on data quality: files, what to look into, what numbers do without, joins, loads."""

from __future__ import annotations

import pandas as pd

from crmkit.cleaning.loading.history import load_history
from crmkit.cleaning.loading.reports import file_report, join_report, quality_report
from crmkit.errors import CrmkitError
from crmkit.insights.data_quality import at_most, metric_losses
from crmkit.insights.phrases import finding_in_words
from crmkit.metrics.formatting import counted
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS
from crmkit.words import say

_COUNTS = {
    "n_in": "Rows in",
    "n_kept": "Kept",
    "n_merged": "Merged",
    "n_folded": "Folded",
    "n_ignored": "Ignored",
    "n_aside": "Aside",
}
_LOADS = {"loaded_at": "Loaded", "n_files": "Files", "share_aside": "Share aside"} | _COUNTS
_LOADS_SHOWN = 12


@section()
def file_table(catalog: Catalog) -> Fragment:
    """Return what became of the rows of each file, every one accounted for."""
    rows = file_report(catalog)
    shown = rows.drop(
        columns=[name for name in _COUNTS if name not in ("n_in", "n_kept", "n_aside") and not rows[name].any()]
    )
    shown = shown.assign(
        file=shown["file"].replace("", say("quality-by-sql") if catalog.provenance.get("by_file") else "given")
    )
    labels = {name: label for name, label in _COUNTS.items() if name in shown}
    return table(
        shown,
        say("quality-files", rows=counted(rows["n_in"].sum(), "rows")),
        subtitle=say("quality-files-subtitle"),
        caption=f"{say('quality-files-caption')}{_kept_apart(catalog)}",
        labels=labels,
        units=dict.fromkeys(labels, "count"),
    )


@section()
def warning_table(catalog: Catalog) -> Fragment | None:
    """Return the warnings, with their consequences and advice; None without any."""
    found = quality_report(catalog).query("severity == 'warning'")
    if found.empty:
        return None
    shown = _in_words(found)[["table", "finding"]].assign(then=found["consequence"] + " " + found["advice"])
    return table(
        shown,
        say("quality-warnings", n=len(found)),
        subtitle=say("quality-warnings-subtitle"),
        labels={"finding": say("quality-warnings-seen"), "then": say("quality-warnings-then")},
    )


@section()
def finding_table(catalog: Catalog) -> Fragment:
    """Return all findings, with their consequences."""
    return table(
        _in_words(quality_report(catalog)).drop(columns="advice"),
        say("quality-found"),
        subtitle=say("quality-found-subtitle"),
        labels={"n_rows": "Rows"},
        units={"n_rows": "count", "share": "share"},
    )


@section()
def loss_table(catalog: Catalog) -> Fragment:
    """Return what the numbers of the scorecard do without, and why."""
    losses = metric_losses(catalog)
    worst = losses.head(1).to_dict("records")
    title = say("quality-all-rows")
    if worst and worst[0]["n_left_out"]:
        title = say("quality-rows-missing", share=at_most(losses["share"].max()))
    return table(
        losses,
        title,
        subtitle=say("quality-losses-subtitle"),
        labels={"metrics": "Number", "n_left_out": "Left out", "n_rows": "Of rows", "share": "Share", "why": "Why"},
        units={"n_left_out": "count", "n_rows": "count", "share": "share"},
    )


@section()
def join_table(catalog: Catalog) -> Fragment | None:
    """Return the row counts before and after every join; None where no table points to another."""
    found = join_report(catalog)
    if found.empty:
        return None
    more = int((found["n_after"] - found["n_before"]).clip(lower=0).sum())
    title = say("quality-joins-many", rows=counted(more, "rows")) if more else say("quality-joins-fine")
    return table(
        found,
        title,
        subtitle=say("quality-joins-subtitle"),
        labels={
            "column": "By",
            "target": "In",
            "n_before": "Rows before",
            "n_after": "After",
            "n_without_id": "Without id",
            "n_not_found": "Not found",
        },
        units=dict.fromkeys(["n_before", "n_after", "n_without_id", "n_not_found"], "count"),
    )


@section()
def load_trend(catalog: Catalog) -> Fragment | None:
    """Return how many rows came in and how many were set aside, by load; None with fewer than two loads."""
    try:
        loads = load_history(catalog)
    except CrmkitError:  # frames and databases are never loaded
        return None
    return load_table(loads)


def load_table(loads: pd.DataFrame) -> Fragment | None:
    """Return a table of loads, the latest first; None with fewer than two.

    Parameters
    ----------
    loads : DataFrame
        One row per load, the first one first: loaded_at, n_in, n_aside [rows], and where known n_files, new, changed,
        gone [files], n_kept, n_merged [rows].
    """
    known = [
        name
        for name in ("loaded_at", "n_files", "new", "changed", "gone", "n_in", "n_merged", "n_aside")
        if name in loads
    ]
    if len(loads) < 2 or not {"loaded_at", "n_in", "n_aside"} <= set(known):
        return None
    share = loads["n_aside"] / loads["n_in"].where(loads["n_in"] > 0)
    before, now = 100 * share.iloc[-2], 100 * share.iloc[-1]
    share_now, share_before = f"{now:.2f}", f"{before:.2f}"
    shown = loads[known].assign(share_aside=share).iloc[::-1].head(_LOADS_SHOWN).reset_index(drop=True)
    counts = [name for name in known if name != "loaded_at"]
    return table(
        shown,
        say(
            "quality-loads",
            moved="no" if share_now == share_before else "yes",
            share=share_now,
            before=share_before,
        ),
        subtitle=say("quality-loads-subtitle", n=len(shown), of=len(loads)),
        labels={name: label for name, label in _LOADS.items() if name in shown},
        units=dict.fromkeys(counts, "count") | {"share_aside": "share"},
    )


def _kept_apart(catalog: Catalog) -> str:
    """Return how many rows of personal data there are that the catalog does not open; empty where there are none."""
    counts = catalog.provenance.get("counts", {})
    n_rows = sum(counts[name]["n_in"] for name in counts if name not in catalog.names and SCHEMAS[name].personal)
    return say("quality-kept-apart", rows=counted(n_rows, "rows")) if n_rows else ""


def _in_words(found: pd.DataFrame) -> pd.DataFrame:
    words = [finding_in_words(*each) for each in zip(found["table"], found["finding"], strict=True)]
    return found.assign(finding=pd.Series(words, index=found.index, dtype=object))
