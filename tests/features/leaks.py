"""The guard against leaks: what is known on a day does not change with what comes later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from crmkit.errors import Problems
from crmkit.features.point_in_time import as_known_on
from crmkit.features.snapshot import snapshot
from crmkit.tables.catalog import Catalog

Features = Callable[[Catalog, date], pd.DataFrame]


def check_no_leak(catalog: Catalog, as_of: date, features: Features = snapshot) -> pd.DataFrame:
    """Return the features of a day, after making sure that they are the same without all later data.

    Parameters
    ----------
    catalog : Catalog
        With later data than ``as_of``, else there is nothing to find.
    as_of : date
    features : callable
        ``(catalog, as_of) -> frame`` indexed by customer_id.

    Raises
    ------
    Problems
        With every feature that differs, and a customer for whom it does.
    """
    whole, cut = features(catalog, as_of), features(as_known_on(catalog, as_of), as_of)
    problems = []
    if missing := sorted(set(whole.index) ^ set(cut.index)):
        problems.append(
            f"{len(missing)} customers are there only with or only without later data, such as '{missing[0]}'."
        )
    for name in sorted(map(str, set(whole) | set(cut))):
        if name not in whole or name not in cut:
            problems.append(f"{name} is there only {'with' if name in whole else 'without'} later data.")
        elif len(both := whole.index.intersection(cut.index)):
            problems += _differing(whole[name][both], cut[name][both])
    if problems:
        raise Problems(f"The features of {as_of}", problems)
    return whole


def _differing(whole: pd.Series, cut: pd.Series) -> list[str]:
    if pd.api.types.is_numeric_dtype(whole) and pd.api.types.is_numeric_dtype(cut):
        same = np.isclose(whole.astype(float), cut.astype(float), rtol=1e-9, atol=1e-9, equal_nan=True)
    else:
        same = ((whole == cut) | (whole.isna() & cut.isna())).to_numpy(dtype=bool)
    if same.all():
        return []
    where = whole.index[~same][0]
    return [
        f"{whole.name} looks ahead: for customer '{where}' it is {whole[where]} with later data and {cut[where]} without."
    ]
