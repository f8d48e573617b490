"""A home that was asked about by name is shown, and named in the answer as `seen`, as a shortlist is."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from app.access.principal import Kind
from app.api.callers import caller_of
from app.api.decided import desk_of
from app.deciding.seeing_one import OneHome, show_one
from app.store.load import StoredReferral
from app.store.session import Writing


def showing_one(request: Request, referral: StoredReferral, home: OneHome) -> Callable[[Writing], str | None] | None:
    """What stores that the caller is shown one home, and gives the id of that.

    None for a system, and where a rule of law keeps the home out.
    """
    desk, who = desk_of(request), caller_of(request)
    if who.kind is not Kind.PERSON or not home.may_be_chosen:
        return None
    return lambda w: show_one(w, desk, who, referral, home)
