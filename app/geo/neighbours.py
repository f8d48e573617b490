"""Work out which authorities adjoin, from the postcodes: `python -m app.geo.neighbours` remakes the list.

No open package holds the boundaries, but every postcode carries its authority, assigned by the ONS from the
true boundary. So the country is divided among the postcodes, each square metre to the nearest one, and two
authorities adjoin where the areas of two of their postcodes share an edge and those two lie within
`REACH_M` of each other (further apart, there is open sea or estuary between them).

This is derived and approximate. It was compared with the neighbours that the Office for National Statistics
published for the districts of 2021, raised to upper tier and to the reorganisations of 2023. Of the 397 pairs
there, 392 come out the same; five are missed, and two, across water, are too many. Those seven are corrected
by name below, and the outcome is the published list, pair for pair. `adjoining.json` is committed: the engine
depends on that list and never on this code.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from app.geo.authorities import ADJOINING, authorities
from app.geo.postcodes import DEFAULT_FOLDER, PostcodeDirectory

REACH_M = 5_000
"""Greatest distance between two postcodes whose areas meet on land."""

SHORTEST_EDGE_M = 1
"""Shorter shared edges are corners where four areas meet, or rounding."""

QUIET_CELL_M = 1_000
"""Where a square and its eight neighbours lie in one authority, one postcode in it stands for all."""

Pair: TypeAlias = tuple[str, str]

CORRECTIONS: Mapping[Pair, tuple[bool, str]] = {
    ("E06000010", "E06000013"): (False, "Hull and North Lincolnshire face each other across the Humber"),
    ("E06000046", "E10000014"): (False, "the Isle of Wight is an island"),
    ("E06000023", "W06000015"): (True, "Bristol and Cardiff meet in the Severn estuary"),
    ("E06000023", "W06000021"): (True, "Bristol and Monmouthshire meet in the Severn estuary"),
    ("E08000004", "E08000033"): (True, "Oldham and Calderdale meet on open moor"),
    ("E08000004", "E10000007"): (True, "Oldham and Derbyshire meet on open moor"),
    ("E08000015", "W06000005"): (True, "Wirral and Flintshire meet in the Dee estuary"),
}
"""Pair, whether it adjoins by the neighbours that the ONS published, and why the postcodes mislead."""


def meeting(eastings: NDArray[np.int64], northings: NDArray[np.int64], codes: NDArray[np.str_]) -> dict[Pair, int]:
    """Pairs of authorities whose postcodes' areas share an edge, and the edge's length in metres.

    One element a postcode: easting and northing of EPSG:27700 and the upper-tier authority. Each pair is in
    order of code.
    """
    names, labels = np.unique(codes, return_inverse=True)
    points, labels = _thinned(np.column_stack([eastings, northings]), labels)
    lengths: dict[Pair, float] = defaultdict(float)
    for first, second, length in _shared_edges(points, labels):
        lengths[str(names[first]), str(names[second])] += length
    return {pair: round(length) for pair, length in sorted(lengths.items()) if length >= SHORTEST_EDGE_M}


def _thinned(points: NDArray[np.int64], labels: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Different points only, and few where nothing borders: the borders stay where they are."""
    points, first = np.unique(points, axis=0, return_index=True)
    labels = labels[first]
    cells = points // QUIET_CELL_M + 1
    shape = tuple(cells.max(axis=0) + 2)
    lowest = np.full(shape, np.iinfo(np.intp).max)
    highest = np.full(shape, -1)
    np.minimum.at(lowest, tuple(cells.T), labels)
    np.maximum.at(highest, tuple(cells.T), labels)
    quiet = _block(lowest, np.minimum) == _block(highest, np.maximum)
    is_quiet = quiet[tuple(cells.T)]
    one_a_cell = np.unique(cells[is_quiet], axis=0, return_index=True)[1]
    kept = np.sort(np.concatenate([np.flatnonzero(~is_quiet), np.flatnonzero(is_quiet)[one_a_cell]]))
    return points[kept], labels[kept]


def _block(grid: NDArray[np.intp], best: np.ufunc) -> NDArray[np.intp]:
    """For each cell the best of itself and the eight around it."""
    result = grid
    for axis in (0, 1):
        result = best(result, best(np.roll(result, 1, axis), np.roll(result, -1, axis)))
    return result


