"""How handlers answer, and what the documentation says about it."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

_SAID = {
    400: "The body is not usable JSON, or the Host is not this service",
    401: "A bearer token is missing, or is not taken; `WWW-Authenticate` says which",
    403: "None of your roles may do this, or a person must",
    404: "There is none of this reference",
    405: "This address does not take this method",
    408: "The body did not arrive in time",
    409: "It contradicts what is stored",
    412: "It was changed in the meantime",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "A field will not do (`invalid`); `errors` names each with its cure",
    428: "It exists: `If-Match` is needed to change it",
    429: "One caller's budget is used up; `Retry-After` says for how long",
    500: "Something went wrong inside; nothing was changed",
    503: "The database does not answer just now; try again",
}

KEY_USED = ", or the `Idempotency-Key` was used before for another request (`idempotency_key_reused`)"
"""What 422 may mean besides, where an address takes a key."""

RETRY_AFTER = {
    "Retry-After": {"description": "After so many seconds it may be tried again", "schema": {"type": "integer"}}
}
REPLAYED = {
    "Idempotency-Replayed": {
        "description": "There, and `true`, where the same request was answered before: this is that answer",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
CHALLENGE = {
    "WWW-Authenticate": {"description": "Which scheme is wanted, and what was wrong", "schema": {"type": "string"}}
}
ALLOW = {"Allow": {"description": "The methods that the address takes", "schema": {"type": "string"}}}

_HEADERS: dict[int, dict[str, Any]] = {401: CHALLENGE, 405: ALLOW, 429: RETRY_AFTER, 503: RETRY_AFTER}
"""The headers of an error, by its status."""

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

ETAG = {
    "ETag": {
        "description": "The version that stands, to be sent as `If-Match` with a change",
        "schema": {"type": "string", "examples": ['"v1"']},
    }
}

READ: dict[int | str, dict[str, Any]] = {
    200: {"headers": ETAG},
    304: {"description": "The reader has this version already (`If-None-Match`)", "headers": ETAG},
}
"""What the documentation says about reading one record."""


def written(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """What the documentation says about storing one record."""
    return {
        200: {"headers": ETAG},
        201: {"model": model, "description": "Stored for the first time", "headers": ETAG},
    }


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the documentation says about the errors of a route."""
    return {status: _error(status) for status in statuses}


def _error(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": _SAID[status], "content": PROBLEM}
    return told | {"headers": _HEADERS[status]} if status in _HEADERS else told


def json_response(value: Any, headers: dict[str, str] | None = None) -> Response:
    """Plain values as JSON. Instants are UTC and end in `Z`, as everywhere."""
    return Response(plain_json(value), 200, headers, "application/json")


def plain_json(value: Any) -> bytes:
    """The bytes of plain values as JSON."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
