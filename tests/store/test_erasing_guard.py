"""Nothing is erased without a trace, and what a key was answered with stays: raw statements against both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from app.store import erasure, idempotency, migrate
from app.store.audit import AuditEntry, record
from app.store.audit_tables import audit_heads, erasing
from app.store.erasure import Erasure
from app.store.idempotency import Answer
from app.store.placement_tables import decisions, placements, seen
from app.store.session import Database, Writing
from app.store.tables import idempotency_keys
from tests.store.test_placement_guards import HERE, OVER, SEEN, _begin, fill
from tests.support.refusals import assert_refused, assert_refuses
from tests.support.tampering import undone

TRACE = "an erasure is on record before it is over"


@pytest.fixture
def filled(database: Database) -> Database:
    """A home with two places, an accepted placement, and a trail that names its child."""
    fill(database)
    about = AuditEntry("officer-1", "person", "referral.read", "referral", "R1", ("C1",))
    database.transact(lambda writing: record(writing, HERE, about))
    return database


def _erasing(ref: str) -> Any:
    return insert(erasing).values(authority=HERE, ref=ref)


@pytest.mark.parametrize("ref", ["C1", "R1"])
def test_nobody_is_taken_out_without_a_trace(filled: Database, ref: str) -> None:
    """Who opens the rows that are never changed must leave an erasure: neither children nor looks are rewritten."""
    strip = update(placements).values(children=["ZZ"])
    forget = update(seen).values(options=[])
    assert_refused(filled, TRACE, _erasing(ref), strip, delete(erasing))
    if ref == "R1":
        assert_refused(filled, TRACE, _erasing(ref), forget, delete(erasing))


def test_an_erasure_before_is_no_leave_for_another(filled: Database) -> None:
    """Behind a real erasure too the child must be gone from the trail: the trail is what tells of it."""

    def work(writing: Writing) -> None:
        writing.execute(text("UPDATE place_claims SET live = false, resident = NULL WHERE child_ref = 'C9'"))
        about = AuditEntry("officer-1", "person", "referral.read", "referral", "R9", ("C9",))
        record(writing, HERE, about)

    filled.transact(work)
    wanted = Erasure.of(HERE, "C9")
    filled.transact(lambda writing: erasure.erase(writing, "C9", wanted, ("officer-1", "person")))
    about = AuditEntry("officer-1", "person", "referral.read", "referral", "R1", ("C1",))
    filled.transact(lambda writing: record(writing, HERE, about))
    forget = update(seen).values(options=[])
    assert_refused(filled, TRACE, _erasing("R1"), forget, delete(erasing))  # whom the trail knows by no key
    assert_refused(filled, TRACE, _erasing("C1"), update(placements).values(children=["ZZ"]), delete(erasing))


def test_the_end_of_the_trail_does_not_go_back(filled: Database) -> None:
    """Else an erasure from before would stand at the end once more."""
    assert_refused(filled, "a count only goes on", update(audit_heads).values(seq=0))


KEPT: dict[str, Any] = {
    "as_of": "2026-11-18",
    "approval": ["none"],
    "weekly_fee": 5,
    "rules": {"pets": "d"},
    "company": "d",
    "was_so": {"as_of": "2026-11-18", "home": {"residents": "d"}, "children": [], "rules": {"a": "met"}, "points": 7},
}
WAS_SO = KEPT["was_so"]
DIGESTS_GONE = {**KEPT, "rules": {}, "company": None, "was_so": {**WAS_SO, "home": {}}}
NEVER: tuple[dict[str, Any] | None, ...] = (
    None,
    {**KEPT, "weekly_fee": 6},
    {**KEPT, "approval": ["director"]},
    {**KEPT, "was_so": {**WAS_SO, "rules": {"a": "not met"}}},
    {**KEPT, "was_so": {**WAS_SO, "points": 8}},
    {**KEPT, "was_so": None},
)


def test_of_others_digests_alone_are_taken(filled: Database) -> None:
    """And of nobody anything while nobody is erased; what was answered, given and paid stays as it was decided."""
    with filled.writing() as writing:
        _begin(writing, "f", 8, ("C8",), **OVER, agreed_on=KEPT)
    of_f = update(decisions).where(decisions.c.placement_id == "f" * 32)
    refused = "rows of decisions are never changed"
    assert_refused(filled, refused, of_f.values(agreed_on=DIGESTS_GONE))
    for changed in NEVER:
        assert_refused(filled, refused, _erasing("C9"), of_f.values(agreed_on=changed))
    assert_refused(filled, refused, _erasing("C8"), of_f.values(actor="x"))
    for ref, changed in (("C9", DIGESTS_GONE), ("C8", None), ("R1", None)):
        with undone(filled) as writing:
            writing.execute(_erasing(ref))
            assert writing.execute(of_f.values(agreed_on=changed)).rowcount == 1
    assert_refused(filled, "a placement changes by one step", _erasing("C9"), update(placements).values(points=1))
    for look in (update(seen).values(options=["x"]), update(seen).values(was_so={"home": {}})):
        assert_refused(filled, "rows of seen are never changed", _erasing("C9"), look)


def test_what_was_left_before_goes_with_the_migration(filled: Database) -> None:
    """Children whom a release before erased, with what it kept of them; others keep theirs."""
    with filled.writing() as writing:
        _begin(writing, "f", 8, ("erased-1",), **OVER, agreed_on=KEPT)
        _begin(writing, "d", 9, ("C8",), **OVER, agreed_on=KEPT)
        writing.execute(
            insert(seen), SEEN | {"id": "8" * 32, "referral_ref": "erased-2", "options": ["o"], "was_so": {}}
        )
    migrate.downgrade(filled, "0012")
    migrate.upgrade(filled)
    with filled.reading() as reading:
        rows = reading.execute(select(decisions.c.placement_id, decisions.c.agreed_on))
        kept = {row.placement_id: row.agreed_on for row in rows}
        left = reading.execute(select(seen).where(seen.c.id == "8" * 32)).one()
    assert (kept["f" * 32], kept["d" * 32]) == (None, KEPT)
    assert (left.options, left.was_so) == ([], None)


def test_what_a_key_was_answered_with_stays(filled: Database) -> None:
    """Else a request that is sent again would be done again."""

    def work(writing: Writing) -> None:
        idempotency.claim(writing, HERE, "k", b"f" * 32)
        idempotency.settle(writing, HERE, "k", Answer(201, 1, b"{}"))

    filled.transact(work)
    assert_refuses(lambda: filled.transact(lambda w: w.execute(delete(idempotency_keys))), "rows of idempotency_keys")
    with filled.reading() as reading:
        assert len(reading.execute(select(idempotency_keys)).all()) == 1
