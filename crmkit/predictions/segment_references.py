"""Which ruler holds on a day: the one kept in the store, until a refresh is asked for; else one learned by rule.

What is kept are the cuts and centres themselves: late orders, a new load or a new version do not move them. The first
ruler that was learned from a year of data is kept by itself, by the first predictions that are made; a younger firm's
is provisional and not kept. ``crmkit predict --refresh-segments`` keeps a new one beside the earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.models.customer_segments import CustomerSegments
from crmkit.models.rfm import RFM
from crmkit.models.segment_space import SegmentSpace
from crmkit.predictions.reference_file import read_references, write_references
from crmkit.predictions.segment_rulers import Segmentation, rfm_model, ruler_day, segmentation
from crmkit.tables.catalog import Catalog

Ruler = TypeVar("Ruler", RFM, Segmentation)
_YEAR = 365  # days of data from which on a ruler is kept
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
    if not ((asked and asked <= through) or (day - first).days >= _YEAR):
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
