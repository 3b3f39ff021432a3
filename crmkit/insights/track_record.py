"""Sentences on the track record: how what reports said of months to come has held."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.findings import Finding
from crmkit.metrics.formatting import counted


def record_line(record: pd.DataFrame) -> str:
    """Return the one line of the front page; empty as long as nothing said in time has come.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.

    Examples
    --------
    >>> record = pd.DataFrame({"in_time": True, "actual": [10.0, 11.0, None], "inside": [True, False, None]})
    >>> record_line(record)
    'Of 2 forecasts of earlier reports 1 came inside its band'
    """
    scored = record[record["actual"].notna() & record["in_time"].astype(bool)]
    if scored.empty:
        return ""
    held = int(scored["inside"].astype(bool).sum())
    band = "its band" if held == 1 else "their band"
    return f"Of {counted(len(scored), 'forecasts')} of earlier reports {held:,} came inside {band}"


def record_headline(record: pd.DataFrame) -> str:
    """Return the headline of the page.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    if line := record_line(record):
        return line
    if record.empty:
        return "Nothing was said of months to come so far"
    return "No month that an earlier report spoke of has come yet"


def record_findings(record: pd.DataFrame) -> list[Finding]:
    """Return two to four findings: coverage, error beside last year again, what was made afterwards, what is open.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    known = record["actual"].notna()
    in_time = record["in_time"].astype(bool)
    found = [_coverage(record[known & in_time], "Said in time:"), _error(record[known & in_time])]
    found.append(_coverage(record[known & ~in_time], "Made afterwards, as it would have been said then:"))
    if n_open := int((~known).sum()):
        found.append(
            Finding(f"{counted(n_open, 'statements')} wait for their month.", " They are scored when it is over.")
        )
    if record.empty:
        found.append(
            Finding("The record begins with the next report.", " Each keeps what it says of the months ahead.")
        )
    return [finding for finding in found if finding]


def _coverage(scored: pd.DataFrame, bold: str) -> Finding | None:
    if scored.empty:
        return None
    wide, narrow = (scored[name].astype(float).mean() * 100 for name in ("inside", "inside_80"))
    return Finding(
        bold,
        f" of {counted(len(scored), 'forecasts')} {wide:.0f} % came inside their interval of 95 %, and {narrow:.0f} % inside "
        "that of 80 %.",
    )


def _error(scored: pd.DataFrame) -> Finding | None:
    if scored.empty:
        return None
    better = int((scored["missed"] < scored["naive_missed"]).sum())
    return Finding(
        f"{better:,} of {len(scored):,} were nearer than last year again.",
        " That is the guess anybody can make: the same month of the year before.",
    )


def record_method() -> list[str]:
    """Return how statements are kept and scored, as paragraphs for the note on methods."""
    return [
        "Each report keeps what it says of the months ahead before anything of them is known. The first statement as of a "
        "day counts: a later report as of the same day changes nothing. It is scored when its month is over, with the number "
        "as it is known by then.",
        "A statement is in time if the data did not hold its month when it was made. Reports of earlier periods that were "
        "made later say what would have been said then, from what was known then; they are scored apart.",
    ]
