"""The words by which a row calls itself a total, in the languages of the tools that write exports."""

from __future__ import annotations

import re

# A word that stands alone or first ("Total for Ann", "Summe Ann") or last ("Ann Total", "Ann Ergebnis").
_WORDS = (
    "total|totals|totaux|totale|totali|totales|totais|totalt|totalen|totalsumma|totaal|totaalbedrag|eindtotaal|hovedtotal|"
    "grand[ -]?total|sub[ -]?totals?|sous[ -]total|subtotale|subtotaal|tussentotaal|totalizador|"
    "gesamt|gesamtsumme|gesamtergebnis|gesamtbetrag|gesamtumsatz|insgesamt|summe|summen|zwischensumme|teilsumme|endsumme|"
    "teilergebnis|ergebnis|sum|sums|summa|delsumma|delsum|suma|soma|somme|somma|kokonaissumma|yhteens[äa]|"
    "razem|og[óo][łl]em|[łl][ąa]cznie|suma częściowa|celkem|celkov[ýáeé]\\w*|mezisou[čc]et|sou[čc]et|spolu|[öo]sszesen|"
    "v[ée]g[öo]sszeg|r[ée]sz[öo]sszeg|ukupno|svega|skupaj|kokku|kop[āa]|i[šs] viso|i alt|jumlah|genel toplam|ara toplam|toplam|"
    "total general|total geral|total g[ée]n[ée]ral|итого|всего|итог|общий итог|промежуточный итог|разом|всього|общо|"
    "σύνολο|γενικό σύνολο|t[ổo]ng|t[ổo]ng c[ộo]ng|kabuuan"
)
# Written without spaces around them.
_SIGNS = '合計|小計|総計|總計|总计|合计|小计|总额|합계|총계|소계|총합계|รวม|รวมทั้งสิ้น|الإجمالي|المجموع|إجمالي|סה״כ|סה"כ|סך הכל|कुल'
_QUALIFIER = r"(?:(?:grand|overall|report|net|gross|all|final)\s+)?"
_ALONE = re.compile(
    rf"\W*{_QUALIFIER}(?:(?:{_WORDS})(?!\w)|{_SIGNS})"
    r"(?:\s+(?:general|geral|g[ée]n[ée]ral|generale|generaal|ttc|ht|netto|brutto|net|amount|sales|revenue|umsatz|betrag))?"
    r"(?:\W+[A-Z]{3})?\W*",
    re.IGNORECASE,
)
_FIRST = re.compile(rf"\W*{_QUALIFIER}(?:(?:{_WORDS})(?!\w)|{_SIGNS}).*", re.IGNORECASE | re.DOTALL)
_LAST = re.compile(rf".*(?:(?<!\w)(?:{_WORDS})|{_SIGNS})\W*", re.IGNORECASE | re.DOTALL)
_LONGEST = 120  # letters; no label of a total is longer

_PATTERN = f"(?i)(?:{_WORDS}|{_SIGNS})".replace("'", "''")


def may_hold_total(column: str) -> str:
    """Return the SQL that is true for each cell that the label of a total can stand in, and for some others.

    Cells that begin with a digit are passed over: to search numbers and dates for words takes ten times as long. What is
    extracted, DuckDB looks for once in each value of a category, and what is matched, in each cell.
    """
    return f"(({column} < '0' OR {column} > ':') AND regexp_extract({column}, '{_PATTERN}') <> '')"


def is_total_alone(cell: str) -> bool:
    """Whether a cell says that its row is a total, and nothing else.

    Examples
    --------
    >>> [is_total_alone(cell) for cell in ("Total", "GRAND TOTAL:", "Gesamtsumme (EUR)", "合計", "Total for Ann", "Summer")]
    [True, True, True, True, False, False]
    """
    return len(cell) <= _LONGEST and _ALONE.fullmatch(cell.strip()) is not None


def may_be_total(cell: str) -> bool:
    """Whether a cell may be the label of a total: the word stands first or last in it.

    Examples
    --------
    >>> [may_be_total(cell) for cell in ("Total for Ann", "Ann Ergebnis", "Total Energies", "Sumatra", "in total 5 pieces")]
    [True, True, True, False, False]
    """
    text = cell.strip()
    return len(text) <= _LONGEST and (_FIRST.fullmatch(text) or _LAST.fullmatch(text)) is not None


def group_of_total(cell: str) -> str:
    """Return the name of the group in the label of its total, in lower case; empty if it names none.

    Examples
    --------
    >>> group_of_total("Total for Cust 1"), group_of_total("Cust 1 Ergebnis"), group_of_total("TOTAL")
    ('cust 1', 'cust 1', '')
    """
    text = cell.strip()
    if is_total_alone(text):
        return ""
    start = re.match(
        rf"\W*{_QUALIFIER}(?:{_WORDS}|{_SIGNS})(?!\w)\W*(?:(?:for|für|fuer|of|de|du|di|von|pour|para|voor)\s+)?",
        text,
        re.IGNORECASE,
    )
    end = re.search(rf"\W*(?:{_WORDS}|{_SIGNS})\W*$", text, re.IGNORECASE)
    rest = text[start.end() :] if start else text[: end.start()] if end else ""
    return rest.strip().casefold()
