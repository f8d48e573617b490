"""The description of the API: what FastAPI derives, with problem+json for every error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from app.access.permissions import PERMISSIONS
from app.api import codes
from app.api.documented import KEY_USED, REPLAYED, errors
from app.api.problems import Problem

DESCRIPTION = """Finds children in care the right home: ranks the homes that fit and says why, within the law and
the council's own policy. It proposes; an officer decides.

* Every request carries `Authorization: Bearer ...`; `GET /me` shows for whom the service takes you.
* Every error is `application/problem+json` and names fields with a cure; no value that was sent is repeated.
  `ProblemCode` lists all of them, with what each means and what to do.
* Writes take an `Idempotency-Key`; changes need `If-Match` with the `ETag` of what was read.
* Instants are UTC, written `2026-03-03T09:30:00Z`.
* Money is whole pence a week, distances are whole metres, points are whole numbers, days are YYYY-MM-DD.
* What is left out is not known; `null` means not known; an empty list means none.
"""

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of the provider; on this machine, with the demo: what `placement token` prints.",
}

ALWAYS = (422, 500, 503)
SIGNED_IN = (401, 403, 429)
WITH_A_BODY = (400, 408, 413, 415)


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """A function that gives the description, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _made(app)
        return app.openapi_schema

    return openapi


def _made(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=app.openapi_tags
    )
    _, problem = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    components = schema["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    components |= problem["$defs"]
    codes.described(components)
    schema["components"]["securitySchemes"] = {"bearer": BEARER}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            is_open = PERMISSIONS[method.upper(), path].is_open
            operation["security"] = [] if is_open else [{"bearer": []}]
            _with_errors(operation, () if is_open else SIGNED_IN)
    return schema


def _with_errors(operation: dict[str, Any], more: tuple[int, ...]) -> None:
    statuses = [400, *ALWAYS, *more] if "requestBody" not in operation else [*WITH_A_BODY, *ALWAYS, *more]
    responses = operation["responses"]
    responses.pop("422", None)
    for status, said in errors(*statuses).items():
        responses.setdefault(str(status), said)
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ())):
        _with_key(responses)


def _with_key(responses: dict[str, Any]) -> None:
    """What a key adds: an answer may be the first one again, and a key may belong to another request."""
    for status, said in responses.items():
        if status.startswith("2"):
            said["headers"] = {**said.get("headers", {}), **REPLAYED}
    refused = responses["422"]
    responses["422"] = {**refused, "description": refused["description"] + KEY_USED}
