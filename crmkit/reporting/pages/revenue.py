"""The sections on revenue: what subscribers pay, what sells, what keeping customers costs, and who orders next."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.segments import last_days
from crmkit.metrics.analyses.products import what_sells
from crmkit.metrics.cards.margins import assumed_margin
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.formatting import counted, in_words, joined, scale_for, scale_of
from crmkit.periods import PeriodLike, day_in_words
from crmkit.predictions.futures.backtest import futures_backtest
from crmkit.predictions.futures.backtest import in_words as in_past_words
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.next_purchase import next_order_backtest, next_orders, preference_backtest, preferences
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.front import reason_line, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import table, with_interval
from crmkit.reporting.pages.section import section
from crmkit.settings import Settings
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_PARTS = (
    "new_mrr",
    "reactivation_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churned_mrr",
    "net_new_revenue",
)
_REST = 0.001  # of what was sold: less is a matter of rounding
_ENDS = ["value", "low", "high"]


@section("no paid terms")
def waterfall_chart(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what made recurring revenue grow or shrink in a period; empty without paid terms."""
    rows = evaluate(catalog, list(_PARTS), periods=period, first_days=catalog.days_so_far(period))
    if (rows["status"] == "not measured").any() or rows["value"].isna().all():
        return None
    parts = parts_of(
        rows.fillna({"value": 0.0}),
        {name: say(f"revenue-part-{name}") for name in _PARTS},
        losses=("contraction_mrr", "churned_mrr"),
    )
    value = parts["value"].to_dict()
    lost = value["contraction_mrr"] + value["churned_mrr"]
    won = value["new_mrr"] + value["reactivation_mrr"] + value["expansion_mrr"]
    scale = scale_of(parts.loc["net_new_revenue"], catalog.settings.company.currency)
    title = say(
        "revenue-recurring",
        way="grew" if won + lost > 0 else "shrank" if won + lost < 0 else "same",
        by=scale.words(abs(won + lost)),
        won=scale.words(won),
        lost=scale.words(-lost),
    )
    span = say("revenue-recurring-subtitle", period=period.label)
    shown = waterfall(parts, title, span, catalog.settings, id="why-recurring")
    return with_front_lines(shown, [reason_line(title, "why-recurring")])


