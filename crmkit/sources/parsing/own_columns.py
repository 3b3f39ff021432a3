"""Columns that a table has beyond the canonical ones: their names, which of them are personal, and their types.

They are kept so that analysts can split by them, filter by them and use them in metrics of their own. A type is taken only
where every filled cell of the column proves it; otherwise the column stays text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.parsing.date_shapes import Order
from crmkit.sources.parsing.dates import Clock, time_from_native, time_from_parts, time_parts
from crmkit.sources.parsing.evidence_of_texts import text_facts
from crmkit.sources.parsing.evidence_of_times import settled_times
from crmkit.sources.parsing.types import (
    STEP,
    Reading,
    bare_number,
    is_number,
    is_text,
    number_from_bare,
    reading,
    shows_decimal,
    trimmed,
)
from crmkit.sources.sql import columns_of, identifier, literal
from crmkit.tables.schema import PREDICTED, SCHEMAS, Column, Kind, TableSchema

OwnKind = Literal["text", "whole number", "number", "day", "time", "true or false"]

_WORKING_NAMES = frozenset(
    # Columns that queries and results make beside those of a table: an own column of such a name would be taken for them.
    "period unit known value day draw age n low high metric status reason units began change ended happened held lost "
    "missed treated month_start starts_on ends_on won_on moved_on ordered_on order_number previous_on next_on days_since "
    "first_on turn left_at referred spell_number returns_on active_since row part because".split()
)
_STATES = ("plan", "segment", "value_tier")
_PERSONAL = frozenset(name for table in SCHEMAS.values() if table.personal for name in table.names) - {"customer_id"}


def keeps_own_columns(schema: TableSchema) -> bool:
    """Return whether a table keeps columns beyond the canonical ones: not personal data, and not what predictions write."""
    return not schema.personal and schema.name not in PREDICTED


def own_names(schema: TableSchema, headers: Iterable[str]) -> dict[str, str]:
    """Return the header of each own column by the name that it gets: lower case, words joined by underscores.

    A name is never that of a canonical column: what would be one has the table's name before it.

    Parameters
    ----------
    schema : TableSchema
        Of the table.
    headers : iterable of str
        Of the columns that are not canonical ones.

    Examples
    --------
    >>> own_names(SCHEMAS["orders"], ["Warehouse", "Größe (cm)", "Country", "2nd choice"])
    {'warehouse': 'Warehouse', 'grosse_cm': 'Größe (cm)', 'orders_country': 'Country', 'column_2nd_choice': '2nd choice'}
    """
    taken = {*schema.names, *_WORKING_NAMES}
    if schema.name != "customers":  # splits reach these through the customer
        taken |= {*SCHEMAS["customers"].names, *_STATES}
    found: dict[str, str] = {}
    for header in headers:
        name = own_name(header)
        name = f"{schema.name}_{name}" if name in taken else name
        number = 2
        while name in found or name in taken:
            name = f"{re.sub(r'_[0-9]+$', '', name) if number > 2 else name}_{number}"
            number += 1
        found[name] = header
    return found


def own_name(header: str) -> str:
    """Return the name of an own column in lower case, with words joined by underscores.

    Examples
    --------
    >>> own_name("Shipping Method"), own_name("isVIP"), own_name("Straße"), own_name("%")
    ('shipping_method', 'is_vip', 'strasse', 'column')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(header).strip())
    letters = unicodedata.normalize("NFKD", spaced.replace("ß", "ss").replace("ø", "o").replace("Ø", "O")).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    name = re.sub(r"\W+", "_", plain).strip("_")
    name = re.sub(r"_+", "_", name)
    return name if name and not name[0].isdigit() else f"column_{name}".rstrip("_")


