"""What a DuckDB type holds, and what values of a type or of a canonical kind are called."""

from __future__ import annotations

_NUMBERS = frozenset(
    "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE".split()
)
_CANONICAL = {
    "id": "text",
    "text": "text",
    "money": "a number",
    "number": "a number",
    "integer": "a whole number",
    "timestamp": "a time",
    "date": "a day",
    "flag": "yes or no",
}


def is_text(kind: str) -> bool:
    """Whether a DuckDB type holds text."""
    return kind in ("VARCHAR", "JSON") or kind.startswith("ENUM")


def is_number(kind: str) -> bool:
    """Whether a DuckDB type holds numbers."""
    return kind in _NUMBERS or kind.startswith("DECIMAL")


def in_words(kind: str) -> str:
    """Return what a value of a canonical kind, or of a DuckDB type, is called.

    Examples
    --------
    >>> in_words("money"), in_words("VARCHAR")
    ('a number', 'text')
    """
    if kind in _CANONICAL:
        return _CANONICAL[kind]
    if is_text(kind):
        return "text"
    if is_number(kind):
        return "a number"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return "a time"
    return "true or false" if kind == "BOOLEAN" else kind.lower()
