"""A place is held for one party, and for nobody else, whatever anybody believes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.access.principal import Kind, Principal, Role
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.errors import ChildBeingPlaced, FactsChanged, Invalid, NotPermitted, NotSeen, PersonNeeded, RulesNotMet
from app.matching.referral import ReferralRef
from app.store import load, save
from app.store.placement_records import State
from app.store.session import Database
from tests.deciding.conftest import FURTHER, ONE_PLACE, OTHER_REFERRAL, REFERRAL
from tests.support.builders import NOTTINGHAM, a_child, a_home, a_referral, some_terms
from tests.support.deciding import (
    ANYTHING,
    APPROVER,
    BECAUSE,
    CASE_SYSTEM,
    COLLEAGUE,
    OFFICER,
    a_choice,
    a_desk,
    held,
    live_claims,
    see,
    states,
)
from tests.support.nights import store


def test_a_hold_takes_a_place(database: Database) -> None:
    """Held from the shortlist's first: version 1, a place claimed, a time at which it ends."""
    placement = held(database, "R1", ONE_PLACE.ref)
    assert (placement.state, placement.version, placement.rank) == (State.HELD, 1, 1)
    assert placement.held_until is not None
    assert placement.held_until - placement.made_at == timedelta(hours=24)
    assert live_claims(database) == 1
    assert states(database) == [State.HELD]


def test_a_place_that_is_held_is_gone(database: Database) -> None:
    """Who looked before the hold is told which rule is not met any more; who looks after it does not find the home."""
    seen = see(database, "R2")
    held(database, "R1", ONE_PLACE.ref)
    with pytest.raises(FactsChanged) as told:
        database.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R2", ONE_PLACE.ref)))
    assert [problem.field for problem in told.value.problems] == ["home.residents", "rules.usable_places"]
    with pytest.raises(NotSeen):
        held(database, "R2", ONE_PLACE.ref)
    assert live_claims(database) == 1


def test_a_child_is_pursued_once(database: Database) -> None:
    """A child with a place is not given another, though both were on the list that was seen."""
    seen = see(database, "R1")
    held(database, "R1", ONE_PLACE.ref)
    with pytest.raises(ChildBeingPlaced):
        database.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R1", FURTHER.ref, why=BECAUSE)))


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        (CASE_SYSTEM, PersonNeeded),
        (replace(APPROVER, roles=frozenset({Role.COMMISSIONER, Role.AUDITOR, Role.ADMIN})), NotPermitted),
        (COLLEAGUE, NotSeen),
        (Principal("all", Kind.SYSTEM, NOTTINGHAM, frozenset(Role)), PersonNeeded),
    ],
)
def test_who_may_not_hold(lite: Database, who: Principal, refused: type[Exception]) -> None:
    """Neither a system, nor another role, nor an officer who looked at nothing."""
    seen = see(lite, "R1")
    with pytest.raises(refused):
        lite.transact(lambda w: hold(w, a_desk(), who, a_choice(seen, "R1", ONE_PLACE.ref)))
    assert states(lite) == []


def test_what_was_not_shown_cannot_be_held(lite: Database) -> None:
    """Another referral, a home that is not on the list, and no list at all."""
    seen = see(lite, "R1")
    for choice in (
        a_choice(seen, "R2", ONE_PLACE.ref),
        a_choice(seen, "R1", "H9"),
        a_choice("f" * 32, "R1", ONE_PLACE.ref),
        a_choice(seen, "R1", ONE_PLACE.ref, ["C2"]),
    ):
        with pytest.raises(NotSeen):
            lite.transact(lambda w, choice=choice: hold(w, a_desk(), OFFICER, choice))


@pytest.mark.parametrize(
    "why",
    [Why(), Why("school"), Why("other", "too short"), Why("CARPL", "Not a code of this list."), Why(None, "No code.")],
)
def test_another_than_the_first_needs_a_reason(lite: Database, why: Why) -> None:
    """The second of the list takes a code of the list and words beside it."""
    seen = see(lite, "R1")
    with pytest.raises(Invalid):
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R1", FURTHER.ref, why=why)))
    placement = held(lite, "R1", FURTHER.ref)
    assert (placement.rank, placement.reason_code) == (2, "local_intelligence")


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        (lambda: replace(REFERRAL, waiting_since=REFERRAL.needed_by), "referral", "v1 to v2"),
        (lambda: replace(ONE_PLACE, weekly_fee_pence={}), "home", "v1 to v2"),
    ],
)
def test_a_record_that_changed(lite: Database, change: object, field: str, said: str) -> None:
    """Referral or home was stored anew since it was shown: refused, saying from which version to which."""
    seen = see(lite, "R1")
    new = change()  # type: ignore[operator]
    store(lite, *([], [new]) if field == "referral" else ([new], []))
    with pytest.raises(FactsChanged) as told:
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R1", ONE_PLACE.ref)))
    assert [problem.field for problem in told.value.problems] == [field]
    assert said in told.value.problems[0].problem


