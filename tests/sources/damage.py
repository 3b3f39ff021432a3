"""Damage done to export files as it happens to them: cut off, garbled, edited by hand, saved by other programs."""

import random
from collections.abc import Callable

LETTERS = [
    "\x00",
    '"',
    '""',
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "\\",
    "=1+2",
    "@SUM(A1)",
    "-",
    "€",
    "\u00a0",
    "Ł",
    "{}",
    "NULL",
    "#REF!",
    "1e999",
    "03/04/2026",
    "1,234",
    "1.234,56",
    "-0",
    "nan",
    "true",
    " ",
    "'",
]


def cells_of(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.split("\n")]


def text_of(rows: list[list[str]]) -> str:
    return "\n".join(",".join(row) for row in rows)


def cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def flip_bytes(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def mix_encodings(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = ("Köln €" + lines[at].decode("utf-8", "replace")).encode(
        chance.choice(["cp1252", "utf-16", "cp1250", "mac_roman"]), "replace"
    )
    return b"\n".join(lines)


def re_encode(content: bytes, chance: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(
        chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "utf-32"]), "replace"
    )


def swap_columns(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    a, b = chance.randrange(len(rows[0])), chance.randrange(len(rows[0]))
    for row in rows[chance.choice([0, 1, 1]) :]:
        if max(a, b) < len(row):
            row[a], row[b] = row[b], row[a]
    return text_of(rows).encode()


def repeat_header(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    if chance.random() < 0.5:
        rows[0][chance.randrange(len(rows[0]))] = chance.choice([*rows[0], ""])
    else:
        rows.insert(chance.randrange(1, len(rows)), list(rows[0]))
    return text_of(rows).encode()


def spoil_cells(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    for _ in range(chance.randint(1, 6)):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(LETTERS)
    return text_of(rows).encode()


def blow_up_a_cell(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    row = chance.choice(rows)
    row[chance.randrange(len(row))] = chance.choice(["x", "9", "é", '"', " "]) * chance.choice([300, 70_000, 200_000])
    return text_of(rows).encode()


def lose_cells(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    for _ in range(chance.randint(1, 3)):
        row = chance.choice(rows)
        del row[chance.randrange(len(row)) :]
    return text_of(rows).encode()


def change_delimiter(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b",", chance.choice([b";", b"\t", b"|"]))


def shuffle_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def change_newlines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    return b"".join(line + chance.choice([b"\r\n", b"\r", b"\n", b"\n\n", b"\x85", b"\x0c"]) for line in lines)


def put_in_bytes(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1)
        content = (
            content[:at]
            + chance.choice([b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b"\x1a", b"\xe2\x80\xae"])
            + content[at:]
        )
    return content


def repeat_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    for _ in range(chance.randint(1, 4)):
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return b"\n".join(lines)


def write_notes_between(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    for _ in range(chance.randint(1, 3)):
        note = chance.choice(
            [b"Total,,,,99", b"# exported by hand", b"", b",,,,,,", b"(c) 2026 The Firm", b"---;---;---", b'"unclosed']
        )
        lines.insert(chance.randrange(len(lines) + 1), note)
    return b"\n".join(lines)


def garble_twice(content: bytes, chance: random.Random) -> bytes:
    named = content.replace(b"2026", "Kölner Straße 2026 – 5 €".encode(), chance.randint(1, 3))
    return named.decode("utf-8", "replace").encode().decode("cp1252", "replace").encode()


def join_files(content: bytes, chance: random.Random) -> bytes:
    return content + chance.choice([b"", b"\n", b"\n\n"]) + content[: chance.randrange(len(content) + 1)]


def wrap_in_quotes(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at:] = [b'"' + line.replace(b'"', b'""') + b'"' if line else line for line in lines[at:]]
    return b"\n".join(lines)


def lose_the_header(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    del lines[: chance.choice([1, 1, 2])]
    return b"\n".join(lines)


def write_a_title_above(content: bytes, chance: random.Random) -> bytes:
    titles = [
        b"Orders report\n\n",
        b"sep=,\n",
        b'"Kaldi Coffee, Ltd"\nFor the period 1 September 2026 to 30 September 2026\n\n',
        b"Report,Orders\nFrom,2026-09-01\nTo,2026-09-30\n\n",
        b"Generated on Thursday, October 1, 2026\n,,,,\n",
        b"# exported\n# by Ann, Bob\n",
    ]
    return chance.choice(titles) + content


def write_totals(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    sums = [_sum_of(column) for column in zip(*rows[1:-1], strict=False)]
    total = [chance.choice(["Total", "Grand total", "Summe", "Total for Ann"]), *sums[1:]]
    rows.insert(chance.choice([len(rows) - 1, len(rows), chance.randrange(1, len(rows))]), total)
    return text_of(rows).encode()


def _sum_of(cells: tuple[str, ...]) -> str:
    numbers = [float(cell) for cell in cells if cell.replace(".", "", 1).isdigit()]
    return f"{sum(numbers):.2f}" if len(numbers) == len(cells) else ""


def write_a_note_below(content: bytes, chance: random.Random) -> bytes:
    return content + chance.choice(
        [b"\nGenerated by Ann\n", b"\nAs of October 1, 2026, 09:00\n", b"Total,,\n", b"\n,,\nEnd\n"]
    )


def name_two_columns_alike(content: bytes, chance: random.Random) -> bytes:
    rows = cells_of(content.decode())
    at = chance.randrange(len(rows[0]))
    for number, row in enumerate(rows):
        if at < len(row):
            other = row[at] if number == 0 or chance.random() < 0.5 else f"{number}"
            row.insert(chance.randrange(len(rows[0])) if number == 0 and chance.random() < 0.1 else at + 1, other)
    return text_of(rows).encode()


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [
    cut_off,
    flip_bytes,
    mix_encodings,
    re_encode,
    swap_columns,
    repeat_header,
    spoil_cells,
    blow_up_a_cell,
    lose_cells,
    change_delimiter,
    shuffle_lines,
    change_newlines,
    put_in_bytes,
    repeat_lines,
    write_notes_between,
    garble_twice,
    join_files,
    wrap_in_quotes,
    lose_the_header,
    write_a_title_above,
    write_totals,
    write_a_note_below,
    name_two_columns_alike,
]


BINARY = [cut_off, flip_bytes, put_in_bytes, join_files]
"""What happens to workbooks and Parquet too."""


def damaged(content: bytes, chance: random.Random, is_text: bool = True) -> tuple[bytes, str]:
    """Return a file with one, two or three damages, and their names."""
    names = []
    for damage in chance.sample(DAMAGES if is_text else BINARY, chance.choice([1, 1, 2, 3])):
        try:
            content = damage(content, chance)
            names.append(damage.__name__)
        except (UnicodeDecodeError, ValueError, IndexError):  # the damage before leaves nothing to damage so
            continue
    return content, " and ".join(names)
