"""What there is of everything, counted where it is stored: for those who watch over the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, type_coerce

from app.store.audit_tables import audit_heads
from app.store.import_tables import WAITING, imports
from app.store.outbox_tables import deliveries
from app.store.placement_records import CLAIMING
from app.store.placement_tables import placements
from app.store.run_tables import proposals, run_clock, runs
from app.store.schema import UtcDateTime
from app.store.session import Reading
from app.store.tables import children, referrals

UNSENT = ("waiting", "dead")


@dataclass(frozen=True, slots=True)
class LastRun:
    """The run whose proposals stand. `gap_ppm`: points it could still gain, in millionths of what was proved."""

    seconds: int
    age_s: int
    gap_ppm: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Counts:
    """One authority's counts. `runs`: by kind and how they stand; `placements`: those that take a place, by state.

    `messages`, `imports`: those that are waited for or went wrong, by state.
    """

    referrals: int
    children: int
    runs: Mapping[tuple[str, str], int]
    last_run: LastRun | None
    proposals: int
    placements: Mapping[str, int]
    messages: Mapping[str, int]
    imports: Mapping[str, int]
    audit_entries: int


def counted(reading: Reading, authority: str) -> Counts:
    """Everything counted at one moment; each part by an index."""
    by_status = (
        select(runs.c.kind, runs.c.status, func.count())
        .where(runs.c.authority == authority)
        .group_by(runs.c.kind, runs.c.status)
    )
    by_state = (
        select(placements.c.state, func.count())
        .where(placements.c.authority == authority, placements.c.state.in_([str(state) for state in CLAIMING]))
        .group_by(placements.c.state)
    )
    unsent = (
        select(deliveries.c.state, func.count())
        .where(deliveries.c.authority == authority, deliveries.c.state.in_(UNSENT))
        .group_by(deliveries.c.state)
    )
    unfinished = (
        select(imports.c.status, func.count())
        .where(imports.c.authority == authority, imports.c.status.in_((*WAITING, "failed")))
        .group_by(imports.c.status)
    )
    published = select(run_clock.c.published_run).where(run_clock.c.authority == authority).scalar_subquery()
    standing = select(func.count()).where(
        proposals.c.authority == authority, proposals.c.run_id == published, proposals.c.status == "proposed"
    )
    head = select(audit_heads.c.seq).where(audit_heads.c.authority == authority)
    return Counts(
        referrals=reading.execute(select(func.count()).where(referrals.c.authority == authority)).scalar_one(),
        children=reading.execute(select(func.count()).where(children.c.authority == authority)).scalar_one(),
        runs={(kind, status): count for kind, status, count in reading.execute(by_status)},
        last_run=_last_run(reading, authority),
        proposals=reading.execute(standing).scalar_one(),
        placements=dict.fromkeys(map(str, CLAIMING), 0) | _by(reading, by_state),
        messages=dict.fromkeys(UNSENT, 0) | _by(reading, unsent),
        imports=dict.fromkeys((*WAITING, "failed"), 0) | _by(reading, unfinished),
        audit_entries=reading.execute(head).scalar() or 0,
    )


def _by(reading: Reading, wanted: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in reading.execute(wanted)}


def _last_run(reading: Reading, authority: str) -> LastRun | None:
    now = type_coerce(func.current_timestamp(), UtcDateTime)
    wanted = (
        select(runs.c.started_at, runs.c.finished_at, runs.c.objective, runs.c.bound, runs.c.dropped, now.label("now"))
        .join(run_clock, (run_clock.c.authority == runs.c.authority) & (run_clock.c.published_run == runs.c.id))
        .where(runs.c.authority == authority)
    )
    run = reading.execute(wanted).one_or_none()
    if run is None:
        return None
    gap = (run.bound - run.objective) * 1_000_000
    return LastRun(
        seconds=_seconds(run.started_at, run.finished_at),
        age_s=_seconds(run.finished_at, run.now),
        gap_ppm=gap // max(1, abs(run.bound)),
        dropped=run.dropped,
    )


def _seconds(begin: datetime | None, end: datetime | None) -> int:
    return 0 if begin is None or end is None else max(0, int((end - begin).total_seconds()))