_CONTACT_WORDS = frozenset(
    "email emails mail phone phones telephone tel telefon telefono mobile handy fax whatsapp address addresses addr adresse "
    "direccion indirizzo street strasse zip zipcode postcode postal plz firstname lastname surname forename fullname "
    "username nickname vorname nachname nom prenom apellido cognome iban bic ssn passport birthday birthdate dob "
    "geburtsdatum geburtstag latitude longitude "
    "alamat telepon hp ktp nik tlp surel emel nric "  # Indonesian and Malay
    "telefone celular morada endereco sobrenome apelido cpf "  # Portuguese
    "correo telf calle apellidos nif dni "  # Spanish
    "indirizzo cellulare codicefiscale "  # Italian
    "rue courriel portable naissance "  # French
    "adres voornaam achternaam telefoon telefoonnummer straat geboortedatum "  # Dutch
    "epost fornavn etternavn efternamn fornamn gate gatuadress telefonnr mobilnr fodelsedag fodselsdato personnummer "
    "fornavne efternavn vej telefonnummer cpr "  # Norwegian, Swedish, Danish
    "imie nazwisko ulica pesel komorka "  # Polish
    "імя прізвище телефон адреса пошта вулиця піб".split()  # Ukrainian
)
_NAME_WORDS = frozenset({"name", "names", "navn", "namn", "naam", "nombre", "nama", "nome", "nazwa"})
_NAME_OF_A_PERSON = re.compile(
    r"(?:kunde?n?|klante?n?|(?:be)?nutzer|firmen|kontakt|vor|nach|familien|kaufer|empfanger|personen|mitglieds|inhaber|bruker|anvandar)"
    r"(?:name|navn|namn|naam)"
)
_NAMED_THINGS = frozenset(
    "product item plan campaign warehouse store shop branch file domain category brand list event discount coupon method "
    "channel region country state city project series list pipeline stage status source medium form page template audience "
    "variant model type group team department segment topic survey tag label collection vendor supplier carrier currency "
    "tax lineitem sku set ad adset adgroup keyword "
    "produk barang toko menu kampanye kategori producto articulo tienda campana prodotto articolo negozio campagna "
    "produto artigo loja campanha artikel produkt vare vara varu kampagne kampanje kampanj butikk butik winkel towaru "
    "produktu kampanii sklepu".split()
)
_NUMBERED = frozenset(
    "id ids no nr number code codes sku ean gtin upc isbn barcode ref reference account vat serial token hash key".split()
)


def is_personal_header(header: str) -> bool:
    """Return whether a header says that the column holds a name, an e-mail address, a telephone number or an address.

    Examples
    --------
    >>> is_personal_header("Billing Name"), is_personal_header("Customer E-Mail"), is_personal_header("Product name")
    (True, True, False)
    """
    words = _words(header)
    if own_name(header) in _PERSONAL or any(word.rstrip("0123456789") in _CONTACT_WORDS for word in words):
        return True
    if ("e" in words and "mail" in words) or any(_NAME_OF_A_PERSON.fullmatch(word) for word in words):
        return True
    return any(word in _NAME_WORDS and (at == 0 or words[at - 1] not in _NAMED_THINGS) for at, word in enumerate(words))


def _words(header: str) -> list[str]:
    return [word for word in own_name(header).split("_") if word]


def _is_numbered(header: str) -> bool:
    """Return whether a header says that digits in the column are a name and no number: a code, an account."""
    words = _words(header)
    return bool(words) and (words[-1] in _NUMBERED or {"zip", "plz", "postcode"} & set(words) != set())


_SAMPLE = 500  # rows, filled or not, after which a column that cannot be a number or a time is known to be text
_FEWEST = 2  # filled cells: one alone proves nothing
_MOST_DIGITS = 15
_EMPTY = ("", "null", "nan", "none", "nat", "n/a", "#n/a", "\\n", "-", "--")
_WORDS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"))
EMAIL = r"[^\s@,;<>]+@[^\s@,;<>]+\.[a-z]{2,}"
PHONE = r"(\+|00)[1-9][\d ()/.-]{6,}|\(?0[1-9]\d{1,4}\)?[ /-]+\d[\d /-]{4,}"
_AMBIGUOUS = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
_DATED = (
    r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})([ ,T].*)?|\d{4}[/.]\d{1,2}[/.]\d{1,2}.*"
    r"|(?i:(?:.*[ ,-])?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ,-].*\d{2}.*)"
)


@dataclass(frozen=True)
class OwnColumn:
    """A column beyond the canonical ones.

    Attributes
    ----------
    name : str
    header : str
        In the file, the frame or the database.
    kind : str
    value : Reading
        SQL that reads it from the raw column of its name.
    """

    name: str
    header: str
    kind: OwnKind
    value: Reading

    def __str__(self) -> str:
        renamed = f", as {self.name}" if self.name != self.header else ""
        return f"{self.header} ({self.kind}{renamed})"