@pytest.mark.parametrize("field", ["referral", "home"])
def test_a_record_that_is_gone(lite: Database, field: str) -> None:
    """Referral withdrawn or home taken away since they were shown."""
    seen = see(lite, "R1")
    if field == "home":
        lite.transact(lambda w: save.remove_home(w, NOTTINGHAM, ONE_PLACE.ref, ANYTHING))
    else:
        lite.transact(lambda w: save.remove_referral(w, NOTTINGHAM, REFERRAL.ref, ANYTHING))
    with pytest.raises(FactsChanged) as told:
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R1", ONE_PLACE.ref)))
    assert [problem.field for problem in told.value.problems] == [field]


def test_a_policy_that_changed(lite: Database) -> None:
    """A policy of the same version with another text is another policy."""
    seen, desk = see(lite, "R1"), a_desk()
    book = {name: replace(policy, sha256="f" * 64) for name, policy in desk.policies.policies.items()}
    desk = replace(desk, policies=replace(desk.policies, policies=book))
    with pytest.raises(FactsChanged) as told:
        lite.transact(lambda w: hold(w, desk, OFFICER, a_choice(seen, "R1", ONE_PLACE.ref)))
    assert [problem.field for problem in told.value.problems] == ["policy"]


@pytest.mark.parametrize("hours", [0, -1, 14 * 24 + 1])
def test_how_long_a_hold_lasts(lite: Database, hours: int) -> None:
    """Not for no time, and not for longer than two weeks."""
    choice = a_choice(see(lite, "R1"), "R1", ONE_PLACE.ref, lasts=timedelta(hours=hours))
    with pytest.raises(Invalid):
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, choice))


def test_a_rule_of_the_policy_is_overridden(lite: Database) -> None:
    """It takes the codes of the very rules, and a reason; rules of law stay where they are."""
    young = a_home(ref="H3", terms=some_terms(age_max=5))
    gone = replace(ONE_PLACE, available_from=REFERRAL.needed_by + timedelta(days=30))
    store(lite, [young, gone, replace(FURTHER, places=0)])
    seen = see(lite, "R1")
    plain = a_choice(seen, "R1", gone.ref, why=BECAUSE)
    with pytest.raises(RulesNotMet) as told:
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, plain))
    assert [problem.field for problem in told.value.problems] == ["rules.available_by"]
    override = replace(plain, override=("available_by",))
    with pytest.raises(Invalid):
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, replace(override, why=Why())))
    placement = lite.transact(lambda w: hold(w, a_desk(), OFFICER, override))
    assert placement.overridden == ("available_by",)
    with pytest.raises(NotSeen):  # a home out by law is never among what may be chosen
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R1", "H3", why=BECAUSE)))


def test_a_group_and_a_part_of_it(database: Database) -> None:
    """Who is held is who was named; those left are still looked for, with their sibling told to them."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R3", keep_together="preferred")
    store(database, [replace(FURTHER, places=1)], [replace(both, keep_together=REFERRAL.keep_together)])
    seen = see(database, "R3")
    part = a_choice(seen, "R3", ONE_PLACE.ref, ["S1"], why=BECAUSE)
    placement = database.transact(lambda w: hold(w, a_desk(), OFFICER, part))
    assert placement.children == ("S1",)
    with database.reading() as reading:
        assert load.referral(reading, NOTTINGHAM, ReferralRef("R3")) is not None
    rest = a_choice(seen, "R3", FURTHER.ref, ["S2"], why=BECAUSE)
    assert database.transact(lambda w: hold(w, a_desk(), OFFICER, rest)).children == ("S2",)
    assert live_claims(database) == 2


def test_two_children_need_two_places(database: Database) -> None:
    """Brothers and sisters held together take a place each."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R3")
    store(database, [a_home(ref="H3", places=2)], [both])
    placement = held(database, "R3", "H3")
    assert set(placement.children) == {"S1", "S2"}
    assert live_claims(database) == 2
    with pytest.raises(NotSeen):
        held(database, OTHER_REFERRAL.ref, "H3")
