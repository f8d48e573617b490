from decimal import Decimal, localcontext
from math import isqrt, sqrt

import numpy as np
import pyproj
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.geo.grid import (
    COORDINATE_LIMIT,
    Location,
    distance_m,
    metres_from_miles,
    pl_distance_tenths,
    squared_distance,
    squared_limit,
)
from app.geo.postcodes import PostcodeDirectory

anywhere = st.integers(-COORDINATE_LIMIT, COORDINATE_LIMIT)
points = st.tuples(anywhere, anywhere)
in_britain = st.tuples(st.integers(0, 699_999), st.integers(0, 1_299_999))

# Two postcodes, where the ONS directory of November 2025 puts them, and whole metres between them.
GOLDEN = [
    ("NG1 5DT", 456418, 340071, "NG2 3NG", 457573, 339316, 1379),
    ("NG1 5DT", 456418, 340071, "DE1 2FS", 435461, 336327, 21288),
    ("NG1 5DT", 456418, 340071, "LE1 6ZG", 458742, 304091, 36054),
    ("NG1 5DT", 456418, 340071, "NG18 1AB", 454090, 360617, 20677),
    ("NG1 5DT", 456418, 340071, "LN1 1YT", 497057, 371307, 51256),
    ("NG5 1PB", 456595, 344000, "NG11 8NS", 455029, 335222, 8916),
    ("NG1 5DT", 456418, 340071, "S1 2HH", 435359, 387191, 51611),
    ("NG1 5DT", 456418, 340071, "SW1A 1AA", 529090, 179645, 176118),
    ("NG1 5DT", 456418, 340071, "M2 5DB", 383867, 398089, 92896),
    ("NG7 2RD", 454555, 338416, "NG9 2NR", 452796, 336987, 2266),
    ("TR1 3AY", 181364, 44503, "KW1 4YR", 337800, 972904, 941488),
    ("LE15 6HP", 486331, 308601, "NG31 6PZ", 491578, 335695, 27597),
    ("EH1 1RE", 325728, 673590, "CF10 4UW", 319301, 175160, 498471),
]


@pytest.mark.parametrize(("a", "ax", "ay", "b", "bx", "by", "metres"), GOLDEN)
def test_golden_pairs_are_as_far_apart_as_on_the_ground(
    a: str, ax: int, ay: int, b: str, bx: int, by: int, metres: int
) -> None:
    """Real postcodes: our grid distance is the recorded one, and a geodesic agrees within 0.1 per cent."""
    assert distance_m(ax, ay, bx, by) == metres
    to_degrees = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    geodesic = pyproj.Geod(ellps="WGS84").inv(*to_degrees.transform(ax, ay), *to_degrees.transform(bx, by))[2]
    assert abs(metres - geodesic) < geodesic * 0.001, (a, b)


def test_golden_postcodes_stand_where_the_directory_puts_them(directory: PostcodeDirectory) -> None:
    """The golden pairs are real: the directory gives the very coordinates written above."""
    for a, ax, ay, b, bx, by, _ in GOLDEN:
        for postcode, easting, northing in ((a, ax, ay), (b, bx, by)):
            place = directory.locate(postcode)
            assert (place.easting, place.northing, place.postcode) == (easting, northing, postcode)


@given(points, points)
@example((-COORDINATE_LIMIT, -COORDINATE_LIMIT), (COORDINATE_LIMIT, COORDINATE_LIMIT))
@example((0, 0), (0, COORDINATE_LIMIT))
def test_distance_is_the_exact_whole_root(a: tuple[int, int], b: tuple[int, int]) -> None:
    """To the metre what unbounded whole-number arithmetic gives, over the whole stated domain."""
    square = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
    assert squared_distance(*a, *b) == square
    assert distance_m(*a, *b) == isqrt(square)


@given(st.integers(1, 2**26), st.integers(-2, 2))
def test_root_is_exact_next_to_every_square(root: int, step: int) -> None:
    """The hardest cases for a rounded root, one beside a perfect square, are exact below 2**52."""
    square = root * root + step
    if 0 <= square < 2**52:
        assert int(np.floor(np.sqrt(np.float64(square)))) == isqrt(square)


def test_stated_domain_is_the_true_one() -> None:
    """2**52 + 2**27 is where the rounded root first fails, as the module says: the domain ends before it."""
    assert int(np.floor(np.sqrt(np.float64(2**52 + 2**27)))) == isqrt(2**52 + 2**27) + 1
    assert 2 * (2 * COORDINATE_LIMIT) ** 2 < 2**52


@given(st.lists(st.tuples(points, points), min_size=1, max_size=20))
def test_alone_and_in_a_crowd_agree(pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """A pair by itself gives what it gives in an array, and in a grid of all against all."""
    ax, ay, bx, by = (np.array(column) for column in zip(*((*a, *b) for a, b in pairs), strict=True))
    for function in (distance_m, squared_distance, pl_distance_tenths):
        crowd = function(ax, ay, bx, by)
        square = function(ax[:, None], ay[:, None], bx, by)
        for place, (a, b) in enumerate(pairs):
            alone = function(*a, *b)
            assert alone == crowd[place] == square[place, place]
            assert alone.dtype == crowd.dtype == square.dtype


@given(points, points, points)
def test_distance_is_symmetric_and_keeps_the_triangle(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]
) -> None:
    """There and back are equal; no way round is shorter by more than the metre that rounding down loses."""
    assert distance_m(*a, *b) == distance_m(*b, *a)
    assert distance_m(*a, *a) == 0
    assert int(distance_m(*a, *c)) <= int(distance_m(*a, *b)) + int(distance_m(*b, *c)) + 2


