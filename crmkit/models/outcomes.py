"""What is to be foretold: one of two outcomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target


def two_outcomes(y: NDArray) -> tuple[NDArray, NDArray[np.intp]]:
    """Return the two outcomes in order, and per row the place of its own.

    Raises
    ------
    ValueError
        If there are more outcomes, or only one; in the words that scikit-learn's checks expect.

    Examples
    --------
    >>> classes, codes = two_outcomes(np.array(["stays", "leaves", "stays"]))
    >>> classes.tolist(), codes.tolist()
    (['leaves', 'stays'], [1, 0, 1])
    """
    check_classification_targets(y)
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    if len(classes) > 2:
        raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
    if len(classes) < 2:
        raise ValueError(f"Classifier can't train when only one class is present: {classes[0]}.")
    return classes, codes
