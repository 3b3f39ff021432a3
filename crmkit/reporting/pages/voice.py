"""The sections on what customers say and how they take part: call-backs, sentiment, posts, channels, engagement."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.follow_up import OVERDUE_DAYS, follow_up_list
from crmkit.insights.messages import unlike_the_whole
from crmkit.insights.sentiment import (
    Remark,
    language_name,
    method_in_words,
    sentiment_message,
    sentiment_remarks,
    shares_message,
)
from crmkit.metrics.analyses.contact import PRIOR_CONTACTS, channel_responses, posting_times, preferred_channels
from crmkit.metrics.analyses.engagement_score import WEIGHTS, engagement_check
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.formatting import common_scale, counted, is_number, joined, scale_for
from crmkit.periods import Period, PeriodLike, day_in_words, last_day
from crmkit.predictions.sentiment import mood_shares, sentiment_check
from crmkit.predictions.topics import NOUNS, TOO_FEW, TOO_MIXED, topics
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.front import CALL_BACK, FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import EMPTY, table, with_interval
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_USEFUL = 0.65  # area under the curve: an interval that reaches it does not rule out that the score is of use
_LABELS = ("customer_id", "turnover_12_months", "last_on")
_BY_TOUCHPOINT = ("nps", "csat", "ces")
_KINDS = ("survey", "mailing")


@section("nobody to call back")
def follow_up(catalog: Catalog, period: PeriodLike, *, comments: bool = False, max_rows: int = 10) -> Fragment | None:
    """Return the customers to call back, the most valuable first; empty without any.

    Parameters
    ----------
    comments : bool
        Whether to add the customers' own words, which may name people.
    max_rows : int
        Rows shown.
    """
    listed = follow_up_list(catalog, period, comments=comments)
    people = listed[listed["customer_id"].notna()].drop(columns="response_id", errors="ignore")
    if people.empty:
        return _answers_alone(listed, period, max_rows) if len(listed) else None
    worth = "worth" in people
    money = next((people[name] for name in ("worth", "turnover_12_months") if name in people), None)
    stake = None if money is None else float(money.sum())
    people = people.assign(customer_id=shown_ids(people["customer_id"], catalog.settings))
    if worth:
        people = people.drop(columns=["turnover_12_months"], errors="ignore")  # it is in the list beside the report
    n, n_unknown = len(people), len(listed) - len(people)
    ranked = say("voice-follow-up-worth" if worth else "voice-follow-up-paid")
    unknown = say("voice-follow-up-unknown", n=n_unknown) if n_unknown else ""
    shown = table(
        people,
        say("voice-follow-up", n=n),
        subtitle=say("voice-follow-up-subtitle", days=OVERDUE_DAYS),
        caption=f"{ranked} {unknown}".strip(),
        units={name: "money" for name in ("worth", "turnover_12_months") if name in people},
        labels={name: say(f"voice-label-{name}") for name in _LABELS if name in people},
        settings=catalog.settings,
        max_rows=max_rows,
        id="call-back",
    )
    bold, rest = say("voice-follow-up-front.bold", n=n), say("voice-follow-up-front.rest", n=n)
    return with_front_lines(shown, [FrontLine("to do", bold, rest, topic=CALL_BACK, anchor="call-back", stake=stake)])


@section("nobody to call back")
def follow_up_export(catalog: Catalog, period: PeriodLike, *, comments: bool = False) -> Fragment | None:
    """Return the follow-up list as files for the run to write; empty if no customer is on it.

    Parameters
    ----------
    comments : bool
        Whether to add the customers' own words, which may name people.
    """
    people = follow_up_list(catalog, period, comments=comments)
    if people.empty:
        return None
    return export(people, "follow_up", say("voice-follow-up-list"))


def _answers_alone(answers: pd.DataFrame, period: Period, max_rows: int) -> Fragment:
    """Return the low answers of a firm that does not record who gave them: by their number somebody may still know."""
    n = len(answers)
    shown = table(
        answers.drop(columns=["customer_id", "worth", "turnover_12_months"], errors="ignore"),
        say("voice-answers", n=n, period=period.label),
        subtitle=say("voice-answers-subtitle"),
        labels={"response_id": say("voice-label-response_id"), "last_on": say("voice-label-given_on")},
        max_rows=max_rows,
        id="call-back",
    )
    bold, rest = say("voice-answers-front.bold", n=n), say("voice-answers-front.rest")
    return with_front_lines(shown, [FrontLine("to do", bold, rest, topic=CALL_BACK, anchor="call-back")])


@section("no answers by touchpoint")
def touchpoint_table(catalog: Catalog, scorecard: pd.DataFrame) -> Fragment | None:
    """Return NPS, satisfaction and effort by touchpoint, what is unlike the whole marked.

    Empty where no question was asked at more than one touchpoint: then there is nothing to compare.
    """
    asked = scorecard[scorecard["metric"].isin(_BY_TOUCHPOINT) & scorecard["value"].notna()]
    if asked.empty:
        return None
    period = Period.parse(asked["period"].iloc[0])
    try:
        rows = evaluate(catalog, list(asked["metric"]), periods=period, by="touchpoint")
    except CrmkitError:  # the answers have no such column
        return None
    columns: dict[str, pd.Series] = {}
    differing, touchpoints = [], set(rows.loc[rows["value"].notna(), "touchpoint"])
    whole: Any
    several = False
    for whole in asked.itertuples(index=False):
        own = rows[(rows["metric"] == whole.metric) & rows["value"].notna()]
        unlike = unlike_the_whole(own, whole.value)
        short = say(f"voice-touchpoint-{whole.metric}")
        several |= len(own) > 1
        columns[short] = _marked(own, unlike, whole.value)
        scale = common_scale(own.itertuples(index=False))
        differing += [
            say("voice-touchpoint", touchpoint=str(row["touchpoint"]), metric=short, value=scale.words(row["value"]))
            for row in unlike.to_dict("records")
        ]
    if not several:
        return None
    frame = pd.DataFrame(columns).reindex(sorted(touchpoints, key=lambda name: (str(name).startswith("("), name)))
    return table(
        frame.fillna(EMPTY).rename_axis("touchpoint"),
        say("voice-touchpoints", n=len(differing), named=joined(differing)),
        subtitle=say("voice-touchpoints-subtitle", period=period.label),
        id="touchpoints",
    )


def _marked(own: pd.DataFrame, unlike: pd.DataFrame, whole: float) -> pd.Series:
    """Return the values of the touchpoints with their intervals, an arrow at those unlike the whole."""
    texts = {}
    row: Any
    for row in own.itertuples():
        arrow = ("\N{BLACK UP-POINTING TRIANGLE} " if row.value > whole else "\N{BLACK DOWN-POINTING TRIANGLE} ") * (
            row.Index in unlike.index
        )
        texts[row.touchpoint] = (arrow + with_interval(row, None)).replace(" ", "\N{NO-BREAK SPACE}")
    return pd.Series(texts, dtype=object)


@section("no texts")
def topic_table(catalog: Catalog, period: PeriodLike, *, max_rows: int = 12) -> Fragment | None:
    """Return what customers wrote about, with counts and quotes, new topics first; without topics the texts themselves.

    Parameters
    ----------
    max_rows : int
        Rows shown.
    """
    found = topics(catalog, period)
    if found.empty:
        return None
    quotes = ["“" + "” “".join(each) + "”" for each in found["quotes"]]
    if without := found.attrs["without"]:
        listed = pd.DataFrame(
            {
                say("voice-topics-kind"): found["source"].map(NOUNS).str.removesuffix("s").str.capitalize(),
                say("voice-topics-text"): quotes,
            }
        )
        title = say("voice-topics-none", why={TOO_FEW: "few", TOO_MIXED: "mixed"}[without])
        subtitle = say("voice-topics-none-subtitle", period=period.label)
        return table(listed, title, subtitle=subtitle, max_rows=max_rows, id="topics")
    usual, before = say("voice-topics-usual", period=period.noun), period.previous.label_beside(period)
    listed = pd.DataFrame(
        {
            say("voice-topic"): [
                say("voice-topic-new", topic=topic) if new else topic
                for topic, new in zip(found["topic"], found["is_new"], strict=True)
            ],
            say("voice-topics-in"): found["source"].map(NOUNS),
            period.label: found["n"],
            before: found["n_before"],
            usual: found["before"],
            say("voice-topics-quotes"): quotes,
        }
    )
    return table(
        listed,
        _topics_message(found, period),
        subtitle=say("voice-topics-subtitle"),
        caption=say("voice-topics-caption"),
        units=dict.fromkeys((period.label, before, usual), "count"),
        max_rows=max_rows,
        id="topics",
    )


def _topics_message(found: pd.DataFrame, period: Period) -> str:
    new = found[found["is_new"]]
    first = (new if len(new) else found).iloc[0]
    told = {"topic": first["topic"], "n": f"{first['n']:,.0f}", "of": counted(first["out_of"], NOUNS[first["source"]])}
    return say("voice-topics-new", period=period.label, **told) if len(new) else say("voice-topics-known", **told)


@section("no texts")
def sentiment_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the method and the accuracy of sentiment in each language; empty without texts."""
    as_of = last_day(catalog.data_through, period)
    check = sentiment_check(catalog, as_of)
    if check.empty:
        return None
    frame = check[["language", "n_texts"]].assign(
        language=check["language"].map(language_name),
        read=check["method"].map(method_in_words),
        right=[_accuracy_words(row) for row in check.to_dict("records")],
        kinder=[_bias_words(row) for row in check.to_dict("records")],
    )
    shares = mood_shares(catalog, period)
    return table(
        frame,
        sentiment_message(check),
        subtitle=say("voice-moods-subtitle", day=day_in_words(as_of)),
        caption=f"{shares_message(shares, period.label)} {say('voice-moods-caption')}".strip(),
        labels={
            "n_texts": say("voice-moods-texts"),
            "read": say("voice-moods-read"),
            "right": say("voice-moods-right"),
            "kinder": say("voice-moods-kinder"),
        },
        units={"n_texts": "count"},
    )


