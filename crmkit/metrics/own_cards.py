"""The analyst's own cards: Python files named in ``crmkit.toml``; nothing else is ever loaded."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from crmkit.errors import CrmkitError, Problems
from crmkit.settings import Settings
from crmkit.tables.depends import code_beside


def load_own_cards(settings: Settings) -> None:
    """Load the files that ``metric_modules`` names, each once; a card registers itself.

    Raises
    ------
    Problems
        If a file is not there, or fails: each with its cause.
    """
    problems = []
    for name in settings.metric_modules:
        path = (settings.folder / name).resolve()
        try:
            _load(path)
        except FileNotFoundError:
            problems.append(f"metric_modules: there is no file {name} beside crmkit.toml.")
        except CrmkitError as error:
            problems.append(f"metric_modules: {name}: {error}")
        except Exception as error:  # whatever the analyst's file raises is told, not thrown
            problems.append(f"metric_modules: {name} fails with {type(error).__name__}: {error}")
    if problems:
        raise Problems("crmkit.toml", problems)


def _load(path: Path) -> None:
    name = f"crmkit_own.{path}"
    if name in sys.modules:
        return
    if not path.is_file():
        raise FileNotFoundError(path)
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise CrmkitError("it is not a Python file.")
    module = module_from_spec(spec)
    code_beside(path.parent)  # looked at before it is loaded: from now on any change is noticed
    spec.loader.exec_module(module)
    sys.modules[name] = module  # only now: a file that failed is tried again once it is mended
