"""The life of a run: asked for, taken up, kept alive, and published, failed or cancelled.

Every authority has a fence number. Whoever takes a run up moves the fence and keeps its number; so does whoever
cancels a run or gives it up for dead. Each later step of a run counts only if the fence still has its number,
so a worker that was away for too long can change nothing any more, whatever it believes.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, func, literal, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import RunAlreadyMade, RunIsOver, RunNotAtWork, RunNotFound, RunOvertaken
from app.matching.batch import KEY
from app.store.clock import database_now
from app.store.codec import decoder, encoder
from app.store.prepared import Prepared
from app.store.proposals import add_proposals
from app.store.run_records import Publication, Run, RunKind, RunOptions, RunStatus, Wanted
from app.store.run_tables import AT_WORK, run_clock, run_snapshots, runs
from app.store.schema import UtcDateTime
from app.store.session import Reading, Writing

LEASE = timedelta(seconds=30)
"""A run whose worker was silent for so long is given up for dead."""

INTERRUPTED = "interrupted"
"""Failure of a run whose worker died or was silent for too long."""


def request(writing: Writing, authority: str, wanted: Wanted) -> Run:
    """Ask for a run; it waits to be taken up.

    Raises `RunAlreadyMade` where another is at work, or where the business date has its nightly run already.
    """
    row = {
        "authority": authority,
        "id": secrets.token_hex(16),
        "number": _count_up(writing, authority, "number"),
        "kind": str(wanted.kind),
        "business_date": wanted.business_date,
        "as_of": wanted.as_of,
        "status": str(RunStatus.QUEUED),
        "stage": "waiting",
        "options": encoder(RunOptions)(wanted.options),
        "software": {},
        "seed": KEY.decode(),
    }
    insert = _insert(writing, runs).values(row).on_conflict_do_nothing().returning(runs.c.id)
    run_id = writing.execute(insert).scalar()
    if run_id is None:
        raise RunAlreadyMade
    return get(writing, authority, run_id)


def is_waiting(reading: Reading, authority: str) -> bool:
    """Whether a run waits to be taken up."""
    return _waiting(reading, authority) is not None


def take_up(writing: Writing, authority: str) -> Run | None:
    """Take up the run that waits, with a fence of its own; None where none does."""
    _lock_clock(writing, authority)
    run_id = _waiting(writing, authority)
    if run_id is None:
        return None
    now = func.current_timestamp()
    taken = (
        update(runs)
        .where(*_is(authority, run_id), runs.c.status == str(RunStatus.QUEUED))
        .values(
            status=str(RunStatus.RUNNING),
            stage="reading",
            fence=_count_up(writing, authority, "fence"),
            started_at=now,
            heartbeat_at=now,
        )
    )
    return get(writing, authority, run_id) if writing.execute(taken).rowcount else None


def keep_alive(writing: Writing, authority: str, run: Run, stage: str) -> None:
    """Say that the run is at work, and at what. Raises `RunOvertaken` where it has no right to be any more."""
    values = {"stage": stage, "heartbeat_at": func.current_timestamp()}
    _change(writing, authority, run, (RunStatus.RUNNING, RunStatus.PUBLISHING), values)


def keep_input(
    writing: Writing, authority: str, run: Run, snapshot: bytes, about: Mapping[str, Any], software: Mapping[str, str]
) -> None:
    """Store what the run works on. `about`: `policy_version` and `policy_sha256`. Raises `RunOvertaken`."""
    values = {**about, "snapshot_sha256": hashlib.sha256(snapshot).hexdigest(), "software": dict(software)}
    _change(writing, authority, run, (RunStatus.RUNNING,), values)
    packed = {"authority": authority, "run_id": run.id, "packed": zlib.compress(snapshot, 6)}
    writing.execute(run_snapshots.insert(), packed)


def begin_publishing(writing: Writing, authority: str, run: Run) -> None:
    """The run has its proposals and checks them against the facts as they are now. Raises `RunOvertaken`."""
    values = {"status": str(RunStatus.PUBLISHING), "stage": "publishing", "heartbeat_at": func.current_timestamp()}
    _change(writing, authority, run, (RunStatus.RUNNING,), values)


def hold_fence(writing: Writing, authority: str, run: Run) -> None:
    """Make sure that nobody moves the fence until this transaction ends. Raises `RunOvertaken`."""
    if run.fence is None or _lock_clock(writing, authority) != run.fence:
        raise RunOvertaken


def publish(writing: Writing, authority: str, run: Run, publication: Publication) -> None:
    """Store the run's proposals and let them stand in place of those before. Raises `RunOvertaken`.

    All in the caller's one transaction, under `hold_fence`: readers see the old proposals or the new.
    """
    hold_fence(writing, authority, run)
    dropped = sum(proposal.dropped_because is not None for proposal in publication.proposals)
    values = {
        "status": str(RunStatus.PUBLISHED),
        "stage": "done",
        "finished_at": database_now(writing),
        "policy_version": publication.policy_version,
        "policy_sha256": publication.policy_sha256,
        "outcome": publication.outcome,
        "objective": publication.objective,
        "bound": publication.bound,
        "proposed": len(publication.proposals) - dropped,
        "dropped": dropped,
        "stale": publication.stale,
        "report": publication.report,
    }
    _change(writing, authority, run, (RunStatus.PUBLISHING,), values)
    add_proposals(writing, authority, run.id, publication.proposals)
    writing.execute(update(run_clock).where(run_clock.c.authority == authority).values(published_run=run.id))


def fail(writing: Writing, authority: str, run: Run, failure: str, report: Mapping[str, Any] | None = None) -> None:
    """The run could not be done; what stood before stands on. Raises `RunOvertaken`."""
    values = _ended(RunStatus.FAILED) | {"failure": failure, "report": report}
    _change(writing, authority, run, (RunStatus.RUNNING, RunStatus.PUBLISHING), values)


def cancel(writing: Writing, authority: str, run_id: str) -> Run:
    """Call a run off, whoever works on it. Again changes nothing. Raises `RunNotFound` or `RunIsOver`."""
    _lock_clock(writing, authority)
    live = runs.c.status.in_(AT_WORK)
    ended = update(runs).where(*_is(authority, run_id), live).values(_ended(RunStatus.CANCELLED))
    if writing.execute(ended).rowcount:
        _count_up(writing, authority, "fence")
        return get(writing, authority, run_id)
    run = get(writing, authority, run_id)
    if run.status is not RunStatus.CANCELLED:
        raise RunIsOver
    return run


def recover(writing: Writing, authority: str, lease: timedelta = LEASE) -> tuple[str, ...]:
    """Give up for dead every run whose worker has been silent for a lease; their ids."""
    _lock_clock(writing, authority)
    wanted = select(runs.c.id, runs.c.heartbeat_at).where(
        runs.c.authority == authority, runs.c.status.in_((str(RunStatus.RUNNING), str(RunStatus.PUBLISHING)))
    )
    now = _now(writing)
    silent = [row.id for row in writing.execute(wanted) if row.heartbeat_at is None or now - row.heartbeat_at > lease]
    if silent:
        _count_up(writing, authority, "fence")
        values = _ended(RunStatus.FAILED) | {"failure": INTERRUPTED}
        writing.execute(update(runs).where(runs.c.authority == authority, runs.c.id.in_(silent)).values(values))
    return tuple(silent)


def get(reading: Reading, authority: str, run_id: str) -> Run:
    """A run. Raises `RunNotFound`."""
    rows = _ONE.rows(reading, authority=authority, id=run_id)
    if not rows:
        raise RunNotFound
    return _run(rows[0])


def page(reading: Reading, authority: str, before: int | None, limit: int) -> list[Run]:
    """So many runs, the newest first, from those with a smaller number than `before`."""
    if before is None:
        rows = _NEWEST.rows(reading, authority=authority, most=limit)
    else:
        rows = _BEFORE.rows(reading, authority=authority, before=before, most=limit)
    return [_run(row) for row in rows]


def published(reading: Reading, authority: str) -> Run | None:
    """The run whose proposals stand."""
    run_id = _PUBLISHED.one(reading, authority=authority)
    return None if run_id is None else get(reading, authority, run_id)


def failed_since(reading: Reading, authority: str, number: int) -> Run | None:
    """The newest run after the one of this number, if it failed: what it was to renew is old."""
    over = runs.c.status.in_((str(RunStatus.FAILED), str(RunStatus.PUBLISHED)))
    wanted = select(runs).where(runs.c.authority == authority, runs.c.number > number, over)
    row = reading.execute(wanted.order_by(runs.c.number.desc()).limit(1)).mappings().one_or_none()
    return _run(row) if row is not None and row["status"] == str(RunStatus.FAILED) else None


def nightly_runs(reading: Reading, authority: str, business_date: Any) -> list[Run]:
    """Every nightly run of a business date, the newest first."""
    nightly = runs.c.kind == str(RunKind.NIGHTLY), runs.c.business_date == business_date
    wanted = select(runs).where(runs.c.authority == authority, *nightly)
    return [_run(row) for row in reading.execute(wanted.order_by(runs.c.number.desc())).mappings()]


def snapshot(reading: Reading, authority: str, run_id: str) -> bytes:
    """All that a run worked on, as it was stored. Raises `RunNotFound`, `RunNotAtWork` where it has none yet."""
    get(reading, authority, run_id)
    table = run_snapshots
    packed = reading.execute(
        select(table.c.packed).where(table.c.authority == authority, table.c.run_id == run_id)
    ).scalar()
    if packed is None:
        raise RunNotAtWork
    return zlib.decompress(packed)


def _waiting(reading: Reading, authority: str) -> str | None:
    wanted = select(runs.c.id).where(runs.c.authority == authority, runs.c.status == str(RunStatus.QUEUED))
    return reading.execute(wanted).scalar()


def _change(
    writing: Writing, authority: str, run: Run, expected: Sequence[RunStatus], values: Mapping[str, Any]
) -> None:
    """Change a run that is as expected and whose fence is in force, or raise `RunOvertaken`."""
    fence = select(run_clock.c.fence).where(run_clock.c.authority == authority).scalar_subquery()
    changed = (
        update(runs)
        .where(*_is(authority, run.id), runs.c.fence == run.fence, literal(run.fence) == fence)
        .where(runs.c.status.in_([str(status) for status in expected]))
        .values(dict(values))
    )
    if writing.execute(changed).rowcount != 1:
        raise RunOvertaken


def _ended(status: RunStatus) -> dict[str, Any]:
    stage = "cancelled" if status is RunStatus.CANCELLED else "done"
    return {"status": str(status), "stage": stage, "finished_at": func.current_timestamp()}


def _is(authority: str, run_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return runs.c.authority == authority, runs.c.id == run_id


def _lock_clock(writing: Writing, authority: str) -> int | None:
    """The fence that is in force. Whoever changes runs takes this lock first, so that nobody waits crosswise."""
    clock = run_clock
    locked = select(clock.c.fence).where(clock.c.authority == authority).with_for_update()
    return writing.execute(locked).scalar()


def _count_up(writing: Writing, authority: str, name: str) -> int:
    """Count a number of the authority up by one and keep its row until the transaction ends."""
    first = {"authority": authority, "number": 0, "fence": 0} | {name: 1}
    insert = _insert(writing, run_clock).values(first)
    column = run_clock.c[name]
    counted = insert.on_conflict_do_update(index_elements=["authority"], set_={name: column + 1}).returning(column)
    return int(writing.execute(counted).scalar_one())


def _now(reading: Reading) -> datetime:
    return reading.execute(select(type_coerce(func.current_timestamp(), UtcDateTime))).scalar_one()


def _run(row: Mapping[Any, Any]) -> Run:
    fields = {name: row[name] for name in Run.__dataclass_fields__}
    known = {"kind": RunKind(row["kind"]), "status": RunStatus(row["status"])}
    return Run(**fields | known | {"options": decoder(RunOptions)(row["options"])})


def _insert(writing: Writing, table: Any) -> Any:
    module = sqlite if writing.dialect.name == "sqlite" else postgresql
    return module.insert(table)


def _newest(*which: ColumnElement[bool]) -> Prepared:
    wanted = select(runs).where(runs.c.authority == bindparam("authority"), *which)
    return Prepared(wanted.order_by(runs.c.number.desc()).limit(bindparam("most", type_=Integer)))


_ONE = Prepared(select(runs).where(runs.c.authority == bindparam("authority"), runs.c.id == bindparam("id")))
_NEWEST = _newest()
_BEFORE = _newest(runs.c.number < bindparam("before"))
_PUBLISHED = Prepared(select(run_clock.c.published_run).where(run_clock.c.authority == bindparam("authority")))
