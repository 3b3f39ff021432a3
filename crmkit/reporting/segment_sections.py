"""The sections of the page about segments: opening, profile, moves, typical customers, what to do."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.insights.segment_review import review_finding
from crmkit.insights.segments import (
    are_segments,
    last_days,
    page_model,
    profiles_of,
    segment_actions,
    segment_findings,
    segment_headline,
    segment_list,
    segment_moves,
    segment_population,
)
from crmkit.metrics.wording import scale_for
from crmkit.models.rfm import TOO_FEW
from crmkit.periods import Period, day_in_words
from crmkit.predictions.migration import NEW
from crmkit.predictions.segment_profiles import typical_customers
from crmkit.predictions.segment_references import learned_on
from crmkit.predictions.segment_review import segment_review
from crmkit.reporting.exports import export
from crmkit.reporting.markup import Fragment
from crmkit.reporting.openings import opening
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NOTHING = Fragment("", "no section")


def segment_opening(book: Catalog, period: Period) -> Fragment:
    """Return the top of the page about segments.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    told = segment_findings(book, period, segment_moves(book, period))
    if (model := page_model(book, day)) != "rules" and (warning := review_finding(segment_review(book, day, model))):
        told = [warning, *told]
    return opening(title=segment_headline(profiles_of(book, period), period), findings=told, data_through=book.data_through,
                   settings=book.settings)  # fmt: skip


def segment_table(book: Catalog, period: Period) -> Fragment:
    """Return the profile of each segment against the rest; nothing with one segment, as the opening says.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    if not are_segments(book, period):
        return _NOTHING
    day = last_days(book, period)[1]
    profiles, currency = profiles_of(book, period), book.settings.company.currency
    arrows = profiles["differs"].map({"more": "▲\N{NO-BREAK SPACE}", "less": "▼\N{NO-BREAK SPACE}"}).fillna("")
    rows = profiles[["segment", "n", "share"]].assign(
        revenue_share=_with_ends(profiles, "revenue_share", "share", currency)
    )
    if profiles["margin_share"].notna().any():
        rows["margin_share"] = _with_ends(profiles, "margin_share", "share", currency)
    rows["revenue"] = arrows + _with_ends(profiles, "revenue", "money", currency)
    rows = rows.join(profiles[["of_the_rest", "n_orders", "days_since_order"]])
    labels = {"n": "Customers", "share": "Of customers", "revenue_share": "Of revenue", "margin_share": "Of margin",
              "revenue": "Revenue per customer", "of_the_rest": "Per other customer", "n_orders": "Orders",
              "days_since_order": "Days since order"}  # fmt: skip
    caption = f"{segment_population(book, period)} {_ruler(book, day)}".strip()
    return table(rows, "What sets each segment apart", settings=book.settings, caption=caption,
                 units={"share": "share", "of_the_rest": "money", "days_since_order": "count"},
                 labels={name: label for name, label in labels.items() if name in rows},
                 subtitle=f"Revenue and orders of 365 days to {day_in_words(day)}, with 95 % intervals. ▲ and ▼: more or less "
                 "per customer than the others, by more than chance.")  # fmt: skip


def segment_move_table(book: Catalog, period: Period, most: int = 15) -> Fragment:
    """Return who moved where in the period, and what was gained and lost by it.

    Parameters
    ----------
    book : Catalog
    period : Period
    most : int
        Rows shown.
    """
    moves = segment_moves(book, period)
    if len({*moves["from"], *moves["to"]} - {NEW}) < 2:  # nobody can move
        return _NOTHING
    moves = moves[moves["from"] != moves["to"]].sort_values(["n", "from", "to"], ascending=[False, True, True])
    units = {"share": "share", "usual_share": "share", "gained": "money"}
    labels = {"n": "Customers", "share": "Of those there", "usual_share": "Usually", "gained": "Revenue gained"}
    return table(moves.drop(columns="n_from"), "Who moved where", units=units, labels=labels, settings=book.settings,
                 max_rows=most, subtitle=f"From the eve of {period.label} to its last day. Gained: change of these customers' "
                 "revenue of 365 days.", caption="Usually: the mean of up to six such periods before.")  # fmt: skip


def typical_table(book: Catalog, period: Period) -> Fragment:
    """Return of each segment the two customers nearest to its middle, masked; nothing with one segment.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    if not are_segments(book, period):
        return _NOTHING
    day = last_days(book, period)[1]
    found = typical_customers(book, day, page_model(book, day))
    labels = {"revenue": "Revenue of 365 days", "tenure_days": "Days as a customer"}
    labels = {name: label for name, label in labels.items() if name in found}
    return table(found, "Typical customers", units={"revenue": "money"}, labels=labels, settings=book.settings,
                 subtitle="Two of each segment, nearest to its middle; of their number only the end is shown.")  # fmt: skip


def segment_action_table(book: Catalog, period: Period) -> Fragment:
    """Return what to do for each segment; nothing where there are too few customers for any, as the opening says.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    actions = segment_actions(book, period)
    if _are_too_few(actions):
        return _NOTHING
    return table(actions, "What to do for each", labels={"n": "Customers"})


def segment_export(book: Catalog, period: Period) -> Fragment:
    """Return the list of customers with their segments, which the run writes; nothing where there are too few for any.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    listed = segment_list(book, period)
    return _NOTHING if _are_too_few(listed) else export(listed, "segments", "Each customer with her segment")


def _are_too_few(listed: pd.DataFrame) -> bool:
    return set(listed["segment"]) == {TOO_FEW}


def _with_ends(profiles: pd.DataFrame, name: str, unit: str, currency: str) -> pd.Series:
    """Return a number of each segment in words, with its interval."""
    told = []
    for value, low, high in profiles[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False):
        scale = scale_for(unit, value, low=low, high=high, currency=currency)
        between = scale.interval(low, high) if value == value and low < high else ""
        parts = [scale.words(value), *([f"({between})"] if between else [])]
        told.append(" ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts))  # a number stays on its line
    return pd.Series(told, index=profiles.index)


def _ruler(book: Catalog, day: date) -> str:
    if page_model(book, day) == "rules":
        return "Segments by the rules of your settings, the first that holds."
    return f"Learned from the data up to {day_in_words(learned_on(book, day))}; equal customers are called alike in every month."
