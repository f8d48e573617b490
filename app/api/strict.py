"""Routes that read their body as strict JSON before anything else looks at it."""

from __future__ import annotations

import email.message
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope

from app.documents.strict_json import parse_json
from app.errors import NotJson

LARGE = 100_000
"""Bytes from which a body is parsed in a thread, so that other requests go on meanwhile."""


class _Parsed(Request):
    """A request whose body has been read and parsed already."""

    def __init__(self, scope: Scope, receive: Receive, body: bytes, value: Any) -> None:
        super().__init__(scope, receive)
        self._body = body
        self._value = value

    async def json(self) -> Any:
        """The parsed body."""
        return self._value


class StrictRoute(APIRoute):
    """A route that takes a body only as `application/json`, and only such JSON as has one meaning."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, with our reading in front of it."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strict(request: Request) -> Response:
            check_json(request)
            body = await request.body()
            parse = run_in_threadpool(parse_json, body) if len(body) > LARGE else None
            value = parse_json(body) if parse is None else await parse
            request.scope["state"]["body"] = body
            return await handle(_Parsed(request.scope, request.receive, body, value))

        return strict


def check_json(request: Request) -> None:
    """Raise `NotJson` unless the headers announce JSON, in UTF-8, not compressed."""
    header = email.message.Message()
    header["content-type"] = request.headers.get("content-type", "")
    charset = header.get_param("charset", "utf-8")
    is_json = header.get_content_type() == "application/json"
    plain = request.headers.get("content-encoding", "identity") == "identity"
    if not (is_json and plain and str(charset).lower() in {"utf-8", "utf8"}):
        raise NotJson
