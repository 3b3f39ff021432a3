"""Which segment each customer is in on a day: RFM, k-means and the firm's own rules, by rulers that stay put."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured, Problems, UnknownName, did_you_mean
from crmkit.features.customer_summaries import purchase_summary
from crmkit.features.feature_sets import FEATURE_WORDS
from crmkit.features.snapshot import features_of_all, stable_features
from crmkit.metrics.analyses.engagement_score import engagement_scores
from crmkit.models.segments.feature_space import SegmentSpace
from crmkit.models.segments.kmeans import CustomerSegments
from crmkit.models.segments.matching import match_labels, segment_names
from crmkit.models.segments.rfm import RFM
from crmkit.periods import Period
from crmkit.predictions.runner.registry import prediction
from crmkit.predictions.runner.run_log import read_references, read_run_log, write_references, write_run_log
from crmkit.predictions.runner.store import write_lock
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

RULED = ("rfm", "segments")  # by a ruler that is learned
MODELS = (*RULED, "rules")


def segments_on(catalog: Catalog, as_of: date, model: str, ruler_of: date | None = None) -> pd.Series:
    """Return the segment of each customer who has ordered, by customer_id.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    model : str
        "rfm", "segments" or "rules".
    ruler_of : date, optional
        The day whose ruler is used; without it that of ``as_of``.

    Raises
    ------
    NotMeasured
        If there are no orders of known customers, or no rules.
    UnknownName
        If there is no such model.
    """
    if model not in MODELS:
        raise UnknownName("segment model", model, MODELS)
    if model == "segments":
        found = segmentation_for(catalog, ruler_of or as_of)
        return found.named(found.customers(catalog, as_of))
    customers = customers_on(catalog, as_of)
    if model == "rfm":
        return pd.Series(rfm_for(catalog, ruler_of or as_of).predict(customers), index=customers.index, dtype=object)
    rules = catalog.settings.company.segment_rules
    if not rules:
        raise NotMeasured("segment_rules in the settings")
    return by_rules(customers, rules)


@prediction(table="segment_assignments", model="rfm")
def rfm_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the RFM segment of each customer who has ordered: customer_id, segment."""
    return _rows(segments_on(catalog, as_of, "rfm"))


@prediction(table="segment_assignments", model="segments")
def kmeans_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the k-means segment of each customer who has ordered: customer_id, segment."""
    return _rows(segments_on(catalog, as_of, "segments"))


@prediction(table="segment_assignments", model="rules")
def rule_segments(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the segment of each customer by the rules of the settings, the first that holds: customer_id, segment."""
    return _rows(segments_on(catalog, as_of, "rules"))


def _rows(segments: pd.Series) -> pd.DataFrame:
    return segments.rename("segment").rename_axis("customer_id").reset_index()


# The rulers that segments are measured by: RFM's cuts, k-means' centres and names, learned from the data of one
# day. The day is that of ``segments_learned_on`` of the settings, else the last end of a fiscal year by when there
# was a year of data, else the first end of a month by when there were 90 days. No ruler is learned after the day it
# is used on, so that a page for an old month looks at nothing later. :mod:`crmkit.predictions.segments.assignment`
# keeps them.


_YEAR, _FIRST = 365, 90  # days of data before a ruler is learned


@dataclass(eq=False)
class Segmentation:
    """k-means with its names.

    Attributes
    ----------
    model : CustomerSegments
    names : list of str
        In the order of the model's centres.
    learned_on : date
        Last day of the data it was learned from.
    features : tuple of str
        Columns that it looks at.
    """

    model: CustomerSegments
    names: list[str]
    learned_on: date
    features: tuple[str, ...]

    def customers(self, catalog: Catalog, as_of: date) -> pd.DataFrame:
        """Return the customers of a day with the columns that it looks at."""
        return described_on(catalog, as_of, self.features)

    def named(self, customers: pd.DataFrame) -> pd.Series:
        """Return the name of each customer's segment."""
        numbers = self.model.predict(customers[list(self.features)])
        return pd.Series([self.names[number] for number in numbers], index=customers.index, dtype=object)


def ruler_day(catalog: Catalog, as_of: date) -> date:
    """Return the day from whose data the ruler for a day is learned, where none is kept; at the latest that day itself."""
    company, first = catalog.settings.company, catalog.data_from
    if company.segments_learned_on and company.segments_learned_on <= as_of:
        return company.segments_learned_on
    if first is None:
        return as_of
    month = Period.containing(as_of)
    ends = sorted(
        period.end - timedelta(days=1) for period in month.run_up(24) if period.end - timedelta(days=1) <= as_of
    )
    year_ends = [end for end in ends if (end + timedelta(days=1)).month == company.fiscal_year_start]
    whole_years = [end for end in year_ends if (end - first).days >= _YEAR]
    if whole_years:
        return whole_years[-1]
    return next((end for end in ends if (end - first).days >= _FIRST), as_of)


