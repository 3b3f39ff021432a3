"""What the words of a field mean: stages, statuses and reasons are compared whole, and unknown ones are asked for.

A stage "Closed - Not Won" holds the word "won" and is lost, so no word is ever recognised by a piece of it. Capitals,
marks between words and repeated spaces make no difference. What is in neither the tool's vocabulary nor the settings
(``[words.PRESET.FIELD]``) stops the load with one question. Only a single cell that is no word at all, or a typing
error of a known word, is set aside instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from crmkit.errors import did_you_mean
from crmkit.settings import Settings
from crmkit.sources.parsing.types import NOTHING, NOTHING_WORDS
from crmkit.sources.presets.model import GIFT_CARD, GOODS, PAYMENT_MEANINGS, Preset, computed
from crmkit.sources.sql import identifier, literal

Vocabulary = dict[str, tuple[str, ...]]
_SHOWN = 25  # words that a question lists
_PERSONAL = re.compile(r"(?<![^\s@])[^\s@]+@[^\s@]+|\+?\d[\d\s()/-]{5,}\d")
_LONGEST_SHOWN = 100  # characters of a word
_TYPING_ERROR = 2  # letters by which a mistyped word differs
_MARKS = "[\\s\u00a0_.:/()\\-–—]+"

SHARED: dict[str, Vocabulary] = {
    "payment": dict.fromkeys(PAYMENT_MEANINGS, ())
    | {
        "paid": (
            *("paid", "completed", "complete", "succeeded", "partially refunded", "partial refund", "shipped"),
            *(
                "delivered",
                "fulfilled",
                "captured",
                "bezahlt",
                "abgeschlossen",
                "fertiggestellt",
                "teilweise erstattet",
            ),
            *("versendet", "geliefert", "payée", "payé", "terminée", "terminé", "partiellement remboursée", "pagado"),
            *("completado", "parcialmente reembolsado", "betaald", "voltooid", "pagato", "completato", "betalt"),
        ),
        "partly paid": ("partially paid", "partly paid", "partial payment", "teilweise bezahlt", "partiellement payée"),
        "refunded": (
            *("refunded", "fully refunded", "rückerstattet", "erstattet", "zurückerstattet", "remboursée", "remboursé"),
            *("reembolsado", "terugbetaald", "rimborsato", "refundert"),
        ),
        "unpaid": (
            *(
                "pending",
                "pending payment",
                "payment pending",
                "unpaid",
                "authorized",
                "authorised",
                "on hold",
                "overdue",
            ),
            *("awaiting payment", "draft", "checkout draft", "uncaptured", "processed but unpaid", "not paid"),
            *(
                "ausstehend",
                "zahlung ausstehend",
                "ausstehende zahlung",
                "unbezahlt",
                "autorisiert",
                "in wartestellung",
            ),
            *("wartend", "entwurf", "en attente de paiement", "en attente", "autorisée", "brouillon", "impayée"),
            *("pendiente de pago", "pendiente", "en espera", "autorizado", "borrador", "in attesa", "in behandeling"),
        ),
        "void": (
            *("voided", "void", "expired", "failed", "cancelled", "canceled", "declined", "denied", "trash", "blocked"),
            *("storniert", "abgebrochen", "fehlgeschlagen", "abgelaufen", "annulée", "annulé", "échouée", "expirée"),
            *("cancelado", "fallido", "caducado", "geannuleerd", "mislukt", "annullato", "fallito", "kansellert"),
        ),
    },
    "deal": {
        "won": (
            *("won", "closed won", "closedwon", "gewonnen", "abgeschlossen und gewonnen", "abgeschlossen gewonnen"),
            *("gagné", "gagnée", "fermé gagné", "conclu gagné", "ganado", "ganada", "cierre ganado", "cerrada ganada"),
            *("vinto", "chiuso vinto", "ganho", "fechado ganho", "vunnet", "vunnen", "vundet", "tulin", "menang"),
        ),
        "lost": (
            *("lost", "closed lost", "closedlost", "verloren", "abgeschlossen und verloren", "abgeschlossen verloren"),
            *(
                "nicht gewonnen",
                "not won",
                "closed not won",
                "perdu",
                "perdue",
                "fermé perdu",
                "conclu perdu",
                "perdido",
            ),
            *("perdida", "cierre perdido", "cerrada perdida", "perso", "chiuso perso", "fechado perdido", "tapt"),
            *("förlorad", "tabt", "kalah"),
        ),
        "open": ("open", "offen", "ouvert", "abierto", "aperto", "aberto", "åpen", "öppen", "åben"),
    },
}
"""Words that several tools share; those of a preset come first where both have one."""


def vocabulary_of(preset: Preset, field: str, settings: Settings) -> dict[str, str]:
    """Return the meaning of each known word of a field: those of the settings, then of the preset, then shared ones."""
    shared = SHARED.get(preset.like.get(field, ""), {})
    known = {word: meaning for meaning, words in shared.items() for word in words}
    known |= {word: meaning for meaning, words in preset.words.get(field, {}).items() for word in words}
    return known | settings.words.get(preset.name, {}).get(field, {})


def meanings_of(preset: Preset, field: str) -> tuple[str, ...]:
    """Return what a word of a field can mean."""
    if preset.revenue and field == preset.revenue.product:
        return GIFT_CARD, GOODS
    return tuple(dict.fromkeys([*preset.words.get(field, {}), *SHARED.get(preset.like.get(field, ""), {})]))


def worded_fields(preset: Preset) -> tuple[str, ...]:
    """Return the fields of a preset whose words have a meaning."""
    return tuple(dict.fromkeys([*preset.words, *preset.like]))


def wrong_words(settings: Settings, presets: Mapping[str, Preset]) -> list[str]:
    """Return what is wrong with the words of the settings."""
    problems = []
    for name, fields in settings.words.items():
        if name not in presets:
            problems.append(f"[words.{name}]: there is no preset '{name}'. {did_you_mean(name, presets)}")
            continue
        sold = presets[name].revenue
        worded = [*worded_fields(presets[name]), *([sold.product] if sold and sold.product else [])]
        for field, words in fields.items():
            if field not in worded:
                problems.append(f"[words.{name}.{field}]: it has no such words. {did_you_mean(field, worded)}")
                continue
            can = meanings_of(presets[name], field)
            problems += [
                f"[words.{name}.{field}]: '{meaning}' is no meaning of '{word}'. {did_you_mean(meaning, can)}"
                for word, meaning in words.items()
                if meaning not in can
            ]
    return problems


def same_word(text: str) -> str:
    """Return the SQL of a text in the form in which words are compared."""
    return f"trim(regexp_replace(lower(nfc_normalize({text})), {literal(_MARKS)}, ' ', 'g'))"


def with_meanings(relation: str, vocabularies: Mapping[str, Mapping[str, str]]) -> str:
    """Return the SQL of the rows with a column for the meaning of each field, null where the word is blank or unknown."""
    if not vocabularies:
        return relation
    columns = []
    for field, known in vocabularies.items():
        # The settings come last in a vocabulary and are asked first, so that they can correct it.
        cases = " ".join(
            f"WHEN {same_word(literal(word))} THEN {literal(meaning)}" for word, meaning in [*known.items()][::-1]
        )
        meaning = f"CASE {same_word(identifier(field))} {cases} END" if cases else "NULL::VARCHAR"
        columns.append(f"{meaning} AS {identifier(computed('means', field))}")
    return f"(SELECT *, {', '.join(columns)} FROM {relation})"


@dataclass(frozen=True)
class WordColumn:
    """A column of words: its field and header, what its words can mean, and which of them are known.

    ``doubtful`` is the SQL condition of the words that are asked for, if not all unknown ones are; ``told`` that under
    which other cells of the row say what it means.
    """

    preset: str
    field: str
    header: str
    meanings: tuple[str, ...]
    known: Sequence[str]
    doubtful: str | None = None
    told: str = "false"

    @property
    def place(self) -> str:
        """The table of the settings that says what its words mean."""
        return f"[words.{self.preset}.{self.field}]"

    @property
    def unknown(self) -> str:
        """SQL condition under which a cell holds a word whose meaning is not known."""
        if self.doubtful:
            return self.doubtful
        nothing = ", ".join(map(literal, ("", *NOTHING, *NOTHING_WORDS)))
        written = f"coalesce(lower(trim({identifier(self.field)})), '') NOT IN ({nothing})"
        unknown = f"{written} AND {identifier(computed('means', self.field))} IS NULL"
        return f"({unknown} AND NOT coalesce({self.told}, false))"

    @property
    def reason(self) -> str:
        """Why a row with such a word is set aside."""
        return f"what its '{self.header}' means is not known: write it under {self.place}"


def question_of(con: duckdb.DuckDBPyConnection, relation: str, column: WordColumn, counted: str) -> str | None:
    """Return the question, without full stop, about the unknown words of a column; None if there is none to ask.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Rows with the meanings.
    column : WordColumn
    counted : str
        SQL of what is counted: rows, or orders.
    """
    word = same_word(identifier(column.field))
    met = con.execute(
        f"SELECT {word} AS word, min({identifier(column.field)}), count(DISTINCT {counted}) AS n "
        f"FROM {relation} WHERE {column.unknown} GROUP BY word ORDER BY n DESC, word"
    ).fetchall()
    asked = [(str(cell), int(n)) for text, cell, n in met if n > 1 or not _is_slip(con, str(text), column)]
    if not asked:
        return None
    shown = [f"'{_shown(cell)}' ({n:,} {'row' if n == 1 else 'rows'})" for cell, n in asked]
    more = f" and {len(shown) - _SHOWN:,} more" if len(shown) > _SHOWN else ""
    others = ", ".join(f'"{meaning}"' for meaning in column.meanings[1:])
    return (
        f"it is not known what these words in '{column.header}' mean: {', '.join(shown[:_SHOWN])}{more}. "
        f"Write a line for each under {column.place}, such as "
        f'"{_shown(asked[0][0])}" = "{column.meanings[0]}" (or {others})'
    )


def _is_slip(con: duckdb.DuckDBPyConnection, word: str, column: WordColumn) -> bool:
    """Whether a cell that occurs once is no word at all, or a known word with a typing error."""
    if sum(letter.isalpha() for letter in word) < 3 or word[:1] in "=@#{":
        return True
    nearest = con.execute(
        f"SELECT min(levenshtein({same_word('known')}, ?)) FROM unnest(?::VARCHAR[]) each(known)",
        [word, list(column.known)],
    ).fetchone()
    return bool(nearest and nearest[0] is not None and nearest[0] <= _TYPING_ERROR)


def _shown(cell: str) -> str:
    """Return a word for a message; what may be personal data in a wrongly taken column is masked."""
    return _PERSONAL.sub("***", " ".join(cell.split()))[:_LONGEST_SHOWN]
