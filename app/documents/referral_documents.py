"""Referrals out of their JSON form, and into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.documents.checks import check_referral
from app.documents.fields import plain
from app.documents.places import Answers, Found, Note, Plain, Spot, lookup, settle, unplaced
from app.documents.referral_models import ReferralIn
from app.documents.zone_models import CircleIn, ZoneIn
from app.errors import Invalid
from app.geo.postcodes import PostcodeDirectory, PostcodeError
from app.geo.zones import Polygon, ZoneError, corners, zone_from_json
from app.matching.referral import Referral
from app.store.codec import decoder, encoder

MOST_CORNERS = 20_000
"""Corners that all zones of a referral may have together: the outline of a county has a few thousand."""

TOO_MANY_CORNERS = f"All zones of a referral may have {MOST_CORNERS} corners together: simplify them in a map tool."


@dataclass(frozen=True, slots=True)
class ReadReferral:
    """A referral, and what its sender should know."""

    record: Referral
    notes: tuple[Note, ...]


@dataclass(slots=True)
class Corners:
    """How many corners the zones of a referral may have from here on."""

    left: int = MOST_CORNERS

    def take(self, zone: Plain) -> None:
        """Take those of a zone away. Raises `ZoneError` where it is none, or has more than are left.

        Those that are given are counted before anything is drawn, for drawing is what takes long.
        """
        given = 0 if zone.get("type") == "Circle" else corners(zone)
        if given > self.left:
            self.left = 0
            raise ZoneError(TOO_MANY_CORNERS)
        drawn = zone_from_json(zone)
        self.left -= drawn.corners if isinstance(drawn, Polygon) else 0


def read_referral(document: ReferralIn, directory: PostcodeDirectory, today: date, at: str = "") -> ReadReferral:
    """The record of a referral. Raises `Invalid` naming every field that will not do.

    `at` begins the paths: `referral.` where the referral is a field of something larger.
    """
    found = Found()
    check_referral(document, today, found, at)
    written = plain(document)
    spots = list(_spots(written, at))
    answers = lookup([*spots, *_centres(written, at)], directory)
    settle(spots, answers, found)
    left = Corners()
    for n, (child, model) in enumerate(zip(written["children"], document.children, strict=True)):
        path = f"{at}children[{n}].zones_to_avoid"
        zones = [_zone(zone, answers, f"{path}[{z}]", found, left) for z, zone in enumerate(model.zones_to_avoid)]
        child["zones_to_avoid"] = zones
    if found.problems:
        raise Invalid(found.problems)
    return ReadReferral(decoder(Referral)(written), tuple(found.notes))


def write_referral(referral: Referral) -> Plain:
    """The JSON form of a referral; `read_referral` gives the same record back."""
    return referral_as_sent(encoder(Referral)(referral))


def referral_as_sent(written: Plain) -> Plain:
    """The JSON form of a referral out of what is stored for it, which becomes that."""
    for child in written["children"]:
        child["zones_to_avoid"] = [_written_zone(zone) for zone in child["zones_to_avoid"]]
    unplaced(_spots(written, ""))
    return written


def _spots(written: Plain, at: str) -> Iterator[Spot]:
    yield Spot(written, "family_home", f"{at}family_home")
    for n, place in enumerate(written["contact_places"]):
        yield Spot(place, "location", f"{at}contact_places[{n}].location")
    for n, child in enumerate(written["children"]):
        yield Spot(child, "school", f"{at}children[{n}].school")
        for s, sibling in enumerate(child["placed_siblings"]):
            yield Spot(sibling, "location", f"{at}children[{n}].placed_siblings[{s}].location")


def _centres(written: Plain, at: str) -> Iterator[Spot]:
    for child in written["children"]:
        for zone in child["zones_to_avoid"]:
            if zone["circle"] is not None:
                yield Spot(zone["circle"], "postcode", at)


def _zone(zone: ZoneIn, answers: Answers, path: str, found: Found, left: Corners) -> Plain | None:
    """The zone as the engine's own JSON has it; None where it will not do: then it is among the problems."""
    if (zone.circle is None) == (zone.polygon is None):
        found.problem(path, "A zone is either a circle or a polygon.", "Send exactly one of circle, polygon.")
        return None
    wanted = _circle(zone.circle, answers, path, found) if zone.circle else zone.polygon
    if wanted is None:
        return None
    try:
        left.take(wanted)
    except ZoneError as error:
        found.problem(path, "This is not a zone that can be used.", str(error))
        return None
    return wanted


def _circle(circle: CircleIn, answers: Answers, path: str, found: Found) -> Plain | None:
    path, radius = f"{path}.circle", circle.radius()
    if radius is None:
        found.problem(path, "A circle needs one radius, a metre at least.", "Send radius_miles or radius_m.")
    if not circle.has_one_centre():
        cure = "Send postcode, or easting and northing."
        found.problem(path, "A circle needs one centre.", cure)
    if radius is None or not circle.has_one_centre():
        return None
    east, north = circle.easting, circle.northing
    if circle.postcode is not None:
        place = answers[circle.postcode]
        if isinstance(place, PostcodeError):
            first, _, rest = place.message.partition(". ")
            cure = rest or "Give the easting and northing of the centre."
            found.problem(f"{path}.postcode", first.removesuffix(".") + ".", cure)
            return None
        east, north = place.easting, place.northing
    return {"type": "Circle", "easting": east, "northing": north, "radius_m": radius}


def _written_zone(zone: Plain) -> Plain:
    if zone["type"] == "Circle":
        return {"circle": {name: zone[name] for name in ("easting", "northing", "radius_m")}}
    return {"polygon": zone}
