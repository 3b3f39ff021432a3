"""The scorecard: all metrics of one period with value, interval, verdicts and target, and the rows of each page."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, Problems, UnknownName, did_you_mean
from crmkit.metrics.card import CARDS, Card, cards, load_own_cards
from crmkit.metrics.engine.coverage import Coverage
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.metrics.engine.usual_level import LOOK_BACK
from crmkit.metrics.engine.usual_season import MOST_MONTHS, YEAR
from crmkit.metrics.engine.verdict import judge_changes, judge_target
from crmkit.periods import Period, PeriodLike
from crmkit.settings import Budget, Settings, prorated
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.tables.conditions import Where
from crmkit.tables.validate import check_made_by

_ONE_A_MONTH = Budget(amount=1)
_PARTS = ["value", "low", "high", "n", "status", "reason"]
_YEAR = 360  # days
_OTHER_SEASON = 3  # times as many units: the period is of another season


@checked
def scorecard(
    catalog: Catalog,
    period: PeriodLike,
    *,
    metrics: str | Sequence[str] | None = None,
    history: pd.DataFrame | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Evaluate all metrics for a period and judge each against the period before, the year before and its target.

    A period that is still running is compared with as many days of the others. Verdicts allow for many numbers being
    looked at together: those of the scorecard's page are one family, the others of each topic are another, so that a
    number gets the same verdict on every page. The verdict against the period before is taken against the level of up to
    twelve periods before, where nothing moved in them. Where two years of months are known, a change is real only if it
    goes beyond the change usual at that time of the year; else it may be the season.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : str, Period or pair of days
        Such as "2026-10".
    metrics : str or list of str, optional
        Names of metrics; all by default.
    history : DataFrame, optional
        From :func:`evaluate`, of the same condition; what it does not hold is evaluated here.
    where : str, mapping or list, optional
        A condition on columns, such as ``"country = 'DE'"``; see :func:`evaluate`. Targets are those of the whole firm.

    Returns
    -------
    DataFrame
        One row per metric: metric, label, topic, headline (whether it is one of the scorecard's page, see
        :func:`headlines`), period, unit, better, value, low, high [unit], n [count], counted, status, reason;
        previous_period, previous_value, change, at_most (how much it may have changed, either way) [unit], verdict,
        direction, p_value, usual_change (at that time of the year; empty where no season shows) [unit], previous_reason
        (why there is no comparison, where the data cover only some days of one of the two); year_period, year_value,
        year_change, year_at_most, year_verdict, year_direction, year_reason; target [unit; of a sum its part for the days
        reported], target_verdict; days_so_far (of a period that is still running, else empty [days]).

    Raises
    ------
    CrmkitError, Problems
        If the history is another frame, or the settings name a metric that there is not.
    """
    if history is not None:
        check_made_by("ck.evaluate(...)", history, ["metric", "period", *_PARTS], "history of scorecard")
    load_own_cards(catalog.settings)
    check_metric_names(catalog.settings)
    chosen = cards(metrics)
    names = [card.name for card in chosen]
    before = _periods_before(catalog, period)
    history = _with_compared(catalog, [*names, *_wholes(chosen)], period, before, history)
    facts = _facts(chosen, _targets(catalog, chosen, period))
    now = _of_period(history, period, facts).assign(period=str(period))
    for prefix, others in (("", before), ("year_", [period.year_before])):
        compared = _compared(catalog, chosen, period, others, history, facts)
        for name in ("period", "value", "reason"):
            now[f"{prefix or 'previous_'}{name}"] = compared[name]
        for name in ("verdict", "direction", "p_value", "at_most"):
            now[prefix + name] = compared[name]
        if not prefix:
            now["usual_change"] = compared["usual_change"]
        now[f"{prefix}change"] = now["value"] - compared["value"]
    return _with_targets(now, catalog, period)


