"""The page on churn in words: headline, findings, the reasons per customer at risk, and the titles of its sections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.features.feature_sets import FEATURE_WORDS, PAST_WORDS
from crmkit.insights.actions.calling import CallAdvice, call_advice
from crmkit.insights.actions.saving import UNKNOWN, SaveRate, save_rate
from crmkit.insights.findings import Finding
from crmkit.insights.phrases import feature_label
from crmkit.metrics.formatting import counted, in_words, joined
from crmkit.periods import DayLike
from crmkit.predictions.churn.backtest import review
from crmkit.predictions.churn.drivers import cancel_reasons, lost_by
from crmkit.predictions.churn.learning import NAMES
from crmkit.predictions.churn.outlook import ChurnOutlook, churn_outlook
from crmkit.predictions.churn.value_at_risk import (
    call_plan,
    n_worth_calling,
    total_at_risk,
    value_at_risk,
)
from crmkit.predictions.futures.backtest import futures_backtest
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_N_REASONS = 3
_UNITS = {
    "order_value": "money",
    "mrr": "money",
    "click_share": "share",
    "refund_share": "share",
    "price_change": "share",
}
#: Features that measure nearly the same; only one of them is given as a reason.
_FAMILY = {
    **dict.fromkeys(("days_since_order", "overdue", "order_gap_days"), "last order"),
    **dict.fromkeys(("n_orders", "n_orders_90_days", "n_orders_before", "orders_trend"), "number of orders"),
    **dict.fromkeys(("days_since_first_order", "subscribed_days", "days_as_customer"), "age"),
    **dict.fromkeys(("n_terms", "days_to_end"), "term"),
}
_LEAST_SHARE = 0.05  # of the log odds: a smaller contribution is not given as a reason
_SHOWN = 8
_NO_REASON = {"no reason given", "none given", "none", "other", "unknown", ""}


@dataclass(eq=False)
class ChurnSummary:
    """The results that the page on churn shows.

    Attributes
    ----------
    as_of : date
    outlook : ChurnOutlook or None
        None if there is no prediction; then ``reason`` says why.
    at_risk : DataFrame
        See :func:`crmkit.predictions.churn.value_at_risk.value_at_risk`.
    total : tuple of float
        Value at risk, and the ends of its 95 % interval [money].
    save : SaveRate
        Share of the customers about to leave whom a contact keeps.
    plan : DataFrame
        See :func:`crmkit.predictions.churn.value_at_risk.call_plan`.
    call : CallAdvice or None
        Whether to call them, as on all pages.
    reviewed, groups, reasons_given : DataFrame
        See :mod:`crmkit.predictions.churn.backtest`.
    reason : str
    tried : DataFrame
        Day, n, expected, low, high, lost: the number of the headline and its interval as they would have been printed on
        past days, and who left. Empty where the record is too short, or customers subscribe as well.
    """

    as_of: date
    outlook: ChurnOutlook | None = None
    at_risk: pd.DataFrame = field(default_factory=pd.DataFrame)
    total: tuple[float, float, float] = (0.0, 0.0, 0.0)
    save: SaveRate = UNKNOWN
    plan: pd.DataFrame = field(default_factory=pd.DataFrame)
    reviewed: pd.DataFrame = field(default_factory=pd.DataFrame)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    reasons_given: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""
    tried: pd.DataFrame = field(default_factory=pd.DataFrame)
    call: CallAdvice | None = None

    @property
    def n_paying(self) -> int:
        """Customers for whom a contact brings more than it costs; 0 where the predictions should not be acted upon."""
        return n_worth_calling(self.plan) if len(self.plan) and self.outlook and not self.outlook.warning else 0


@checked
def churn_summary(catalog: Catalog, as_of: DayLike) -> ChurnSummary:
    """Predict which customers are about to leave, and collect all that the page shows.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Examples
    --------
    >>> import crmkit as ck
    >>> catalog = ck.connect({"orders": pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-09-01"],
    ...                                            "revenue": [10.0]})})
    >>> churn_summary(catalog, date(2026, 9, 30)).reason
    'a record of at least 210 days with active customers'
    """
    try:
        outlook = churn_outlook(catalog, as_of)
    except NotMeasured as missing:
        return ChurnSummary(as_of, reason=missing.needs)
    at_risk = value_at_risk(catalog, as_of, outlook.scores["value"])
    save = save_rate(catalog, as_of)
    return ChurnSummary(
        as_of=as_of,
        outlook=outlook,
        at_risk=at_risk,
        total=total_at_risk(at_risk, outlook.spread),
        save=save,
        plan=call_plan(at_risk, catalog.settings.retention.contact_cost, save.value),
        call=call_advice(catalog, as_of),
        reviewed=review(catalog, as_of),
        groups=lost_by(catalog, as_of),
        reasons_given=cancel_reasons(catalog, as_of),
        tried=_tried(catalog, outlook),
    )


def churn_headline(summary: ChurnSummary) -> str:
    """Return the headline of the page."""
    outlook = summary.outlook
    if outlook is None:
        return say("churn-headline-unknown", needs=summary.reason)
    if not len(outlook.scores):
        return say("churn-headline-nobody")
    value, low, high = (round(each) for each in outlook.expected)
    return say(
        "churn-headline",
        kind="shops" if outlook.shops.all() else "all",  # they come and go: who is silent has not said good-bye
        customers=counted(value, "customers"),
        days=counted(outlook.horizon, "days"),
        between="yes" if low < high else "no",
        low=f"{low:,}",
        high=f"{high:,}",
    )


def churn_findings(summary: ChurnSummary, currency: str | None = None) -> list[Finding]:
    """Return three to five findings: how many may leave, their value, whom to contact, how accurate predictions were.

    Parameters
    ----------
    summary : ChurnSummary
    currency : str, optional
        ISO 4217 code.
    """
    outlook = summary.outlook
    if outlook is None:
        return [Finding(say("churn-no-list.bold"), say("churn-no-list.rest", needs=summary.reason))]
    days = counted(outlook.horizon, "days")
    if not len(outlook.scores):
        return [Finding(say("churn-nobody.bold"), say("churn-nobody.rest", days=days))]
    value, low, high = (round(each) for each in outlook.expected)
    _, worst, best = summary.total
    money, below, above = (in_words(each, "money", low=worst, high=best, currency=currency) for each in summary.total)
    found = [
        Finding(
            say("churn-expected.bold", customers=counted(len(outlook.scores), "customers"), n=value),
            say("churn-expected.rest", days=days, low=f"{low:,}", high=f"{high:,}", back=_who_comes_back(outlook)),
            tone="worse" if value else "",
        ),
        Finding(
            say("churn-money.bold", money=money),
            say("churn-money.rest", low=below, high=above, basis=summary.at_risk.attrs["basis"]),
        ),
    ]
    if outlook.warning:
        return [*found, Finding(say("churn-do-not-act"), f" {outlook.warning}", tone="worse")]
    return [*found, *([summary.call.finding] if summary.call else []), _trust(summary)]


def churn_method(summary: ChurnSummary) -> list[str]:
    """Return how the predictions were made, as paragraphs for the note on methods.

    Parameters
    ----------
    summary : ChurnSummary
        From :func:`crmkit.churn_summary`.
    """
    outlook = summary.outlook
    if outlook is None:
        return [say("churn-method-nothing", needs=summary.reason)]
    return [
        say("churn-method-who", days=counted(outlook.horizon, "days")),
        say(
            "churn-method-how",
            method=NAMES[outlook.method],
            # Other methods than the mean may have done better on the few days on which they could be tested.
            why="least" if outlook.method == "rate" else "best",
            rows=counted(outlook.n_learned, "rows"),
            lost=f"{outlook.n_lost:,}",
        ),
        say("churn-method-total"),
    ]


def reasons(outlook: ChurnOutlook, currency: str | None = None) -> pd.Series:
    """Return for each customer at risk up to three features that raise the predicted chance most, in words.

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
    shares, known = outlook.shares, outlook.customers.reindex(outlook.shares.index)
    if shares.shape[1] == 0:
        return pd.Series("", index=shares.index, dtype=object)
    order = np.argsort(-shares.to_numpy(), axis=1, kind="stable")
    names, all_reasons = list(shares.columns), []
    for place, (values, record) in enumerate(zip(shares.to_numpy(), known.to_dict("records"), strict=True)):
        words: list[str] = []
        families: set[str] = set()
        for i in order[place]:
            if values[i] < _LEAST_SHARE or len(words) == _N_REASONS:
                break
            family = _FAMILY.get(names[i], names[i])
            if family not in families and (reason := feature_in_words(names[i], record, currency)):
                words.append(reason)
                families.add(family)
        all_reasons.append("; ".join(words))
    return pd.Series(all_reasons, index=shares.index, dtype=object)


