"""Zones that a child must not live in: a circle, or a polygon in GeoJSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from app.documents.fields import Document, Postcode
from app.geo.grid import metres_from_miles

Metres = Annotated[int, Field(strict=True, ge=1, le=200_000)]


class CircleIn(Document):
    """A centre, by postcode or on the grid, and a radius in miles or in metres: one of each."""

    postcode: Postcode | None = None
    easting: Annotated[int, Field(strict=True, ge=0, le=700_000)] | None = None
    northing: Annotated[int, Field(strict=True, ge=0, le=1_300_000)] | None = None
    radius_miles: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    radius_m: Metres | None = None

    def radius(self) -> int | None:
        """Whole metres; None unless the radius is given exactly once and comes to a metre at least."""
        if (self.radius_miles is None) == (self.radius_m is None):
            return None
        if self.radius_m is not None:
            return self.radius_m
        return metres_from_miles(Decimal(str(self.radius_miles))) or None

    def has_one_centre(self) -> bool:
        """Whether there is a postcode, or an easting and a northing, and not both."""
        on_grid = (self.easting is not None, self.northing is not None)
        return on_grid == ((False, False) if self.postcode is not None else (True, True))


class ZoneIn(Document):
    """One of the two. A polygon is a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection (WGS84)."""

    circle: CircleIn | None = None
    polygon: Annotated[dict[str, Any], Field(json_schema_extra={"description": "GeoJSON, RFC 7946"})] | None = None
