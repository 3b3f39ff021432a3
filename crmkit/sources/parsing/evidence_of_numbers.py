"""What the amounts and counts of a file prove: the decimal mark of each column, and the currency signs in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from crmkit.sources.parsing.cldr import currencies_of
from crmkit.sources.parsing.question import Question, where
from crmkit.sources.parsing.types import NOTHING, NOTHING_WORDS, filled
from crmkit.sources.sql import ROW, identifier

_PLAIN = r"-?\d+([.]\d+)?"
_MOST_SHAPES = 3000
_AMOUNT = re.compile(
    r"\(?[+-]?\s*(?P<before>[^9+()\-]*?)\s*[+-]?\s*(?P<number>9(?:[9.,'’\s]*9)?|(?<![^\s+\-(])[.,]9+)"
    r"(?P<no_cents>[.,]-{1,2})?(?:[.,](?=\s|$))?\s*-?\s*(?P<after>[^9+()\-]*?)-?\)?"
)
_STRAY = 0.01  # cells of a column that may be a slip, as a share; one cell always may
_OTHER = {".": ",", ",": "."}


@dataclass
class MarkEvidence:
    """What the cells of one column show.

    Attributes
    ----------
    name, column, kind : str
    n_filled : int
        Cells with content [cells].
    plain : bool
        Whether all of them are digits with at most a minus and a point.
    shown : dict of str to int
        Cells that can be read with this decimal mark only [cells].
    example : dict of str to (str, int)
        The first of them, with its line.
    n_doubtful : int
        Cells whose one mark may be decimal or group thousands [cells].
    doubtful : (str, int) or None
        The first of them.
    signs : tuple of str
        Currency signs and codes.
    """

    name: str
    column: str
    kind: str
    n_filled: int = 0
    plain: bool = False
    shown: dict[str, int] = field(default_factory=lambda: {".": 0, ",": 0})
    example: dict[str, tuple[str, int]] = field(default_factory=dict)
    n_doubtful: int = 0
    doubtful: tuple[str, int] | None = None
    signs: tuple[str, ...] = ()

    def shows(self, mark: str, n: int, cell: str, line: int) -> None:
        """Count cells that can be read with this decimal mark only."""
        self.shown[mark] += n
        self.example[mark] = min(self.example.get(mark, (cell, line)), (cell, line), key=lambda met: met[1])

    def doubts(self, n: int, cell: str, line: int) -> None:
        """Count cells whose mark may be either."""
        self.n_doubtful += n
        self.doubtful = min(self.doubtful or (cell, line), (cell, line), key=lambda met: met[1])

    @property
    def mark(self) -> str | None:
        """The decimal mark that its cells prove, but for a slip."""
        point, comma = self.shown["."], self.shown[","]
        if point and comma:
            few = min(point, comma)
            return (
                None
                if few > max(1, _STRAY * max(point, comma)) or few * 3 > max(point, comma)
                else ("." if point > comma else ",")
            )
        return "." if point else "," if comma else None

    @property
    def asks(self) -> bool:
        """Whether its doubtful cells are more than a slip."""
        return self.n_doubtful > max(1, _STRAY * self.n_filled) or self.n_doubtful * 5 > self.n_filled


def mark_evidence(con: duckdb.DuckDBPyConnection, relation: str, name: str, column: str, kind: str) -> MarkEvidence:
    """Return what the cells of a column of numbers that are text show."""
    evidence = MarkEvidence(name, column, kind)
    cell = identifier(column)
    plain = f"regexp_full_match({cell}, '{_PLAIN}')"
    sure = f"regexp_matches({cell}, '^-?(\\d{{4,}}[.]\\d{{3}}|0[.]\\d+|\\d+[.](\\d{{1,2}}|\\d{{4,}}))$')"
    n, n_plain, n_pointed, n_sure, line = con.execute(
        f"SELECT count({cell}) FILTER ({cell} <> ''), count(*) FILTER ({plain}), "
        f"count(*) FILTER ({plain} AND contains({cell}, '.')), count(*) FILTER ({plain} AND contains({cell}, '.') AND {sure}), "
        f"min({ROW}) FILTER ({plain} AND contains({cell}, '.') AND {sure}) FROM {relation}"
    ).fetchone() or (0, 0, 0, 0, None)
    evidence.n_filled, evidence.plain = n, n == n_plain
    if n_sure and line is not None:
        first = con.execute(f"SELECT {cell} FROM {relation} WHERE {ROW} = {line} AND {plain} LIMIT 1").fetchone()
        evidence.shows(".", n_sure, str(first[0]) if first else "", line)
    if n_pointed > n_sure or n_plain < n:
        _look_at_shapes(con, relation, evidence, f"NOT ({plain} AND (NOT contains({cell}, '.') OR {sure}))")
    return evidence


def settled_marks(
    met: Mapping[str, MarkEvidence], declared: str | None
) -> tuple[dict[str, str | None], list[Question]]:
    """Return the decimal mark of each column, None where nothing proves one, and questions on what that leaves open.

    A column goes by its own cells; one that shows nothing by the amounts and counts of the file.
    """
    if declared:
        marks_declared: dict[str, str | None] = dict.fromkeys(met, declared)
        return marks_declared, []
    helpers = [each for each in met.values() if each.kind in ("money", "integer")]
    votes = {each.mark for each in helpers} - {None}
    of_file = next(iter(votes)) if len(votes) == 1 else None
    marks: dict[str, str | None] = {}
    questions = []
    for name, each in met.items():
        marks[name] = each.mark or of_file
        if each.shown["."] and each.shown[","] and each.mark is None:
            questions.append(_two_ways(each))
        elif each.mark is None and of_file is None and each.asks:
            questions.append(_doubt(each))
    return marks, questions[:3]


def _doubt(each: MarkEvidence) -> Question:
    cell, line = each.doubtful or ("", 0)
    number = re.sub(r"[^\d.,]", "", cell).strip(".,")
    mark = "." if "." in number else ","
    as_decimal = f"{float(number.replace(',', '.')):g}" if re.fullmatch(r"\d+[.,]\d+", number) else number
    as_thousands = f"{int(re.sub(r'[.,]', '', number) or 0):,}"
    return Question(
        f"{where(cell, line, each.column)} is {as_decimal} or {as_thousands}: no cell shows whether its mark is a decimal "
        "mark or groups thousands",
        f'decimal = "{mark}" ({as_decimal}) or decimal = "{_OTHER[mark]}" ({as_thousands})',
        "Make the column one of numbers, or write the amounts without marks of thousands",
        each.name,
    )


def _two_ways(each: MarkEvidence) -> Question:
    point, comma = (where(*each.example[mark], each.column) for mark in (".", ","))
    return Question(
        f"numbers are written in two ways, {point} and {comma}. Mend the file, or choose one mark, so that the other "
        "rows are set aside",
        'decimal = "." or decimal = ","',
        "Make the column one of numbers",
        each.name,
    )


def _look_at_shapes(con: duckdb.DuckDBPyConnection, relation: str, evidence: MarkEvidence, odd: str) -> None:
    raw = identifier(evidence.column)
    rows = con.execute(
        f"SELECT shape, zero, count(*), arg_min(raw, line), min(line), bool_and(ends_with(cell, '000')) FROM ("
        f"SELECT {raw} AS raw, {ROW} AS line, cell, translate(cell, '012345678', '999999999') AS shape, "
        f"regexp_matches(cell, '^[^0-9]*0[.,][0-9]') AS zero FROM "
        f"(SELECT {raw}, {ROW}, {filled(raw)} AS cell FROM {relation} WHERE {odd}) WHERE cell IS NOT NULL) "
        f"GROUP BY shape, zero ORDER BY count(*) DESC, shape, zero LIMIT {_MOST_SHAPES}"
    ).fetchall()
    signs: set[str] = set()
    grouped_counts: list[tuple[str, int, str, int, bool]] = []
    for shape, zero_first, n, raw_cell, line, ends_in_zeros in rows:
        parsed = amount_of(shape)
        if parsed is None:
            continue
        body, no_cents, met_signs = parsed
        signs |= met_signs
        if evidence.kind == "integer" and (grouped := re.fullmatch(r"9{1,3}(?P<mark>[.,])999(?:(?P=mark)999)*", body)):
            grouped_counts.append((_OTHER[grouped["mark"]], n, raw_cell, line, ends_in_zeros))
        elif mark := _shown(body, no_cents, zero_first):
            evidence.shows(mark, n, raw_cell, line)
        elif re.fullmatch(r"9{1,3}[.,]999", body):
            evidence.doubts(n, raw_cell, line)
    _judge_counts(evidence, grouped_counts)
    evidence.signs = tuple(sorted(signs))


def _judge_counts(evidence: MarkEvidence, met: list[tuple[str, int, str, int, bool]]) -> None:
    """A count has no decimals, so its mark groups; unless all cells end in three zeros, as from programs with decimals."""
    n = sum(each[1] for each in met)
    decimals = n == evidence.n_filled and all(zeros for *_, zeros in met)
    for mark, n_cells, cell, line, _ in met:
        if decimals:
            evidence.doubts(n_cells, cell, line)
        else:
            evidence.shows(mark, n_cells, cell, line)


def amount_of(shape: str) -> tuple[str, str, set[str]] | None:
    """Return the digits and marks of the shape of an amount, its mark before missing cents, and its currency signs.

    Examples
    --------
    >>> amount_of("RM999.99"), amount_of("9.999,-"), amount_of("99 pieces")
    (('999.99', '', {'RM'}), ('9.999', ',', set()), None)
    """
    text = re.sub("[−–—－]", "-", shape).lstrip("'").strip()
    if text.casefold() in (*NOTHING, *NOTHING_WORDS):
        return None
    met = _AMOUNT.fullmatch(text)
    if met is None:
        return None
    signs = {sign for each in (met["before"], met["after"]) if (sign := each.strip().rstrip("."))}
    single = met["after"].strip().rstrip(".")
    if any(not currencies_of(sign) for sign in signs) or (len(single) == 1 and single.isascii() and single.isalpha()):
        return None  # 12K is twelve thousand, and not twelve kwacha
    return re.sub(r"['’\s]", "", met["number"]), (met["no_cents"] or "")[:1], signs


def _shown(body: str, no_cents: str, zero_first: bool) -> str | None:
    """Return the only decimal mark with which a number can be read; None if there is none, or either will do.

    A zero before a mark groups nothing: 0,125 has a decimal comma.
    """
    if no_cents:
        return no_cents
    for mark, other in ((r"[.]", ","), (",", r"[.]")):
        shapes = (
            rf"9+{mark}(9{{1,2}}|9{{4,}})",
            rf"9{{4,}}{mark}999",
            rf"9?{mark}9+" if zero_first else rf"{mark}9+",
            rf"9{{1,3}}({other}999)+{mark}9+",
            rf"9{{1,3}}({other}999){{2,}}",
            rf"9{{1,2}}({other}99)+{other}999({mark}9+)?",
        )
        if re.fullmatch("|".join(shapes), body):
            return "." if mark == "[.]" else ","
    return None