@dataclass(frozen=True)
class OwnColumns:
    """The own columns of a table: those that are kept, headers left out as personal data, and what could not be settled.

    ``says_nothing`` holds the words for nothing that were met, with their cells, by header.
    """

    kept: tuple[OwnColumn, ...] = ()
    personal: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    says_nothing: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()


@dataclass
class _Candidate:
    """A text column whose cells may prove another type."""

    name: str
    header: str
    renamed: bool
    n_filled: int = 0
    kind: OwnKind = "text"
    value: Reading = field(default_factory=lambda: Reading(_trimmed(STEP)))
    doubt: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    fits: list[str] = field(default_factory=list)


def judged_own_columns(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    types: Mapping[str, str],
    headers: Mapping[str, str],
    dialect: FileMapping,
    clock: Clock,
    renamed: Sequence[str] = (),
    order: Order | None = None,
) -> OwnColumns:
    """Return the own columns of a table with their types, and those to leave out as personal data.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Raw rows of the table.
    types : mapping of str to str
        DuckDB type by name, of the own columns alone.
    headers : mapping of str to str
        Header by name.
    dialect : FileMapping
        Its declared decimal mark and date format count.
    clock : Clock
    renamed : sequence of str
        Names that the analyst has given: these are judged and not the headers.
    order : str, optional
        Order of day and month that the other columns of the file prove.
    """
    texts = [name for name, met in types.items() if is_text(met)]
    candidates = {name: _Candidate(name, headers.get(name, name), name in renamed) for name in texts}
    personal_cells = _look(con, relation, list(candidates.values()), dialect, clock, order) if candidates else set()
    kept, personal = [], []
    for name, met in types.items():
        header = headers.get(name, name)
        kind, value = (
            (candidates[name].kind, candidates[name].value)
            if name in candidates
            else _native(con, relation, name, met, clock)
        )
        if name in personal_cells or (
            is_personal_header(name if name in renamed else header) and not _cannot_be_personal(header, kind)
        ):
            personal.append(header)
        else:
            kept.append(OwnColumn(name, header, kind, value))
    doubts = tuple(each.doubt for each in candidates.values() if each.doubt and each.header not in personal)
    columns, says_nothing = _without_nothing(con, relation, kept, clock)
    return OwnColumns(columns, tuple(personal), doubts, says_nothing)


def _without_nothing(
    con: duckdb.DuckDBPyConnection, relation: str, kept: Sequence[OwnColumn], clock: Clock
) -> tuple[tuple[OwnColumn, ...], tuple[tuple[str, tuple[tuple[str, int], ...]], ...]]:
    """Return the columns with words for nothing read as empty in those of text, and the words met."""
    described = columns_of(con, relation)
    texts: dict[str, tuple[str, Kind]] = {
        each.name: (each.name, "text") for each in kept if each.kind == "text" and is_text(described[each.name])
    }
    facts, _ = text_facts(con, relation, texts, described, exact_ids=True)
    read = [
        replace(each, value=reading(Column(each.name, "text", ""), "VARCHAR", facts[each.name], clock))
        if each.name in facts and (facts[each.name].nothing or not facts[each.name].ascii)
        else each
        for each in kept
    ]
    says_nothing = [(each.header, facts[each.name].says_nothing) for each in kept if each.name in facts]
    return tuple(read), tuple((header, met) for header, met in says_nothing if met)


def _cannot_be_personal(header: str, kind: OwnKind) -> bool:
    """Return whether values of a kind are no personal data whatever the header: a consent, a number of e-mails."""
    mails = {"email", "emails", "mail"} & set(_words(header))
    if own_name(header) in _PERSONAL:
        return False
    return kind == "true or false" or (kind in ("whole number", "number") and bool(mails))


def _native(
    con: duckdb.DuckDBPyConnection, relation: str, name: str, met: str, clock: Clock
) -> tuple[OwnKind, Reading]:
    """Return the kind of a column that has a type, and how it is read."""
    cell = STEP
    if met == "BOOLEAN":
        return "true or false", Reading(cell)
    if met == "DATE":
        return "day", Reading(f"CASE WHEN isfinite({cell}) THEN {cell} END")
    if met.startswith("TIMESTAMP"):
        return "time", Reading(time_from_native(cell, met, clock))
    if is_number(met):
        if met in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"):
            return "whole number", Reading(f"CAST({cell} AS BIGINT)")
        number = f"CAST({cell} AS DOUBLE)"
        usable = f"CASE WHEN isfinite({number}) THEN {number} END"
        # Whole numbers of which some are missing are decimals in pandas.
        (whole,) = con.execute(
            f"SELECT bool_and({usable} = trunc({usable}) AND abs({usable}) < 9e15) FROM {relation}".replace(
                STEP, identifier(name)
            )
        ).fetchone() or (False,)
        return (
            ("whole number", Reading(usable, typed=f"CAST({STEP} AS BIGINT)")) if whole else ("number", Reading(usable))
        )
    return "text", Reading(trimmed(cell))


