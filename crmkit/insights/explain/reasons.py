"""Reasons that rose: what was named more often in a period than the run of earlier ones explains.

All reasons of all lists are judged together. What the others of a list rose by, and what the same period a year before rose
by, is no news.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betainc

from crmkit.errors import NotMeasured
from crmkit.metrics.analyses.reason_counts import reason_counts, reason_sources
from crmkit.metrics.engine.chance import holm
from crmkit.metrics.engine.intervals import Array
from crmkit.metrics.engine.verdict import SIGNIFICANCE
from crmkit.metrics.formatting import counted
from crmkit.periods import Period, PeriodLike
from crmkit.predictions.topics import NOUNS, labelled_texts
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_RUN = 12  # earlier periods that a count is compared with
_SHORTEST_RUN = 3
_FEWEST = 5  # people: fewer are no reason to speak of
_PRIOR_SPREAD = 6.0  # changes: a reason's own scatter counts as much as the scatter of all with so many
_PRIOR_OTHERS = 10.0  # people: with fewer, the growth of the other reasons is hardly known
_SEASON = 0.5  # spread of seasonal factors, of their logarithm: a year before with few cases says little
SMALL = "(others)"
TOPIC = "topic of the text"
_JOINED = {"topic": "about", TOPIC: "saying", "cancel_reason": "for", "touchpoint": "about", "channel": "by"}
_TEXTS = {"comment": "survey_responses", "post": "social_posts", "ticket": "tickets"}
_COUNTS = ["n", "people", "expected", "before", "n_before", "year_before", "out_of"]
COLUMNS = ["source", "what", "reason", *_COUNTS, "p_value", "rose"]


@checked
def reasons_that_rose(catalog: Catalog, period: PeriodLike) -> pd.DataFrame:
    """Compare how often each reason was named in a period with the run of up to twelve earlier ones.

    Reasons are the topics and channels of tickets, the reasons of cancellations, those of lost deals and of refunds where
    an export has them, the touchpoints of dissatisfied answers, own columns of these tables, and what comments, posts and
    tickets are about by their own words (:func:`crmkit.topics`). A reason rose if more
    people named it than the earlier periods let expect: more by far than they scatter, more than the other reasons of the
    same list rose by, and more than a rise of the same season a year before explains. P-values are adjusted for all
    reasons that were looked at.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10"; one that is still running is compared with as many days of the others.

    Returns
    -------
    DataFrame
        One row per reason, those that rose first: source ("tickets.topic"), what ("tickets"), reason, n [rows], people
        [customers], expected [people, as the earlier periods have it], before (mean of the earlier periods, of as many
        days [rows]), n_before (of the period just before [rows]), year_before (of the same period a year before [rows]; NaN
        if not known), out_of [answers; NaN where only time counts], p_value (adjusted; NaN if not judged), rose [flag].
        Reasons with fewer rows than the smallest group are one row "(others)". Empty without any list of reasons, or
        if fewer than three earlier periods have one.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> import crmkit as ck
    >>> months = pd.date_range("2026-01-01", periods=9, freq="MS")
    >>> opened = [*months, *months, *[pd.Timestamp("2026-10-10")] * 14]
    >>> tickets = pd.DataFrame({"ticket_id": range(32), "customer_id": range(32), "opened_at": opened,
    ...                         "topic": ["delivery"] * 9 + ["quality"] * 9 + ["quality"] * 13 + ["delivery"]})
    >>> catalog = ck.connect({"tickets": tickets.astype({"ticket_id": str, "customer_id": str})},
    ...                      ck.Settings(company={"smallest_group": 1}))
    >>> ck.reasons_that_rose(catalog, "2026-10")[["reason", "n", "before", "rose"]].to_dict("records")[0]
    {'reason': 'quality', 'n': 13.0, 'before': 1.0, 'rose': True}
    """
    return memoize(catalog, _judged, period)


def rise_in_words(row: object, period: Period) -> str:
    """Return one reason that rose as a sentence, with the counts before and after.

    Parameters
    ----------
    row : row of :func:`reasons_that_rose`
        As from ``itertuples()``.
    period : Period

    Examples
    --------
    >>> row = pd.Series({"source": "tickets.topic", "what": "tickets", "reason": "quality", "n": 151.0, "people": 149.0,
    ...                  "before": 30.4, "n_before": 30.0, "out_of": float("nan")})
    >>> rise_in_words(row, Period.parse("2026-10"))
    'Tickets about "quality" rose: 151 in October 2026, after 30 in September and 30 a month on average before.'
    """
    r: pd.Series = row  # type: ignore[assignment]
    column = r.source.partition(".")[2]
    whole = r.what if column == TOPIC else "answers"
    return say(
        "explain-rose",
        what=named_reason(row),
        now=f"{r.n:,.0f}",
        share="known" if r.out_of == r.out_of else "none",
        out_of=counted(r.out_of, whole) if r.out_of == r.out_of else "",
        period=period.label,
        earlier="some" if r.before or r.n_before else "none",
        last=f"{r.n_before:,.0f}" if r.n_before else say("explain-none"),
        previous=period.previous.label_beside(period),
        usual=usual_count(r.before),
        noun=period.noun,
    )


def named_reason(row: object) -> str:
    """Return what was named more often, such as 'Tickets about "quality"'.

    Examples
    --------
    >>> named_reason(pd.Series({"source": "tickets.topic", "what": "tickets", "reason": "quality"}))
    'Tickets about "quality"'
    """
    r: pd.Series = row  # type: ignore[assignment]
    column = r.source.partition(".")[2]
    how = _JOINED.get(column, "other")
    return say("explain-reason", what=r.what.capitalize(), how=how, column=column.replace("_", " "), reason=r.reason)


def usual_count(n: float) -> str:
    """Return how often a reason was named on average, in words where that is less than once.

    Examples
    --------
    >>> usual_count(30.4), usual_count(0.3)
    ('30', 'fewer than one')
    """
    return f"{n:,.0f}" if n >= 1 else say("explain-fewer-than-one")


def _judged(catalog: Catalog, period: Period) -> pd.DataFrame:
    year = period.year_before
    same_grain = year.grain == period.grain
    first = Period(period.grain, min(period.ordinal, year.ordinal if same_grain else period.ordinal) - _RUN)
    parts = []
    for source in reason_sources(catalog):
        counts = reason_counts(catalog, source, first, period)
        part = _of_source(catalog, counts, period, year.ordinal if same_grain else None)
        if len(part):
            parts.append(part.assign(source=f"{source.table}.{source.column}", what=source.what))
    parts += _of_topics(catalog, period, year.ordinal if same_grain else None)
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    rows = pd.concat(parts, ignore_index=True)
    judged = rows["p_value"].notna().to_numpy()
    rows.loc[judged, "p_value"] = holm(rows.loc[judged, "p_value"].to_numpy(dtype=float))
    rows["rose"] = (rows["p_value"] <= SIGNIFICANCE) & (rows["people"] >= _FEWEST)
    rows["excess"] = rows["people"] - rows["expected"]
    ordered = rows.sort_values(["rose", "p_value", "excess"], ascending=[False, True, False], kind="stable")
    return ordered[COLUMNS].reset_index(drop=True)


def _of_topics(catalog: Catalog, period: Period, year: int | None) -> list[pd.DataFrame]:
    """Return a row for each topic of comments, posts and tickets, beside how many texts of its kind there were.

    A topic that came up in the period was chosen among all words for its rise: its p-value allows for that.
    """
    try:
        texts = labelled_texts(catalog, period)
    except NotMeasured:
        return []
    if texts["topic"].eq("").all():
        return []
    looked_at = texts.groupby("topic")["looked_at"].first()
    texts = texts.assign(
        period=[Period.containing(on.date(), period.grain).ordinal for on in pd.to_datetime(texts["written_at"])]
    )
    so_far = catalog.days_so_far(period)
    if so_far is not None:
        begun = pd.to_datetime([Period(period.grain, at).start for at in texts["period"]])
        texts = texts[(pd.to_datetime(texts["written_at"]).dt.normalize() - begun).dt.days < so_far]
    parts = []
    for source, own in texts.groupby("source"):
        part = _of_source(catalog, _topic_counts(own), period, year)
        if len(part):
            part["p_value"] = np.minimum(part["p_value"] * np.maximum(part["reason"].map(looked_at).fillna(0), 1), 1)
            parts.append(part.assign(source=f"{_TEXTS[str(source)]}.{TOPIC}", what=NOUNS[str(source)]))
    return parts


def _topic_counts(texts: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each topic in each period, as :func:`reason_counts` does, of texts of one kind."""
    out_of = texts.groupby("period").size()
    grouped = texts[texts["topic"] != ""].groupby(["period", "topic"])
    counts = pd.DataFrame({"n": grouped.size().astype(float), "people": grouped["customer_id"].agg(_people)})
    every = pd.MultiIndex.from_product(
        [out_of.index, list(texts.loc[texts["topic"] != "", "topic"].unique())], names=["period", "topic"]
    )
    counts = counts.reindex(every, fill_value=0.0).reset_index().rename(columns={"topic": "reason"})
    return counts.assign(out_of=counts["period"].map(out_of).astype(float))


