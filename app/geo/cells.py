"""Which points lie in which square kilometre, so that "near here" need not look at the whole country."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELL_M = 1_000
COLUMNS, ROWS = 700, 1_300
"""The British National Grid is 700 km by 1,300 km."""


def cell_numbers(eastings: NDArray[np.uint32], northings: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The number of each point's square kilometre, counted in rows from the south-west corner."""
    return (northings // CELL_M) * np.uint32(COLUMNS) + eastings // CELL_M


@dataclass(frozen=True, slots=True)
class Cells:
    """Row numbers of points in order of their square kilometre, and where each square begins in that order.

    `order`: uint32, one a point. `starts`: uint32, one a square and one more for the end.
    """

    order: NDArray[np.uint32]
    starts: NDArray[np.uint32]

    @classmethod
    def of(cls, eastings: NDArray[np.uint32], northings: NDArray[np.uint32], rows: NDArray[np.uint32]) -> Cells:
        """The index of these points of the grid; `rows` are the numbers they are known by."""
        numbers = cell_numbers(eastings, northings)
        starts = np.zeros(COLUMNS * ROWS + 1, dtype=np.uint32)
        np.cumsum(np.bincount(numbers, minlength=COLUMNS * ROWS), out=starts[1:])
        return cls(rows[np.argsort(numbers, kind="stable")], starts)

    def around(self, easting: int, northing: int, reach_m: int) -> NDArray[np.uint32]:
        """Rows of every point in the squares that a circle touches: all within it, and some beyond it."""
        west, east = (_clip((easting + side) // CELL_M, COLUMNS) for side in (-reach_m, reach_m))
        south, north = (_clip((northing + side) // CELL_M, ROWS) for side in (-reach_m, reach_m))
        bands = [
            self.order[self.starts[band * COLUMNS + west] : self.starts[band * COLUMNS + east + 1]]
            for band in range(south, north + 1)
        ]
        return np.concatenate(bands)


def _clip(number: int, count: int) -> int:
    return min(max(number, 0), count - 1)
