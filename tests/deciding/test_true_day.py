"""Children move in on a day of their own: every rule holds for that one, and nobody lives in two homes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete

from app.deciding.accepting import accept, accept_proposal
from app.deciding.desk import Why
from app.deciding.living import end, place
from app.deciding.seeing import show_proposal
from app.errors import PlacementError
from app.matching.codes import HomeKind, Judgement, KeepTogether
from app.matching.home import Home
from app.matching.referral import Child, ChildRef, HomeRef
from app.runs.working import run_now
from app.store import proposals
from app.store.placement_records import Placement, State
from app.store.policies import PolicyBook
from app.store.session import Database
from app.store.tables import referrals
from app.store.versions import Precondition
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral, some_terms
from tests.support.deciding import HERE, OFFICER, a_desk, do, held, moved_in, policies, told
from tests.support.nights import a_workplace, store, wanted

BY_NIGHT = "The duty team moved the child in late in the evening."


def _in(days: int) -> date:
    return AS_OF + timedelta(days=days)


def _of_16(days: int) -> date:
    """Born so that the 16th birthday is so many days from now."""
    then = _in(days)
    return then.replace(year=then.year - 16)


LODGINGS = a_home(ref=HomeRef("H7"), kind=HomeKind.SUPPORTED_LODGINGS, terms=some_terms(age_min=16))
OLDER = a_home(ref=HomeRef("H7"), terms=some_terms(age_min=16))
NEW = a_home(ref=HomeRef("H7"))

NOT_YET: dict[str, Callable[[int], tuple[Home, Child]]] = {
    "supported_accommodation_age": lambda days: (
        replace(LODGINGS, terms=some_terms()),
        a_child(ref="C7", date_of_birth=_of_16(days)),
    ),
    "age_range": lambda days: (OLDER, a_child(ref="C7", date_of_birth=_of_16(days))),
    "registered": lambda days: (replace(NEW, registered_from=_in(days)), a_child(ref="C7")),
}
"""A home and a child of whom a law is met so many days from now, and not before."""


def _accepted(database: Database, home: Home, *children: Child, needed_by: date = AS_OF) -> Placement:
    """What is accepted for these children, by whatever it takes."""
    store(database, [home], [a_referral(*children, ref="R7", needed_by=needed_by)])
    return do(database, accept, OFFICER, held(database, "R7", home.ref))


def _moves_in(database: Database, placement: Placement, day: date, today: date = AS_OF) -> Placement:
    """Told today, with why where it was before the acceptance."""
    wanted, why = Precondition(versions=frozenset({placement.version})), BY_NIGHT if day < AS_OF else None
    desk = a_desk(today)
    return database.transact(lambda w: place(w, desk, OFFICER, placement.id, wanted, day, None, why))


def _refused(database: Database, placement: Placement, day: date) -> tuple[str, str, str]:
    """The field, what is said, and what can be done."""
    with pytest.raises(PlacementError) as refusal:
        _moves_in(database, placement, day)
    (problem,) = refusal.value.problems
    return problem.field, problem.problem, problem.cure


@pytest.mark.parametrize("law", NOT_YET)
def test_children_who_come_before_the_day_for_which_they_were_judged(database: Database, law: str) -> None:
    """The law that is met on the planned day, and not yet today, keeps them out today; the look has told so."""
    home, child = NOT_YET[law](5)
    accepted = _accepted(database, home, child, needed_by=_in(7))
    assert f"rules.{law}" in told(database, accepted)
    field, said, cure = _refused(database, accepted, AS_OF)
    assert (field, str(AS_OF) in said, "It is law" in cure, "Check the day" in cure) == (f"rules.{law}", *3 * (True,))
    assert _moves_in(database, accepted, _in(5), today=_in(5)).state is State.PLACED


@pytest.mark.parametrize("law", NOT_YET)
def test_children_who_came_before_a_law_was_met(database: Database, law: str) -> None:
    """It is met today, and was not on the day on which a duty team moved them in: that is not recorded as if it was."""
    home, child = NOT_YET[law](-1)
    accepted = _accepted(database, home, child)
    assert told(database, accepted) == []
    field, said, cure = _refused(database, accepted, _in(-4))
    assert (field, str(_in(-4)) in said, "withdraw" in cure) == (f"rules.{law}", True, True)
    assert _moves_in(database, accepted, _in(-1)).moved_in_on == _in(-1)


def test_one_of_them_is_enough(lite: Database) -> None:
    """The elder is 16, the younger is not yet: neither moves in by what was accepted for both."""
    home, younger = NOT_YET["age_range"](5)
    accepted = _accepted(lite, home, younger, a_child(ref="C8", date_of_birth=_of_16(-90)), needed_by=_in(7))
    assert _refused(lite, accepted, AS_OF)[0] == "rules.age_range"


def test_by_what_a_run_proposed_nobody_comes_earlier_either(lite: Database) -> None:
    """It judged for the planned day too."""
    home, child = NOT_YET["registered"](5)
    store(lite, [home, replace(ONE_PLACE, places=0)], [a_referral(child, ref="R7", needed_by=_in(7))])
    run = run_now(a_workplace(lite), wanted())
    with lite.reading() as reading:
        (found,) = [one for one in proposals.of_run(reading, HERE, run.id) if one.proposal.referral == "R7"]
    seen = lite.transact(lambda w: show_proposal(w, a_desk(), OFFICER, found))
    assert seen is not None
    accepted = lite.transact(lambda w: accept_proposal(w, a_desk(), OFFICER, found.id, seen))
    assert _refused(lite, accepted, AS_OF)[0] == "rules.registered"


@pytest.mark.parametrize("law", NOT_YET)
def test_where_the_referral_is_gone_what_is_known_is_judged_for_that_day(database: Database, law: str) -> None:
    """How old they are stands with the place, and since when the home is registered with the home."""
    home, child = NOT_YET[law](-1)
    accepted = _accepted(database, home, child)
    database.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R7")))
    field, said, _ = _refused(database, accepted, _in(-4))
    assert (field, str(_in(-4)) in said) == (f"rules.{law}", True)
    assert _moves_in(database, accepted, _in(-1)).state is State.PLACED


def test_what_moving_in_answers_is_not_asked_of_the_day(lite: Database) -> None:
    """Whether there would be a vacancy, and when that was confirmed: they are there."""
    home = replace(NEW, available_from=_in(6), confirmed_on=AS_OF)
    accepted = _accepted(lite, home, a_child(ref="C7"), needed_by=_in(7))
    assert told(lite, accepted) == []
    assert _moves_in(lite, accepted, AS_OF).state is State.PLACED


def test_the_councils_rules_of_today_are_asked_of_that_day(lite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was decided by them; those that were in effect when the children came, nobody could override any more."""
    before = policies().pick(None, AS_OF)
    rules = tuple(replace(one, enabled=one.enabled and one.rule.code != "ofsted_gateway") for one in before.rules)
    now = replace(before, version="now", sha256="1" * 64, effective_from=_in(-1), rules=rules)
    book = PolicyBook({before.version: before, now.version: now})
    monkeypatch.setattr("tests.support.deciding.policies", lambda: book)
    accepted = _accepted(lite, replace(NEW, judgement=Judgement.INADEQUATE), a_child(ref="C7"))
    assert _moves_in(lite, accepted, _in(-3)).state is State.PLACED