def headlines(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that stand on the scorecard's page: headline metrics, and every metric that has a target.

    Parameters
    ----------
    scorecard : DataFrame
        From :func:`crmkit.scorecard`, of all metrics.

    Returns
    -------
    DataFrame
        Some of its rows, all of its columns.

    Raises
    ------
    CrmkitError
        If it is another frame, such as one of :func:`crmkit.evaluate`.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> card = ck.headlines(ck.scorecard(ck.connect({"orders": orders}), "2026-10"))
    >>> bool(card["headline"].all())
    True
    """
    check_made_by("ck.scorecard(...)", scorecard, ["headline"], "headlines")
    return scorecard[scorecard["headline"]].reset_index(drop=True)


def about(scorecard: pd.DataFrame, *topics: str) -> pd.DataFrame:
    """Return the rows of a question, or of several, in the order of the topics.

    Parameters
    ----------
    scorecard : DataFrame
        From :func:`crmkit.scorecard`, of all metrics, or from :func:`crmkit.glossary`: anything with a topic.
    *topics : str
        Such as "acquisition".

    Returns
    -------
    DataFrame
        Some of its rows, all of its columns.

    Raises
    ------
    CrmkitError
        If it is another frame, such as one of :func:`crmkit.evaluate`, or has no such topic.

    Examples
    --------
    >>> import crmkit as ck
    >>> sorted(set(ck.about(ck.glossary(), "voice")["topic"]))
    ['voice']
    """
    check_made_by("ck.scorecard(...) or ck.glossary()", scorecard, ["topic"], "about")
    known = set(scorecard["topic"])
    for topic in topics:
        if topic not in known:
            raise UnknownName("topic", topic, sorted(known))
    parts = [scorecard[scorecard["topic"] == topic] for topic in topics]
    if "headline" in scorecard:  # metrics that are also on the scorecard's page come first
        parts = [part.sort_values("headline", ascending=False, kind="stable") for part in parts]
    chosen = pd.concat(parts, ignore_index=True) if parts else scorecard.iloc[:0].reset_index(drop=True)
    chosen.attrs = scorecard.attrs
    return chosen


def smallest_changes(settings: Settings, names: Sequence[str]) -> np.ndarray:
    """Return the smallest change that matters per metric: the setting, else the card's own."""
    return np.array([settings.smallest_change_that_matters.get(name, CARDS[name].smallest_change) for name in names])


def check_metric_names(settings: Settings) -> None:
    """Raise Problems if targets or smallest changes name a metric that is not registered."""
    named = {f"targets: metric '{t.metric}'": t.metric for t in settings.targets}
    named |= {f"smallest_change_that_matters: '{name}'": name for name in settings.smallest_change_that_matters}
    problems = [
        f"{where} is not a metric. {did_you_mean(name, CARDS)}" for where, name in named.items() if name not in CARDS
    ]
    problems += [
        f"targets: {t.metric} is a share and written 0 to 1; {t.value:g} is not. For {t.value:g} % write {t.value / 100:g}."
        for t in settings.targets
        if t.metric in CARDS and CARDS[t.metric].unit == "share" and not 0 <= t.value <= 1
    ]
    if problems:
        raise Problems("crmkit.toml", problems)


def _facts(chosen: Sequence[Card], targets: Sequence[float | None]) -> pd.DataFrame:
    records = [
        [c.name, c.label, c.topic, c.headline or target is not None, c.unit, c.better, c.counted, target]
        for c, target in zip(chosen, targets, strict=True)
    ]
    columns = ["metric", "label", "topic", "headline", "unit", "better", "counted", "target"]
    return pd.DataFrame(records, columns=columns).astype({"target": float})


def _targets(catalog: Catalog, chosen: Sequence[Card], period: Period) -> list[float | None]:
    """Return the target of each metric for the days of the period that have data."""
    so_far = catalog.days_so_far(period)
    end = period.end if so_far is None else period.start + timedelta(days=so_far)
    return [catalog.settings.target_for(card.name, period, end, is_sum=card.additive) for card in chosen]


def _periods_before(catalog: Catalog, period: Period) -> list[Period]:
    """Return the periods before by which a change is judged, latest first: up to three years of months with data.

    The usual level is taken from the first twelve, the season from all of them; a year or longer has one.
    """
    n = LOOK_BACK if period.n_days < _YEAR else 1
    if period.grain == "month" and catalog.data_from:
        n_known = sum(each.start >= catalog.data_from for each in period.previous.run_up(MOST_MONTHS))
        n = max(n, n_known // YEAR * YEAR)  # whole years
    return list(reversed(period.previous.run_up(n)))


def _wholes(chosen: Sequence[Card]) -> list[str]:
    """Return the other metrics by which changes are judged: wholes of the cards, and parts that grow with the days."""
    needed = {name for card in chosen for name in (card.part_of, card.part_by_days)}
    return sorted(needed - {card.name for card in chosen} - {""})


def _with_compared(
    catalog: Catalog, names: list[str], period: Period, before: list[Period], history: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the history with the period, those before and the year before, each cut to the same days."""
    wanted = list(dict.fromkeys([period, *before, period.year_before]))
    rows = pd.DataFrame({"metric": [], "period": []}) if history is None else history
    known = set(zip(rows["metric"], rows["period"], strict=True))
    parts = [] if history is None else [history]
    lacking = defaultdict(list)
    for each in sorted(wanted, key=lambda p: p.start):
        lacking[each.grain, tuple(name for name in names if (name, str(each)) not in known)].append(each)
    for (_, some), asked in lacking.items():
        if some:
            parts.append(evaluate(catalog, some, periods=asked, first_days=catalog.days_so_far(period)))
    rows = pd.concat(parts, ignore_index=True)
    compared = rows[rows["period"].isin([str(p) for p in wanted])]
    if (twice := compared[compared.duplicated(["metric", "period"])])["metric"].isin(names).any():
        raise CrmkitError(
            f"history holds several rows of {twice['metric'].iloc[0]} in {twice['period'].iloc[0]}. "
            "Evaluate it without by, and once."
        )
    return rows


def _compared(
    catalog: Catalog,
    chosen: Sequence[Card],
    period: Period,
    others: list[Period],
    history: pd.DataFrame,
    facts: pd.DataFrame,
) -> pd.DataFrame:
    """Judge a period against the first of other periods, the level of all of them where nothing moved.

    Returns
    -------
    DataFrame
        As :func:`judge_changes`, and of the first of them period [text], value, reason (why there is no comparison).
    """
    coverage, so_far, by_days = Coverage(catalog), catalog.days_so_far(period), _parts_by_days(chosen, history)
    even, earlier, unlike = _equally_long(catalog, chosen, period, others, history), [], []
    for other in others:
        n_due = [_due(history, card, (period, other)) for card in chosen]
        reasons = [coverage.why_not_compared(card, period, other) for card in chosen]
        each = [why or _other_season(*due, period, other) for why, due in zip(reasons, n_due, strict=True)]
        unlike.append(np.array(each, dtype=object))
        rows = _without(_of_period(even, other, facts), unlike[-1])
        lengths, lengths_then = _lengths(period, so_far), _lengths(other, so_far)
        earlier.append(_scaled(rows, str(other), chosen, lengths, lengths_then, by_days))
    matters = smallest_changes(catalog.settings, [card.name for card in chosen])
    families = np.where(facts["headline"], "", facts["topic"])
    values = history[history["period"] == str(others[0])].set_index("metric")["value"]
    whole = np.array([values.get(card.part_of, np.nan) for card in chosen], dtype=float)
    now = _of_period(even, period, facts)
    judged = judge_changes(now, earlier[0], matters, families, whole=whole, earlier=earlier[:LOOK_BACK], years=earlier)
    then = _without(_of_period(history, others[0], facts), unlike[0])
    return judged.assign(period=str(others[0]), value=then["value"], reason=unlike[0])


def _due(history: pd.DataFrame, card: Card, periods: tuple[Period, Period]) -> tuple[int, int]:
    """Return how many came up in each of two periods, of a metric whose units come by season; else zeros."""
    if not card.by_season:
        return 0, 0
    n = history[history["metric"] == card.name].set_index("period")["n"]
    return int(n.get(str(periods[0]), 0)), int(n.get(str(periods[1]), 0))


def _other_season(n_now: int, n_then: int, period: Period, other: Period) -> str:
    """Return why a period is compared with the year before alone: it has several times as many to decide, or as few."""
    if other == period.year_before or max(n_now, n_then) < _OTHER_SEASON * max(min(n_now, n_then), 1):
        return ""
    return f"{n_now:,} came up in {period.label} and {n_then:,} in {other.label}: another season, see the year before"


def _without(rows: pd.DataFrame, reasons: np.ndarray) -> pd.DataFrame:
    """Return the rows without the numbers that are not to be compared."""
    rows.loc[reasons != "", ["value", "low", "high"]] = np.nan
    return rows


def _equally_long(
    catalog: Catalog, chosen: Sequence[Card], period: Period, others: list[Period], history: pd.DataFrame
) -> pd.DataFrame:
    """Return the history with the parts of revenue's change taken over as many days of all periods, for a verdict.

    How many customers miss a month depends on its length, so that no factor makes March's losses those of February.
    """
    by_kind = [card.name for card in chosen if "compared_revenue" in card.tables]
    periods = [period, *others]
    lengths = {n_days for each in periods for n_days in (each.n_days, each.previous.n_days)}
    if not by_kind or len(lengths) == 1 or catalog.days_so_far(period) is not None:
        return history
    grains = {each.grain: [other for other in periods if other.grain == each.grain] for each in periods}
    parts = [evaluate(catalog, by_kind, periods=sorted(of), first_days=min(lengths)) for of in grains.values()]
    return pd.concat([history[~history["metric"].isin(by_kind)], *parts], ignore_index=True)


def _lengths(period: Period, so_far: int | None) -> tuple[int, float]:
    """Return how long the part of a period is that counts [days, months]; a whole month is one, however long."""
    days = min(period.n_days, so_far or period.n_days)
    months = prorated([(_ONE_A_MONTH, 1.0, "month")], period.start, period.start + timedelta(days=days))
    return days, months or math.nan


def _of_period(history: pd.DataFrame, period: Period, facts: pd.DataFrame) -> pd.DataFrame:
    rows = facts.merge(history.loc[history["period"] == str(period), ["metric", *_PARTS]], on="metric", how="left")
    return rows.fillna({"n": 0, "status": "no data", "reason": "not evaluated"}).astype({"n": "int64"})


def _parts_by_days(chosen: Sequence[Card], history: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return the part of a sum that grows with the days of a month, by its metric and period."""
    rows = history[history["metric"].isin({card.part_by_days for card in chosen}) & history["value"].notna()]
    keys = zip(rows["metric"].astype(str), rows["period"].astype(str), strict=True)
    return dict(zip(keys, rows["value"].astype(float).tolist(), strict=True))


def _scaled(
    then: pd.DataFrame,
    other: str,
    chosen: Sequence[Card],
    lengths: tuple[int, float],
    lengths_then: tuple[int, float],
    parts_by_days: Mapping[tuple[str, str], float],
) -> pd.DataFrame:
    """Return what grows with a period times the ratio of the lengths of two periods, as February is shorter than March."""
    by_days, by_months = (now / before for now, before in zip(lengths, lengths_then, strict=True))
    sides = ["value", "low", "high"]
    scaled = then.copy()
    for place, card in enumerate(chosen):
        if card.part_by_days:
            whole = then["value"].to_numpy(dtype=float)[place]
            share = parts_by_days.get((card.part_by_days, other), 0.0) / whole if whole else 0.0
            scaled.loc[scaled.index[place], sides] *= by_months + (by_days - by_months) * min(max(share, 0.0), 1.0)
        elif card.additive or card.per_day:
            scaled.loc[scaled.index[place], sides] *= by_days
    return scaled


def _with_targets(now: pd.DataFrame, catalog: Catalog, period: Period) -> pd.DataFrame:
    sides = zip(now["status"], now["low"], now["high"], now["target"], now["better"], strict=True)
    verdicts = [judge_target(*side) if status == "ok" else "" for status, *side in sides]
    now["days_so_far"] = pd.array([catalog.days_so_far(period)] * len(now), dtype="Int64")
    now.attrs["currency"] = catalog.settings.company.currency
    return now.assign(target=now.pop("target"), target_verdict=verdicts)  # both at the end
