"""What customers write about: topics of comments, posts and tickets, by a dictionary that is kept from month to month.

The dictionary is learned once and then grown at the end of each month: the topics stay, take in new words, and what many
begin to write about becomes a new topic. A store keeps it, so that a topic is the same next month; without a store it is
learned from the texts up to the end of the year before and grown up to the day, which gives the same from month to month.
Texts never leave the process: the dictionary holds words that several people wrote, and topics, no text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine.evaluate import fetch
from crmkit.models.text.topics import FEWEST_TEXTS, NO_TOPIC, NewTopic, TextTopics
from crmkit.periods import Period, PeriodLike, last_day
from crmkit.predictions.runner.run_log import read_dictionaries, write_dictionaries
from crmkit.predictions.runner.store import write_lock
from crmkit.predictions.sentiment import texts_until
from crmkit.sources.quotes import masked_quote, name_words
from crmkit.sources.store.store import found_store
from crmkit.tables.arguments import checked
from crmkit.tables.caching.fingerprint import digest_of
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day
from crmkit.tables.schema import schema

NOUNS = {"comment": "comments", "post": "posts", "ticket": "tickets"}
TOO_FEW, TOO_MIXED = "too few texts", "too mixed"
_QUOTES = 3
_MOST_LISTED = FEWEST_TEXTS  # texts listed where there are no topics
_GOOD_MANY = 300  # texts to begin with, where there are so many
_MOST_LEARNED = 5_000  # latest texts that the dictionary is learned from
_KEPT = 13  # dictionaries that a store keeps
_FEWEST_WORDS = 3  # of a text on average: a column with fewer is a list of reasons and no text
_LABELLED = ["text_id", "source", "written_at", "customer_id", "language", "topic", "since", "looked_at"]
_COLUMNS = ["topic", "source", "is_new", "n", "people", "out_of", "before", "n_before", "quotes"]


@checked
def topics(catalog: Catalog, period: PeriodLike) -> pd.DataFrame:
    """Return what customers wrote about in a period: topics with counts, beside the periods before, and quotes.

    Topics are learned from the words of comments, customers' posts and tickets, in any language, and are the same from
    period to period. They are named by their own words. From 60 texts on there are topics, unless the texts are too mixed;
    without topics the texts themselves are listed. In quotes, names, addresses and numbers are hidden.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10".

    Returns
    -------
    DataFrame
        One row per topic and kind of text, the most frequent first: topic (its words; empty for a text that is listed
        because there are no topics), source ("comment", "post" or "ticket"), is_new (whether it came up in the period
        [flag]), n [texts], people [customers; texts where they are not known], out_of [texts of this kind], before (mean of
        up to twelve earlier periods [texts]), n_before (of the period just before [texts]), quotes (list of up to three).
        ``attrs["without"]`` says why there are no topics: "too few texts" or "too mixed"; empty where there are.

    Examples
    --------
    >>> import crmkit as ck
    >>> answers = pd.DataFrame({"response_id": ["1"], "survey": ["nps"], "score": [3.0], "scale_min": [0], "scale_max": [10],
    ...                         "responded_at": pd.to_datetime(["2026-10-05"]), "comment": ["Mr Byron was late"]})
    >>> found = ck.topics(ck.connect({"survey_responses": answers}), "2026-10")
    >>> found["quotes"].tolist(), found.attrs["without"]
    ([['Mr *** was late']], 'too few texts')
    """
    as_of = last_day(catalog.data_through, period)
    labelled = labelled_texts(catalog, period)
    inside = _of_period(labelled, period)
    if labelled["topic"].eq("").all():
        found = _listed(catalog, inside, as_of)
        found.attrs["without"] = TOO_FEW if len(labelled) < FEWEST_TEXTS else TOO_MIXED
        return found
    rows = []
    for (source, topic), own in inside[inside["topic"] != ""].groupby(["source", "topic"], sort=False):
        counts = _counts_before(labelled, str(source), str(topic), period)
        is_new = own["since"].iloc[0] != "" and pd.Timestamp(own["since"].iloc[0]).date() > period.start
        out_of = float((inside["source"] == source).sum())
        rows.append([topic, source, is_new, float(len(own)), people(own), out_of, *counts, own["text_id"].tolist()])
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    said = _texts(catalog, as_of).set_index(["source", "text_id"])["text"].to_dict()
    hidden = known_names(catalog)
    frame["quotes"] = [
        _quotes([said[source, each] for each in ids], hidden)
        for source, ids in zip(frame["source"], frame["quotes"], strict=True)
    ]
    frame = frame.sort_values(
        ["is_new", "n", "topic"], ascending=[False, False, True], kind="stable", ignore_index=True
    )
    frame.attrs["without"] = ""
    return frame


def labelled_texts(catalog: Catalog, period: Period) -> pd.DataFrame:
    """Return the topic of every text up to the end of a period, without the texts.

    Returns
    -------
    DataFrame
        One row per text: text_id, source, written_at, customer_id, language, topic (empty for none), since (day at whose
        end the topic came up; empty for one that was there from the start), looked_at (words that were looked at when it
        was found [count]).
    """
    as_of = last_day(catalog.data_through, period)
    return memoize(catalog, _labelled, as_of, _kept_digest(catalog, as_of), whole=True)


def people(texts: pd.DataFrame) -> float:
    """Return how many people wrote some texts; a text whose writer is not known counts as one."""
    return float(texts["customer_id"].nunique() + texts["customer_id"].isna().sum())


def known_names(catalog: Catalog) -> frozenset[str]:
    """Return the words of the names and addresses of the firm's customers, to hide them in quotes.

    They are read for this alone: the catalog of a page has no personal data.
    """
    columns = ["name", "address"]
    if "customer_identities" in catalog.names:
        table = catalog.whole.table("customer_identities")
        found = fetch(table.select(*(name for name in columns if name in table.columns)))
    else:
        store = None if catalog.cache is None else found_store(catalog.settings.path("store"))
        file = store and store / "personal" / "customer_identities.parquet"
        if not file or not file.is_file():
            return frozenset()
        found = pd.read_parquet(file)
    return name_words(each for name in columns if name in found for each in found[name].dropna())


def keep_topics(catalog: Catalog, store: Path, as_of: date) -> None:
    """Keep the dictionary of a day in the store, if there are texts enough and none is kept for that day."""
    kept = read_dictionaries(store)
    if any(each["day"] == as_of.isoformat() for each in kept):
        return
    texts = _texts(catalog.whole, as_of)
    if len(texts) < FEWEST_TEXTS:
        return
    found = {"day": as_of.isoformat()} | dictionary(texts, as_of, _latest(kept, as_of)).to_json()
    with write_lock(store):
        every = sorted([*read_dictionaries(store), found], key=lambda each: str(each["day"]))
        write_dictionaries(store, every[-_KEPT:])


def dictionary(texts: pd.DataFrame, as_of: date, kept: dict[str, Any] | None = None) -> TextTopics:
    """Return the topics as of a day, grown from those that are kept, else from those of the end of the year before.

    Parameters
    ----------
    texts : DataFrame
        Every text up to that day, as :func:`crmkit.predictions.sentiment.texts_until` returns them.
    as_of : date
    kept : mapping, optional
        A dictionary of an earlier day, as :meth:`TextTopics.to_json` returns it, and its day.
    """
    written = pd.to_datetime(texts["written_at"]).dt.date.to_numpy()
    if kept is None:
        grown_on = _first_day(written, as_of)
        found = TextTopics().fit(_latest_texts(texts, written, grown_on)["text"].tolist())
    else:
        grown_on, found = date.fromisoformat(kept["day"]), TextTopics.from_json(kept)
    if not found.names_ and grown_on < as_of:  # too mixed then: with more texts there may be topics
        grown_on, found = as_of, TextTopics().fit(_latest_texts(texts, written, as_of)["text"].tolist())
    for month_end in _month_ends(grown_on, as_of):
        so_far = _latest_texts(texts, written, month_end)
        recent = (pd.to_datetime(so_far["written_at"]).dt.date > grown_on).to_numpy()
        if recent.any():
            found = found.grown(so_far["text"].tolist(), recent, month_end.isoformat())
        grown_on = month_end
    return found


def _labelled(catalog: Catalog, as_of: date, digest: str) -> pd.DataFrame:
    texts = _texts(catalog, as_of)
    names, new = [""], {}
    labels = np.zeros(len(texts), dtype=int)
    if len(texts) >= FEWEST_TEXTS:
        found = dictionary(texts, as_of, _kept(catalog, as_of))
        labels = found.predict(texts["text"].tolist()) - NO_TOPIC
        names = ["", *found.names_]
        new = dict(zip(found.names_[len(found.names_) - len(found.new_) :], found.new_, strict=True))
    named = texts.assign(topic=[names[label] for label in labels])
    none = NewTopic("", (), "", 0)
    named["since"] = [new.get(topic, none).since for topic in named["topic"]]
    named["looked_at"] = [float(new.get(topic, none).looked_at) for topic in named["topic"]]
    return named[_LABELLED]


def _texts(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return comments, customers' posts and tickets up to a day, in order of time."""
    parts = [texts_until(catalog, as_of), _tickets(catalog, as_of)]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return rows.sort_values(["written_at", "source", "text_id"], kind="stable", ignore_index=True)


