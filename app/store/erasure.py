"""Erasing a child: every table is left without the child's data, and the audit trail stays whole.

All in one transaction, which first says whom it erases (table `erasing`): that alone lets the rows that are never
changed be stripped of this one child. The references of the child, and of its referral where no other child is in
it, are exchanged everywhere for words that mean nothing. What other children's safety rests on stays: whoever lives
in a home by its record is not erased, for the rules know of them what keeps others safe. Where a release before did
erase such a person, or a backup that is erased anew still lists one, somebody of whom nothing is known lives there.

Each erasure is noted as a salted digest, here and in a log that is kept apart from the backups, so that a backup
from before can be erased anew once it is restored.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from app.errors import ChildNotKnown, ChildStillPlaced, FieldProblem, RunAlreadyMade, StillLivesInHome
from app.store import erasure_tables as tables
from app.store import imports
from app.store.audit import ERASED, AuditEntry, record
from app.store.audit_tables import audit_subjects, erasing, erasures
from app.store.erasure_forgetting import Names
from app.store.placement_records import State
from app.store.placement_tables import place_claims, placements
from app.store.run_tables import placed_children, proposed_children, run_clock, runs
from app.store.runs import recover
from app.store.save import next_seq
from app.store.session import Database, Reading, Writing
from app.store.tables import children, residents

log = logging.getLogger(__name__)

HAS_READ = ("running", "publishing")
"""A run of these states may hold the child in memory; one that waits has read nothing yet."""

OF_ANY_AGE = timedelta(seconds=-1)
"""Nobody works on what stands in a backup, whenever its worker was heard of last."""

MARK = "erased-"
"""How every reference begins that stands for an erased one."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """A line of the log: whose child it was is told by nothing but a digest, which only the reference fits."""

    authority: str
    erased_at: datetime
    salt: str
    digest: str

    @classmethod
    def of(cls, authority: str, child: str) -> Erasure:
        """A new one, of this moment."""
        salt = secrets.token_hex(16)
        return cls(authority, datetime.now(UTC), salt, digest_of(authority, child, salt))

    def line(self) -> str:
        """As it stands in the log."""
        return f"{self.authority} {self.erased_at.isoformat(timespec='seconds')} {self.salt} {self.digest}\n"

    @classmethod
    def read(cls, line: str) -> Erasure:
        """Out of a line of the log. Raises `ValueError`."""
        words = line.split()
        if len(words) != 4 or len(words[3]) != 64:
            raise ValueError("A line of the log of erasures is damaged: restore the log first.")
        return cls(words[0], datetime.fromisoformat(words[1]), words[2], words[3])


def digest_of(authority: str, child: str, salt: str) -> str:
    """What the log keeps of a reference."""
    return hashlib.sha256(f"{salt}/{authority}/{child}".encode()).hexdigest()


def held(reading: Reading, authority: str, child: str) -> dict[str, int]:
    """In how many rows of each table the child stands by its reference; empty where nothing is stored of it."""
    found = {
        str(column.table.name): int(
            reading.execute(
                select(func.count()).where(column.table.c.authority == authority, column == child)
            ).scalar_one()
        )
        for column in _columns()
    }
    return {name: count for name, count in found.items() if count}


def erase(
    writing: Writing,
    child: str,
    erasure: Erasure,
    actor: tuple[str, str],
    note: Callable[[Erasure], None] | None = None,
    *,
    anew: bool = False,
) -> str:
    """Erase a child; the word that stands for it from now on. `actor`: subject and kind of who wants it.

    `note` keeps the erasure outside the database; it is called last, so that what it cannot keep is not done.
    `anew`: they were erased before, and left every home for it that a backup still lists them in.
    Raises `ChildNotKnown`, `ChildStillPlaced` or `StillLivesInHome`, and `RunAlreadyMade` while a run is at work: it
    has read the child; `ImportUnderWay` while an import waits: it may name the child, and would bring it back.
    """
    authority = erasure.authority
    # The clock before all else, as everywhere: nobody comes to a home, or is named in a list, while it is read who is.
    next_seq(writing, authority)
    imports.require_none(writing, authority)
    if not held(writing, authority, child) and child not in tables.of_snapshots(writing, authority):
        raise ChildNotKnown
    if live := _live_placements(writing, authority, child):
        raise ChildStillPlaced(live)
    if not anew and _lives_in_a_home(writing, authority, child):
        raise StillLivesInHome
    _no_run_at_work(writing, authority)
    names = _names(writing, authority, child)
    writing.execute(insert(erasing), [{"authority": authority, "ref": ref} for ref in names])
    for forget in tables.EVERYWHERE:
        forget(writing, authority, child, names)
    entry = AuditEntry(*actor, ERASED, "erasure", names[child], (child,))
    seq = record(writing, authority, entry)
    key = audit_subjects.c.authority == authority, audit_subjects.c.ref == child
    writing.execute(update(audit_subjects).where(*key).values(ref=None, secret=None))
    row = {"authority": authority, "salt": erasure.salt, "digest": erasure.digest, "erased_at": erasure.erased_at}
    writing.execute(insert(erasures).values(row | {"audit_seq": seq}))
    writing.execute(delete(erasing).where(erasing.c.authority == authority))
    if note is not None:
        note(erasure)
    return names[child]


def replay(database: Database, authority: str, lines: Iterable[Erasure], actor: tuple[str, str]) -> int:
    """Erase anew, after a backup was restored, whom the log says were erased since; how many that were.

    A run that was at work in the backup is given up, and so is an import that waited: it may name one of them. Its
    sender sees that it failed. So this is for before anything works on the restored database.

    Raises `ChildStillPlaced` once all others are erased, where the backup has live placements of some of them: these
    ended since, which nobody but a person can tell it; then it is done once more.
    """
    if given_up := database.transact(lambda writing: imports.give_up_all(writing, authority, imports.RESTORED)):
        log.warning("imports of the backup were given up", extra={"count": given_up})
    database.transact(lambda writing: recover(writing, authority, OF_ANY_AGE))
    with database.reading() as reading:
        done = set(reading.execute(select(erasures.c.salt).where(erasures.c.authority == authority)).scalars())
        known = known_children(reading, authority)
    count, live = 0, list[FieldProblem]()
    for erasure in lines:
        if erasure.authority != authority or erasure.salt in done:
            continue
        for child in known:
            if digest_of(authority, child, erasure.salt) == erasure.digest:
                try:
                    _erase_anew(database, child, erasure, actor)
                    count += 1
                except ChildStillPlaced as placed:
                    live += placed.problems
        done.add(erasure.salt)
    if live:
        raise ChildStillPlaced(live)
    return count


def known_children(reading: Reading, authority: str) -> list[str]:
    """Every reference of a child that stands anywhere, but those that were erased."""
    found: set[str | None] = set(tables.of_snapshots(reading, authority))
    for column in _columns():
        wanted = select(column).where(column.table.c.authority == authority).distinct()
        found.update(reading.execute(wanted).scalars())
    return sorted(ref for ref in found if ref and not ref.startswith(MARK))


def logged(reading: Reading, authority: str) -> list[Erasure]:
    """Every erasure that the database knows of, the oldest first."""
    rows = reading.execute(select(erasures).where(erasures.c.authority == authority).order_by(erasures.c.audit_seq))
    return [Erasure(row.authority, row.erased_at, row.salt, row.digest) for row in rows]


def noter(log: Path | None) -> Callable[[Erasure], None] | None:
    """What adds an erasure to a file, on the disk before it returns; None where there is no such file."""
    return None if log is None else lambda erasure: append_to(log, erasure)


def append_to(log: Path, erasure: Erasure) -> None:
    """Add a line to the log. Raises `OSError`."""
    with log.open("a", encoding="ascii") as file:
        file.write(erasure.line())
        file.flush()
        os.fsync(file.fileno())


def read_log(log: Path) -> list[Erasure]:
    """Every line of a log. Raises `OSError` or `ValueError`."""
    return [Erasure.read(line) for line in log.read_text(encoding="ascii").splitlines() if line.strip()]


def tidy(database: Database) -> None:
    """Give no old page of an SQLite file the chance to be read: it is written anew. PostgreSQL vacuums by itself.

    Where others are at work in the file just now it stays as it is: what was deleted in it is overwritten anyway
    (`secure_delete`, on in most builds), and the next erasure writes it anew.
    """
    if database.engine.dialect.name != "sqlite":
        return
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            cursor.execute(statement)
        cursor.close()
    except sqlite3.OperationalError as error:
        log.warning("the file was not written anew", extra={"error": type(error).__name__})
    finally:
        raw.close()


def _erase_anew(database: Database, child: str, erasure: Erasure, actor: tuple[str, str]) -> None:
    database.transact(lambda writing: erase(writing, child, erasure, actor, anew=True))


def _live_placements(reading: Reading, authority: str, child: str) -> list[FieldProblem]:
    """What is in the way of erasing a child; neither it nor a home is named."""
    mine = place_claims.c.authority == authority, place_claims.c.child_ref == child, place_claims.c.live
    of_claim = (placements.c.authority == place_claims.c.authority) & (placements.c.id == place_claims.c.placement_id)
    wanted = select(placements.c.id, placements.c.state).select_from(place_claims.join(placements, of_claim))
    return [
        FieldProblem(
            "child",
            f"Placement {row.id} is {row.state}.",
            f"POST /placements/{row.id}/{'end' if row.state == State.PLACED else 'withdraw'} first.",
        )
        for row in reading.execute(wanted.where(*mine).order_by(placements.c.number))
    ]


def _lives_in_a_home(reading: Reading, authority: str, child: str) -> bool:
    listed = residents.c.authority == authority, residents.c.ref == child
    return reading.execute(select(residents.c.ref).where(*listed).limit(1)).first() is not None


def _no_run_at_work(writing: Writing, authority: str) -> None:
    """Raise while there is one; none begins before this transaction ends."""
    writing.execute(select(run_clock.c.fence).where(run_clock.c.authority == authority).with_for_update())
    reading = runs.c.authority == authority, runs.c.status.in_(HAS_READ)
    if writing.execute(select(runs.c.id).where(*reading).limit(1)).first() is not None:
        raise RunAlreadyMade


def _names(writing: Writing, authority: str, child: str) -> Names:
    """The child's new name, and that of each of its referrals in which no other child is named."""
    names = {child: MARK + secrets.token_hex(8)}
    for referral, others in tables.referrals_of(writing, authority, child).items():
        if all(other == child or other.startswith(MARK) for other in others):
            names[referral] = MARK + secrets.token_hex(8)
    return names


def _columns() -> Sequence[ColumnElement[str]]:
    return (
        children.c.ref,
        residents.c.ref,
        placed_children.c.ref,
        proposed_children.c.child_ref,
        place_claims.c.child_ref,
        audit_subjects.c.ref,
    )