@checked
def mood_remarks(catalog: Catalog, period: PeriodLike) -> dict[str, Remark]:
    """Return, by metric, how far the moods on the tiles can be trusted: what :func:`sentiment_table` says of them.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10".

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> catalog = ck.connect({"orders": orders})
    >>> mood_remarks(catalog, ck.covered_period(catalog, "2026-10"))
    {}
    """
    check = sentiment_check(catalog, last_day(catalog.data_through, period))
    return {} if check.empty else sentiment_remarks(check)


@section("no posts")
def posting_hours(catalog: Catalog, period: PeriodLike, *, by: str = "hours") -> Fragment | None:
    """Return the engagement rate by time of day or weekday, over the year that ends with the period.

    Parameters
    ----------
    period : str, Period or pair of days
        Such as "2026-10"; posts of the year that ends with it are counted, as a month has too few.
    by : {"hours", "weekday"}
    """
    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    year = period if period.n_days >= year.n_days else year
    times = posting_times(catalog, year, by=by)
    if times.empty:
        return None
    overall = scale_for("share", times.attrs["overall"]).words(times.attrs["overall"])
    real = times[times["verdict"] == "real"]
    different = [
        say(f"voice-posts-{by}", at=str(row[by]), value=scale_for("share", row["value"]).words(row["value"]))
        for _, row in real.iterrows()
    ]
    title = say("voice-posts", kind=by, n=len(different), times=joined(different), overall=overall)
    return table(
        times.rename(columns={"n": "n_posts", "value": "engagement_rate", "expected": "by_chance"}).drop(
            columns="p_value"
        ),
        title,
        subtitle=say("voice-posts-subtitle", posts=counted(times["n"].sum(), "own posts"), year=year.label),
        caption=say("voice-posts-caption"),
        units={"n_posts": "count", "engagement_rate": "share", "by_chance": "share"},
    )


