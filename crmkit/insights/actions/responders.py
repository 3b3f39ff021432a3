"""Who responds to an action: learned from those drawn for it, judged on people not seen, used only if that beats the lot."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import false_discovery_control

from crmkit.errors import NotMeasured
from crmkit.insights.actions.book import drawn_people
from crmkit.insights.actions.measure import REPEATED, action_results, measure
from crmkit.insights.actions.outcomes import OUTCOMES, outcomes_of
from crmkit.insights.actions.people import COLUMNS, people_on
from crmkit.metrics.formatting import in_words, joined
from crmkit.models.trials.effect import Effect, average_effect
from crmkit.models.trials.uplift import Targeting, UpliftModel, targeting
from crmkit.periods import DayLike, last_day
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.words import say

FEWEST_TREATED, _FEWEST_HELD = 1000, 100  # people
_FEWEST_A_SIDE = 50  # people of a group
_LEVEL, _Z = 0.05, 1.96
_APART = 3.0  # standard errors: so far apart the sides are not by lot, though there are twenty columns
_SHOWN = 3
_MOST_GROUPS = 8
_KEYS = ("customer_id", "acquired_at", "referred_by", "birth_year")
_RESPONDERS = [
    "action",
    "outcome",
    "unit",
    "n_treated",
    "n_held",
    "value",
    "best_half",
    "qini",
    "low",
    "high",
    "slope",
    "used",
    "columns",
    "is_main",
]
_GROUPS = ["action", "column", "group", "outcome", "unit", "n_treated", "n_held", "value", "low", "high", "differs"]


@checked
def who_responds(catalog: Catalog, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return for each action with a thousand people treated whether crmkit can tell who responds to it.

    All rounds whose time has passed are taken together. A regression whose terms interact with the draw learns from what
    was known of each person before it: the columns of the rules, the segment, and the columns of ``customers`` that both
    sides share alike (one that was filled in after the draw may not). It is judged on people it has not seen: by how much
    choosing by it brings more than choosing by lot (Qini), with interval. Only where that is 2.42 standard errors
    above 0, as every verdict asks for, does the next draw choose by it.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per action and outcome, the one that it is judged by first: action, outcome, unit, n_treated, n_held [people],
        value (mean effect for each treated), best_half (the same on the half of whom most was expected, on people not seen),
        qini, low, high (gain over the lot for each person drawn, averaged over all shares treated, with 95 % interval), slope
        (by how much effects differ truly where the model says by 1), used (bool: whether the next draw chooses by it), columns
        (that matter most), is_main (whether the action is judged by this outcome), why (a sentence).

    Examples
    --------
    >>> import crmkit as ck
    >>> drawn = pd.DataFrame({"customer_id": list("abcd"), "action": "voucher", "assigned_at": "2026-09-01",
    ...                       "treated": [True, True, False, False], "outcome_at": "2026-09-20", "value": [12.0, 8, 3, 5]})
    >>> catalog = ck.connect({"treatments": drawn}, ck.Settings(data={"through": "2026-10-31"}))
    >>> who_responds(catalog).empty
    True
    """
    return memoize(catalog, _responders, as_of or last_day(catalog.data_through, None))


