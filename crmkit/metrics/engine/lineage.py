"""Lineage: which columns of which canonical tables decide the value of a metric, and which kinds of rows it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from crmkit.errors import NotMeasured
from crmkit.metrics.card import Card
from crmkit.metrics.measures import Combined, Measure
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS


@dataclass(frozen=True)
class Reads:
    """What a metric reads.

    Attributes
    ----------
    columns : mapping of str to set of str
        Columns by canonical table.
    kinds : mapping of (str, str) to set of str
        Of a column with a few choices, such as ``("survey_responses", "survey")``, those that count; absent if all do.
    """

    columns: Mapping[str, frozenset[str]]
    kinds: Mapping[tuple[str, str], frozenset[str]]


def reads_of(catalog: Catalog, card: Card) -> Reads | None:
    """Return what a metric reads; None if it cannot be measured with these tables.

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> answers = {"response_id": ["a"], "responded_at": ["2026-10-01"], "survey": ["nps"], "score": [9], "comment": ["!"]}
    >>> found = reads_of(ck.connect({"survey_responses": pd.DataFrame(answers)}), ck.cards("nps")[0])
    >>> sorted(found.columns["survey_responses"]), dict(found.kinds)
    (['responded_at', 'score', 'survey'], {('survey_responses', 'survey'): frozenset({'nps'})})
    """
    try:
        switches = {"convention": card.convention} if card.conventions else {}
        measure = catalog.call(card.function, **switches)
    except NotMeasured:
        return None
    trace = _Trace({catalog.table(name).op(): name for name in catalog.names})
    for leaf in measure.leaves() if isinstance(measure, Combined) else [measure]:
        trace.measure(leaf)
    return Reads(
        {name: frozenset(columns) for name, columns in trace.columns.items()},
        {of: frozenset(values) for of, values in trace.kinds.items()},
    )


class _Trace:
    """Follows expressions down to canonical columns; a column that is selected but not used is not read."""

    def __init__(self, canonical: Mapping[Any, str]) -> None:
        self._canonical = canonical
        self._seen: set[Any] = set()
        self.columns: defaultdict[str, set[str]] = defaultdict(set)
        self.kinds: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def measure(self, measure: Measure) -> None:
        for field in fields(measure):  # type: ignore[arg-type]
            value = getattr(measure, field.name)
            if isinstance(value, ir.Table):
                self._rows(value.op())
            elif isinstance(value, ir.Value):
                self._value(value.op())

    def _value(self, node: Any) -> None:
        if node in self._seen:
            return
        self._seen.add(node)
        if isinstance(node, ops.Field):
            self._field(node.rel, node.name)
            return
        if isinstance(node, ops.Relation):
            self._rows(node)
            return
        if isinstance(node, ops.Equals):
            self._kind(node)
        for child in node.__children__:
            self._value(child)

    def _field(self, relation: Any, name: str) -> None:
        if relation in self._canonical:
            self.columns[self._canonical[relation]].add(name)
            return
        for part in (relation.left, relation.right) if isinstance(relation, ops.Set) else (relation,):
            if part is relation and name in part.values:
                self._value(part.values[name])
            elif part is not relation:
                self._field(part, name)
        self._rows(relation)

    def _rows(self, relation: Any) -> None:
        """Follow the expressions that decide which rows exist: filters, groups, the sides and conditions of joins."""
        if ("rows", relation) in self._seen:
            return
        self._seen.add(("rows", relation))
        if relation in self._canonical:
            self.columns[self._canonical[relation]]  # the table is read, even if none of its columns is
            return
        if isinstance(relation, ops.Aggregate):
            for value in relation.groups.values():
                self._value(value)
        elif isinstance(relation, ops.Distinct):
            for value in relation.values.values():
                self._value(value)
        selected = (
            set(relation.values.values())
            if isinstance(relation, (ops.Project, ops.Aggregate, ops.JoinChain))
            else set()
        )
        for child in relation.__children__:
            if isinstance(child, ops.Relation):
                self._rows(child)
            elif child not in selected:
                self._value(child)

    def _kind(self, node: Any) -> None:
        """Note where a column of few choices is compared with one of them."""
        for column, literal in ((node.left, node.right), (node.right, node.left)):
            if isinstance(column, ops.Field) and isinstance(literal, ops.Literal):
                source = self._source(column)
                if source and SCHEMAS[source[0]].column(source[1]).choices:
                    self.kinds[source].add(str(literal.value))

    def _source(self, field: Any) -> tuple[str, str] | None:
        """Return the canonical table and column that a field is selected from, None if it is computed."""
        while isinstance(field, ops.Field):
            if field.rel in self._canonical:
                table = self._canonical[field.rel]
                return (table, field.name) if field.name in SCHEMAS[table].names else None
            field = field.rel.values.get(field.name)
        return None
