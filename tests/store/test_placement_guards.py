"""What the database itself refuses, whatever the code believes: raw statements against the tables of decisions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.matching.referral import HomeRef
from app.store import save
from app.store.placement_tables import decisions, place_claims, placements, seen
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.support.builders import AS_OF, a_home, a_resident

HERE = "E06000018"
HOME = a_home(ref=HomeRef("H1"), places=2)

SEEN: dict[str, Any] = {
    "authority": HERE,
    "id": "5" * 32,
    "subject": "officer-1",
    "kind": "shortlist",
    "referral_ref": "R1",
    "referral_version": 1,
    "policy_version": "p",
    "policy_sha256": "0" * 64,
    "as_of": AS_OF,
    "options": [],
}
DECISION: dict[str, Any] = {
    "authority": HERE,
    "placement_id": "a" * 32,
    "version": 1,
    "step": "accept",
    "from_state": "proposed",
    "to_state": "accepted",
    "actor": "officer-1",
    "actor_kind": "person",
    "reason_code": None,
    "by_provider": False,
    "overridden": [],
    "rules_overridden": 0,
    "rank": 1,
    "second_actor": None,
    "approval": None,
    "seen_id": "5" * 32,
}
PLACEMENT: dict[str, Any] = {
    "authority": HERE,
    "id": "a" * 32,
    "number": 1,
    "version": 1,
    "state": "accepted",
    "referral_ref": "R1",
    "referral_version": 1,
    "children": ["C1"],
    "home_ref": "H1",
    "home_version": 1,
    "policy_version": "p",
    "policy_sha256": "0" * 64,
    "points": 0,
    "overridden": [],
    "approval_needed": "none",
    "approval_because": [],
    "proposer": "officer-1",
}


def _claim(child: str = "C1", number: int = 1, placement: str = "a" * 32, **changes: Any) -> dict[str, Any]:
    usual = {
        "authority": HERE,
        "placement_id": placement,
        "child_ref": child,
        "home_ref": "H1",
        "place_number": number,
        "live": True,
        "lived_in": False,
        "resident": {},
    }
    return usual | changes


OVER: dict[str, Any] = {"step": "decline", "to_state": "declined", "reason_code": "NEEDS"}
"""A placement that takes no place by itself."""


def _begin(writing: Writing, letter: str, number: int, **changes: Any) -> None:
    writing.execute(insert(decisions), DECISION | {"placement_id": letter * 32} | changes)
    state = changes.get("to_state", "accepted")
    writing.execute(insert(placements), PLACEMENT | {"id": letter * 32, "number": number, "state": state})


NEXT: dict[str, Any] = {"version": 2, "from_state": "accepted", "seen_id": None, "rank": None}


def _next(writing: Writing, step: str, state: str, letter: str = "a", **changes: Any) -> None:
    """A step of an accepted placement: its decision, then its state."""
    row = DECISION | NEXT | {"placement_id": letter * 32, "step": step, "to_state": state} | changes
    writing.execute(insert(decisions), row)
    moved = {"moved_in_on": AS_OF} if state == "placed" else {}
    mine = placements.c.id == letter * 32
    writing.execute(update(placements).where(mine).values(version=row["version"], state=state, **moved))


def fill(database: Database) -> None:
    """A home with two places, an accepted placement with its place, and one that was declined."""

    def work(writing: Writing) -> None:
        save.save_home(writing, HERE, HOME, Precondition())
        writing.execute(insert(seen), SEEN)
        _begin(writing, "a", 1)
        _begin(writing, "b", 2, **OVER)
        writing.execute(insert(place_claims), _claim())

    database.transact(work)


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a little in it."""
    fill(database)
    return database


def _refused(database: Database, *statements: Any) -> None:
    def work() -> None:
        with database.writing() as writing:
            for statement in statements:
                writing.execute(statement)

    with pytest.raises(DBAPIError):
        work()


def _decision(**changes: Any) -> Any:
    return insert(decisions).values(DECISION | {"placement_id": "c" * 32} | changes)


NONE: tuple[dict[str, Any], ...] = (
    {"actor_kind": "system"},
    {"step": "place", "from_state": "accepted", "to_state": "placed", "version": 2, "actor_kind": "system"},
    {"step": "hold", "to_state": "held", "actor_kind": "system"},
    {"step": "expire", "to_state": "accepted", "actor_kind": "system"},
    {"step": "accept", "from_state": "declined", "version": 2},
    {"seen_id": None},
    {"seen_id": "6" * 32},
    {"rank": 2},
    {"rank": None},
    {"rules_overridden": 1, "reason_code": "school"},
    {"rules_overridden": 1, "reason_code": "school", "second_actor": "officer-1"},
    {"step": "decline", "to_state": "declined"},
    {"version": 2},
    {"version": 0},
)