# ------------------------------------------------------------------------------------------- two homes, one place


def _ended(database: Database, placement: Placement, day: date = AS_OF) -> Placement:
    return do(database, end, OFFICER, placement, Why("CARPL"), ended_on=day, planned=True)


def _lived(database: Database, referral: str, home: str, day: date, until: date) -> Placement:
    """Somebody who lived there by a placement."""
    accepted = do(database, accept, OFFICER, held(database, referral, home))
    return _ended(database, _moves_in(database, accepted, day), until)


def test_a_child_is_not_recorded_in_two_homes_on_one_day(database: Database) -> None:
    """The old home until today, the new one from today on, and from no day before."""
    old, new = a_home(ref=HomeRef("H7")), a_home(ref=HomeRef("H8"))
    child = a_referral(a_child(ref="C7"), ref="R7")
    store(database, [old, new], [child])
    lives = moved_in(database, held(database, "R7", old.ref))
    store(database, [], [replace(child, waiting_since=_in(1))])
    moving = do(database, accept, OFFICER, held(database, "R7", new.ref))
    _ended(database, lives)
    field, said, cure = _refused(database, moving, _in(-4))
    assert (field, lives.id in said, str(AS_OF) in said) == ("moved_in_on", True, True)
    assert (f"on {AS_OF} or later" in cure, "withdraw" in cure) == (True, True)
    assert _moves_in(database, moving, AS_OF).state is State.PLACED


