"""Fitted models as text, so that what was learned of a day is kept like any other result and not learned twice."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import pandas as pd

from crmkit.models.choose_orders import ORDER_MODELS, ChosenOrders
from crmkit.models.drift import Drift
from crmkit.models.gamma_gamma import GammaGamma
from crmkit.predictions.choice import RENEWAL_MODELS, ChosenRenewals

Model = TypeVar("Model")


def written(what: str, model: Any) -> tuple[str, str, str, str, str]:
    """Return a model, or a choice of one, as a row: what it is of, its name, itself, scores of the choice, its reason."""
    if not isinstance(model, (ChosenOrders, ChosenRenewals)):
        return what, "", as_text(model), "", ""
    reason = model.reason if isinstance(model, ChosenOrders) else ""
    return what, model.name, as_text(model.model), as_text(model.held_out), reason


def made_again(row: Any) -> Any:
    """Return the model, or the choice, that :func:`written` made a row of."""
    if row.what == "orders":
        fitted: Any = model_of(ORDER_MODELS[row.name], row.model)
        return ChosenOrders(row.name, fitted, frame_of(row.held_out), row.reason)
    if row.what == "renewals":
        fitted = model_of(RENEWAL_MODELS[row.name], row.model)
        return ChosenRenewals(row.name, fitted, frame_of(row.held_out))
    return model_of(GammaGamma if row.what == "spend" else Drift, row.model)


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
