"""Sentences on the track record: how what reports said of the time to come has held."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.findings import Finding
from crmkit.metrics.formatting import counted, scale_for
from crmkit.periods import day_in_words, day_of
from crmkit.words import say


def record_line(record: pd.DataFrame) -> str:
    """Return the one line of the front page; empty as long as nothing said in time has come.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.

    Examples
    --------
    >>> record = pd.DataFrame({"kind": "month", "in_time": True, "actual": [10.0, 11.0, None], "inside": [True, False, None]})
    >>> record_line(record)
    'Of 2 forecasts of earlier reports 1 came inside its band'
    """
    scored = _forecasts(record, in_time=True)
    if scored.empty:
        return ""
    return say(
        "record-line", forecasts=counted(len(scored), "forecasts"), held=int(scored["inside"].astype(bool).sum())
    )


def record_headline(record: pd.DataFrame) -> str:
    """Return the headline of the page.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    """
    if line := record_line(record):
        return line
    return say("record-nothing-said") if record.empty else say("record-nothing-known")


def record_findings(record: pd.DataFrame, currency: str | None = None) -> list[Finding]:
    """Return up to five findings: coverage, error beside a guess, verdicts, money, what was made afterwards or is open.

    Parameters
    ----------
    record : DataFrame
        From :func:`crmkit.track_record`.
    currency : str, optional
        ISO 4217 code.
    """
    if record.empty:
        return [Finding(say("record-begins.what"), say("record-begins.figures"))]
    in_time, afterwards = (_forecasts(record, in_time=each) for each in (True, False))
    found = []
    if len(in_time):
        found.append(Finding(say("record-in-time.what"), say("record-in-time.figures", **_coverage(in_time))))
    found += [each for each in (_error(in_time), _verdicts(record), _money(in_time, currency)) if each]
    if len(afterwards):
        found.append(Finding(say("record-afterwards.what"), say("record-afterwards.figures", **_coverage(afterwards))))
    if n_open := int(record["actual"].isna().sum()):
        statements = counted(n_open, "statements")
        found.append(Finding(say("record-open.what", statements=statements), say("record-open.figures")))
    return found[:5]


def record_method() -> list[str]:
    """Return how statements are kept and scored, as paragraphs for the note on methods."""
    return [say("record-method-kept"), say("record-method-in-time"), say("record-method-verdicts")]


def lasting(record: pd.DataFrame) -> pd.DataFrame:
    """Return the changes called real whose three months after are known."""
    return record[(record["kind"] == "verdict") & record["actual"].notna()]


def _forecasts(record: pd.DataFrame, *, in_time: bool) -> pd.DataFrame:
    """Return what was said with an interval and has come."""
    return record[
        (record["kind"] != "verdict") & record["actual"].notna() & (record["in_time"].astype(bool) == in_time)
    ]


def _coverage(scored: pd.DataFrame) -> dict[str, str]:
    """Return the values of a message on how many forecasts came inside their intervals."""
    shares = {name: float(scored[name].astype(float).mean()) for name in ("inside", "inside_80")}
    wide, narrow = (scale_for("share", each, significant=2).words(each) for each in shares.values())
    return {"forecasts": counted(len(scored), "forecasts"), "wide": wide, "narrow": narrow}


def _error(scored: pd.DataFrame) -> Finding | None:
    scored = scored[scored["naive_missed"].notna()]
    if scored.empty:
        return None
    better = int((scored["missed"] < scored["naive_missed"]).sum())
    return Finding(say("record-naive.what", better=better, n=len(scored)), say("record-naive.figures"))


def _verdicts(record: pd.DataFrame) -> Finding | None:
    known = lasting(record)
    if known.empty:
        return None
    held = int(known["inside"].astype(bool).sum())
    return Finding(say("record-verdicts.what", held=held, n=len(known)), say("record-verdicts.figures"))


def _money(scored: pd.DataFrame, currency: str | None) -> Finding | None:
    """Return what was expected of the money of customers, and what came, of the latest such statement."""
    own = scored[(scored["kind"] == "customers") & (scored["unit"] == "money")]
    if own.empty:
        return None
    row = own.sort_values("as_of").iloc[-1]
    scale = scale_for("money", row["value"], low=row["low"], high=row["high"], currency=currency)
    value, came = scale.words(row["value"]), scale.words(row["actual"])
    day, interval = day_in_words(day_of(row["as_of"])), scale.interval(row["low"], row["high"])
    return Finding(
        say("record-money.what", label=row["label"], value=value, came=came),
        say("record-money.figures", day=day, interval=interval),
    )
