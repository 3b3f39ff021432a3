"""Numbers that were reported and have changed since, with the reasons as far as they are known."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose
from typing import Any

from crmkit.metrics.formatting import counted, is_number, scale_for
from crmkit.words import say

_ROUNDING = 1e-9  # relative; sums of the same rows in another order differ by less


def revision_sentence(
    then: Mapping[str, Any], now: Mapping[str, Any], since: list[str], currency: str | None = None
) -> str:
    """Return how a reported number has changed; empty if it is the same.

    Parameters
    ----------
    then, now : mapping
        The number as reported and as it is now: label, value [unit] or None, n, counted, unit, status, definition, and
        so_far, the number of days for a period that was still running.
    since : list of str
        Changes between the two that affect all numbers, from :func:`changed_inputs`.
    currency : str, optional
        ISO 4217 code.

    Examples
    --------
    >>> then = {"label": "Revenue", "value": 40288.0, "n": 1201, "counted": "orders", "unit": "money", "status": "ok"}
    >>> revision_sentence(then, then | {"value": 40310.0, "n": 1204}, ["the export files have changed"], "EUR")
    'Revenue: reported as €40,288, now €40,310 (+€22). Since then 3 orders more are counted; the export files have changed.'
    >>> revision_sentence(then, then, ["the export files have changed"])
    ''
    """
    before, after = then.get("value"), now.get("value")
    both = [value for value in (before, after) if is_number(value)]
    if not both or (len(both) == 2 and isclose(*both, rel_tol=_ROUNDING, abs_tol=1e-12)):
        return ""
    scale = scale_for(str(now["unit"]), both[-1], low=min(both), high=max(both), currency=currency)
    words = [_in_words(number, scale.words(number.get("value"))) for number in (then, now)]
    if words[0] == words[1]:
        return ""  # both are printed alike
    change = scale.change(both[1] - both[0]) if len(both) == 2 else "none"
    facts = [*_of_this_number(then, now), *since]
    why = say("revision-since", facts="; ".join(facts)) if facts else say("revision-unknown")
    return f"{say('revision-changed', label=now['label'], then=words[0], now=words[1], change=change)} {why}"


def changed_inputs(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the changes in data, settings and code that affect all numbers, as a clause each.

    Parameters
    ----------
    then, now : mapping
        input, other_settings, code, own_code (hashes; None where one is not known), settings, packages (name to value),
        crmkit (its version).

    Examples
    --------
    >>> changed_inputs({"settings": {"churn_after_days": 90}}, {"settings": {"churn_after_days": 60}})
    ['the setting churn_after_days has changed from 90 to 60']
    """
    clauses = [say("revision-exports")] if _differ(then, now, "input") else []
    clauses += _changed(then, now, "settings", "revision-setting")
    if _differ(then, now, "other_settings"):
        clauses.append(say("revision-other-settings"))
    if _differ(then, now, "own_code"):
        clauses.append(say("revision-own-code"))
    if _differ(then, now, "crmkit"):
        clauses.append(say("revision-crmkit", before=then["crmkit"], after=now["crmkit"]))
    elif _differ(then, now, "code"):
        clauses.append(say("revision-code"))
    return clauses + _changed(then, now, "packages", "revision-package")


def _of_this_number(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    clauses = []
    if then.get("so_far") and not now.get("so_far"):
        clauses.append(say("revision-ended", days=int(then["so_far"])))
    if then.get("definition") and then["definition"] != now.get("definition", then["definition"]):
        clauses.append(say("revision-definition"))
    more = (now.get("n") or 0) - (then.get("n") or 0)
    if more and then.get("status") != "not measured":
        message = "revision-more" if more > 0 else "revision-fewer"
        clauses.append(say(message, n=abs(more), counted=counted(abs(more), now["counted"])))
    return clauses


def _in_words(number: Mapping[str, Any], value: str) -> str:
    return value if is_number(number.get("value")) else str(number.get("status") or say("revision-no-data"))


def _differ(then: Mapping[str, Any], now: Mapping[str, Any], name: str) -> bool:
    return bool(then.get(name) and now.get(name)) and then[name] != now[name]


def _changed(then: Mapping[str, Any], now: Mapping[str, Any], name: str, message: str) -> list[str]:
    before, after = then.get(name) or {}, now.get(name) or {}
    names = [key for key in after if key in before and before[key] != after[key]]
    nothing = say("revision-nothing")
    return [say(message, name=key, before=before[key] or nothing, after=after[key] or nothing) for key in names]
