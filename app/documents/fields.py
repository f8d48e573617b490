"""The kinds of field that documents are made of: bounded, strict, and described for readers of the schema."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.matching.languages import LANGUAGE_POSITION, LANGUAGES

MOST_CHILDREN = 12
MOST_RESIDENTS = 30
OLDEST_YEARS = 21
MOST_PENCE_A_WEEK = 10_000_000

T = TypeVar("T", bound=Hashable)

FIRST_DAY, LAST_DAY = date(1000, 1, 1), date(2999, 12, 31)
"""Between them every date can be reckoned with: days and years may be added or taken away."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Document(BaseModel):
    """Base of everything that comes in: nothing unknown, nothing guessed, nothing repeated in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("day", "not a date") from None
        if not FIRST_DAY <= day <= LAST_DAY:
            raise PydanticCustomError("day_out_of_range", "a date too far away")
        return day
    raise PydanticCustomError("day", "not a date")


def _language(value: str) -> str:
    if value not in LANGUAGE_POSITION:
        raise PydanticCustomError("language", "not a language code")
    return value


def _all_different(values: list[T]) -> list[T]:
    if len(set(values)) != len(values):
        raise PydanticCustomError("repeated", "an entry stands twice")
    return values


REF = "[A-Za-z0-9][A-Za-z0-9._~-]{0,63}"
"""A reference, as a pattern to be found within others."""

Ref = Annotated[str, StringConstraints(pattern=f"^{REF}$")]
"""A reference of the caller's: opaque, fit for an address, never a name."""

Text = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$")]
"""A line of text without control characters."""

Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-02"]}),
]
"""A date as YYYY-MM-DD, from the year 1000 to 2999; what makes sense for a field is checked with it."""

Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "enum": list(LANGUAGES)})]
"""An ISO 639-1 code, or `bfi` for British Sign Language."""

Truth = Annotated[bool, Field(strict=True)]
Level = Annotated[int, Field(strict=True, ge=0, le=3)]
Age = Annotated[int, Field(strict=True, ge=0, le=OLDEST_YEARS)]
Places = Annotated[int, Field(strict=True, ge=0, le=200)]
Count = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_PENCE_A_WEEK)]

Unique = Annotated[
    list[T], Field(max_length=100, json_schema_extra={"uniqueItems": True}), AfterValidator(_all_different)
]
"""A list in which nothing stands twice. Its length is looked at before its entries are."""

PolicyVersion = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Which policy: as GET /policies lists them."""

Postcode = Annotated[str, StringConstraints(min_length=5, max_length=10, pattern=r"^[A-Za-z0-9 ]*$")]
"""A United Kingdom postcode, however spaced and capitalised."""

GssCode = Annotated[str, StringConstraints(pattern=r"^[ENSW][0-9]{8}$")]


class GridPoint(Document):
    """A point on the British National Grid (EPSG:27700), where there is no postcode for it."""

    easting: Annotated[int, Field(strict=True, ge=0, le=700_000)]
    northing: Annotated[int, Field(strict=True, ge=0, le=1_300_000)]
    authority: GssCode | None = None


def _kind_of_place(value: object) -> str:
    return "a_postcode" if isinstance(value, str) else "a_point"


Place = Annotated[
    Annotated[Postcode, Tag("a_postcode")] | Annotated[GridPoint, Tag("a_point")],
    Discriminator(_kind_of_place),
]
"""Where something is: a postcode, or a point of the grid."""


def plain(document: Document) -> dict[str, Any]:
    """The document as JSON has it, every field written out."""
    return document.model_dump(mode="json")
