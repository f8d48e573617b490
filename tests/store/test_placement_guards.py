"""What the database itself refuses, whatever the code believes: raw statements against the tables of decisions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from app.matching.referral import HomeRef
from app.store import removed, save
from app.store.placement_tables import decisions, place_claims, placements, seen
from app.store.removal_tables import removed_versions
from app.store.session import Database, Writing
from app.store.tables import homes, inventory_clock
from app.store.versions import Precondition
from tests.support.builders import AS_OF, a_home, a_resident
from tests.support.refusals import assert_refused

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


def _begin(writing: Writing, letter: str, number: int, children: tuple[str, ...] = ("C1",), **changes: Any) -> None:
    writing.execute(insert(decisions), DECISION | {"placement_id": letter * 32} | changes)
    state = changes.get("to_state", "accepted")
    about = {"id": letter * 32, "number": number, "state": state, "children": list(children)}
    writing.execute(insert(placements), PLACEMENT | about)


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
        _begin(writing, "b", 2, ("C1", "C2"), **OVER)
        writing.execute(insert(place_claims), _claim())

    database.transact(work)


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a little in it."""
    fill(database)
    return database


def _decision(**changes: Any) -> Any:
    return insert(decisions).values(DECISION | {"placement_id": "c" * 32} | changes)


PERSON = "ck_decisions_a_person_decides"
STANDS = "a decision begins where the placement stands"
COUNTED = "the rules that are overridden are counted"
WAS_SEEN = "who decides has seen it"
ONE_STEP = "a placement changes by one step"
HAS_PLACES = "a live placement has its places"
NO_PLACE = "no place left"
ONLY_ENDS = "a claim only ends"

OF_A: dict[str, Any] = {"placement_id": "a" * 32, "version": 2, "from_state": "accepted"}
OF_B: dict[str, Any] = {"placement_id": "b" * 32, "version": 2, "from_state": "declined"}
OF_E: dict[str, Any] = {"placement_id": "e" * 32, "version": 2, "from_state": "held"}
PLACED: dict[str, Any] = {"step": "place", "to_state": "placed"}
ONE_RULE: dict[str, Any] = {"rules_overridden": 1, "overridden": ["pets"], "reason_code": "school"}

NONE: tuple[tuple[str, dict[str, Any]], ...] = (
    (PERSON, {"actor_kind": "system"}),
    (PERSON, OF_E | {"actor_kind": "system"}),
    (PERSON, OF_A | PLACED | {"actor_kind": "system"}),
    (PERSON, OF_A | {"step": "withdraw", "to_state": "withdrawn", "reason_code": "PLANS", "actor_kind": "system"}),
    (PERSON, {"step": "hold", "to_state": "held", "actor_kind": "system"}),
    (PERSON, OVER | {"actor_kind": "system"}),
    ("ck_decisions_actor_kind_listed", OF_E | {"step": "expire", "to_state": "expired", "actor_kind": "run"}),
    ("ck_decisions_move_listed", OF_E | {"step": "expire"}),
    ("ck_decisions_move_listed", OF_B),
    ("ck_decisions_seen_before", {"seen_id": None}),
    ("ck_decisions_seen_before", OF_E | {"seen_id": None}),
    (WAS_SEEN, {"seen_id": "6" * 32}),
    ("ck_decisions_reason_given", {"rank": 2}),
    ("ck_decisions_rank_known", {"rank": None}),
    (COUNTED, ONE_RULE | {"overridden": []}),
    ("ck_decisions_second_given", ONE_RULE),
    ("ck_decisions_second_is_another", ONE_RULE | {"second_actor": "officer-1"}),
    ("ck_decisions_reason_given", ONE_RULE | {"reason_code": None, "second_actor": "officer-2"}),
    ("ck_decisions_reason_of_end", OVER | {"reason_code": None}),
    ("ck_decisions_begins_once", {"version": 2}),
    (STANDS, {"version": 2, "from_state": "held"}),
)
"""Decisions that are none, and what refuses each. Those that follow a step name a placement that stands so."""


