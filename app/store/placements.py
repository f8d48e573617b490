"""Placements and the decisions they rest on: reading them, and adding one step at a time.

A step is stored as its decision first, then as the placement's new state: the database takes no state without its
decision. The update holds only if the placement still has the version it was read at and, where that matters, its
time is not over by the clock of the database; the same condition serves whoever lets it expire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from app.errors import HoldExpired, PlacementNotFound, VersionMismatch
from app.matching.approval import Approval
from app.matching.home import Resident
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.clock import database_now
from app.store.codec import decoder
from app.store.placement_records import TEMPORARY, Decision, Placement, State, Step
from app.store.placement_tables import decision_texts as texts
from app.store.placement_tables import decisions, place_claims
from app.store.placement_tables import placements as table
from app.store.session import Reading, Writing

_read_resident = decoder(Resident)


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A step that is to be stored, without what the placement itself says. See `Decision`.

    `agreed_on`: the facts that somebody agreed to, so that a change of them is noticed (`app.deciding.agreed`).
    """

    step: Step
    before: State
    after: State
    actor: str
    actor_kind: str
    reason_code: str | None = None
    text: str | None = None
    by_provider: bool = False
    approval: str | None = None
    seen_id: str | None = None
    agreed_on: Mapping[str, Any] | None = None


def is_over(now: datetime) -> ColumnElement[bool]:
    """Whether the time of a hold is over. One condition for the acceptance, which needs its contrary, and the end."""
    return and_(table.c.state.in_([str(state) for state in TEMPORARY]), table.c.held_until <= now)


def get(reading: Reading, authority: str, placement_id: str) -> Placement:
    """A placement. Raises `PlacementNotFound`."""
    return _one(reading, authority, placement_id, lock=False)


def locked(writing: Writing, authority: str, placement_id: str) -> Placement:
    """The same, and nobody changes it until this transaction ends."""
    return _one(writing, authority, placement_id, lock=True)


def page(
    reading: Reading,
    authority: str,
    before: int | None,
    limit: int,
    *,
    states: Sequence[State] = (),
    referral: ReferralRef | None = None,
) -> list[Placement]:
    """So many placements, the newest first, from those with a smaller number than `before`."""
    wanted = select(table).where(table.c.authority == authority)
    if before is not None:
        wanted = wanted.where(table.c.number < before)
    if states:
        wanted = wanted.where(table.c.state.in_([str(state) for state in states]))
    if referral is not None:
        wanted = wanted.where(table.c.referral_ref == referral)
    rows = reading.execute(wanted.order_by(table.c.number.desc()).limit(limit)).mappings()
    return [_placement(row) for row in rows]


def of_proposals(reading: Reading, authority: str, proposal_ids: Sequence[str]) -> dict[str, Placement]:
    """The newest placement that came of each of these proposals."""
    if not proposal_ids:
        return {}
    wanted = select(table).where(table.c.authority == authority, table.c.proposal_id.in_(proposal_ids))
    rows = reading.execute(wanted.order_by(table.c.number)).mappings()
    return {row["proposal_id"]: _placement(row) for row in rows}


def decided(reading: Reading, authority: str, placement_id: str) -> list[Decision]:
    """Every step of a placement, the first one first."""
    keys = ("authority", "placement_id", "version")
    joined = and_(*(texts.c[name] == decisions.c[name] for name in keys))
    wanted = (
        select(decisions, texts.c.words)
        .join(texts, joined, isouter=True)
        .where(decisions.c.authority == authority, decisions.c.placement_id == placement_id)
        .order_by(decisions.c.version)
    )
    return [_decision(row) for row in reading.execute(wanted).mappings()]


def agreed(reading: Reading, authority: str, placement_id: str) -> dict[Step, Mapping[str, Any]]:
    """What was agreed to last by each step of a placement that agrees to something."""
    columns = decisions.c.step, decisions.c.agreed_on
    mine = decisions.c.authority == authority, decisions.c.placement_id == placement_id
    rows = reading.execute(select(*columns).where(*mine).order_by(decisions.c.version))
    return {Step(row.step): row.agreed_on for row in rows if row.agreed_on is not None}


def first_words(reading: Reading, authority: str, placement_id: str) -> str | None:
    """What was written to the choice with which a placement began; None where nothing was, or it was erased."""
    mine = texts.c.authority == authority, texts.c.placement_id == placement_id, texts.c.version == 1
    words: str | None = reading.execute(select(texts.c.words).where(*mine)).scalar()
    return words


def seconded_by(reading: Reading, authority: str, found: Sequence[Placement]) -> dict[str, frozenset[str]]:
    """Who ever agreed to the rules that each of these placements overrides, by its id."""
    ids = [one.id for one in found if one.second_by is not None]
    if not ids:
        return {}
    seconds = decisions.c.placement_id.in_(ids), decisions.c.step == str(Step.SECOND)
    wanted = select(decisions.c.placement_id, decisions.c.actor).where(decisions.c.authority == authority, *seconds)
    by: dict[str, frozenset[str]] = {}
    for row in reading.execute(wanted):
        by[row.placement_id] = by.get(row.placement_id, frozenset()) | {row.actor}
    return by


def accepted_at(reading: Reading, authority: str, placement_id: str) -> datetime:
    """When a placement that was accepted was."""
    mine = decisions.c.authority == authority, decisions.c.placement_id == placement_id
    accepted = decisions.c.step == str(Step.ACCEPT)
    instant: datetime = reading.execute(select(decisions.c.decided_at).where(*mine, accepted)).scalar_one()
    return instant