def rfm_model(catalog: Catalog, day: date) -> RFM:
    """Return RFM's cuts as learned from the data up to a day."""
    return RFM().fit(customers_on(catalog, day))


def segmentation(
    catalog: Catalog, day: date, random_state: int = 0, before: Segmentation | None = None
) -> Segmentation:
    """Return the k-means segmentation learned from the data up to a day.

    Parameters
    ----------
    catalog : Catalog
    day : date
    random_state : int
    before : Segmentation, optional
        The one whose place it takes: a segment that most of the customers of an earlier one are in keeps its name.
    """
    settings = catalog.settings.segments
    customers = described_on(catalog, day, settings.features)
    X = customers[list(settings.features)]
    model = CustomerSegments(settings.number, random_state=random_state).fit(X)
    names = segment_names(model.space_, model.centres_, model.space_.matrix(X).mean(axis=0))
    if before is not None and len(names) > 1 and len(before.names) > 1:
        earlier = before.model.predict(described_on(catalog, day, before.features)[list(before.features)])
        names = _carried_on(names, before.names, match_labels(earlier, model.labels_, len(before.names), len(names)))
    return Segmentation(model, names, day, settings.features)


def _carried_on(names: list[str], before: list[str], matched: list[int]) -> list[str]:
    """Return the names with those of the segments that each matches; a new one that says the same gets a number."""
    kept = {now: before[old] for old, now in enumerate(matched) if now >= 0}
    told: list[str] = []
    for number, name in enumerate(names):
        wanted = kept.get(number, name)
        taken = {*told, *(each for other, each in kept.items() if other != number)}
        fresh = next(
            each for n in range(1, len(taken) + 2) if (each := wanted if n == 1 else f"{wanted} {n}") not in taken
        )
        told.append(fresh)
    return told


# Which ruler holds on a day: the one kept in the store, until a refresh is asked for; else one learned by rule.
# What is kept are the cuts and centres themselves: late orders, a new load or a new version do not move them. The
# first ruler that was learned from a year of data is kept by itself, by the first predictions that are made; a
# younger firm's is provisional and not kept. ``crmkit predict --refresh-segments`` keeps a new one beside the
# earlier ones.


Ruler = TypeVar("Ruler", RFM, Segmentation)
_YEAR_of_segment_references = 365  # days of data from which on a ruler is kept
_SEEN: WeakKeyDictionary[Catalog, dict[tuple[str, str], Any]] = WeakKeyDictionary()


def learned_on(catalog: Catalog, as_of: date) -> date:
    """Return the day on which the ruler that holds on a day was learned, at the latest that day itself."""
    kept = _kept(catalog, as_of)
    return date.fromisoformat(kept["learned_on"]) if kept else ruler_day(catalog, as_of)


def is_kept(catalog: Catalog, as_of: date) -> bool:
    """Return whether the ruler of a day is one of the store: if not, it is provisional."""
    return _kept(catalog, as_of) is not None


def rfm_for(catalog: Catalog, as_of: date) -> RFM:
    """Return RFM with the cuts that hold on a day."""
    kept = _kept(catalog, as_of)
    if kept:
        return RFM.with_cuts({name: np.array(cuts, dtype=float) for name, cuts in kept["rfm"].items()})
    day = ruler_day(catalog, as_of)
    return _once(catalog, ("rfm", day.isoformat()), lambda: rfm_model(catalog, day))


def segmentation_for(catalog: Catalog, as_of: date) -> Segmentation:
    """Return the k-means segmentation that holds on a day.

    Where the settings name other features, or another number, than the one kept was learned with, it is learned anew
    from the data of the same day.
    """
    kept, settings = _kept(catalog, as_of), catalog.settings.segments
    day = date.fromisoformat(kept["learned_on"]) if kept else ruler_day(catalog, as_of)
    if kept and (tuple(kept["features"]), kept["number"]) == (settings.features, settings.number):
        return _once(catalog, ("kept", day.isoformat()), lambda: _read(kept))
    return _once(catalog, ("segments", day.isoformat()), lambda: segmentation(catalog, day))


def wanted_first(catalog: Catalog, kept: Sequence[Mapping[str, Any]]) -> date | None:
    """Return the day of the reference that is to be kept unasked: the settings' own, else the first of a year of data."""
    asked, through, first = catalog.settings.company.segments_learned_on, catalog.data_through, catalog.data_from
    there = {each["learned_on"] for each in kept}
    if through is None or first is None or (there and (asked is None or asked.isoformat() in there)):
        return None
    day = ruler_day(catalog, through)
    if not ((asked and asked <= through) or (day - first).days >= _YEAR_of_segment_references):
        return None
    try:
        return day if rfm_model(catalog, day).cuts_ else None
    except NotMeasured:
        return None


