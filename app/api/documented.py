"""How handlers answer, and what the documentation says about it."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

_SAID = {
    400: "The body is not usable JSON, or the Host is not this service",
    404: "There is none of this reference",
    405: "This address does not take this method",
    408: "The body did not arrive in time",
    409: "It contradicts what is stored",
    412: "It was changed in the meantime",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "A field will not do; `errors` names each with its cure",
    428: "It exists: `If-Match` is needed to change it",
    500: "Something went wrong inside; nothing was changed",
    503: "The database does not answer just now; try again",
}

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def errors(*statuses: int, not_modified: bool = False) -> dict[int | str, dict[str, Any]]:
    """What the documentation says about the errors of a route."""
    said: dict[int | str, dict[str, Any]] = {
        status: {"description": _SAID[status], "content": PROBLEM} for status in statuses
    }
    if not_modified:
        said[304] = {"description": "The reader has this version already (`If-None-Match`)"}
    return said


def json_response(value: Any, headers: dict[str, str] | None = None) -> Response:
    """Plain values as JSON."""
    return Response(orjson.dumps(value), 200, headers, "application/json")
