"""Whoever has a place is among those who live in a home, for everybody who is matched with it afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.deciding.accepting import accept
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.living import place
from app.errors import FactsChanged, HomeStillClaimed
from app.matching.batch import Night
from app.matching.codes import KeepTogether, LivingCompanions, Risk, RiskLevel, Vulnerability
from app.matching.home import Home, Resident
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef
from app.matching.why_not import why_not
from app.rematch.run import Outcome
from app.runs.working import run_now
from app.runs.workplace import night_for
from app.store import caseload, claims, load, proposals, save
from app.store.codec import decoder
from app.store.follower import PoolFollower
from app.store.run_records import ProposalStatus, RunOptions
from app.store.session import Database, Writing
from app.store.tables import homes
from app.store.versions import Precondition
from tests.deciding.conftest import FURTHER, ONE_PLACE, OTHER_REFERRAL, REFERRAL
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident, risks
from tests.support.deciding import ANYTHING, BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, moved_in, see
from tests.support.nights import a_workplace, solved_here, store, wanted


def _blocked(database: Database, referral: str, home: str) -> tuple[str, ...]:
    """Rules that keep a referral out of a home, as anybody would be told now."""
    desk = a_desk()
    with database.reading() as reading:
        stored = load.referral(reading, HERE, referral)  # type: ignore[arg-type]
    assert stored is not None
    pool = PoolFollower(database, HERE).pool()
    found = why_not(stored.record, HomeRef(home), pool, desk.policies.pick(None, AS_OF), AS_OF)
    return found.explanation.blocked_by


TWO_PLACES = a_home(ref="H3", places=2)


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        ({}, {}, None),
        ({"risks": risks(Risk.TO_OTHERS_SEXUAL)}, {"vulnerabilities": frozenset(Vulnerability)}, "safe_from_residents"),
        ({"vulnerabilities": frozenset(Vulnerability)}, {"risks": risks(Risk.TO_OTHERS_SEXUAL)}, "safe_for_residents"),
        ({"live_apart_from": frozenset({"C8"})}, {}, "live_apart"),
        ({}, {"live_apart_from": frozenset({"C7"})}, "live_apart"),
        ({"living_companions": LivingCompanions.SOLO}, {}, "living_companions"),
        ({}, {"living_companions": LivingCompanions.SOLO}, "living_companions"),
    ],
)
def test_both_ways(lite: Database, first: dict[str, Any], second: dict[str, Any], rule: str | None) -> None:
    """Risks, vulnerabilities, companions and whom to live apart from count from the hold on, from either side."""
    one, other = a_child(ref="C7", **first), a_child(ref="C8", **second)
    store(lite, [TWO_PLACES], [a_referral(one, ref="R7"), a_referral(other, ref="R8")])
    assert _blocked(lite, "R8", "H3") == ()
    placement = held(lite, "R7", "H3")
    assert _blocked(lite, "R8", "H3") == (() if rule is None else (rule,))
    do(lite, withdraw, OFFICER, placement, Why("NONEED"))
    assert _blocked(lite, "R8", "H3") == ()


def test_nobody_overrides_what_they_did_not_see(lite: Database) -> None:
    """A rule that somebody else's hold put in the way after the look is a change, though it was overridden ahead."""
    one = a_child(ref="C7", risks=risks(Risk.TO_OTHERS_SEXUAL))
    other = a_child(ref="C8", vulnerabilities=frozenset(Vulnerability))
    store(lite, [TWO_PLACES], [a_referral(one, ref="R7"), a_referral(other, ref="R8")])
    choice = a_choice(see(lite, "R8"), "R8", "H3", why=BECAUSE, override=("safe_from_residents",))
    held(lite, "R7", "H3")
    with pytest.raises(FactsChanged) as told:
        lite.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    assert [problem.field for problem in told.value.problems] == ["home.residents", "rules.safe_from_residents"]
    again = replace(choice, seen_id=see(lite, "R8"))
    placement = lite.transact(lambda w: hold(w, a_desk(), OFFICER, again))
    assert placement.overridden == ("safe_from_residents",)


