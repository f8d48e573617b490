"""Every error as `application/problem+json`: what is wrong, where, and what to do. Never what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast, get_origin

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from app.api.names_read import names_of_path, names_of_query
from app.documents.problems import BARE_LIST, problems_of
from app.errors import (
    BodyTooLarge,
    Internal,
    Invalid,
    JsonRefused,
    MethodNotAllowed,
    NotJson,
    PageNotFound,
    PlacementError,
)

MEDIA_TYPE = "application/problem+json"

MOST_ERRORS = 100
"""Errors told in one answer."""

_OF_STATUS: Mapping[int, type[PlacementError]] = {
    400: JsonRefused,
    404: PageNotFound,
    413: BodyTooLarge,
    415: NotJson,
}


class FieldError(BaseModel):
    """One field that will not do."""

    field: Annotated[str, Field(examples=["children[0].sdq"])]
    problem: Annotated[str, Field(examples=["This must be at most 40."])]
    cure: Annotated[str, Field(examples=["Check the value and its unit."])]


class Problem(BaseModel):
    """An error as RFC 9457 has it. `code` is stable; `errors` says what of the request, or what is stored, is to blame.

    `field` of an entry is a part of the body (`children[0].sdq`), of the query (`query.limit`), of the address
    (`path.id`), a header (`header.If-Match`), or what of the stored facts it is about (`rules.age_range`). A name that
    is not known is never repeated: the entry names the object in which it stands, or `query`, and what may stand there.
    """

    type: Annotated[str, Field(examples=["urn:placement:problem:invalid"])]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, Field(examples=["invalid"])]
    detail: str
    correlation_id: str
    errors: list[FieldError] = []
    more_errors: Annotated[int, Field(ge=0, description="Errors beyond those that are told")] = 0


def problem_response(error: PlacementError, correlation_id: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for an error."""
    told = [FieldError(field=each.field, problem=each.problem, cure=each.cure) for each in error.problems[:MOST_ERRORS]]
    problem = Problem(
        type=f"urn:placement:problem:{error.code}",
        title=error.title,
        status=error.status,
        code=error.code,
        detail=error.message(),
        correlation_id=correlation_id,
        errors=told,
        more_errors=max(0, len(error.problems) - MOST_ERRORS),
    )
    all_headers = dict(headers or {})
    if error.retry_after_s is not None:
        all_headers["Retry-After"] = str(error.retry_after_s)
    if error.challenge is not None:
        all_headers["WWW-Authenticate"] = error.challenge
    return Response(problem.model_dump_json(), error.status, all_headers, MEDIA_TYPE)


def correlation_id(request: Request) -> str:
    """The number under which this request can be found again."""
    return str(request.scope.get("state", {}).get("correlation_id", "none"))


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every expected error with a problem. What is not expected is answered by `app.api.guard`.

    `routes` are all that the service has: a 405 names the methods of those that fit the address.
    """

    async def expected(request: Request, error: Exception) -> Response:
        return problem_response(cast("PlacementError", error), correlation_id(request))

    def wrong_shape(request: Request, error: Exception) -> Response:  # in a thread: there may be very many errors
        found = cast("RequestValidationError", error).errors()
        errors = [{**_bare_list(each, request), "loc": _place(each["loc"])} for each in found]
        path, query = _asked(request)
        problems = problems_of(errors, path=path, query=query, document=_body_of(request))
        return problem_response(Invalid(problems), correlation_id(request))

    async def refused(request: Request, error: Exception) -> Response:
        asked = cast("HTTPException", error)
        if asked.status_code == MethodNotAllowed.status:
            allowed = {"Allow": ", ".join(_allowed(routes, request))}
            return problem_response(MethodNotAllowed(), correlation_id(request), allowed)
        kind = _OF_STATUS.get(asked.status_code, JsonRefused if asked.status_code < 500 else Internal)
        return problem_response(kind(), correlation_id(request), asked.headers)

    app.add_exception_handler(PlacementError, expected)
    app.add_exception_handler(RequestValidationError, wrong_shape)
    app.add_exception_handler(HTTPException, refused)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """Methods of this very address; only where there is none of it, of those with a variable part."""
    fitting = [
        route
        for route in routes
        if isinstance(route, Route) and route.matches(dict(request.scope))[0] is not Match.NONE
    ]
    exact = [route for route in fitting if route.path == request.scope["path"]] or fitting
    return sorted({method for route in exact for method in route.methods or ()})


def _bare_list(error: Mapping[str, Any], request: Request) -> Mapping[str, Any]:
    """The error; where a bare list was sent to an address that takes one in an object, one that names its field."""
    if tuple(error["loc"]) != ("body",) or not isinstance(error.get("input"), list):
        return error
    model = _body_of(request)
    if model is None:
        return error
    needed = [name for name, each in model.model_fields.items() if each.is_required()]
    if len(needed) != 1 or get_origin(model.model_fields[needed[0]].annotation) is not list:
        return error
    return {"type": BARE_LIST, "loc": error["loc"], "ctx": {"name": needed[0]}}


def _body_of(request: Request) -> type[BaseModel] | None:
    """The document that this address takes."""
    field = getattr(request.scope.get("route"), "body_field", None)
    model = field.field_info.annotation if field is not None else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _asked(request: Request) -> tuple[frozenset[str], frozenset[str]]:
    """The names that this address reads in its path, and in its query."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if dependant is None:
        return frozenset(), frozenset()
    return names_of_path(dependant), names_of_query(dependant)


def _place(where: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Fields of the body are named as they stand in it; others with what they are part of."""
    return where[1:] if where[0] == "body" and len(where) > 1 else where
