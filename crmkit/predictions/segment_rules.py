"""Segments by the firm's own rules: comparisons of what is known of a customer, written in the settings."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmkit.errors import Problems, did_you_mean

OTHERS = "Others"
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Gt, ast.GtE, ast.Lt,
    ast.LtE, ast.Eq, ast.NotEq, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip


def by_rules(customers: pd.DataFrame, rules: Mapping[str, str]) -> pd.Series:
    """Return for each customer the name of the first rule that holds, "Others" where none does.

    Parameters
    ----------
    customers : DataFrame
        One row per customer.
    rules : mapping of name to expression
        Comparisons of columns with numbers, joined by and, or, not.

    Raises
    ------
    Problems
        With every rule that cannot be read, or names a column that is not there.

    Examples
    --------
    >>> customers = pd.DataFrame({"n_orders": [1, 6, 9], "revenue": [10.0, 700.0, 90.0]})
    >>> by_rules(customers, {"Key accounts": "n_orders >= 5 and revenue > 500", "Regulars": "n_orders >= 5"}).tolist()
    ['Others', 'Key accounts', 'Regulars']
    """
    faults = [fault for name, rule in rules.items() if (fault := _fault(name, rule, customers))]
    if faults:
        raise Problems("segment_rules", faults)
    segments = pd.Series(OTHERS, index=customers.index, dtype=object)
    for name, rule in reversed(list(rules.items())):
        holds = np.asarray(customers.eval(rule, engine="python"), dtype=bool)
        segments = segments.mask(holds, name)
    return segments


def _fault(name: str, rule: str, customers: pd.DataFrame) -> str:
    try:
        parts = list(ast.walk(ast.parse(rule, mode="eval")))
    except SyntaxError:
        return f"the rule '{name}' cannot be read: {rule}. Write it like n_orders >= 5 and revenue > 500."
    if not all(isinstance(part, _ALLOWED) for part in parts) or not any(isinstance(p, ast.Compare) for p in parts):
        return f"the rule '{name}' must compare columns with numbers, joined by and, or, not (met: {rule})."
    columns = [part.id for part in parts if isinstance(part, ast.Name)]
    unknown = next((column for column in columns if column not in customers), None)
    return f"the rule '{name}' names '{unknown}'. {did_you_mean(unknown, customers.columns)}" if unknown else ""
