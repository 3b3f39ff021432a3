"""The register of derived tables: functions whose parameter names are the tables they read."""

from __future__ import annotations

from collections.abc import Callable

import ibis.expr.types as ir

DERIVED: dict[str, Callable[..., ir.Table]] = {}


def derived(function: Callable[..., ir.Table]) -> Callable[..., ir.Table]:
    """Register a function as the derived table of its name."""
    DERIVED[function.__name__] = function
    return function
