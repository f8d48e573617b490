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
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from app.documents import json_places
from app.documents.json_places import STEP, outside_of_strings, place, plain_escapes
from app.errors import FieldProblem, JsonRefused

DEEPEST = 32
"""Most brackets within brackets. What is documented needs sixteen."""

MOST_VALUES = 6_000_000
"""Most values in all. The largest inventory that may be sent has fewer: each takes ten bytes or more."""

MOST_MEMBERS = 200
"""Most members of one object. What is documented has sixty."""

MOST_MEMBERS_OF = {"home_prices": 10_000}
"""Fields of the body itself that are tables by reference, and how many entries they may have."""

LONGEST_NUMBER = 25
"""Characters of a number; 15 digits are exact in every reader of JSON."""

LARGEST = 10**15

PIECE = json_places.PIECE

_DOUBTFUL = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""An escape that may be the character NUL or half of a surrogate pair."""

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _OddError(Exception):
    """Something that is refused while reading, and how to find it in the text."""

    def __init__(self, problem: str, cure: str, find: Callable[[str], int | None]) -> None:
        super().__init__(problem)
        self.problem, self.cure, self.find = problem, cure, find


def parse_json(body: bytes) -> Any:
    """The value that the bytes say. Raises `JsonRefused`, which says at which line and column, and in which row."""
    body = body.removeprefix(BYTE_ORDER_MARK)
    text = _decoded(body)
    _check_structure(body)
    try:
        return _read(text)
    except _OddError as error:
        found = error.find(text)
        _refuse(error.problem, error.cure, body, None if found is None else len(text[:found].encode()))


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        _refuse("A byte is not UTF-8", "Send the text in UTF-8.", body, error.start)


def _read(text: str) -> Any:
    long: list[dict[str, Any]] = []
    try:
        value = _decoder(long).decode(text)
    except json.JSONDecodeError as error:
        position, cure = error.pos, "Check commas, quotation marks, brackets."
        raise _OddError("It is not JSON: something is wrong", cure, lambda _: position) from None
    if long and not (isinstance(value, dict) and any(value.get(name) is long[0] for name in MOST_MEMBERS_OF)):
        raise _too_many()
    if _DOUBTFUL.search(text):
        _check_strings(text)
    return value


def _check_structure(body: bytes) -> None:
    """Refuse what is too deep or too much for the parser, by the brackets and commas outside of strings."""
    plain = plain_escapes(body)
    depth, values, in_string = 0, 0, False
    for start in range(0, len(plain), PIECE):
        piece = np.frombuffer(plain, np.uint8, min(PIECE, len(plain) - start), start)
        where, in_string = outside_of_strings(piece, in_string=in_string)
        outside = piece[where]
        steps = STEP[outside]
        depths = depth + np.cumsum(steps, dtype=np.int32)
        if len(depths) and int(depths.max()) > DEEPEST:
            first = start + int(np.flatnonzero(where)[np.argmax(depths > DEEPEST)])
            cure = "Send only the fields that are documented."
            _refuse(f"It is nested more than {DEEPEST} deep", cure, body, first)
        depth = int(depths[-1]) if len(depths) else depth
        values += int(np.count_nonzero(outside == ord(","))) + int(np.count_nonzero(steps == 1))
        if values > MOST_VALUES:
            _refuse("It holds more values than any inventory", "Send the homes in several requests.", body, None)


def _object(pairs: list[tuple[str, Any]], long: list[dict[str, Any]]) -> dict[str, Any]:
    """The object of these members. `long`: takes up the one that may be a table; where it stands is seen at the end."""
    if len(pairs) > MOST_MEMBERS and (long or len(pairs) > max(MOST_MEMBERS_OF.values())):
        raise _too_many()
    found = dict(pairs)
    if len(found) != len(pairs):
        cure = "Send every key once: it is not clear which one counts."
        raise _OddError("An object has the same key twice", cure, json_places.repeated_key)
    if len(found) > MOST_MEMBERS:
        long.append(found)
    return found


def _too_many() -> _OddError:
    problem, cure = f"An object has more than {MOST_MEMBERS} members", "Send only the fields that are documented."
    return _OddError(problem, cure, lambda text: json_places.member_beyond(text, MOST_MEMBERS, MOST_MEMBERS_OF))


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER or abs(value := int(text)) >= LARGEST:
        _refuse_number("A number is too large to be exact", "Check it: no field takes more than 15 digits.")
    return value


def _fraction(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if not abs(value) < LARGEST:
        _refuse_number("A number is too large or too long to be exact", "Check it: 15 digits are plenty.")
    return value


def _is_refused(text: str) -> bool:
    """Whether a number as it is written is one that is not taken: too large, too long, or none at all."""
    return len(text) > LONGEST_NUMBER or not abs(float(text)) < LARGEST


def _constant(_text: str) -> NoReturn:
    _refuse_number("NaN and Infinity are not numbers in JSON", "Send a number, or null where it is not known.")


def _refuse_number(problem: str, cure: str) -> NoReturn:
    raise _OddError(problem, cure, lambda text: json_places.odd_number(text, _is_refused))


def _check_strings(text: str) -> None:
    """Every string and key: only whole characters, and no NUL. Escapes alone can bring them in."""
    found = json_places.odd_string(text, _NOT_TEXT.search)
    if found is not None:
        raise _OddError(
            "A text has half a character (a lone surrogate) or the character NUL",
            "Write such text without \\u escapes, in UTF-8.",
            lambda _: found,
        )


def _refuse(problem: str, cure: str, body: bytes, offset: int | None) -> NoReturn:
    where = "" if offset is None else f" at {place(body, offset)}"
    raise JsonRefused([FieldProblem("body", f"{problem}{where}.", cure)]) from None


def _decoder(long: list[dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=lambda pairs: _object(pairs, long),
        parse_int=_whole,
        parse_float=_fraction,
        parse_constant=_constant,
    )
