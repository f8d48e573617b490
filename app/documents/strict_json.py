"""JSON as RFC 8259 means it, and nothing that two readers could understand differently.

Refused, though Python's reader takes it: NaN and the infinities, numbers too big to be exact, a key that
comes twice, half of a surrogate pair, the character NUL, other encodings than UTF-8, and deep nesting
(before it is parsed at all). A refusal says where and what to do; it never repeats the text.
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

LONGEST_NUMBER = 25
"""Characters of a number; 15 digits are exact in every reader of JSON."""

LARGEST = 10**15

ESCAPE = "\\u"

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or the rest of the text after a quotation mark that is never closed: linear in any case."""


def parse_json(body: bytes) -> Any:
    """The value that the bytes say. Raises `JsonRefused`."""
    text = _decoded(body)
    _check_depth(body)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        _refuse(f"It is not JSON: something is wrong at {where}.", "Check commas, quotation marks, brackets.")
    if ESCAPE in text:
        _check_strings(value)
    return value


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"Byte {error.start + 1} is not UTF-8.", "Send the text in UTF-8.")


def _check_depth(body: bytes) -> None:
    left = np.frombuffer(_STRINGS.sub(b"", body), dtype=np.uint8)
    brackets = left[(left == ord("[")) | (left == ord("{")) | (left == ord("]")) | (left == ord("}"))]
    if len(brackets) <= DEEPEST:
        return
    opening = (brackets == ord("[")) | (brackets == ord("{"))
    depth = np.cumsum(np.where(opening, np.int32(1), np.int32(-1)))
    if int(depth.max()) > DEEPEST:
        _refuse(f"It is nested more than {DEEPEST} deep.", "Send only the fields that are documented.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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
                if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
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
