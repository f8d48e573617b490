"""Places are real postcodes, in the band that was asked for."""

import pytest

from app.demo.places import EAST_MIDLANDS, NOTTINGHAM, Band, Council, Places, england
from app.geo.grid import Location, squared_distance, squared_limit
from app.geo.postcodes import PostcodeDirectory


@pytest.fixture(scope="module")
def places(directory: PostcodeDirectory) -> Places:
    """Around the councils of the East Midlands."""
    return Places(directory, 5, EAST_MIDLANDS)


def _near(place: Location, council: Council) -> bool:
    return bool(squared_distance(place.easting, place.northing, *council.centre) <= squared_limit(20))


def _fits(place: Location, council: Council, band: Band) -> bool:
    if band is Band.INSIDE:
        return place.authority == council.code
    if band is Band.NEAR:
        return place.authority not in {None, council.code} and _near(place, council)
    return not _near(place, council)


@pytest.mark.parametrize("band", list(Band))
def test_places_are_in_their_band_and_in_the_directory(
    places: Places, directory: PostcodeDirectory, band: Band
) -> None:
    """Inside the area, or outside and within 20 miles of the centre, or farther; each known to the directory."""
    for council in places.councils:
        drawn = places.drawn(council, band, "homes", 80)
        assert len({place.postcode for place in drawn}) > 70
        assert all(_fits(place, council, band) for place in drawn)
        assert directory.locate_many([place.postcode or "" for place in drawn]) == drawn


@pytest.mark.parametrize("band", list(Band))
def test_more_places_begin_with_the_same(places: Places, band: Band) -> None:
    """A longer list holds the shorter one."""
    council = next(each for each in places.councils if each.code == NOTTINGHAM)
    assert places.drawn(council, band, "homes", 400)[:60] == places.drawn(council, band, "homes", 60)
    assert places.drawn(council, band, "homes", 0) == []


def test_lists_of_different_uses_differ(places: Places) -> None:
    """Schools are not where the homes are."""
    council = places.councils[0]
    assert places.drawn(council, Band.INSIDE, "homes", 20) != places.drawn(council, Band.INSIDE, "schools", 20)


def test_a_spot_is_one_of_a_short_list(places: Places) -> None:
    """The lowest and the highest draw are both in it."""
    council = places.councils[0]
    for draw in (0, 2**32 - 1):
        assert places.spot(council, Band.INSIDE, "schools", draw).authority == council.code


def test_the_centre_of_nottingham_is_the_one_its_policy_names(places: Places) -> None:
    """So that what is made near is near by the policy as well."""
    assert {each.code: each.centre for each in places.councils}[NOTTINGHAM] == (457_300, 339_900)


def test_every_council_of_england_has_places_in_every_band(directory: PostcodeDirectory) -> None:
    """No council is too remote for a home near or far."""
    country = Places(directory, 5, england())
    assert len(country.councils) > 145
    for council in country.councils:
        for band in Band:
            assert len(country.drawn(council, band, "homes", 3)) == 3


def test_a_council_may_have_more_homes_than_postcodes(places: Places) -> None:
    """Then some share one, and nothing fails."""
    council = min(places.councils, key=lambda each: each.postcodes)
    drawn = places.drawn(council, Band.INSIDE, "homes", council.postcodes + 5)
    assert len({place.postcode for place in drawn}) == council.postcodes
    assert drawn[-5:] == drawn[:5]


def test_far_is_not_the_other_end_of_the_country(places: Places) -> None:
    """In a council whose centre is within 70 miles: nowhere in it is much farther than that."""
    for council in places.councils:
        for place in places.drawn(council, Band.FAR, "homes", 300):
            square = squared_distance(place.easting, place.northing, *council.centre)
            assert square <= squared_limit(115)
