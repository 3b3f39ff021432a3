"""The sections of the page on segments: profiles, moves, natural groups, differences, what to do, and whether they still fit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date
from typing import Any

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.phrases import feature_label, mid_sentence, sentence_case
from crmkit.insights.segments import (
    are_segments,
    last_days,
    moves_of,
    page_model,
    profiles_of,
    review_finding,
    review_title,
    review_words,
    segment_actions,
    segment_findings,
    segment_headline,
    segment_list,
    segment_moves,
    segment_population,
)
from crmkit.metrics.formatting import counted, in_words, scale_for
from crmkit.models.segments.rfm import TOO_FEW
from crmkit.periods import Period, PeriodLike, day_in_words
from crmkit.predictions.segments.assignment import customers_on, is_kept, learned_on, segmentation_for, segments_on
from crmkit.predictions.segments.migration import (
    DIRECTIONS,
    NEW,
    move_totals,
    movement,
    segment_flow,
    segments_best_first,
)
from crmkit.predictions.segments.profiles import segment_portraits, segment_profiles, typical_customers
from crmkit.predictions.segments.stability import segment_review
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.figures import figure
from crmkit.reporting.display.front import FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.opening import opening, table_names
from crmkit.reporting.display.tables import rounded_together, table
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_MOST_DRAWN = 6  # segments whose flow can be followed by eye; that of more is a table
_SHOWN = 4  # of each segment, the clearest first
_KNOWN_OF = 1 / 3  # of a segment: what is known of fewer may say who answered, not who the customers are


@section()
def segment_opening(catalog: Catalog, period: PeriodLike) -> Fragment:
    """Return the top of the page about segments."""
    day = last_days(catalog, period)[1]
    try:
        findings = segment_findings(catalog, period, segment_moves(catalog, period))
    except NotMeasured as missing:
        return opening(
            title=say("segments-headline-unknown", needs=missing.needs),
            data_through=catalog.data_through,
            needs=" or ".join(table_names(missing.needs)),
        )
    if (model := page_model(catalog, day)) != "rules" and (
        warning := review_finding(segment_review(catalog, day, model=model))
    ):
        findings = [warning, *findings]
    return opening(
        title=segment_headline(profiles_of(catalog, period), period),
        findings=findings,
        data_through=catalog.data_through,
        settings=catalog.settings,
    )


@section()
def segment_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the profile of each segment against the rest; nothing with one segment, as the opening says."""
    if not are_segments(catalog, period):
        return None
    day = last_days(catalog, period)[1]
    profiles, currency = profiles_of(catalog, period), catalog.settings.company.currency
    arrows = profiles["differs"].map({"more": "▲\N{NO-BREAK SPACE}", "less": "▼\N{NO-BREAK SPACE}"}).fillna("")
    rows = profiles[["segment", "n", "share"]].assign(
        revenue_share=_with_interval(profiles, "revenue_share", "share", currency)
    )
    rows["revenue"] = arrows + _with_interval(profiles, "revenue", "money", currency)
    rows = rows.join(profiles[["n_orders", "days_since_order"]])
    labels = {
        "n": "Customers",
        "share": "Of customers",
        "revenue_share": "Of turnover",
        "revenue": say("segments-label-per-customer"),
        "n_orders": "Orders",
        "days_since_order": say("segments-label-days"),
    }
    caption = f"{segment_population(catalog, period)} {_basis_sentence(catalog, day)}".strip()
    return table(
        rows,
        say("segments-apart"),
        settings=catalog.settings,
        caption=caption,
        units={"share": "share", "days_since_order": "count"},
        labels=labels,
        subtitle=say("segments-apart-subtitle", day=day_in_words(day)),
    )


