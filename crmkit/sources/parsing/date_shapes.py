"""What the shape of a cell says about the date in it: which of its numbers is the day, the month, the year, the hour.

A shape is a cell with each digit written as 9: ``9/9/9999 99:99 PM``. All cells of a shape are read alike, so a column is
settled by its few shapes and not by its many cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from crmkit.sources.parsing.cldr import DateWords, folded, words_of

Order = Literal["dmy", "mdy", "ymd", "ydm"]

_TOKEN = re.compile(r"(?P<number>9+)|(?P<word>[^\W\d_]+(?:['’\u200c-][^\W\d_]+)*)|(?P<space>\s+)|(?P<mark>.)")
_HALF = re.compile(r"(?<![^\W\d_])([ap])\.?\s?m\b\.?", re.IGNORECASE)
_TIME = re.compile(r"(?<![9:])(9{1,2})(:|h)(99)(?:[:m](99)(?:[.,](9+))?s?)?(?![9:])")
_POINTED_TIME = re.compile(r"(?<=[\s,T])(9{1,2})([.])(99)(?:[.](99))?(?![9.])")
_ZONE = re.compile(
    r"^\s*(?:(?P<utc>Z|UTC|GMT)?\s*(?:(?P<sign>[+-])\s*(?P<hours>9999|99|9)(?::?(?P<minutes>99))?)?)", re.I
)
_COMMENT = re.compile(r"\s*\([^()9]*\)$")
_DATE_MARKS = frozenset({"/", ".", "-", ""})


@dataclass(frozen=True)
class Form:
    """The parts of the cells of one shape, each by the place of its number in the cell, from 1; 0 is none.

    Attributes
    ----------
    kind : str
        ``last``: the year is the last of three numbers; ``first``: the first; ``short``: no number has four digits;
        ``word``: the month is a word, or day and month cannot be exchanged for another reason.
    places : tuple of int
        The numbers of the date as they stand; of kind ``word`` the day and the year.
    month : int
        Of a word; 0 where the month is a number.
    word : str
        The month as it is written.
    hour, minute, second, fraction : int
    half : str
        ``a`` or ``p``, with a clock of twelve hours.
    sign : str
        Of the offset from UTC; empty where there is none.
    zone_hour, zone_minute : int
    utc : bool
        Whether the time is marked as UTC.
    clock : (int, int)
        Where the time of day stands in the shape; (0, 0) where there is none.
    """

    kind: Literal["last", "first", "short", "word"]
    places: tuple[int, ...]
    month: int = 0
    word: str = ""
    hour: int = 0
    minute: int = 0
    second: int = 0
    fraction: int = 0
    half: str = ""
    sign: str = ""
    zone_hour: int = 0
    zone_minute: int = 0
    utc: bool = False
    clock: tuple[int, int] = (0, 0)

    def parts(self, order: Order) -> tuple[int, int, int]:
        """Return the places of year, month and day; the month's is 0 where it is a word."""
        if self.kind == "word":
            return self.places[1], 0, self.places[0]
        if self.kind == "first":
            return (self.places[0], self.places[2], self.places[1]) if order == "ydm" else self.places[:3]  # type: ignore[return-value]
        a, b, c = self.places
        if self.kind == "short" and order in ("ymd", "ydm"):
            return (a, b, c) if order == "ymd" else (a, c, b)
        return (c, a, b) if order == "mdy" else (c, b, a)


def words_in(shapes: Iterable[str]) -> set[str]:
    """Return the words of the shapes of a column."""
    return {word for shape in shapes for word in words_of(_halves_joined(shape))}


def form_of(shape: str, words: DateWords) -> Form | None:
    """Return the parts of the cells of a shape; None if they are no dates.

    Parameters
    ----------
    shape : str
    words : DateWords
        What the words of the column mean.

    Examples
    --------
    >>> from crmkit.sources.parsing.cldr import date_words
    >>> form = form_of("9/9/9999 99:99 PM", date_words(["PM"])[0])
    >>> form.kind, form.parts("mdy"), form.hour, form.half
    ('last', (3, 1, 2), 4, 'p')
    """
    if re.fullmatch(r"9{14}", shape):
        return None
    text = _COMMENT.sub("", _halves_joined(shape)).lstrip("'").strip()
    clock = _TIME.search(text) or _POINTED_TIME.search(text)
    if clock is None:
        return _date(text, words, 0)
    before, after = text[: clock.start()], text[clock.end() :]
    half, before, after = _half(before, after, words)
    zone = _ZONE.match(after)
    zone = zone if zone and zone.group().strip() else None
    rest = after[zone.end() :] if zone else after
    n_before = len(re.findall("9+", before))
    n_clock = sum(group is not None and group.startswith("9") for group in clock.groups())
    n_zone = len(re.findall("9+", zone.group())) if zone else 0
    date_first = n_before > 0
    form = _date(before if date_first else rest, words, 0 if date_first else n_clock + n_zone)
    if (
        form is None
        or (date_first and not _is_filler(rest, words))
        or (not date_first and not _is_filler(before, words))
    ):
        return None
    hour = n_before + 1
    first_of_zone = n_before + n_clock + 1
    return replace(
        form,
        hour=hour,
        minute=hour + 1,
        second=hour + 2 if n_clock > 2 else 0,
        fraction=hour + 3 if n_clock > 3 else 0,
        half=half,
        sign=(zone["sign"] or "") if zone else "",
        zone_hour=first_of_zone if zone and zone["hours"] else 0,
        zone_minute=first_of_zone + 1 if zone and zone["minutes"] and ":" in zone.group() else 0,
        utc=bool(zone and zone["utc"] and not zone["sign"]),
        clock=(clock.start(), clock.end()),
    )