def _look(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: list[_Candidate],
    dialect: FileMapping,
    clock: Clock,
    order: Order | None,
) -> set[str]:
    """Settle the types of text columns in place; return the names of those whose cells are contacts of people.

    One cheap pass over all cells counts them and gives one of each column. Whatever that cell cannot be, the column is
    not; so only columns that may be numbers, times or flags are read as such.
    """
    filled = {each.name: f"nullif(trim({identifier(each.name)}), '')" for each in columns}
    asked = [
        expression
        for cell in filled.values()
        for expression in (f"count({cell})", f"any_value({cell})", f"coalesce(count_if(contains({cell}, '@')), 0)")
    ]
    answers = iter(con.execute(f"SELECT {', '.join(asked)} FROM {relation}").fetchone() or ())
    possible, at_signs = [], []
    for each in columns:
        each.n_filled, example, n_at = next(answers), next(answers), next(answers)
        if n_at:
            at_signs.append(each)
        elif each.n_filled >= _FEWEST and _may_be_typed(example):
            possible.append(each)
    personal = {each.name for each in at_signs if _any_matches(con, relation, filled[each.name], EMAIL)}
    sample = f"(SELECT * FROM {relation} LIMIT {_SAMPLE})"
    for rows in (sample, relation):
        possible = _still_possible(con, rows, possible, dialect, clock, whole=rows is relation)
    personal |= {each.name for each in columns if each.name not in personal and each.counts.get("phones")}
    dated = [each for each in possible if each.kind == "text" and each.counts["dated"] == each.counts["filled"]]
    _settle_times(con, relation, dated, dialect, clock, order)
    return personal


def _may_be_typed(example: str) -> bool:
    text = example.casefold()
    return any(letter.isdigit() for letter in text) or text in _EMPTY or any(text in pair for pair in _WORDS)


def _any_matches(con: duckdb.DuckDBPyConnection, relation: str, cell: str, pattern: str) -> bool:
    (found,) = con.execute(
        f"SELECT coalesce(bool_or(regexp_matches({cell}, {literal(pattern)}, 'i')), false) FROM {relation}"
    ).fetchone() or (False,)
    return bool(found)


def _still_possible(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    columns: list[_Candidate],
    dialect: FileMapping,
    clock: Clock,
    whole: bool,
) -> list[_Candidate]:
    """Return the columns that these rows leave in doubt; of the whole table, those that a type is settled of are set."""
    if not columns:
        return []
    left = []
    for each in columns:
        # Numbers, days and flags as programs write them are cheap to tell; all other forms are asked for only without them.
        if whole:
            each.counts = _counted(con, rows, each.name, {name: _tests(each, clock)[name] for name in _needed(each)})
        else:
            each.counts = _counted(con, rows, each.name, _plain_tests(each))
            if each.counts["filled"] and not any(each.counts[name] == each.counts["filled"] for name in _PLAIN):
                each.counts = _counted(con, rows, each.name, _tests(each, clock))
        each.counts = dict.fromkeys(_tests(each, clock), 0) | each.counts
        n = each.counts["filled"]
        each.fits = [test for test in (*_PLAIN, "point", "comma", "iso", "dated") if n and each.counts[test] == n]
        if each.counts["phones"] * 2 > n:
            continue  # telephone numbers: settled as personal
        each.counts["phones"] = 0
        if not whole and (each.fits or not n):
            left.append(each)
        elif whole and each.fits:
            _settle(each, dialect, clock)
            left.append(each)
    return left


_PLAIN = ("whole", "decimal", "plain day", *("/".join(pair) for pair in _WORDS))


