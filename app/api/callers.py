"""Who sent a request."""

from __future__ import annotations

from starlette.requests import Request

from app.access.principal import Kind, Principal, Role
from app.api.service import service_of


def caller_of(request: Request) -> Principal:
    """The principal that the request was let in as."""
    return Principal("local-officer", Kind.PERSON, service_of(request).authority, frozenset(Role))
