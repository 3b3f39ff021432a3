"""The mood of every comment and post: its stars, else read off its words where that was shown to work, else missing.

Words are read by what the firm's own answers with stars teach, in English also by a lexicon. Either is used in a language
only if it agrees with stars more often than naming the same mood each time: on texts that it has not seen, and on the latest
ones. Texts never leave the process: only their moods are stored.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.engine import intervals
from crmkit.metrics.engine.evaluate import fetch
from crmkit.models.text.sentiment import corrected_shares, learned_sentiment, lexicon_sentiment, moods_out_of_fold
from crmkit.periods import DayLike, Period, PeriodLike, last_day
from crmkit.predictions.runner.registry import prediction
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import constant_day, day

ALL = "all languages"
COLUMNS = ["text_id", "source", "written_at", "text", "language", "customer_id", "mood"]
#: Thousandths of the scale from which an answer is good, and below which it is bad; see :mod:`crmkit.metrics.cards.voice`.
GOOD, BAD = 745, 495
_UNKNOWN = "not given"
_ENOUGH = {-1: 40, 1: 40}  # texts of each mood from which on moods are learned
_OF_A_LANGUAGE = 60  # texts with stars in a language from which on the learned method is used for it
_MOST, _MOST_JUDGED = 20_000, 3_000  # latest texts learned from, and judged out of fold
_TESTED = ["language", "method", "mood", "read"]
_FEWEST_OF_A_MOOD = 3  # texts, one for each fold
_FOLDS, _TIME = "out of fold", "out of time"
MOODS = ("unkind", "neither", "kind", "net")
_TRAINED, _FEWEST_JUDGED = (
    0.75,
    30,
)  # share of the texts, the earliest, that is learned from; and texts from which on a method is judged


@prediction(table="text_sentiments", model="sentiment")
def text_sentiments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the mood of each text: text_id, source, written_at, customer_id, language, mood (-1, 0, 1), method."""
    texts = texts_until(catalog, as_of)
    if texts.empty:
        raise NotMeasured("survey_responses.comment or social_posts.text")
    starred = texts["mood"].notna().to_numpy()
    methods = np.where(starred, "stars", _validated(texts, _judged(catalog, as_of)))
    if (methods == "none").all():
        raise NotMeasured("more comments with stars: nothing could be learned in the languages of these texts")
    read = np.where(starred, "none", methods)
    moods = texts.assign(mood=np.where(starred, texts["mood"], _moods(texts, texts, read)), method=methods)
    return moods.loc[moods["method"] != "none"].drop(columns="text")


@checked
def sentiment_check(catalog: Catalog, as_of: DayLike) -> pd.DataFrame:
    """Return how often moods agree with the stars, out of time: learned from the earlier comments, judged at later ones.

    A comment whose text was also learned from is not judged, since its mood is known.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".

    Returns
    -------
    DataFrame
        One row per language, the most frequent first, before them one for all where there are several: language, n_texts,
        method ("learned", "lexicon", "none"; "each" for all), n_judged [texts], accuracy, low, high, always (accuracy of the most
        frequent mood) [share], net_error (share good less share bad, of moods less of
        stars) [share]. Empty without texts.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> sentiment_check(ck.connect({"orders": orders}), date(2026, 10, 31)).empty
    True
    """
    return memoize(catalog, _accuracy, as_of, whole=True)


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


@checked
def mood_shares(catalog: Catalog, period: PeriodLike) -> pd.DataFrame:
    """Return the shares of kind and unkind texts in a period, corrected for errors of reading, with intervals.

    Comments with stars need no correction. Of texts without stars, moods are read off words; how often each mood is taken
    for another is known from texts with stars, and the shares allow for it, also where the mix of moods has changed.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10".

    Returns
    -------
    DataFrame
        One row per source ("comment", "post") and mood ("unkind", "neither", "kind", "net", which is kind less unkind):
        source, mood, share, low, high [share], n [texts], uncorrected [share]. Only texts without stars in languages that can
        be read are counted; empty without any.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> mood_shares(ck.connect({"orders": orders}), "2026-10").empty
    True
    """
    return memoize(catalog, _shares, period, whole=False)


