"""What to say of who is about to leave: reasons in words, headline, findings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmkit.features.register import FEATURE_WORDS, PAST_WORDS
from crmkit.insights.churn_summary import ChurnSummary
from crmkit.insights.sentences import Finding
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words
from crmkit.predictions.churn import ChurnOutlook
from crmkit.predictions.churn_models import NAMES

_N_REASONS = 3
_UNITS = {
    "order_value": "money",
    "mrr": "money",
    "click_share": "share",
    "refund_share": "share",
    "price_change": "share",
}
#: Features that say nearly the same: one of them is enough as a reason.
_FAMILY = {
    **dict.fromkeys(("days_since_order", "overdue", "order_gap_days"), "last order"),
    **dict.fromkeys(("n_orders", "n_orders_90_days", "n_orders_before", "orders_trend"), "number of orders"),
    **dict.fromkeys(("days_since_first_order", "subscribed_days", "days_as_customer"), "age"),
    **dict.fromkeys(("n_terms", "days_to_end"), "term"),
}
_LEAST_SHARE = 0.05  # of log odds: less is no reason


def reasons(outlook: ChurnOutlook, currency: str | None = None) -> pd.Series:
    """Return per customer at risk the up to three features that raise her chance most, in words.

    Parameters
    ----------
    outlook : ChurnOutlook
    currency : str, optional
        ISO 4217 code.

    Returns
    -------
    Series
        Indexed by customer_id, in the order of ``outlook.scores``: such as "no order for 74 days, usually every 30";
        empty where nothing raises the chance above the mean.
    """
    shares, known = outlook.shares, outlook.known.reindex(outlook.shares.index)
    if shares.shape[1] == 0:
        return pd.Series("", index=shares.index, dtype=object)
    order = np.argsort(-shares.to_numpy(), axis=1, kind="stable")
    names, told = list(shares.columns), []
    for place, (values, record) in enumerate(zip(shares.to_numpy(), known.to_dict("records"), strict=True)):
        words: list[str] = []
        told_of: set[str] = set()
        for i in order[place]:
            if values[i] < _LEAST_SHARE or len(words) == _N_REASONS:
                break
            family = _FAMILY.get(names[i], names[i])
            if family not in told_of and (said := feature_in_words(names[i], record, currency)):
                words.append(said)
                told_of.add(family)
        told.append("; ".join(words))
    return pd.Series(told, index=shares.index, dtype=object)


def feature_in_words(name: str, record: Mapping[Any, Any], currency: str | None = None) -> str:
    """Return a feature of one customer in words; empty where its words or its numbers are not known.

    Examples
    --------
    >>> feature_in_words("overdue", {"overdue": 2.5, "days_since_order": 74.0, "order_gap_days": 29.6})
    'no order for 74 days, usually every 30'
    >>> feature_in_words("n_open_tickets", {"n_open_tickets": 1.0}), feature_in_words("plan", {"plan": None})
    ('1 support case still open', '')
    """
    template = FEATURE_WORDS.get(name, "")
    if name in PAST_WORDS and (record.get(name) or 0) < 0:
        template, record = PAST_WORDS[name], {**record, name: -float(record[name])}
    used = re.findall(r"{(\w+)}", template)
    values = {each: record.get(name if each == "value" else each) for each in used}
    nothing = name == "n_terms" and not record.get(name)  # who never subscribed is not told so
    if not template or nothing or any(value is None or value != value for value in values.values()):
        return ""
    said = {each: feature_value(name if each == "value" else each, value, currency) for each, value in values.items()}
    return re.sub(r"\b1 ((?:\w+ )??\w+?)s\b", r"1 \1", template.format(**said))


def feature_value(name: str, value: Any, currency: str | None = None) -> str:
    """Return one value of a feature in words, with its unit where that is money or a share."""
    if isinstance(value, str):
        return value
    return in_words(float(value), _UNITS.get(name, "count"), currency=currency)


def churn_headline(summary: ChurnSummary) -> str:
    """Return the headline of the page."""
    outlook = summary.outlook
    if outlook is None:
        return f"Who is about to leave cannot be said yet: it needs {summary.reason}"
    if not len(outlook.scores):
        return "Nobody's activity ends in the days ahead"
    value, low, high = (round(each) for each in outlook.expected)
    between = f", between {low:,} and {high:,}" if low < high else ""
    return f"About {counted(value, 'customers')} will leave within {counted(outlook.horizon, 'days')}{between}"


def churn_findings(summary: ChurnSummary, currency: str | None = None) -> list[Finding]:
    """Return three to five sentences: how many, what it is worth, whom to call, how far it can be trusted.

    Parameters
    ----------
    summary : ChurnSummary
    currency : str, optional
        ISO 4217 code.
    """
    outlook = summary.outlook
    if outlook is None:
        return [Finding("There is no list yet.", f" It needs {summary.reason}.")]
    if not len(outlook.scores):
        days = counted(outlook.horizon, "days")
        return [Finding("Nobody can leave yet.", f" No customer's paid term ends within {days}.")]
    value, low, high = (round(each) for each in outlook.expected)
    _, worst, best = summary.total
    money, below, above = (in_words(each, "money", low=worst, high=best, currency=currency) for each in summary.total)
    told = [
        Finding(
            f"Of {counted(len(outlook.scores), 'customers')} who may leave {value:,} {'is' if value == 1 else 'are'} expected to",
            f" within {counted(outlook.horizon, 'days')} (95 % interval {low:,} to {high:,}).",
            tone="worse" if value else "",
        ),
        Finding(f"{money} would go with them", f" ({below} to {above}): {summary.at_risk.attrs['basis']}."),
    ]
    if outlook.warning:
        return [*told, Finding("Do not act on single customers.", f" {outlook.warning}", tone="worse")]
    return [*told, _calls(summary, currency), _trust(outlook)]


def churn_method(summary: ChurnSummary) -> list[str]:
    """Return how the chances were learned, for the method note."""
    outlook = summary.outlook
    if outlook is None:
        return [f"Nothing was learned: it needs {summary.reason}."]
    return [
        "Who leaves is told by the same rule as the churn rate. Whoever buys without a subscription may leave at any time, a "
        f"subscriber only if the paid term ends within {counted(outlook.horizon, 'days')}; who has given notice is not "
        "listed.",
        f"Chances are learned by {NAMES[outlook.method]}, which {_why_chosen(outlook)}. It learned from "
        f"{counted(outlook.n_learned, 'rows')}, each a customer on a past day, of which {outlook.n_lost:,} ended in leaving; "
        "no outcome was used before it was known.",
    ]


def _why_chosen(outlook: ChurnOutlook) -> str:
    if outlook.method == "rate":  # others may have done better on the few days on which they could be tried
        return "asks for least: so few have left that nothing more can be learned safely"
    return "did best on past days"


def _calls(summary: ChurnSummary, currency: str | None) -> Finding:
    kept = f"{in_words(summary.save.value, 'share')} of those who would leave"
    whence = f"That share is {summary.save.words}."
    if not summary.n_calls:
        return Finding("No contact pays for itself", f" if it keeps {kept}. {whence}")
    gain = in_words(summary.profit, "money", currency=currency)
    who = counted(summary.n_calls, "customers")
    if not summary.save.measured:  # no advice where nobody knows yet whether it works
        gained = f" (about {gain} after the cost of contacting them) if a contact kept {kept}. {whence}"
        return Finding(f"It would pay to contact {who}", gained)
    gained = f": about {gain} after the cost of contacting them, as a contact keeps {kept}. {whence}"
    return Finding(f"It pays to contact {who}", gained, tone="better")


def _trust(outlook: ChurnOutlook) -> Finding:
    own = outlook.tested[outlook.tested["method"] == outlook.method]
    lift, expected, lost = own["lift"].mean(), own["expected"].sum(), own["lost"].sum()
    return Finding(
        f"Tried on {counted(len(own), 'past days')}: {expected:,.0f} customers were expected to leave, {lost:,.0f} left.",
        f" The tenth of the customers with the highest chances left {lift:.1f} times as often as the average.",
    )
