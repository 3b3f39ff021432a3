"""The sentiment of what customers write, from the moods that the prediction ``sentiment`` assigns to texts."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.measures import Measure, NetShare
from crmkit.tables.expressions import place
from crmkit.tables.schema import schema

_CARD: dict[str, Any] = {
    "unit": "points",
    "better": "higher",
    "headline": False,
    "news": False,  # the page shows the accuracy of moods beside them
    "source": "Liu (2012), Sentiment Analysis and Opinion Mining, chapter 2 (net sentiment); accuracy is on the page",
}


@metric(label="Sentiment of comments", counted="comments", topic="voice", **_CARD)
def comment_sentiment(text_sentiments: ir.Table, survey_responses: ir.Table) -> Measure:
    """Kind comments less unkind ones, per 100 comments: by the stars given with each.

    sentiment = 100 (kind comments - unkind comments) / comments
    """
    about = ["survey", "touchpoint"]
    return _net(text_sentiments, "comment", "survey_responses", survey_responses, "response_id", about)


@metric(label="Sentiment of posts about you", counted="posts read", topic="social", **_CARD)
def post_sentiment(text_sentiments: ir.Table, social_posts: ir.Table) -> Measure:
    """Kind posts by customers less unkind ones, per 100 posts in a language in which reading moods was shown to work.

    sentiment = 100 (kind posts - unkind posts) / posts read
    """
    return _net(text_sentiments, "post", "social_posts", social_posts, "post_id", ["network", "kind"])


def _net(text_sentiments: ir.Table, source: str, table: str, texts: ir.Table, key: str, about: list[str]) -> Measure:
    t = text_sentiments
    own = t.filter((t.source == source) & (t.model == "sentiment"))
    # The first mood of a text counts, so that a report of last month does not change after the model is refitted.
    own = own.mutate(_place=place(within="text_id", order_by=["as_of"]))
    moods = own.filter(own._place == 1).select("text_id", "written_at", "mood")
    names = [name for name in (*about, "customer_id", "language") if name in texts.columns]
    names += schema(table).own_columns(texts.columns, taken=[*moods.columns, *names])
    own_texts = texts.select(*names, _key=key)
    rows = moods.join(own_texts, moods["text_id"] == own_texts["_key"]).drop("_key")
    return NetShare(rows, at=rows.written_at, plus=rows.mood > 0, minus=rows.mood < 0, scale=100)
