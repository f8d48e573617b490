import json
from pathlib import Path

import numpy as np
import pytest

from app.geo.authorities import ADJOINING, adjoining, authorities
from app.geo.neighbours import CORRECTIONS, as_text, corrected, document, main, meeting
from app.geo.postcodes import PostcodeDirectory
from tests.support.geo import baked_directory


def _columns(rows: list[tuple[int, int, str]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    eastings, northings, codes = zip(*rows, strict=True)
    return np.array(eastings), np.array(northings), np.array(codes)


def test_three_strips_meet_side_by_side() -> None:
    """A next to B next to C: A and C do not meet, and the edges are as long as the strips."""
    rows = [
        (100_000 + 100 * column + 7 * (row % 2), 200_000 + 100 * row, "ABC"[column // 10])
        for column in range(30)
        for row in range(40)
    ]
    edges = meeting(*_columns(rows))
    assert set(edges) == {("A", "B"), ("B", "C")}
    assert all(3_500 < length < 5_500 for length in edges.values())


def test_areas_that_only_share_a_corner_do_not_adjoin() -> None:
    """Four quarters of a regular grid: the two diagonal pairs touch at one point, without an edge."""
    rows = [
        (100_000 + 200 * column, 200_000 + 200 * row, "AB"[column // 5] + "xy"[row // 5])
        for column in range(10)
        for row in range(10)
    ]
    assert set(meeting(*_columns(rows))) == {("Ax", "Ay"), ("Ax", "Bx"), ("Ay", "By"), ("Bx", "By")}


def test_water_parts_what_it_lies_between() -> None:
    """Two shores nine kilometres apart do not meet, four kilometres apart they do."""
    for gap_m, expected in ((9_000, set()), (4_000, {("A", "B")})):
        rows = [
            (
                100_000 + 150 * column,
                200_000 + side * gap_m + side * 130 * row - (1 - side) * 130 * row,
                "AB"[side],
            )
            for side in (0, 1)
            for column in range(30)
            for row in range(5)
        ]
        assert set(meeting(*_columns(rows))) == expected


def test_thinning_the_quiet_middle_moves_no_border() -> None:
    """Two large squares side by side, mostly quiet: the same pair, and an edge as long as the side."""
    rows = [
        (100_000 + 200 * column + 13 * (row % 3), 200_000 + 200 * row, "AB"[column // 60])
        for column in range(120)
        for row in range(60)
    ]
    (pair, length), *others = meeting(*_columns(rows)).items()
    assert (pair, others) == (("A", "B"), [])
    assert 11_000 < length < 13_500


def test_list_for_the_east_midlands_can_be_derived_again(directory: PostcodeDirectory) -> None:
    """From the postcodes of a box round Nottingham, the neighbours of those well inside it come out alike."""
    eastings, northings, codes = directory.every_point()
    box = (abs(eastings - 457_000) < 60_000) & (abs(northings - 330_000) < 50_000)
    pairs = corrected(meeting(eastings[box], northings[box], codes[box]))
    for code in ("E06000015", "E06000016", "E06000017", "E06000018"):
        near = {other for pair in pairs if code in pair for other in pair if other != code}
        assert near == adjoining(code)
    assert ("E06000018", "E10000007") not in pairs  # Derbyshire comes within four kilometres, and no nearer


@pytest.mark.slow
def test_committed_list_is_what_the_command_makes(tmp_path: Path) -> None:
    """Remaking the whole list from the directory gives the committed file, byte for byte."""
    baked_directory()
    assert main(["--out", str(tmp_path / "adjoining.json")]) == 0
    assert (tmp_path / "adjoining.json").read_bytes() == ADJOINING.read_bytes()


def test_corrections_decide() -> None:
    """A corrected pair is in or out whatever the postcodes say; Scotland stays out."""
    found = {("E06000057", "S12000026"), ("E06000015", "E10000007"), *CORRECTIONS}
    kept = corrected(found)
    assert ("E06000015", "E10000007") in kept
    assert ("E06000057", "S12000026") not in kept
    for pair, (adjoin, because) in CORRECTIONS.items():
        assert (pair in kept) == adjoin
        assert (pair in corrected([])) == adjoin
        assert pair == tuple(sorted(pair))
        assert because


def test_file_says_how_it_was_made() -> None:
    """Approximate, by which method, from which data, corrected where, and how to make it again."""
    contents = json.loads(ADJOINING.read_text(encoding="utf-8"))
    assert contents["approximate"] is True
    assert contents["remake"] == "python -m app.geo.neighbours"
    assert "ONS Postcode Directory" in contents["source"]
    assert len(contents["corrections"]) == len(CORRECTIONS)


def test_text_has_a_line_for_each_authority() -> None:
    """Readable, comparable, and the same data."""
    contents = document([("E06000015", "E10000007"), ("E06000023", "W06000015")], "handmade")
    text = as_text(contents)
    assert json.loads(text) == contents
    assert sum(line.startswith('  "E') for line in text.splitlines()) == len(authorities("England"))
    assert contents["adjoining"]["E10000007"] == ["E06000015"]
