"""Packages whose names are loaded when they are first used (SPEC 1), with a hint where a name is not there."""

from __future__ import annotations

import lazy_loader

TYPE_CHECKING = False  # as in typing, whose import takes longer than all else that `import crmkit` does
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Where a name may be that is looked for in the wrong one of these packages, and how an analyst writes it.
_PUBLIC = {
    "crmkit": "ck",
    "crmkit.reporting.pages": "ck.pages",
    "crmkit.plots": "ck.plots",
    "crmkit.models": "ck.models",
}


def attach(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package whose stub lists its names.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    file : str
        ``__file__`` of the package; the stub is the ``.pyi`` file beside it.

    Examples
    --------
    >>> import crmkit as ck
    >>> ck.scorcard
    Traceback (most recent call last):
    AttributeError: There is no ck.scorcard. Did you mean 'scorecard'?
    >>> ck.churn_opening
    Traceback (most recent call last):
    AttributeError: There is no ck.churn_opening. It is ck.pages.churn_opening.
    """
    load, listed, names = lazy_loader.attach_stub(package, file)
    known = frozenset(names)

    def __getattr__(name: str) -> Any:
        if name in known:
            return load(name)
        if name.startswith("_"):  # what Python, IPython and test tools look for in any module
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        raise AttributeError(_hint(package, name, names))

    return __getattr__, listed, names


def _hint(package: str, name: str, names: list[str]) -> str:
    from importlib import import_module

    from crmkit.errors import did_you_mean

    said = _PUBLIC.get(package, package)
    for other, short in _PUBLIC.items():
        if other != package and name in import_module(other).__all__:
            return f"There is no {said}.{name}. It is {short}.{name}."
    return f"There is no {said}.{name}. {did_you_mean(name, names)}"
