import pytest

from app.geo.authorities import AuthorityUnknown
from app.geo.outlines import outline
from app.geo.postcodes import PostcodeDirectory
from app.geo.zones import ZoneError, inside, zone_from_json

NOTTINGHAM = "E06000018"
GIVEN = {
    "type": "Polygon",
    "coordinates": [[[-1.25, 52.9], [-1.1, 52.9], [-1.1, 53.02], [-1.25, 53.02], [-1.25, 52.9]]],
}


def test_without_a_council_outline_it_is_approximate_and_says_so(directory: PostcodeDirectory) -> None:
    """Nottingham is 74.6 square kilometres: the hull of its postcodes is near that and holds them all."""
    drawn = outline(NOTTINGHAM, directory)
    assert drawn.approximate
    assert drawn.feature()["properties"] == {
        "authority": NOTTINGHAM,
        "name": "Nottingham",
        "approximate": True,
    }
    assert 65 < drawn.polygon.shape.area / 1e6 < 90
    assert inside(drawn.polygon, *directory.points(NOTTINGHAM)).all()
    assert zone_from_json(drawn.feature()) == drawn.polygon


@pytest.mark.parametrize("code", ["E06000053", "E09000001", "E10000024", "W06000015", "S12000027"])
def test_small_large_and_scattered_authorities_have_an_outline(directory: PostcodeDirectory, code: str) -> None:
    """Islands, a square mile and a county: a sound polygon of a size to send to a page."""
    drawn = outline(code, directory)
    assert inside(drawn.polygon, *directory.points(code)).mean() > 0.99
    assert len(drawn.polygon.parts[0][0]) < 1_000


def test_the_councils_own_outline_is_used_as_it_stands(directory: PostcodeDirectory) -> None:
    """Given for the authority: not approximate. Given for another: no effect."""
    drawn = outline(NOTTINGHAM, directory, {NOTTINGHAM: GIVEN})
    assert not drawn.approximate
    assert drawn.feature()["geometry"] == GIVEN
    assert outline("E06000015", directory, {NOTTINGHAM: GIVEN}).approximate


def test_faulty_outlines_and_codes_are_told(directory: PostcodeDirectory) -> None:
    """A circle, a broken polygon, an unknown code, and an authority off the grid."""
    circle = {"type": "Circle", "easting": 457_300, "northing": 339_900, "radius_m": 5}
    with pytest.raises(ZoneError, match="outline of Nottingham must be a polygon"):
        outline(NOTTINGHAM, directory, {NOTTINGHAM: circle})
    with pytest.raises(ZoneError):
        outline(NOTTINGHAM, directory, {NOTTINGHAM: {"type": "Polygon"}})
    with pytest.raises(AuthorityUnknown):
        outline("E07000173", directory)
    with pytest.raises(ValueError, match="Belfast has no postcode"):
        outline("N09000003", directory)
