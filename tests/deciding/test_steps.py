"""Every step after the hold: by whom, from where, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from app.deciding.accepting import accept
from app.deciding.agreeing import approve, second, send
from app.deciding.answering import decline, release, withdraw
from app.deciding.desk import Why
from app.deciding.expiring import expire_overdue, forget_unseen
from app.deciding.holding import accept_at_once, hold
from app.deciding.living import end, place
from app.errors import (
    AnotherPersonNeeded,
    ApprovalMissing,
    ChildBeingPlaced,
    DatabaseUnavailable,
    FactsChanged,
    HoldExpired,
    Invalid,
    NotDirector,
    PersonNeeded,
    StepNotOpen,
    VersionMismatch,
)
from app.matching.approval import Approval
from app.store import audit_tables, idempotency, load, outbox_tables, placements, save, seen
from app.store.clock import database_now
from app.store.follower import PoolFollower
from app.store.idempotency import Answer
from app.store.placement_records import Placement, State, Step
from app.store.placement_tables import decisions
from app.store.placement_tables import placements as placement_rows
from app.store.session import Database, Writing
from app.store.tables import idempotency_keys
from tests.deciding.conftest import FURTHER, ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, a_resident
from tests.support.deciding import (
    APPROVER,
    BECAUSE,
    CASE_SYSTEM,
    DIRECTOR,
    HERE,
    OFFICER,
    a_choice,
    a_desk,
    do,
    held,
    live_claims,
    look_at,
    now,
    overdue,
    see,
    states,
)
from tests.support.nights import store

GONE = Why("NONEED")
OVER = Why("CARPL")


def _placed(database: Database) -> Placement:
    accepted = do(database, accept, OFFICER, held(database, "R1", ONE_PLACE.ref))
    return do(database, place, OFFICER, accepted, AS_OF)


def test_a_life_in_order(database: Database) -> None:
    """Held, sent, accepted, placed, ended: the place is kept all the while and free afterwards."""
    sent = do(database, send, OFFICER, held(database, "R1", ONE_PLACE.ref))
    assert (sent.state, sent.version) == (State.SENT, 2)
    accepted = do(database, accept, OFFICER, sent)
    assert (accepted.state, accepted.held_until) == (State.ACCEPTED, None)
    placed = do(database, place, OFFICER, accepted, AS_OF)
    assert live_claims(database) == 1
    ended = do(database, end, CASE_SYSTEM, placed, OVER, ended_on=AS_OF, planned=False)
    assert (ended.end_reason, ended.end_planned, live_claims(database)) == ("CARPL", False, 0)
    assert now(database, placed) == ended
    with database.reading() as reading:
        found = placements.decided(reading, HERE, placed.id)
        recorded = reading.execute(select(func.count()).select_from(audit_tables.audit_entries)).scalar_one()
        told = reading.execute(select(func.count()).select_from(outbox_tables.messages)).scalar_one()
    assert [one.step for one in found] == [Step.HOLD, Step.SEND, Step.ACCEPT, Step.PLACE, Step.END]
    assert (found[0].text, found[0].actor_kind, found[-1].actor_kind) == (BECAUSE.words, "person", "system")
    assert (recorded, told) == (5, 5)


@pytest.mark.parametrize(
    ("step", "given"),
    [(decline, {"why": Why("NEEDS"), "by_provider": True}), (withdraw, {"why": GONE}), (release, {})],
)
def test_places_are_given_back(database: Database, step: Callable[..., Placement], given: dict[str, Any]) -> None:
    """Declined, withdrawn or released, the place is free for the next, and what was kept of the child is gone."""
    first = held(database, "R1", ONE_PLACE.ref)
    do(database, step, OFFICER, first, **given)
    assert live_claims(database) == 0
    assert held(database, "R2", ONE_PLACE.ref).state is State.HELD
    assert do(database, withdraw, OFFICER, held(database, "R1", FURTHER.ref), GONE).state is State.WITHDRAWN


def test_what_is_not_open(lite: Database) -> None:
    """No step but those of the table: an old version, a state that has passed, a reason that is none."""
    first = held(lite, "R1", ONE_PLACE.ref)
    for refused in (
        lambda: do(lite, place, OFFICER, first, AS_OF),
        lambda: do(lite, end, OFFICER, first, OVER, ended_on=AS_OF, planned=True),
        lambda: do(lite, second, APPROVER, first, look_at(lite, first, APPROVER)),
        lambda: do(lite, approve, DIRECTOR, first, Approval.DIRECTOR, look_at(lite, first, DIRECTOR)),
    ):
        with pytest.raises(StepNotOpen):
            refused()
    sent = do(lite, send, OFFICER, first)
    with pytest.raises(VersionMismatch):
        do(lite, accept, OFFICER, first)
    with pytest.raises(StepNotOpen):
        do(lite, release, OFFICER, sent)
    with pytest.raises(Invalid):
        do(lite, withdraw, OFFICER, sent, Why())
    with pytest.raises(Invalid):
        do(lite, decline, OFFICER, sent, Why("OTHER", "short"), by_provider=False)
    with pytest.raises(PersonNeeded):
        do(lite, decline, CASE_SYSTEM, sent, Why("NEEDS"), by_provider=False)
    with pytest.raises(Invalid):
        do(lite, send, OFFICER, sent, timedelta(days=15))


def test_days_that_are_still_to_come(lite: Database) -> None:
    """Nobody moves in or out tomorrow, nor out before they moved in."""
    accepted = do(lite, accept, OFFICER, held(lite, "R1", ONE_PLACE.ref))
    with pytest.raises(Invalid):
        do(lite, place, OFFICER, accepted, AS_OF + timedelta(days=1))
    placed = do(lite, place, OFFICER, accepted, AS_OF)
    for day in (AS_OF + timedelta(days=1), AS_OF - timedelta(days=1)):
        with pytest.raises(Invalid):
            do(lite, end, OFFICER, placed, OVER, ended_on=day, planned=True)


def test_approval_is_somebody_elses(database: Database) -> None:
    """Where a home's area is not known the director approves: not the proposer, not a lower level, and before."""
    first = held(database, "R1", FURTHER.ref)
    assert first.approval_needed is Approval.DIRECTOR
    with pytest.raises(ApprovalMissing):
        do(database, accept, OFFICER, first)
    with pytest.raises(Invalid):
        do(database, approve, APPROVER, first, Approval.NOMINATED_OFFICER, look_at(database, first, APPROVER))
    with pytest.raises(NotDirector):
        do(database, approve, APPROVER, first, Approval.DIRECTOR, look_at(database, first, APPROVER))
    proposer = replace(DIRECTOR, subject=OFFICER.subject)
    with pytest.raises(AnotherPersonNeeded):
        do(database, approve, proposer, first, Approval.DIRECTOR, look_at(database, first, proposer))
    approved = do(database, approve, DIRECTOR, first, Approval.DIRECTOR, look_at(database, first, DIRECTOR))
    assert do(database, accept, OFFICER, approved).approved_by == DIRECTOR.subject
    choice = a_choice(see(database, "R2"), "R2", FURTHER.ref, why=BECAUSE)
    with pytest.raises(ApprovalMissing):
        database.transact(lambda w: accept_at_once(w, a_desk(), OFFICER, choice))