def feature_in_words(name: str, record: Mapping[Any, Any], currency: str | None = None) -> str:
    """Return a feature of one customer in words; empty if it has no wording or its values are missing.

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
    is_shopper = name == "n_terms" and not record.get(name)  # no term is no reason for one who never subscribed
    if not template or is_shopper or any(value is None or value != value for value in values.values()):
        return ""
    worded = {each: feature_value(name if each == "value" else each, value, currency) for each, value in values.items()}
    return re.sub(r"\b1 ((?:\w+ )??\w+?)s\b", r"1 \1", template.format(**worded))


def feature_value(name: str, value: Any, currency: str | None = None) -> str:
    """Return one value of a feature in words, with its unit where that is money or a share."""
    if isinstance(value, str):
        return value
    return in_words(float(value), _UNITS.get(name, "count"), currency=currency)


def driver_rows(summary: ChurnSummary, currency: str | None = None) -> pd.DataFrame:
    """Return the features in which leavers differ most from stayers, in words, differences beyond chance first.

    Returns
    -------
    DataFrame
        feature, compared ("87 against 4"), odds_ratio, low, high, significant (bool: the interval excludes 1).
    """
    columns = ["feature", "compared", "odds_ratio", "low", "high", "significant"]
    if summary.outlook is None or not len(summary.outlook.drivers):
        return pd.DataFrame(columns=columns)
    rows = summary.outlook.drivers.copy()
    rows["compared"] = [
        say(
            "churn-compared",
            most=feature_value(name, most, currency),
            least=feature_value(name, least, currency),
        )
        for name, least, most in zip(rows["feature"], rows["least"], rows["most"], strict=True)
    ]
    rows["feature"] = [feature_label(name) for name in rows["feature"]]
    rows["significant"] = (rows["low"] > 1) | (rows["high"] < 1)
    return rows.sort_values("significant", ascending=False, kind="stable").head(_SHOWN)[columns].reset_index(drop=True)


def driver_message(rows: pd.DataFrame) -> str:
    """Return the title of the table of features in which leavers differ from stayers.

    Examples
    --------
    >>> driver_message(pd.DataFrame({"feature": ["days since order"], "significant": [True]}))
    'Leavers differ from stayers most in days since order'
    """
    names = list(rows.loc[rows["significant"].astype(bool), "feature"][:3])
    if not names:
        return say("churn-drivers-none")
    return say("churn-drivers", names=joined(names))


def pair_rows(summary: ChurnSummary) -> pd.DataFrame:
    """Return the groups of two features that differ beyond what each by itself lets expect, in words.

    Returns
    -------
    DataFrame
        group ("plan: monthly, and support cases above 2"), n [count], lost, expected [share].
    """
    columns = ["group", "n", "lost", "expected"]
    if summary.outlook is None or not len(summary.outlook.pairs):
        return pd.DataFrame(columns=columns)
    rows = summary.outlook.pairs
    sides = [
        [_in_words(name, group) for name, group in zip(rows[which], rows[f"is_{which}"], strict=True)]
        for which in ("first", "second")
    ]
    return rows.assign(
        group=[say("churn-pair-group", one=one, other=other) for one, other in zip(*sides, strict=True)]
    )[columns]


def pair_message(rows: pd.DataFrame) -> str:
    """Return the title of the table of groups of two features.

    Examples
    --------
    >>> pair_message(pd.DataFrame({"group": ["plan: monthly, and support cases above 2"], "lost": 0.48, "expected": 0.35}))
    'Of customers with plan: monthly, and support cases above 2, 48 % left; each alone lets 35 % be expected'
    """
    first = rows.iloc[0]
    lost, expected = (f"{100 * first[name]:.0f}" for name in ("lost", "expected"))
    return say("churn-pair", group=first["group"], lost=lost, expected=expected)


def _in_words(name: str, group: str) -> str:
    for words, message in (("at most ", "churn-group-at-most"), ("above ", "churn-group-above")):
        if group.startswith(words):
            limit = float(group.removeprefix(words).replace(",", ""))
            shown = f"{limit:,.0f}" if abs(limit) >= 1000 else f"{limit:.3g}"
            return say(message, feature=feature_label(name), limit=shown)
    return say("churn-group", feature=feature_label(name), group=group)


def remaining_message(months: pd.DataFrame) -> str:
    """Return the title of the chart of how many of today's customers will still be active.

    Examples
    --------
    >>> months = pd.DataFrame({"month": [0, 1, 2], "value": [80.0, 50.0, 38.0], "low": 30.0, "high": 85.0})
    >>> remaining_message(months)
    'Half of the 80 customers of today will have left in 2 months'
    """
    start = float(months["value"].iloc[0])
    gone = months[months["value"] <= start / 2]
    if len(gone):
        when = counted(int(gone["month"].iloc[0]), "months")
        return say("churn-remaining-half", n=f"{start:,.0f}", when=when)
    last = months.iloc[-1]
    kept, low, high = (f"{last[name]:,.0f}" for name in ("value", "low", "high"))
    return say("churn-remaining", n=f"{start:,.0f}", kept=kept, low=low, high=high, months=f"{last['month']:.0f}")


def risk_message(rows: pd.DataFrame) -> str:
    """Return the title of the table of hazard ratios.

    Examples
    --------
    >>> rows = pd.DataFrame({"what": "plan", "group": ["Office", "Small"], "against": "no subscription",
    ...                      "hazard_ratio": [0.16, 0.5], "low": [0.13, 0.4], "high": [0.19, 0.6]})
    >>> risk_message(rows)
    'Where 100 customers of “no subscription” leave, 16 of as many of the plan “Office” do'
    """
    significant = rows[(rows["low"] > 1) | (rows["high"] < 1)]
    if not len(significant):
        return say("churn-risks-alike")
    strongest = significant.loc[(significant["hazard_ratio"] - 1).abs().idxmax()]
    return say(
        "churn-risk",
        against=str(strongest["against"]),
        n=f"{100 * strongest['hazard_ratio']:.0f}",
        what=str(strongest["what"]),
        group=str(strongest["group"]),
    )


def methods_message(each: pd.DataFrame, used: str) -> str:
    """Return the title of the comparison of methods: whether the one used was the most accurate.

    Parameters
    ----------
    each : DataFrame
        method, n (past days on which it was tested), the most accurate first.
    used : str

    Examples
    --------
    >>> each = pd.DataFrame({"method": ["rhythm", "rate"], "n": [2, 5]})
    >>> methods_message(each, "rhythm")
    'Of the ways to tell leavers, the one used came closest on past days'
    >>> methods_message(each, "rate")
    'Another way to tell leavers came closer than the one used, but on 2 of 5 past days only'
    """
    days = each.set_index("method")["n"]
    if each["method"].iloc[0] == used or used not in days:
        return say("churn-methods-used")
    if days.iloc[0] < days[used]:
        return say("churn-methods-few-days", n=int(days.iloc[0]), days=counted(int(days[used]), "past days"))
    return say("churn-methods-few-left")


def groups_by_difference(groups: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the groups, those with a churn rate unlike that of all others beyond chance first, and the title of the table.

    Examples
    --------
    >>> groups = pd.DataFrame({"what": "channel", "group": ["search", "social"], "n": 90, "lost": [0.3, 0.5],
    ...                        "low": [0.2, 0.4], "high": [0.4, 0.6], "others": [0.35, 0.3]})
    >>> groups_by_difference(groups)[1]
    'Of the customers of the channel “social” 50 % left, of all others 30 %'
    """
    differ = (groups["low"] > groups["others"]) | (groups["high"] < groups["others"])
    apart = (groups["lost"] - groups["others"]).abs()
    order = pd.DataFrame({"differ": differ, "apart": apart}).sort_values(
        ["differ", "apart"], ascending=False, kind="stable"
    )
    rows = groups.loc[order.index].reset_index(drop=True)
    if not differ.any():
        return rows, say("churn-groups-alike")
    first = rows.iloc[0]
    lost, others = (in_words(first[name], "share") for name in ("lost", "others"))
    return rows, say("churn-groups", what=first["what"], group=first["group"], lost=lost, others=others)