def _children(*homes: str, database: Database) -> list[list[str]]:
    pool = PoolFollower(database, HERE).pool()
    return [sorted(resident.ref for resident in pool.record(HomeRef(home)).residents) for home in homes]


def test_the_follower_notices(database: Database) -> None:
    """A pool in memory follows holds and their end, as it follows homes; documents and versions stay as they are."""
    follower = PoolFollower(database, HERE)
    assert follower.pool().record(ONE_PLACE.ref).residents == ()
    placement = held(database, "R1", ONE_PLACE.ref)
    _, pool, versions = follower.at()
    assert [resident.ref for resident in pool.record(ONE_PLACE.ref).residents] == ["C1"]
    assert (pool.living_at["C1"], versions[ONE_PLACE.ref]) == (frozenset({ONE_PLACE.ref}), 1)
    with database.reading() as reading:
        assert load.home(reading, HERE, ONE_PLACE.ref) == load.StoredHome(ONE_PLACE, 1)
        page = load.homes_page(reading, HERE, "", 10).documents
        assert [decoder(Home)(stored.written) for stored in page] == [ONE_PLACE, FURTHER]
    assert database.transact(lambda w: save.import_homes(w, HERE, [ONE_PLACE])).unchanged == 1
    do(database, withdraw, OFFICER, placement, Why("NONEED"))
    assert follower.pool().record(ONE_PLACE.ref).residents == ()
    database.transact(lambda w: save.remove_home(w, HERE, FURTHER.ref, ANYTHING))
    assert follower.at().versions == {ONE_PLACE.ref: 1}


# ------------------------------------------------------------------------------------------------- and runs


def _night(database: Database) -> Night:
    return night_for(a_workplace(database), RunOptions(), AS_OF)


def test_who_has_a_place_is_not_put_forward(database: Database) -> None:
    """Held, accepted or placed a child is in no night, and is counted once, where it will live."""
    database.transact(lambda w: caseload.save_placed(w, HERE, Placed(ChildRef("C1")), Precondition()))
    assert [referral.ref for referral in _night(database).referrals] == ["R1", "R2"]
    placement = held(database, "R1", ONE_PLACE.ref)
    night = _night(database)
    assert [referral.ref for referral in night.referrals] == ["R2"]
    assert (night.local_placed, night.total_placed, night.under_way) == (1, 1, {"C1"})
    placed = do(database, place, OFFICER, do(database, accept, OFFICER, placement), AS_OF)
    assert [referral.ref for referral in _night(database).referrals] == ["R2"]
    # The case system tells of the move: the child is in the caseload, then in the home's document, then no referral.
    at_home = Placed(ChildRef("C1"), home=ONE_PLACE.ref)
    database.transact(lambda w: caseload.save_placed(w, HERE, at_home, ANYTHING))
    store(database, [replace(ONE_PLACE, residents=(a_resident(ref=ChildRef("C1")),))])
    database.transact(lambda w: save.remove_referral(w, HERE, REFERRAL.ref, ANYTHING))
    night = _night(database)
    assert (night.local_placed, night.total_placed) == (1, 1)
    assert _children(ONE_PLACE.ref, database=database) == [["C1"]]
    assert placed.home == ONE_PLACE.ref


