"""Signing in with a browser: OpenID Connect's authorization code flow, with PKCE, state and nonce.

Nothing is kept here between the two steps: the three random values of an attempt travel in a cookie of the
browser that began it, so that only this browser can end it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.access.claims import Claims
from app.access.fetching import NotAnswered, fetch
from app.access.principal import Principal
from app.access.provider import Provider
from app.access.tokens import KeyNotKnown, Verifier
from app.errors import IssuerUnavailable, SignInFailed, TokenExpired, TokenRefused

BACK = "/signin/back"
ATTEMPT_S = 600
"""An attempt to sign in may take so long."""

_BYTES = 32
_LENGTH = 43
"""Characters of so many random bytes."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        """Three random values."""
        return cls(*(secrets.token_urlsafe(_BYTES) for _ in range(3)))

    @classmethod
    def read(cls, text: str) -> Attempt | None:
        """The attempt that a cookie carries; None where it carries none."""
        parts = text.split(".")
        return (
            cls(*parts)
            if len(parts) == 3 and all(len(part) == len(secrets.token_urlsafe(_BYTES)) for part in parts)
            else None
        )

    def text(self) -> str:
        """For the cookie."""
        return f"{self.state}.{self.nonce}.{self.verifier}"

    def challenge(self) -> str:
        """What the provider is shown of the verifier (S256)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a provider knows us as. `public_url` is where browsers reach the service."""

    provider: Provider
    verifier: Verifier
    claims: Claims
    client_id: str
    client_secret: str | None
    public_url: str
    scope: str = "openid"
    clock: Callable[[], float] = time.time

    @property
    def is_secure(self) -> bool:
        """Whether browsers come over HTTPS."""
        return urlsplit(self.public_url).scheme == "https"

    def address(self, attempt: Attempt) -> str:
        """Where the browser is sent to. Raises `IssuerUnavailable`."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self._back(),
            "scope": self.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge(),
            "code_challenge_method": "S256",
        }
        try:
            where = self.provider.endpoints().authorization
        except NotAnswered:
            raise IssuerUnavailable from None
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def finish(self, attempt: Attempt, state: str, code: str, issuer: str | None) -> Principal:
        """Who signed in. Raises `SignInFailed` where anything is not as it was asked for, or `IssuerUnavailable`."""
        if not _same(state, attempt.state):
            raise SignInFailed
        if issuer is not None and issuer != self.claims.issuer:
            raise SignInFailed
        said = self._exchange(attempt, code)
        token = said.get("id_token")
        if not isinstance(token, str):
            raise SignInFailed
        try:
            claims = self._checked(token)
            if not _same(claims.get("nonce"), attempt.nonce):
                raise SignInFailed
            return self.claims.person(claims)
        except (TokenRefused, TokenExpired, KeyNotKnown):
            raise SignInFailed from None

    def _exchange(self, attempt: Attempt, code: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back(),
            "client_id": self.client_id,
            "code_verifier": attempt.verifier,
        }
        auth = None if self.client_secret is None else (self.client_id, self.client_secret)
        try:
            return fetch(self.provider.endpoints().token, form, auth)
        except NotAnswered:
            raise SignInFailed from None

    def _checked(self, token: str) -> Mapping[str, Any]:
        """The claims of an ID token made for us, just now."""
        keys = self.verifier.keys
        if not keys.is_known:
            keys.refresh()
        try:
            claims = self.verifier.claims(token)
        except KeyNotKnown:
            keys.refresh()
            claims = self.verifier.claims(token)
        self.claims.check(claims, self.clock(), self.client_id)
        audiences = claims["aud"]
        if isinstance(audiences, list) and len(audiences) > 1 and claims.get("azp") != self.client_id:
            raise TokenRefused
        return claims

    def _back(self) -> str:
        return self.public_url.rstrip("/") + BACK


def _same(said: object, wanted: str) -> bool:
    """Whether this is what was sent along. What a provider or browser sends may be no text, or no Unicode."""
    return isinstance(said, str) and hmac.compare_digest(said.encode("utf-8", "surrogatepass"), wanted.encode())
