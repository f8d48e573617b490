"""Where a postcode is: the ONS Postcode Directory as one read-only array on disk.

The file is made once by `python -m app.geo.bake`. It is mapped into memory, so opening it takes milliseconds
and processes on one machine share it. Postcodes that have ended are in it too, and are not told apart: an
old address is still a place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.geo.cells import COLUMNS, ROWS, Cells
from app.geo.grid import Location, squared_distance
from app.geo.postcode_text import OFF_GRID_AREAS, areas, compact, fixed_width, pack, unpack, written

DEFAULT_FOLDER = Path(__file__).parents[2] / "var" / "geo"
"""Where the bake writes unless told otherwise: `var/geo` of the project."""

DESCRIPTION = "postcodes.json"
"""File of the folder that names the data file and says what is in it."""

FORMAT = 1
"""Raised when the data file's layout changes; a directory of another format must be baked again."""


ABSENT = 2**32 - 1
"""Stands in a column for an easting, northing or authority that is not known."""


class PostcodeError(ValueError):
    """A postcode that cannot be placed. The class says why; the message never repeats the text."""

    message = "The postcode cannot be placed on the map."

    def __init__(self) -> None:
        super().__init__(self.message)


class PostcodeMalformed(PostcodeError):
    """Not written like a United Kingdom postcode."""

    message = (
        "This is not written like a postcode, for example NG1 5DT. "
        "Look for a letter O where a zero belongs, an I for a 1, or a missing character."
    )


class PostcodeUnknown(PostcodeError):
    """Written like a postcode, but the ONS directory does not have it."""

    message = (
        "This postcode is not in the ONS Postcode Directory. Check it with whoever gave it; "
        "one issued in the last months may not be listed yet."
    )


class PostcodeWithoutCoordinates(PostcodeError):
    """In the directory, but without a position: mostly large users and postcodes that ended long ago."""

    message = (
        "The ONS Postcode Directory has this postcode but gives it no position. "
        "Use a neighbouring postcode, or give the easting and northing."
    )


class PostcodeOffGrid(PostcodeError):
    """In Northern Ireland, the Channel Islands or the Isle of Man: no distance on the British grid."""

    message = (
        "This postcode is in Northern Ireland, the Channel Islands or the Isle of Man, which are not on the "
        "British National Grid, so no distance to it is worked out here."
    )


_ERRORS = (PostcodeError, PostcodeMalformed, PostcodeUnknown, PostcodeOffGrid, PostcodeWithoutCoordinates)
_MALFORMED, _UNKNOWN, _OFF_GRID, _WITHOUT_COORDINATES = range(1, 5)


class DirectoryError(RuntimeError):
    """The baked directory is missing, damaged or of another version; the message says what to do."""


def normalise(text: str) -> str:
    """The postcode as it is usually written: `" ng1  5dt"` becomes `NG1 5DT`. Raises `PostcodeMalformed`."""
    joined = compact(text)
    if joined is None or not pack(fixed_width([joined]))[1][0]:
        raise PostcodeMalformed
    return written(joined)


