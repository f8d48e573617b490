"""Sessions of a browser: a cookie with a random secret, of which the database knows the hash.

A change that comes with a cookie must bring the session's token along in `X-CSRF-Token`: another site can make a
browser send the cookie, but cannot read the token. It is derived from the secret, so it belongs to one session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response

from app.access.principal import Principal
from app.errors import ReadOnly, SessionOver
from app.store import audit
from app.store import sessions as stored
from app.store.audit import AuditEntry
from app.store.session import Database, Writing

SECRET_BYTES = 32
MOST_SECRET = 64
CSRF_HEADER = "x-csrf-token"
SHOWN = 16
"""Letters of a session's hash by which the audit trail names it."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one authority. `is_secure`: whether the browser reaches the service over HTTPS."""

    database: Database
    authority: str
    is_secure: bool
    idle: timedelta
    life: timedelta

    @property
    def cookie(self) -> str:
        """Name of the cookie. The prefix makes a browser refuse one that another host or plain HTTP has set."""
        return "__Host-placement" if self.is_secure else "placement"

    def secret_in(self, headers: Headers) -> str | None:
        """The secret that the browser sent along, if it did."""
        found = cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        return found if 0 < len(found) <= MOST_SECRET else None

    def principal(self, secret: str) -> Principal:
        """Who signed in, with the roles that are stored at this moment. Raises `SessionOver`."""
        hashed = _hash(secret)
        with self.database.reading() as reading:
            session = stored.find(reading, self.authority, hashed)
        if session is None or session.is_over(self.idle):
            raise SessionOver
        if session.is_to_be_touched():
            with suppress(ReadOnly):
                self.database.transact(lambda writing: stored.touch(writing, self.authority, hashed))
        return session.principal

    def csrf_token(self, secret: str) -> str:
        """The token that changes of this session bring along."""
        return hmac.new(secret.encode(), b"placement csrf", hashlib.sha256).hexdigest()

    def begin(self, principal: Principal, answer: Response) -> None:
        """Begin a session, and give the browser its secret."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        hashed = _hash(secret)

        def work(writing: Writing) -> None:
            stored.begin(writing, hashed, principal, self.life)
            self._record(writing, principal, "session.begin", hashed)

        self.database.transact(work)
        self.set_cookie(answer, self.cookie, secret, int(self.life.total_seconds()))

    def end(self, secret: str) -> None:
        """End a session at once, if there is such."""
        hashed = _hash(secret)

        def work(writing: Writing) -> None:
            session = stored.find(writing, self.authority, hashed)
            if session is not None:
                stored.end(writing, self.authority, hashed)
                self._record(writing, session.principal, "session.end", hashed)

        self.database.transact(work)

    def _record(self, writing: Writing, principal: Principal, action: str, hashed: str) -> None:
        roles = {"roles": sorted(principal.roles)}
        kind = str(principal.kind)
        entry = AuditEntry(principal.subject, kind, action, "session", hashed[:SHOWN], facts=roles)
        audit.record(writing, self.authority, entry)

    def set_cookie(self, answer: Response, name: str, value: str, max_age_s: int) -> None:
        """Set a cookie that no script can read and no other site can send with a change; 0 seconds takes it away."""
        answer.set_cookie(
            name, value, max_age=max_age_s, path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )


def is_csrf_token(given: str | None, wanted: str) -> bool:
    """Whether the token is the session's own, in a time that does not depend on it."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
