"""The rules that a row must keep, computed by the database in which the rows stay; the same as for files.

A row without a usable required cell does not count, and an optional cell that breaks a rule is empty. All rows that come
twice count: merging them is left to the database, or to a view of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from crmkit.cleaning.checks.check_rows import is_later_time
from crmkit.cleaning.checks.findings import Counts, Finding
from crmkit.cleaning.checks.parse_rows import FIRST_DAY, PLANS
from crmkit.cleaning.loading.load_report import LoadReport
from crmkit.settings import Settings
from crmkit.sources.databases.beside import tables_beside
from crmkit.sources.databases.database import LinkedTable, linked_tables, tables_given, tables_of_backend
from crmkit.sources.parsing.types import in_words
from crmkit.sources.store.one_step import finish_step
from crmkit.sources.store.summary import cache_for
from crmkit.tables.caching.cache import Cache
from crmkit.tables.caching.moment import cache_of_moment
from crmkit.tables.catalog import Catalog
from crmkit.tables.connection_lock import LockedBackend
from crmkit.tables.expressions import constant_day, day
from crmkit.tables.schema import PREDICTED, Column

_LEFT_OUT = "Left out: such a row counts nowhere. Mend it in the database, or in a view."
_TWICE = "All of them count. Make the key unique in the database, or in a view."
_LOOK_ALIKE = "Their last digits are lost, so that different ids look the same and count as one."
_LOAD_AGAIN = "Load them into the database again from files that Excel has not opened, or as text."
_DIGITS_OF_EXCEL = 15
_FEWEST_ROUNDED = 3  # ids
Progress = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Rule:
    """A condition that is true where a rule is broken, and the finding in words."""

    broken: Any
    finding: str
    consequence: str = ""
    may_be_unknown: bool = False


@dataclass(frozen=True, eq=False)
class RuledTable:
    """A linked table and the rules for its rows.

    Attributes
    ----------
    linked : LinkedTable
    reasons : tuple of Rule
        Why a row is left out; the first that holds is the reason.
    emptied : dict of str to tuple of Rule
        Why a cell of an optional column is empty.
    """

    linked: LinkedTable
    reasons: tuple[Rule, ...]
    emptied: dict[str, tuple[Rule, ...]]

    @property
    def kept(self) -> ir.Table:
        """The rows that count."""
        rows = self.linked.rows
        # One plain condition after the other: the database estimates them better than the cases of one reason.
        good = rows.filter(
            [~rule.broken.fill_null(False) if rule.may_be_unknown else ~rule.broken for rule in self.reasons]
        )
        return good.mutate(
            **{
                name: ibis.cases(*((rule.broken, _null(rows[name])) for rule in found), else_=rows[name])
                for name, found in self.emptied.items()
            }
        )

    def counted(self) -> tuple[Counts, list[Finding]]:
        """Count what is wrong, in four queries that bring back counts and no rows."""
        reasons = self.linked.rows.group_by(reason=self._reason).aggregate(n=ibis._.count()).execute()
        by_reason = {reason: int(n) for reason, n in zip(reasons["reason"], reasons["n"], strict=True)}
        n_in = sum(by_reason.values())
        aside = {rule.finding: n for rule in self.reasons if (n := by_reason.get(rule.finding, 0))}
        table = self.linked.schema.name
        found = [
            Finding(table, finding, n, n / n_in, "rejected", _LEFT_OUT)
            for finding, n in sorted(aside.items(), key=lambda reason: (-reason[1], reason[0]))
        ]
        found += [
            Finding(table, rule.finding, n, n / n_in, "note", rule.consequence) for rule, n in self._broken_rules() if n
        ]
        found += [
            Finding(table, finding, n, n / n_in, "warning", _LOOK_ALIKE, _LOAD_AGAIN)
            for finding, n in self._shortened_ids()
        ]
        n_aside = sum(aside.values())
        return Counts(n_in, n_in - n_aside, 0, n_aside), found

    @property
    def _reason(self) -> Any:
        return ibis.cases(*((rule.broken, rule.finding) for rule in self.reasons), else_=ibis.null("string"))

    def _broken_rules(self) -> Iterator[tuple[Rule, int]]:
        rows = self.linked.rows.filter(self._reason.isnull())
        rules = [rule for found in self.emptied.values() for rule in found] + list(self._out_of_order())
        if rules:
            sums = {f"n_{i}": ibis.ifelse(rule.broken, 1, 0).sum().fill_null(0) for i, rule in enumerate(rules)}
            yield from zip(rules, map(int, rows.aggregate(**sums).execute().iloc[0]), strict=True)
        key = [name for name in self.linked.schema.key if name in rows.columns]
        if key:
            each = rows.group_by(key).aggregate(n=rows.count())
            more = each.aggregate(n=(each.n - 1).sum().fill_null(0)).execute()
            yield Rule(None, f"rows have the {' and '.join(key)} of another row", _TWICE), int(more["n"].iloc[0])

    def _shortened_ids(self) -> Iterator[tuple[str, int]]:
        """Yield what is wrong with ids that came into the database by way of Excel, and in how many rows."""
        rows = self.linked.rows
        ids = [each.name for each in self.linked.schema.columns if each.kind == "id" and each.name in rows.columns]
        if not ids:
            return
        sums: dict[str, Any] = {}
        for name in ids:
            value, upper = rows[name], rows[name].upper()
            # 1.23457E+12, 1,23457E+12 and 1E+12
            cut = upper.like("_.%E+__") | upper.like("_,%E+__") | upper.like("_E+__")
            is_long = value.length() > _DIGITS_OF_EXCEL
            zeros = is_long & (value.substr(_DIGITS_OF_EXCEL).replace("0", "") == "")
            sums |= {
                f"{name}_cut": _n_of(cut),
                f"{name}_long": _n_of(is_long),
                f"{name}_zeros": _n_of(zeros),
                f"{name}_ids": ibis.ifelse(zeros, value, ibis.null("string")).nunique(),
            }
        counted = rows.aggregate(**sums).execute().iloc[0]
        for name in ids:
            if n_cut := int(counted[f"{name}_cut"]):
                yield f"{name} has ids that Excel has shortened, such as 1.23457E+12", n_cut
            n_zeros, n_ids = int(counted[f"{name}_zeros"]), int(counted[f"{name}_ids"])
            # By chance the last digits of so many ids are not all zeros.
            if n_ids >= _FEWEST_ROUNDED and n_zeros == int(counted[f"{name}_long"]):
                yield (
                    f"{name} has ids that Excel has rounded: beyond the {_DIGITS_OF_EXCEL}th digit all are zeros",
                    n_zeros,
                )

    def _out_of_order(self) -> Iterator[Rule]:
        rows, clock = self.linked.rows, self.linked.schema.clock
        for column in self.linked.schema.columns:
            if clock and column.name in rows.columns and is_later_time(column):
                yield Rule(
                    day(rows[column.name]) < day(rows[clock]),
                    f"{column.name} lies before {clock}",
                    "The row counts; a duration from it counts as 0 days.",
                )


def with_rules(linked: LinkedTable, end_of_data: date) -> RuledTable:
    """Return the table with the rules for its rows; nothing is computed yet."""
    there = [column for column in linked.schema.columns if column.name in linked.rows.columns]
    broken = {column.name: tuple(_rules(linked, column, end_of_data)) for column in there}
    reasons = [rule for column in there if column.required for rule in broken[column.name]]
    reasons += [
        Rule(linked.rows[column.name].isnull(), f"{column.name} is missing") for column in there if column.required
    ]
    reasons += _row_rules(linked)
    return RuledTable(
        linked,
        tuple(reasons),
        {column.name: broken[column.name] for column in there if not column.required and broken[column.name]},
    )


class DatabaseCatalog(Catalog):
    """A catalog whose rows stay in a database; what is wrong with them is counted there, when it is first asked for."""

    def __init__(
        self,
        tables: Mapping[str, RuledTable],
        settings: Settings,
        provenance: Mapping[str, Any],
        predicted: Mapping[str, ir.Table] | None = None,
        cache: Cache | None = None,
    ) -> None:
        kept = {name: table.kept for name, table in tables.items()}
        super().__init__(kept | dict(predicted or {}), settings, provenance, cache)
        self._ruled = dict(tables)

    @cached_property
    def report(self) -> LoadReport:
        """What is wrong with the rows of every table."""
        return self.check()

    def check(self, progress: Progress | None = None) -> LoadReport:
        """Count the unusable rows of each table, and those that break a rule and stay."""
        counts, findings = {}, []
        for done, (name, table) in enumerate(self._ruled.items()):
            if progress:
                progress(f"Checking {name}", done, len(self._ruled))
            counts[name], found = table.counted()
            findings += found
        return LoadReport(counts, tuple(findings), data_through=self.data_through)


def catalog_of_database(settings: Settings, personal: bool = False) -> DatabaseCatalog:
    """Open the tables of the database that the settings name; nothing is loaded.

    Raises
    ------
    Problems
        With every table that is not there and every column that is missing or of a wrong type.
    CrmkitError
        If the database cannot be opened, or has none of crmkit's tables.
    """
    linked, place = linked_tables(settings, personal)
    files = predictions_beside(settings)
    return _catalog(linked, place, settings, files, None if personal else cache_of_database(settings, files))


def predictions_beside(settings: Settings) -> dict[str, Path]:
    """Return the files of the predictions that were made from a database: they are kept beside the settings."""
    finish_step(settings.path("store"))
    files = {name: settings.path("store") / f"{name}.parquet" for name in PREDICTED}
    return {name: file for name, file in files.items() if file.is_file()}


def cache_of_database(settings: Settings, predicted: Mapping[str, Path]) -> Cache | None:
    """Return the cache of results from a database that is one file; that of a server, which others may change, is a run's."""
    address = settings.database.address if settings.database else None
    if address is None:
        return None
    if not address.is_file:
        return cache_of_moment(settings, predicted.values())
    return cache_for({"database": address.file(settings.folder).resolve(), **predicted}, settings, {})


