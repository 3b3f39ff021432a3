"""What leaving goes together with, and when customers leave, in words."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.churn import feature_value
from crmkit.insights.churn_summary import ChurnSummary
from crmkit.insights.feature_names import feature_label
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import in_words

_SHOWN = 8
_NO_REASON = {"no reason given", "none given", "none", "other", "unknown", ""}


def driver_rows(summary: ChurnSummary, currency: str | None = None) -> pd.DataFrame:
    """Return the features that tell leavers from stayers most, in words, those beyond doubt first.

    Returns
    -------
    DataFrame
        feature, compared ("87 against 4"), odds_ratio, low, high, sure (bool: the interval leaves 1 out).
    """
    columns = ["feature", "compared", "odds_ratio", "low", "high", "sure"]
    if summary.outlook is None or not len(summary.outlook.drivers):
        return pd.DataFrame(columns=columns)
    rows = summary.outlook.drivers.copy()
    rows["compared"] = [
        f"{feature_value(name, most, currency)} against {feature_value(name, least, currency)}"
        for name, least, most in zip(rows["feature"], rows["least"], rows["most"], strict=True)
    ]
    rows["feature"] = [feature_label(name) for name in rows["feature"]]
    rows["sure"] = (rows["low"] > 1) | (rows["high"] < 1)
    return rows.sort_values("sure", ascending=False, kind="stable").head(_SHOWN)[columns].reset_index(drop=True)


def driver_message(rows: pd.DataFrame) -> str:
    """Return the title over the features that tell leavers from stayers.

    Examples
    --------
    >>> driver_message(pd.DataFrame({"feature": ["days since order"], "sure": [True]}))
    'Leavers differ from stayers most in days since order'
    """
    sure = list(rows.loc[rows["sure"].astype(bool), "feature"][:3])
    if not sure:
        return "In nothing do leavers differ from stayers by more than chance"
    named = sure[0] if len(sure) == 1 else f"{', '.join(sure[:-1])} and {sure[-1]}"
    return f"Leavers differ from stayers most in {named}"


def remaining_message(months: pd.DataFrame) -> str:
    """Return the title over how many of the customers of today will still be active.

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
        return f"Half of the {start:,.0f} customers of today will have left in {when}"
    last = months.iloc[-1]
    kept = f"{last['value']:,.0f} ({last['low']:,.0f} to {last['high']:,.0f})"
    return f"Of the {start:,.0f} customers of today {kept} will still be active in {last['month']:.0f} months"


def risk_message(rows: pd.DataFrame) -> str:
    """Return the title over hazard ratios.

    Examples
    --------
    >>> rows = pd.DataFrame({"what": "plan", "group": ["Office", "Small"], "against": "no subscription",
    ...                      "hazard_ratio": [0.16, 0.5], "low": [0.13, 0.4], "high": [0.19, 0.6]})
    >>> risk_message(rows)
    'Where 100 customers of “no subscription” leave, 16 of as many of the plan “Office” do'
    """
    sure = rows[(rows["low"] > 1) | (rows["high"] < 1)]
    if not len(sure):
        return "Customers of no plan, channel or country leave sooner than others by more than chance"
    strongest = sure.loc[(sure["hazard_ratio"] - 1).abs().idxmax()]
    ours = f"{100 * strongest['hazard_ratio']:.0f} of as many of the {strongest['what']} “{strongest['group']}”"
    return f"Where 100 customers of “{strongest['against']}” leave, {ours} do"


def methods_message(each: pd.DataFrame, used: str) -> str:
    """Return the title over the ways to tell leavers, the closest first: whether the one used is the closest.

    Parameters
    ----------
    each : DataFrame
        method, n (past days on which it was tried), the closest first.
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
        return "Of the ways to tell leavers, the one used came closest on past days"
    closer = "Another way to tell leavers came closer than the one used"
    if days.iloc[0] < days[used]:
        return f"{closer}, but on {days.iloc[0]} of {counted(int(days[used]), 'past days')} only"
    return f"{closer}, but so few customers have left that it cannot be learned safely"


def groups_by_difference(groups: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the groups, those first that left more or less often than all others beyond chance, and a title over them.

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
        return rows, "No group left more often than the others by more than chance"
    first = rows.iloc[0]
    lost, others = (in_words(first[name], "share") for name in ("lost", "others"))
    return rows, f"Of the customers of the {first['what']} “{first['group']}” {lost} left, of all others {others}"


def reasons_message(reasons: pd.DataFrame) -> str:
    """Return the title over the reasons given for cancelling.

    Examples
    --------
    >>> reasons_message(pd.DataFrame({"reason": ["no reason given", "quality"], "n": [6, 4], "share": [0.6, 0.4]}))
    'The reason given most often: “quality”, 40 % of the cancellations'
    """
    given = reasons[~reasons["reason"].str.lower().str.strip("()").isin(_NO_REASON)]
    if not len(given):
        return "Nobody has given a reason for cancelling"
    share = in_words(given["share"].iloc[0], "share")
    return f"The reason given most often: “{given['reason'].iloc[0]}”, {share} of the cancellations"
