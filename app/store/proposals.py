"""Proposals: added by the run that is published, and never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select

from app.errors import ProposalNotFound
from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.comings import moved_since
from app.store.run_records import GROUNDS, NewProposal, ProposalStatus, StoredProposal
from app.store.run_tables import proposals, proposed_children, run_clock, runs
from app.store.session import Reading, Writing
from app.store.tables import homes, referrals


def proposal_id(run_id: str, children: Iterable[ChildRef]) -> str:
    """The id that a run's proposal for these children has, whoever works it out and however often."""
    named = "\x00".join([run_id, *sorted(children)])
    return hashlib.blake2b(named.encode(), digest_size=16).hexdigest()


def add_proposals(writing: Writing, authority: str, run_id: str, made: Sequence[NewProposal]) -> None:
    """Store a run's proposals, in the order of their referrals. A child proposed twice is refused."""
    if not made:
        return
    ordered = sorted(made, key=lambda proposal: (proposal.referral, proposal.children))
    rows, people = [], []
    for position, proposal in enumerate(ordered):
        own = proposal_id(run_id, proposal.children)
        rows.append(_row(authority, run_id, own, position, proposal))
        people += [
            {"authority": authority, "run_id": run_id, "child_ref": child, "proposal_id": own}
            for child in proposal.children
        ]
    writing.execute(proposals.insert(), rows)
    writing.execute(proposed_children.insert(), people)


def of_run(reading: Reading, authority: str, run_id: str, after: int = -1, limit: int = 10**9) -> list[StoredProposal]:
    """So many proposals of a run, in the order of their referrals, from behind the position `after`."""
    wanted = (
        select(proposals)
        .where(proposals.c.authority == authority, proposals.c.run_id == run_id, proposals.c.position > after)
        .order_by(proposals.c.position)
        .limit(limit)
    )
    standing = _standing_run(reading, authority)
    return [_stored(row, standing) for row in reading.execute(wanted).mappings()]


def get(reading: Reading, authority: str, wanted: str) -> StoredProposal:
    """One proposal. Raises `ProposalNotFound`."""
    found = select(proposals).where(proposals.c.authority == authority, proposals.c.id == wanted)
    row = reading.execute(found).mappings().one_or_none()
    if row is None:
        raise ProposalNotFound
    return _stored(row, _standing_run(reading, authority))


@dataclass(frozen=True, slots=True)
class Since:
    """Which of `referral` and `home` are others since a proposal was published, and which are not there now.

    A home is, too, where somebody else came to live, or is to, or went, by a placement: no provider has told of it yet.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def changed_since(reading: Reading, authority: str, found: Sequence[StoredProposal]) -> list[Since]:
    """What has changed under each of these proposals of one run. Four statements, however many they are."""
    if not found:
        return []
    others = _others_since(reading, authority, found)
    published = select(runs.c.finished_at).where(runs.c.authority == authority, runs.c.id == found[0].run_id)
    since = reading.execute(published).scalar()
    named = (("referral", referrals), ("home", homes))
    at = {name: _changed_at(reading, authority, table, {_ref(one, name) for one in found}) for name, table in named}
    told = []
    for one in found:
        now = {name: at[name].get(_ref(one, name)) for name in at}
        anew = {name for name, when in now.items() if when is None or since is None or when > since}
        if not others.get(one.proposal.home, frozenset()) <= set(one.proposal.children):
            anew.add("home")
        gone = tuple(name for name, when in now.items() if when is None)
        told.append(Since(tuple(name for name in now if name in anew), gone))
    return told


def _others_since(
    reading: Reading, authority: str, found: Sequence[StoredProposal]
) -> Mapping[HomeRef, frozenset[ChildRef]]:
    """For whom places in these homes were taken, given back or told of anew since the run was published."""
    seqs = [kept["inventory_seq"] for one in found if (kept := one.proposal.explanation.get(GROUNDS)) is not None]
    return moved_since(reading, authority, {one.proposal.home for one in found}, min(seqs)) if seqs else {}


def _ref(stored: StoredProposal, name: str) -> str:
    return stored.proposal.referral if name == "referral" else stored.proposal.home


def _changed_at(reading: Reading, authority: str, table: Table, refs: set[str]) -> dict[str, datetime]:
    wanted = select(table.c.ref, table.c.changed_at).where(table.c.authority == authority, table.c.ref.in_(refs))
    return {row.ref: row.changed_at for row in reading.execute(wanted)}


def standing(reading: Reading, authority: str) -> tuple[Proposed, ...]:
    """The proposals that stand: those of the run published last that were possible then."""
    run_id = _standing_run(reading, authority)
    if run_id is None:
        return ()
    table = proposals
    wanted = select(table.c.children, table.c.home_ref).where(
        table.c.authority == authority, table.c.run_id == run_id, table.c.status == str(ProposalStatus.PROPOSED)
    )
    rows = reading.execute(wanted.order_by(table.c.position))
    return tuple(Proposed(frozenset(map(ChildRef, row.children)), HomeRef(row.home_ref)) for row in rows)


def _standing_run(reading: Reading, authority: str) -> str | None:
    return reading.execute(select(run_clock.c.published_run).where(run_clock.c.authority == authority)).scalar()


def _row(authority: str, run_id: str, own: str, position: int, proposal: NewProposal) -> dict[str, Any]:
    status = ProposalStatus.PROPOSED if proposal.dropped_because is None else ProposalStatus.DROPPED
    return {
        "authority": authority,
        "id": own,
        "run_id": run_id,
        "position": position,
        "referral_ref": proposal.referral,
        "children": list(proposal.children),
        "home_ref": proposal.home,
        "points": proposal.points,
        "local": proposal.local,
        "weekly_fee_pence": proposal.weekly_fee_pence,
        "status": str(status),
        "dropped_because": proposal.dropped_because,
        "explanation": dict(proposal.explanation),
    }


def _stored(row: Mapping[Any, Any], standing_run: str | None) -> StoredProposal:
    status = ProposalStatus(row["status"])
    if status is ProposalStatus.PROPOSED and row["run_id"] != standing_run:
        status = ProposalStatus.SUPERSEDED
    proposal = NewProposal(
        referral=ReferralRef(row["referral_ref"]),
        children=tuple(map(ChildRef, row["children"])),
        home=HomeRef(row["home_ref"]),
        points=row["points"],
        local=row["local"],
        weekly_fee_pence=row["weekly_fee_pence"],
        dropped_because=row["dropped_because"],
        explanation=row["explanation"],
    )
    return StoredProposal(row["id"], row["run_id"], row["position"], status, proposal)