def catalog_of_ibis(
    given: ibis.BaseBackend | Mapping[str, ir.Table], settings: Settings, personal: bool = False
) -> DatabaseCatalog:
    """Open the tables of a connection, or tables by their names, that the analyst has made with Ibis.

    Raises
    ------
    Problems
        With every name that is no table's, and every column that is missing or of a wrong type.
    CrmkitError
        If a connection has none of crmkit's tables, or the tables are on several.

    Examples
    --------
    >>> con = ibis.duckdb.connect()
    >>> made = con.raw_sql("CREATE TABLE shop_orders AS SELECT 1 AS order_id, DATE '2026-10-01' AS ordered_at, 12.5 AS revenue")
    >>> catalog_of_ibis({"orders": con.table("shop_orders")}, Settings()).frame("orders")["order_id"].tolist()
    ['1']
    """
    if isinstance(given, Mapping):
        return _catalog(*tables_given(given, settings, personal), settings)
    return _catalog(*tables_of_backend(given, settings, personal), settings)


def _catalog(
    linked: Sequence[LinkedTable],
    place: str,
    settings: Settings,
    predicted: Mapping[str, Path] | None = None,
    cache: Cache | None = None,
) -> DatabaseCatalog:
    now = datetime.now(ZoneInfo(settings.company.time_zone))
    end = settings.data.through or now.date()
    known: dict[str, Any] = {
        "database": place,
        "relations": {table.schema.name: table.origin for table in linked},
        "files": [],
        "input_sha256": None,  # it could only be known by reading every row
        "read_at": now.isoformat(timespec="seconds"),
    }
    backend = linked[0].rows.get_backend()
    beside = {name: file for name, file in (predicted or {}).items() if name not in known["relations"]}
    views, hints = tables_beside(backend, beside)
    known |= {"hints": hints} if hints else {}
    ruled = {table.schema.name: with_rules(table, end) for table in linked}
    is_server = settings.database is not None and not settings.database.address.is_file
    return DatabaseCatalog(ruled, settings, known, views, cache if is_server or may_be_kept(backend) else None)


