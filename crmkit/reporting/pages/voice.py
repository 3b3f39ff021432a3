"""The sections on what customers say and how they take part: call-backs, sentiment, posts, channels, engagement."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from crmkit.insights.follow_up import OVERDUE_DAYS, follow_up_list
from crmkit.insights.sentiment import (
    METHODS,
    Remark,
    language_name,
    sentiment_message,
    sentiment_remarks,
    shares_message,
)
from crmkit.metrics.analyses.contact import PRIOR_CONTACTS, channel_responses, posting_times, preferred_channels
from crmkit.metrics.analyses.engagement_score import WEIGHTS, engagement_check
from crmkit.metrics.formatting import counted, is_number, joined, scale_for
from crmkit.periods import Period, PeriodLike, day_in_words, last_day
from crmkit.predictions.sentiment import mood_shares, sentiment_check
from crmkit.predictions.topics import NOUNS, TOO_FEW, TOO_MIXED, topics
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.front import FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

_NAMES = {"hours": ("time of day", "from {} o'clock"), "weekday": ("weekday", "on {}s")}
_USEFUL = 0.65  # area under the curve: an interval that reaches it does not rule out that the score is of use
_LABELS = {"customer_id": "Customer", "turnover_12_months": "Turnover, 12 months", "last_on": "Last"}
_WORTH = "Worth: expected from now on."
_PAID = "By turnover of 12 months: what each is worth from now on was not predicted."
_KINDS = {"survey": "Surveys answered", "mailing": "Messages clicked"}


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
    people = follow_up_list(catalog, period, comments=comments)
    if people.empty:
        return None
    worth = "worth" in people
    if people["customer_id"].isna().all():
        return _answers_alone(people, period, max_rows)
    what = "customer is" if len(people) == 1 else "customers are"
    money = next((people[name] for name in ("worth", "turnover_12_months") if name in people), None)
    stake = None if money is None else float(money.sum())
    people = people.assign(customer_id=shown_ids(people["customer_id"], catalog.settings))
    if worth:
        people = people.drop(columns=["turnover_12_months"], errors="ignore")  # it is in the list beside the report
    shown = table(
        people,
        f"{len(people):,} {what} waiting to be called back",
        subtitle=f"Low answers and tickets open for more than {OVERDUE_DAYS} days; the most valuable first.",
        caption=_WORTH if worth else _PAID,
        units={name: "money" for name in ("worth", "turnover_12_months") if name in people},
        labels={name: label for name, label in _LABELS.items() if name in people},
        settings=catalog.settings,
        max_rows=max_rows,
        id="call-back",
    )
    why = " with a low answer or a ticket left open" + (", the most valuable first." if len(people) > 1 else ".")
    return with_front_lines(
        shown,
        [FrontLine("to do", f"Call back {counted(len(people), 'customers')}", why, anchor="call-back", stake=stake)],
    )


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
    return export(people, "follow_up", "Everybody to call back")


def _answers_alone(answers: pd.DataFrame, period: Period, max_rows: int) -> Fragment:
    """Return the low answers of a firm that does not record who gave them: by their number somebody may still know."""
    many = len(answers) > 1
    shown = table(
        answers.drop(columns=["customer_id", "worth", "turnover_12_months"], errors="ignore"),
        f"{counted(len(answers), 'low answers')} of {period.label} {'wait' if many else 'waits'} for a reply",
        subtitle="Who gave them is not recorded here; the survey tool knows it by the number of the answer.",
        labels={"response_id": "Answer", "last_on": "Given on"},
        max_rows=max_rows,
        id="call-back",
    )
    line = FrontLine(
        "to do", f"Reply to {counted(len(answers), 'low answers')}", " of this period.", anchor="call-back"
    )
    return with_front_lines(shown, [line])


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
        what = {TOO_FEW: "Too few texts for topics", TOO_MIXED: "The texts are too mixed for topics"}[without]
        listed = pd.DataFrame(
            {"Kind": found["source"].map(NOUNS).str.removesuffix("s").str.capitalize(), "Text": quotes}
        )
        subtitle = f"Texts of {period.label}, the latest first; names, addresses and numbers are hidden."
        return table(listed, f"{what}: they are listed one by one", subtitle=subtitle, max_rows=max_rows, id="topics")
    usual, before = f"A {period.noun} on average before", period.previous.label_beside(period)
    listed = pd.DataFrame(
        {
            "Topic": [
                f"{topic} (new)" if new else topic for topic, new in zip(found["topic"], found["is_new"], strict=True)
            ],
            "In": found["source"].map(NOUNS),
            period.label: found["n"],
            before: found["n_before"],
            usual: found["before"],
            "In their words": quotes,
        }
    )
    return table(
        listed,
        _topics_message(found, period),
        subtitle="Texts by the words they share; a topic is named by its own words and stays the same from month to month.",
        caption="Names, addresses and numbers in quotes are hidden. A topic tells what a text is about, not whether it is kind.",
        units=dict.fromkeys((period.label, before, usual), "count"),
        max_rows=max_rows,
        id="topics",
    )


def _topics_message(found: pd.DataFrame, period: Period) -> str:
    new = found[found["is_new"]]
    first = (new if len(new) else found).iloc[0]
    counts = f"{first['n']:,.0f} of {counted(first['out_of'], NOUNS[first['source']])}"
    if len(new):
        return f'New in {period.label}: "{first["topic"]}", in {counts}'
    return f'No new topic; most is written about "{first["topic"]}", in {counts}'


@section("no texts")
def sentiment_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the method and the accuracy of sentiment in each language; empty without texts."""
    as_of = last_day(catalog.data_through, period)
    check = sentiment_check(catalog, as_of)
    if check.empty:
        return None
    frame = check[["language", "n_texts"]].assign(
        language=check["language"].map(language_name),
        read=check["method"].map(METHODS),
        right=[_accuracy_words(row) for row in check.to_dict("records")],
        kinder=[_bias_words(row) for row in check.to_dict("records")],
    )
    shares = mood_shares(catalog, period)
    return table(
        frame,
        sentiment_message(check),
        subtitle=f"Comments and customers' posts up to {day_in_words(as_of)} by language; right: the mood told is that of the "
        "stars, judged at the latest quarter of the comments, whose words were not learned from, with 95 % interval.",
        caption=f"{shares_message(shares, period.label)} Moods are for a tendency over many texts: of a single comment read "
        "the words. Posts have no stars, so how well they are read is not known.".strip(),
        labels={"n_texts": "Texts", "read": "How they are read", "right": "Right", "kinder": "Net sentiment reads"},
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
    name, at = _NAMES[by]
    overall = scale_for("share", times.attrs["overall"]).words(times.attrs["overall"])
    real = times[times["verdict"] == "real"]
    different = [
        f"{at.format(row[by])} ({scale_for('share', row['value']).words(row['value'])})" for _, row in real.iterrows()
    ]
    title = f"No {name} brings more or less than the {overall} of all posts by more than chance"
    if different:
        title = f"Posts {joined(different)} differ from the {overall} of all by more than chance"
    return table(
        times.rename(columns={"n": "n_posts", "value": "engagement_rate", "expected": "by_chance"}).drop(
            columns="p_value"
        ),
        title,
        subtitle=f"Interactions for each time a post was shown, {counted(times['n'].sum(), 'own posts')}, {year.label}. By "
        "chance: what the same times would bring if they did not matter, on the networks they were used for.",
        caption="Times with fewer than five posts are not shown. What was posted when was not drawn by chance.",
        units={"n_posts": "count", "engagement_rate": "share", "by_chance": "share"},
    )


@section("no contacts")
def channel_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return on which channel customers respond, and how many respond best on each; empty without contacts."""
    as_of = last_day(catalog.data_through, period)
    people, rates = preferred_channels(catalog, as_of), channel_responses(catalog, as_of)
    if people.empty:
        return None
    wide = rates.pivot(index="channel", columns="kind", values="rate").rename(columns=_KINDS)
    wide.columns.name = None
    choice = people[people["n_channels"] > 1]["channel"].value_counts()
    wide["Customers who respond best here"] = choice.reindex(wide.index).fillna(0).astype(int)
    several, n = int((people["n_channels"] > 1).sum()), len(people)
    best = f"{choice.index[0]} works best for {choice.iloc[0]:,}" if several else "nobody was tried on two"
    title = f"Of {counted(several, 'customers')} reached on more than one channel, {best}"
    return table(
        wide.sort_index(),
        title,
        subtitle=f"Shares of all contacts up to {day_in_words(as_of)}; {counted(n - several, 'customers')} "
        "were reached on one channel only, which says nothing about what they prefer.",
        caption=f"A customer's own rate is drawn towards that of all customers, which counts as {PRIOR_CONTACTS} contacts. Who "
        "was asked by telephone was not chosen by chance: a difference between channels is partly one between customers.",
        units={name: "share" for name in _KINDS.values() if name in wide} | {wide.columns[-1]: "count"},
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
    stayed = f"{100 * last['value']:.0f} % of the customers at {last['band']} points stayed, "
    stayed += f"{100 * first['value']:.0f} % at {first['band']}"
    scored_on = day_in_words(date.fromisoformat(bands.attrs["scored_on"]))
    if not is_number(auc):
        title = "Nobody left, or nobody stayed: the engagement score cannot be judged"
    elif low <= 0.5 and high > _USEFUL:
        title = "Whether the engagement score tells who stays cannot be said yet: too few customers left"
    elif low > 0.5:
        title = f"The engagement score tells who stays: {stayed}"
    else:
        title = "The engagement score does not tell who stays: do not act on it"
    of = (
        f"{100 * auc:.0f} % of pairs ({100 * low:.0f} to {100 * high:.0f} %; 50 % is guessing)"
        if is_number(auc)
        else "no pair"
    )
    weights = ", ".join(f"{name} {points}" for name, points in WEIGHTS.items())
    return table(
        bands.rename(columns={"band": "score", "value": "still_active", "n": "n_customers"}),
        title,
        subtitle=f"Active customers on {scored_on} by their score then, and the share still active on "
        f"{day_in_words(as_of)}, with 95 % interval.",
        caption=f"Of 100 points: {weights}. Of a customer who stayed and one who left, the score puts the right "
        f"one first in {of}.",
        units={"n_customers": "count", "still_active": "share", "low": "share", "high": "share"},
    )


def _accuracy_words(row: dict) -> str:  # type: ignore[type-arg]
    if not is_number(row["accuracy"]):
        return "" if row["method"] == "none" else f"not known: {row['n_judged'] or 'none'} to judge by"
    scale = scale_for("share", row["accuracy"], low=row["low"], high=row["high"])
    return f"{scale.words(row['accuracy'])} ({scale.interval(row['low'], row['high'])})"


def _bias_words(row: dict) -> str:  # type: ignore[type-arg]
    if not is_number(row["net_error"]):
        return ""
    points = round(100 * row["net_error"])
    return "as it is" if points == 0 else f"{abs(points)} points {'kinder' if points > 0 else 'less kind'} than it is"
