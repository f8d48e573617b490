"""A child is kept from a home in which, by the caseload or another referral, somebody lives beside whom it may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.deciding.accepting import accept
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.judging import judge
from app.deciding.living import end, place
from app.errors import FactsChanged, RulesNotMet
from app.matching.batch import Night
from app.matching.codes import KeepTogether
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef, PlacedSibling
from app.rematch.run import Outcome
from app.runs.working import run_now
from app.runs.workplace import night_for
from app.store import caseload, living_apart, load, proposals, save, whereabouts
from app.store.caseload import CaseloadImported
from app.store.run_records import RunOptions
from app.store.run_tables import placed_children
from app.store.session import Database
from app.store.versions import Precondition
from tests.deciding.conftest import FIRST_CHILD, FURTHER, ONE_PLACE, OTHER_REFERRAL, REFERRAL, SECOND_CHILD
from tests.support.builders import AS_OF, a_child, a_referral, a_resident
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, look_at, moved_in, see, told
from tests.support.nights import ANYTHING, a_workplace, solved_here, store, wanted

FEARED = ChildRef("C9")
AFRAID = replace(REFERRAL, children=(replace(FIRST_CHILD, live_apart_from=frozenset({FEARED})),))
OTHER = replace(ONE_PLACE, ref=HomeRef("H5"))
RULE = "rules.live_apart"


def _lives(database: Database, home: HomeRef | None, child: ChildRef = FEARED) -> None:
    """The case system says where the child lives; no home lists it."""
    with database.writing() as writing:
        known = caseload.one(writing, HERE, child)
        precondition = Precondition(exists=True) if known else Precondition()
        caseload.save_placed(writing, HERE, Placed(child, home=home), precondition)


def _kept_from(database: Database, referral: str = "R1") -> frozenset[HomeRef]:
    with database.reading() as reading:
        stored = load.referral(reading, HERE, referral)  # type: ignore[arg-type]
        assert stored is not None
        (judged,) = living_apart.as_judged(reading, HERE, [stored.record])
    return getattr(judged.children[0], "live_apart_at", frozenset())


def test_no_step_is_taken_into_such_a_home(database: Database) -> None:
    """Not held from a list of before, not accepted, no move told; and the look says which rule came into the way."""
    store(database, [], [AFRAID])
    choice = a_choice(see(database, "R1"), "R1", ONE_PLACE.ref, why=BECAUSE)
    _lives(database, ONE_PLACE.ref)
    with pytest.raises(FactsChanged) as refused:
        database.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    assert [problem.field for problem in refused.value.problems] == [RULE]
    assert FEARED not in str(refused.value.problems)
    _lives(database, FURTHER.ref)
    placement = held(database, "R1", ONE_PLACE.ref)
    assert told(database, placement) == []
    _lives(database, ONE_PLACE.ref)
    assert RULE in told(database, placement)
    with pytest.raises(FactsChanged) as refused:
        do(database, accept, OFFICER, placement)
    assert RULE in [problem.field for problem in refused.value.problems]
    _lives(database, None)
    placement = do(database, accept, OFFICER, placement)
    _lives(database, ONE_PLACE.ref)
    with pytest.raises(RulesNotMet) as at_the_door:
        do(database, place, OFFICER, placement, AS_OF)
    assert RULE in [problem.field for problem in at_the_door.value.problems]


def test_where_they_wait_and_where_they_moved(database: Database) -> None:
    """Another referral says where its child lives; who moved by a placement has left what was said before."""
    second = replace(SECOND_CHILD, current_home=ONE_PLACE.ref)
    store(database, [], [replace(OTHER_REFERRAL, children=(second,))])
    apart = replace(FIRST_CHILD, live_apart_from=frozenset({second.ref, FEARED}))
    store(database, [], [replace(REFERRAL, children=(apart,))])
    _lives(database, HomeRef("H-elsewhere"))
    assert _kept_from(database) == {ONE_PLACE.ref, "H-elsewhere"}
    _lives(database, ONE_PLACE.ref, second.ref)
    store(database, [OTHER])
    placement = held(database, "R2", OTHER.ref)
    assert _kept_from(database) == {ONE_PLACE.ref, OTHER.ref, "H-elsewhere"}
    moved_in(database, placement)
    assert _kept_from(database) == {OTHER.ref, "H-elsewhere"}


def test_what_an_import_says_again_counts_as_sent_anew(database: Database) -> None:
    """A caseload is sent each night, most of it as it was: after a move it counts as if it were sent by itself.

    No version is another by that, and nothing is written of whoever has not moved.
    """
    rows = [Placed(ref, home=HomeRef("H-before")) for ref in (FEARED, ChildRef("C8"))]
    store(database, [OTHER], [AFRAID, a_referral(a_child(ref=FEARED), ref="R9")])

    def imported() -> CaseloadImported:
        return database.transact(lambda writing: caseload.import_caseload(writing, HERE, rows))

    def stored() -> dict[str, tuple[int, datetime]]:
        wanted = select(placed_children.c.ref, placed_children.c.version, placed_children.c.changed_at)
        with database.reading() as reading:
            return {row.ref: (row.version, row.changed_at) for row in reading.execute(wanted)}

    assert imported() == CaseloadImported(2, 0, 0, 0)
    placement = moved_in(database, held(database, "R9", OTHER.ref))
    assert _kept_from(database) == {OTHER.ref}
    before = stored()
    assert imported() == CaseloadImported(0, 0, 2, 0)
    assert _kept_from(database) == {OTHER.ref, "H-before"}
    assert stored()["C8"] == before["C8"]
    (version, said_at), (version_before, said_before) = stored()[FEARED], before[FEARED]
    assert (version, said_at > said_before) == (version_before, True)
    rows[0] = Placed(FEARED, home=OTHER.ref)
    imported()
    assert _kept_from(database) == {OTHER.ref}
    do(database, end, OFFICER, placement, Why("CARPL"), ended_on=AS_OF, planned=True)
    before = stored()
    imported()  # also of the home itself, once the stay there is over
    assert stored()[FEARED][1] > before[FEARED][1]


def test_what_was_told_since_the_move_counts_when_a_sister_leaves(database: Database) -> None:
    """The moment of a move is that of the move itself, whatever became of the placement since."""
    sisters = a_child(ref=FEARED), a_child(ref=ChildRef("C8"))
    group = a_referral(*sisters, ref="R9", keep_together=KeepTogether.NOT_REQUIRED)
    store(database, [replace(OTHER, places=2)], [AFRAID, group])
    _lives(database, HomeRef("H-before"))
    placement = moved_in(database, held(database, "R9", OTHER.ref))
    assert _kept_from(database) == {OTHER.ref}
    _lives(database, ONE_PLACE.ref)
    assert _kept_from(database) == {OTHER.ref, ONE_PLACE.ref}
    left = {"ended_on": AS_OF, "planned": True, "children": [sisters[1].ref]}
    do(database, end, OFFICER, placement, Why("CARPL"), **left)
    assert _kept_from(database) == {OTHER.ref, ONE_PLACE.ref}


def test_a_sister_who_moved_since_the_hold_is_told(database: Database) -> None:
    """Held because she lives there: as she has moved on, the look says so and the acceptance waits for that look."""
    sister = PlacedSibling(SECOND_CHILD.ref, home=ONE_PLACE.ref)
    store(database, [OTHER], [replace(REFERRAL, children=(replace(FIRST_CHILD, placed_siblings=(sister,)),))])
    placement = held(database, "R1", ONE_PLACE.ref)
    assert told(database, placement) == []
    moved_in(database, held(database, "R2", OTHER.ref))
    assert told(database, placement) == ["children.living"]
    with pytest.raises(FactsChanged) as refused:
        do(database, accept, OFFICER, placement)
    assert [problem.field for problem in refused.value.problems] == ["children.living"]
    do(database, accept, OFFICER, placement, look_at(database, placement))


def test_nothing_is_asked_where_nobody_must_live_apart(lite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list for a child who need not costs no question more."""
    monkeypatch.setattr(living_apart, "whereabouts", None)
    assert living_apart.judged_alone(lite, HERE, REFERRAL) is REFERRAL