@section()
def segment_move_table(catalog: Catalog, period: PeriodLike, *, most: int = 15) -> Fragment | None:
    """Return who moved where in the period, and what was gained and lost by it.

    Parameters
    ----------
    most : int
        Rows shown.
    """
    moves = segment_moves(catalog, period)
    if len({*moves["from"], *moves["to"]} - {NEW}) < 2:  # there is nowhere to move
        return None
    moves = moves[moves["from"] != moves["to"]].sort_values(["n", "from", "to"], ascending=[False, True, True])
    units = {"share": "share", "usual_share": "share", "gained": "money"}
    labels = {
        "n": "Customers",
        "share": say("segments-label-there"),
        "usual_share": "Usually",
        "gained": "Turnover gained",
    }
    return table(
        moves.drop(columns="n_from"),
        say("segments-where"),
        units=units,
        labels=labels,
        settings=catalog.settings,
        max_rows=most,
        barred=["n"],
        subtitle=say("segments-where-subtitle", period=period.label),
        caption=say("segments-where-caption"),
    )


@section()
def typical_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return of each segment the two customers nearest to its middle, nothing with one segment."""
    if not are_segments(catalog, period):
        return None
    day = last_days(catalog, period)[1]
    found = typical_customers(catalog, day, model=page_model(catalog, day))
    found["customer_id"] = shown_ids(found["customer_id"], catalog.settings)
    labels = {
        "customer_id": "Customer",
        "days_since_order": say("segments-label-days"),
        "n_orders": "Orders",
        "revenue": say("segments-label-turnover"),
        "tenure_days": say("segments-label-tenure"),
    }
    labels = {name: label for name, label in labels.items() if name in found}
    return table(
        found,
        "Typical customers",
        units={"revenue": "money"},
        labels=labels,
        settings=catalog.settings,
        subtitle=say("segments-typical-subtitle"),
    )


@section()
def segment_action_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what to do for each segment; nothing where there are too few customers for any, as the opening says."""
    actions = segment_actions(catalog, period)
    if _are_too_few(actions):
        return None
    shown = table(actions, say("segments-what-to-do"), labels={"n": "Customers"}, id="what-to-do")
    first = actions.iloc[0]
    line = FrontLine(
        "to do",
        say("segments-front.bold", segment=first["segment"], customers=counted(first["n"], "customers")),
        say("segments-front.rest", what=mid_sentence(first["what_to_do"])),
        anchor="what-to-do",
    )
    return with_front_lines(shown, [line])