def _shared_edges(points: NDArray[np.int64], labels: NDArray[np.intp]) -> Iterable[tuple[int, int, float]]:
    """Edges between the areas of near postcodes of different authorities: both labels, and the length.

    Two points are neighbours where they share a side of the Delaunay triangulation; the edge between their
    areas runs between the centres of the circles round the two triangles on that side.
    """
    mesh = Delaunay(points)
    centres = _circumcentres(points.astype(np.float64)[mesh.simplices])
    triangle = np.arange(len(mesh.simplices))
    for corner in range(3):
        one, other = (mesh.simplices[:, (corner + step) % 3] for step in (1, 2))
        across = mesh.neighbors[:, corner]
        wanted = (labels[one] != labels[other]) & (across > triangle)  # each side once; -1 is the outside
        one, other, across, here = one[wanted], other[wanted], across[wanted], triangle[wanted]
        near = np.hypot(*(points[one] - points[other]).T) <= REACH_M
        lengths = np.hypot(*(centres[here] - centres[across]).T)[near]
        pairs = np.sort(np.column_stack([labels[one], labels[other]])[near], axis=1)
        yield from zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), lengths.tolist(), strict=True)


def _circumcentres(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre of the circle through the corners of each triangle; (n, 3, 2) to (n, 2)."""
    origin = triangles[:, 0]
    b, c = triangles[:, 1] - origin, triangles[:, 2] - origin
    twice_area = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    b2, c2 = (b**2).sum(axis=1), (c**2).sum(axis=1)
    x = (c[:, 1] * b2 - b[:, 1] * c2) / twice_area
    y = (b[:, 0] * c2 - c[:, 0] * b2) / twice_area
    return np.asarray(origin + np.column_stack([x, y]))


def corrected(pairs: Iterable[Pair]) -> frozenset[Pair]:
    """The pairs with an English authority and no Scottish one, with `CORRECTIONS` applied."""
    kept = {pair for pair in pairs if pair[0][0] == "E" and pair[1][0] in "EW"}
    kept |= {pair for pair, (adjoin, _) in CORRECTIONS.items() if adjoin}
    return frozenset(kept - {pair for pair, (adjoin, _) in CORRECTIONS.items() if not adjoin})


def document(pairs: Iterable[Pair], version: str) -> dict[str, Any]:
    """What `adjoining.json` holds: for each English authority those it adjoins, and how known."""
    near: dict[str, set[str]] = {each.code: set() for each in authorities("England")}
    for first, second in pairs:
        near[first].add(second)
        if second in near:
            near[second].add(first)
    return {
        "what": "For each English upper-tier authority, the English and Welsh ones whose areas touch it.",
        "approximate": True,
        "method": "Derived from postcodes, compared with the neighbouring districts that the ONS published "
        "for 2021, and corrected by name; app/geo/neighbours.py says how.",
        "remake": "python -m app.geo.neighbours",
        "source": version,
        "corrections": [
            {"pair": list(pair), "adjoin": adjoin, "because": because}
            for pair, (adjoin, because) in CORRECTIONS.items()
        ],
        "adjoining": {code: sorted(codes) for code, codes in sorted(near.items())},
    }


def as_text(contents: Mapping[str, Any]) -> str:
    """JSON with one authority a line, so that a change reads as one line in a comparison."""
    lists = contents["adjoining"]
    lines = ",\n".join(f"  {json.dumps(code)}: {json.dumps(near)}" for code, near in lists.items())
    head = json.dumps({**contents, "adjoining": None}, indent=1, ensure_ascii=False)
    return head.replace('"adjoining": null', f'"adjoining": {{\n{lines}\n }}') + "\n"


def main(arguments: list[str] | None = None) -> int:
    """The command: write `adjoining.json` anew from the baked directory, or to another file."""
    parser = argparse.ArgumentParser(prog="python -m app.geo.neighbours", description=main.__doc__)
    parser.add_argument("--directory", type=Path, default=DEFAULT_FOLDER, help="baked directory to read")
    parser.add_argument("--out", type=Path, default=ADJOINING, help="file to write")
    options = parser.parse_args(arguments)
    directory = PostcodeDirectory.open(options.directory)
    pairs = corrected(meeting(*directory.every_point()))
    options.out.write_text(as_text(document(pairs, directory.version)), encoding="utf-8")
    sys.stderr.write(f"{len(pairs)} pairs of adjoining authorities.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
