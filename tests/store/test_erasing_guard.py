"""Nothing is erased without a trace, and what a key was answered with stays: raw statements against both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from app.store import erasure, idempotency
from app.store.audit import AuditEntry, record
from app.store.audit_tables import erasing
from app.store.erasure import Erasure
from app.store.idempotency import Answer
from app.store.placement_tables import placements, seen
from app.store.session import Database, Writing
from app.store.tables import idempotency_keys
from tests.store.test_placement_guards import HERE, fill
from tests.support.refusals import assert_refused, assert_refuses

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
    assert_refused(filled, TRACE, _erasing("C1"), update(placements).values(children=["ZZ"]), delete(erasing))


def test_what_a_key_was_answered_with_stays(filled: Database) -> None:
    """Else a request that is sent again would be done again."""

    def work(writing: Writing) -> None:
        idempotency.claim(writing, HERE, "k", b"f" * 32)
        idempotency.settle(writing, HERE, "k", Answer(201, 1, b"{}"))

    filled.transact(work)
    assert_refuses(lambda: filled.transact(lambda w: w.execute(delete(idempotency_keys))), "rows of idempotency_keys")
    with filled.reading() as reading:
        assert len(reading.execute(select(idempotency_keys)).all()) == 1