def reasons_message(reasons: pd.DataFrame) -> str:
    """Return the title of the table of reasons given for cancelling.

    Examples
    --------
    >>> reasons_message(pd.DataFrame({"reason": ["no reason given", "quality"], "n": [6, 4], "share": [0.6, 0.4]}))
    'The reason given most often: “quality”, 40 % of the cancellations'
    """
    given = reasons[~reasons["reason"].str.lower().str.strip("()").isin(_NO_REASON)]
    if not len(given):
        return say("churn-no-reason")
    share = in_words(given["share"].iloc[0], "share")
    return say("churn-reasons", reason=given["reason"].iloc[0], share=share)


def _who_comes_back(outlook: ChurnOutlook) -> str:
    """Return what leaving means for those who order without a subscription, and how many of them come back."""
    if outlook.back is None or outlook.futures is None:
        return ""
    leavers = round(outlook.futures.number("leave").value)
    value, low, high = (min(round(each), leavers) for each in outlook.back)
    told = {"n": f"{value:,}", "low": f"{low:,}", "high": f"{high:,}"}
    if outlook.shops.all():
        return say("churn-back", **told)
    return say("churn-back-of-shoppers", leavers=f"{leavers:,}", **told)


def _tried(catalog: Catalog, outlook: ChurnOutlook) -> pd.DataFrame:
    """Return the headline of past days beside who left, newest first; empty where subscribers count too."""
    if outlook.futures is None or not outlook.shops.all():
        return pd.DataFrame()
    rows = futures_backtest(catalog, outlook.as_of)
    rows = rows[rows["what"] == "leave"].rename(columns={"foreseen": "expected", "came": "lost"})
    return rows.drop(columns="what").reset_index(drop=True)


def _trust(summary: ChurnSummary) -> Finding:
    outlook = summary.outlook
    assert outlook is not None
    own = outlook.tested[outlook.tested["method"] == outlook.method]
    lift, days = own["lift"].mean(), summary.tried if len(summary.tried) else own
    expected, lost = days["expected"].sum(), days["lost"].sum()
    return Finding(
        say("churn-tried.bold", days=counted(len(days), "past days"), expected=f"{expected:,.0f}", lost=f"{lost:,.0f}"),
        say("churn-tried.rest", lift=f"{lift:.1f}"),
    )
