"""What the database itself refuses, whatever the code believes: raw statements against the tables of decisions."""

from __future__ import annotations

from datetime import UTC, datetime
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


@pytest.fixture
def filled(database: Database) -> Database:
    """A home with two places, an accepted placement with its place, and one that was declined."""

    def work(writing: Writing) -> None:
        save.save_home(writing, HERE, HOME, Precondition())
        writing.execute(insert(seen), SEEN)
        _begin(writing, "a", 1)
        _begin(writing, "b", 2, **OVER)
        writing.execute(insert(place_claims), _claim())

    database.transact(work)
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


# --------------------------------------------------------------------- each step begins where the placement stands

NEXT: dict[str, Any] = {"version": 2, "from_state": "accepted", "seen_id": None, "rank": None}


def _next(writing: Writing, step: str, state: str, letter: str = "a", **changes: Any) -> None:
    """A step of an accepted placement: its decision, then its state."""
    row = DECISION | NEXT | {"placement_id": letter * 32, "step": step, "to_state": state} | changes
    writing.execute(insert(decisions), row)
    moved = {"moved_in_on": AS_OF} if state == "placed" else {}
    mine = placements.c.id == letter * 32
    writing.execute(update(placements).where(mine).values(version=row["version"], state=state, **moved))


def _step_refused(database: Database, step: str, state: str, **changes: Any) -> None:
    with pytest.raises(DBAPIError):
        database.transact(lambda writing: _next(writing, step, state, **changes))


def test_a_step_that_follows(filled: Database) -> None:
    """What the next tests change a little is taken as it stands."""
    filled.transact(lambda writing: _next(writing, "place", "placed"))


def test_a_decision_does_not_lie_about_what_was_before(filled: Database) -> None:
    """Neither about the state that the placement had, nor its version, nor the rules, nor that there is one."""
    _step_refused(filled, "accept", "accepted", from_state="held", seen_id="5" * 32, rank=1)
    _step_refused(filled, "end", "ended", from_state="placed", reason_code="CARPL")
    _step_refused(filled, "place", "placed", version=3)
    _refused(
        filled, _decision(**NEXT | {"placement_id": "a" * 32, "version": 3, "step": "place", "to_state": "placed"})
    )
    _step_refused(filled, "place", "placed", overridden=["pets"], rules_overridden=1)
    _refused(filled, _decision(version=2, from_state="accepted", step="place", to_state="placed"))
    _refused(filled, _decision(placement_id="a" * 32))
    _refused(filled, _decision(overridden=["pets"]))
    _refused(filled, _decision(rules_overridden=1, reason_code="school", second_actor="officer-2"))


def test_who_decides_has_seen_it_themselves(filled: Database) -> None:
    """What somebody else was shown is nothing to decide on; an approval or a second one needs a look of their own."""
    with filled.writing() as writing:
        writing.execute(insert(seen), SEEN | {"id": "7" * 32, "subject": "officer-2"})
    _refused(filled, _decision(seen_id="7" * 32))
    held = {"placement_id": "d" * 32, "step": "hold", "to_state": "held"}
    place = {"id": "d" * 32, "number": 4, "state": "held", "held_until": datetime(2030, 1, 1, tzinfo=UTC)}
    with filled.writing() as writing:
        writing.execute(_decision(**held))
        writing.execute(insert(placements), PLACEMENT | place)
        writing.execute(insert(place_claims), _claim("C5", 2, "d" * 32))
    given = {"placement_id": "d" * 32, "version": 2, "step": "second", "from_state": "held", "to_state": "held"}
    for step in ("approve", "second"):
        given["step"] = step
        _refused(filled, _decision(**given, actor="officer-2", seen_id=None))
        _refused(filled, _decision(**given, actor="officer-2", seen_id="5" * 32))
    with filled.writing() as writing:
        writing.execute(_decision(**given, actor="officer-2", seen_id="7" * 32))


FOR_EVER: tuple[dict[str, Any], ...] = (
    {"number": 9},
    {"home_ref": "H2"},
    {"referral_ref": "R2"},
    {"children": ["C2"]},
    {"proposer": "officer-2"},
    {"policy_version": "q"},
    {"policy_sha256": "1" * 64},
    {"overridden": ["pets"]},
    {"rank": 3},
    {"seen_id": "5" * 32},
    {"made_at": datetime(2020, 1, 1, tzinfo=UTC)},
)
BY_A_STEP: tuple[dict[str, Any], ...] = (
    {"points": 7},
    {"home_version": 2},
    {"referral_version": 2},
    {"second_by": "officer-2"},
    {"approved_by": "officer-2", "approved_level": "nominated_officer"},
    {"weekly_fee_pence": 1},
)


def test_what_a_placement_is_about_stays(filled: Database) -> None:
    """Whom, where, by whom proposed, under which policy: never another; the rest only with a step, one at a time."""
    mine = update(placements).where(placements.c.id == "a" * 32)
    for changes in (*FOR_EVER, *BY_A_STEP):
        _refused(filled, mine.values(changes))
    step = _decision(**NEXT | {"placement_id": "a" * 32, "step": "place", "to_state": "placed"})
    for changes in FOR_EVER:
        _refused(filled, step, mine.values(changes | {"version": 2, "state": "placed", "moved_in_on": AS_OF}))


def test_a_placement_does_not_go_back(filled: Database) -> None:
    """A state that was left is not taken up again, though there is a decision for it."""
    filled.transact(lambda writing: _next(writing, "place", "placed"))
    back = {"version": 1, "state": "accepted", "moved_in_on": None}
    _refused(filled, update(placements).where(placements.c.id == "a" * 32).values(back))


def test_a_live_state_has_its_places(filled: Database) -> None:
    """Without a place for every child a placement neither goes on nor, where that can be waited for, begins."""
    begun = [_decision(), insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 3})]
    if filled.engine.dialect.name == "postgresql":
        _refused(filled, *begun)
        return
    with filled.writing() as writing:
        for statement in begun:
            writing.execute(statement)
    _step_refused(filled, "place", "placed", letter="c")