def _people(customers: pd.Series) -> float:
    return float(customers.nunique() + customers.isna().sum())


def _of_source(catalog: Catalog, counts: pd.DataFrame, period: Period, year: int | None) -> pd.DataFrame:
    """Return a row for each reason of one list, with p-values not adjusted yet."""
    known = sorted(set(counts["period"]))
    if period.ordinal not in known or len(known) < 2:
        return pd.DataFrame()
    first = known[0]
    started = catalog.data_from  # a list that begins with the data may begin in the middle of a period
    if started is None or Period(period.grain, first).start < started:
        first += 1
    ordinals = np.arange(first, period.ordinal + 1)
    if len(ordinals) <= _SHORTEST_RUN:
        return pd.DataFrame()
    counts = _without_small(counts, catalog.settings.company.smallest_group)
    n, people, out_of = (_grid(counts, name, ordinals) for name in ("n", "people", "out_of"))
    days = np.array([_days(catalog, Period(period.grain, int(o)), period) for o in ordinals], dtype=float)
    exposure = out_of.to_numpy() if counts["out_of"].notna().any() else np.broadcast_to(days, people.shape)
    run = slice(max(0, len(ordinals) - 1 - _RUN), len(ordinals) - 1)
    p_value, expected = _p_values(
        people.to_numpy(), exposure, run, _seasonal(people.to_numpy(), exposure, ordinals, year)
    )
    all_days = days[run].sum()
    at_year = {int(o): place for place, o in enumerate(ordinals)}.get(year) if year is not None else None
    return pd.DataFrame(
        {
            "reason": n.index,
            "n": n.iloc[:, -1].to_numpy(),
            "people": people.iloc[:, -1].to_numpy(),
            "expected": expected,
            "before": n.iloc[:, run].sum(axis=1).to_numpy() / all_days * days[-1],
            "n_before": n.iloc[:, -2].to_numpy(),
            "year_before": n.iloc[:, at_year].to_numpy() if at_year is not None else np.nan,
            "out_of": out_of.iloc[:, -1].to_numpy() if counts["out_of"].notna().any() else np.nan,
            "p_value": np.where(n.index == SMALL, np.nan, p_value),
        }
    )


