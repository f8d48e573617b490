"""JSON as RFC 8259 means it, and nothing that two readers could understand differently.

Refused, though Python's reader takes it: NaN and the infinities, numbers too big to be exact, a key that
comes twice, half of a surrogate pair, the character NUL, other encodings than UTF-8, and (before it is parsed
at all) what is nested deeply or holds more values than any inventory. A refusal says where and what to do; it
never repeats the text.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import numpy as np

from app.errors import FieldProblem, JsonRefused

DEEPEST = 32
"""Most brackets within brackets. What is documented needs sixteen."""

MOST_VALUES = 6_000_000
"""Most values in all. The largest inventory that may be sent has fewer: each takes ten bytes or more."""

MOST_MEMBERS = 200
"""Most members of one object. What is documented has sixty."""

LONGEST_NUMBER = 25
"""Characters of a number; 15 digits are exact in every reader of JSON."""

LARGEST = 10**15

PIECE = 1 << 20
"""Bytes looked at together, so that looking takes little memory however much there is."""

_DOUBTFUL = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""An escape that may be the character NUL or half of a surrogate pair."""

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")

_STEP = np.zeros(256, dtype=np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1


def parse_json(body: bytes) -> Any:
    """The value that the bytes say. Raises `JsonRefused`."""
    text = _decoded(body)
    _check_structure(body)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        _refuse(f"It is not JSON: something is wrong at {where}.", "Check commas, quotation marks, brackets.")
    if _DOUBTFUL.search(text):
        _check_strings(value)
    return value


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"Byte {error.start + 1} is not UTF-8.", "Send the text in UTF-8.")


def _check_structure(body: bytes) -> None:
    """Refuse what is too deep or too much for the parser, by the brackets and commas outside of strings.

    Escaped backslashes and quotation marks are taken out first: then every quotation mark begins or ends a
    string. In JSON they stand in strings only; of what is not JSON, the parser goes no further than the first
    that does not.
    """
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    depth, values, in_string = 0, 0, False
    for start in range(0, len(body), PIECE):
        piece = np.frombuffer(body, np.uint8, min(PIECE, len(body) - start), start)
        within = np.logical_xor.accumulate(piece == ord('"')) ^ in_string
        in_string = bool(within[-1])
        outside = piece[~within]
        steps = _STEP[outside]
        depths = depth + np.cumsum(steps, dtype=np.int32)
        if len(depths) and int(depths.max()) > DEEPEST:
            _refuse(f"It is nested more than {DEEPEST} deep.", "Send only the fields that are documented.")
        depth = int(depths[-1]) if len(depths) else depth
        values += int(np.count_nonzero(outside == ord(","))) + int(np.count_nonzero(steps == 1))
        if values > MOST_VALUES:
            _refuse("It holds more values than any inventory.", "Send the homes in several requests.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_MEMBERS:
        _refuse(f"An object has more than {MOST_MEMBERS} members.", "Send only the fields that are documented.")
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("An object has the same key twice.", "Send every key once: it is not clear which one counts.")
    return found


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER or abs(value := int(text)) >= LARGEST:
        _refuse("A number is too large to be exact.", "Check it: no field takes more than 15 digits.")
    return value


def _fraction(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if not abs(value) < LARGEST:
        _refuse("A number is too large or too long to be exact.", "Check it: 15 digits are plenty.")
    return value


def _constant(_text: str) -> NoReturn:
    _refuse("NaN and Infinity are not numbers in JSON.", "Send a number, or null where it is not known.")


def _check_strings(value: Any) -> None:
    """Every string and key: only whole characters, and no NUL. Escapes alone can bring them in."""
    left = [value]
    while left:
        match left.pop():
            case str(text):
                if _NOT_TEXT.search(text):
                    _refuse(
                        "A text has half a character (a lone surrogate) or the character NUL.",
                        "Write such text without \\u escapes, in UTF-8.",
                    )
            case dict(members):
                left += [*members.keys(), *members.values()]
            case list(items):
                left += items


def _refuse(problem: str, cure: str) -> NoReturn:
    raise JsonRefused([FieldProblem("body", problem, cure)]) from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)