def strptime_format(shape: str, form: Form, order: Order) -> str | None:
    """Return the format of a shape in strptime's letters; None where these cannot say it, as with foreign months.

    Examples
    --------
    >>> from crmkit.sources.parsing.cldr import date_words
    >>> form = form_of("99/99/99 9:99", date_words([])[0])
    >>> strptime_format("99/99/99 9:99", form, "dmy")
    '%d/%m/%y %H:%M'
    """
    if "%" in shape or form.zone_hour or form.utc or form.fraction or shape != shape.strip():
        return None
    year, month, day = form.parts(order)
    letters = {month: "%m", day: "%d", form.hour: "%I" if form.half else "%H", form.minute: "%M", form.second: "%S"}
    place = 0

    def letter(number: re.Match[str]) -> str:
        nonlocal place
        place += 1
        return ("%Y" if len(number[0]) == 4 else "%y") if place == year else letters.get(place, "%?")

    written = re.sub("9+", letter, shape)
    written = re.sub(r"(?i)\b[ap]m\b", "%p", written) if form.half else written
    written = _english_month(written, form.word) if form.month else written
    return written if written and not re.search(r"[^\W\d_]", re.sub(r"%[a-zA-Z]", "", written)) else None


def _english_month(written: str, word: str) -> str:
    import calendar

    for names, letters in ((calendar.month_abbr, "%b"), (calendar.month_name, "%B")):
        if word.casefold() in [name.casefold() for name in names if name]:
            return re.sub(rf"\b{re.escape(word)}\b", letters, written)
    return written


def _halves_joined(shape: str) -> str:
    return _HALF.sub(lambda met: f"{met[1]}m", shape)


def _half(before: str, after: str, words: DateWords) -> tuple[str, str, str]:
    """Return the half of the day beside the time, and the texts before and after the time without it."""
    met = re.match(r"\s*([^\W\d_]+)\.?", after)
    if met and folded(met[1]) in words.halves:
        return words.halves[folded(met[1])], before, after[met.end() :]
    met = re.search(r"([^\W\d_]+)\.?\s*$", before)
    if met and folded(met[1]) in words.halves and folded(met[1]) not in words.others:
        return words.halves[folded(met[1])], before[: met.start()], after
    return "", before, after


def _is_filler(text: str, words: DateWords) -> bool:
    return "9" not in text and all(folded(word) in words.others for word in words_of(text))


def _date(text: str, words: DateWords, offset: int) -> Form | None:
    tokens = [(str(met.lastgroup), met[0]) for met in _TOKEN.finditer(text)]
    numbers = [(at, token) for at, (kind, token) in enumerate(tokens) if kind == "number"]
    met_words = [(at, token) for at, (kind, token) in enumerate(tokens) if kind == "word"]
    months = [(at, word) for at, word in met_words if folded(word) in words.months]
    if len(months) > 1:
        months = [(at, word) for at, word in months if folded(word) not in words.others]
    others = [word for at, word in met_words if (at, word) not in months]
    if any(folded(word) not in words.others for word in others) or len(months) > 1:
        return None
    marks = {token for kind, token in tokens if kind == "mark"}
    if not marks <= {"/", ".", "-", ",", "'", "’", "،"}:
        return None
    lengths = [len(token) for _, token in numbers]
    if months:
        return _with_month(lengths, numbers[0][0] if numbers else 0, months[0], words, offset)
    if len(numbers) != 3 or not _parted_alike(tokens, numbers):
        return None
    places = (offset + 1, offset + 2, offset + 3)
    if lengths[0] == 4 and max(lengths[1:]) <= 2:
        return Form("first", places)
    if lengths[2] == 4 and max(lengths[:2]) <= 2:
        return Form("last", places)
    return Form("short", places) if max(lengths) <= 2 and lengths[0] + lengths[2] >= 3 else None


def _with_month(
    lengths: list[int], first_at: int, month: tuple[int, str], words: DateWords, offset: int
) -> Form | None:
    if len(lengths) != 2 or max(lengths) > 4 or 3 in lengths or lengths.count(4) > 1:
        return None
    year_first = lengths[0] == 4
    day, year = (2, 1) if year_first else (1, 2)
    return Form("word", (offset + day, offset + year), words.months[folded(month[1])], month[1])


def _parted_alike(tokens: list[tuple[str, str]], numbers: list[tuple[int, str]]) -> bool:
    """Return whether the same mark stands between the first two numbers as between the last two."""
    (first, _), (second, _), (third, _) = numbers
    parts = [
        "".join(token for kind, token in tokens[start + 1 : end] if kind == "mark")
        for start, end in ((first, second), (second, third))
    ]
    around = [token for kind, token in (*tokens[:first], *tokens[third + 1 :]) if kind == "mark"]
    has_words = any(kind == "word" for kind, _ in tokens[first:third])
    return set(around) <= {".", ","} and (has_words or (parts[0] == parts[1] and parts[0] in _DATE_MARKS))