def test_somebody_moved_in_meanwhile(database: Database) -> None:
    """The provider filled the place after the hold: the acceptance says that the home changed, and which rule."""
    first = held(database, "R1", ONE_PLACE.ref)
    store(database, [replace(ONE_PLACE, residents=(a_resident(),))])
    with pytest.raises(FactsChanged) as told:
        do(database, accept, OFFICER, first)
    said = ["home", "home.residents", "rules.usable_places"]
    assert [problem.field for problem in told.value.problems] == said


def test_a_provider_may_list_the_child_early(lite: Database) -> None:
    """A child who stands in the home's document already is not in its own way, and is counted once."""
    accepted = do(lite, accept, OFFICER, held(lite, "R1", ONE_PLACE.ref))
    store(lite, [replace(ONE_PLACE, residents=(a_resident(ref="C1"),))])
    do(lite, place, OFFICER, accepted, AS_OF)
    pool = PoolFollower(lite, HERE).pool()
    assert [resident.ref for resident in pool.record(ONE_PLACE.ref).residents] == ["C1"]


def test_a_child_who_moves(database: Database) -> None:
    """Placed, a child is looked for again once the referral is sent anew; in two homes it never lives."""
    placed = _placed(database)
    with pytest.raises(ChildBeingPlaced):
        held(database, "R1", FURTHER.ref)
    store(database, [], [replace(REFERRAL, waiting_since=AS_OF + timedelta(days=1))])
    moving = held(database, "R1", FURTHER.ref)
    moving = do(database, approve, DIRECTOR, moving, Approval.DIRECTOR, look_at(database, moving, DIRECTOR))
    accepted = do(database, accept, OFFICER, moving)
    with pytest.raises(ChildBeingPlaced):
        do(database, place, OFFICER, accepted, AS_OF)
    do(database, end, OFFICER, placed, OVER, ended_on=AS_OF, planned=True)
    assert do(database, place, OFFICER, accepted, AS_OF).state is State.PLACED
    assert live_claims(database) == 1


