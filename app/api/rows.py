"""Rows of an inventory in a request: documented as homes, checked one by one so that each has its number."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from app.documents.home_models import HomeIn

MOST_ROWS = 50_000


class _Row:
    """Anything, on the way in; a home, for readers of the schema."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    @classmethod
    def __get_pydantic_json_schema__(
        cls,
        schema: CoreSchema,
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        return handler(HomeIn.__pydantic_core_schema__)


HomeRows = Annotated[list[Annotated[Any, _Row]], Field(max_length=MOST_ROWS)]