def test_arrays_broadcast_with_the_stated_types() -> None:
    """A column of homes against a row of children gives a table; 32-bit input does not overflow."""
    column = np.array([[0], [700_000]], dtype=np.int32)
    row = np.array([0, 1_300_000, 3], dtype=np.uint32)
    squares = squared_distance(column, column, row, row)
    metres = distance_m(column, column, row, row)
    assert squares.shape == metres.shape == (2, 3)
    assert (squares.dtype, metres.dtype) == (np.int64, np.int32)
    assert squares[0, 1] == 2 * 1_300_000**2


def test_inputs_are_never_written_to() -> None:
    """Arrays that may not be written to are enough, and hold afterwards what they held before."""
    east, north = np.array([1, 2, 3]), np.array([5, 7, 11])
    east.flags.writeable = north.flags.writeable = False
    for function in (distance_m, squared_distance, pl_distance_tenths):
        assert function(east, north, east, north).tolist() == [0, 0, 0]
    assert (east.tolist(), north.tolist()) == ([1, 2, 3], [5, 7, 11])


@pytest.mark.parametrize("wrong", [1.0, np.array([0.5]), "1", np.array([True])])
def test_anything_but_whole_metres_is_refused(wrong: object) -> None:
    """A fraction or a text is refused, not rounded."""
    for function in (distance_m, squared_distance, pl_distance_tenths):
        with pytest.raises(TypeError, match="whole metres"):
            function(wrong, 0, 0, 0)  # type: ignore[operator]


def test_miles_become_metres_exactly() -> None:
    """A mile is 1609.344 m: twenty are 32186.88, rounded down."""
    assert metres_from_miles(20) == 32_186
    assert metres_from_miles(1) == 1_609
    assert metres_from_miles(Decimal("0.5")) == 804
    assert metres_from_miles(125) == 201_168  # a whole number: 125 * 1609.344
    assert metres_from_miles(0) == 0


def test_squared_limit_is_exact_at_the_edge() -> None:
    """32186.88 squared is 1035995244.1...: one square metre more is beyond twenty miles."""
    assert squared_limit(20) == 1_035_995_244
    assert squared_limit(125) == 201_168**2


@given(st.decimals(0, 1000, places=3))
def test_squared_limit_is_the_greatest_whole_square_within(miles: Decimal) -> None:
    """It lies within the miles and the next whole number lies beyond, in exact decimal arithmetic."""
    with localcontext(prec=60):
        exact = (miles * Decimal("1609.344")) ** 2
        assert squared_limit(miles) <= exact < squared_limit(miles) + 1
        assert metres_from_miles(miles) <= miles * Decimal("1609.344") < metres_from_miles(miles) + 1


def test_small_decimal_context_does_not_round_the_limit() -> None:
    """A caller's decimal precision has no say in what counts as local."""
    with localcontext(prec=3):
        assert squared_limit(Decimal("19.9999")) == 1_035_984_884


@pytest.mark.parametrize("wrong", [20.0, True, "20", None])
def test_inexact_miles_are_refused(wrong: object) -> None:
    """Miles that are not exact by their type do not pass."""
    for function in (metres_from_miles, squared_limit):
        with pytest.raises(TypeError, match="Decimal"):
            function(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [-1, Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_impossible_miles_are_refused(wrong: Decimal | int) -> None:
    """Negative, endless and undefined distances are errors."""
    with pytest.raises(ValueError, match="Miles"):
        squared_limit(wrong)


def _guidance(a: tuple[int, int], b: tuple[int, int]) -> float:
    """The return's formula as it stands in words: straight line, kilometres, miles of 1.6093, one decimal."""
    return round(sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / 1000 / 1.6093, 1)


@given(in_britain, in_britain)
def test_pl_distance_is_the_guidance_formula(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Tenths of a mile agree with Python's own rounding of the formula."""
    assert int(pl_distance_tenths(*a, *b)) / 10 == _guidance(a, b)


def test_pl_distance_agrees_on_every_hundred_metres_and_near_every_middle() -> None:
    """A long sweep, with the distances that fall nearest the middle between two tenths sought out."""
    middles = [round((tenth + 0.5) / 10 * 1609.3) for tenth in range(3_500)]
    distances = sorted({*range(0, 600_000, 97), *(middle + step for middle in middles for step in (-1, 0, 1))})
    column = np.array(distances)
    ours = pl_distance_tenths(0, 0, column, 0)
    assert [tenths / 10 for tenths in ours.tolist()] == [_guidance((0, 0), (each, 0)) for each in distances]


def test_pl_distance_rounds_the_hardest_case_as_python_does() -> None:
    """Beside the middle of two tenths, ten times the miles rounds the other way than the miles themselves.

    Found by search: no two points of Britain come so near, so a point beyond it must serve.
    """
    far = (264_524, 1_774_195)
    assert pl_distance_tenths(0, 0, *far) == 11_147 == _guidance((0, 0), far) * 10
    assert np.rint(np.sqrt(np.float64(264_524**2 + 1_774_195**2)) / 1000 / 1.6093 * 10) == 11_146


def test_pl_distance_of_known_pairs() -> None:
    """A distance worked by hand: 402325 m is 250 miles of 1609.3 m; Nottingham to Derby is 13.2."""
    assert pl_distance_tenths(0, 0, 0, 402_325) == 2500
    assert pl_distance_tenths(456_418, 340_071, 435_461, 336_327) == 132


def test_location_is_a_value() -> None:
    """Equal when its parts are equal, and not to be changed."""
    place = Location(456_418, 340_071, "E06000018", "NG1 5DT")
    assert place == Location(456_418, 340_071, "E06000018", "NG1 5DT")
    with pytest.raises(AttributeError):
        place.easting = 0  # type: ignore[misc]
