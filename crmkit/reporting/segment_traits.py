"""The sections on what sets each segment apart beyond revenue, and the same as a list."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from crmkit.insights.segments import last_days, page_model
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import scale_for
from crmkit.periods import Period, day_in_words
from crmkit.predictions.segment_moves import ladder
from crmkit.predictions.segment_portraits import segment_portraits
from crmkit.predictions.segments import segments_on
from crmkit.reporting.exports import export
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_SHOWN = 4  # of each segment, the clearest first
_KNOWN_OF = 1 / 3  # of a segment: what is known of fewer may say who answered, not who the customers are
_NOTHING = Fragment("", "no section")


def segment_trait_table(book: Catalog, period: Period) -> Fragment:
    """Return what sets the customers of each segment apart from all others by more than chance; nothing if nothing does.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    model = page_model(book, day)
    portraits = segment_portraits(book, day, model).copy()
    if portraits.empty:
        return _NOTHING
    order = ladder(book, day, model)
    portraits["size"] = portraits["segment"].map(segments_on(book, day, model).value_counts())
    apart = portraits[(portraits["differs"] != "") & (portraits["n"] >= _KNOWN_OF * portraits["size"])]
    apart = apart.groupby("segment", sort=False).head(_SHOWN)
    apart = apart.sort_values("segment", key=lambda names: names.map(order.index), kind="stable")
    currency = book.settings.company.currency
    rows = [_told(row, currency) for row in apart.to_dict("records")]
    n = apart["segment"].nunique()
    what = ", ".join(dict.fromkeys(_topic(topic) for topic in portraits["topic"]))
    return table(
        pd.DataFrame(rows, columns=["Segment", "What", "Here", "95 % interval", "All others", "Known of"]),
        f"{counted(n, 'segments')} differ from the others in more than what they buy" if n
        else "No segment differs from the others in who they are or what they think",
        subtitle=f"Up to {_SHOWN} clearest differences of each, {day_in_words(day)}; compared were {what}.",
        caption="Only differences that are more than chance, all comparisons taken together, and only what is known of at "
        "least a third of a segment. What goes together is no cause.",
    )  # fmt: skip


def segment_trait_export(book: Catalog, period: Period) -> Fragment:
    """Return all that was compared, which the run writes; nothing where nothing was.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    portraits = segment_portraits(book, day, page_model(book, day))
    if portraits.empty:
        return _NOTHING
    return export(portraits, "segment_profiles", "Each segment against the others, in all that is known")


def _told(row: dict[Hashable, Any], currency: str) -> tuple[str, ...]:
    scale = scale_for(row["unit"], row["value"], low=row["low"], high=row["high"], currency=currency)
    what = (
        f"{_topic(row['topic'])}: {row['what']}"
        if row["unit"] == "share" and row["topic"] != "outlook"
        else row["what"]
    )
    said = scale.words(row["value"]), scale.interval(row["low"], row["high"]), scale.words(row["rest"])
    arrow = "▲" if row["differs"] == "more" else "▼"
    here = f"{arrow} {said[0]}".replace(" ", "\N{NO-BREAK SPACE}")
    return (row["segment"], what, here, said[1], said[2], f"{row['n']:,} of {row['size']:,}")


def _topic(topic: str) -> str:
    return {"outlook": "value and risk"}.get(topic, topic.replace("_", " "))