@section("no contacts")
def channel_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return on which channel customers respond, and how many respond best on each; empty without contacts."""
    as_of = last_day(catalog.data_through, period)
    people, rates = preferred_channels(catalog, as_of), channel_responses(catalog, as_of)
    if people.empty:
        return None
    kinds = {kind: say(f"voice-channel-{kind}") for kind in _KINDS}
    wide = rates.pivot(index="channel", columns="kind", values="rate").rename(columns=kinds)
    wide.columns.name = None
    choice = people[people["n_channels"] > 1]["channel"].value_counts()
    wide[say("voice-channel-best")] = choice.reindex(wide.index).fillna(0).astype(int)
    several, n = int((people["n_channels"] > 1).sum()), len(people)
    best = (
        {"channel": str(choice.index[0]), "most": f"{choice.iloc[0]:,}"} if several else {"channel": "none", "most": ""}
    )
    return table(
        wide.sort_index(),
        say("voice-channels", several=counted(several, "customers"), **best),
        subtitle=say("voice-channels-subtitle", day=day_in_words(as_of), others=counted(n - several, "customers")),
        caption=say("voice-channels-caption", contacts=PRIOR_CONTACTS),
        units={name: "share" for name in kinds.values() if name in wide} | {wide.columns[-1]: "count"},
    )


@section("no engagement score")
def engagement_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return whether the engagement score of 90 days ago predicted who would stay; empty where it cannot be judged."""
    as_of = last_day(catalog.data_through, period)
    bands = engagement_check(catalog, as_of)
    if len(bands) < 2:
        return None
    auc, low, high = bands.attrs["auc"]
    first, last = bands.iloc[0], bands.iloc[-1]
    case = "none" if not is_number(auc) else "few" if low <= 0.5 and high > _USEFUL else "tells" if low > 0.5 else "not"
    told = {
        "stayed": f"{100 * last['value']:.0f}",
        "points": str(last["band"]),
        "least": f"{100 * first['value']:.0f}",
        "lowest": str(first["band"]),
    }
    pairs = (
        {"auc": f"{100 * auc:.0f}", "low": f"{100 * low:.0f}", "high": f"{100 * high:.0f}"} if is_number(auc) else {}
    )
    pairs = {"known": "yes", **pairs} if pairs else {"known": "no", "auc": "", "low": "", "high": ""}
    scored_on = day_in_words(date.fromisoformat(bands.attrs["scored_on"]))
    return table(
        bands.rename(columns={"band": "score", "value": "still_active", "n": "n_customers"}),
        say("voice-engagement", case=case, **told),
        subtitle=say("voice-engagement-subtitle", scored=scored_on, day=day_in_words(as_of)),
        caption=say(
            "voice-engagement-caption",
            weights=", ".join(f"{name} {points}" for name, points in WEIGHTS.items()),
            **pairs,
        ),
        units={"n_customers": "count", "still_active": "share", "low": "share", "high": "share"},
    )


def _accuracy_words(row: dict) -> str:  # type: ignore[type-arg]
    if not is_number(row["accuracy"]):
        return "" if row["method"] == "none" else say("voice-moods-unknown", n=int(row["n_judged"] or 0))
    scale = scale_for("share", row["accuracy"], low=row["low"], high=row["high"])
    return f"{scale.words(row['accuracy'])} ({scale.interval(row['low'], row['high'])})"


def _bias_words(row: dict) -> str:  # type: ignore[type-arg]
    if not is_number(row["net_error"]):
        return ""
    points = round(100 * row["net_error"])
    return say(
        "voice-moods-bias", way="same" if not points else "kinder" if points > 0 else "harder", points=abs(points)
    )