def test_those_left_are_put_forward_beside_their_sibling(database: Database) -> None:
    """Of a group of which one has a place the other is looked for, and knows where the sibling will live."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R3", keep_together=KeepTogether.NOT_REQUIRED)
    store(database, [replace(ONE_PLACE, places=1), replace(FURTHER, places=1)], [both])
    held(database, "R3", ONE_PLACE.ref, children=["S1"])
    (left,) = [referral for referral in _night(database).referrals if referral.ref == "R3"]
    (child,) = left.children
    assert (child.ref, [(s.child, s.home) for s in child.placed_siblings]) == ("S2", [("S1", ONE_PLACE.ref)])


def _run_meanwhile(database: Database, change: Callable[[], object]) -> dict[str, tuple[ProposalStatus, str | None]]:
    """A run during whose work something is decided; what became of the proposal for each child."""

    def meanwhile(night: Night, *rest: Any, **more: Any) -> Outcome:
        found = solved_here(night, *rest, **more)
        change()
        return found

    run = run_now(a_workplace(database, meanwhile), wanted())
    with database.reading() as reading:
        made = proposals.of_run(reading, HERE, run.id)
    return {child: (one.status, one.proposal.dropped_because) for one in made for child in one.proposal.children}


def test_the_officer_wins(database: Database) -> None:
    """A child who is given a place while the run works is dropped from it, and so is whoever was to go there."""
    store(database, [replace(FURTHER, places=0)])
    became = _run_meanwhile(database, lambda: held(database, "R1", ONE_PLACE.ref))
    dropped, stands = ProposalStatus.DROPPED, ProposalStatus.PROPOSED
    assert became in ({"C1": (dropped, "being_placed")}, {"C2": (dropped, "rules_not_met")})
    store(database, [replace(FURTHER, places=1), a_home(ref="H3", places=1)])
    assert _run_meanwhile(database, lambda: None) == {"C2": (stands, None)}


def test_the_share_of_those_under_way(lite: Database) -> None:
    """A child held at a home counts as placed there; by no way does the home go from under the place."""
    held(lite, OTHER_REFERRAL.ref, ONE_PLACE.ref)
    with pytest.raises(HomeStillClaimed):
        lite.transact(lambda w: save.remove_home(w, HERE, ONE_PLACE.ref, ANYTHING))
    with pytest.raises(IntegrityError, match="live claims"):
        lite.transact(lambda w: w.execute(delete(homes).where(homes.c.ref == ONE_PLACE.ref)))
    assert _night(lite).total_placed == 1
    with lite.reading() as reading:
        assert claims.homes_of(reading, HERE) == {"C2": ONE_PLACE.ref}


# ------------------------------------------------------------------------- what their record says at this moment

DANGER = risks(Risk.TO_OTHERS_SEXUAL)
VULNERABLE = a_child(ref="C8", vulnerabilities=frozenset(Vulnerability))


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(
    ("said", "rule"),
    [({"risks": DANGER}, "safe_from_residents"), ({"live_apart_from": frozenset({"C8"})}, "live_apart")],
)
def test_a_corrected_record_holds_at_once(
    database: Database, said: dict[str, Any], rule: str, *, accepted: bool
) -> None:
    """What is told of a child who has a place already counts for whoever is to come, held or accepted or placed."""
    first = a_referral(a_child(ref="C7"), ref="R7")
    store(database, [TWO_PLACES], [first, a_referral(VULNERABLE, ref="R8")])
    placement, seen, follower = held(database, "R7", "H3"), see(database, "R8"), PoolFollower(database, HERE)
    if accepted:
        do(database, accept, OFFICER, placement)
    assert follower.pool().record(HomeRef("H3")).residents[0].risks != DANGER
    store(database, [], [replace(first, children=(a_child(ref="C7", **said),))])
    assert _blocked(database, "R8", "H3") == (rule,)
    (there,) = follower.pool().record(HomeRef("H3")).residents
    assert (there.risks, there.live_apart_from) == (said.get("risks", there.risks), said.get("live_apart_from", set()))
    with pytest.raises(FactsChanged) as told:
        database.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(seen, "R8", "H3", why=BECAUSE)))
    assert [problem.field for problem in told.value.problems] == ["home.residents", f"rules.{rule}"]
    left = _night(database).pool.record(HomeRef("H3"))
    assert [resident.risks for resident in left.residents] == [there.risks]


def test_who_was_held_before_the_correction_is_not_accepted(database: Database) -> None:
    """Held side by side while nothing spoke against it; then one record is corrected, and the other child stays out."""
    first = a_referral(a_child(ref="C7"), ref="R7")
    store(database, [TWO_PLACES], [first, a_referral(VULNERABLE, ref="R8")])
    held(database, "R7", "H3")
    other = held(database, "R8", "H3")
    store(database, [], [replace(first, children=(a_child(ref="C7", risks=DANGER),))])
    with pytest.raises(FactsChanged) as told:
        do(database, accept, OFFICER, other)
    assert [problem.field for problem in told.value.problems] == ["home.residents", "rules.safe_from_residents"]


def test_the_last_that_was_known_stays(lite: Database) -> None:
    """A referral that is withdrawn after a correction leaves the correction behind; a mild one is believed as well."""
    first = a_referral(a_child(ref="C7", risks=DANGER), ref="R7")
    store(lite, [TWO_PLACES], [first, a_referral(VULNERABLE, ref="R8")])
    moved_in(lite, held(lite, "R7", "H3"))
    store(lite, [], [replace(first, children=(a_child(ref="C7"),))])
    assert _blocked(lite, "R8", "H3") == ()
    store(lite, [], [first])
    lite.transact(lambda w: save.remove_referral(w, HERE, first.ref, ANYTHING))
    assert _blocked(lite, "R8", "H3") == ("safe_from_residents",)


def test_a_provider_does_not_overrule_the_record(database: Database) -> None:
    """The child is listed in the home's document without the risk that its record has: the risk is there."""
    first = a_referral(a_child(ref="C7", risks=DANGER), ref="R7")
    store(database, [TWO_PLACES], [first, a_referral(VULNERABLE, ref="R8")])
    do(database, accept, OFFICER, held(database, "R7", "H3"))
    store(database, [replace(TWO_PLACES, residents=(a_resident(ref="C7"),))])
    assert _blocked(database, "R8", "H3") == ("safe_from_residents",)
    assert len(PoolFollower(database, HERE).pool().record(HomeRef("H3")).residents) == 1


