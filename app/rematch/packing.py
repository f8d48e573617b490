"""Arrays and a few plain values as one file that is either whole or refused.

Layout: a line of magic; eight bytes of length; that much JSON (`values`, and for each array its name, type, shape
and place); the arrays, each on a multiple of 64 bytes; a SHA-256 digest of everything before it. A file is written
beside its place and moved there in one step, so a reader sees all of it or none.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

MAGIC = b"placement arrays 1\n"
DIGEST = 32
ALIGN = 64
LENGTH = 8
LONGEST_HEADER = 1 << 20
"""Bytes. Ours has a few thousand."""

KINDS = ("<u8", "<i8", "<i4", "|u1")

AnyArray: TypeAlias = npt.NDArray[Any]


class NotWhole(ValueError):
    """A file of arrays is incomplete, damaged, or not one of ours."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What a file held. Arrays are read-only. `digest`: of the whole file, as hexadecimal text."""

    values: Mapping[str, Any]
    arrays: Mapping[str, AnyArray]
    digest: str


def pack(path: Path, values: Mapping[str, Any], arrays: Mapping[str, AnyArray]) -> str:
    """Write the file in one step; its digest."""
    entries, place = [], 0
    for name, array in arrays.items():
        entries.append({"name": name, "kind": _kind(array), "shape": list(array.shape), "at": place})
        place += _aligned(array.nbytes)
    header = json.dumps({"values": dict(values), "arrays": entries, "bytes": place}).encode()
    begin = MAGIC + len(header).to_bytes(LENGTH, "little") + header
    digest = hashlib.sha256()
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:

        def write(piece: Any, size: int) -> None:
            for part in (piece, bytes(_aligned(size) - size)):
                file.write(part)
                digest.update(part)

        write(begin, len(begin))
        for array in arrays.values():
            write(_bytes_of(array), array.nbytes)
        file.write(digest.digest())
    beside.replace(path)
    return digest.hexdigest()


def unpack_file(path: Path) -> Packed:
    """Read a file without copying it into memory; it must not change any more. Raises `NotWhole`."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < len(MAGIC) + LENGTH + DIGEST:
            raise NotWhole("the file is too short")
        return unpack(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def unpack(data: bytes | mmap.mmap) -> Packed:
    """Read what `pack` has written. Raises `NotWhole`."""
    whole = memoryview(data)
    if len(whole) < len(MAGIC) + LENGTH + DIGEST or bytes(whole[: len(MAGIC)]) != MAGIC:
        raise NotWhole("the file does not begin as it should")
    body = whole[:-DIGEST]
    digest = hashlib.sha256(body)
    if digest.digest() != bytes(whole[-DIGEST:]):
        raise NotWhole("the checksum is wrong")
    begin = len(MAGIC) + LENGTH
    size = int.from_bytes(whole[len(MAGIC) : begin], "little")
    if size > LONGEST_HEADER:
        raise NotWhole("the header is far too long")
    try:
        header = json.loads(bytes(body[begin : begin + size]))
        first = _aligned(begin + size)
        arrays = {entry["name"]: _array(body, first, entry) for entry in header["arrays"]}
        return Packed(header["values"], arrays, digest.hexdigest())
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise NotWhole(f"the header is wrong ({type(error).__name__})") from error


def _array(body: memoryview, first: int, entry: Mapping[str, Any]) -> AnyArray:
    kind, shape = entry["kind"], tuple(entry["shape"])
    if kind not in KINDS or any(type(size) is not int or size < 0 for size in shape):
        raise NotWhole("an array is described wrongly")
    if not (count := math.prod(shape)):
        return np.zeros(shape, kind)
    return np.frombuffer(body, kind, count, first + entry["at"]).reshape(shape)


def _kind(array: AnyArray) -> str:
    kind = array.dtype.newbyteorder("<").str
    if kind not in KINDS:
        raise TypeError(f"no array of type {array.dtype} can be packed")
    return kind


def _bytes_of(array: AnyArray) -> npt.NDArray[np.uint8]:
    flat = np.ascontiguousarray(array.astype(_kind(array), copy=False))
    return flat.reshape(-1).view(np.uint8)


def _aligned(size: int) -> int:
    return -(-size // ALIGN) * ALIGN
