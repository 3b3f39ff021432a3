"""What all sections of the pages have in common.

A section is a function of a catalog that returns a table, a figure, an export or an opening. To add one, write the
function in the file of its page and mark it; where it has nothing to show, it returns None:

    @section("no reasons given")
    def cancel_reason_table(catalog: Catalog, period: Period) -> Fragment | None:
        \"\"\"Return the reasons that subscribers gave when they cancelled.\"\"\"
        reasons = ...
        if reasons.empty:
            return None
        return table(reasons, "Most left for ...", settings=catalog.settings)

Then name it in ``crmkit/reporting/pages/__init__.pyi`` and show it in a cell of the page's notebook.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, ParamSpec
from weakref import WeakKeyDictionary

from crmkit.errors import NotMeasured
from crmkit.periods import last_day, period_of
from crmkit.reporting.display.html import Fragment
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

P = ParamSpec("P")
_EXPLANATIONS = {
    "catalog": "From :func:`crmkit.connect`.",
    "period": 'Such as "2026-10".',
    "scorecard": "From :func:`crmkit.scorecard`.",
    "summary": 'Such as "2026-10"; or what all sections of the page read, to make it once.',
}
_TYPES = {"PeriodLike": "str, Period or pair of days"}
_TYPES |= {f"{kind} | Any": f"str, Period, pair of days or {kind}" for kind in ("ChurnSummary", "ValueSummary")}
_SUMMARIES: WeakKeyDictionary[Catalog, dict[tuple[str, date], Any]] = WeakKeyDictionary()


def section(nothing: str = "no section") -> Callable[[Callable[P, Fragment | None]], Callable[P, Fragment]]:
    """Make a function a section of a page.

    The section is empty where the function returns None, and where it needs a table or column that the data lack. Its
    docstring explains only the parameters that are its own: those that all sections share are added here.

    Parameters
    ----------
    nothing : str
        Name of the empty section, for its plain-text representation.

    Examples
    --------
    >>> @section("no orders")
    ... def first_order(catalog: Catalog) -> Fragment | None:
    ...     '''Return the first order.'''
    >>> import crmkit as ck, pandas as pd
    >>> first_order(ck.connect({"customers": pd.DataFrame({"customer_id": ["a"]})}))
    <crmkit no orders>
    """

    def marked(function: Callable[P, Fragment | None]) -> Callable[P, Fragment]:
        read = checked(_with_summary(function))

        @wraps(function)
        def shown(*args: P.args, **kwargs: P.kwargs) -> Fragment:
            try:
                found = read(*args, **kwargs)
            except NotMeasured:
                found = None
            return Fragment("", nothing) if found is None else found

        signature = inspect.signature(function)
        shown.__signature__ = signature.replace(return_annotation="Fragment")  # type: ignore[attr-defined]
        shown.__doc__ = _complete_docstring(inspect.getdoc(function) or "", signature, nothing)
        return shown

    return marked


def _with_summary(function: Callable[P, Fragment | None]) -> Callable[P, Fragment | None]:
    """Let a section of the summary of churn or of value take a period instead, from which the summary follows."""
    form = inspect.signature(function)
    kind = form.parameters["summary"].annotation.partition(" ")[0] if "summary" in form.parameters else ""
    if not kind:
        return function

    @wraps(function)
    def of_period(*args: P.args, **kwargs: P.kwargs) -> Fragment | None:
        given = form.bind(*args, **kwargs)
        asked = given.arguments["summary"]
        if type(asked).__name__ != kind:
            given.arguments["summary"] = _summary(given.arguments["catalog"], kind, asked)
        return function(*given.args, **given.kwargs)

    return of_period


def _summary(catalog: Catalog, kind: str, asked: object) -> Any:
    """Return the summary of a period or a day; the sections of a page share one."""
    if kind == "ChurnSummary":
        from crmkit.insights.churn import churn_summary as summarise
    else:
        from crmkit.predictions.value.summary import value_summary as summarise  # type: ignore[assignment]
    fiscal_year_start = catalog.settings.company.fiscal_year_start
    day = asked if isinstance(asked, date) else last_day(catalog.data_through, period_of(asked, fiscal_year_start))
    known = _SUMMARIES.setdefault(catalog, {})
    if (kind, day) not in known:
        known[kind, day] = summarise(catalog, day)
    return known[kind, day]


def _complete_docstring(text: str, signature: inspect.Signature, nothing: str) -> str:
    """Return a docstring with the parameters that it leaves out, in the order of the signature, and what is returned."""
    description, _, parameters = text.partition("\n\nParameters\n----------\n")
    own = {name: entry for entry in re.split(r"\n(?=\S)", parameters) for name in entry.partition(" : ")[0].split(", ")}
    entries = [
        own.get(name) or f"{name} : {_TYPES.get(parameter.annotation, parameter.annotation)}\n    {_EXPLANATIONS[name]}"
        for name, parameter in signature.parameters.items()
    ]
    returned = f"Fragment\n    ``<crmkit {nothing}>`` where there is nothing to show."
    return "\n\n".join(
        [
            description,
            "\n".join(["Parameters", "----------", *dict.fromkeys(entries)]),
            "\n".join(["Returns", "-------", returned]),
        ]
    )
