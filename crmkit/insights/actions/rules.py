"""The actions by name: who each is for, what to say, what it costs, and what it is expected to bring before it was tried."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from crmkit.errors import UnknownName
from crmkit.settings.models import ActionRule
from crmkit.tables.catalog import Catalog


def rules(catalog: Catalog) -> dict[str, ActionRule]:
    """Return the actions by name: those that crmkit comes with, and those of the settings, which come first."""
    return {**_shipped(), **catalog.settings.actions}


def rule_named(catalog: Catalog, name: str) -> ActionRule:
    """Return an action, or raise UnknownName with the nearest."""
    known = rules(catalog)
    if name not in known:
        raise UnknownName("action", name, known)
    return known[name]


def cost_of(catalog: Catalog, rule: ActionRule) -> float:
    """Return what the action costs for one person: of the rule, else the cost of a contact [money]."""
    return catalog.settings.retention.contact_cost if rule.cost is None else rule.cost


@cache
def _shipped() -> dict[str, ActionRule]:
    text = files("crmkit.insights.actions").joinpath("actions.toml").read_text(encoding="utf-8")
    return {name: ActionRule(**content) for name, content in tomllib.loads(text).items()}