def accepted_by(reading: Reading, authority: str, placement_id: str) -> str | None:
    """Who accepted a placement; None where nobody has."""
    mine = decisions.c.authority == authority, decisions.c.placement_id == placement_id
    accepted = decisions.c.step == str(Step.ACCEPT)
    subject: str | None = reading.execute(select(decisions.c.actor).where(*mine, accepted)).scalar()
    return subject


def children_kept(reading: Reading, authority: str, placement_id: str) -> tuple[Resident, ...]:
    """What the live claims of a placement keep of its children: their record as it was known last."""
    mine = place_claims.c.authority == authority, place_claims.c.placement_id == placement_id, place_claims.c.live
    rows = reading.execute(select(place_claims.c.resident).where(*mine).order_by(place_claims.c.child_ref))
    return tuple(_read_resident(kept) for kept in rows.scalars())


def add(writing: Writing, authority: str, placement: Placement, made: NewDecision) -> Placement:
    """Store a placement that begins with this decision."""
    _decide(writing, authority, placement, made)
    writing.execute(table.insert(), _row(placement) | {"authority": authority})
    return placement


def advance(
    writing: Writing,
    authority: str,
    before: Placement,
    after: Placement,
    made: NewDecision,
    between: Callable[[], object] | None = None,
) -> Placement:
    """Store a placement's next step. Raises `HoldExpired` where its time is over, `VersionMismatch` where it moved on.

    To let one expire, its time must be over: then it raises `VersionMismatch` where that is not so. `between`: what is
    done once it is decided, and before the placement stands as it was decided.
    """
    now = database_now(writing)
    after = replace(after, changed_at=now)
    _decide(writing, authority, after, made)
    if between is not None:
        between()
    over = is_over(now)
    # A comparison with a time that is not there is not known, and that is not over.
    in_time = over if made.step is Step.EXPIRE else or_(~over, table.c.held_until.is_(None))
    as_it_was = and_(table.c.authority == authority, table.c.id == before.id, table.c.version == before.version)
    moved = writing.execute(update(table).where(as_it_was, in_time).values(_row(after))).rowcount
    if moved != 1:
        expired = before.held_until is not None and made.step is not Step.EXPIRE
        raise HoldExpired if expired else VersionMismatch
    return after


def _decide(writing: Writing, authority: str, placement: Placement, made: NewDecision) -> None:
    keys = {"authority": authority, "placement_id": placement.id, "version": placement.version}
    row = {
        "step": str(made.step),
        "from_state": str(made.before),
        "to_state": str(made.after),
        "actor": made.actor,
        "actor_kind": made.actor_kind,
        "reason_code": made.reason_code,
        "by_provider": made.by_provider,
        "overridden": list(placement.overridden),
        "rules_overridden": len(placement.overridden),
        "rank": placement.rank,
        "second_actor": placement.second_by if made.step is Step.ACCEPT else None,
        "approval": made.approval,
        "seen_id": made.seen_id,
        "agreed_on": None if made.agreed_on is None else dict(made.agreed_on),
        "decided_at": placement.changed_at,
    }
    writing.execute(decisions.insert(), keys | row)
    if made.text:
        writing.execute(texts.insert(), keys | {"words": made.text})


def _one(reading: Reading, authority: str, placement_id: str, *, lock: bool) -> Placement:
    wanted = select(table).where(table.c.authority == authority, table.c.id == placement_id)
    row = reading.execute(wanted.with_for_update() if lock else wanted).mappings().one_or_none()
    if row is None:
        raise PlacementNotFound
    return _placement(row)


NAMES = {"referral": "referral_ref", "home": "home_ref"}
"""Fields whose column has another name."""


def _row(placement: Placement) -> dict[str, Any]:
    found = {NAMES.get(name, name): getattr(placement, name) for name in Placement.__dataclass_fields__}
    lists = {name: list(found[name]) for name in ("children", "overridden", "approval_because")}
    level = placement.approved_level
    words = {
        "state": str(placement.state),
        "approval_needed": str(placement.approval_needed),
        "approved_level": None if level is None else str(level),
    }
    return found | lists | words


def _placement(row: Mapping[Any, Any]) -> Placement:
    fields = {name: row[NAMES.get(name, name)] for name in Placement.__dataclass_fields__}
    level = row["approved_level"]
    known = {
        "state": State(row["state"]),
        "referral": ReferralRef(row["referral_ref"]),
        "home": HomeRef(row["home_ref"]),
        "children": tuple(map(ChildRef, row["children"])),
        "overridden": tuple(row["overridden"]),
        "approval_needed": Approval(row["approval_needed"]),
        "approval_because": tuple(row["approval_because"]),
        "approved_level": None if level is None else Approval(level),
    }
    return Placement(**fields | known)


def _decision(row: Mapping[Any, Any]) -> Decision:
    return Decision(
        placement_id=row["placement_id"],
        version=row["version"],
        step=Step(row["step"]),
        before=State(row["from_state"]),
        after=State(row["to_state"]),
        actor=row["actor"],
        actor_kind=row["actor_kind"],
        reason_code=row["reason_code"],
        text=row["words"],
        by_provider=row["by_provider"],
        overridden=tuple(row["overridden"]),
        second=row["second_actor"],
        approval=row["approval"],
        seen_id=row["seen_id"],
        decided_at=row["decided_at"],
    )
