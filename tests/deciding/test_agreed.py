"""What an agreement holds for: the facts that it was given for, and no fewer because a day has passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.deciding.accepting import accept
from app.deciding.agreeing import approve, second
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.living import place
from app.errors import ApprovalMissing, FactsChanged, NotSeen, SecondMissing, StepNotOpen
from app.geo.grid import Location
from app.matching.approval import Approval
from app.matching.codes import Answer, Package
from app.store import migrate
from app.store.placement_records import Placement, State
from app.store.session import Database
from app.store.versions import Precondition
from tests.deciding.conftest import FURTHER, ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, NOTTINGHAM, a_child
from tests.support.deciding import APPROVER, DIRECTOR, OFFICER, a_desk, do, held, look_at, now, told
from tests.support.nights import store

LATER = AS_OF + timedelta(days=1)
FREE_LATE = replace(ONE_PLACE, available_from=AS_OF + timedelta(days=30))


def _on(database: Database, day: date, step: Callable[..., Any], placement: Placement, *given: Any) -> Placement:
    """The officer takes a step on another day."""
    wanted = Precondition(versions=frozenset({placement.version}))
    found: Placement = database.transact(lambda w: step(w, a_desk(day), OFFICER, placement.id, wanted, *given))
    return found


def _seconded(database: Database) -> Placement:
    store(database, [FREE_LATE, replace(FURTHER, places=0)])
    first = held(database, "R1", FREE_LATE.ref, override=("available_by",))
    return do(database, second, APPROVER, first, look_at(database, first, APPROVER))


def _approved(database: Database) -> Placement:
    first = held(database, "R1", FURTHER.ref)
    return do(database, approve, DIRECTOR, first, Approval.DIRECTOR, look_at(database, first, DIRECTOR))


def test_a_day_that_passes_changes_nothing(database: Database) -> None:
    """Of what a rule found days are counted; the second person need not agree each morning anew."""
    seconded = _seconded(database)
    store(database, [replace(FREE_LATE, confirmed_on=LATER)])
    seen = look_at(database, seconded, OFFICER, LATER)
    assert _on(database, LATER, accept, seconded, seen).second_by == APPROVER.subject


def test_a_reason_that_is_gone_asks_nobody(database: Database) -> None:
    """Key Stage 4 calls for no approval once the child is not in it; the one that was given for more still holds."""
    child = a_child(ref="C1", key_stage_4=Answer.YES)
    store(database, [], [replace(REFERRAL, children=(child,), needed_by=LATER)])
    approved = _approved(database)
    assert len(approved.approval_because) == 2
    store(database, [replace(FURTHER, confirmed_on=LATER)], [replace(REFERRAL, needed_by=LATER)])
    accepted = _on(database, LATER, accept, approved, look_at(database, approved, OFFICER, LATER))
    assert len(accepted.approval_because) == 1
    assert _on(database, LATER, place, accepted, LATER).moved_in_on == LATER


BY_NIGHT = "The duty team moved the child in on Saturday night."

IN_KEY_STAGE_4 = replace(REFERRAL, children=(a_child(ref="C1", key_stage_4=Answer.YES, school=None),))


@pytest.mark.parametrize("days", [0, 3, 20])
def test_a_planned_move_that_is_late_needs_its_approval(database: Database, days: int) -> None:
    """Held while there was time: the day on which it was needed comes and goes, and it is approved all the same."""
    store(database, [], [replace(IN_KEY_STAGE_4, needed_by=AS_OF + timedelta(days=3))])
    first = held(database, "R1", ONE_PLACE.ref)
    assert first.approval_needed is Approval.NOMINATED_OFFICER
    day = AS_OF + timedelta(days=3 + days)
    store(database, [replace(ONE_PLACE, confirmed_on=day)])
    with pytest.raises(ApprovalMissing):
        _on(database, day, accept, first, look_at(database, first, OFFICER, day))


def test_what_was_accepted_in_an_emergency_is_told_when_there_is_time(database: Database) -> None:
    """Nobody approves on Tuesday what had to be on Saturday, and was; what is made on Tuesday is no emergency."""
    store(database, [], [replace(IN_KEY_STAGE_4, needed_by=AS_OF, waiting_since=AS_OF)])
    first = held(database, "R1", ONE_PLACE.ref)
    assert first.approval_needed is Approval.NONE
    accepted = do(database, accept, OFFICER, first)
    tuesday = AS_OF + timedelta(days=3)
    store(database, [replace(ONE_PLACE, confirmed_on=tuesday)])
    seen = look_at(database, accepted, OFFICER, tuesday)
    with pytest.raises(ApprovalMissing):
        _on(database, tuesday, place, accepted, tuesday, seen)
    assert _on(database, tuesday, place, accepted, AS_OF, seen, BY_NIGHT).moved_in_on == AS_OF


def test_what_was_agreed_to_anew_is_not_lost(database: Database, address: str) -> None:
    """A layout that cannot hold it is not gone back to: it is said why, and everything is as it was."""
    first = _seconded(database)
    accepted = do(database, accept, OFFICER, first, look_at(database, first))
    store(database, [replace(FREE_LATE, available_from=AS_OF + timedelta(days=40))])
    anew = do(database, second, APPROVER, accepted, look_at(database, accepted, APPROVER))
    owner = Database.open(address)
    with pytest.raises(RuntimeError, match="seconded or approved anew"):
        migrate.downgrade(owner, "0010")
    migrate.check(owner)
    owner.close()
    assert do(database, withdraw, OFFICER, anew, Why("PLANS")).state is State.WITHDRAWN


def test_a_rule_that_is_met_now_asks_nobody(lite: Database) -> None:
    """What was overridden is not in the way any more: nothing is left to agree to."""
    seconded = _seconded(lite)
    store(lite, [replace(FREE_LATE, available_from=None)])
    assert told(lite, seconded) == ["home", "home.vacancy"]
    assert do(lite, accept, OFFICER, seconded, look_at(lite, seconded)).overridden == ("available_by",)


def test_a_rule_that_found_something_else(lite: Database) -> None:
    """Free later still than the second person was told."""
    seconded = _seconded(lite)
    store(lite, [replace(FREE_LATE, available_from=AS_OF + timedelta(days=300))])
    assert told(lite, seconded) == ["home", "home.vacancy", "second.rules"]
    with pytest.raises(SecondMissing):
        do(lite, accept, OFFICER, seconded, look_at(lite, seconded))


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"weekly_fee_pence": {Package.CORE: 1_234_500}}, ["home.fees", "approve.weekly_fee"]),
        ({"urn": "SC000002"}, ["home.kind", "approve.home"]),
        ({"name": "Another name", "pets": Answer.YES}, ["home.name", "home.pets"]),
    ],
)
def test_what_an_approval_is_for(lite: Database, change: dict[str, Any], fields: list[str]) -> None:
    """Another house or another fee; not another name."""
    approved = _approved(lite)
    store(lite, [replace(FURTHER, **change)])
    assert told(lite, approved) == ["home", *fields]
    if any(field.startswith("approve.") for field in fields):
        with pytest.raises(ApprovalMissing):
            do(lite, accept, OFFICER, approved, look_at(lite, approved))
    else:
        assert do(lite, accept, OFFICER, approved, look_at(lite, approved)).approved_by == DIRECTOR.subject


def test_the_family_moves(lite: Database) -> None:
    """The distance that was approved is another one."""
    home = replace(FURTHER, location=Location(435400, 336200, "E06000015"))
    store(lite, [home])
    first = held(lite, "R1", home.ref)
    level = first.approval_needed
    approved = do(lite, approve, DIRECTOR, first, level, look_at(lite, first, DIRECTOR))
    store(lite, [], [replace(REFERRAL, family_home=Location(455000, 345000, NOTTINGHAM))])
    assert told(lite, approved) == ["referral", "referral.family_home", "approve.distance"]


def test_an_approval_that_was_not_needed_when_it_was_accepted(database: Database) -> None:
    """The home moves away after the acceptance: nobody moves in, and what to do is said."""
    accepted = do(database, accept, OFFICER, held(database, "R1", ONE_PLACE.ref))
    store(database, [replace(ONE_PLACE, location=None)])
    assert told(database, accepted) == ["accept.home", "accept.distance", "accept.approval", "home.location"]
    seen = look_at(database, accepted)
    with pytest.raises(ApprovalMissing) as refused:
        do(database, place, OFFICER, accepted, AS_OF, seen)
    assert refused.value.problems[0].cure == "It must be approved by: director_of_childrens_services."
    with pytest.raises(ApprovalMissing):
        do(database, place, OFFICER, accepted, AS_OF)
    approved = do(database, approve, DIRECTOR, accepted, Approval.DIRECTOR, look_at(database, accepted, DIRECTOR))
    assert (approved.state, approved.approval_needed) == (State.ACCEPTED, Approval.DIRECTOR)
    with pytest.raises(FactsChanged):
        do(database, place, OFFICER, approved, AS_OF)
    assert do(database, place, OFFICER, approved, AS_OF, look_at(database, approved)).moved_in_on == AS_OF


def test_a_look_of_ones_own(lite: Database) -> None:
    """What somebody else saw, or another placement, is no look at this one."""
    first, other = held(lite, "R1", FURTHER.ref), held(lite, "R2", ONE_PLACE.ref)
    for seen in (look_at(lite, first), look_at(lite, other, DIRECTOR), "0" * 32):
        with pytest.raises(NotSeen):
            do(lite, approve, DIRECTOR, first, Approval.DIRECTOR, seen)
    seen = look_at(lite, first, DIRECTOR)
    store(lite, [replace(FURTHER, pets=Answer.YES)])
    with pytest.raises(FactsChanged):
        do(lite, approve, DIRECTOR, now(lite, first), Approval.DIRECTOR, seen)


def test_a_corrected_record_that_calls_for_less(lite: Database) -> None:
    """The child is not in Key Stage 4 after all: the approval that was given for more still holds."""
    child = a_child(ref="C1", key_stage_4=Answer.YES)
    store(lite, [], [replace(REFERRAL, children=(child,), needed_by=LATER)])
    approved = _approved(lite)
    store(lite, [], [replace(REFERRAL, children=(replace(child, key_stage_4=Answer.NO),), needed_by=LATER)])
    assert told(lite, approved) == ["referral", "children.school"]
    assert len(do(lite, accept, OFFICER, approved, look_at(lite, approved)).approval_because) == 1


def test_moving_in_answers_whether_there_is_a_vacancy(lite: Database) -> None:
    """Weeks later nobody has confirmed the vacancy again, and the home is said to be free much later."""
    accepted = do(lite, accept, OFFICER, held(lite, "R1", ONE_PLACE.ref))
    store(lite, [replace(ONE_PLACE, available_from=AS_OF + timedelta(days=300))])
    weeks_later = AS_OF + timedelta(days=60)
    assert _on(lite, weeks_later, place, accepted, weeks_later).moved_in_on == weeks_later


def test_moving_in_answers_that_nobody_knows_of_a_vacancy(lite: Database) -> None:
    """When it will be free, and whether that was confirmed, is not known any more: nobody is asked to look for that."""
    accepted = do(lite, accept, OFFICER, held(lite, "R1", ONE_PLACE.ref))
    store(lite, [replace(ONE_PLACE, available_from=None, confirmed_on=None)])
    assert told(lite, accepted) == []
    assert do(lite, place, OFFICER, accepted, AS_OF).moved_in_on == AS_OF


def test_an_approval_that_holds_is_not_given_twice(lite: Database) -> None:
    """Once it is accepted, nobody puts their name in the place of whoever approved it, before anything has fallen."""
    accepted = do(lite, accept, OFFICER, _approved(lite))
    with pytest.raises(StepNotOpen):
        do(lite, approve, DIRECTOR, accepted, Approval.DIRECTOR, look_at(lite, accepted, DIRECTOR))
    assert now(lite, accepted) == accepted
    store(lite, [replace(FURTHER, weekly_fee_pence={Package.CORE: 1_234_500})])
    again = do(lite, approve, DIRECTOR, accepted, Approval.DIRECTOR, look_at(lite, accepted, DIRECTOR))
    assert again.version == accepted.version + 1
