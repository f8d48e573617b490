"""Who saw or changed what goes into the audit trail: the one seam between addresses and the trail.

What a request changes is recorded in the transaction of the change; what it reads, before it is answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from app.api.callers import caller_of
from app.api.service import service_of
from app.errors import ReadOnly
from app.observing.correlation import pseudonym
from app.store.audit import JSON, AuditEntry
from app.store.audit_last import Look, record_last
from app.store.prepared import Prepared, Wanted
from app.store.session import Writing

Found = TypeVar("Found")

log = logging.getLogger(__name__)


def saw(
    request: Request,
    action: str,
    object_kind: str,
    object_ref: str,
    children: Iterable[str] = (),
    *,
    also: Callable[[Writing], str | None] | None = None,
    known: Sequence[Mapping[Any, Any]] = (),
    **facts: JSON,
) -> str | None:
    """Record what the caller is about to be shown; it is stored for good when this returns.

    `also`: what else is stored of it, in the same transaction; what that gives is given back.

    `children`: references of those whose records it is from. Without any, `facts` must hold nothing personal: they
    are kept for ever. `known`: under which numbers and keys the trail knows some of them, where that was read with
    the records. Where nothing can be changed just now, the log keeps it instead.
    """
    service, entry = service_of(request), _entry(request, action, object_kind, object_ref, children, facts)
    try:
        return service.trail.record(entry, also, request.scope["state"]["step_aside"], known)
    except ReadOnly:
        _only_logged(service.authority, entry)
        return None


def _only_logged(authority: str, entry: AuditEntry) -> None:
    noted = {
        "action": entry.action,
        "object": pseudonym(authority, entry.object_ref),
        "subject": pseudonym(authority, entry.actor),
    }
    log.warning("seen while the trail takes no entries", extra=noted)


def look(
    request: Request,
    action: str,
    object_kind: str,
    object_ref: str,
    wanted: Wanted[Found | None],
    about: Prepared,
    noted: Callable[[Found], tuple[Iterable[str], dict[str, JSON]]],
) -> Found | None:
    """Read one record, and record that the caller is about to be shown it, in one transaction; None: it is not there.

    `about`: asks for the subjects of the object (`app.store.audit_whom`). `noted`: the children and facts of what was
    found, as `saw` takes them.
    """
    service = service_of(request)

    def entry(found: Found | None) -> AuditEntry | None:
        if found is None:
            return None
        children, facts = noted(found)
        return _entry(request, action, object_kind, object_ref, children, facts)

    asked = Look(wanted, (about, {"authority": service.authority, "ref": object_ref}), entry)
    try:
        return service.trail.look(asked, request.scope["state"]["step_aside"])
    except ReadOnly:
        with service.database.asking() as reading:
            found = wanted.read(reading)
        seen = entry(found)
        if seen is not None:
            _only_logged(service.authority, seen)
        return found


def changed(
    request: Request,
    writing: Writing,
    action: str,
    object_kind: str,
    object_ref: str,
    children: Iterable[str] = (),
    known: Sequence[Mapping[Any, Any]] = (),
    **facts: JSON,
) -> None:
    """Record what the caller changes, in its transaction and last of all. `known`: as for `saw`."""
    entry = _entry(request, action, object_kind, object_ref, children, facts)
    record_last(writing, service_of(request).authority, [entry], known=known)


def _entry(
    request: Request, action: str, object_kind: str, object_ref: str, children: Iterable[str], facts: dict[str, JSON]
) -> AuditEntry:
    caller = caller_of(request)
    subjects = tuple(sorted({str(child) for child in children}))
    return AuditEntry(caller.subject, str(caller.kind), action, object_kind, str(object_ref), subjects, facts)