@section()
def segment_export(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the list of customers with their segments, which the run writes; nothing where there are too few for any."""
    listed = segment_list(catalog, period)
    return None if _are_too_few(listed) else export(listed, "segments", say("segments-list"))


@section()
def group_search_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return how well each number of groups is set apart, and how firm it is; nothing with too few customers to try."""
    found = segmentation_for(catalog, last_days(catalog, period)[1])
    tried, n = found.model.search_, len(found.names)
    if tried.empty:
        return None
    shown = tried.assign(
        n_segments=tried["n_segments"].map(lambda number: counted(number, "groups")),
        **{name: tried[name].map({True: "yes", False: "no"}) for name in ("distinct", "holds")},
    )
    verdict = "asked" if found.model.verdict_ == "as asked" else "found" if n > 1 else "none"
    title = say("segments-search", verdict=verdict, groups=sentence_case(counted(n, "groups")))
    what = ", ".join(map(feature_label, found.features))
    return table(
        shown.assign(silhouette=shown["silhouette"].round(2)),
        title,
        subtitle=say("segments-search-subtitle", what=what, day=day_in_words(found.learned_on)),
        caption=say("segments-search-caption"),
        units={"moved": "share", "smallest": "count"},
        labels={"n_segments": "Number", "distinct": say("segments-label-gaps"), "smallest": "Smallest group"},
    )


@section()
def natural_group_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the profile of each natural group, and how much of the movement between them is real; nothing with one group."""
    before, now = last_days(catalog, period)
    if len(segmentation_for(catalog, now).names) < 2:
        return None
    profiles, moved = segment_profiles(catalog, now, model="segments"), movement(catalog, before, now)
    shares = {name: in_words(share, "share") for name, share in moved.items()}
    best = profiles.iloc[0]
    return table(
        profiles[["segment", "n", "share", "revenue_share", "revenue", "of_the_rest", "n_orders", "days_since_order"]],
        say(
            "segments-groups",
            segment=best["segment"],
            share=in_words(best["share"], "share"),
            revenue=in_words(best["revenue_share"], "share"),
        ),
        subtitle=say("segments-groups-subtitle", day=day_in_words(now)),
        caption=say(
            "segments-groups-caption",
            period=period.label,
            changed=shares["frozen"],
            sure=shares["sure"],
            border=shares["on_the_border"],
            refitted=shares["refitted"],
        ),
        units={"share": "share", "revenue_share": "share", "revenue": "money", "of_the_rest": "money"},
        labels={
            "segment": "Group",
            "n": "Customers",
            "share": "Of customers",
            "revenue_share": "Of turnover",
            "revenue": "Per customer",
            "of_the_rest": say("segments-label-others"),
            "n_orders": "Orders",
            "days_since_order": say("segments-label-days"),
        },
        settings=catalog.settings,
    )


@section()
def segment_fit_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return whether the segments still fit: if not, today's beside those that would be learned today."""
    day = last_days(catalog, period)[1]
    model = page_model(catalog, day)
    if model == "rules" or not are_segments(catalog, period):  # rules are the firm's own: they fit by definition
        return None
    review = segment_review(catalog, day, model=model)
    words = review_words(review, is_kept(catalog, day))
    if review.side_by_side.empty:
        facts = {
            say("segments-fact-learned"): day_in_words(review.learned_on),
            "Judged on": day_in_words(day),
            "Verdict": review.verdict.capitalize(),
        }
        if review.fit is not None:
            facts[say("segments-fact-moved")] = in_words(round(review.fit.moved, 2), "share")
        return table(_fact_frame(facts), review_title(review), subtitle=words)
    labels = {
        "n": "Customers",
        "share": "Of customers",
        "revenue_share": "Of revenue",
        "n_fresh": say("segments-label-fresh"),
        "share_fresh": "Of customers",
        "revenue_share_fresh": "Of revenue",
        "differs": "Difference",
    }
    units = {name: "share" for name in labels if "share" in name} | {
        "n": "count",
        "n_fresh": "count",
        "differs": "count",
    }
    most = "; ".join(
        say("segments-change", n=f"{row.n:,}", source=str(row[0]), to=str(row.to))
        for row in review.moves.head(3).itertuples(index=False)
    )
    return table(
        review.side_by_side,
        review_title(review),
        subtitle=words,
        units=units,
        labels=labels,
        settings=catalog.settings,
        caption=say("segments-changes", changes=most) if most else "",
    )


@section()
def segment_map(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the map of customers: time since the last order and revenue, by segment; nothing with one segment."""
    from crmkit.plots import plot_segment_map
    from crmkit.plots.segments import MOST_DOTS

    day = last_days(catalog, period)[1]
    model = page_model(catalog, day)
    customers = customers_on(catalog, day).join(segments_on(catalog, day, model).rename("segment"))
    order = segments_best_first(catalog, day, model)
    if len(order) < 2:
        return None
    customers = customers.sort_values("segment", key=lambda names: names.map(order.index), kind="stable")
    customers = customers.groupby("segment", sort=False)[["days_since_order", "revenue"]].apply(_sorted_customers)
    customers = customers.reset_index("segment")
    groups = customers.groupby("segment", sort=False)
    middle = groups[["days_since_order", "revenue"]].median().assign(n=groups.size()).reset_index()
    best, last = middle.iloc[0], middle.iloc[-1]
    currency, step = catalog.settings.company.currency, -(-len(customers) // MOST_DOTS)
    n_drawn = len(customers.iloc[::step])
    brings = in_words(best["revenue"], "money", currency=currency)
    title = say("segments-map", segment=best["segment"], ago=_days_ago(best), money=brings)
    alt = say(
        "segments-map-alt",
        customers=counted(len(customers), "customers"),
        title=title,
        last=last["segment"],
        ago=_days_ago(last),
    )
    drawn = "some" if step > 1 else "all"
    return figure(
        plot_segment_map(customers, currency=currency),
        title,
        say("segments-map-subtitle", drawn=drawn, n=n_drawn, of=len(customers), day=day_in_words(day)),
        alt=alt,
        data=middle,
        caption=say("segments-map-caption"),
        units={"days_since_order": "days", "revenue": "money", "n": "count"},
        settings=catalog.settings,
    )


@section()
def segment_flow_chart(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return how customers flowed between segments in a period; nothing where there was only one."""
    from crmkit.plots import plot_segment_flow

    day = last_days(catalog, period)[1]
    moves = moves_of(catalog, period)
    whole, order = segment_flow(moves), segments_best_first(catalog, day, page_model(catalog, day))
    if not _has_several_segments(moves):
        return None
    counts = moves["direction"].value_counts()
    up, down = int(counts.get("up", 0)), int(counts.get("down", 0))
    title = sentence_case(say("segments-flow", n=up + down, up=counted(up, "customers"), down=f"{down:,}"))
    most = whole[whole["from"] != whole["to"]].nlargest(1, "n")
    largest_move = "".join(
        say("segments-flow-most", source=row["from"], to=row["to"], n=f"{row['n']:,}")
        for row in most.to_dict("records")
    )
    if len(order) > _MOST_DRAWN:
        return _flow_table(whole, order, title, period, catalog)
    return figure(
        plot_segment_flow(whole, order=order),
        title,
        say("segments-flow-drawn", period=period.label),
        alt=say("segments-flow-alt", period=period.label, title=title, most=largest_move),
        data=whole.assign(direction=whole["direction"].map(DIRECTIONS)),
        units={"n": "count", "gained": "money"},
        settings=catalog.settings,
    )


@section()
def move_total_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what upgrades and slides brought and cost; nothing where there was only one segment."""
    moves = moves_of(catalog, period)
    if not _has_several_segments(moves):
        return None
    totals = move_totals(moves)
    shown = totals.assign(direction=totals["direction"].map(DIRECTIONS))
    amounts = ["gained", "low", "high"]
    shown[amounts] = [rounded_together(*row) for row in shown[amounts].itertuples(index=False)]
    return table(
        shown,
        say("segments-moves"),
        subtitle=say("segments-moves-subtitle", period=period.label),
        caption=say("segments-moves-caption"),
        units={"n": "count", "gained": "money", "low": "money", "high": "money"},
        settings=catalog.settings,
        labels={"direction": "Customers who", "n": "Customers", "gained": "Turnover gained"},
    )


@section()
def segment_trait_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what sets the customers of each segment apart from all others by more than chance; nothing if nothing does."""
    day = last_days(catalog, period)[1]
    model = page_model(catalog, day)
    portraits = segment_portraits(catalog, day, model=model).copy()
    if portraits.empty:
        return None
    order = segments_best_first(catalog, day, model)
    portraits["size"] = portraits["segment"].map(segments_on(catalog, day, model).value_counts())
    apart = portraits[(portraits["differs"] != "") & (portraits["n"] >= _KNOWN_OF * portraits["size"])]
    apart = apart.groupby("segment", sort=False).head(_SHOWN)
    apart = apart.sort_values("segment", key=lambda names: names.map(order.index), kind="stable")
    currency = catalog.settings.company.currency
    rows = [_trait_row(row, currency) for row in apart.to_dict("records")]
    n = apart["segment"].nunique()
    what = ", ".join(dict.fromkeys(_topic_words(topic) for topic in portraits["topic"]))
    return table(
        pd.DataFrame(rows, columns=["Segment", "What", "Here", "95 % interval", "All others", "Known of"]),
        say("segments-traits", n=n),
        subtitle=say("segments-traits-subtitle", most=_SHOWN, day=day_in_words(day), what=what),
        caption=say("segments-traits-caption"),
    )


@section()
def segment_trait_export(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return all that was compared, which the run writes; nothing where nothing was."""
    day = last_days(catalog, period)[1]
    portraits = segment_portraits(catalog, day, model=page_model(catalog, day))
    if portraits.empty:
        return None
    return export(portraits, "segment_profiles", say("segments-traits-list"))


def _flow_table(whole: pd.DataFrame, order: Sequence[str], title: str, period: Period, catalog: Catalog) -> Fragment:
    """Return the flow as a row for each segment: how many were there, came, went and are there now."""
    moved = whole[whole["from"] != whole["to"]]
    sums = {
        "before": whole.groupby("from")["n"].sum(),
        "came": moved.groupby("to")["n"].sum(),
        "went": moved.groupby("from")["n"].sum(),
        "now": whole.groupby("to")["n"].sum(),
    }
    rows = pd.DataFrame({name: each.reindex(list(order)).fillna(0).astype(int) for name, each in sums.items()})
    before, now = last_days(catalog, period)
    return table(
        rows.rename_axis("segment").reset_index(),
        title,
        subtitle=say("segments-flow-subtitle", period=period.label),
        units=dict.fromkeys(sums, "count"),
        labels={"before": day_in_words(before), "came": "Came", "went": "Went", "now": day_in_words(now)},
        barred=["came", "went"],
    )


def _with_interval(profiles: pd.DataFrame, name: str, unit: str, currency: str) -> pd.Series:
    """Return a number of each segment in words, with its interval."""
    texts = []
    for value, low, high in profiles[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False):
        scale = scale_for(unit, value, low=low, high=high, currency=currency)
        between = scale.interval(low, high) if value == value and low < high else ""
        parts = [scale.words(value), *([f"({between})"] if between else [])]
        texts.append(" ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts))  # a number stays on its line
    return pd.Series(texts, index=profiles.index)


def _basis_sentence(catalog: Catalog, day: date) -> str:
    if page_model(catalog, day) == "rules":
        return say("segments-by-rules")
    learned = day_in_words(learned_on(catalog, day))
    return say("segments-learned", day=learned)


def _are_too_few(listed: pd.DataFrame) -> bool:
    return set(listed["segment"]) == {TOO_FEW}


def _fact_frame(facts: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"what": list(facts), "is": list(facts.values())})


def _sorted_customers(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the customers sorted, so that every n-th of them is a fair sample."""
    return customers.sort_values(["days_since_order", "revenue"])


def _days_ago(row: pd.Series) -> str:
    days = int(row["days_since_order"])
    return say("segments-days-ago", n=days)


def _has_several_segments(moves: pd.DataFrame) -> bool:
    """Return whether there is more than one segment to move between."""
    return len({*moves["from"], *moves["to"]} - {NEW}) > 1


def _trait_row(row: dict[Hashable, Any], currency: str) -> tuple[str, ...]:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    what = (
        say("segments-trait", topic=_topic_words(row["topic"]), what=row["what"])
        if row["unit"] == "share" and row["topic"] != "outlook"
        else row["what"]
    )
    words = scale.words(row["value"]), scale.interval(row["low"], row["high"]), scale.words(row["rest"])
    arrow = "▲" if row["differs"] == "more" else "▼"
    here = f"{arrow} {words[0]}".replace(" ", "\N{NO-BREAK SPACE}")
    return (row["segment"], what, here, words[1], words[2], say("segments-known", n=int(row["n"]), of=int(row["size"])))


def _topic_words(topic: str) -> str:
    return say("segments-outlook") if topic == "outlook" else topic.replace("_", " ")
