"""Which rows of a recognised file are no business, and which cannot be used: the rules of its preset in SQL."""

from __future__ import annotations

from crmkit.sources.parsing.types import in_words
from crmkit.sources.presets.expressions import in_sql, is_empty, mentioned
from crmkit.sources.presets.model import Preset, Take
from crmkit.sources.presets.recognise import Recognised
from crmkit.sources.presets.typed import told, unreadable
from crmkit.sources.sql import ROW, literal
from crmkit.tables.schema import SCHEMAS

IGNORED, REFUSED = "__ignored", "__refused"
"""Hidden columns: why a row is no business, and why a row cannot be used; null for the others."""


def ignoring(preset: Preset, fit: Recognised) -> str:
    """Return the SQL of the reason why a row is no business, null where it is."""
    rules = " ".join(f"WHEN {in_sql(rule.where, fit.columns)} THEN {literal(rule.because)}" for rule in preset.ignore)
    return f"CASE {rules} END" if rules else "NULL::VARCHAR"


def refusing(preset: Preset, fit: Recognised, currency: str) -> str:
    """Return the SQL of the reason why a row cannot be used, null where it can."""
    cases = [f"WHEN {in_sql(rule.where, fit.columns)} THEN {literal(rule.because)}" for rule in preset.refuse]
    if other := currency_of(preset, fit):
        cases.append(
            f"WHEN upper(trim({other})) <> {literal(currency)} THEN 'the amount is in ' || upper(trim({other})) || "
            f"{literal(f', and the company counts in {currency}')}"
        )
    for name in sorted(needed(preset, fit)):
        if name in fit.columns and preset.kinds[name] not in ("id", "text"):
            reason = f"'{fit.columns[name]}' cannot be read as {in_words(preset.kinds[name])}"
            cases.append(f"WHEN {unreadable(name)} THEN {literal(reason)}")
    return f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"


def currency_of(preset: Preset, fit: Recognised) -> str | None:
    """Return the SQL of the currency of a row, None where the file does not tell."""
    if fit.currency:
        return literal(fit.currency)
    if preset.currency is None or not mentioned(preset.currency, preset.kinds) & set(fit.columns):
        return None
    return in_sql(preset.currency, fit.columns)


def has_amounts(preset: Preset, fit: Recognised) -> bool:
    """Whether amounts are among what the file gives."""
    taken = [(SCHEMAS[take.table], name) for take in possible_takes(preset, fit) for name in take.columns]
    return any(schema.column(name).kind == "money" for schema, name in taken)


def possible_takes(preset: Preset, fit: Recognised) -> list[Take]:
    """Return the takes for whose required columns the file has what it needs."""
    return [take for take in preset.takes if not lacking(preset, fit, take)]


def lacking(preset: Preset, fit: Recognised, take: Take) -> list[str]:
    """Return what is wrong where the file has no column for what a row of a take cannot do without."""
    problems = []
    for column in SCHEMAS[take.table].required:
        expression = take.columns.get(column, "")
        if not is_empty(expression, preset.kinds, fit.columns):
            continue
        fields = sorted(mentioned(expression, preset.kinds))
        headers = [alias for name in fields for alias in preset.aliases[name][:2] if not alias.startswith("/")]
        advice = next((preset.needs[name] for name in fields if name in preset.needs), "Export it with that column")
        problems.append(
            f"there is no column for {column} of {take.table} ({' or '.join(headers)}). {advice.rstrip('.')}"
        )
    return problems


def needed(preset: Preset, fit: Recognised) -> set[str]:
    """Return the fields that a row cannot be made without: of required columns, and of all that are computed."""
    fields: set[str] = set()
    for take in possible_takes(preset, fit):
        for column, expression in take.columns.items():
            if column in SCHEMAS[take.table].required or expression not in preset.kinds:
                fields |= mentioned(expression, preset.kinds)
        fields |= mentioned(take.where or "", preset.kinds)
    return fields


def unreadable_sums(preset: Preset, fit: Recognised) -> dict[str, str]:
    """Return, by needed field, the SQL of a row: cells unreadable, cells filled, first unreadable line and its text."""
    asked = [
        name for name in sorted(needed(preset, fit) & set(fit.columns)) if preset.kinds[name] not in ("id", "text")
    ]
    return {
        name: f"coalesce(count_if({unreadable(name)}), 0), count({told(name)}), min({ROW}) FILTER ({unreadable(name)}), "
        f"arg_min({told(name)}, {ROW}) FILTER ({unreadable(name)})"
        for name in asked
    }
