"""What is forgotten of a child in each table: one function a table, and all of them in order."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from secrets import token_bytes
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, String, Table, cast, delete, func, insert, literal, null, or_, select, update

from app.matching.home import Home
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store import audit_whom, caseload, load, save
from app.store.erasure_forgetting import (
    Names,
    explanation_without,
    home_without,
    referral_without,
    report_without,
    snapshot_without,
    swap,
    words_without,
)
from app.store.erasure_kept import forget_beside
from app.store.outbox_tables import messages
from app.store.placement_tables import decision_texts, decisions, place_claims, placements, seen
from app.store.run_tables import proposals, proposed_children, run_snapshots, runs
from app.store.session import Reading, Writing
from app.store.tables import children, homes, idempotency_keys, referrals, residents
from app.store.versions import Precondition

Forget: TypeAlias = Callable[[Writing, str, str, Names], None]
"""In a transaction, for an authority: a child, with the new names of what is erased with it."""

NO_POINTS = 0
MOST_LETTERS = 1_000


def referrals_of(reading: Reading, authority: str, child: str) -> dict[str, set[str]]:
    """Every referral that the child is or was in, with all children who are named with it anywhere."""
    waits = select(children.c.referral_ref).where(_of(children, authority), children.c.ref == child)
    refs = set(reading.execute(waits).scalars())
    for table in (proposals, placements):
        named = select(table.c.referral_ref).where(_of(table, authority), _mentions(table.c.children, [child]))
        refs.update(reading.execute(named).scalars())
    found: dict[str, set[str]] = {ref: {child} for ref in refs}
    theirs = select(children.c.referral_ref, children.c.ref).where(_of(children, authority))
    for row in reading.execute(theirs.where(children.c.referral_ref.in_(refs))):
        found[row.referral_ref].add(row.ref)
    for table in (proposals, placements):
        wanted = select(table.c.referral_ref, table.c.children).where(_of(table, authority))
        for row in reading.execute(wanted.where(table.c.referral_ref.in_(refs))):
            found[row.referral_ref].update(row.children)
    return found


def of_snapshots(reading: Reading, authority: str) -> set[str]:
    """Everybody whom the input of any run names."""
    found: set[str] = set()
    for run_id in _snapshots(reading, authority):
        found |= audit_whom.of_snapshot(zlib.decompress(_packed(reading, authority, run_id)))
    return found


def _referrals(writing: Writing, authority: str, child: str, names: Names) -> None:
    """The child leaves its referral; others who name it name nobody that can be known."""
    own = select(children.c.referral_ref).where(_of(children, authority), children.c.ref == child)
    naming = select(children.c.referral_ref).where(_of(children, authority), _mentions(children.c.details, names))
    named = select(referrals.c.ref).where(_of(referrals, authority), _mentions(referrals.c.details, names))
    refs = {ref for wanted in (own, naming, named) for ref in writing.execute(wanted).scalars()}
    for ref in sorted(refs):
        stored = load.referral(writing, authority, ReferralRef(ref))
        left = None if stored is None else referral_without(stored.record, names)
        if left is None:
            save.remove_referral(writing, authority, ReferralRef(ref), Precondition(exists=True))
        else:
            save.save_referral(writing, authority, left, Precondition(exists=True))


def _homes(writing: Writing, authority: str, child: str, names: Names) -> None:
    lives = select(residents.c.home_ref).where(_of(residents, authority), residents.c.ref == child)
    naming = select(residents.c.home_ref).where(_of(residents, authority), _mentions(residents.c.details, names))
    named = select(homes.c.ref).where(_of(homes, authority), _mentions(homes.c.details, names))
    refs = sorted({ref for wanted in (lives, naming, named) for ref in writing.execute(wanted).scalars()})
    stored = load.homes_named(writing, authority, refs)
    changed: list[Home] = [home_without(found.record, names) for found in stored]
    if changed:
        save.import_homes(writing, authority, changed)


def _caseload(writing: Writing, authority: str, child: str, names: Names) -> None:
    """Where the child lives in a home, somebody of whom nothing is known does: others still live apart from them."""
    stored = caseload.one(writing, authority, ChildRef(child))
    if stored is None:
        return
    caseload.remove_placed(writing, authority, ChildRef(child), Precondition(exists=True))
    left, home = ChildRef(names[child]), stored.record.home
    if home is not None and caseload.one(writing, authority, left) is None:
        caseload.save_placed(writing, authority, Placed(left, home), Precondition())


def _proposals(writing: Writing, authority: str, child: str, names: Names) -> None:
    table = proposals
    theirs = select(proposed_children.c.proposal_id).where(
        _of(proposed_children, authority), proposed_children.c.child_ref == child
    )
    named = or_(table.c.id.in_(theirs), _mentions(table.c.explanation, names), table.c.referral_ref.in_(list(names)))
    for row in writing.execute(select(table).where(_of(table, authority), named)).mappings().all():
        about = child in row["children"]
        values = {
            "children": swap(row["children"], names),
            "explanation": explanation_without(row["explanation"], names, about=about),
            "referral_ref": names.get(row["referral_ref"], row["referral_ref"]),
        } | ({"points": NO_POINTS} if about else {})
        writing.execute(update(table).where(_of(table, authority), table.c.id == row["id"]).values(values))
    mine = _of(proposed_children, authority), proposed_children.c.child_ref == child
    writing.execute(update(proposed_children).where(*mine).values(child_ref=names[child]))


def _runs(writing: Writing, authority: str, _child: str, names: Names) -> None:
    named = or_(_mentions(runs.c.report, names), _mentions(runs.c.options, names))
    wanted = select(runs.c.id, runs.c.report, runs.c.options).where(_of(runs, authority), named)
    for row in writing.execute(wanted).all():
        report = None if row.report is None else report_without(row.report, names)
        values = {"options": swap(row.options, names)} | ({} if report is None else {"report": report})
        writing.execute(update(runs).where(_of(runs, authority), runs.c.id == row.id).values(values))


def _run_snapshots(writing: Writing, authority: str, _child: str, names: Names) -> None:
    """One after the other: each may be large. Its digest is of what is left, or a run would tell what was."""
    table = run_snapshots
    for run_id in _snapshots(writing, authority):
        left = snapshot_without(_packed(writing, authority, run_id), names)
        if left is not None:
            writing.execute(update(table).where(_of(table, authority), table.c.run_id == run_id).values(packed=left))
            digest = hashlib.sha256(zlib.decompress(left)).hexdigest()
            writing.execute(
                update(runs).where(_of(runs, authority), runs.c.id == run_id).values(snapshot_sha256=digest)
            )


def _decisions(writing: Writing, authority: str, child: str, names: Names) -> None:
    """Placements that have ended keep who decided what and when; what was written to it, and what it rested on, goes.

    A digest of where the family lives, points that fall with the distance, the order of homes: each is found by trying.
    """
    named = or_(_mentions(placements.c.children, names), placements.c.referral_ref.in_(list(names)))
    wanted = select(placements.c.id, placements.c.children, placements.c.referral_ref)
    for row in writing.execute(wanted.where(_of(placements, authority), named)).all():
        here = _of(placements, authority), placements.c.id == row.id
        steps = _of(decisions, authority), decisions.c.placement_id == row.id, decisions.c.agreed_on.is_not(None)
        writing.execute(update(decisions).where(*steps).values(agreed_on=null()))
        values = {
            "children": swap(row.children, names),
            "referral_ref": names.get(row.referral_ref, row.referral_ref),
            "points": NO_POINTS,
            "approval_because": [],
        }
        writing.execute(update(placements).where(*here).values(values))
        texts = decision_texts
        writing.execute(delete(texts).where(_of(texts, authority), texts.c.placement_id == row.id))
    mine = _of(place_claims, authority), place_claims.c.child_ref == child
    writing.execute(delete(place_claims).where(*mine))


def _texts(writing: Writing, authority: str, _child: str, names: Names) -> None:
    """What was written to decisions about others, where it has a reference in so many letters; a name nobody can find.

    A text is never changed: it goes, and what is left of it takes its place.
    """
    table = decision_texts
    wanted = or_(*(table.c.words.contains(ref, autoescape=True) for ref in names))
    for row in writing.execute(select(table).where(_of(table, authority), wanted)).mappings().all():
        left = words_without(row["words"], names)[:MOST_LETTERS]
        if left != row["words"]:
            here = table.c.placement_id == row["placement_id"], table.c.version == row["version"]
            writing.execute(delete(table).where(_of(table, authority), *here))
            writing.execute(insert(table).values({**row, "words": left}))


def _claims(writing: Writing, authority: str, _child: str, names: Names) -> None:
    """Others who have a place, and are to live apart from the child, though no referral says so any more."""
    table = place_claims
    named = _of(table, authority), table.c.live, _mentions(table.c.resident, names)
    wanted = select(table.c.placement_id, table.c.child_ref, table.c.home_ref, table.c.resident)
    rows = writing.execute(wanted.where(*named)).all()
    seq = save.next_seq(writing, authority) if rows else 0
    for row in rows:
        here = _of(table, authority), table.c.placement_id == row.placement_id, table.c.child_ref == row.child_ref
        writing.execute(update(table).where(*here).values(resident=swap(row.resident, names)))
        save.touch_home(writing, authority, HomeRef(row.home_ref), seq)


def _seen(writing: Writing, authority: str, _child: str, names: Names) -> None:
    """That somebody looked stays; of what they were shown, what is for others alone."""
    named = or_(_mentions(seen.c.options, names), seen.c.referral_ref.in_(list(names)))
    wanted = select(seen.c.id, seen.c.options, seen.c.referral_ref).where(_of(seen, authority), named)
    for row in writing.execute(wanted).all():
        is_whole = row.referral_ref in names
        options = [] if is_whole else [one for one in row.options if names.keys().isdisjoint(one["children"])]
        values = {"options": options, "referral_ref": names.get(row.referral_ref, row.referral_ref), "was_so": null()}
        writing.execute(update(seen).where(_of(seen, authority), seen.c.id == row.id).values(values))


def _answers(writing: Writing, authority: str, _child: str, names: Names) -> None:
    """Answers that are kept for a request that is sent again; what is left of them says that they were.

    Not for which request: the digest of a body tells of the body. It counts as another now, and is done no second time.
    """
    table = idempotency_keys
    for ref in names:
        quoted = f'"{ref}"'.encode()
        inside = (
            func.instr(table.c.body, literal(quoted)) > 0
            if writing.dialect.name == "sqlite"
            else func.position(literal(quoted).op("IN")(table.c.body)) > 0
        )
        writing.execute(
            update(table).where(_of(table, authority), inside).values(body=b"{}", fingerprint=token_bytes(32))
        )
        keys = select(table.c.key).where(_of(table, authority), table.c.key.contains(ref, autoescape=True))
        for key in writing.execute(keys).scalars().all():
            here = _of(table, authority), table.c.key == key
            writing.execute(update(table).where(*here).values(key=key.replace(ref, names[ref])))


def _messages(writing: Writing, authority: str, _child: str, names: Names) -> None:
    wanted = select(messages.c.seq, messages.c.about)
    for row in writing.execute(wanted.where(_of(messages, authority), _mentions(messages.c.about, names))).all():
        here = messages.c.seq == row.seq
        writing.execute(update(messages).where(here).values(about=swap(row.about, names)))


EVERYWHERE: tuple[Forget, ...] = (
    _referrals,
    _homes,
    forget_beside,
    _claims,
    _caseload,
    _proposals,
    _runs,
    _run_snapshots,
    _decisions,
    _texts,
    _seen,
    _answers,
    _messages,
)
"""Each table that names children, but those of the audit trail. Homes before others lock what is theirs."""

RECORDS: tuple[Forget, ...] = (_referrals, _homes, _caseload, _claims)
"""Those of them that are judged by: what stands for somebody is exchanged in them alone once they are known again."""


def _of(table: Table, authority: str) -> ColumnElement[bool]:
    return table.c.authority == authority


def _mentions(column: ColumnElement[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """The JSON names one of these references somewhere."""
    text = cast(column, String)
    return or_(*(text.contains(f'"{ref}"', autoescape=True) for ref in names))


def _snapshots(reading: Reading, authority: str) -> list[str]:
    wanted = select(run_snapshots.c.run_id).where(_of(run_snapshots, authority))
    return list(reading.execute(wanted.order_by(run_snapshots.c.run_id)).scalars())


def _packed(reading: Reading, authority: str, run_id: str) -> bytes:
    table = run_snapshots
    wanted = select(table.c.packed).where(_of(table, authority), table.c.run_id == run_id)
    packed: bytes = reading.execute(wanted).scalar_one()
    return packed
