"""The register of feature sets: functions whose parameter names are the tables they read, one row a customer each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis.expr.types as ir

FeatureFunction = Callable[..., ir.Table]

FEATURE_SETS: dict[str, FeatureFunction] = {}

#: Per feature the words for a reason, with ``{value}`` and, where it helps, other features of the customer in braces.
FEATURE_WORDS: dict[str, str] = {}

#: The same for features that count days ahead, where the day is past: the value is then given without its sign.
PAST_WORDS = {"days_to_end": "the paid term ended {value} days ago"}


def feature_set(words: Mapping[str, str]) -> Callable[[FeatureFunction], FeatureFunction]:
    """Register a function ``(tables..., *, as_of) -> table`` with one row per customer.

    Parameters
    ----------
    words : mapping of str to str
        Per feature how it is said of one customer: "no order for {value} days".
    """

    def registered(function: FeatureFunction) -> FeatureFunction:
        FEATURE_SETS[function.__name__] = function
        FEATURE_WORDS.update(words)
        return function

    return registered
