"""Fitted models as text, so that what was learned of a day is kept like any other result and not learned twice."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import pandas as pd

Model = TypeVar("Model")


def as_text(value: Any) -> str:
    """Write down a fitted model, with its parameters and all that it has learned, or a frame of numbers.

    Numbers come back to the last digit. What a model would still compute when asked, such as the intervals of the
    parameters of a model of repeat orders, is not written down.

    Raises
    ------
    TypeError
        If a model holds anything but plain values, Series and DataFrames.
    """
    if hasattr(value, "__dict__") and not isinstance(value, (pd.DataFrame, pd.Series)):
        value = {name: own for name, own in vars(value).items() if not name.startswith("_")}
    return json.dumps(value, default=_plain)


def model_of(kind: type[Model], text: str) -> Model:
    """Make a fitted model of its text.

    Examples
    --------
    >>> from crmkit.models.drift import Drift
    >>> model = Drift()
    >>> model.growth_ = 1 / 3
    >>> model_of(Drift, as_text(model)).growth_ == 1 / 3
    True
    """
    model = object.__new__(kind)
    vars(model).update({name: _frame(own) for name, own in json.loads(text).items()})
    return model


def frame_of(text: str) -> pd.DataFrame:
    """Make a frame of numbers of its text.

    Examples
    --------
    >>> frame_of(as_text(pd.DataFrame({"lead": [0.1]}, index=pd.Index(["sBG"], name="model"))))
           lead
    model
    sBG     0.1
    """
    frame: pd.DataFrame = _frame(json.loads(text))
    return frame


def _frame(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    index = pd.Index(value["index"], name=value["index_name"])
    if "columns" in value:
        return pd.DataFrame(value["rows"], index=index, columns=value["columns"], dtype=float)
    return pd.Series(value["rows"], index=index, name=value["name"], dtype=float)


def _plain(value: Any) -> Any:
    """Turn what JSON has no word for into what it has."""
    if isinstance(value, (pd.DataFrame, pd.Series)):
        rows = {"rows": value.to_numpy(dtype=float).tolist(), "index": value.index.tolist()}
        named = {"columns": value.columns.tolist()} if isinstance(value, pd.DataFrame) else {"name": value.name}
        return {**rows, "index_name": value.index.name, **named}
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"A model holds a {type(value).__name__}, which cannot be written down.")