def begin_held(writing: Writing, **changes: Any) -> None:
    """A placement that is held, with the other place of the home."""
    writing.execute(_decision(placement_id="e" * 32, step="hold", to_state="held"))
    place = {"id": "e" * 32, "number": 5, "state": "held", "held_until": datetime(2030, 1, 1, tzinfo=UTC)}
    place["children"] = ["C5"]
    writing.execute(insert(placements), PLACEMENT | place | changes)
    writing.execute(insert(place_claims), _claim("C5", 2, "e" * 32))


def test_decisions_that_are_none(filled: Database) -> None:
    """Systems that accept, steps that there are not, what nobody saw, reasons and second persons that are missing."""
    with filled.writing() as writing:
        begin_held(writing)
        writing.execute(_decision())  # as it stands the row is taken
    for by, changes in NONE:
        assert_refused(filled, by, _decision(**{"placement_id": "d" * 32} | changes))
    with filled.writing() as writing:
        writing.execute(_decision(**OF_E))  # nor is the row of an acceptance that was held refused for what it is


def test_a_system_does_not_accept_what_was_sent(filled: Database) -> None:
    """From each state from which a person may accept, it takes a person."""
    with filled.writing() as writing:
        begin_held(writing)
        writing.execute(_decision(**OF_E | {"step": "send", "to_state": "sent", "seen_id": None, "rank": None}))
        mine = placements.c.id == "e" * 32
        writing.execute(update(placements).where(mine).values(version=2, state="sent"))
    sent = OF_E | {"version": 3, "from_state": "sent"}
    assert_refused(filled, PERSON, _decision(**sent, actor_kind="system"))
    with filled.writing() as writing:
        writing.execute(_decision(**sent))


DECIDED = "fk_placements_decisions"


def test_no_state_without_its_decision(filled: Database) -> None:
    """Neither a new placement nor a new state stands without a decision of the same version and state."""
    assert_refused(filled, DECIDED, insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 3}))
    mine = update(placements).where(placements.c.id == "a" * 32)
    assert_refused(filled, DECIDED, mine.values(state="placed", version=2, moved_in_on=AS_OF))
    held = {"to_state": "held", "step": "hold", "placement_id": "c" * 32}
    assert_refused(
        filled, DECIDED, _decision(**held), insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 3})
    )


def test_nothing_that_was_decided_or_seen_changes(filled: Database) -> None:
    """Decisions, and what was seen, are neither changed nor taken away; placements are never deleted."""
    never = "rows of {} are never changed"
    assert_refused(filled, never.format("decisions"), update(decisions).values(actor="somebody-else"))
    assert_refused(filled, never.format("decisions"), delete(decisions))
    assert_refused(filled, never.format("seen"), update(seen).values(options=[{"home": "H2"}]))
    assert_refused(filled, "fk_decisions_seen", delete(seen))
    assert_refused(filled, never.format("placements"), delete(placements))


def test_who_agreed_was_somebody_else(filled: Database) -> None:
    """Nobody approves or seconds what they proposed, and nothing is accepted before it was approved."""
    with filled.writing() as writing:
        writing.execute(insert(seen), SEEN | {"id": "7" * 32, "subject": "officer-2"})
        begin_held(writing, approval_needed="nominated_officer")
    mine = update(placements).where(placements.c.id == "e" * 32)
    of_another = OF_E | {"actor": "officer-2", "seen_id": "7" * 32, "to_state": "held"}
    for step, given, by in (
        ("approve", {"approved_by": "officer-1", "approved_level": "nominated_officer"}, "approver_is_another"),
        ("approve", {"approved_by": "officer-2"}, "approval_whole"),
        ("second", {"second_by": "officer-1"}, "second_is_another"),
    ):
        decision = _decision(**of_another | {"step": step})
        assert_refused(filled, f"ck_placements_{by}", decision, mine.values(version=2, **given))
    accepted = {"version": 2, "state": "accepted", "held_until": None}
    assert_refused(filled, "ck_placements_approved_before", _decision(**OF_E), mine.values(accepted))
    with filled.writing() as writing:
        writing.execute(_decision(**of_another | {"step": "approve"}))
        approved = {"approved_by": "officer-2", "approved_level": "nominated_officer"}
        writing.execute(mine.values(version=2, **approved))
        writing.execute(_decision(**OF_E | {"version": 3}))
        writing.execute(mine.values(accepted | {"version": 3}))


