"""Each step begins where the placement stands: what the database refuses of steps that lie, whoever sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from app.store.placement_tables import place_claims, placements, seen
from app.store.session import Database
from tests.store.test_placement_guards import NEXT, PLACEMENT, SEEN, _claim, _decision, _next, _refused, fill
from tests.support.builders import AS_OF


@pytest.fixture
def filled(database: Database) -> Database:
    """A home with two places, an accepted placement with its place, and one that was declined."""
    fill(database)
    return database


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