def _somebody(ref: str = "C7") -> st.SearchStrategy[Resident]:
    return st.builds(
        Resident,
        ref=st.just(ChildRef(ref)),
        date_of_birth=st.sampled_from([None, AS_OF]),
        risks=st.dictionaries(st.sampled_from(Risk), st.sampled_from(RiskLevel)),
        vulnerabilities=st.none() | st.frozensets(st.sampled_from(Vulnerability)),
        living_companions=st.sampled_from(LivingCompanions),
        live_apart_from=st.frozensets(st.sampled_from([ChildRef("C1"), ChildRef("C2")])),
        fostered=st.booleans(),
    )


@given(_somebody(), _somebody())
def test_the_stricter_of_two(listed: Resident, own: Resident) -> None:
    """Whatever either of them says against somebody is said by both together, and it matters not who says it."""
    both, other = claims.stricter(listed, own), claims.stricter(own, listed)
    assert replace(both, date_of_birth=None) == replace(other, date_of_birth=None)
    for one in (listed, own):
        for risk in Risk:
            order = claims.STRICTEST_LEVEL.index
            assert order(both.risks[risk]) <= order(one.risks.get(risk, RiskLevel.NOT_KNOWN))
        assert (one.vulnerabilities or frozenset()) <= (both.vulnerabilities or frozenset())
        order_of = claims.STRICTEST_COMPANIONS.index
        assert order_of(both.living_companions) <= order_of(one.living_companions)
        assert one.live_apart_from <= both.live_apart_from
        assert both.fostered or not one.fostered


def test_a_record_corrected_while_its_child_is_held(database: Database) -> None:
    """The correction comes while somebody holds a place for the child: it waits for the hold, and the claim has it."""
    first = a_referral(a_child(ref="C7"), ref="R7")
    store(database, [TWO_PLACES], [first, a_referral(VULNERABLE, ref="R8")])
    choice = a_choice(see(database, "R7"), "R7", "H3")

    def correct(writing: Writing) -> object:
        corrected = replace(first, children=(a_child(ref="C7", risks=DANGER),))
        return save.save_referral(writing, HERE, corrected, ANYTHING)

    with database.writing() as writing:
        hold(writing, a_desk(), OFFICER, choice)
        other = threading.Thread(target=lambda: database.transact(correct))
        other.start()
        time.sleep(0.3)  # so that it has looked for claims, and waits for the referral
    other.join()
    assert _blocked(database, "R8", "H3") == ("safe_from_residents",)