def test_a_night_of_many_asks_the_same(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more children than one question holds: who has whom in a list, and where each of them lives."""
    apart = frozenset({FIRST_CHILD.ref})
    for ref, home in ((FEARED, ONE_PLACE.ref), (ChildRef("C8"), FURTHER.ref)):
        asking = a_child(ref=ref, current_home=home, live_apart_from=apart)
        store(database, [], [a_referral(asking, ref=f"R-{ref}")])
    for most in (load.MOST_AT_ONCE, 0):
        monkeypatch.setattr(living_apart, "MOST_AT_ONCE", most)
        monkeypatch.setattr(whereabouts, "MOST_AT_ONCE", most or 1)
        assert _kept_from(database) == {ONE_PLACE.ref, FURTHER.ref}
        assert _kept_from(database, "R2") == set()


def test_some_of_them_are_not_held_beside_one_who_may_live_elsewhere(lite: Database) -> None:
    """Whichever of the two records the home itself does not know: where the other child waits, or who lists it."""
    one, other = a_child(ref=ChildRef("C7")), a_child(ref=ChildRef("C8"), current_home=ONE_PLACE.ref)
    homes = {home.ref: replace(home, residents=()) for home in (ONE_PLACE, FURTHER)}
    lists_other = replace(FURTHER, residents=(a_resident(ref=other.ref),))

    def refused(*, listed: bool, lives: HomeRef | None) -> list[bool]:
        group = a_referral(one, replace(other, current_home=lives), ref="R7", keep_together=KeepTogether.REQUIRED)
        store(lite, [lists_other if listed else homes[FURTHER.ref]], [group])
        desk = a_desk()
        policy = desk.policies.pick(None, desk.today)
        with lite.reading() as reading:
            asked = load.referral(reading, HERE, group.ref)
            stored = [load.home(reading, HERE, ref) for ref in homes]
            assert asked is not None
            found = [judge(reading, desk, asked, home, {one.ref}, policy) for home in stored if home is not None]
        return ["siblings_together" in facts.blocked_by for facts in found]

    assert refused(listed=True, lives=ONE_PLACE.ref) == [True, True]
    assert refused(listed=False, lives=ONE_PLACE.ref) == [False, True]
    assert refused(listed=True, lives=None) == [True, False]


def test_a_night_keeps_to_it(database: Database) -> None:
    """From either side of the two."""
    store(database, [OTHER], [AFRAID])
    database.transact(lambda w: save.remove_referral(w, HERE, OTHER_REFERRAL.ref, ANYTHING))
    for home, left in ((ONE_PLACE.ref, OTHER.ref), (OTHER.ref, ONE_PLACE.ref)):
        _lives(database, home)
        run = run_now(a_workplace(database), wanted())
        assert [one.proposal.home for one in _proposals(database, run.id)] == [left]
    _lives(database, None)
    asking = a_child(ref=FEARED, current_home=OTHER.ref, live_apart_from=frozenset({FIRST_CHILD.ref}))
    store(database, [], [REFERRAL, a_referral(asking, ref="R9")])
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    (child,) = next(one.children for one in night.referrals if one.ref == "R1")
    assert getattr(child, "live_apart_at", None) == {OTHER.ref}


def test_what_is_said_while_a_run_works_takes_its_proposal_away(database: Database) -> None:
    """The run judged before; at publication it is looked at again."""
    store(database, [], [AFRAID])

    def meanwhile(night: Night, *_rest: Any, **_more: Any) -> Outcome:
        _lives(database, ONE_PLACE.ref)
        return solved_here(night)

    home = replace(FURTHER, places=0)
    store(database, [home])
    database.transact(lambda w: save.remove_referral(w, HERE, OTHER_REFERRAL.ref, ANYTHING))
    run = run_now(a_workplace(database, meanwhile), wanted())
    assert (run.proposed, run.dropped) == (0, 1)
    (dropped,) = _proposals(database, run.id)
    assert dropped.proposal.dropped_because == "rules_not_met"
    assert dropped.proposal.explanation["rules"] == ["live_apart"]


def _proposals(database: Database, run: str) -> list[Any]:
    with database.reading() as reading:
        return list(proposals.of_run(reading, HERE, run))
