"""What to say of the value of customers: the sentences at the top of the page, and the messages of its sections."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.insights.sentences import Finding
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import scale_for
from crmkit.predictions.value_backtest import OURS
from crmkit.predictions.value_summary import ValueSummary


def value_headline(summary: ValueSummary, currency: str | None = None) -> str:
    """Return the headline of the page.

    Parameters
    ----------
    summary : ValueSummary
    currency : str, optional
        ISO 4217 code.
    """
    if summary.reason:
        return f"What customers are worth is {summary.reason}"
    if summary.total["value"] <= 0:
        return "No customer is expected to bring anything more"
    words = _money(summary.total, currency)
    return f"Your customers are worth {words} over the next {counted(summary.horizon, 'months')}"


def value_findings(summary: ValueSummary, backtest: pd.DataFrame, currency: str | None = None) -> list[Finding]:
    """Return three to five sentences: the total, who holds it, the best channel, what was foreseen before, the caveats.

    Parameters
    ----------
    summary : ValueSummary
    backtest : DataFrame
        From :func:`crmkit.predictions.value_backtest.value_backtest`.
    currency : str, optional
        ISO 4217 code.
    """
    if summary.reason:
        return [Finding("There is no number yet.", f" The data lack what it takes: {summary.reason}.")]
    told = [_total(summary, currency), _concentration(summary, currency), _channels(summary.by_channel, currency),
            _foreseen(backtest, currency), _caveat(summary)]  # fmt: skip
    return [finding for finding in told if finding]


def concentration_message(rows: pd.DataFrame) -> str:
    """Return the message of the table of who holds the value."""
    tenth = rows[rows["top"] == 0.1]
    if tenth.empty or not rows["share"].iloc[0] > 0:
        return "Nobody is expected to bring anything more"
    return f"The most valuable tenth of the customers hold {tenth['share'].iloc[0] * 100:.0f} % of what is to come"


def group_value_message(groups: pd.DataFrame, by: str, currency: str | None = None) -> str:
    """Return the message of a chart of the value of new customers by group: whether the best differs from the worst."""
    ranked = groups.sort_values("value", ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    first, last = _money(best, currency), _money(worst, currency)
    if best["low"] <= worst["high"]:
        return f"No {by} is clearly worth more than another: from {last} to {first} per customer"
    return f"Customers {_from(by, best[by])} are worth most: {first} each; those {_from(by, worst[by])} least: {last}"


def _total(summary: ValueSummary, currency: str | None) -> Finding:
    total = summary.total
    if total["value"] <= 0:
        return Finding(
            "Nobody is expected to bring anything more.", " All customers have left, as far as the data tell."
        )
    scale = scale_for("money", total["value"], low=total["low"], high=total["high"], currency=currency)
    tail = f" Another {scale.words(summary.beyond)} may come later, up to ten years." if summary.beyond > 0 else ""
    return Finding(
        f"{counted(summary.n, 'customers')} will bring {scale.words(total['value'])} within {counted(summary.horizon, 'months')}",
        f", in {summary.basis}, discounted at {summary.discount_rate * 100:.0f} % a year (95 % interval "
        f"{scale.interval(total['low'], total['high'])}).{tail}",
    )


def _concentration(summary: ValueSummary, currency: str | None) -> Finding | None:
    rows = summary.concentration
    tenth = rows[rows["top"] == 0.1]
    if tenth.empty or summary.total["value"] <= 0:
        return None
    row = tenth.iloc[0]
    return Finding(
        f"The most valuable tenth hold {row['share'] * 100:.0f} % of it",
        f": {counted(int(row['n']), 'customers')}. {counted(summary.n_gone, 'customers')} are as good as gone: less than "
        f"{scale_for('money', 1.0, currency=currency).words(1.0)} is expected of each.",
    )


def _channels(groups: pd.DataFrame, currency: str | None) -> Finding | None:
    if len(groups) < 2:
        return None
    ranked = groups.sort_values("value", ascending=False, kind="stable")
    best, rest = ranked.iloc[0], float(ranked["value"].median())
    scale = scale_for("money", best["value"], low=best["low"], high=best["high"], currency=currency)
    sure = best["low"] > ranked["high"].iloc[1:].max()
    clear = "clearly the most" if sure else "the most, though not clearly more than the next"
    return Finding(
        f"A new customer from {best['channel']} is worth {scale.words(best['value'])}",
        f" in her first years, {clear} (95 % interval {scale.interval(best['low'], best['high'])}, "
        f"{counted(int(best['n']), 'customers')}; the middle channel: {scale.words(rest)}).",
    )


def _foreseen(backtest: pd.DataFrame, currency: str | None) -> Finding | None:
    ours = backtest[backtest["method"] == OURS]
    if ours.empty or not ours["actual"].iloc[0] > 0:
        return None
    row = ours.iloc[0]
    scale = scale_for("money", row["actual"], low=row["low"], high=row["high"], currency=currency)
    inside = row["low"] <= row["actual"] <= row["high"]
    day = date.fromisoformat(str(row["day"]))
    later = (
        f"; {scale.words(row['of_new_subscriptions'])} came by subscriptions not yet begun then"
        if row["of_new_subscriptions"] > 0
        else ""
    )
    return Finding(
        f"{counted(int(row['months']), 'months')} ago the same method foresaw {scale.words(row['predicted'])}",
        f" from the customers of {day:%-d %B %Y}, and {scale.words(row['actual'])} came: "
        f"{'inside' if inside else 'outside'} its 95 % interval ({scale.interval(row['low'], row['high'])}){later}.",
    )


def _caveat(summary: ValueSummary) -> Finding | None:
    return Finding("Few customers.", " " + " ".join(summary.few)) if summary.few else None


def _from(by: str, name: object) -> str:
    return f"won in {name}" if by == "cohort" else f"from {name}" if by == "channel" else f"of {by} {name}"


def _money(row: pd.Series, currency: str | None) -> str:
    return scale_for("money", row["value"], low=row["low"], high=row["high"], currency=currency).words(row["value"])
