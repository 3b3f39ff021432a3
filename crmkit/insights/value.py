"""The page on customer value in words: headline, findings, the note on methods, and the titles of its sections."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.insights.findings import Finding
from crmkit.insights.phrases import sentence_case
from crmkit.metrics.formatting import counted, joined, scale_for
from crmkit.predictions.value.backtest import BOOSTED, OURS
from crmkit.predictions.value.summary import ValueSummary


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
        return [Finding("There is no number yet.", f" The data lack what it takes: {summary.reason}.")]
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
    return [
        "The value of a customer is what she is expected to bring from the last day of the period on: for each month ahead, "
        "the chance that she still orders or still subscribes, times what she brings, discounted "
        f"at {summary.discount_rate * 100:.0f} % a year (what comes later counts for less) and added up over "
        f"{counted(summary.horizon, 'months')}. "
        "Who shops and subscribes brings both. A running term is paid already: the next payment comes with the renewal. "
        "A known notice ends the payments.",
        "Orders are foreseen by a model of repeat buying and a Gamma-Gamma model of money per order day (several orders of "
        "a day are one, refunds lower the mean); renewals by a model in which subscribers differ in their risk. Nothing "
        "after the last day of the period is used. The interval of a customer is that of what she will really bring; that "
        "of the total comes from possible futures of all of them.",
        "Whoever has given no notice late in a term is likelier to renew. Prices, plans and orders go on growing as they did "
        "for the same customers before; what customers bring in a way that is new to them (a first order, a subscription "
        "taken up, or taken up again) is what others like them brought a year ago.",
        "To the chance of each customer and the doubt of the models comes what moves all at once and no model knows of: by "
        "as much as past days were missed, and by what is usual. For orders that is 10 % in the next months and 6 % in a year, "
        "but 25 % where the data have not seen every season twice, and 15 % for the money of an order; for subscriptions 3 % a "
        "year. From two whole years on, orders follow the calendar of the firm, so that a forecast made in June knows the "
        "autumn. A rise in prices such as there was none before stands outside the intervals.",
        "The pages on churn and on segments read the same possible futures: who orders, who is silent and what is paid are "
        "counted in each of them.",
    ]


def concentration_message(rows: pd.DataFrame) -> str:
    """Return the title of the table of the concentration of value."""
    tenth = rows[rows["top"] == 0.1]
    if tenth.empty or not rows["share"].iloc[0] > 0:
        return "Nobody is expected to bring anything more"
    return f"The most valuable tenth of the customers hold {tenth['share'].iloc[0] * 100:.0f} % of what is to come"


def group_value_message(groups: pd.DataFrame, by: str, currency: str | None = None) -> str:
    """Return the title of the chart of the value of new customers by group: whether the best differs from the worst."""
    ranked = groups.sort_values("value", ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    first, last = _money(best, currency), _money(worst, currency)
    if best["low"] <= worst["high"]:
        return f"No {by} is clearly worth more than another: from {last} to {first} per customer"
    return f"Customers {_from(by, best[by])} are worth most: {first} each; those {_from(by, worst[by])} least: {last}"


def survival_message(curves: pd.DataFrame, by: str) -> str:
    """Return the title of the chart of retention by tenure: after a year, of the best and the worst group."""
    year = curves[curves["month"] == 12].drop_duplicates("group")
    if year.empty:
        return f"How long subscribers stay, by {by}"
    best, worst = year.loc[year["value"].idxmax()], year.loc[year["value"].idxmin()]
    guess = " (a forecast)" if best["extrapolated"] or worst["extrapolated"] else ""
    if len(year) == 1:
        return f"After a year {best['value'] * 100:.0f} % of the subscribers are still there{guess}"
    shares = f"{best['group']} keeps {best['value'] * 100:.0f} % for a year, {worst['group']} {worst['value'] * 100:.0f} %{guess}"
    shares = sentence_case(shares)
    return shares if best["low"] > worst["high"] else f"{shares}: too close to tell apart"


def odds_message(odds: pd.DataFrame) -> str:
    """Return the title of the table of odds of not renewing: the level that differs most, if any does beyond chance."""
    significant = odds[(odds["low"] > 1) | (odds["high"] < 1)]
    if significant.empty:
        return "No plan or channel goes with leaving clearly sooner than another"
    row = significant.iloc[int(np.abs(np.log(significant["odds_ratio"].to_numpy(dtype=float))).argmax())]
    likely = "less" if row["odds_ratio"] < 1 else "more"
    than = f"{likely} likely to end than one of {row['compared_with']}: {row['odds_ratio']:.2g} times the odds"
    return f"A subscription of {row['level']} is {than}"


def backtest_message(backtest: pd.DataFrame) -> str:
    """Return the title of the back-test: by how much totals were missed, and whether a simpler method did better."""
    if backtest.empty:
        return "The data are too young to judge the forecast by what came"
    ours = backtest[backtest["method"] == OURS]
    off = ((ours["predicted"] - ours["actual"]) / ours["actual"].where(ours["actual"] != 0)).dropna()
    if off.empty:
        return "Nothing came that the forecast could be judged by"
    errors = backtest.groupby("method")["mae"].mean()
    best = str(errors.idxmin())
    by_customer = (
        "no other way was nearer for the single customer"
        if best == OURS
        else f"{_lower(best)} was nearer for the single customer"
    )
    days = "On past days" if len(off) > 1 else "On the one past day"
    return f"{days} the total was missed by {_misses(off)}; {by_customer}"


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
        f": {counted(int(row['n']), 'customers')}.{_gone(summary.n_gone, currency)}",
    )


def _gone(n: int, currency: str | None) -> str:
    if not n:
        return ""
    least = scale_for("money", 1.0, currency=currency).words(1.0)
    is_or_are, whom = ("is", "her") if n == 1 else ("are", "each")
    return f" {counted(n, 'customers')} {is_or_are} as good as gone: less than {least} is expected of {whom}."


def _channels(groups: pd.DataFrame, currency: str | None) -> Finding | None:
    if len(groups) < 2:
        return None
    ranked = groups.sort_values("value", ascending=False, kind="stable")
    best, rest = ranked.iloc[0], float(ranked["value"].median())
    scale = scale_for("money", best["value"], low=best["low"], high=best["high"], currency=currency)
    is_clear = best["low"] > ranked["high"].iloc[1:].max()
    clear = "clearly the most" if is_clear else "the most, though not clearly more than the next"
    return Finding(
        f"A new customer from {best['channel']} is worth {scale.words(best['value'])}",
        f" in her first years, {clear} (95 % interval {scale.interval(best['low'], best['high'])}, "
        f"{counted(int(best['n']), 'customers')}; the middle channel: {scale.words(rest)}).",
    )


def _backtest(backtest: pd.DataFrame, currency: str | None) -> Finding | None:
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


def _misses(off: pd.Series) -> str:
    """Return by how much totals were missed: "+2 %, −1 % and 0 %", or "−1 % each time"."""
    misses = [_percent(each) for each in off]
    return f"{misses[0]} each time" if len(misses) > 1 and len(set(misses)) == 1 else joined(misses)


def _percent(share: float) -> str:
    rounded = int(np.round(share * 100))
    return f"{rounded:+d}\N{NO-BREAK SPACE}%".replace("-", "−") if rounded else "0 %"


def _lower(method: str) -> str:
    return "gradient boosting" if method == BOOSTED else "last year's pace"