def keep(catalog: Catalog, store: Path, day: date) -> None:
    """Learn the rulers of a day and keep them beside the earlier ones.

    Raises
    ------
    CrmkitError
        If there are too few customers to learn from, or the settings name another day.
    """
    asked = catalog.settings.company.segments_learned_on
    if asked and asked != day:
        raise CrmkitError(
            f"The settings name {asked} as the day of the segments (segments_learned_on), so a refresh on {day} would not be "
            "used. Take that line away, or change it."
        )
    earlier = [each for each in read_references(store) if each["learned_on"] != day.isoformat()]
    rfm = rfm_model(catalog, day)
    if not rfm.cuts_:
        raise CrmkitError(
            f"Up to {day} there are too few customers to learn segments from: at least 20 must have ordered."
        )
    older = [each for each in earlier if each["learned_on"] < day.isoformat()]
    found = segmentation(catalog, day, before=_read(older[-1]) if older else None)
    write_references(store, sorted([*earlier, _written(catalog, rfm, found)], key=lambda each: each["learned_on"]))


def _kept(catalog: Catalog, as_of: date) -> dict[str, Any] | None:
    if catalog.cache is None and catalog.settings.database is None:  # frames have no store of their own
        return None
    asked = catalog.settings.company.segments_learned_on
    usable = [
        each for each in read_references(catalog.settings.path("store")) if each["learned_on"] <= as_of.isoformat()
    ]
    if asked and asked <= as_of:
        usable = [each for each in usable if each["learned_on"] == asked.isoformat()]
    return usable[-1] if usable else None


def _once(catalog: Catalog, name: tuple[str, str], learn: Callable[[], Ruler]) -> Ruler:
    seen = _SEEN.setdefault(catalog, {})
    if name not in seen:
        seen[name] = learn()
    found: Ruler = seen[name]
    return found


def _written(catalog: Catalog, rfm: RFM, found: Segmentation) -> dict[str, Any]:
    model = found.model
    return {
        "learned_on": found.learned_on.isoformat(),
        "rfm": {name: cuts.tolist() for name, cuts in rfm.cuts_.items()},
        "features": list(found.features),
        "number": catalog.settings.segments.number,
        "names": found.names,
        "verdict": model.verdict_,
        "space": model.space_.to_json(),
        "centres": model.centres_.tolist(),
        "resampled": model.resampled_.tolist(),
        "search": model.search_.to_dict("list"),
    }


def _read(kept: dict[str, Any]) -> Segmentation:
    model = CustomerSegments(kept["number"])
    model.space_ = SegmentSpace.from_json(kept["space"])
    width = len(model.space_.columns)
    model.centres_ = np.array(kept["centres"], dtype=float).reshape(-1, width)
    model.resampled_ = np.array(kept["resampled"], dtype=float).reshape(-1, len(model.centres_), width)
    model.n_segments_, model.verdict_ = len(model.centres_), kept["verdict"]
    model.search_ = pd.DataFrame(kept["search"])
    model.feature_names_in_ = np.array(kept["features"], dtype=object)
    model.n_features_in_ = len(kept["features"])
    return Segmentation(model, list(kept["names"]), date.fromisoformat(kept["learned_on"]), tuple(kept["features"]))


# Keep the rulers of the segments in the store: the first by itself, another when it is asked for.


def keep_first_reference(catalog: Catalog, store: Path) -> None:
    """Keep a reference where the store has none and the data are of a year, or the one that the settings name."""
    day = wanted_first(catalog, read_references(store))
    if day is not None:
        # Without the features that the settings name nothing can be kept; the prediction of the segments says which.
        with write_lock(store), suppress(CrmkitError, NotMeasured):
            keep(catalog, store, day)


def refresh_reference(catalog: Catalog, store: Path, day: date) -> None:
    """Learn the rulers anew from the data up to a day and keep them; predictions by the old ones from then on are outdated.

    Raises
    ------
    CrmkitError
        If there are too few customers to learn from, or the settings name another day.
    """
    with write_lock(store):
        keep(catalog, store, day)
        run_log = read_run_log(store)
        if run_log is not None:
            write_run_log(store, run_log.with_outdated(RULED, since=day))


# Segments by the firm's own rules: comparisons of what is known of a customer, written in the settings.


OTHERS = "Others"
_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.Compare,
    ast.Gt,
    ast.GtE,
    ast.Lt,
    ast.LtE,
    ast.Eq,
    ast.NotEq,
    ast.Name,
    ast.Load,
    ast.Constant,
)


