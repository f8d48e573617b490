"""An import as it is asked for, and as it stands."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self


class ImportKind(StrEnum):
    """What is brought."""

    HOMES = "homes"
    CASELOAD = "caseload"


class ImportStatus(StrEnum):
    """How far an import is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WantedImport:
    """An import as it is asked for. `actor`, `actor_kind`: whose it is, as the audit trail names callers.

    `read_on`: the day by which it is judged, whenever it is done. `packed`: the body as it was sent, compressed.
    """

    kind: ImportKind
    actor: str
    actor_kind: str
    read_on: date
    packed: bytes

    @classmethod
    def of(cls, kind: ImportKind, actor: tuple[str, str], read_on: date, body: bytes) -> Self:
        """With the body as it was sent."""
        return cls(kind, *actor, read_on, zlib.compress(body, 1))


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it stands. Instants are UTC.

    `fence`: how often it was taken up, by which whoever did knows whether it is still theirs. `tries`: how often
    it did not work. `failure`: code of what went wrong. `told`: the answer of the synchronous form where it is
    done; `errors` and `more_errors` where a row was wrong.
    """

    id: str
    kind: ImportKind
    status: ImportStatus
    actor: str
    actor_kind: str
    read_on: date
    fence: int
    tries: int
    requested_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    failure: str | None
    told: Mapping[str, Any] | None
