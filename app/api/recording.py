"""Who saw or changed what goes into the audit trail: the one seam between addresses and the trail.

What a request changes is recorded in the transaction of the change; what it reads, before it is answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from starlette.requests import Request

from app.api.callers import caller_of
from app.api.service import service_of
from app.errors import ReadOnly
from app.observing.correlation import pseudonym
from app.store import audit
from app.store.audit import JSON, AuditEntry
from app.store.session import Writing

log = logging.getLogger(__name__)


def saw(
    request: Request,
    action: str,
    object_kind: str,
    object_ref: str,
    children: Iterable[str] = (),
    *,
    also: Callable[[Writing], str | None] | None = None,
    **facts: JSON,
) -> str | None:
    """Record what the caller is about to be shown; it is stored for good when this returns.

    `also`: what else is stored of it, in the same transaction; what that gives is given back.

    `children`: references of those whose records it is from. Without any, `facts` must hold nothing personal: they
    are kept for ever. Where nothing can be changed just now, the log keeps it instead.
    """
    service, entry = service_of(request), _entry(request, action, object_kind, object_ref, children, facts)
    try:
        return service.trail.record(entry, also, request.scope["state"]["step_aside"])
    except ReadOnly:
        about = pseudonym(service.authority, entry.object_ref)
        by = pseudonym(service.authority, entry.actor)
        log.warning("seen while the trail takes no entries", extra={"action": action, "object": about, "subject": by})
        return None


def changed(
    request: Request,
    writing: Writing,
    action: str,
    object_kind: str,
    object_ref: str,
    children: Iterable[str] = (),
    **facts: JSON,
) -> None:
    """Record what the caller changes, in its transaction and last of all: the trail is locked from then on."""
    entry = _entry(request, action, object_kind, object_ref, children, facts)
    audit.record(writing, service_of(request).authority, entry)


def _entry(
    request: Request, action: str, object_kind: str, object_ref: str, children: Iterable[str], facts: dict[str, JSON]
) -> AuditEntry:
    caller = caller_of(request)
    subjects = tuple(sorted({str(child) for child in children}))
    return AuditEntry(caller.subject, str(caller.kind), action, object_kind, str(object_ref), subjects, facts)