def _tickets(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return what tickets say in columns of text that the export has, such as their subject."""
    try:
        tickets = catalog.table("tickets")
    except NotMeasured:
        return pd.DataFrame()
    own = [name for name in schema("tickets").own_columns(tickets.columns) if tickets[name].type().is_string()]
    if not own:
        return pd.DataFrame()
    rows = tickets.filter(day(tickets.opened_at) <= constant_day(as_of))
    found = fetch(rows.select(*own, "customer_id", text_id="ticket_id", written_at="opened_at"))
    written = [name for name in own if found[name].dropna().str.split().str.len().mean() >= _FEWEST_WORDS]
    if not written:
        return pd.DataFrame()
    found["text"] = found[written].fillna("").agg(" ".join, axis=1).str.strip()
    kept = found[found["text"] != ""]
    return kept.assign(source="ticket", language="not given", mood=np.nan).drop(columns=own)


def _listed(catalog: Catalog, inside: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the texts of a period one by one, the latest first, for want of topics."""
    latest = inside.sort_values(["written_at", "text_id"], ascending=False, kind="stable").head(_MOST_LISTED)
    said = _texts(catalog, as_of).set_index(["source", "text_id"])["text"].to_dict() if len(latest) else {}
    hidden = known_names(catalog)
    nan = float("nan")
    rows = []
    for source, each in zip(latest["source"], latest["text_id"], strict=True):
        out_of = float((inside["source"] == source).sum())
        rows.append(["", source, False, 1.0, 1.0, out_of, nan, nan, [masked_quote(said[source, each], hidden)]])
    return pd.DataFrame(rows, columns=_COLUMNS)


def _counts_before(labelled: pd.DataFrame, source: str, topic: str, period: Period) -> tuple[float, float]:
    """Return how many texts of a topic there were in a mean earlier period of up to twelve, and in the one just before."""
    own = labelled[(labelled["source"] == source)]
    counts = []
    for steps in range(1, 13):
        earlier = _of_period(own, period.shift(-steps))
        if earlier.empty:
            break
        counts.append(float((earlier["topic"] == topic).sum()))
    return (float(np.mean(counts)), counts[0]) if counts else (0.0, 0.0)


def _of_period(texts: pd.DataFrame, period: Period) -> pd.DataFrame:
    written = pd.to_datetime(texts["written_at"])
    return texts[(written >= pd.Timestamp(period.start)) & (written < pd.Timestamp(period.end))]


def _quotes(texts: Sequence[str], hidden: frozenset[str]) -> list[str]:
    """Return up to three different texts of a topic: those that most people wrote, then the latest."""
    counts = pd.Series([masked_quote(text, hidden) for text in texts]).value_counts(sort=False)
    latest = {text: place for place, text in enumerate(counts.index)}
    order = sorted(counts.index, key=lambda text: (-counts[text], -latest[text]))
    return order[:_QUOTES]


def _first_day(written: np.ndarray, as_of: date) -> date:
    """Return the day to learn topics from: the last of the year before, else the first end of a month with enough texts.

    Where there are many by the day itself, few are not enough to begin with.
    """
    new_year = date(as_of.year - 1, 12, 31)
    enough = _GOOD_MANY if len(written) >= _GOOD_MANY else FEWEST_TEXTS
    if (written <= new_year).sum() >= enough:
        return new_year
    return min(_month_end(sorted(written)[enough - 1]), as_of)


def _month_ends(after: date, until: date) -> list[date]:
    """Return the ends of months after a day, and the last day itself."""
    ends = []
    following = _month_end(after + timedelta(days=1))
    while following < until:
        ends.append(following)
        following = _month_end(following + timedelta(days=1))
    return [*ends, until] if after < until else ends


def _month_end(on: date) -> date:
    return Period.containing(on).end - timedelta(days=1)


def _latest_texts(texts: pd.DataFrame, written: np.ndarray, until: date) -> pd.DataFrame:
    return texts[written <= until].tail(_MOST_LEARNED)


def _kept(catalog: Catalog, as_of: date) -> dict[str, Any] | None:
    if catalog.cache is None and catalog.settings.database is None:  # frames have no store of their own
        return None
    return _latest(read_dictionaries(catalog.settings.path("store")), as_of)


def _latest(kept: Sequence[dict[str, Any]], as_of: date) -> dict[str, Any] | None:
    usable = [each for each in kept if each["day"] <= as_of.isoformat()]
    return usable[-1] if usable else None


def _kept_digest(catalog: Catalog, as_of: date) -> str:
    kept = _kept(catalog, as_of)
    return digest_of(json.dumps(kept, sort_keys=True)) if kept else ""
