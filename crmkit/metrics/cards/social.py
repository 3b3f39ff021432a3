"""Social networks: the firm's posts, their reach and engagement, and posts by customers."""

from __future__ import annotations

import ibis.expr.types as ir

from crmkit.metrics.card import metric
from crmkit.metrics.measures import Count, Measure, Ratio, Share, Total

_SOURCE = "Farris et al. (2016), Marketing Metrics, 3rd edition, chapter 11 (online, e-mail and mobile metrics)"


@metric(label="Own posts", unit="count", better="neither", counted="posts", headline=False, source=_SOURCE)
def n_posts(posts: ir.Table) -> Measure:
    """Posts by the firm itself.

    own posts = number of posts whose author is the firm
    """
    return Count(posts, at=posts.posted_at, where=posts.author == "brand")


@metric(label="Reach", unit="count", better="higher", counted="posts", headline=False, source=_SOURCE)
def reach(posts: ir.Table) -> Measure:
    """People who saw the firm's posts, added up over the posts: who saw two counts twice.

    reach = sum of people reached over the firm's own posts
    """
    return Total(posts, at=posts.posted_at, where=posts.author == "brand", value=posts.reach)


@metric(
    label="Reactions",
    unit="count",
    better="higher",
    counted="posts",
    headline=False,
    source="Meta (2024), Page Insights: reactions include likes",
)
def reactions(posts: ir.Table) -> Measure:
    """Likes and other reactions to all posts by and about the firm.

    reactions = sum of likes and other reactions over posts
    """
    return Total(posts, at=posts.posted_at, value=posts.likes)


@metric(
    label="Engagement rate",
    unit="share",
    better="higher",
    counted="posts",
    smallest_change=0.005,
    source=_SOURCE,
    conventions={
        "by_impressions": "likes, comments and shares / times shown, over the firm's own posts",
        "by_reach": "likes, comments and shares / people reached, over the firm's own posts",
    },
    headline=False,
)
def engagement_rate(posts: ir.Table, *, convention: str = "by_impressions") -> Measure:
    """Likes, comments and shares of the firm's own posts, for each time one of them was shown.

    engagement rate = likes, comments and shares / times shown, over the firm's own posts
    """
    shown = posts.reach if convention == "by_reach" else posts.impressions
    return _PostRatio(
        posts, at=posts.posted_at, where=posts.author == "brand", numerator=posts.interactions, denominator=shown
    )


@metric(label="Mentions", unit="count", better="neither", counted="posts by customers", headline=False, source=_SOURCE)
def mentions(posts: ir.Table) -> Measure:
    """Posts about the firm by customers and others; whether they are kind is not counted.

    mentions = number of posts whose author is not the firm
    """
    return Count(posts, at=posts.posted_at, where=posts.author == "customer")


@metric(
    label="Posts written by customers",
    unit="share",
    better="neither",
    counted="posts",
    smallest_change=0.05,
    headline=False,
    source=_SOURCE,
)
def customer_authored_share(posts: ir.Table) -> Measure:
    """Posts by customers, as a share of all posts by and about the firm.

    customer-authored share = posts by customers / posts
    """
    return Share(posts, at=posts.posted_at, hit=posts.author == "customer")


class _PostRatio(Ratio):
    """A ratio over posts, which vary less than customers' orders, so that 20 are enough."""

    minimum = 20