@section("no retention costs")
def retention_worth(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return whether what is spent on keeping customers can pay: cost, repeat margin, and the share it must have earned."""
    names = ["customer_retention_cost", "retention_break_even"]
    rows = evaluate(catalog, names, periods=period.run_up(6), first_days=catalog.days_so_far(period))
    own = rows[rows["period"] == str(period)].set_index("metric")
    share = own.loc["retention_break_even"]
    if pd.isna(share["value"]):
        return None
    currency = catalog.settings.company.currency
    scale = scale_of(share, currency)
    title = say(
        "revenue-keeping",
        case="few" if share["status"] == "too few" else "costly" if share["value"] > 1 else "pays",
        share=scale.words(share["value"]),
        n=f"{share['n']:,}",
    )
    return table(
        pd.DataFrame(
            {
                "period": _periods(rows),
                say("revenue-keeping-cost"): _words(rows, names[0], currency),
                say("revenue-keeping-share"): _words(rows, names[1], currency),
            }
        ),
        title,
        subtitle=say("revenue-keeping-subtitle") + assumed_margin(rows),
        caption=say("revenue-keeping-caption"),
    )


@section("no order lines")
def sales_table(catalog: Catalog, period: PeriodLike, *, by: str = "product", max_rows: int = 20) -> Fragment | None:
    """Return what sold and what did not, each against the period before; empty without order lines.

    Parameters
    ----------
    by : str
        The column to split by.
    max_rows : int
        Rows shown.
    """
    sold = what_sells(catalog, period, by=by)
    if sold.empty:
        return None
    currency = catalog.settings.company.currency
    top, moved = sold.iloc[0], sold[sold["verdict"] == "real"]
    scale = scale_for("money", top["revenue"], low=top["low"], high=top["high"], currency=currency)
    title = say(
        "revenue-best",
        kind=by,
        name=str(top[by]),
        amount=scale.words(top["revenue"]),
        share=f"{100 * top['share']:.0f} %",
        **_movers(moved, by),
    )
    rows = sold.rename(columns={"before": "the_period_before"})
    plural = f"{by[:-1]}ies" if by.endswith("y") else f"{by}s"
    rest = 1 - sold["share"].sum()
    notes = (
        [say("revenue-idle", n=idle, what=counted(idle, plural))] if (idle := int((sold["revenue"] <= 0).sum())) else []
    )
    notes += [say("revenue-rest", share=in_words(rest, "share"), plural=plural)] if rest > _REST else []
    so_far = catalog.days_so_far(period)
    n_days, n_before = (min(each.n_days, so_far or each.n_days) for each in (period, period.previous))
    span = "scaled" if n_days != n_before else "so-far" if so_far else "whole"
    money = dict.fromkeys(["revenue", "the_period_before", "change"], "money")
    return table(
        rows[[by, "orders", "revenue", "share", "the_period_before", "change", "verdict"]],
        title,
        subtitle=say(
            "revenue-sales-subtitle",
            kind=by,
            period=period.label,
            before=period.previous.label,
            span=span,
            days=n_days,
        ),
        caption=" ".join([*notes, say("revenue-together", plural=plural)]),
        labels={"orders": say("revenue-lines")},
        units=money | {"orders": "count", "share": "share"},
        settings=catalog.settings,
        max_rows=max_rows,
    )


@section()
def next_order_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return how well the window of the next order held at the last day whose outcome is known; nothing if none is."""
    day = last_days(catalog, period)[1]
    tested, futures = next_order_backtest(catalog, day), possible_futures(catalog, day)
    ours, own = tested.iloc[0], tested.iloc[1]
    days = counted(catalog.settings.company.churn_after_days, "days")
    held = in_past_words(futures_backtest(catalog, day), "order_soon")
    value, low, high = (round(each) for each in futures.number("order_soon"))
    numbers = {"n": f"{value:,}", "low": f"{low:,}", "high": f"{high:,}", "rest": f"{futures.n - value:,}"}
    return table(
        tested.assign(error=tested["error"].round(1), width=tested["width"].round(1)),
        say("revenue-next", **numbers, of=counted(futures.n, "customers"), days=days),
        subtitle=say(
            "revenue-next-subtitle",
            **numbers,
            held=held,
            days=days,
            day=day_in_words(day),
            better="yes" if ours["error"] < own["error"] else "no",
            inside=in_words(ours["inside"], "share"),
        ),
        caption=say("revenue-next-caption"),
        units={"n": "count", "error": "days", "inside": "share", "width": "days"},
        labels={
            "method": "Foretold by",
            "n": "Customers",
            "error": "Off by",
            "inside": say("revenue-next-inside"),
            "width": say("revenue-next-width"),
        },
    )


@section()
def preference_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return how well preferences predict what customers buy, beside what is popular; nothing if none is known."""
    day = last_days(catalog, period)[1]
    tested, known = preference_backtest(catalog, day), preferences(catalog, day)
    if tested.empty:
        return None
    own = known.groupby("kind")["own"].mean()
    is_better = tested["surprise"] < tested["surprise_popular"] - 0.01
    useful = tested.loc[
        is_better & (tested["kind"].map(own) > 0), "kind"
    ].tolist()  # by preferences that some customers have
    days = counted(catalog.settings.company.churn_after_days, "days")
    rows = tested.assign(own=tested["kind"].map(own))[["kind", "n", "hit", "hit_popular", "hit_own_mode", "own"]]
    return table(
        rows,
        say("revenue-taste", known="yes" if useful else "no", kinds=joined(useful)),
        subtitle=say("revenue-taste-subtitle", days=days),
        caption=say("revenue-taste-caption"),
        units={"n": "count", "hit": "share", "hit_popular": "share", "hit_own_mode": "share", "own": "share"},
        labels={
            "n": "Customers",
            "hit": "Favourite",
            "hit_popular": say("revenue-taste-popular"),
            "hit_own_mode": say("revenue-taste-often"),
            "own": say("revenue-taste-own"),
        },
    )


@section()
def next_order_export(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return when each customer is likely to order and what they prefer, for the run to write; nothing if unknown."""
    day = last_days(catalog, period)[1]
    liked = preferences(catalog, day)
    wide = liked.pivot(index="customer_id", columns="kind", values="level").add_prefix("usual_") if len(liked) else None
    try:
        dates = next_orders(catalog, day).set_index("customer_id")
        dates = dates[["chance", "likely_on", "earliest_on", "latest_on"]]
    except NotMeasured:
        dates = pd.DataFrame()
    parts = [part for part in (dates, wide) if part is not None and len(part)]
    if not parts:
        return None
    rows = pd.concat(parts, axis=1).rename_axis("customer_id").reset_index()
    rows = rows.sort_values("chance", ascending=False, kind="stable") if "chance" in rows else rows
    return export(rows, "next_orders", say("revenue-next-list"))


def parts_of(rows: pd.DataFrame, labels: Mapping[str, str], losses: Collection[str]) -> pd.DataFrame:
    """Return the parts in order with their names, what was lost below zero.

    Parameters
    ----------
    rows : DataFrame
        As :func:`crmkit.metrics.engine.evaluate` returns them, of one period.
    labels : mapping of str to str
        Card to name, in the order of the picture; the last one is the net.
    losses : collection of str
        Cards whose numbers are amounts lost.

    Returns
    -------
    DataFrame
        Indexed by metric: the columns of ``rows``, and label.
    """
    parts = rows.set_index("metric").loc[list(labels)].assign(label=list(labels.values()))
    lost = [name for name in labels if name in losses]
    parts.loc[lost, _ENDS] = -parts.loc[lost, ["value", "high", "low"]].to_numpy() + 0.0
    return parts


def waterfall(
    parts: pd.DataFrame, title: str, subtitle: str, settings: Settings, caption: str = "", id: str = ""
) -> Fragment:
    """Return the parts of :func:`parts_of` as a figure whose bars begin where the last one ended."""
    from crmkit.plots import plot_waterfall

    currency = settings.company.currency
    scale = scale_of(parts.iloc[-1], currency)
    amounts = joined([f"{row['label'].lower()} {scale.words(row['value'])}" for _, row in parts.iterrows()])
    return figure(
        plot_waterfall(parts.reset_index(drop=True), currency=currency),
        title,
        subtitle,
        alt=say("revenue-waterfall-alt", title=title, amounts=amounts),
        caption=caption,
        id=id,
        data=parts.rename(columns={"label": "part"})[["part", *_ENDS, "n"]].reset_index(drop=True),
        units=dict.fromkeys(_ENDS, "money") | {"n": "count"},
        settings=settings,
    )


def _periods(rows: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(rows["period"]))[::-1]


def _words(rows: pd.DataFrame, metric: str, currency: str) -> list[str]:
    own = rows[rows["metric"] == metric].iloc[::-1]
    return [with_interval(row, currency) for _, row in own.iterrows()]


def _movers(moved: pd.DataFrame, by: str) -> dict[str, str]:
    up, down = (joined(moved[moved["direction"] == way][by].astype(str).tolist()[:3]) for way in ("better", "worse"))
    return {"moved": "both" if up and down else "up" if up else "down" if down else "none", "up": up, "down": down}