def test_decisions_that_are_none(filled: Database) -> None:
    """Systems that accept, steps that there are not, what nobody saw, reasons and second persons that are missing."""
    with filled.writing() as writing:
        writing.execute(_decision())  # as it stands the row is taken
    for changes in NONE:
        _refused(filled, _decision(placement_id="d" * 32, **changes))


def test_no_state_without_its_decision(filled: Database) -> None:
    """Neither a new placement nor a new state stands without a decision of the same version and state."""
    _refused(filled, insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 3}))
    _refused(filled, update(placements).values(state="placed", version=2, moved_in_on=AS_OF))
    held = {"to_state": "held", "step": "hold", "placement_id": "c" * 32}
    _refused(filled, _decision(**held), insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 3}))


def test_nothing_that_was_decided_or_seen_changes(filled: Database) -> None:
    """Decisions, and what was seen, are neither changed nor taken away; placements are never deleted."""
    _refused(filled, update(decisions).values(actor="somebody-else"))
    _refused(filled, delete(decisions))
    _refused(filled, update(seen).values(options=[{"home": "H2"}]))
    _refused(filled, delete(seen))
    _refused(filled, delete(placements))


def test_who_agreed_was_somebody_else(filled: Database) -> None:
    """Nobody approves or seconds what they proposed, and nothing is accepted before it was approved."""
    _refused(filled, update(placements).values(approved_by="officer-1", approved_level="nominated_officer"))
    _refused(filled, update(placements).values(second_by="officer-1"))
    _refused(filled, update(placements).values(approval_needed="nominated_officer"))


def test_a_place_is_claimed_once(filled: Database) -> None:
    """The same place for another child; the same child again; a place that the home has not; one it cannot use."""
    _refused(filled, insert(place_claims).values(_claim("C2", 1, "b" * 32)))
    _refused(filled, insert(place_claims).values(_claim("C1", 2, "b" * 32)))
    _refused(filled, insert(place_claims).values(_claim("C2", 3, "b" * 32)))
    _refused(filled, insert(place_claims).values(_claim("C2", 0, "b" * 32)))
    _refused(filled, insert(place_claims).values(_claim("C2", 2, "b" * 32, home_ref="H9")))
    full = a_home(ref=HomeRef("H1"), places=2, residents=(a_resident(),))
    filled.transact(lambda w: save.import_homes(w, HERE, [full]))
    _refused(filled, insert(place_claims).values(_claim("C2", 2, "b" * 32)))
    held = a_home(ref=HomeRef("H1"), places=2, places_held=1)
    filled.transact(lambda w: save.import_homes(w, HERE, [held]))
    _refused(filled, insert(place_claims).values(_claim("C2", 2, "b" * 32)))


def test_whom_the_provider_lists_is_counted_once(filled: Database) -> None:
    """A child with a claim who stands in the home's document takes one place, and leaves the other free."""
    listed = a_home(ref=HomeRef("H1"), places=2, residents=(a_resident(ref="C1"),))
    filled.transact(lambda w: save.import_homes(w, HERE, [listed]))
    with filled.writing() as writing:
        writing.execute(insert(place_claims), _claim("C2", 2, "b" * 32))


def test_a_claim_only_ends(filled: Database) -> None:
    """It may be moved into and given back; it does not come back, move, or go while it is live."""
    _refused(filled, update(place_claims).values(place_number=2))
    _refused(filled, update(place_claims).values(child_ref="C9"))
    _refused(filled, delete(place_claims))
    _refused(filled, update(place_claims).values(live=False))  # what is personal goes with it
    with filled.writing() as writing:
        writing.execute(update(place_claims).values(lived_in=True))
    _refused(filled, update(place_claims).values(lived_in=False))
    _refused(filled, update(place_claims).values(live=False, resident=None))  # nor while its placement is live
    with filled.writing() as writing:
        _next(writing, "withdraw", "withdrawn", reason_code="PLANS")
        writing.execute(update(place_claims).values(live=False, resident=None))
    _refused(filled, update(place_claims).values(live=True, resident={}))
    _refused(filled, insert(place_claims).values(_claim("C2", 1, "b" * 32, live=False, resident=None)))
    with filled.writing() as writing:
        writing.execute(insert(place_claims), _claim("C2", 1, "b" * 32))
        assert writing.execute(select(place_claims.c.place_number).where(place_claims.c.live)).scalars().all() == [1]


def test_a_child_lives_in_one_home(filled: Database) -> None:
    """A child who lives somewhere may be pursued elsewhere, and moves in there only when the first has ended."""
    with filled.writing() as writing:
        writing.execute(update(place_claims).values(lived_in=True))
        writing.execute(insert(place_claims), _claim("C1", 2, "b" * 32))
    _refused(filled, update(place_claims).values(lived_in=True))
