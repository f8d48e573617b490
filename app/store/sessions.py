"""Sessions of persons who signed in with a browser. Stored by the hash of their secret: who reads the table has none.

The database's own clock decides when a session is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, type_coerce, update

from app.access.principal import Kind, Principal, Role
from app.store.access_tables import sessions
from app.store.schema import UtcDateTime
from app.store.session import Reading, Writing

TOUCH_AFTER = timedelta(minutes=1)
"""A session in use is marked as used at most once a minute."""

NOW = type_coerce(func.current_timestamp(), UtcDateTime)


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, until when that counts, and the moment at which the database was asked."""

    principal: Principal
    last_used_at: datetime
    expires_at: datetime
    now: datetime

    def is_over(self, idle: timedelta) -> bool:
        """Whether it has ended, or was left alone for too long."""
        return self.now >= self.expires_at or self.now >= self.last_used_at + idle

    def is_to_be_touched(self) -> bool:
        """Whether its last use is worth writing down."""
        return self.now >= self.last_used_at + TOUCH_AFTER


def begin(writing: Writing, hashed: str, principal: Principal, life: timedelta) -> None:
    """Store a session, and remove those that have ended by themselves."""
    now = writing.execute(select(NOW)).scalar_one()
    mine = sessions.c.authority == principal.authority
    writing.execute(delete(sessions).where(mine, sessions.c.expires_at <= now))
    writing.execute(
        sessions.insert().values(
            authority=principal.authority,
            id=hashed,
            subject=principal.subject,
            kind=principal.kind.value,
            roles=sorted(principal.roles),
            began_at=now,
            last_used_at=now,
            expires_at=now + life,
        )
    )


def find(reading: Reading, authority: str, hashed: str) -> Session | None:
    """The session of this hash, over or not."""
    wanted = select(sessions, NOW.label("now")).where(sessions.c.authority == authority, sessions.c.id == hashed)
    row = reading.execute(wanted).first()
    if row is None:
        return None
    roles = frozenset(Role(role) for role in row.roles if role in set(Role))
    return Session(Principal(row.subject, Kind(row.kind), authority, roles), row.last_used_at, row.expires_at, row.now)


def touch(writing: Writing, authority: str, hashed: str) -> None:
    """Write down that it was used."""
    mine = (sessions.c.authority == authority) & (sessions.c.id == hashed)
    writing.execute(update(sessions).where(mine).values(last_used_at=func.current_timestamp()))


def end(writing: Writing, authority: str, hashed: str) -> None:
    """End one session."""
    writing.execute(delete(sessions).where(sessions.c.authority == authority, sessions.c.id == hashed))


def end_all(writing: Writing, authority: str, subjects: Iterable[str] | None = None) -> int:
    """End every session of these persons, or of everybody; says how many."""
    mine = sessions.c.authority == authority
    if subjects is not None:
        mine &= sessions.c.subject.in_(list(subjects))
    ended = writing.execute(select(func.count()).select_from(sessions).where(mine)).scalar_one()
    writing.execute(delete(sessions).where(mine))
    return int(ended)
