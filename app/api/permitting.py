"""Who is let in to which address: found out before anything of a request is read, by `app.access.permissions`.

Two walls. The first stands in front of the routes: it finds the row of the table for the address, the caller,
whether the caller may, and whether the budget lasts. The second stands inside each route and only looks whether
the first let this very route be reached: a route that slipped past the first answers with an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.local_issuer import is_loopback
from app.access.permissions import PERMISSIONS, Budget, Permission
from app.api.callers import Caller, Callers, address_of
from app.api.rate import Rates
from app.api.sessions import CSRF_HEADER, is_csrf_token
from app.errors import (
    AnotherAuthority,
    CsrfMissing,
    Internal,
    LocalOnly,
    NotPermitted,
    NotSignedIn,
    PersonNeeded,
    SessionOver,
    TokenExpired,
    TokenRefused,
)

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class RouteWithoutPermission(RuntimeError):
    """A route that nobody has said who may use."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the first wall works with. `local_only`: tokens are our own, so nobody else may reach the service."""

    callers: Callers
    rates: Rates
    authority: str
    local_only: bool
    opened: frozenset[tuple[str, str]] = frozenset()
    """Addresses that the settings open to everybody."""


class Permitting:
    """ASGI middleware: the first wall."""

    def __init__(self, app: ASGIApp, entry: Entry, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._entry = entry
        self._by_method = _by_method(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or raise what is wrong with it."""
        if scope["type"] == "http":
            await self._let_in(scope)
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope) -> None:
        entry = self._entry
        if entry.local_only and not _is_on_this_machine(scope):
            raise LocalOnly
        permission = self._permission(scope)
        if permission is not None and (permission.is_open or (permission.method, permission.path) in entry.opened):
            await entry.rates.take(permission.budget, address_of(scope))
        else:
            caller = await self._caller(scope)
            scope["state"]["principal"] = caller.principal
            scope["state"]["csrf_token"] = caller.csrf_token
            await entry.rates.take(_budget(permission), caller.principal.authority, caller.principal.subject)
            _check(entry.authority, permission, caller, scope)
        scope["state"]["permission"] = permission

    async def _caller(self, scope: Scope) -> Caller:
        """Who calls. Whoever is not let in uses up a budget of its address: guessing has an end too."""
        try:
            return await self._entry.callers.of(scope)
        except (NotSignedIn, TokenRefused, TokenExpired, SessionOver):
            await self._entry.rates.take(Budget.OPEN, "refused", address_of(scope))
            raise

    def _permission(self, scope: Scope) -> Permission | None:
        """The row of the route that will be reached; None where there is none: that is a 404 or a 405."""
        for fits, permission in self._by_method.get(scope["method"], ()):
            if fits.match(scope["path"]):
                return permission
        return None


def _by_method(routes: Iterable[BaseRoute]) -> dict[str, list[tuple[re.Pattern[str], Permission]]]:
    """For each method what the addresses look like, in the order in which the router tries them."""
    found: dict[str, list[tuple[re.Pattern[str], Permission]]] = {}
    for route in routes:
        if isinstance(route, Route):
            for method in route.methods or ():
                found.setdefault(method, []).append((route.path_regex, PERMISSIONS[method, route.path]))
    return found


def _budget(permission: Permission | None) -> Budget:
    return Budget.READ if permission is None else permission.budget


def _check(authority: str, permission: Permission | None, caller: Caller, scope: Scope) -> None:
    """Raise unless this caller may do this. The same for every object of the address, whether it is there or not."""
    principal = caller.principal
    if principal.authority != authority:
        raise AnotherAuthority
    if permission is None:
        return
    if not permission.allows(principal):
        raise NotPermitted
    if permission.wants_a_person(principal):
        raise PersonNeeded
    if caller.csrf_token is not None and scope["method"] not in HARMLESS:
        given = Headers(scope=scope).get(CSRF_HEADER)
        if not is_csrf_token(given, caller.csrf_token):
            raise CsrfMissing


def _is_on_this_machine(scope: Scope) -> bool:
    """Whether the request came to an address of this machine alone, by which nobody else can reach it."""
    server = scope.get("server")
    return server is not None and is_loopback(str(server[0]))


async def permitted(request: Request) -> None:
    """The second wall, a dependency of every route. Raises `Internal` where the first was not asked for this route."""
    permission: Permission | None = request.scope["state"].get("permission")
    path = getattr(request.scope.get("route"), "path", None)
    if permission is None or (permission.method, permission.path) != (request.method, path):
        raise Internal


SECOND_WALL = (Depends(permitted),)
"""To be given to every router."""


def addresses(routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """Method and path of every route. Raises for a route that is no plain address."""
    found = []
    for route in routes:
        if not isinstance(route, Route) or not route.methods:
            raise RouteWithoutPermission(f"{route!r} is no plain address: there is no way to say who may use it.")
        found += [(method, str(route.path)) for method in sorted(route.methods)]
    return found


def require_permissions(routes: Iterable[BaseRoute], permissions: Mapping[tuple[str, str], Permission]) -> None:
    """Raise `RouteWithoutPermission` where a route has no row in the table."""
    missing = [address for address in addresses(routes) if address not in permissions]
    if missing:
        named = ", ".join(f"{method} {path}" for method, path in missing)
        raise RouteWithoutPermission(f"No row in app/access/permissions.py says who may use: {named}.")


def require_second_wall(routes: Iterable[BaseRoute]) -> None:
    """Raise `RouteWithoutPermission` where a route would answer whoever slipped past the first wall."""
    for route in routes:
        inside = route.dependant.dependencies if isinstance(route, APIRoute) else ()
        if all(each.call is not permitted for each in inside):
            raise RouteWithoutPermission(f"{route!r} stands behind one wall alone: give SECOND_WALL to its router.")