def _without_small(counts: pd.DataFrame, smallest: int) -> pd.DataFrame:
    most = counts.groupby("reason")["n"].transform("sum")
    merged = counts.assign(reason=counts["reason"].mask(most < smallest, SMALL))
    return merged.groupby(["period", "reason"], as_index=False).sum(min_count=1)


def _grid(counts: pd.DataFrame, name: str, ordinals: Array) -> pd.DataFrame:
    return counts.pivot(index="reason", columns="period", values=name).reindex(columns=ordinals).fillna(0.0)


def _days(catalog: Catalog, each: Period, period: Period) -> int:
    so_far = catalog.days_so_far(period)
    return each.n_days if so_far is None else min(each.n_days, so_far)


def _p_values(people: Array, exposure: Array, run: slice, season: Array) -> tuple[Array, Array]:
    """Return how likely as many are by chance, and how many were to be expected, for each reason.

    Counts scatter more than Poisson's by a factor that their run shows. Given the sum of a run, the next count is negative
    binomial: the mean is not known exactly.
    """
    now, then, time, times = people[:, -1], people[:, run], exposure[:, -1], exposure[:, run]
    total, span = then.sum(axis=1), times.sum(axis=1)
    spread = _scatter(then, times)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(span > 0, total / span, 0.0)
    usual = rate * time
    others = (now.sum() - now + _PRIOR_OTHERS) / (usual.sum() - usual + _PRIOR_OTHERS)
    factor = np.maximum(np.maximum(others, 1.0), season)
    share = time * factor / np.maximum(span + time * factor, 1e-12)
    p_value = np.where(now > 0, betainc(np.maximum(now, 1e-9) / spread, total / spread + 0.5, share), 1.0)
    return p_value, usual * factor


def _scatter(then: Array, times: Array) -> Array:
    """Return the variance of each reason's counts over Poisson's, at least 1, leaning on that of all reasons."""
    span = times.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        fitted = np.where(span > 0, then.sum(axis=1, keepdims=True) / span, 0.0) * times
        squared = np.where(fitted > 0, (then - fitted) ** 2 / fitted, 0.0)
    free = max(then.shape[1] - 1, 1)
    own = squared.sum(axis=1) / free
    seen = then.sum(axis=1) > 0
    pooled = own[seen].mean() if seen.any() else 1.0
    return np.maximum((free * own + _PRIOR_SPREAD * pooled) / (free + _PRIOR_SPREAD), 1.0)


def _seasonal(people: Array, exposure: Array, ordinals: Array, year: int | None) -> Array:
    """Return by what factor each reason was above its run in the same period a year before, as far as that is known."""
    place = int(year - ordinals[0]) if year is not None else -1
    if place < _SHORTEST_RUN:
        return np.ones(len(people))
    run = slice(max(0, place - _RUN), place)
    then, total = people[:, place], people[:, run].sum(axis=1)
    span = exposure[:, run].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        usual = np.where(span > 0, total / span * exposure[:, place], 0.0)
    ratio = np.log(then + 0.5) - np.log(usual + 0.5)
    variance = 1 / (then + 0.5) + 1 / (total + 0.5)
    known = _SEASON**2 / (_SEASON**2 + variance)
    rise = known * ratio
    return np.where(rise > 0, np.exp(rise + _SEASON * np.sqrt(1 - known)), 1.0)