# ---------------------------------------------------------------------------------------------- what expires


def test_time_that_is_over(database: Database) -> None:
    """Over by the clock of the database: nothing can be done any more, the sweep ends it, and the place is free."""
    first, other = held(database, "R1", ONE_PLACE.ref), held(database, "R2", FURTHER.ref)
    overdue(database, first)
    for refused in (
        lambda: do(database, accept, OFFICER, first),
        lambda: do(database, send, OFFICER, first),
        lambda: do(database, withdraw, OFFICER, first, GONE),
    ):
        with pytest.raises(HoldExpired):
            refused()
    assert expire_overdue(database, HERE) == 1
    assert states(database) == [State.EXPIRED, State.HELD]
    assert expire_overdue(database, HERE) == 0
    assert live_claims(database) == 1
    with pytest.raises(StepNotOpen):
        do(database, accept, OFFICER, now(database, first))
    sent = do(database, send, OFFICER, other)
    overdue(database, sent)
    assert expire_overdue(database, HERE) == 1
    assert held(database, "R1", ONE_PLACE.ref).state is State.HELD


def test_the_update_itself_knows_what_is_over(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the look before it wrong, the statement that stores the step still refuses, either way."""
    first, other = held(database, "R1", ONE_PLACE.ref), held(database, "R2", FURTHER.ref)
    overdue(database, first)
    with monkeypatch.context() as patched:
        patched.setattr("app.deciding.steps.database_now", lambda _reading: first.made_at)
        with pytest.raises(HoldExpired):
            do(database, accept, OFFICER, first)
    monkeypatch.setattr("app.store.overdue.due", lambda *_all: [other.id])
    assert expire_overdue(database, HERE) == 0
    assert states(database) == [State.HELD, State.HELD]


# ---------------------------------------------------------------------------------- all of it, or none of it


@pytest.fixture
def failing(database: Database) -> Iterator[list[int]]:
    """Makes the statement of this number fail, counted from when the list is filled; empty: none does."""
    left: list[int] = []

    def before(*_all: Any) -> None:
        if left:
            left[0] -= 1
            if left[0] == 0:
                left.clear()
                raise OperationalError("", {}, Exception("the link is down"))

    event.listen(database.engine, "before_cursor_execute", before)
    yield left
    event.remove(database.engine, "before_cursor_execute", before)


COUNTED = (placement_rows, decisions, audit_tables.audit_entries, outbox_tables.messages, idempotency_keys)


def _counts(database: Database) -> list[int]:
    with database.reading() as reading:
        found = [reading.execute(select(func.count()).select_from(table)).scalar_one() for table in COUNTED]
        return [*found, load.inventory_seq(reading, HERE)]


def _until_it_works(database: Database, failing: list[int], work: Callable[[Writing], Placement]) -> int:
    """Let the first statement fail, then the second, and so on; how many there were."""

    def once(writing: Writing) -> None:
        assert idempotency.claim(writing, HERE, "key", b"same") is None
        work(writing)
        idempotency.settle(writing, HERE, "key", Answer(200, 1, b"{}"))

    for number in range(1, 100):
        before, claimed = _counts(database), live_claims(database)
        failing[:] = [number]
        try:
            database.transact(once)
        except DatabaseUnavailable:
            assert _counts(database) == before
            assert live_claims(database) == claimed
        else:
            failing.clear()
            return number - 1
    raise AssertionError("it never worked")


def test_a_hold_that_fails_half_way(database: Database, failing: list[int]) -> None:
    """Whichever statement fails, nothing at all has happened; then it works, once, with all that belongs to it."""
    choice = a_choice(see(database, "R1"), "R1", ONE_PLACE.ref)
    before = _counts(database)
    tried = _until_it_works(database, failing, lambda w: hold(w, a_desk(), OFFICER, choice))
    assert tried > 20
    assert [b - a for a, b in zip(before, _counts(database), strict=True)] == [1, 1, 1, 1, 1, 1]
    assert live_claims(database) == 1


def test_an_acceptance_that_fails_half_way(database: Database, failing: list[int]) -> None:
    """The same of an acceptance, and of the end of a hold."""
    first = held(database, "R1", ONE_PLACE.ref)
    before = _counts(database)
    wanted = save.Precondition(versions=frozenset({1}))
    tried = _until_it_works(database, failing, lambda w: accept(w, a_desk(), OFFICER, first.id, wanted))
    assert tried > 15
    assert [b - a for a, b in zip(before, _counts(database), strict=True)] == [0, 1, 1, 1, 1, 0]
    assert states(database) == [State.ACCEPTED]


def test_what_was_never_decided_on_is_forgotten(database: Database) -> None:
    """A month later what was shown goes, but for what a decision rests on."""
    placement, unused = held(database, "R1", ONE_PLACE.ref), see(database, "R2")
    assert forget_unseen(database, HERE) == 0
    with database.reading() as reading:
        old = seen.unused(reading, HERE, database_now(reading) + timedelta(days=1), 10)
    assert old == [unused]
    database.transact(lambda w: seen.forget(w, HERE, old))
    with database.reading() as reading:
        assert seen.get(reading, HERE, unused) is None
        assert seen.get(reading, HERE, str(placement.seen_id)) is not None


def test_a_decision_is_of_the_moment_of_its_step(database: Database) -> None:
    """To the thousandth of a second, and the same that stands with the placement: what came first is told by it."""

    def moments(placement: Placement) -> tuple[Any, Any]:
        mine = decisions.c.placement_id == placement.id, decisions.c.version == placement.version
        with database.reading() as reading:
            at = reading.execute(select(decisions.c.decided_at).where(*mine)).scalar_one()
        return at, now(database, placement).changed_at

    first = held(database, "R1", ONE_PLACE.ref)
    sent = do(database, send, OFFICER, first)
    accepted = do(database, accept, OFFICER, sent)
    assert moments(accepted)[0] == moments(accepted)[1] == accepted.changed_at
    with database.reading() as reading:
        told = reading.execute(select(decisions.c.decided_at).order_by(decisions.c.version)).scalars().all()
    assert told == [first.changed_at, sent.changed_at, accepted.changed_at]
