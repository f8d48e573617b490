"""By what a home is known beside its reference: whoever stores it under another one should be told."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.geo.grid import Location
from app.matching.codes import HomeKind
from app.matching.home import Home
from app.matching.referral import HomeRef
from app.store.codec import decoder
from app.store.prepared import Prepared
from app.store.session import Reading
from app.store.tables import homes


class Known(NamedTuple):
    """What a home and its double would have in common."""

    ref: HomeRef
    kind: HomeKind
    urn: str | None
    name: str
    location: Location | None


def of_home(home: Home) -> Known:
    """That of one home."""
    return Known(home.ref, home.kind, home.urn, home.name, home.location)


def everywhere(reading: Reading, authority: str) -> list[Known]:
    """That of all homes that are stored."""
    return [
        Known(HomeRef(row["ref"]), HomeKind(row["kind"]), row["urn"], row["name"] or "", _location(row["location"]))
        for row in _EVERYWHERE.rows(reading, authority=authority)
    ]


_location = decoder(Location | None)
_EVERYWHERE = Prepared(
    select(homes.c.ref, homes.c.kind)
    .add_columns(*(homes.c.details[name].as_string().label(name) for name in ("urn", "name")))
    .add_columns(homes.c.details["location"].label("location"))
    .where(homes.c.authority == bindparam("authority"))
)