def by_rules(customers: pd.DataFrame, rules: Mapping[str, str]) -> pd.Series:
    """Return for each customer the name of the first rule that holds, "Others" where none does.

    Parameters
    ----------
    customers : DataFrame
        One row per customer.
    rules : mapping of name to expression
        Comparisons of columns with numbers, joined by and, or, not.

    Raises
    ------
    Problems
        With every rule that cannot be read, or names a column that is not there.

    Examples
    --------
    >>> customers = pd.DataFrame({"n_orders": [1, 6, 9], "revenue": [10.0, 700.0, 90.0]})
    >>> by_rules(customers, {"Key accounts": "n_orders >= 5 and revenue > 500", "Regulars": "n_orders >= 5"}).tolist()
    ['Others', 'Key accounts', 'Regulars']
    """
    faults = [fault for name, rule in rules.items() if (fault := _fault(name, rule, customers))]
    if faults:
        raise Problems("segment_rules", faults)
    segments = pd.Series(OTHERS, index=customers.index, dtype=object)
    for name, rule in reversed(list(rules.items())):
        holds = np.asarray(customers.eval(rule, engine="python"), dtype=bool)
        segments = segments.mask(holds, name)
    return segments


def _fault(name: str, rule: str, customers: pd.DataFrame) -> str:
    try:
        parts = list(ast.walk(ast.parse(rule, mode="eval")))
    except SyntaxError:
        return f"the rule '{name}' cannot be read: {rule}. Write it like n_orders >= 5 and revenue > 500."
    if not all(isinstance(part, _ALLOWED) for part in parts) or not any(isinstance(p, ast.Compare) for p in parts):
        return f"the rule '{name}' must compare columns with numbers, joined by and, or, not (met: {rule})."
    columns = [part.id for part in parts if isinstance(part, ast.Name)]
    unknown = next((column for column in columns if column not in customers), None)
    return f"the rule '{name}' names '{unknown}'. {did_you_mean(unknown, customers.columns)}" if unknown else ""


# What customers are grouped by: their behaviour, and what else the settings name, of everybody who has ever
# ordered.


BEHAVIOUR = ("days_since_order", "n_orders", "revenue", "average_order_value", "tenure_days")
ENGAGEMENT = "engagement"


def customers_on(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the columns of :func:`crmkit.features.customer_summaries.purchase_summary`, indexed by customer_id.

    Raises
    ------
    NotMeasured
        If there are no orders of known customers.
    """
    rows = memoize(catalog, _customers, as_of)
    if rows.empty:
        raise NotMeasured("orders of known customers")
    return rows.set_index("customer_id").sort_index()


def described_on(catalog: Catalog, as_of: date, features: tuple[str, ...]) -> pd.DataFrame:
    """Return :func:`customers_on` with further features of the same customers.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    features : tuple of str
        Columns of the behaviour, of the feature sets, or "engagement" [0 to 100; missing for who is no longer active].

    Raises
    ------
    Problems
        With every feature that there is not.
    NotMeasured
        If the data lack what a feature is made from.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "revenue": [30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-09-02"])})
    >>> people = pd.DataFrame({"customer_id": ["a"], "channel": ["search"]})
    >>> catalog = ck.connect({"orders": orders, "customers": people})
    >>> described_on(catalog, date(2026, 9, 30), ("n_orders", "channel"))[["n_orders", "channel"]].values.tolist()
    [[1, 'search']]
    """
    known = [*BEHAVIOUR, ENGAGEMENT, *FEATURE_WORDS]
    if unknown := [name for name in features if name not in known]:
        raise Problems(
            "segments.features", [f"there is no feature '{name}'. {did_you_mean(name, known)}" for name in unknown]
        )
    customers = customers_on(catalog, as_of)
    further = [name for name in features if name not in BEHAVIOUR]
    if not further:
        return customers
    told = memoize(catalog, _further, as_of, further)
    if absent := [name for name in further if name not in told]:
        raise NotMeasured(f"{' and '.join(absent)} (named in segments.features of the settings)")
    return customers.join(told.set_index("customer_id"))


def _customers(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return stable_features(catalog.call(purchase_summary, as_of=as_of).execute()).sort_values(
        "customer_id", ignore_index=True
    )


def _further(catalog: Catalog, as_of: date, names: list[str]) -> pd.DataFrame:
    told = features_of_all(catalog, as_of, [name for name in names if name != ENGAGEMENT])
    if ENGAGEMENT in names:
        scores = engagement_scores(catalog, as_of).rename(columns={"score": ENGAGEMENT})
        told = told.merge(scores[["customer_id", ENGAGEMENT]], on="customer_id", how="outer")
    return told.sort_values("customer_id", ignore_index=True)
