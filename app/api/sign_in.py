"""Signing in and out with a browser, and who one is."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.access.principal import Kind, Role
from app.access.sign_in import ATTEMPT_S, Attempt, SignIn
from app.api.callers import caller_of
from app.api.documented import json_response
from app.api.permitting import SECOND_WALL
from app.api.sessions import Sessions
from app.api.strict import StrictRoute
from app.errors import NotSignedIn, SignInFailed

me = APIRouter(tags=["access"], route_class=StrictRoute, dependencies=SECOND_WALL)
browser = APIRouter(include_in_schema=False, dependencies=SECOND_WALL)
"""Only where a provider for browsers is configured."""

AFTERWARDS = "/me"
"""Where a browser goes once it is signed in."""

Code = Annotated[str | None, Query(max_length=2_048)]
Word = Annotated[str | None, Query(max_length=512)]


class MeOut(BaseModel):
    """Who the service takes you for, and what you may be. `csrf_token` is for sessions of a browser alone."""

    subject: str
    kind: Kind
    authority: str
    roles: list[Role]
    csrf_token: Annotated[str | None, Field(description="To be sent as X-CSRF-Token with every change")] = None


@me.get("/me", response_model=MeOut)
def who_am_i(request: Request) -> Response:
    """Who the service takes you for, and your roles."""
    caller = caller_of(request)
    csrf_token = request.scope["state"]["csrf_token"]
    told = MeOut(
        subject=caller.subject,
        kind=caller.kind,
        authority=caller.authority,
        roles=sorted(caller.roles),
        csrf_token=csrf_token,
    )
    return json_response(told.model_dump(mode="json"))


@browser.get("/signin")
def begin(request: Request) -> Response:
    """Send the browser to the provider."""
    sign_in, sessions = _of(request)
    attempt = Attempt.new()
    answer = RedirectResponse(sign_in.address(attempt), 303)
    sessions.set_cookie(answer, _cookie(sessions), attempt.text(), ATTEMPT_S)
    return answer


@browser.get("/signin/back")
def finish(request: Request, state: Word = None, code: Code = None, iss: Word = None) -> Response:
    """Whom the provider sends back: a session begins, and one that this browser had before ends."""
    sign_in, sessions = _of(request)
    attempt = Attempt.read(request.cookies.get(_cookie(sessions), ""))
    if attempt is None or not state or not code:
        raise SignInFailed
    principal = sign_in.finish(attempt, state, code, iss)
    if principal.authority != sessions.authority:
        raise SignInFailed
    before = sessions.secret_in(request.headers)
    if before is not None:
        sessions.end(before)
    answer = RedirectResponse(AFTERWARDS, 303)
    sessions.begin(principal, answer)
    sessions.set_cookie(answer, _cookie(sessions), "", 0)
    return answer


@browser.post("/signout", status_code=204)
def sign_out(request: Request) -> Response:
    """End the session, at once and everywhere. A bearer token is its provider's to end."""
    _, sessions = _of(request)
    secret = sessions.secret_in(request.headers)
    if secret is None or request.scope["state"]["csrf_token"] is None:
        raise NotSignedIn
    sessions.end(secret)
    answer = Response(status_code=204)
    sessions.set_cookie(answer, sessions.cookie, "", 0)
    return answer


def _of(request: Request) -> tuple[SignIn, Sessions]:
    return cast("tuple[SignIn, Sessions]", request.app.state.browser)


def _cookie(sessions: Sessions) -> str:
    return f"{sessions.cookie}-signin"
