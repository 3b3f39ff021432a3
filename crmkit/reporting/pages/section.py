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
from functools import wraps
from typing import ParamSpec

from crmkit.errors import NotMeasured
from crmkit.reporting.display.html import Fragment

P = ParamSpec("P")
_EXPLANATIONS = {
    "catalog": "From :func:`crmkit.connect`.",
    "period": "From :func:`crmkit.covered_period`.",
    "scorecard": "From :func:`crmkit.scorecard`.",
    "summary": "What all sections of the page read.",
}


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
    ... def first_order(catalog: object) -> Fragment | None:
    ...     '''Return the first order.'''
    >>> first_order(None)
    <crmkit no orders>
    """

    def marked(function: Callable[P, Fragment | None]) -> Callable[P, Fragment]:
        @wraps(function)
        def shown(*args: P.args, **kwargs: P.kwargs) -> Fragment:
            try:
                found = function(*args, **kwargs)
            except NotMeasured:
                found = None
            return Fragment("", nothing) if found is None else found

        signature = inspect.signature(function)
        shown.__signature__ = signature.replace(return_annotation="Fragment")  # type: ignore[attr-defined]
        shown.__doc__ = _complete_docstring(inspect.getdoc(function) or "", signature, nothing)
        return shown

    return marked


def _complete_docstring(text: str, signature: inspect.Signature, nothing: str) -> str:
    """Return a docstring with the parameters that it leaves out, in the order of the signature, and what is returned."""
    description, _, parameters = text.partition("\n\nParameters\n----------\n")
    own = {name: entry for entry in re.split(r"\n(?=\S)", parameters) for name in entry.partition(" : ")[0].split(", ")}
    entries = [
        own.get(name) or f"{name} : {parameter.annotation}\n    {_EXPLANATIONS[name]}"
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
