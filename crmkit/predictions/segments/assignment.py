"""The segment of each customer on a day: by RFM, by k-means, and by the firm's own rules.

RFM's cuts and the centres and names of k-means are the reference of the segments. It is fitted to the data up to one day
and then stays, so that late orders, a new load or a new version move no customer:

- The day is ``segments_learned_on`` of the settings, else the last end of a fiscal year by when there was a year of data,
  else the first end of a month by when there were 90 days. No reference is fitted after the day that it is used for, so
  that a page for an old month uses nothing later.
- The first predictions keep the first reference fitted to a year of data in the store. That of a younger firm is
  provisional and not kept. ``crmkit predict --refresh-segments`` keeps a new one beside the earlier ones.
"""

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
from crmkit.sources.store.one_step import one_step
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

FITTED = ("rfm", "segments")  # models with a reference
MODELS = (*FITTED, "rules")
BEHAVIOUR = ("days_since_order", "n_orders", "revenue", "average_order_value", "tenure_days")
ENGAGEMENT = "engagement"
OTHERS = "Others"
_YEAR, _FIRST = 365, 90  # days of data from which on a reference is kept, and from which one is fitted
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
Model = TypeVar("Model", RFM, "Segmentation")
_SEEN: WeakKeyDictionary[Catalog, dict[tuple[str, str], Any]] = WeakKeyDictionary()


@dataclass(eq=False)
class Segmentation:
    """A k-means model and the names of its segments.

    Attributes
    ----------
    model : CustomerSegments
    names : list of str
        In the order of the model's centres.
    learned_on : date
        Last day of the data that it was fitted to.
    features : tuple of str
        Columns that it uses.
    """

    model: CustomerSegments
    names: list[str]
    learned_on: date
    features: tuple[str, ...]

    def customers(self, catalog: Catalog, as_of: date) -> pd.DataFrame:
        """Return the customers of a day with the columns that the model uses."""
        return described_on(catalog, as_of, self.features)

    def names_of(self, customers: pd.DataFrame) -> pd.Series:
        """Return the name of each customer's segment."""
        numbers = self.model.predict(customers[list(self.features)])
        return pd.Series([self.names[number] for number in numbers], index=customers.index, dtype=object)


def segments_on(catalog: Catalog, as_of: date, model: str, reference_of: date | None = None) -> pd.Series:
    """Return the segment of each customer who has ordered, by customer_id.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.
    model : str
        "rfm", "segments" or "rules".
    reference_of : date, optional
        The day whose reference is used; that of ``as_of`` by default.

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
        found = segmentation_for(catalog, reference_of or as_of)
        return found.names_of(found.customers(catalog, as_of))
    customers = customers_on(catalog, as_of)
    if model == "rfm":
        return pd.Series(
            rfm_for(catalog, reference_of or as_of).predict(customers), index=customers.index, dtype=object
        )
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


def by_rules(customers: pd.DataFrame, rules: Mapping[str, str], setting: str = "segment_rules") -> pd.Series:
    """Return for each customer the name of the first rule that holds, "Others" where none does.

    Parameters
    ----------
    customers : DataFrame
        One row per customer.
    rules : mapping of name to expression
        Comparisons of columns with numbers, joined by and, or, not.
    setting : str
        Where the rules stand in the settings, for messages.

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
        raise Problems(setting, faults)
    segments = pd.Series(OTHERS, index=customers.index, dtype=object)
    for name, rule in reversed(list(rules.items())):
        holds = np.asarray(customers.eval(rule, engine="python"), dtype=bool)
        segments = segments.mask(holds, name)
    return segments


