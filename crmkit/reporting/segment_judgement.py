"""The section on whether the segments still fit: the old ones beside those that would be learned today."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.segment_review import review_title, review_words
from crmkit.insights.segments import are_segments, last_days, page_model
from crmkit.periods import Period, day_in_words
from crmkit.predictions.segment_references import is_kept
from crmkit.predictions.segment_review import segment_review
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog


def segment_fit_table(book: Catalog, period: Period) -> Fragment:
    """Return whether the segments still fit: if not, today's beside those that would be learned today.

    Parameters
    ----------
    book : Catalog
    period : Period
    """
    day = last_days(book, period)[1]
    model = page_model(book, day)
    if model == "rules" or not are_segments(book, period):  # rules are the firm's own: they fit by definition
        return Fragment("", "no section")
    review = segment_review(book, day, model)
    words = review_words(review, is_kept(book, day))
    if review.side_by_side.empty:
        facts = {"Learned from the data up to": day_in_words(review.learned_on), "Judged on": day_in_words(day),
                 "Verdict": review.verdict.capitalize()}  # fmt: skip
        if review.fit is not None:
            facts["Would be in another segment"] = f"{review.fit.moved:.0%}".replace("%", " %")
        return table(_facts(facts), review_title(review), subtitle=words)
    labels = {"n": "Customers", "share": "Of customers", "revenue_share": "Of revenue", "n_fresh": "Customers, if learned today",
              "share_fresh": "Of customers", "revenue_share_fresh": "Of revenue", "differs": "Difference"}  # fmt: skip
    units = {name: "share" for name in labels if "share" in name} | {
        "n": "count",
        "n_fresh": "count",
        "differs": "count",
    }
    most = "; ".join(f"{row.n:,} from “{row[0]}” to “{row.to}”" for row in review.moves.head(3).itertuples(index=False))
    return table(review.side_by_side, review_title(review), subtitle=words, units=units, labels=labels, settings=book.settings,
                 caption=f"Would change most: {most}." if most else "")  # fmt: skip


def _facts(facts: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"what": list(facts), "is": list(facts.values())})