def _shares(catalog: Catalog, period: Period) -> pd.DataFrame:
    columns = ["source", "mood", "share", "low", "high", "n", "uncorrected"]
    as_of = last_day(catalog.data_through, period)
    texts, every = texts_until(catalog, as_of), texts_until(catalog.whole, as_of)
    if texts.empty:
        return pd.DataFrame(columns=columns)
    tested = _judged(catalog.whole, as_of)
    methods = pd.Series(_validated(every, tested), index=every["text_id"] + every["source"])
    methods = methods[~methods.index.duplicated()]
    inside = (texts["written_at"] >= pd.Timestamp(period.start)) & (texts["written_at"] < pd.Timestamp(period.end))
    asked = texts[inside & texts["mood"].isna()]
    of_each = methods.reindex(asked["text_id"] + asked["source"]).fillna("none").to_numpy()
    read = _moods(every, asked, of_each)
    judged = tested[tested["how"] == _FOLDS]
    rows = []
    for source in sorted(set(asked["source"])):
        own = (asked["source"] == source).to_numpy() & (of_each != "none")
        if not own.any():
            continue
        said = read[own].astype(np.int64)
        found = corrected_shares(said, judged["read"].to_numpy(np.int64), judged["mood"].to_numpy(np.int64))
        plain = [(said == mood).mean() for mood in (-1, 0, 1)]
        for name, values, before in zip(MOODS, found, [*plain, plain[2] - plain[0]], strict=True):
            rows.append([source, name, *values, float(own.sum()), float(before)])
    return pd.DataFrame(rows, columns=columns)