@checked
def response_by_group(catalog: Catalog, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return what an action did in each segment and other group of those drawn, where a thousand were treated.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.

    Returns
    -------
    DataFrame
        action, column (such as "segment"), group, outcome, unit, n_treated, n_held [people], value (effect for each
        treated), low, high (95 % interval), differs (bool: from all others, after allowing for how many groups were looked
        at).

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-09-01"], "revenue": [10.0]})
    >>> response_by_group(ck.connect({"orders": orders})).empty
    True
    """
    return memoize(catalog, _by_group, as_of or last_day(catalog.data_through, None))


def expected_response(catalog: Catalog, action: str, people: pd.DataFrame, day: date) -> pd.Series | None:
    """Return the effect expected on each of some people, or None where choosing by it has not been shown to pay.

    Parameters
    ----------
    people : DataFrame
        From :func:`crmkit.insights.actions.people.people_on`.
    """
    found = who_responds(catalog, day)
    own = found[(found["action"] == action) & found["used"].astype(bool)]
    if own.empty:
        return None
    seen = _drawn_for(catalog, action, day)
    model = UpliftModel().fit(seen.known, seen.outcomes[seen.main], seen.people["treated"], seen.probability)
    now = _described(catalog, people, people.index.to_series()).reindex(columns=seen.known.columns)
    slope = float(np.clip(own["slope"].iloc[0], 0.0, 1.0))  # differences are drawn in by as much as they were too large
    return float(own["value"].iloc[0]) + slope * (model.predict(now) - model.effect_)


class _Drawn:
    """Everybody drawn for an action in rounds that are over: what was known before, what came of it, and by which odds."""

    def __init__(self, people: pd.DataFrame, known: pd.DataFrame, outcomes: pd.DataFrame, main: str) -> None:
        self.people, self.known, self.outcomes, self.main = people, known, outcomes, main
        by_draw = people.groupby("trial")["treated"].transform("mean").astype(float)
        self.probability = people["probability"].fillna(by_draw)

    def targeting(self, outcome: str) -> Targeting:
        """Return whether choosing by what is known beats the lot."""
        return targeting(
            self.known,
            self.outcomes[outcome],
            self.people["treated"],
            probability=self.probability,
            person=self.people["customer_id"].astype(str),
        )


def _responders(catalog: Catalog, day: date) -> pd.DataFrame:
    rows, pooled = [], action_results(catalog, day).set_index("action")["value"]
    for action in _actions(catalog, day):
        drawn = _drawn_for(catalog, action, day)
        if drawn.known.empty:
            continue
        # What is judged in money is told by whether somebody came at all, too, which chance moves less.
        for name in dict.fromkeys([drawn.main, *(each for each in ("responded", "ordered") if each in drawn.outcomes)]):
            found = drawn.targeting(name)
            model = UpliftModel().fit(drawn.known, drawn.outcomes[name], drawn.people["treated"], drawn.probability)
            rows.append(
                {
                    "action": action,
                    "outcome": name,
                    "unit": OUTCOMES[name].unit,
                    "n_treated": found.n_treated,
                    "n_held": found.n_held,
                    "value": float(pooled[action]) if name == drawn.main else _effect(drawn, name).value,
                    "best_half": found.best_half,
                    "qini": found.qini,
                    "low": found.low,
                    "high": found.high,
                    "slope": found.slope,
                    "used": bool(name == drawn.main and found.qini > REPEATED * (found.high - found.qini) / _Z),
                    "columns": joined([str(each) for each in model.columns_["column"].head(_SHOWN)]),
                    "is_main": name == drawn.main,
                }
            )
    found_all = pd.DataFrame(rows, columns=_RESPONDERS)
    currency = catalog.settings.company.currency
    return found_all.assign(why=[_why(row, currency) for row in found_all.to_dict("records")])


def _why(row: Mapping[Any, Any], currency: str) -> str:
    """Return what was found of choosing, and what follows, in words."""
    unit, ends = row["unit"], {"low": row["low"], "high": row["high"], "currency": currency}
    qini, low, high = (in_words(row[name], unit, **ends) for name in ("qini", "low", "high"))
    half, mean = (in_words(row[name], unit, currency=currency) for name in ("best_half", "value"))
    values = {"qini": qini, "low": low, "high": high, "half": half, "mean": mean, "n": f"{row['n_treated']:,}"}
    what = OUTCOMES[str(row["outcome"])].label
    if row["used"]:
        return say("actions-chosen-by-model", what=what, columns=row["columns"], **values)
    if row["is_main"] or row["low"] <= 0:
        return say("actions-chosen-by-lot", what=what, **values)
    return say("actions-chosen-by-lot-for-money", what=what, **values)


def _by_group(catalog: Catalog, day: date) -> pd.DataFrame:
    rows = []
    for action in _actions(catalog, day):
        drawn = _drawn_for(catalog, action, day)
        for column in _texts(drawn.known):
            values = drawn.known[column]
            for group in values[values != ""].value_counts().index[:_MOST_GROUPS]:
                rows += _group(drawn, action, str(column), str(group), (values == group).to_numpy())
    found = pd.DataFrame(rows, columns=[*_GROUPS, "p"])
    adjusted = found.groupby("action")["p"].transform(lambda own: false_discovery_control(own.to_numpy(dtype=float)))
    return found.assign(differs=adjusted <= _LEVEL).drop(columns="p")


def _group(drawn: _Drawn, action: str, column: str, group: str, inside: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return the effect on a group, with the chance that it is so far from that on all others; nothing of too few."""
    sizes = [drawn.people["treated"][side == inside].eq(kind).sum() for side in (True, False) for kind in (True, False)]
    if min(sizes) < _FEWEST_A_SIDE:
        return []
    own, others = (_effect(drawn, drawn.main, side) for side in (inside, ~inside))
    z = (own.value - others.value) / np.hypot(own.error, others.error)
    about = {"action": action, "column": column, "group": group, "outcome": drawn.main}
    return [
        about
        | {"unit": OUTCOMES[drawn.main].unit, "n_treated": own.n_treated, "n_held": own.n_held}
        | {
            "value": own.value,
            "low": own.low,
            "high": own.high,
            "p": 2 * float(ndtr(-abs(z))) if np.isfinite(z) else 1.0,
        }
    ]


def _effect(drawn: _Drawn, outcome: str, inside: NDArray[np.bool_] | None = None) -> Effect:
    chosen = np.ones(len(drawn.people), dtype=bool) if inside is None else inside
    return average_effect(
        drawn.outcomes[outcome][chosen], drawn.people["treated"][chosen], probability=drawn.probability[chosen]
    )


def _actions(catalog: Catalog, day: date) -> list[str]:
    """Return the actions with rounds that are over and people enough to learn from."""
    done = _measured(catalog, day)
    n = done.groupby("action", sort=False)[["n_treated", "n_held"]].sum()
    return [str(name) for name in n.index[(n["n_treated"] >= FEWEST_TREATED) & (n["n_held"] >= _FEWEST_HELD)]]


def _measured(catalog: Catalog, day: date) -> pd.DataFrame:
    done = measure(catalog, day)
    return done[done["is_main"].astype(bool) & (done["status"] == "measured")]


def _drawn_for(catalog: Catalog, action: str, day: date) -> _Drawn:
    done = _measured(catalog, day)
    done = done[done["action"] == action]
    main, everybody = str(done["outcome"].iloc[-1]), drawn_people(catalog)
    parts, known, outcomes = [], [], []
    for trial in done.loc[done["outcome"] == main, "trial"]:
        own = everybody[(everybody["action"] == action) & (everybody["trial"] == trial)]
        before, described = own["assigned_on"].min().date() - timedelta(days=1), own
        with suppress(NotMeasured):  # nothing is known of anybody before the first order
            described = own[["customer_id"]].join(people_on(catalog, before), on="customer_id")
        happened = outcomes_of(catalog, own, day)
        parts.append(own)
        known.append(_described(catalog, described, own["customer_id"]))
        outcomes.append(happened - happened.mean())  # as rounds differ in season
    people, joint = pd.concat(parts), pd.concat(outcomes, join="inner")
    return _Drawn(people, _balanced(pd.concat(known), people), joint, main)


def _described(catalog: Catalog, people: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Return what the model may learn from: the columns of the rules, the segment, and what is on record of a customer."""
    columns = [name for name in (*COLUMNS, "segment", "preferred_channel") if name in people]
    known = people[columns].copy()
    if "customers" in catalog.names:
        record = catalog.frame("customers").drop_duplicates("customer_id").set_index("customer_id")
        record = record[[name for name in record if name not in (*_KEYS, *known) and not _is_time(record[name])]]
        known = known.join(record.reindex(ids.to_numpy()).set_axis(known.index))
    texts = _texts(known)
    known = known.astype({str(name): "float" for name in known if name not in texts})
    return known.fillna(dict.fromkeys(texts, "")).astype(dict.fromkeys(texts, "str"))


def _texts(known: pd.DataFrame) -> list[str]:
    return [str(name) for name in known if not pd.api.types.is_numeric_dtype(known[name])]


def _is_time(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column) or (
        bool(column.notna().any()) and isinstance(column.dropna().iloc[0], date)
    )


def _balanced(known: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that say something and are alike on both sides: others may have been filled in after the draw."""
    kept = []
    for name in known:
        column = known[name]
        numbers = column if pd.api.types.is_numeric_dtype(column) else column.map(column.value_counts())
        if column.nunique() < 2 or (numbers is not column and column.nunique() > len(column) / 10):
            continue
        gap = average_effect(numbers.fillna(numbers.median()), people["treated"])
        if not abs(gap.z) > _APART:
            kept.append(name)
    return known[kept]
