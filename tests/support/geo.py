"""Postcodes for tests: the whole baked directory, shared, and small handmade ones."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from math import nan
from pathlib import Path
from typing import TypeAlias

import brotli
import msgpack

from app.geo.bake import bake
from app.geo.ons import Source, source_in
from app.geo.postcodes import DEFAULT_FOLDER, PostcodeDirectory

Row: TypeAlias = tuple[str, str | None, int | None, int | None]
"""Postcode as the ONS pads it, district code, easting, northing; None as the package leaves it blank."""


@cache
def baked_directory() -> PostcodeDirectory:
    """The real directory in `var/geo`: baked by whoever comes first, the others wait and then share it."""
    bake(DEFAULT_FOLDER)
    return PostcodeDirectory.open(DEFAULT_FOLDER)


def write_source(folder: Path, rows: Iterable[Row]) -> Source:
    """A source in the form of the ONS package, of these rows alone."""
    letters: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        letters[row[0][0]].append(row)
    folder.mkdir(parents=True, exist_ok=True)
    for letter, members in letters.items():
        names = ("pcd", "laua", "oseast1m", "osnrth1m")
        data = {name: [_blank(row[place]) for row in members] for place, name in enumerate(names)}
        packed = msgpack.packb({"columns": list(names), "data": data})
        (folder / f"postcodes_{letter}.msgpack.br").write_bytes(brotli.compress(packed))
    return source_in(folder, "handmade")


def _blank(value: object) -> object:
    """Numbers come as floating point and blanks as NaN, also in the column of codes."""
    if value is None:
        return nan
    return float(value) if isinstance(value, int) else value
