"""Brothers and sisters who moved in together leave one by one: for whoever stays, everything goes on as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.deciding import facts
from app.deciding.accepting import accept
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.living import end, place
from app.errors import ChildBeingPlaced, Invalid, PlacementError, ReferralAnswered
from app.matching.codes import KeepTogether
from app.matching.referral import ChildRef, HomeRef, PlacedSibling, ReferralRef
from app.runs.workplace import night_for
from app.store import claims, load, moving_out, under_way
from app.store.audit_tables import audit_entries, audit_subjects
from app.store.clock import database_now
from app.store.erasure import Erasure, erase
from app.store.erasure import held as held_of
from app.store.outbox_tables import messages
from app.store.placement_records import Placement, State
from app.store.run_records import RunOptions
from app.store.session import Database, Writing
from app.store.tables import referrals
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import (
    BECAUSE,
    CASE_SYSTEM,
    HERE,
    OFFICER,
    a_choice,
    a_desk,
    do,
    held,
    live_claims,
    look_at,
    moved_in,
    now,
    see,
)
from tests.support.nights import a_workplace, store

HOME = a_home(ref=HomeRef("H5"), places=2)
ANN, BEN = a_child(ref=ChildRef("S1")), a_child(ref=ChildRef("S2"))
BOTH = a_referral(ANN, BEN, ref=ReferralRef("R5"), keep_together=KeepTogether.NOT_REQUIRED)
AGAIN = replace(BOTH, waiting_since=AS_OF + timedelta(days=1))
"""Sent with a search of its own, which began after they moved in."""

LATER = replace(BOTH, waiting_since=AS_OF + timedelta(days=2))
"""With one that nobody knew before one of them left care."""

WHY = Why("CARPL")


@pytest.fixture
def lived(database: Database) -> Placement:
    """Two live together in a home with two places; their referral was sent an hour before that."""
    store(database, [HOME], [BOTH])

    def an_hour_ago(writing: Writing) -> None:
        writing.execute(update(referrals).values(changed_at=database_now(writing) - timedelta(hours=1)))

    database.transact(an_hour_ago)
    return moved_in(database, held(database, "R5", "H5"))


def _left(database: Database, placement: Placement, *who: str, why: Why = WHY) -> Placement:
    gone = tuple(map(ChildRef, who))
    return do(database, end, CASE_SYSTEM, placement, why, ended_on=AS_OF, planned=True, children=gone)


def _asked_for(database: Database) -> list[str]:
    """For which of the two a run looks for a home."""
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    return [child.ref for referral in night.referrals if referral.ref == "R5" for child in referral.children]


def test_for_whoever_stays_all_goes_on(database: Database, lived: Placement) -> None:
    """One place is free and one is not; who must live apart from Ben is kept away, and from Ann no more."""
    apart = {name: a_child(ref=ChildRef(f"N{name}"), live_apart_from=frozenset({name})) for name in ("S1", "S2")}
    strangers = [a_referral(child, ref=ReferralRef(f"RN{name}")) for name, child in apart.items()]
    store(database, [], [*strangers, a_referral(a_child(ref=ChildRef("N3")), ref=ReferralRef("RN3"))])
    left = _left(database, lived, "S1")
    assert (left.state, left.children_left, left.ended_on, live_claims(database)) == (State.PLACED, 1, None, 1)
    with database.reading() as reading:
        assert moving_out.living(reading, HERE, left) == ("S2",)
        assert claims.homes_of(reading, HERE) == {"S2": "H5"}
        (one,) = moving_out.left(reading, HERE, [left])[left.id]
        (home,) = claims.with_claims(reading, HERE, [HOME])
    assert (one.child, one.ended_on, one.end_reason, one.end_planned, one.version) == ("S1", AS_OF, "CARPL", True, 4)
    assert [resident.ref for resident in home.residents] == ["S2"]
    with pytest.raises(PlacementError) as told:
        held(database, "RNS2", "H5")
    assert told.value.code in ("not_seen", "rules_not_met")
    moved_in(database, held(database, "RNS1", "H5"))
    with pytest.raises(PlacementError):
        held(database, "RN3", "H5")
    ended = do(database, end, OFFICER, now(database, left), Why("E4A"), ended_on=AS_OF, planned=True)
    assert (ended.state, ended.children_left, ended.end_reason) == (State.ENDED, 1, "E4A")
    with database.reading() as reading:
        assert [(one.child, one.end_reason) for one in moving_out.left(reading, HERE, [ended])[ended.id]] == [
            ("S1", "CARPL"),
            ("S2", "E4A"),
        ]


def test_one_of_them_moves(database: Database, lived: Placement) -> None:
    """The move is told once the old placement has ended for the child that moves; the other stays where it was."""
    store(database, [], [replace(AGAIN, children=(ANN,))])
    moving = do(database, accept, OFFICER, held(database, "R5", "H1"))
    with pytest.raises(ChildBeingPlaced) as told:
        do(database, place, OFFICER, moving, AS_OF)
    (problem,) = told.value.problems
    assert (lived.id in problem.problem, "`children`" in problem.cure) == (True, True)
    _left(database, lived, "S1")
    do(database, place, OFFICER, moving, AS_OF, look_at(database, moving))
    with database.reading() as reading:
        assert claims.homes_of(reading, HERE) == {"S1": "H1", "S2": "H5"}


def test_who_waits_and_who_does_not(database: Database, lived: Placement) -> None:
    """By the move both were answered. A move that was begun goes on for whoever stays, and ends with the care."""
    assert _asked_for(database) == []
    _left(database, lived, "S1")
    assert _asked_for(database) == []
    store(database, [], [AGAIN])
    assert _asked_for(database) == ["S1", "S2"]


def test_a_move_that_was_begun_for_both(database: Database, lived: Placement) -> None:
    """That one of them leaves answers nothing for the other; who left care is looked for no more until sent again."""
    store(database, [], [AGAIN])
    assert _asked_for(database) == ["S1", "S2"]
    _left(database, lived, "S1", why=Why("E4A"))
    assert _asked_for(database) == ["S2"]
    choice = a_choice(see(database, "R5"), "R5", "H1", ["S1"], why=BECAUSE)
    with pytest.raises((ReferralAnswered, PlacementError)):
        database.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
    do(database, end, OFFICER, now(database, lived), WHY, ended_on=AS_OF, planned=True)
    assert _asked_for(database) == ["S2"]
    store(database, [], [AGAIN])
    assert _asked_for(database) == ["S2"], "sent once more, as every night"
    store(database, [], [LATER])
    assert _asked_for(database) == ["S1", "S2"]


def test_who_left_may_need_a_home_tonight(database: Database, lived: Placement) -> None:
    """From the referral as it is: the list is for Ann alone, and says where Ben lives; no run looks for anybody."""
    _left(database, lived, "S1", why=Why("CREQB"))
    with database.reading() as reading:
        found = under_way.waiting_referral(reading, HERE, ReferralRef("R5"))
        judged = facts.waiting_referral(reading, a_desk(), ReferralRef("R5"))
    assert found is not None
    assert found.referral == judged
    (ann,) = found.referral.record.children
    assert (ann.ref, ann.placed_siblings) == ("S1", (PlacedSibling(ChildRef("S2"), HomeRef("H5")),))
    assert _asked_for(database) == []


def test_nobody_leaves_twice(database: Database, lived: Placement) -> None:
    """Nor is anybody named who never lived there, nor nobody; both together end it as if nobody were named."""
    for who, field in ((("S1", "C1"), "children[1]"), ((), "children")):
        with pytest.raises(Invalid) as told:
            _left(database, lived, *who)
        assert [problem.field for problem in told.value.problems] == [field]
    left = _left(database, lived, "S2")
    with pytest.raises(Invalid) as again:
        _left(database, left, "S2")
    assert [problem.field for problem in again.value.problems] == ["children[0]"]
    assert _left(database, left, "S1").state is State.ENDED
    assert live_claims(database) == 0


def test_all_at_once_by_name(database: Database, lived: Placement) -> None:
    """It is the end of the placement, and each has it."""
    ended = _left(database, lived, "S2", "S1")
    assert (ended.state, ended.children_left) == (State.ENDED, 0)
    with database.reading() as reading:
        assert [one.child for one in moving_out.left(reading, HERE, [ended])[ended.id]] == ["S1", "S2"]


def test_what_is_told_is_told_of_who_left(database: Database, lived: Placement) -> None:
    """The trail and the message: of Ann that she left, of Ben that he did; nothing of one as if it were the other's."""
    left = _left(database, lived, "S1")
    do(database, end, OFFICER, left, WHY, ended_on=AS_OF, planned=False)
    with database.reading() as reading:
        number = {row.number: row.ref for row in reading.execute(select(audit_subjects))}
        told = reading.execute(select(audit_entries).order_by(audit_entries.c.seq)).all()
        sent = reading.execute(select(messages.c.topic, messages.c.about).order_by(messages.c.seq)).all()
    about = {
        row.action: [number[one] for one in json.loads(row.subjects)] for row in told if row.object_ref == lived.id
    }
    assert (about["placement.place"], about["placement.leave"], about["placement.end"]) == (
        ["S1", "S2"],
        ["S1"],
        ["S2"],
    )
    (some, everybody) = [(row.topic, row.about["state"], row.about["version"]) for row in sent][-2:]
    assert (some, everybody) == (("placement.left", "placed", 4), ("placement.ended", "ended", 5))
    assert not any("S1" in str(row.about) for row in sent)


def test_who_left_is_erased_and_the_others_go_on(database: Database, lived: Placement) -> None:
    """Of Ann nothing is left; Ben lives there, no home is looked for on that account, and he leaves as anybody does."""
    left = _left(database, lived, "S1")
    word = database.transact(lambda w: erase(w, "S1", Erasure.of(HERE, "S1"), ("admin", "person")))
    assert word.startswith("erased-")
    with database.reading() as reading:
        assert held_of(reading, HERE, "S1") == {}
        found = now(database, left)
        assert (found.children[1:], found.children_left, moving_out.left(reading, HERE, [found])) == (("S2",), 1, {})
        assert moving_out.living(reading, HERE, found) == ("S2",)
        assert load.referral(reading, HERE, ReferralRef("R5")) is not None
    assert _asked_for(database) == []
    ended = do(database, end, OFFICER, found, WHY, ended_on=AS_OF, planned=True)
    with database.reading() as reading:
        assert [one.child for one in moving_out.left(reading, HERE, [ended])[ended.id]] == ["S2"]
