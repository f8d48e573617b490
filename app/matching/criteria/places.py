"""What kind of living a place is, read off its SSDA903 PLACE code."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.matching.codes import PlaceCode
from app.matching.columns import BoolArray

RELATIVES = frozenset({PlaceCode.U1, PlaceCode.U2, PlaceCode.U3})
"""Foster care by a relative or friend."""

FOSTER_CARE = RELATIVES | {PlaceCode.U4, PlaceCode.U5, PlaceCode.U6}

RESIDENTIAL = frozenset(
    {PlaceCode.K1, PlaceCode.K2, PlaceCode.R1, PlaceCode.R2, PlaceCode.R3, PlaceCode.R5, PlaceCode.S1}
)


def among_places(places: Iterable[PlaceCode]) -> BoolArray:
    """A table over the positions of `PlaceCode`: True for these places."""
    table = np.zeros(len(PlaceCode), dtype=np.bool_)
    table[[place.position for place in places]] = True
    return table
