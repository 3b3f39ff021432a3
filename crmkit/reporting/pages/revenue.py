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

_PARTS = {
    "new_mrr": "New",
    "reactivation_mrr": "Came back",
    "expansion_mrr": "Pay more",
    "contraction_mrr": "Pay less",
    "churned_mrr": "Left",
    "net_new_revenue": "Net",
}
_REST = 0.001  # of what was sold: less is a matter of rounding
_ENDS = ["value", "low", "high"]


@section("no paid terms")
def waterfall_chart(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what made recurring revenue grow or shrink in a period; empty without paid terms."""
    rows = evaluate(catalog, list(_PARTS), periods=period, first_days=catalog.days_so_far(period))
    if (rows["status"] == "not measured").any() or rows["value"].isna().all():
        return None
    parts = parts_of(rows.fillna({"value": 0.0}), _PARTS, losses=("contraction_mrr", "churned_mrr"))
    value = parts["value"].to_dict()
    lost = value["contraction_mrr"] + value["churned_mrr"]
    won = value["new_mrr"] + value["reactivation_mrr"] + value["expansion_mrr"]
    scale = scale_of(parts.loc["net_new_revenue"], catalog.settings.company.currency)
    moved = "grew" if won + lost > 0 else "shrank" if won + lost < 0 else "stayed as it was"
    by = f" by {scale.words(abs(won + lost))} a month" if won + lost else ""
    title = f"Recurring revenue {moved}{by}: {scale.words(won)} won, {scale.words(-lost)} lost"
    span = f"Recurring revenue a month: each customer at the end of {period.label} less at its start."
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
    title = f"Keeping customers pays if it brought about at least {scale.words(share['value'])} of the margin on repeat orders"
    if share["value"] > 1:
        title = f"Keeping customers cost more than repeat orders earned: {scale.words(share['value'])} of their margin"
    if share["status"] == "too few":
        title = f"Too few repeat orders ({share['n']:,}) to tell whether keeping customers pays"
    return table(
        pd.DataFrame(
            {
                "period": _periods(rows),
                "Cost per active customer": _words(rows, names[0], currency),
                "Share of the margin it must have earned": _words(rows, names[1], currency),
            }
        ),
        title,
        subtitle="Retention costs per active customer, and as a share of the margin of orders that are not the first."
        + assumed_margin(rows),
        caption="Most of these orders would have come without any spending. Only a holdout shows what it brought about.",
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
    share = f"{100 * top['share']:.0f} % of what was sold"
    title = f"Best seller: {top[by]}, {scale.words(top['revenue'])}, {share}; {_movers(moved, by)}"
    rows = sold.rename(columns={"before": "the_period_before"})
    plural = f"{by[:-1]}ies" if by.endswith("y") else f"{by}s"
    idle = int((sold["revenue"] <= 0).sum())
    notes = f"{counted(idle, plural)} sold before and not now. " if idle else ""
    if (rest := 1 - sold["share"].sum()) > _REST:
        notes += (
            f"{in_words(rest, 'share')} of what was sold is of {plural} with too few customers, which are not listed. "
        )
    so_far = catalog.days_so_far(period)
    n_days, n_before = (min(each.n_days, so_far or each.n_days) for each in (period, period.previous))
    as_long = ", for as many days" if so_far else ""
    scaled = f", whose amounts are scaled to {n_days} days" if n_days != n_before else as_long
    money = dict.fromkeys(["revenue", "the_period_before", "change"], "money")
    return table(
        rows[[by, "orders", "revenue", "share", "the_period_before", "change", "verdict"]],
        title,
        subtitle=f"Revenue of order lines by {by}, {period.label} against {period.previous.label}{scaled}.",
        caption=f"{notes}All {plural} are judged together, so that among many none is called a mover by luck.",
        labels={"orders": "Products in orders"},
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
    better = "nearer than" if ours["error"] < own["error"] else "no nearer than"
    held = in_past_words(futures_backtest(catalog, day), "order_soon")
    value, low, high = (round(each) for each in futures.number("order_soon"))
    return table(
        tested.assign(error=tested["error"].round(1), width=tested["width"].round(1)),
        f"About {value:,} of {counted(futures.n, 'customers')} will order within {days}, between {low:,} and {high:,}",
        subtitle=f"The other {futures.n - value:,} will not: these are the same possible futures as on the pages on churn and "
        f"value. {held} Tried on the {days} to {day_in_words(day)}: the day of the next order was foretold {better} by each "
        f"customer's usual gap between orders, and {in_words(ours['inside'], 'share')} of the orders came within their window; "
        "80 % are meant to.",
        caption="Only customers who did order. The day of each customer's next order, with its window, is in the list below. "
        "For the analyst: Brier is the mean squared error of the chance that one orders at all, less is better.",
        units={"n": "count", "error": "days", "inside": "share", "width": "days"},
        labels={
            "method": "Foretold by",
            "n": "Customers",
            "error": "Off by",
            "inside": "Within the window",
            "width": "Width of the window",
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
        f"Some customers have a taste of their own in the {' and '.join(useful)}"
        if useful
        else "What customers choose is told as well by what is popular",
        subtitle=f"Share of the orders of the last {days} that were foretold: by the customer's favourite, which weighs what she "
        "chose before with what is popular; by what is popular with all; and by what she had chosen most often.",
        caption="A taste of her own: the whole interval of her share lies above that of all customers.",
        units={"n": "count", "hit": "share", "hit_popular": "share", "hit_own_mode": "share", "own": "share"},
        labels={
            "n": "Customers",
            "hit": "Favourite",
            "hit_popular": "What is popular",
            "hit_own_mode": "Chosen most often",
            "own": "Have a taste of their own",
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
    return export(rows, "next_orders", "When each customer is likely to order next, and what she prefers")


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
        alt=f"{title}. By kind of customer: {amounts}.",
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


def _movers(moved: pd.DataFrame, by: str) -> str:
    if moved.empty:
        return f"no {by} moved beyond chance"
    up, down = (moved[moved["direction"] == way][by].astype(str).tolist() for way in ("better", "worse"))
    moves = [f"{joined(names[:3])} {way}" for names, way in ((up, "up"), (down, "down")) if names]
    return f"{joined(moves)} for real"
