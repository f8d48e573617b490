"""Each step begins where the placement stands: what the database refuses of steps that lie, whoever sends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from app.store.placement_tables import placements, seen
from app.store.session import Database, Writing
from tests.store.test_placement_guards import (
    ANOTHER,
    COUNTED,
    HAS_PLACES,
    NEXT,
    OF_E,
    ONE_STEP,
    PLACEMENT,
    SEEN,
    STANDS,
    WAS_SEEN,
    _decision,
    _next,
    begin_held,
    fill,
)
from tests.support.builders import AS_OF
from tests.support.refusals import assert_refused, assert_refuses
from tests.support.tampering import undone


@pytest.fixture
def filled(database: Database) -> Database:
    """A home with two places, an accepted placement with its place, and one that was declined."""
    fill(database)
    return database


def _step_refused(database: Database, by: str, step: str, state: str, **changes: Any) -> None:
    assert_refuses(lambda: database.transact(lambda writing: _next(writing, step, state, **changes)), by)


def test_a_step_that_follows(filled: Database) -> None:
    """What the next tests change a little is taken as it stands."""
    filled.transact(lambda writing: _next(writing, "place", "placed"))


def test_a_decision_does_not_lie_about_what_was_before(filled: Database) -> None:
    """Neither about the state that the placement had, nor its version, nor the rules, nor that there is one."""
    _step_refused(filled, STANDS, "accept", "accepted", from_state="held", seen_id="5" * 32, rank=1)
    _step_refused(filled, STANDS, "end", "ended", from_state="placed", reason_code="CARPL")
    _step_refused(filled, STANDS, "place", "placed", version=3)
    third = NEXT | {"placement_id": "a" * 32, "version": 3, "step": "place", "to_state": "placed"}
    assert_refused(filled, STANDS, _decision(**third))
    _step_refused(filled, STANDS, "place", "placed", overridden=["pets"], rules_overridden=1)
    assert_refused(filled, STANDS, _decision(version=2, from_state="accepted", step="place", to_state="placed"))
    assert_refused(filled, STANDS, _decision(placement_id="a" * 32))
    assert_refused(filled, COUNTED, _decision(overridden=["pets"]))
    counted = {"rules_overridden": 1, "reason_code": "school", "second_actor": "officer-2"}
    assert_refused(filled, COUNTED, _decision(**counted))


def test_who_decides_has_seen_it_themselves(filled: Database) -> None:
    """What somebody else was shown is nothing to decide on; an approval or a second one needs a look of their own."""
    with filled.writing() as writing:
        writing.execute(insert(seen), SEEN | {"id": "7" * 32, "subject": "officer-2"})
    assert_refused(filled, WAS_SEEN, _decision(seen_id="7" * 32))
    with filled.writing() as writing:
        begin_held(writing)
    given = {"placement_id": "e" * 32, "version": 2, "step": "second", "from_state": "held", "to_state": "held"}
    for step in ("approve", "second"):
        given["step"] = step
        assert_refused(filled, WAS_SEEN, _decision(**given, actor="officer-2", seen_id=None))
        assert_refused(filled, WAS_SEEN, _decision(**given, actor="officer-2", seen_id="5" * 32))
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
        assert_refused(filled, ONE_STEP, mine.values(changes))
    step = _decision(**NEXT | {"placement_id": "a" * 32, "step": "place", "to_state": "placed"})
    for changes in FOR_EVER:
        assert_refused(
            filled, ONE_STEP, step, mine.values(changes | {"version": 2, "state": "placed", "moved_in_on": AS_OF})
        )


def test_a_placement_does_not_go_back(filled: Database) -> None:
    """A state that was left is not taken up again, though there is a decision for it."""
    filled.transact(lambda writing: _next(writing, "place", "placed"))
    back = {"version": 1, "state": "accepted", "moved_in_on": None}
    assert_refused(filled, ONE_STEP, update(placements).where(placements.c.id == "a" * 32).values(back))


def test_a_live_state_has_its_places(filled: Database) -> None:
    """Without a place for every child a placement neither goes on nor, where that can be waited for, begins."""
    begun = [_decision(), insert(placements).values(PLACEMENT | {"id": "c" * 32, "number": 3})]
    if filled.engine.dialect.name == "postgresql":
        assert_refused(filled, HAS_PLACES, *begun)
        return
    with filled.writing() as writing:
        for statement in begun:
            writing.execute(statement)
    _step_refused(filled, HAS_PLACES, "place", "placed", letter="c")


@contextmanager
def _unguarded(writing: Writing) -> Iterator[None]:
    """While this lasts placements are taken as releases before took them."""
    if writing.dialect.name == "postgresql":
        writing.execute(text("ALTER TABLE placements DISABLE TRIGGER USER"))
        yield
        writing.execute(text("ALTER TABLE placements ENABLE TRIGGER USER"))
        return
    listed = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'placements'"
    guards = [tuple(row) for row in writing.execute(text(listed))]
    for name, _ in guards:
        writing.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, made in guards:
        writing.exec_driver_sql(made)


IN_OTHER_LETTERS: tuple[tuple[dict[str, Any], bool], ...] = (
    ({"second_by": "Officer-1"}, False),
    ({"approved_by": "OFFICER-1", "approved_level": "director", "approval_needed": "director"}, False),
    ({"approved_by": "OFFICER-1", "approved_level": "director"}, True),
)
"""What a release before took of the proposer, and whether it may be accepted: where no approval is needed any more."""


def test_what_the_proposer_agreed_to_in_other_letters(filled: Database) -> None:
    """It stands, as it was taken before; the database refuses that anything is accepted on it."""
    held = update(placements).where(placements.c.id == "e" * 32)
    accepted = held.values(version=2, state="accepted", held_until=None)
    for given, may_go_on in IN_OTHER_LETTERS:
        with undone(filled) as writing:
            with _unguarded(writing):
                begin_held(writing, **given)
            if may_go_on:
                writing.execute(_decision(**OF_E))
                assert writing.execute(accepted).rowcount == 1
            else:
                assert_refuses(partial(writing.execute, accepted), ANOTHER)
