"""Postcodes as text and as numbers.

A postcode packs into 31 bits, so that the whole directory is one sorted array of numbers and a lookup is a
binary search. Packing also decides what is written like a postcode at all. It never guesses: a letter O for
a zero is refused, since the corrected text could be somewhere else.

    A9 9AA   A99 9AA   A9A 9AA   AA9 9AA   AA99 9AA   AA9A 9AA   (and the historic NPT 9AA, GIR 0AA)
"""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST_TEXT = 40
"""Anything longer is refused unread; no postcode with its spaces comes near."""

SHORTEST, LONGEST = 5, 7
"""Letters and digits in a postcode without its space."""

INWARD = 3
"""Characters after the space."""

OFF_GRID_AREAS = (b"BT", b"GY", b"IM", b"JE")
"""Areas of Northern Ireland, Guernsey, the Isle of Man and Jersey: not on the British National Grid."""

# What each character code stands for in each kind of place; -1 where it may not stand.
_BLANK = ord(" ")
_LETTER = np.full(256, -1, dtype=np.int64)
_LETTER[[ord(letter) for letter in string.ascii_uppercase]] = np.arange(26)
_DIGIT = np.full(256, -1, dtype=np.int64)
_DIGIT[[ord(digit) for digit in string.digits]] = np.arange(10)
_EITHER = np.full(256, -1, dtype=np.int64)
_EITHER[[_BLANK, *(ord(each) for each in string.digits + string.ascii_uppercase)]] = np.arange(37)
_EITHER_TEXT = " " + string.digits + string.ascii_uppercase

_HISTORIC = (b"NPT ", b"GIR ")
"""The only outward codes of three letters: any other is a slip, most often an O for a zero."""

_NO_DIGIT = 10
"""Stands in the place of the district's first digit for those."""


def compact(text: object) -> str | None:
    """The text as capital letters and digits of a likely length, or None if it cannot be a postcode."""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        return None
    joined = "".join(text.split())
    # Checked before capitals are made: some foreign letters turn into plain ones when capitalised.
    if not joined.isascii() or not SHORTEST <= len(joined) <= LONGEST:
        return None
    return joined.upper()


def written(joined: str) -> str:
    """The usual written form of a compact postcode: `NG15DT` becomes `NG1 5DT`."""
    return f"{joined[:-INWARD]} {joined[-INWARD:]}"


def fixed_width(compacts: Sequence[str | None]) -> NDArray[np.bytes_]:
    """Compact postcodes in seven columns, as the ONS writes them: four outward, padded, and three inward."""
    columns = [f"{each[:-INWARD]:<4}{each[-INWARD:]}" if each else "" for each in compacts]
    return np.array(columns, dtype="S7")


def areas(columns: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    """The first two characters of postcodes in seven columns: the area, where it has two letters."""
    return columns.astype("S2")


def pack(columns: NDArray[np.bytes_]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Numbers for postcodes in seven columns, and which of them are written like a postcode.

    Different postcodes get different numbers. The number of one that is not valid means nothing.
    """
    c = np.ascontiguousarray(columns).view(np.uint8).reshape(len(columns), 7).T
    two_letters = _LETTER[c[1]] >= 0
    second = np.where(two_letters, _LETTER[c[1]] + 1, 0)
    first_place = np.where(two_letters, c[2], c[1])
    second_place = np.where(two_letters, c[3], c[2])
    rest = np.where(two_letters, _BLANK, c[3])
    historic = np.isin(columns.astype("S4"), _HISTORIC)
    digit = np.where(historic, _NO_DIGIT, _DIGIT[first_place])
    after = _EITHER[np.where(historic, first_place, second_place)]
    inward = [_DIGIT[c[4]], _LETTER[c[5]], _LETTER[c[6]]]
    valid = (_LETTER[c[0]] >= 0) & (digit >= 0) & (after >= 0) & (rest == _BLANK)
    valid &= (inward[0] >= 0) & (inward[1] >= 0) & (inward[2] >= 0)
    number = ((_LETTER[c[0]] * 27 + second) * 11 + digit) * 37 + after
    number = ((number * 10 + inward[0]) * 26 + inward[1]) * 26 + inward[2]
    return np.where(valid, number, 0).astype(np.uint32), valid


def unpack(number: int) -> str:
    """The written postcode that `pack` turned into this number."""
    number, last = divmod(int(number), 26)
    number, middle = divmod(number, 26)
    number, inward_digit = divmod(number, 10)
    number, after = divmod(number, 37)
    number, digit = divmod(number, 11)
    first, second = divmod(number, 27)
    letters = string.ascii_uppercase
    area = letters[first] + (letters[second - 1] if second else "")
    district = _EITHER_TEXT[after].strip()
    outward = area + district if digit == _NO_DIGIT else f"{area}{digit}{district}"
    return f"{outward} {inward_digit}{letters[middle]}{letters[last]}"
