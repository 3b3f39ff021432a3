"""The page on customer value in words: headline, findings, the note on methods, and the titles of its sections."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.insights.findings import Finding
from crmkit.insights.phrases import sentence_case
from crmkit.metrics.formatting import counted, joined, scale_for
from crmkit.periods import day_in_words
from crmkit.predictions.value.backtest import BOOSTED, OURS
from crmkit.predictions.value.summary import ValueSummary
from crmkit.words import say


def value_headline(summary: ValueSummary, currency: str | None = None) -> str:
    """Return the headline of the page.

    Parameters
    ----------
    summary : ValueSummary
    currency : str, optional
        ISO 4217 code.
    """
    if summary.reason:
        return say("value-headline-unknown", reason=summary.reason)
    if summary.total["value"] <= 0:
        return say("value-headline-nothing")
    months = counted(summary.horizon, "months")
    return say("value-headline", money=_money(summary.total, currency), months=months)


def value_findings(summary: ValueSummary, backtest: pd.DataFrame, currency: str | None = None) -> list[Finding]:
    """Return three to five findings: the total, its concentration, the best channel, the back-test, the caveats.

    Parameters
    ----------
    summary : ValueSummary
    backtest : DataFrame
        From :func:`crmkit.predictions.value.backtest.value_backtest`.
    currency : str, optional
        ISO 4217 code.
    """
    if summary.reason:
        return [Finding(say("value-no-number.bold"), say("value-no-number.rest", reason=summary.reason))]
    found = [
        _total(summary, currency),
        _concentration(summary, currency),
        _channels(summary.by_channel, currency),
        _backtest(backtest, currency),
        _caveat(summary),
    ]
    return [finding for finding in found if finding]


def value_method(summary: ValueSummary) -> list[str]:
    """Return how the value is computed, as paragraphs for the note on methods.

    Parameters
    ----------
    summary : ValueSummary
        From :func:`crmkit.value_summary`.
    """
    rate, months = f"{summary.discount_rate * 100:.0f}", counted(summary.horizon, "months")
    return [
        say("value-method-what", rate=rate, months=months),
        say("value-method-how"),
        say("value-method-others"),
        say("value-method-doubt"),
        say("value-method-futures"),
    ]


def concentration_message(rows: pd.DataFrame) -> str:
    """Return the title of the table of the concentration of value."""
    tenth = rows[rows["top"] == 0.1]
    if tenth.empty or not rows["share"].iloc[0] > 0:
        return say("value-nobody")
    return say("value-tenth", share=f"{tenth['share'].iloc[0] * 100:.0f}")


def group_value_message(groups: pd.DataFrame, by: str, currency: str | None = None) -> str:
    """Return the title of the chart of the value of new customers by group: whether the best differs from the worst."""
    ranked = groups.sort_values("value", ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    first, last = _money(best, currency), _money(worst, currency)
    if best["low"] <= worst["high"]:
        return say("value-groups-alike", by=by, least=last, most=first)
    return say(
        "value-groups-differ",
        by=by if by in ("cohort", "channel") else "other",
        column=by,
        best=str(best[by]),
        most=first,
        worst=str(worst[by]),
        least=last,
    )


def survival_message(curves: pd.DataFrame, by: str) -> str:
    """Return the title of the chart of retention by tenure: after a year, of the best and the worst group."""
    year = curves[curves["month"] == 12].drop_duplicates("group")
    if year.empty:
        return say("value-tenure", by=by)
    best, worst = year.loc[year["value"].idxmax()], year.loc[year["value"].idxmin()]
    guess = "forecast" if best["extrapolated"] or worst["extrapolated"] else "seen"
    kept, least = (f"{row['value'] * 100:.0f}" for row in (best, worst))
    if len(year) == 1:
        return say("value-tenure-all", share=kept, guess=guess)
    names = {"best": sentence_case(str(best["group"])), "worst": str(worst["group"])}
    apart = "yes" if best["low"] > worst["high"] else "no"
    return say("value-tenure-groups", kept=kept, least=least, guess=guess, apart=apart, **names)


def odds_message(odds: pd.DataFrame) -> str:
    """Return the title of the table of odds of not renewing: the level that differs most, if any does beyond chance."""
    significant = odds[(odds["low"] > 1) | (odds["high"] < 1)]
    if significant.empty:
        return say("value-odds-alike")
    row = significant.iloc[int(np.abs(np.log(significant["odds_ratio"].to_numpy(dtype=float))).argmax())]
    return say(
        "value-odds",
        way="less" if row["odds_ratio"] < 1 else "more",
        group=str(row["level"]),
        other=str(row["compared_with"]),
        odds=f"{row['odds_ratio']:.2g}",
    )


def backtest_message(backtest: pd.DataFrame) -> str:
    """Return the title of the back-test: by how much totals were missed, and whether a simpler method did better."""
    if backtest.empty:
        return say("value-judged-young")
    ours = backtest[backtest["method"] == OURS]
    off = ((ours["predicted"] - ours["actual"]) / ours["actual"].where(ours["actual"] != 0)).dropna()
    if off.empty:
        return say("value-judged-nothing")
    best = str(backtest.groupby("method")["mae"].mean().idxmin())
    nearer = "ours" if best == OURS else "boosting" if best == BOOSTED else "pace"
    return say("value-judged", days=len(off), misses=_misses(off), nearer=nearer)


def _total(summary: ValueSummary, currency: str | None) -> Finding:
    total = summary.total
    if total["value"] <= 0:
        return Finding(say("value-total-nothing.bold"), say("value-total-nothing.rest"))
    scale = scale_for("money", total["value"], low=total["low"], high=total["high"], currency=currency)
    beyond = say("value-beyond", money=scale.words(summary.beyond)) if summary.beyond > 0 else ""
    customers, months = counted(summary.n, "customers"), counted(summary.horizon, "months")
    return Finding(
        say("value-total.bold", customers=customers, money=scale.words(total["value"]), months=months),
        say(
            "value-total.rest",
            basis=summary.basis,
            rate=f"{summary.discount_rate * 100:.0f}",
            interval=scale.interval(total["low"], total["high"]),
            beyond=beyond,
        ),
    )


def _concentration(summary: ValueSummary, currency: str | None) -> Finding | None:
    rows = summary.concentration
    tenth = rows[rows["top"] == 0.1]
    if tenth.empty or summary.total["value"] <= 0:
        return None
    row = tenth.iloc[0]
    least = scale_for("money", 1.0, currency=currency).words(1.0)
    gone = say("value-gone", n=summary.n_gone, least=least) if summary.n_gone else ""
    return Finding(
        say("value-held.bold", share=f"{row['share'] * 100:.0f}"),
        say("value-held.rest", customers=counted(int(row["n"]), "customers"), gone=gone),
    )


def _channels(groups: pd.DataFrame, currency: str | None) -> Finding | None:
    """Return the channel whose new customers are worth most; where intervals overlap, that none is."""
    if len(groups) < 2:
        return None
    ranked = groups.sort_values("value", ascending=False, kind="stable")
    best, worst, middle = ranked.iloc[0], ranked.iloc[-1], float(ranked["value"].median())
    scale = scale_for("money", best["value"], low=best["low"], high=best["high"], currency=currency)
    if best["low"] <= ranked["high"].iloc[1:].max():
        from_to = {"least": scale.words(worst["value"]), "most": scale.words(best["value"])}
        return Finding(say("value-channels-alike.bold"), say("value-channels-alike.rest", **from_to))
    return Finding(
        say("value-channel.bold", channel=best["channel"], money=scale.words(best["value"])),
        say(
            "value-channel.rest",
            interval=scale.interval(best["low"], best["high"]),
            customers=counted(int(best["n"]), "customers"),
            middle=scale.words(middle),
        ),
    )


def _backtest(backtest: pd.DataFrame, currency: str | None) -> Finding | None:
    ours = backtest[backtest["method"] == OURS]
    if ours.empty or not ours["actual"].iloc[0] > 0:
        return None
    row = ours.iloc[0]
    scale = scale_for("money", row["actual"], low=row["low"], high=row["high"], currency=currency)
    new = scale.words(row["of_new_subscriptions"])
    told = {
        "day": day_in_words(date.fromisoformat(str(row["day"]))),
        "came": scale.words(row["actual"]),
        "side": "inside" if row["low"] <= row["actual"] <= row["high"] else "outside",
        "interval": scale.interval(row["low"], row["high"]),
        "later": say("value-came-later", money=new) if row["of_new_subscriptions"] > 0 else "",
    }
    months = counted(int(row["months"]), "months")
    foreseen = say("value-foresaw.bold", months=months, money=scale.words(row["predicted"]))
    return Finding(foreseen, say("value-foresaw.rest", **told))


def _caveat(summary: ValueSummary) -> Finding | None:
    return Finding(say("value-few"), " " + " ".join(summary.few)) if summary.few else None


def _money(row: pd.Series, currency: str | None) -> str:
    return scale_for("money", row["value"], low=row["low"], high=row["high"], currency=currency).words(row["value"])


def _misses(off: pd.Series) -> str:
    """Return by how much totals were missed: "+2 %, −1 % and 0 %", or "−1 % each time"."""
    misses = [_percent(each) for each in off]
    return say("value-each-time", miss=misses[0]) if len(misses) > 1 and len(set(misses)) == 1 else joined(misses)


def _percent(share: float) -> str:
    rounded = int(np.round(share * 100))
    return f"{rounded:+d}\N{NO-BREAK SPACE}%".replace("-", "−") if rounded else "0 %"