def may_be_kept(backend: ibis.BaseBackend) -> bool:
    """Return whether results depend on the database's own file alone: a view may read others."""
    if not isinstance(backend, LockedBackend):
        return False
    return not backend.con.execute(
        "SELECT count(*) FROM duckdb_views() WHERE NOT internal AND NOT temporary"
    ).fetchall()[0][0]


def _n_of(condition: Any) -> Any:
    return ibis.ifelse(condition, 1, 0).sum().fill_null(0)


def _null(value: Any) -> Any:
    return ibis.null(value.type())


def _rules(linked: LinkedTable, column: Column, end_of_data: date) -> Iterator[Rule]:
    """Yield the rules of one column; a cell without a value breaks none."""
    value, empty = linked.rows[column.name], f"{column.name} is left empty; the row counts."
    if column.kind in ("money", "number"):
        yield Rule(value.isnan() | value.isinf(), f"{column.name} cannot be read as {in_words(column.kind)}", empty)
    if column.choices:
        yield Rule(value.notin(column.choices), f"{column.name} is none of {', '.join(column.choices)}", empty)
    if column.low is not None:
        yield Rule(value < column.low, f"{column.name} is below {column.low:g}", empty)
    if column.high is not None:
        yield Rule(value > column.high, f"{column.name} is above {column.high:g}", empty)
    if column.kind in ("timestamp", "date"):
        yield Rule(value < _midnight(FIRST_DAY, column), f"{column.name} lies before {FIRST_DAY}", empty)
        if (linked.schema.name, column.name) not in PLANS:
            after = f"{column.name} lies after {end_of_data}, the end of the data"
            yield Rule(value >= _midnight(end_of_data + timedelta(days=1), column), after, empty)
        else:  # infinity is a time in PostgreSQL only
            yield Rule(value > _midnight(date.max, column), f"{column.name} cannot be read as {in_words(column.kind)}")


def _midnight(on: date, column: Column) -> Any:
    midnight = constant_day(on)
    return midnight if column.kind == "date" else midnight.cast("timestamp")


def _row_rules(linked: LinkedTable) -> Iterator[Rule]:
    rows = linked.rows
    if linked.schema.name == "survey_responses":
        low, high = (_scale_end(rows, *end) for end in (("scale_min", 0), ("scale_max", 10)))
        yield Rule((rows.score < low) | (rows.score > high), "score lies outside its own scale", may_be_unknown=True)
    if linked.schema.name == "subscription_terms":
        yield Rule(rows.ends_at < rows.starts_at, "ends_at lies before starts_at")


def _scale_end(rows: ir.Table, name: str, nps: int) -> Any:
    default = ibis.ifelse(rows.survey == "nps", nps, ibis.null("int64")).cast("float64")
    return ibis.coalesce(rows[name], default) if name in rows.columns else default
