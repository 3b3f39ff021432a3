"""The rules that a row must keep, drawn from the schema: each a condition that breaks it, and a sentence.

A required column that breaks a rule rejects its row. An optional one is emptied and the row stays: an order with an
unreadable margin is still an order.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from crmkit.sources.kinds import in_words
from crmkit.sources.sql import identifier, literal, present
from crmkit.tables.schema import Column, TableSchema

FIRST_DAY = date(1900, 1, 1)
PLANS = {("subscription_terms", "starts_at"), ("subscription_terms", "ends_at")}
"""Times that may lie after the end of the data: a term of next month is a plan."""


@dataclass(frozen=True)
class Rule:
    """A condition in SQL that is true where the rule is broken, and the sentence that says so."""

    broken: str
    finding: str


def column_rules(table: str, column: Column, end_of_data: date | None) -> list[Rule]:
    """Return the rules of one column; the condition may use its value and whether it is present.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> [rule.finding for rule in column_rules("subscription_terms", schema("subscription_terms").column("mrr"), None)]
    ['mrr cannot be read as a number', 'mrr is below 0']
    """
    value = identifier(column.name)
    rules = []
    if column.kind not in ("id", "text"):
        unreadable = f"{present(column.name)} AND {value} IS NULL"
        rules.append(Rule(unreadable, f"{column.name} cannot be read as {in_words(column.kind)}"))
    if column.choices:
        listed = ", ".join(literal(choice) for choice in column.choices)
        rules.append(Rule(f"{value} NOT IN ({listed})", f"{column.name} is none of {', '.join(column.choices)}"))
    if column.low is not None:
        rules.append(Rule(f"{value} < {column.low!r}", f"{column.name} is below {column.low:g}"))
    if column.high is not None:
        rules.append(Rule(f"{value} > {column.high!r}", f"{column.name} is above {column.high:g}"))
    if column.kind in ("timestamp", "date"):
        rules += _time_rules(table, column, end_of_data)
    return rules


def row_rules(schema: TableSchema, columns: Collection[str]) -> list[Rule]:
    """Return the rules that look at several columns of a row; those of columns the source lacks are left out."""
    rules = [Rule(f"{identifier(name)} IS NULL", f"{name} is missing") for name in schema.required if name in columns]
    if not set(schema.required) <= set(columns):
        return rules
    if schema.name == "survey_responses":
        low, high = _scale_end("scale_min", 0, columns), _scale_end("scale_max", 10, columns)
        rules.append(Rule(f"score < {low} OR score > {high}", "score lies outside its own scale"))
    if schema.name == "subscription_terms":
        rules.append(Rule("ends_at < starts_at", "ends_at lies before starts_at"))
    return rules


def _time_rules(table: str, column: Column, end_of_data: date | None) -> list[Rule]:
    day = f"CAST({identifier(column.name)} AS DATE)"
    rules = [Rule(f"{day} < DATE '{FIRST_DAY}'", f"{column.name} lies before {FIRST_DAY}")]
    if end_of_data is not None and (table, column.name) not in PLANS:
        after = f"{column.name} lies after {end_of_data}, the end of the data"
        rules.append(Rule(f"{day} > DATE '{end_of_data}'", after))
    return rules


def _scale_end(name: str, nps: int, columns: Collection[str]) -> str:
    """Return the SQL of one end of the scale; the scale of NPS is known where the row does not give it."""
    default = f"CASE WHEN survey = 'nps' THEN {nps} END"
    return f"coalesce({name}, {default})" if name in columns else default
