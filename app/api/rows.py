"""Rows of an inventory in a request: documented as what they are, checked one by one so that each has its number."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from app.documents.fields import Document
from app.documents.home_models import HomeIn
from app.documents.placed_models import PlacedIn

MOST_ROWS = 50_000


class _Row:
    """Anything, on the way in; this document, for readers of the schema."""

    def __init__(self, document: type[Document]) -> None:
        self._document = document

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(
        self,
        schema: CoreSchema,
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        return handler(self._document.__pydantic_core_schema__)


HomeRows = Annotated[list[Annotated[Any, _Row(HomeIn)]], Field(max_length=MOST_ROWS)]
PlacedRows = Annotated[list[Annotated[Any, _Row(PlacedIn)]], Field(max_length=MOST_ROWS)]