def test_a_place_is_claimed_once(filled: Database) -> None:
    """The same place for another child; the same child again; a place that the home has not; one it cannot use."""
    assert_refused(filled, "uq_place_claims_place", insert(place_claims).values(_claim("C2", 1, "b" * 32)))
    assert_refused(filled, "uq_place_claims_child", insert(place_claims).values(_claim("C1", 2, "b" * 32)))
    assert_refused(filled, NO_PLACE, insert(place_claims).values(_claim("C2", 3, "b" * 32)))
    beyond = "ck_place_claims_place_number_range"
    assert_refused(filled, beyond, insert(place_claims).values(_claim("C2", 0, "b" * 32)))
    assert_refused(filled, NO_PLACE, insert(place_claims).values(_claim("C2", 2, "b" * 32, place_number=3)))
    full = a_home(ref=HomeRef("H1"), places=2, residents=(a_resident(),))
    filled.transact(lambda w: save.import_homes(w, HERE, [full]))
    assert_refused(filled, NO_PLACE, insert(place_claims).values(_claim("C2", 2, "b" * 32)))
    held = a_home(ref=HomeRef("H1"), places=2, places_held=1)
    filled.transact(lambda w: save.import_homes(w, HERE, [held]))
    assert_refused(filled, NO_PLACE, insert(place_claims).values(_claim("C2", 2, "b" * 32)))


def test_whom_the_provider_lists_is_counted_once(filled: Database) -> None:
    """A child with a claim who stands in the home's document takes one place, and leaves the other free."""
    listed = a_home(ref=HomeRef("H1"), places=2, residents=(a_resident(ref="C1"),))
    filled.transact(lambda w: save.import_homes(w, HERE, [listed]))
    with filled.writing() as writing:
        writing.execute(insert(place_claims), _claim("C2", 2, "b" * 32))


def test_a_claim_only_ends(filled: Database) -> None:
    """It may be moved into and given back; it does not come back, move, or go while it is live."""
    assert_refused(filled, ONLY_ENDS, update(place_claims).values(place_number=2))
    assert_refused(filled, ONLY_ENDS, update(place_claims).values(child_ref="C9"))
    assert_refused(filled, "a live claim is not deleted", delete(place_claims))
    assert_refused(filled, HAS_PLACES, update(place_claims).values(live=False, resident=None))
    with filled.writing() as writing:
        _next(writing, "withdraw", "withdrawn", reason_code="PLANS")
    keeps_it = update(place_claims).values(live=False)
    assert_refused(filled, "ck_place_claims_resident_while_live", keeps_it)
    with filled.writing() as writing:
        writing.execute(update(place_claims).values(live=False, resident=None))
    assert_refused(filled, ONLY_ENDS, update(place_claims).values(live=True, resident={}))
    ended = _claim("C2", 1, "b" * 32, live=False, resident=None)
    assert_refused(filled, NO_PLACE, insert(place_claims).values(ended))
    with filled.writing() as writing:
        writing.execute(insert(place_claims), _claim("C2", 1, "b" * 32))
        assert writing.execute(select(place_claims.c.place_number).where(place_claims.c.live)).scalars().all() == [1]


def test_a_child_lives_in_one_home(filled: Database) -> None:
    """A child who lives somewhere may be pursued elsewhere, and moves in there only when the first has ended."""
    with filled.writing() as writing:
        _next(writing, "place", "placed")
        writing.execute(update(place_claims).values(lived_in=True))
        _begin(writing, "d", 7)
        writing.execute(insert(place_claims), _claim("C1", 2, "d" * 32))
        _next(writing, "place", "placed", "d")
    assert_refused(filled, "uq_place_claims_lives", update(place_claims).values(lived_in=True))
    assert_refused(filled, ONLY_ENDS, update(place_claims).values(lived_in=False))


OF_ITS_PLACEMENT = "a claim is on a place of its placement, for a child of it"
MOVED_IN = "a child lives where its placement was"