def _needed(column: _Candidate) -> set[str]:
    """Return the tests of the whole column that can still settle its type after those of its first rows."""
    if not column.counts["filled"]:
        return set(_tests(column, Clock("UTC")))
    needed = {"filled"}
    for fit in column.fits:
        if fit in ("whole", "decimal"):
            needed |= {"whole", "decimal", "padded", "long", "ambiguous", "cents"}
        elif fit in ("point", "comma"):
            needed |= {"padded", "long", "point", "comma", "ambiguous", "shows point", "shows comma"}
        elif fit == "plain day":
            needed |= {fit}
        elif fit in ("iso", "dated"):
            needed |= {fit, "padded", "with a clock", *(["__parts"] if fit == "iso" else [])}
        else:
            needed |= {fit, fit.partition("/")[0]}
    return needed


def _trimmed(raw: str) -> str:
    """Return the SQL of a text without spaces around it, null if nothing is left: quicker than by a pattern."""
    return f"nullif(trim(CAST({raw} AS VARCHAR), ' \t\r\n\u00a0\u202f\ufeff'), '')"


def _filled(raw: str) -> str:
    words = ", ".join(map(literal, _EMPTY))
    cell = trimmed(raw)
    return f"CASE WHEN lower({cell}) NOT IN ({words}) THEN {cell} END"


def _counted(con: duckdb.DuckDBPyConnection, rows: str, name: str, tests: Mapping[str, str]) -> dict[str, int]:
    """Count the filled cells of a column that meet each test; each distinct cell is read once, and most have few."""
    cell = identifier(name)
    distinct = f"SELECT {cell}, count(*) AS __n FROM {rows} GROUP BY ALL"
    cells = f"SELECT {_filled(cell)} AS {cell}, __n FROM ({distinct})"
    if "point" in tests:
        cells = f"SELECT *, {bare_number(cell)} AS __bare FROM ({cells})"
    if "iso" in tests:
        cells = f"SELECT *, {tests['__parts']} AS __parts FROM ({cells})"
    asked = {test: condition for test, condition in tests.items() if test != "__parts"}
    selected = ", ".join(f"coalesce(sum(__n) FILTER ({condition}), 0)" for condition in asked.values())
    answers = con.execute(f"SELECT {selected} FROM ({cells})").fetchone() or ()
    return dict(zip(asked, map(int, answers), strict=True))


def _plain_tests(column: _Candidate) -> dict[str, str]:
    """Return the conditions of cells as programs write them, in terms of the filled cell."""
    cell = identifier(column.name)
    tests = {
        "filled": f"{cell} IS NOT NULL",
        "phones": f"regexp_full_match({cell}, {literal(PHONE)}) AND NOT regexp_full_match({cell}, '{_DATED}')",
        "whole": f"regexp_full_match({cell}, '[+-]?\\d{{1,{_MOST_DIGITS}}}')",
        "decimal": f"regexp_full_match({cell}, '[+-]?\\d+([.]\\d+)?')",
        "plain day": f"regexp_full_match({cell}, '\\d{{4}}-\\d{{2}}-\\d{{2}}') AND try_cast({cell} AS DATE) IS NOT NULL",
        "padded": f"regexp_matches({cell}, '^[+-]?0\\d')",
        "long": f"regexp_matches({cell}, '\\d{{{_MOST_DIGITS + 1}}}')",
        "ambiguous": f"regexp_full_match({cell}, '{_AMBIGUOUS}')",
        "cents": f"regexp_matches({cell}, '[.](\\d{{1,2}}|\\d{{4,}})$|^[+-]?0[.]')",
    }
    for pair in _WORDS:
        yes, no = map(literal, pair)
        tests["/".join(pair)] = f"lower({cell}) IN ({yes}, {no})"
        tests[pair[0]] = f"lower({cell}) = {yes}"
    return tests


def _tests(column: _Candidate, clock: Clock) -> dict[str, str]:
    """Return the conditions that are counted of a column, in terms of its filled cell."""
    cell = identifier(column.name)
    bare = f"regexp_replace({cell}, '[ \u00a0\u202f\u2009''’]', '', 'g')"
    tests = _plain_tests(column) | {
        "__parts": time_parts(cell, clock),
        "point": f"{number_from_bare('__bare', '.', True)} IS NOT NULL",
        "comma": f"{number_from_bare('__bare', ',', True)} IS NOT NULL",
        "ambiguous": f"regexp_full_match({bare}, '{_AMBIGUOUS}')",
        "shows point": shows_decimal(cell, "."),
        "shows comma": shows_decimal(cell, ","),
        "iso": f"{time_from_parts('__parts', clock)} IS NOT NULL",
        "with a clock": f"contains({cell}, ':')",
        "dated": f"regexp_full_match({cell}, '{_DATED}')",
    }
    return tests


