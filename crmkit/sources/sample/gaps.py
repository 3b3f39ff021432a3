"""Texts that only some rows have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def only_where(condition: ArrayLike, values: ArrayLike) -> NDArray[Any]:
    """Keep the values where the condition holds, None elsewhere.

    Examples
    --------
    >>> only_where([True, False], ["u01", "u02"])
    array(['u01', None], dtype=object)
    """
    kept = np.array(values, dtype=object)
    kept[~np.asarray(condition, dtype=bool)] = None
    return kept