def _judged(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return how texts with stars were judged, language, method, mood by the stars, and mood as read from words not seen."""
    return memoize(catalog, _judgements, as_of, reads_predictions=False)


def _judgements(catalog: Catalog, as_of: date) -> pd.DataFrame:
    texts = texts_until(catalog, as_of)
    return pd.concat([_out_of_fold(texts).assign(how=_FOLDS), _out_of_time(texts).assign(how=_TIME)], ignore_index=True)


def _validated(texts: pd.DataFrame, tested: pd.DataFrame) -> np.ndarray:
    """Return the method of each text, "none" in languages where it was not shown to beat naming the same mood each time.

    It is judged on texts with stars that it has not seen, and on the latest ones; languages with few are judged together.
    """
    methods = _methods(texts)
    judged, later = (tested[tested["how"] == how] for how in (_FOLDS, _TIME))
    kept = methods.copy()
    for language in set(texts.loc[methods != "none", "language"]):
        checks = []
        method = methods[(texts["language"] == language).to_numpy()][0]
        for result in (judged, later):
            own = result[result["language"] == language]
            checks.append(own if len(own) >= _FEWEST_JUDGED else result[result["method"] == method])
        is_shown = len(checks[0]) >= _FEWEST_JUDGED and _beats_guessing(checks[0])
        is_denied = len(checks[1]) >= _FEWEST_JUDGED and not _beats_guessing(checks[1])
        if not is_shown or is_denied:
            kept[(texts["language"] == language).to_numpy()] = "none"
    return kept


def _out_of_fold(texts: pd.DataFrame) -> pd.DataFrame:
    """Return language, method, mood by the stars and mood as read, of texts with stars that the classifier had not seen."""
    methods = pd.Series(_methods(texts), index=texts.index)
    starred = texts[texts["mood"].notna() & (methods != "none")].drop_duplicates("text", keep="last").tail(_MOST_JUDGED)
    own = methods[starred.index]
    learned, listed = starred[own == "learned"], starred[own == "lexicon"]
    parts = [listed.assign(read=lexicon_sentiment(listed["text"]), method="lexicon")]
    if learned["mood"].value_counts().min() >= _FEWEST_OF_A_MOOD and learned["mood"].nunique() > 1:
        read = moods_out_of_fold(learned["text"].tolist(), learned["mood"].to_numpy(int))
        parts.append(learned.assign(read=read, method="learned"))
    return pd.concat(parts)[_TESTED].astype({"read": float})


def _out_of_time(texts: pd.DataFrame) -> pd.DataFrame:
    """Return language, method, and mood by the stars and as read of the latest texts with stars; the earlier ones teach."""
    of_each = pd.Series(_methods(texts), index=texts.index)
    starred = texts[texts["mood"].notna()]
    earlier, later = starred.iloc[: int(len(starred) * _TRAINED)], starred.iloc[int(len(starred) * _TRAINED) :]
    later = later[~later["text"].isin(set(earlier["text"]))]
    judged = later[of_each[later.index] != "none"]
    read = _moods(earlier, judged, of_each[judged.index].to_numpy())
    return judged.assign(read=read, method=of_each[judged.index]).loc[~np.isnan(read), _TESTED]


def _beats_guessing(judged: pd.DataFrame) -> bool:
    _, low, _, always, _ = _agreement(judged["read"], judged["mood"])
    return low > always


def _accuracy(catalog: Catalog, as_of: date) -> pd.DataFrame:
    columns = ["language", "n_texts", "method", "n_judged", "accuracy", "low", "high", "always", "net_error"]
    texts = texts_until(catalog, as_of)
    if texts.empty:
        return pd.DataFrame(columns=columns)
    tested = _judged(catalog, as_of)
    methods = pd.Series(_validated(texts, tested), index=texts.index)
    judged = tested[tested["how"] == _TIME]
    rows = []
    for language, n_texts in texts["language"].value_counts().items():
        own = judged[judged["language"] == language]
        method = methods[texts["language"] == language].iloc[0]
        rows.append([language, n_texts, method, len(own), *_agreement(own["read"], own["mood"])])
    if len(rows) > 1:  # each language may have too few to be judged, and all together enough
        rows.insert(0, [ALL, len(texts), "each", len(judged), *_agreement(judged["read"], judged["mood"])])
    return pd.DataFrame(rows, columns=columns)


def _methods(texts: pd.DataFrame) -> np.ndarray:
    """Return the method for each text, one per language."""
    starred = texts[texts["mood"].notna()]
    can_learn = all((starred["mood"] == mood).sum() >= n for mood, n in _ENOUGH.items())
    known = starred["language"].value_counts()
    learned = set(known[known >= _OF_A_LANGUAGE].index) if can_learn else set()
    return np.select(
        [texts["language"].isin(learned), texts["language"].str[:2] == "en"], ["learned", "lexicon"], "none"
    )


def _moods(learn_from: pd.DataFrame, texts: pd.DataFrame, methods: np.ndarray) -> np.ndarray:
    moods = np.full(len(texts), np.nan)
    words = texts["text"].to_numpy()
    if (by := methods == "lexicon").any():
        moods[by] = lexicon_sentiment(words[by])
    starred = learn_from[learn_from["mood"].notna()].tail(_MOST)
    if (by := methods == "learned").any() and starred["mood"].nunique() > 1:
        model = learned_sentiment(starred["text"].to_numpy(), starred["mood"].to_numpy(int))
        moods[by] = model.predict(words[by])
    return moods


def _agreement(moods: pd.Series, starred: pd.Series) -> list[float]:
    n = len(starred)
    if n < _FEWEST_JUDGED:
        return [np.nan] * 5
    hits, size = np.array([float((moods == starred).sum())]), np.array([float(n)])
    value, low, high = intervals.share(hits, size, hits, hits, size, size)
    always = starred.value_counts(normalize=True).iloc[0]
    return [float(value[0]), float(low[0]), float(high[0]), float(always), float(moods.mean() - starred.mean())]


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