def _settle(column: _Candidate, dialect: FileMapping, clock: Clock) -> None:
    """Set the type that all filled cells of a column prove, if any; times that are not ISO 8601 are settled later."""
    counts, cell = column.counts, _filled(STEP)
    n = counts["filled"]
    for pair in _WORDS:
        has_both = 0 < counts[pair[0]] < n
        if counts["/".join(pair)] == n and (has_both or pair[0] == "true"):
            column.kind, column.value = "true or false", Reading(cell, value=f"lower({STEP}) = {literal(pair[0])}")
            return
    if counts["plain day"] == n:
        column.kind, column.value = "day", Reading(f"try_cast({_trimmed(STEP)} AS DATE)")
        return
    marked = counts["cents"] or counts["shows point"] or counts["shows comma"]
    if (counts["padded"] and not marked) or counts["long"]:
        return
    if counts["whole"] == n:
        if not _is_numbered(column.header):
            column.kind, column.value = "whole number", Reading(f"try_cast({_trimmed(STEP)} AS BIGINT)")
        return
    if counts["decimal"] == n:
        if "decimal" not in dialect.model_fields_set and counts["ambiguous"] and not counts["cents"]:
            column.doubt = _doubt_of_mark(column)
        elif "decimal" not in dialect.model_fields_set or dialect.decimal == ".":
            column.kind, column.value = (
                "number",
                Reading(f"try_cast({_trimmed(STEP)} AS DOUBLE)", value=f"CASE WHEN isfinite({STEP}) THEN {STEP} END"),
            )
        return
    if counts["dated"] < n and (counts["point"] == n or counts["comma"] == n) and (mark := _mark(column, dialect)):
        column.kind, column.value = "number", Reading(cell, bare_number(STEP), number_from_bare(STEP, mark, True))
        return
    if counts["iso"] == n:
        column.kind, column.value = _as_time(clock, counts["with a clock"] > 0)


def _mark(column: _Candidate, dialect: FileMapping) -> str | None:
    """Return the decimal mark that the cells prove or the settings declare, None where neither does."""
    counts, n = column.counts, column.counts["filled"]
    reads = {mark: counts[name] == n for mark, name in ((".", "point"), (",", "comma"))}
    if "decimal" in dialect.model_fields_set:
        return dialect.decimal if reads[dialect.decimal] else None
    if counts["shows point"] and counts["shows comma"]:
        return None
    if counts["shows point"] or counts["shows comma"]:
        mark = "." if counts["shows point"] else ","
        return mark if reads[mark] else None
    if counts["ambiguous"]:
        column.doubt = _doubt_of_mark(column)
        return None
    return next((mark for mark, all_read in reads.items() if all_read), None)


def _doubt_of_mark(column: _Candidate) -> str:
    return f"{column.header} is kept as text: its cells do not tell whether their mark is a decimal mark or groups thousands"


def _as_time(clock: Clock, with_clock: bool) -> tuple[OwnKind, Reading]:
    typed = STEP if with_clock else f"CAST({STEP} AS DATE)"
    read = Reading(_filled(STEP), time_parts(STEP, clock), time_from_parts(STEP, clock), typed)
    return ("time" if with_clock else "day"), read


def _settle_times(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: list[_Candidate],
    dialect: FileMapping,
    clock: Clock,
    order: Order | None,
) -> None:
    """Set the times that are written in another way than ISO 8601, if the cells prove the order of day and month."""
    if not columns:
        return
    times = {each.name: (each.name, "VARCHAR") for each in columns}
    day_first = {"dmy": True, "mdy": False}.get(order or "")
    settled = settled_times(con, relation, times, dialect.date_format, day_first)
    for each in columns:
        if settled.questions:
            each.doubt = f"{each.header} is kept as text: {settled.questions[0].asks}"
            continue
        own = Clock(clock.to_zone, clock.from_zone, dialect.date_format, settled.notations[each.name])
        parts = f"SELECT {time_parts(_filled(identifier(each.name)), own)} AS parts FROM {relation}"
        (n_read,) = con.execute(f"SELECT count({time_from_parts('parts', own)}) FROM ({parts})").fetchone() or (0,)
        if n_read == each.counts["filled"]:
            each.kind, each.value = _as_time(own, each.counts["with a clock"] > 0)
