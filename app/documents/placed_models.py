"""The JSON form of a child of the caseload: no more than the local target and the costs need to know."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from app.documents.fields import Document, Pence, Place, Ref
from app.matching.codes import HomeKind

A_PLACED_CHILD: dict[str, Any] = {
    "ref": "EXAMPLE-P1",
    "home": "EXAMPLE-H1",
    "kind": "foster",
    "location": None,
    "family_home": "NG7 2RD",
    "weekly_fee_pence": 92_500,
}


class PlacedIn(Document):
    """A child who is placed already. `home` if it is one on the list, else `location`: where the child lives."""

    model_config = ConfigDict(json_schema_extra={"examples": [A_PLACED_CHILD]})

    ref: Ref
    home: Ref | None = None
    kind: HomeKind | None = None
    location: Place | None = None
    family_home: Place | None = None
    weekly_fee_pence: Pence | None = None
