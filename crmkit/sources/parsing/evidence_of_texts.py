"""What ids and texts of a file prove: ids that Excel has shortened, words that stand for nothing, letters beyond ASCII."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from crmkit.sources.parsing.question import where
from crmkit.sources.parsing.types import FREE_TEXTS, NAMES, NOTHING, NOTHING_WORDS, Facts, is_text
from crmkit.sources.sql import ROW, identifier, literal
from crmkit.tables.schema import Kind

_CUT = r"[1-9]([.,]\d{1,16})?[eE][+]\d{2,3}"
_DIGITS_OF_EXCEL = 15
_LONGEST_NOTHING = 9
_FIRST_LETTERS = {letter for word in (*NOTHING, *NOTHING_WORDS) for letter in (word[0], word[0].upper())} | {" "}
_FIRST_OF_NOTHING = ", ".join(sorted(str(ord(letter)) for letter in _FIRST_LETTERS))
_BLANKS = (9, 10, 11, 12, 13, 32)
_WHOLE_OF_DOUBLE = 2**53
TRUE_IDS = "Where the ids are truly written so, write exact_ids = true for the file under [files]"
TRUE_IDS_OF_FRAMES = "Where the ids are truly written so, write a letter before each of them"
FLOATS = ("DOUBLE", "FLOAT")
_CODES = 0.9  # share of the other cells that are codes of as many letters


def text_facts(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, Kind]],
    types: Mapping[str, str],
    exact_ids: bool,
) -> tuple[dict[str, Facts], list[str]]:
    """Return the facts on the columns of ids and texts, and the problems of ids that have lost digits.

    Parameters
    ----------
    con : duckdb connection
    relation : str
    columns : mapping of str to (str, str)
        Column of the relation and kind, by given name.
    types : mapping of str to str
        DuckDB type by column of the relation.
    exact_ids : bool
        Whether the settings say that ids such as 1E+05 are written so.
    """
    if not columns:
        return {}, []
    asked = {name: _queries(column, kind, types[column]) for name, (column, kind) in columns.items()}
    selected = ", ".join(query for queries in asked.values() for query in queries)
    answers = iter(con.execute(f"SELECT {selected} FROM {relation}").fetchone() or ())
    facts, problems = {}, []
    for name, queries in asked.items():
        column, kind = columns[name]
        ascii_only, bare, n_nothing, n_dotted, n_cut, line, n_beyond = [next(answers) for _ in queries]
        nothing = _nothing(con, relation, name, column, kind) if n_nothing else ()
        met = _says_nothing(con, relation, column, nothing)
        is_ascii = ascii_only is not False
        whole = bool(n_dotted) and _are_whole(con, relation, column)
        facts[name] = Facts(
            whole, nothing=nothing, says_nothing=met, ascii=is_ascii, bare=is_ascii and bare is not False
        )
        if kind == "id" and n_cut and not exact_ids:
            problems.append(_cut(con, relation, column, n_cut, line))
        elif (
            kind == "id" and n_beyond and not exact_ids and (problem := _rounded(con, relation, column, types[column]))
        ):
            problems.append(problem)
    return facts, problems


def _queries(column: str, kind: Kind, met: str) -> list[str]:
    """Return the SQL of what all cells are asked for.

    All ASCII; all bare, if they are; cells that may say nothing; ids with a point; shortened ids, the first; long ids.
    """
    cell = identifier(column)
    if not is_text(met):
        return ["true", "false", "0", "0", *_shortened_numbers(cell, met)]
    words = ", ".join(map(literal, (*NOTHING, *NOTHING_WORDS)))
    # To look at the first letter takes a third of the time of comparing all words with the cell.
    may_be = f"strlen({cell}) <= {_LONGEST_NOTHING} AND ascii({cell}) IN ({_FIRST_OF_NOTHING})"
    short = f"CASE WHEN {may_be} THEN lower(trim({cell})) IN ({words}) ELSE false END"
    ends = " OR ".join(f"ends_with({cell}, chr({code}))" for code in _BLANKS)
    found = [
        f"bool_and(strlen({cell}) = length({cell}))",
        f"bool_and({cell} > '!' AND NOT starts_with({cell}, '''') AND NOT ({ends}))",
        f"coalesce(count_if({short}), 0)",
    ]
    if kind != "id":
        return [*found, "0", "0", "NULL", "0"]
    cut = f"CASE WHEN contains({cell}, '+') THEN regexp_full_match(trim({cell}), '{_CUT}') ELSE false END"
    long = f"CASE WHEN strlen({cell}) > {_DIGITS_OF_EXCEL} THEN ends_with(trim({cell}, ' ''.0') || '0', '0') ELSE false END"
    return [
        *found,
        f"coalesce(count_if(contains({cell}, '.')), 0)",
        f"coalesce(count_if({cut}), 0)",
        f"min({ROW}) FILTER ({cut})",
        f"coalesce(count_if({long}), 0)",
    ]


def _shortened_numbers(cell: str, met: str) -> list[str]:
    """Return the SQL of shortened ids among numbers, the first, and of long ids.

    Excel shows six digits of a number from 100,000,000,000 on, and writes no more of it.
    """
    if met not in FLOATS:
        return ["0", "NULL", f"coalesce(count_if({cell} >= 1{'0' * _DIGITS_OF_EXCEL}), 0)"]
    cut = f"{cell} >= 1e11 AND {cell} < {_WHOLE_OF_DOUBLE} AND {cell} % 1000000 = 0"
    n_cut = f"CASE WHEN bool_and({cut}) FILTER (isfinite({cell})) THEN count_if({cut}) ELSE 0 END"
    return [
        n_cut,
        f"min({ROW}) FILTER ({cut})",
        f"coalesce(count_if(abs({cell}) >= {_WHOLE_OF_DOUBLE} AND isfinite({cell})), 0)",
    ]


def _are_whole(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> bool:
    """Return whether all ids are written like 12.0."""
    cell = f"nullif(trim({identifier(column)}), '')"
    (whole,) = con.execute(f"SELECT bool_and(regexp_full_match({cell}, '[0-9]+[.]0+')) FROM {relation}").fetchone() or (
        False,
    )
    return bool(whole)


def _nothing(con: duckdb.DuckDBPyConnection, relation: str, name: str, column: str, kind: Kind) -> tuple[str, ...]:
    """Return the words that stand for nothing in a column.

    A word of letters is a value among codes of as many letters: NA among DE and FR is Namibia. In a column of names Null
    is a name, and among ids it is nothing unless it is written as the names around it are.
    """
    cell = f"trim({identifier(column)})"
    words = ", ".join(map(literal, NOTHING_WORDS))
    other = f"FILTER (lower({cell}) NOT IN ({words}))"
    n, n_two, n_three, n_names, n_title = con.execute(
        f"SELECT count(nullif({cell}, '')) {other}, "
        + ", ".join(f"coalesce(count_if(regexp_full_match({cell}, '[A-Za-z]{{{k}}}')) {other}, 0)" for k in (2, 3))
        + f", coalesce(count_if(regexp_matches({cell}, '^\\p{{Lu}}\\p{{Ll}}+')) {other}, 0)"
        + f", coalesce(count_if({cell} IN ('Null', 'Nan', 'None', 'Na')), 0) FROM {relation}"
    ).fetchone() or (0, 0, 0, 0, 0)
    if name in NAMES | FREE_TEXTS:
        return NOTHING
    if kind == "id":
        return tuple(w for w in NOTHING if w.strip("-")) + (() if n_title and n_names * 2 > n else NOTHING_WORDS[:4])
    codes = {2: n_two > _CODES * n, 3: n_three > _CODES * n}
    codes[2] = codes[2] or not n  # in a column of nothing else, NA may be North America
    return (*NOTHING, *(word for word in NOTHING_WORDS if not codes.get(len(word), False)))


def _says_nothing(
    con: duckdb.DuckDBPyConnection, relation: str, column: str, words: tuple[str, ...]
) -> tuple[tuple[str, int], ...]:
    """Return the words that stand for nothing as they are written, with the number of cells of each."""
    if not words:
        return ()
    cell = f"trim({identifier(column)})"
    counted = con.execute(
        f"SELECT {cell}, count(*) AS n FROM {relation} WHERE lower({cell}) IN ({', '.join(map(literal, words))}) "
        "GROUP BY ALL ORDER BY n DESC, 1"
    ).fetchall()
    return tuple((str(word), int(n)) for word, n in counted)


def _cut(con: duckdb.DuckDBPyConnection, relation: str, column: str, n: int, line: int) -> str:
    cell = identifier(column)
    (example,) = con.execute(
        f"SELECT CAST({cell} AS VARCHAR) AS cell FROM {relation} WHERE {ROW} = {line} "
        "AND regexp_matches(cell, '[+]|0000') LIMIT 1"
    ).fetchone() or ("",)
    return (
        f"Excel has shortened the ids in {n:,} rows of column '{column}', such as {where(str(example), line, column)}: their "
        "last digits are lost, and different ids look the same. Export the file again and load it without opening it in "
        f"Excel, or format the column as text when Excel imports it. {TRUE_IDS}"
    )


def _rounded(con: duckdb.DuckDBPyConnection, relation: str, column: str, met: str) -> str | None:
    """Return the problem of ids of more digits than a spreadsheet keeps, where all the digits beyond are zeros."""
    if met in FLOATS:
        return (
            f"the ids in column '{column}' are decimal numbers of more than {_DIGITS_OF_EXCEL} digits, whose last digits are "
            "lost. Read them as text or as whole numbers"
        )
    cell = f"regexp_replace(ltrim(trim(CAST({identifier(column)} AS VARCHAR)), ''''), '[.]0+$', '')"
    long = f"regexp_full_match({cell}, '\\d{{{_DIGITS_OF_EXCEL + 1},}}')"
    beyond = f"substr({cell}, {_DIGITS_OF_EXCEL + 1})"
    n, n_digits, n_rounded, example, line = con.execute(
        f"SELECT count(DISTINCT {cell}), sum(length({beyond})), count_if(trim({beyond}, '0') = ''), arg_min({cell}, {ROW}), "
        f"min({ROW}) FROM {relation} WHERE {long}"
    ).fetchone() or (0, 0, 0, "", 0)
    (n_rows,) = con.execute(f"SELECT count(*) FROM {relation} WHERE {long}").fetchone() or (0,)
    # By chance all those digits are zeros once in a million.
    if not n_rows or n_rounded < n_rows or n * (n_digits / n_rows) < 6:
        return None
    return (
        f"Excel has rounded the ids in {n_rows:,} rows of column '{column}', such as {where(example, line, column)}: beyond the "
        f"{_DIGITS_OF_EXCEL}th digit all are zeros, and different ids look the same. Export the file again and load it without "
        f"opening it in Excel, or format the column as text when Excel imports it. {TRUE_IDS}"
    )