def test_a_home_has_no_more_children_on_a_day_than_places(database: Database) -> None:
    """Its one place was another child's until yesterday: from then on it is this one's."""
    first = _lived(database, "R1", ONE_PLACE.ref, _in(-3), _in(-1))
    accepted = do(database, accept, OFFICER, held(database, "R2", ONE_PLACE.ref))
    for day in (-4, -2):
        field, said, cure = _refused(database, accepted, _in(day))
        assert (field, first.id in said, "1 places" in said) == ("moved_in_on", True, True)
        assert f"on {_in(-1)} or later" in cure
    assert _moves_in(database, accepted, _in(-1)).state is State.PLACED


def test_each_of_them_lived_there_until_an_end_of_their_own(database: Database) -> None:
    """A sister who left yesterday, and a brother who stays: her place is another's from then on, and so is she."""
    home, other = replace(FURTHER, places=2, location=ONE_PLACE.location), a_home(ref=HomeRef("H8"))
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R7", keep_together=KeepTogether.NOT_REQUIRED)
    store(database, [home, other], [both])
    accepted = do(database, accept, OFFICER, held(database, "R7", home.ref, children=["S1", "S2"]))
    lives = _moves_in(database, accepted, _in(-5))
    store(database, [], [replace(both, children=both.children[:1], waiting_since=AS_OF)])
    moving = do(database, accept, OFFICER, held(database, "R7", other.ref))
    do(database, end, OFFICER, lives, Why("CARPL"), ended_on=_in(-1), planned=True, children=[ChildRef("S1")])
    comes = do(database, accept, OFFICER, held(database, "R2", home.ref))
    for placement in (moving, comes):
        field, said, cure = _refused(database, placement, _in(-2))
        assert (field, lives.id in said, f"on {_in(-1)} or later" in cure) == ("moved_in_on", True, True)
        assert _moves_in(database, placement, _in(-1)).state is State.PLACED


def test_who_came_when_another_had_left_takes_no_third_place(lite: Database) -> None:
    """Of two places one was this child's all the while, the other that of two others one after the other."""
    home = replace(FURTHER, places=2, location=ONE_PLACE.location)
    third = a_referral(a_child(ref="C7"), ref="R7")
    store(lite, [home], [third])
    _lived(lite, "R1", home.ref, _in(-5), _in(-3))
    _lived(lite, "R2", home.ref, _in(-3), _in(-1))
    accepted = do(lite, accept, OFFICER, held(lite, "R7", home.ref))
    assert _moves_in(lite, accepted, _in(-4)).state is State.PLACED


def test_who_left_since_was_there_on_the_day(database: Database) -> None:
    """From whom a child must live apart: two places or not, they were in one home."""
    home = replace(FURTHER, location=ONE_PLACE.location)
    kept_apart = a_child(ref="C7", live_apart_from=frozenset({ChildRef("C1")}))
    store(database, [home], [a_referral(kept_apart, ref="R7")])
    _lived(database, "R1", home.ref, _in(-3), _in(-1))
    accepted = do(database, accept, OFFICER, held(database, "R7", home.ref))
    assert _refused(database, accepted, _in(-2))[0] == "rules.live_apart"
    assert _moves_in(database, accepted, _in(-1)).state is State.PLACED
