"""Rows for an estimator that takes a frame of numbers and texts, or any array that scikit-learn takes."""

from __future__ import annotations

import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data


def rows_to_learn_from(estimator: BaseEstimator, X: pd.DataFrame, y: NDArray) -> tuple[pd.DataFrame, NDArray]:
    """Return the rows as a frame whose columns are named by texts, and one outcome per row; the estimator keeps the names.

    Raises
    ------
    ValueError
        If there are not as many outcomes as rows, or scikit-learn's checks find another fault.
    """
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, skip_check_array=True)
        check_consistent_length(X, y)
        checked, y = X, column_or_1d(y)
    else:
        checked, y = validate_data(estimator, X, y, ensure_all_finite="allow-nan")
    frame = pd.DataFrame(checked)
    return frame.set_axis(list(map(str, frame.columns)), axis=1).reset_index(drop=True), y


def rows_asked_about(estimator: BaseEstimator, X: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return rows like those that a fitted estimator has learned from, under the same names."""
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, reset=False, skip_check_array=True)
        return X.set_axis(names, axis=1).reset_index(drop=True)
    return pd.DataFrame(validate_data(estimator, X, reset=False, ensure_all_finite="allow-nan"), columns=names)
