"""In which order deals pass their stages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.passes import fetch
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import place
from crmkit.tables.remembering import remember


def stage_order(catalog: Catalog) -> list[str]:
    """Return the stages in the order in which deals usually come to them, whatever they are called.

    A stage's place is the median over the deals that reached it of how many stages they had reached by then; of two with
    the same median the one that is earlier on average comes first.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.

    Returns
    -------
    list of str
        Empty where no stages are recorded.

    Examples
    --------
    >>> import crmkit as ck
    >>> rows = pd.DataFrame({"deal_id": ["a", "a", "b"], "stage": ["talk", "offer", "talk"],
    ...                      "entered_at": pd.to_datetime(["2026-10-01", "2026-10-05", "2026-10-02"])})
    >>> stage_order(ck.connect({"deal_stages": rows}))
    ['talk', 'offer']
    """
    return list(remember(catalog, _placed)["stage"])


def _placed(catalog: Catalog) -> pd.DataFrame:
    try:
        stages = catalog.table("deal_stages")
    except NotMeasured:
        return pd.DataFrame({"stage": pd.Series(dtype=object)})
    rows = stages.mutate(place=place(within="deal_id", order_by=["entered_at", "stage"]))
    counts = fetch(rows.group_by("stage", "place").aggregate(n=rows.count())).sort_values(["stage", "place"])
    places = [
        (stage, float(np.median(reached)), float(reached.mean()))
        for stage, own in counts.groupby("stage")
        if len(reached := np.repeat(own["place"].to_numpy(float), own["n"].to_numpy(int)))
    ]
    order = sorted(places, key=lambda known: (known[1], known[2], known[0]))
    return pd.DataFrame({"stage": [stage for stage, *_ in order]}, dtype=object)
