"""The life of an import that is done beside the requests: asked for, taken up, and done or failed.

They are done one at a time and in the order in which they were asked for, so that what was sent later counts.
Whoever takes one up counts its fence up, and so does whoever takes it away from a silent worker. What comes of an
import is stored in one transaction with its end, which looks at the fence: it is done once, or not at all.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from app.errors import ImportNotFound, ImportOvertaken, ImportsWaiting, ImportUnderWay
from app.store.clock import database_now
from app.store.import_records import Import, ImportKind, ImportStatus, WantedImport
from app.store.import_tables import WAITING, imports
from app.store.session import Reading, Writing

LEASE = timedelta(seconds=30)
"""An import whose worker was silent for so long is given to another."""

MOST_TRIES = 5
"""After so many that did not work it stays failed: then a person has to look."""

LONGEST_PAUSE_S = 60
"""Before it is tried again after 2, 4, 8 ... seconds."""

MOST_WAITING = 20
"""Imports of an authority that may wait at a time: each keeps its whole body in the database."""

INTERRUPTED = "interrupted"
"""Failure of an import whose workers died."""

RESTORED = "restored"
"""Failure of an import that waited in a backup: whom it names may have been erased since."""


def request(writing: Writing, authority: str, wanted: WantedImport) -> Import:
    """Ask for an import; it waits to be taken up. Raises `ImportsWaiting` where too many do."""
    waiting = select(func.count()).where(*_waiting(authority))
    if writing.execute(waiting).scalar_one() >= MOST_WAITING:
        raise ImportsWaiting
    row: dict[str, Any] = {
        "authority": authority,
        "id": secrets.token_hex(16),
        "kind": str(wanted.kind),
        "actor": wanted.actor,
        "actor_kind": wanted.actor_kind,
        "read_on": wanted.read_on,
        "packed": wanted.packed,
    }
    writing.execute(imports.insert().values(row))
    return get(writing, authority, row["id"])


def get(reading: Reading, authority: str, import_id: str) -> Import:
    """An import. Raises `ImportNotFound`."""
    wanted = select(*_COLUMNS).where(imports.c.authority == authority, imports.c.id == import_id)
    row = reading.execute(wanted).mappings().one_or_none()
    if row is None:
        raise ImportNotFound
    return _import(row)


def is_waiting(reading: Reading, authority: str) -> bool:
    """Whether an import is to be taken up now."""
    return _next(reading, authority) is not None


def take_up(writing: Writing, authority: str) -> Import | None:
    """Take up the import whose turn it is; None where none is due, or the one before is still at work."""
    due = _next(writing, authority)
    if due is None:
        return None
    now = func.current_timestamp()
    values = {"status": "running", "fence": due.fence + 1, "started_at": now, "heartbeat_at": now}
    taken = update(imports).where(*_as_it_was(authority, due)).values(values)
    return get(writing, authority, due.id) if writing.execute(taken).rowcount else None


def body(reading: Reading, authority: str, taken: Import) -> bytes:
    """What was sent. Raises `ImportOvertaken`."""
    packed = reading.execute(select(imports.c.packed).where(*_as_it_was(authority, taken))).scalar()
    if packed is None:
        raise ImportOvertaken
    return zlib.decompress(packed)


def keep_alive(writing: Writing, authority: str, taken: Import) -> None:
    """Say that somebody is at work on it. Raises `ImportOvertaken`."""
    _change(writing, authority, taken, {"heartbeat_at": func.current_timestamp()})


def finish(writing: Writing, authority: str, taken: Import, told: Mapping[str, Any]) -> None:
    """It is done, in the transaction that did it; its body goes. Raises `ImportOvertaken`: then nothing was done."""
    _change(writing, authority, taken, _ended(ImportStatus.DONE) | {"told": dict(told)})


def fail(writing: Writing, authority: str, taken: Import, failure: str, told: Mapping[str, Any] | None = None) -> None:
    """It cannot be done as it was sent; its body goes. Raises `ImportOvertaken`."""
    values = _ended(ImportStatus.FAILED) | {"failure": failure, "told": None if told is None else dict(told)}
    _change(writing, authority, taken, values)


def put_off(writing: Writing, authority: str, taken: Import, failure: str) -> None:
    """It did not work this time: try again later, or say so for good. Raises `ImportOvertaken`."""
    tries = taken.tries + 1
    if tries >= MOST_TRIES:
        _change(writing, authority, taken, _ended(ImportStatus.FAILED) | {"failure": failure, "tries": tries})
        return
    pause = timedelta(seconds=min(2**tries, LONGEST_PAUSE_S))
    _change(writing, authority, taken, {"status": "queued", "tries": tries, "due_at": database_now(writing) + pause})


def hand_back(writing: Writing, authority: str, taken: Import) -> None:
    """The worker has to stop: another does it. Raises `ImportOvertaken`."""
    _change(writing, authority, taken, {"status": "queued"})


def recover(writing: Writing, authority: str, lease: timedelta = LEASE) -> tuple[str, ...]:
    """Take away every import whose worker has been silent for a lease; the ids of those that wait again."""
    running = select(*_COLUMNS, imports.c.heartbeat_at).where(
        imports.c.authority == authority, imports.c.status == str(ImportStatus.RUNNING)
    )
    now, again = database_now(writing), []
    for row in writing.execute(running.with_for_update()).mappings().all():
        if now - row["heartbeat_at"] <= lease:
            continue
        tries = row["tries"] + 1
        over = tries >= MOST_TRIES
        values = _ended(ImportStatus.FAILED) | {"failure": INTERRUPTED} if over else {"status": "queued"}
        taken = update(imports).where(*_as_it_was(authority, _import(row)))
        if writing.execute(taken.values(values | {"tries": tries, "fence": row["fence"] + 1})).rowcount and not over:
            again.append(row["id"])
    return tuple(again)


def require_none(reading: Reading, authority: str) -> None:
    """Raise `ImportUnderWay` while one waits or is at work: nobody looked yet at whom its body names."""
    if reading.execute(select(imports.c.id).where(*_waiting(authority)).limit(1)).first() is not None:
        raise ImportUnderWay


def give_up_all(writing: Writing, authority: str, failure: str) -> int:
    """Give up every import that waits or is at work, with its body; how many there were."""
    values = _ended(ImportStatus.FAILED) | {"failure": failure, "fence": imports.c.fence + 1}
    return writing.execute(update(imports).where(*_waiting(authority)).values(values)).rowcount


_COLUMNS = tuple(imports.c[name] for name in Import.__dataclass_fields__)


def _next(reading: Reading, authority: str) -> Import | None:
    wanted = select(*_COLUMNS).where(*_waiting(authority)).order_by(imports.c.seq).limit(1)
    row = reading.execute(wanted).mappings().one_or_none()
    if row is None or row["status"] != str(ImportStatus.QUEUED) or row["due_at"] > database_now(reading):
        return None
    return _import(row)


def _change(writing: Writing, authority: str, taken: Import, values: Mapping[str, Any]) -> None:
    if writing.execute(update(imports).where(*_as_it_was(authority, taken)).values(dict(values))).rowcount != 1:
        raise ImportOvertaken


def _as_it_was(authority: str, known: Import) -> tuple[ColumnElement[bool], ...]:
    """The import, if nobody took it up or away since."""
    same = imports.c.fence == known.fence, imports.c.status == str(known.status)
    return imports.c.authority == authority, imports.c.id == known.id, *same


def _waiting(authority: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return imports.c.authority == authority, imports.c.status.in_(WAITING)


def _ended(status: ImportStatus) -> dict[str, Any]:
    return {"status": str(status), "packed": None, "finished_at": func.current_timestamp()}


def _import(row: Mapping[Any, Any]) -> Import:
    fields = {name: row[name] for name in Import.__dataclass_fields__}
    return Import(**fields | {"kind": ImportKind(row["kind"]), "status": ImportStatus(row["status"])})
