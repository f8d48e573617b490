"""What is kept of a placement so that a change can be named: all of it, each under one name, none of it readable."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import numpy as np
import orjson
import pytest
from sqlalchemy import delete

from app.access.principal import Kind as KindOfCaller
from app.access.principal import Principal, Role
from app.deciding import cures, facts, kept
from app.deciding.accepting import accept
from app.deciding.agreed import ABOUT_COMPANY
from app.deciding.agreeing import approve, second
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.life import steps_open_to
from app.deciding.living import place
from app.errors import AnotherPersonNeeded, FactsChanged
from app.matching.approval import Approval
from app.matching.codes import Risk, Vulnerability
from app.matching.explain import Outcome, explain
from app.matching.home import Home, Resident
from app.matching.living_apart import with_known
from app.matching.referral import Child, ChildRef, HomeRef, PlacedSibling, Referral
from app.store import seen
from app.store.placement_records import Step
from app.store.session import Database
from app.store.tables import referrals
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.answers import answers, question
from tests.support.builders import AS_OF, a_child, a_referral, a_resident, risks
from tests.support.chance import Chance
from tests.support.deciding import APPROVER, DIRECTOR, HERE, OFFICER, a_choice, a_desk, do, held, look_at, see, told
from tests.support.nights import store
from tests.support.policies import random_policy
from tests.support.random_homes import random_resident
from tests.support.worlds import World, random_world

OF_RECORDS: tuple[tuple[type[Any], tuple[kept.Kind, ...], tuple[str, ...]], ...] = (
    (Home, kept.HOME, ()),
    (Referral, kept.REFERRAL, kept.OF_THE_PARTY),
    (Child, kept.CHILDREN, ()),
)


@pytest.mark.parametrize(("record", "kinds", "apart"), OF_RECORDS)
def test_every_field_has_its_name(record: type[Any], kinds: tuple[kept.Kind, ...], apart: tuple[str, ...]) -> None:
    """Each field of a record stands under one kind of fact; whoever adds one says under which."""
    named = Counter([name for kind in kinds for name in kind.fields] + list(apart))
    assert named == Counter(field.name for field in fields(record))
    assert len({kind.name for kind in kinds}) == len({kind.words for kind in kinds}) == len(kinds)


# ------------------------------------------------------------------------------------------------ one change, one name


def _was_so(world: World, day: date = AS_OF, salt: str = "a") -> dict[str, Any]:
    """What is kept of the first party and the first home of a world."""
    asked = question(world, random_policy(Random(1)))
    (found,) = explain(asked, 0, np.array([asked.pool.row_of[world.homes[0].ref]]))
    referral = world.referrals[0]
    return kept.was_so(salt, day, world.homes[0], referral, referral.children, found)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_another_is_told_and_nothing_else(seed: int) -> None:
    """Any field of home, referral or child taken from another of its kind: its name is told, exactly if it differs."""
    rng = Random(seed)
    world, other = random_world(rng, 1, 1), random_world(rng, 1, 1)
    home, referral = world.homes[0], world.referrals[0]
    then = _was_so(world)
    for which, kinds in (("home", kept.HOME), ("referral", kept.REFERRAL), ("children", kept.CHILDREN)):
        for kind in kinds:
            if kind.name == kept.SIBLINGS:
                continue  # other brothers and sisters are other children too
            took = [name for name in kind.fields if name != "ref"]
            mine, theirs = {
                "home": (home, other.homes[0]),
                "referral": (referral, other.referrals[0]),
                "children": (referral.children[0], other.referrals[0].children[0]),
            }[which]
            changed = _taken(mine, theirs, took)
            new = replace(world, homes=(changed,)) if which == "home" else world
            if which == "referral":
                new = replace(world, referrals=(changed,))
            if which == "children":
                people = (changed, *referral.children[1:])
                new = replace(world, referrals=(replace(referral, children=people),))
            told = [problem.field for problem in kept.changed_facts(then, _was_so(new), "")]
            assert told == ([f"{which}.{kind.name}"] if changed != mine else [])


def test_a_brother_who_is_to_come_along_is_told() -> None:
    """A child more in the referral changes no child of the party: it is told by a name of its own."""
    world = random_world(Random(3), 1, 1)
    referral = world.referrals[0]
    then = _was_so(world)
    (asked,) = explain(question(world, random_policy(Random(1))), 0, np.array([0]))
    more = replace(referral, children=(*referral.children, a_child(ref="MORE")))
    now_so = kept.was_so("a", AS_OF, world.homes[0], more, referral.children, asked)
    assert [problem.field for problem in kept.changed_facts(then, now_so, "")] == ["referral.siblings"]


def test_a_sister_who_moved_is_told_though_no_record_says_so_yet() -> None:
    """Where she lives by a placement, where that is another home than the child's record names; once it does, nothing.

    What was kept while nothing else was known than the record says, is the same as ever.
    """
    sister, there, gone_to = PlacedSibling(ChildRef("SISTER"), HomeRef("H1")), HomeRef("H1"), HomeRef("H2")
    child = a_child(placed_siblings=(sister,))
    world = replace(random_world(Random(3), 1, 1), referrals=(a_referral(child),))

    def known(record: Child, *homes: HomeRef) -> list[str]:
        (asked,) = with_known([a_referral(record)], {}, {record.ref: {sister.child: homes}} if homes else {})
        now_so = _was_so(replace(world, referrals=(replace(asked, ref=world.referrals[0].ref),)))
        return [problem.field for problem in kept.changed_facts(then, now_so, "")]

    then = _was_so(world)
    assert known(child) == known(child, there) == []
    assert known(child, gone_to) == known(child, there, gone_to) == ["children.living"]
    renewed = replace(child, placed_siblings=(replace(sister, home=gone_to),))
    then = _was_so(replace(world, referrals=(a_referral(renewed),)))
    assert known(renewed) == known(renewed, gone_to) == []


def _taken(record: Any, other: Any, names: list[str]) -> Any:
    return replace(record, **{name: getattr(other, name) for name in names})


@pytest.mark.parametrize("seed", range(10))
def test_nothing_can_be_read_and_nothing_compared(seed: int) -> None:
    """No reference, no date of a child, no name; and of the same facts another placement keeps other digests."""
    world = random_world(Random(seed), 1, 1)
    one, other = _was_so(world), _was_so(world, salt="b")
    told = orjson.dumps(one).decode()
    people = (*world.referrals[0].children, *world.homes[0].residents)
    for person in people:
        assert f'"{person.ref}"' not in told
        assert person.date_of_birth is None or person.date_of_birth.isoformat() not in told
    for name in ("home", "referral"):
        assert not set(one[name].values()) & set(other[name].values())
    assert one["rules"] == other["rules"]


def test_of_several_children_the_worst_counts() -> None:
    """A rule that is met for one child and not known for another is not known."""
    world = random_world(Random(3), 2, 4)
    asked = question(world, random_policy(Random(3)))
    for i in range(len(asked.parties.parties)):
        for found in explain(asked, i, np.arange(len(asked.pool.records))):
            for code, outcome in kept.outcomes(found.rules).items():
                said = {finding.outcome for finding in found.rules if finding.code == code}
                assert outcome is next(one for one in kept.WORST_FIRST if one in said)


@pytest.mark.parametrize("then", Outcome)
@pytest.mark.parametrize("is_now", Outcome)
def test_what_is_worse(then: Outcome, is_now: Outcome) -> None:
    """From met to not known to not met; never the other way, and never where nothing turned."""
    worth = {Outcome.NOT_MET: 0, Outcome.NOT_KNOWN: 1, Outcome.MET: 2, Outcome.OFF: 2}
    was, now_so = ({"rules": {"pets": str(one)}} for one in (then, is_now))
    told = kept.worse(was, now_so, "Look again.")
    assert bool(told) is (worth[is_now] < worth[then])
    assert not kept.worse(was, now_so, "Look again.", without=["pets"])


# ------------------------------------------------------------------------------------------------------------- company


def _others(rng: Random, home: Home, people: list[Child], as_of: date) -> Home:
    """The same home with other residents: nobody, others, or one of the children themselves."""
    chance = Chance(rng, 0.5)
    strangers = [random_resident(chance, ChildRef(f"stranger-{n}"), as_of) for n in range(rng.choice((0, 1, 2, 5)))]
    if people and rng.random() < 0.5:
        strangers = [replace(one, live_apart_from=frozenset({rng.choice(people).ref})) for one in strangers]
    if people and rng.random() < 0.2:
        strangers.append(Resident(rng.choice(people).ref, None))
    return replace(home, residents=tuple(strangers))


def test_which_rules_are_about_the_company() -> None:
    """Whoever else lives in a home turns these rules and no other: every rule is asked, with others living there."""
    turned: set[str] = set()
    for rng in map(Random, range(150)):
        world, policy = random_world(rng, 3, 6), random_policy(rng)
        people = [child for referral in world.referrals for child in referral.children]
        other = replace(world, homes=tuple(_others(rng, home, people, world.as_of) for home in world.homes))
        before, after = answers(world, policy), answers(other, policy)
        for key, (failed, not_known, _, _) in before.items():
            turned |= (failed ^ after[key][0]) | (not_known ^ after[key][1])
    assert turned == ABOUT_COMPANY


# ------------------------------------------------------------------------------------------------ steps that are left

EVERY = frozenset(Vulnerability)

DEPUTY = Principal("approver-2", KindOfCaller.PERSON, HERE, frozenset({Role.APPROVER}))


def test_who_seconded_once_never_accepts(database: Database) -> None:
    """Not even after somebody else seconded too; and neither is offered the step."""
    late = replace(ONE_PLACE, available_from=AS_OF + timedelta(days=30))
    store(database, [late, replace(FURTHER, places=0)])
    placement = held(database, "R1", late.ref, override=("available_by",))
    for who in (APPROVER, DEPUTY):
        placement = do(database, second, who, placement, look_at(database, placement, who))
    for who in (APPROVER, DEPUTY):
        with pytest.raises(AnotherPersonNeeded):
            do(database, accept, who, placement, look_at(database, placement, who))
        assert Step.ACCEPT not in steps_open_to(who, placement, {APPROVER.subject, DEPUTY.subject})
    assert do(database, accept, OFFICER, placement).second_by == DEPUTY.subject


def test_what_remains_where_nothing_can_be_judged(lite: Database) -> None:
    """The referral is gone, by whatever way: it is said that the placement can only be withdrawn."""
    placement = held(lite, "R1", ONE_PLACE.ref)
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R1")))
    with lite.reading() as reading:
        looked = facts.look(reading, a_desk(), placement)
    assert looked.facts is None
    assert [(problem.field, problem.cure) for problem in looked.changed] == [("referral", cures.WITHDRAW)]


def test_a_look_from_before_it_was_known_beside_whom(lite: Database) -> None:
    """Nobody knows who lived there then: the list is looked at again, and what it shows is held."""
    with lite.reading() as reading:
        shown = seen.get(reading, HERE, see(lite, "R1"))
    assert shown is not None
    old = replace(shown, id=seen.new_id(), inventory_seq=0)
    lite.transact(lambda w: seen.add(w, HERE, old))
    with pytest.raises(FactsChanged) as told:
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(old.id, "R1", ONE_PLACE.ref)))
    assert [problem.field for problem in told.value.problems] == ["home.residents"]
    assert held(lite, "R1", ONE_PLACE.ref).home == ONE_PLACE.ref


def test_who_was_there_at_the_look_and_is_gone(lite: Database) -> None:
    """To live alone is another thing than to live beside the one who was shown."""
    two = replace(ONE_PLACE, ref=HomeRef("H3"), places=2)
    store(lite, [two])
    other = held(lite, "R2", two.ref)
    choice = a_choice(see(lite, "R1"), "R1", two.ref)
    do(lite, withdraw, OFFICER, other, Why("NONEED"))
    with pytest.raises(FactsChanged) as changed:
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    assert [problem.field for problem in changed.value.problems] == ["home.residents"]


def test_an_approval_stands_whoever_comes(lite: Database) -> None:
    """The director approved the distance; that somebody else comes is for the second person alone to judge."""
    home = replace(FURTHER, places=4, residents=(a_resident(risks=risks(Risk.TO_OTHERS_PHYSICAL)),))
    child = a_child(ref="C8", vulnerabilities=EVERY)
    store(
        lite,
        [home, replace(ONE_PLACE, places=0)],
        [a_referral(child, ref="R8"), a_referral(a_child(ref="C7"), ref="R7")],
    )
    placement = held(lite, "R8", home.ref, override=("safe_from_residents",))
    placement = do(lite, second, APPROVER, placement, look_at(lite, placement, APPROVER))
    level = placement.approval_needed
    placement = do(lite, approve, DIRECTOR, placement, level, look_at(lite, placement, DIRECTOR))
    assert (level, told(lite, placement)) == (Approval.DIRECTOR, [])
    held(lite, "R7", home.ref)
    assert told(lite, placement) == ["home.residents", "second.company"]


def test_a_child_that_the_provider_lists_already(lite: Database) -> None:
    """It is nobody's company but its own: held beside itself and looked at again, nothing is another."""
    home = replace(ONE_PLACE, places=2, residents=(a_resident(ref="C1"),))
    store(lite, [home, replace(FURTHER, places=0)])
    placement = held(lite, "R1", home.ref, override=("new_home",))
    assert told(lite, placement) == []


def test_who_comes_after_the_acceptance_is_looked_at_before_the_move(lite: Database) -> None:
    """Nothing is known of who comes: no rule is broken, one is not known any more, and nobody moves in unseen."""
    two, vulnerable = replace(ONE_PLACE, ref=HomeRef("H3"), places=2), a_child(ref="C8", vulnerabilities=EVERY)
    store(lite, [two], [a_referral(vulnerable, ref="R8"), a_referral(a_child(ref="C7", risks={}), ref="R7")])
    accepted = do(lite, accept, OFFICER, held(lite, "R8", two.ref))
    assert told(lite, accepted) == []
    other = held(lite, "R7", two.ref)
    assert told(lite, accepted) == ["home.residents", "rules.safe_from_residents"]
    with pytest.raises(FactsChanged):
        do(lite, place, OFFICER, accepted, AS_OF)
    seen = look_at(lite, accepted)
    do(lite, withdraw, OFFICER, other, Why("NONEED"))
    assert told(lite, accepted) == []
    held(lite, "R7", two.ref)
    assert do(lite, place, OFFICER, accepted, AS_OF, seen_id=seen).moved_in_on == AS_OF