def customers_on(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the columns of :func:`crmkit.features.customer_summaries.purchase_summary`, indexed by customer_id.

    Raises
    ------
    NotMeasured
        If there are no orders of known customers.
    """
    rows = memoize(catalog, _purchase_summary, as_of)
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
        Columns of the behaviour, of the feature sets, or "engagement" [0 to 100; missing for customers no longer active].

    Raises
    ------
    Problems
        With every unknown feature.
    NotMeasured
        If the data lack what a feature is computed from.

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
    extra = memoize(catalog, _extra_features, as_of, further)
    if absent := [name for name in further if name not in extra]:
        raise NotMeasured(f"{' and '.join(absent)} (named in segments.features of the settings)")
    return customers.join(extra.set_index("customer_id"))


def learned_on(catalog: Catalog, as_of: date) -> date:
    """Return the day of the data that the reference for a day was fitted to, at the latest that day itself."""
    kept = _kept(catalog, as_of)
    return date.fromisoformat(kept["learned_on"]) if kept else reference_day(catalog, as_of)


def is_kept(catalog: Catalog, as_of: date) -> bool:
    """Return whether the reference for a day is kept in the store; otherwise it is provisional."""
    return _kept(catalog, as_of) is not None


def rfm_for(catalog: Catalog, as_of: date) -> RFM:
    """Return RFM with the cuts that apply on a day."""
    kept = _kept(catalog, as_of)
    if kept:
        return RFM.with_cuts({name: np.array(cuts, dtype=float) for name, cuts in kept["rfm"].items()})
    day = reference_day(catalog, as_of)
    return _once(catalog, ("rfm", day.isoformat()), lambda: fit_rfm(catalog, day))


def segmentation_for(catalog: Catalog, as_of: date) -> Segmentation:
    """Return the k-means segmentation that applies on a day.

    If the settings name other features or another number of segments than the reference has, it is fitted again to the
    data of the same day.
    """
    kept, settings = _kept(catalog, as_of), catalog.settings.segments
    day = date.fromisoformat(kept["learned_on"]) if kept else reference_day(catalog, as_of)
    if kept and (tuple(kept["features"]), kept["number"]) == (settings.features, settings.number):
        return _once(catalog, ("kept", day.isoformat()), lambda: _segmentation_of(kept))
    return _once(catalog, ("segments", day.isoformat()), lambda: fit_segmentation(catalog, day))


def reference_day(catalog: Catalog, as_of: date) -> date:
    """Return the day to whose data the reference for a day is fitted, if none is kept; at the latest that day itself."""
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


def fit_rfm(catalog: Catalog, day: date) -> RFM:
    """Return RFM with cuts fitted to the data up to a day."""
    return RFM().fit(customers_on(catalog.whole, day))


def fit_segmentation(
    catalog: Catalog, day: date, random_state: int = 0, before: Segmentation | None = None
) -> Segmentation:
    """Return the k-means segmentation fitted to the data up to a day.

    Parameters
    ----------
    catalog : Catalog
    day : date
    random_state : int
    before : Segmentation, optional
        The segmentation that it replaces: a segment with most customers of an earlier one keeps that one's name.
    """
    catalog, settings = catalog.whole, catalog.settings.segments
    customers = described_on(catalog, day, settings.features)
    X = customers[list(settings.features)]
    model = CustomerSegments(settings.number, random_state=random_state).fit(X)
    names = segment_names(model.space_, model.centres_, model.space_.matrix(X).mean(axis=0))
    if before is not None and len(names) > 1 and len(before.names) > 1:
        earlier = before.model.predict(described_on(catalog, day, before.features)[list(before.features)])
        names = _names_carried_over(
            names, before.names, match_labels(earlier, model.labels_, len(before.names), len(names))
        )
    return Segmentation(model, names, day, settings.features)


def keep_first_reference(catalog: Catalog, store: Path) -> None:
    """Keep a reference if the store has none and the data span a year, or the settings name a day."""
    day = _first_reference_day(catalog, read_references(store))
    if day is not None:
        # Without the features that the settings name, none can be kept; the prediction of the segments names them.
        with write_lock(store), suppress(CrmkitError, NotMeasured):
            _keep_reference(catalog, store, day, store)


def refresh_reference(catalog: Catalog, store: Path, day: date) -> None:
    """Fit the reference again to the data up to a day and keep it; predictions from then on become outdated.

    Raises
    ------
    CrmkitError
        If there are too few customers to learn from, or the settings name another day.
    """
    with write_lock(store), one_step(store) as fresh:
        _keep_reference(catalog, store, day, fresh)
        run_log = read_run_log(store)
        if run_log is not None:
            write_run_log(store, run_log.with_outdated(FITTED, since=day), fresh)


def _rows(segments: pd.Series) -> pd.DataFrame:
    return segments.rename("segment").rename_axis("customer_id").reset_index()


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


def _purchase_summary(catalog: Catalog, as_of: date) -> pd.DataFrame:
    return stable_features(catalog.call(purchase_summary, as_of=as_of).execute()).sort_values(
        "customer_id", ignore_index=True
    )


def _extra_features(catalog: Catalog, as_of: date, names: list[str]) -> pd.DataFrame:
    extra = features_of_all(catalog, as_of, [name for name in names if name != ENGAGEMENT])
    if ENGAGEMENT in names:
        scores = engagement_scores(catalog, as_of).rename(columns={"score": ENGAGEMENT})
        extra = extra.merge(scores[["customer_id", ENGAGEMENT]], on="customer_id", how="outer")
    return extra.sort_values("customer_id", ignore_index=True)


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


def _once(catalog: Catalog, name: tuple[str, str], learn: Callable[[], Model]) -> Model:
    seen = _SEEN.setdefault(catalog, {})
    if name not in seen:
        seen[name] = learn()
    found: Model = seen[name]
    return found


def _names_carried_over(names: list[str], before: list[str], matched: list[int]) -> list[str]:
    """Return the names, with those of matched earlier segments; a new segment of the same name gets a number."""
    kept = {now: before[old] for old, now in enumerate(matched) if now >= 0}
    chosen: list[str] = []
    for number, name in enumerate(names):
        wanted = kept.get(number, name)
        taken = {*chosen, *(each for other, each in kept.items() if other != number)}
        fresh = next(
            each for n in range(1, len(taken) + 2) if (each := wanted if n == 1 else f"{wanted} {n}") not in taken
        )
        chosen.append(fresh)
    return chosen


def _first_reference_day(catalog: Catalog, kept: Sequence[Mapping[str, Any]]) -> date | None:
    """Return the day of the first reference to keep: that of the settings, else the first with a year of data; or None."""
    asked, through, first = catalog.settings.company.segments_learned_on, catalog.data_through, catalog.data_from
    days = {each["learned_on"] for each in kept}
    if through is None or first is None or (days and (asked is None or asked.isoformat() in days)):
        return None
    day = reference_day(catalog, through)
    if not ((asked and asked <= through) or (day - first).days >= _YEAR):
        return None
    try:
        return day if fit_rfm(catalog, day).cuts_ else None
    except NotMeasured:
        return None


def _keep_reference(catalog: Catalog, store: Path, day: date, folder: Path) -> None:
    """Fit the reference of a day and write it, with the earlier ones of the store, into a folder.

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
    rfm = fit_rfm(catalog, day)
    if not rfm.cuts_:
        raise CrmkitError(
            f"Up to {day} there are too few customers to learn segments from: at least 20 must have ordered."
        )
    older = [each for each in earlier if each["learned_on"] < day.isoformat()]
    found = fit_segmentation(catalog, day, before=_segmentation_of(older[-1]) if older else None)
    write_references(
        folder, sorted([*earlier, _reference_of(catalog, rfm, found)], key=lambda each: each["learned_on"])
    )


def _reference_of(catalog: Catalog, rfm: RFM, found: Segmentation) -> dict[str, Any]:
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


def _segmentation_of(kept: dict[str, Any]) -> Segmentation:
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
