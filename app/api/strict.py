"""Routes that look at query and body, and read the body as strict JSON, before anything else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope

from app.api.names_read import names_of_query
from app.documents.strict_json import parse_json
from app.errors import FieldProblem, Invalid, NotJson

LARGE = 100_000
"""Bytes from which a body is parsed in a thread, so that other requests go on meanwhile."""


UTF_8 = frozenset(("charset", value) for value in ("utf-8", "utf8", '"utf-8"', '"utf8"'))
"""The one encoding, as it may be written. Numbered and continued parameters (RFC 2231) mean nothing here."""


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
    """A route that takes only what has one meaning: each name of the query once, a body as strict JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, with our reading in front of it."""
        handle = super().get_route_handler()
        takes_a_body, taken = self.body_field is not None, names_of_query(self.dependant)

        async def strict(request: Request) -> Response:
            check_query(request, taken)
            if not takes_a_body:
                return await handle(request)
            check_json(request)
            body = await request.body()
            parse = run_in_threadpool(parse_json, body) if len(body) > LARGE else None
            value = parse_json(body) if parse is None else await parse
            request.scope["state"]["body"] = body
            return await handle(_Parsed(request.scope, request.receive, body, value))

        return strict


def check_query(request: Request, taken: Collection[str]) -> None:
    """Raise `Invalid` for a name that comes twice, and for any where the route has none to read.

    `taken`: the names that it reads. What a route does read is checked with its fields; somebody who sends
    `dry_run` to a route that knows no such thing must not believe that it was heeded.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    if names and not taken:
        cure = "Take out the question mark and all that follows."
        raise Invalid([FieldProblem("query", "This address takes nothing in its query.", cure)])
    if len(set(names)) != len(names):
        cure = "Send every name once: it is not clear which one counts."
        twice = Counter(names).most_common(1)[0][0]
        field = f"query.{twice}" if twice in taken else "query"
        raise Invalid([FieldProblem(field, "A name stands in the query twice.", cure)])


def check_json(request: Request) -> None:
    """Raise `NotJson` unless the headers announce JSON, in UTF-8, not compressed."""
    announced = request.headers.getlist("content-type")
    kind, *parameters = announced[0].lower().split(";") if len(announced) == 1 else [""]
    given = [parameter.partition("=") for parameter in parameters]
    charsets = [(name.strip(), value.strip()) for name, _, value in given if name.strip().startswith("charset")]
    plain = request.headers.get("content-encoding", "identity") == "identity"
    if kind.strip() != "application/json" or not plain or not set(charsets) <= UTF_8:
        raise NotJson
