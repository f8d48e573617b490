"""Who sent a request: a bearer token or a browser's session, found good."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from app.access.principal import Principal
from app.access.tokens import KeyNotKnown, TokenReader
from app.api.sessions import Sessions
from app.errors import NotSignedIn, TokenRefused

SCHEME = "bearer "

KEPT = 10_000
"""Browser sessions that are remembered by whose they are."""

ONE_CALLERS_BITS = 64
"""Of an address of IPv6: whoever has one has all that begin with these."""


def caller_of(request: Request) -> Principal:
    """The principal that the request was let in as. Only where the address needs one: others have no caller."""
    return cast("Principal", request.scope["state"]["principal"])


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal, and the token that a change from its browser must bring along (None for a bearer token)."""

    principal: Principal
    csrf_token: str | None = None


@dataclass(frozen=True, slots=True)
class Callers:
    """Finds out who calls. `sessions` is None where nobody can sign in by the browser."""

    tokens: TokenReader
    sessions: Sessions | None = None
    _seen: OrderedDict[int, str] = field(default_factory=OrderedDict)

    def whose(self, scope: Scope) -> str:
        """Whose request it is as far as it is known at no cost: for the order of waiting, never for what one may.

        The subject where the token or session was found good before; else the network address, so that nobody
        becomes many by inventing tokens.
        """
        headers = Headers(scope=scope)
        given = headers.get("authorization")
        known = None if given is None else self.tokens.remembered(given[len(SCHEME) :].strip())
        if known is not None:
            return f"subject {known.subject}"
        secret = None if given is not None or self.sessions is None else self.sessions.secret_in(headers)
        subject = None if secret is None else self._seen.get(hash(secret))
        return f"address {address_of(scope)}" if subject is None else f"subject {subject}"

    async def of(self, scope: Scope) -> Caller:
        """Who sent this. An Authorization header counts alone; a cookie only where there is none.

        Raises `NotSignedIn`, `TokenRefused`, `TokenExpired`, `SessionOver` or `IssuerUnavailable`.
        """
        headers = Headers(scope=scope)
        given = headers.getlist("authorization")
        if given:
            return Caller(await self._of_token(_bearer(given)))
        if self.sessions is None:
            raise NotSignedIn
        secret = self.sessions.secret_in(headers)
        if secret is None:
            raise NotSignedIn
        principal = await run_in_threadpool(self.sessions.principal, secret)
        self._seen[hash(secret)] = principal.subject
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return Caller(principal, self.sessions.csrf_token(secret))

    async def _of_token(self, token: str) -> Principal:
        keys = self.tokens.keys
        if keys.is_due():
            await run_in_threadpool(keys.refresh)
        known = self.tokens.remembered(token)
        if known is not None:
            return known
        try:
            return self.tokens.read(token)
        except KeyNotKnown:
            if not keys.may_be_newer() and keys.is_known:
                raise TokenRefused from None
        await run_in_threadpool(keys.refresh)
        try:
            return self.tokens.read(token)
        except KeyNotKnown:
            raise TokenRefused from None


def address_of(scope: Scope) -> str:
    """From which network address it came; of IPv6 the part that one caller cannot change."""
    client = scope.get("client")
    if not client:
        return "nowhere"
    host = str(client[0])
    if ":" not in host:
        return host
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address) or address.ipv4_mapped is not None:
        return host
    return f"{IPv6Address(int(address) >> ONE_CALLERS_BITS << ONE_CALLERS_BITS)}/{ONE_CALLERS_BITS}"


def _bearer(given: list[str]) -> str:
    """The token of the one Authorization header. Raises `NotSignedIn` for another scheme."""
    if len(given) != 1:
        raise TokenRefused
    scheme, token = given[0][: len(SCHEME)], given[0][len(SCHEME) :].strip()
    if scheme.lower() != SCHEME or not token:
        raise NotSignedIn
    return token