class PostcodeDirectory:
    """Every postcode of the ONS directory with its place. Read-only, and safe to share between threads."""

    normalise = staticmethod(normalise)

    def __init__(self, description: Mapping[str, Any], flat: NDArray[np.uint32]) -> None:
        """Use `open`. `flat` holds the columns one after the other, as `app.geo.bake` writes them."""
        rows, on_grid = description["rows"], description["rows_on_grid"]
        if len(flat) != 4 * rows + on_grid + COLUMNS * ROWS + 1:
            raise DirectoryError("The postcode directory is damaged: run python -m app.geo.bake --force.")
        ends = np.cumsum([rows, rows, rows, rows, on_grid])
        self._numbers, self._eastings, self._northings, self._authorities, order, starts = np.split(flat, ends)
        self._cells = Cells(order, starts)
        self._codes: tuple[str, ...] = tuple(description["authorities"])
        self._by_authority: tuple[NDArray[np.uint32], NDArray[np.intp]] | None = None
        self.version: str = description["version"]
        self.source: tuple[str, ...] = tuple(description["attribution"])
        self.counts: dict[str, int] = dict(description["counts"])

    @classmethod
    def open(cls, folder: Path | str = DEFAULT_FOLDER) -> PostcodeDirectory:
        """The directory baked into this folder. Raises `DirectoryError` where there is none that fits."""
        try:
            description = json.loads((Path(folder) / DESCRIPTION).read_text(encoding="utf-8"))
            if description["format"] != FORMAT:
                raise DirectoryError("The postcode directory has an old layout: run python -m app.geo.bake.")
            flat = np.load(Path(folder) / description["data"], mmap_mode="r", allow_pickle=False)
            return cls(description, np.asarray(flat))
        except FileNotFoundError:
            raise DirectoryError("There is no postcode directory yet: run python -m app.geo.bake.") from None
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DirectoryError(
                "The postcode directory cannot be read: run python -m app.geo.bake --force."
            ) from error

    def __len__(self) -> int:
        return len(self._numbers)

    def locate(self, text: str) -> Location:
        """The place of one postcode, however spaced or capitalised. Raises a leaf of `PostcodeError`."""
        found = self.locate_many([text])[0]
        if isinstance(found, PostcodeError):
            raise found
        return found

    def locate_many(self, texts: Sequence[str]) -> list[Location | PostcodeError]:
        """For each text its place, or the error that `locate` would raise for it, in the same order."""
        compacts = [compact(text) or "" for text in texts]
        columns = fixed_width(compacts)
        numbers, valid = pack(columns)
        rows = np.minimum(np.searchsorted(self._numbers, numbers), len(self) - 1)
        verdicts = np.zeros(len(rows), dtype=np.intp)
        verdicts[self._eastings[rows] == ABSENT] = _WITHOUT_COORDINATES
        verdicts[(verdicts == _WITHOUT_COORDINATES) & np.isin(areas(columns), OFF_GRID_AREAS)] = _OFF_GRID
        verdicts[self._numbers[rows] != numbers] = _UNKNOWN
        verdicts[~valid] = _MALFORMED
        found = zip(self._locations(rows, map(written, compacts)), verdicts.tolist(), strict=True)
        return [_ERRORS[verdict]() if verdict else location for location, verdict in found]

    def _locations(self, rows: NDArray[np.integer[Any]], postcodes: Iterable[str]) -> Iterator[Location]:
        columns = (self._eastings, self._northings, self._authorities)
        places = zip(*(column[rows].tolist() for column in columns), postcodes, strict=True)
        for easting, northing, number, postcode in places:
            code = None if number == ABSENT else self._codes[number]
            yield Location(easting, northing, code, postcode)

    def sample_near(
        self, easting: int, northing: int, radius_m: int, count: int, seed: int, authority: str | None = None
    ) -> list[Location]:
        """So many different real postcodes within a radius, in one authority where it is named.

        The same arguments give the same postcodes of the same version of the directory. For invented homes
        and families only: some are of businesses, and some have ended.
        Raises `ValueError` where there are not so many.
        """
        rows = np.sort(self._cells.around(easting, northing, radius_m))
        squares = squared_distance(self._eastings[rows], self._northings[rows], easting, northing)
        kept = squares <= radius_m * radius_m
        if authority is not None:
            kept &= self._authorities[rows] == self._number_of(authority)
        return self._drawn(rows[kept], count, seed)

    def in_authority(self, code: str, count: int, seed: int) -> list[Location]:
        """So many different real postcodes in an upper-tier authority; otherwise like `sample_near`."""
        return self._drawn(self._rows_in(code), count, seed)

    def points(self, code: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Eastings and northings of every postcode of an upper-tier authority, in order of postcode."""
        rows = self._rows_in(code)
        return self._eastings[rows].astype(np.int64), self._northings[rows].astype(np.int64)

    def every_point(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.str_]]:
        """Easting, northing and authority code of every postcode that has a position."""
        rows = np.flatnonzero((self._eastings != ABSENT) & (self._authorities != ABSENT))
        codes = np.array(self._codes)[self._authorities[rows]]
        return self._eastings[rows].astype(np.int64), self._northings[rows].astype(np.int64), codes

    def _number_of(self, code: str) -> int:
        if code not in self._codes:
            raise ValueError("The postcode directory has no postcode in an upper-tier authority of this code.")
        return self._codes.index(code)

    def _rows_in(self, code: str) -> NDArray[np.uint32]:
        """Rows of an authority that have a position, ascending."""
        number = self._number_of(code)
        if self._by_authority is None:
            self._by_authority = self._order_by_authority()
        order, starts = self._by_authority
        return order[starts[number] : starts[number + 1]]

    def _order_by_authority(self) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
        """Rows by authority and where each authority begins: made when first asked for, in about 0.1 s."""
        rows = np.flatnonzero((self._eastings != ABSENT) & (self._authorities != ABSENT)).astype(np.uint32)
        numbers = self._authorities[rows].astype(np.uint16)
        starts = np.searchsorted(np.sort(numbers), np.arange(len(self._codes) + 1))
        return rows[np.argsort(numbers, kind="stable")], starts

    def _drawn(self, rows: NDArray[np.uint32], count: int, seed: int) -> list[Location]:
        if not 0 <= count <= len(rows):
            raise ValueError(f"Asked for {count} different postcodes where there are {len(rows)}.")
        chosen = rows[_draw(len(rows), count, seed)]
        return list(self._locations(chosen, map(unpack, self._numbers[chosen].tolist())))


def _draw(size: int, count: int, seed: int) -> list[int]:
    """`count` different numbers below `size`, in random order, the same for a seed on every machine.

    A shuffle that stops after `count` steps, built on `Random.random` alone because Python promises that
    its sequence will not change; it promises nothing for `sample` and NumPy nothing for its generators.
    """
    random = Random(seed)  # noqa: S311 - places for invented people; nothing to keep secret
    moved: dict[int, int] = {}
    drawn = []
    for step in range(count):
        pick = step + int(random.random() * (size - step))
        drawn.append(moved.get(pick, pick))
        moved[pick] = moved.get(step, step)
    return drawn
