"""The texts that customers wrote, with what is known of each; they never leave the process: only moods are kept."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.passes import fetch
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day

#: Thousandths of the scale from which an answer is good, and below which it is bad; see :mod:`crmkit.metrics.voice`.
GOOD, BAD = 745, 495
COLUMNS = ["text_id", "source", "written_at", "text", "language", "customer_id", "mood"]
_UNKNOWN = "not given"


def texts_until(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return every comment and customer's post up to a day, in order of time.

    Returns
    -------
    DataFrame
        One row per text: text_id, source ("comment" or "post"), written_at, text, language ("not given" where it is not),
        customer_id, mood (-1, 0 or 1 by the stars given with it; missing for a post).
    """
    parts = [part for part in (_comments(catalog, as_of), _posts(catalog, as_of)) if len(part)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    rows = pd.concat(parts, ignore_index=True)
    rows["language"] = rows["language"].fillna(_UNKNOWN).str.lower()
    return rows.sort_values(["written_at", "source", "text_id"], kind="stable", ignore_index=True)


def _comments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    try:
        answers = catalog.table("survey_answers")
    except NotMeasured:
        return pd.DataFrame(columns=COLUMNS)
    if "comment" not in answers.columns:
        return pd.DataFrame(columns=COLUMNS)
    rows = answers.filter((day(answers.responded_at) <= constant_day(as_of)) & (answers.comment.strip() != ""))
    own = [name for name in ("language", "customer_id") if name in rows.columns]
    found = fetch(rows.select(*own, "position", text_id="response_id", written_at="responded_at", text="comment"))
    stars = found.pop("position").astype(float) * 1000
    mood = (stars >= GOOD).astype(float) - (stars < BAD).astype(float)
    return found.assign(source="comment", mood=mood).reindex(columns=COLUMNS)


def _posts(catalog: Catalog, as_of: date) -> pd.DataFrame:
    if "social_posts" not in catalog.names or not {"text", "author"} <= set(catalog.table("social_posts").columns):
        return pd.DataFrame(columns=COLUMNS)
    posts = catalog.table("social_posts")
    rows = posts.filter((posts.author == "customer") & (day(posts.posted_at) <= constant_day(as_of)))
    rows = rows.filter(rows.text.strip() != "")
    own = [name for name in ("language", "customer_id") if name in rows.columns]
    found = fetch(rows.select(*own, "text", text_id="post_id", written_at="posted_at"))
    return found.assign(source="post").reindex(columns=COLUMNS)