def test_a_claim_is_its_placement_s(filled: Database) -> None:
    """Neither for another child, nor in another home, nor of no placement at all: no place is given away untaken."""
    filled.transact(lambda w: save.import_homes(w, HERE, [a_home(ref=HomeRef("H2"), places=2)]))
    for claim in (
        _claim("C9", 2, "b" * 32),
        _claim("C2", 2, "b" * 32, home_ref="H2"),
        _claim("C2", 2, "a" * 32),
        _claim("C2", 2, "f" * 32),
    ):
        assert_refused(filled, OF_ITS_PLACEMENT, insert(place_claims).values(claim))


def test_nobody_lives_where_only_a_place_is_held(filled: Database) -> None:
    """Else a second placement of the child would be open, and the child in two homes."""
    assert_refused(filled, MOVED_IN, update(place_claims).values(lived_in=True))
    with filled.writing() as writing:
        _next(writing, "place", "placed")
        writing.execute(update(place_claims).values(lived_in=True))


def test_a_home_with_a_claim_stays(filled: Database) -> None:
    """Whoever sends the statement."""
    filled.transact(lambda w: save.import_homes(w, HERE, [a_home(ref=HomeRef("H2"), places=2)]))
    assert_refused(filled, "a home with live claims is not deleted", delete(homes).where(homes.c.ref == "H1"))
    with filled.writing() as writing:
        writing.execute(delete(homes).where(homes.c.ref == "H2"))


TOO_EARLY = "a hold expires when its time is over, and lasts longer by a step alone"


def test_the_clock_alone_lets_a_hold_expire(filled: Database) -> None:
    """Not before its time is over; nor is that time put off without a decision. It may be brought nearer."""
    with filled.writing() as writing:
        begin_held(writing)
    mine = update(placements).where(placements.c.id == "e" * 32)
    row = {"step": "expire", "to_state": "expired", "actor_kind": "system", "seen_id": None, "rank": None}
    expired = mine.values(version=2, state="expired", held_until=None)
    assert_refused(filled, TOO_EARLY, _decision(**OF_E | row), expired)
    assert_refused(filled, TOO_EARLY, mine.values(held_until=datetime(2031, 1, 1, tzinfo=UTC)))
    with filled.writing() as writing:
        writing.execute(mine.values(held_until=datetime(2020, 1, 1, tzinfo=UTC)))
        writing.execute(_decision(**OF_E | row))
        writing.execute(expired)


ANOTHER = "who agrees is another person"


def test_capital_letters_make_nobody_another_person(filled: Database) -> None:
    """Who proposed it neither seconds nor approves it by another way of writing the same subject."""
    counted = {"rules_overridden": 1, "overridden": ["pets"], "reason_code": "school"}
    assert_refused(filled, ANOTHER, _decision(**counted, second_actor="OFFICER-1"))
    with filled.writing() as writing:
        begin_held(writing)
    mine = update(placements).where(placements.c.id == "e" * 32)
    for given in ({"second_by": "Officer-1"}, {"approved_by": "OFFICER-1", "approved_level": "director"}):
        step = _decision(**OF_E | {"step": "accept"})
        assert_refused(filled, ANOTHER, step, mine.values(version=2, state="accepted", held_until=None, **given))
        begun = insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 9} | given)
        assert_refused(filled, ANOTHER, _decision(), begun)


def test_counts_only_go_on(filled: Database) -> None:
    """Followers trust the clock, and versions their count; what a key was answered with is kept."""
    with filled.writing() as writing:
        removed.remember(writing, HERE, removed.Removed.REFERRAL, 7)
    for back in (
        update(inventory_clock).values(seq=0),
        update(removed_versions).values(version=6),
    ):
        assert_refused(filled, "a count only goes on", back)
    for table in (inventory_clock, removed_versions):
        assert_refused(filled, f"rows of {table.name} are never changed", delete(table))
    with filled.writing() as writing:
        removed.remember(writing, HERE, removed.Removed.REFERRAL, 3)  # a lower one changes nothing
        assert removed.first_version(writing, HERE, removed.Removed.REFERRAL) == 8
