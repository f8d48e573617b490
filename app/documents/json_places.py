"""Where in a text of JSON something stands: line, column, and the row of the list, never what stands there.

Looked for only when a body is refused. What comes before the place is JSON as it should be: the reader got that
far, or all the brackets up to there were counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import numpy as np

from app.matching.columns import BoolArray, IntArray

PIECE = 1 << 20
"""Bytes looked at together, so that looking takes little memory however much there is."""

ROWS_AT_MOST_WITHIN = 2
"""Lists whose rows are counted: the body itself, or a list in a field of it."""

STEP = np.zeros(256, dtype=np.int8)
STEP[[ord("["), ord("{")]] = 1
STEP[[ord("]"), ord("}")]] = -1

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_KEYS_AND_BRACES = re.compile(rf"({_STRING})(\s*:)?|[{{}}]", re.DOTALL)
_NUMBERS = re.compile(rf"{_STRING}|NaN|-?Infinity|-?[0-9][0-9.eE+-]*", re.DOTALL)


def plain_escapes(body: bytes) -> bytes:
    """The same bytes at the same places, where every quotation mark begins or ends a string.

    Escaped backslashes and quotation marks are painted over. In JSON they stand in strings only; of what is not
    JSON, the parser goes no further than the first that does not.
    """
    return body.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in body else body


def outside_of_strings(piece: IntArray, *, in_string: bool) -> tuple[BoolArray, bool]:
    """Which bytes stand in no string, and whether the next piece begins within one."""
    within: BoolArray = np.logical_xor.accumulate(piece == ord('"')) ^ in_string
    return ~within, bool(within[-1])


def place(body: bytes, offset: int) -> str:
    """`line 1, column 52, in row 17 (the first is row 0)` of a byte. The row where it stands in a list of rows."""
    line = body.count(b"\n", 0, offset) + 1
    column = len(body[body.rfind(b"\n", 0, offset) + 1 : offset].decode("utf-8", "ignore")) + 1
    row = _row(plain_escapes(body[:offset]))
    told = "" if row is None else f", in row {row} (the first is row 0)"
    return f"line {line}, column {column}{told}"


def _row(before: bytes) -> int | None:
    """How many rows of a list are over before the end of these bytes; None where no such list is open there."""
    opened, commas = [0] * ROWS_AT_MOST_WITHIN, [0] * ROWS_AT_MOST_WITHIN
    depth, in_string = 0, False
    for start in range(0, len(before), PIECE):
        piece = np.frombuffer(before, np.uint8, min(PIECE, len(before) - start), start)
        outside, in_string = outside_of_strings(piece, in_string=in_string)
        found = piece[outside]
        if not len(found):
            continue
        steps = STEP[found]
        depths = depth + np.cumsum(steps, dtype=np.int32)
        depth = int(depths[-1])
        for level in range(ROWS_AT_MOST_WITHIN):
            opens = np.flatnonzero((steps == 1) & (depths == level + 1))
            since = int(opens[-1]) if len(opens) else 0
            if len(opens):
                opened[level], commas[level] = int(found[since]), 0
            commas[level] += int(np.count_nonzero((found[since:] == ord(",")) & (depths[since:] == level + 1)))
    for level in range(min(ROWS_AT_MOST_WITHIN, depth)):
        if opened[level] == ord("["):
            return commas[level]
    return None


def odd_number(text: str, is_odd: Callable[[str], bool]) -> int | None:
    """Where the first number stands of which `is_odd` is true; NaN and the infinities count as numbers."""
    for token in _NUMBERS.finditer(text):
        if token[0][0] != '"' and is_odd(token[0]):
            return token.start()
    return None


def odd_string(text: str, is_odd: Callable[[str], object]) -> int | None:
    """Where the first string with an escape stands of whose content `is_odd` is true."""
    for token in _STRINGS.finditer(text):
        if "\\u" in token[0] and is_odd(json.loads(token[0])):
            return token.start()
    return None


def repeated_key(text: str) -> int | None:
    """Where the first key stands that its object has already."""
    return _odd_key(text, lambda key, keys, _name: key in keys)


def member_beyond(text: str, most: int, most_of: Mapping[str, int]) -> int | None:
    """Where the first key stands that is one too many for its object. `most_of`: for fields of the outermost one."""
    return _odd_key(text, lambda _, keys, name: len(keys) >= most_of.get(name, most))


def _odd_key(text: str, is_odd: Callable[[str, set[str], str], bool]) -> int | None:
    """The first key that is odd, by the keys before it in its object and the field of the outermost one it is in."""
    open_objects: list[set[str]] = []
    name = ""
    for token in _KEYS_AND_BRACES.finditer(text):
        if token[0] == "{":
            open_objects.append(set())
        elif token[0] == "}":
            open_objects.pop()
        elif token[2] is not None:
            key = json.loads(token[1]) if "\\" in token[1] else token[1][1:-1]
            if is_odd(key, open_objects[-1], name if len(open_objects) > 1 else ""):
                return token.start()
            open_objects[-1].add(key)
            name = key if len(open_objects) == 1 else name
    return None
