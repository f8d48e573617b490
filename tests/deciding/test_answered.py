"""A child whose placement ended is looked for only where the case system has sent the referral with another search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.deciding.desk import Why
from app.deciding.living import end
from app.errors import ChildBeingPlaced
from app.matching.batch import Night, Proposed
from app.matching.codes import KeepTogether
from app.matching.recheck import Verdict, recheck
from app.matching.referral import ChildRef
from app.matching.under_way import without_answered
from app.rematch.run import Outcome
from app.runs import publishing
from app.runs.working import run_now
from app.runs.workplace import night_for
from app.store import answered
from app.store.clock import database_now
from app.store.placement_records import Placement
from app.store.run_records import RunOptions, RunStatus
from app.store.session import Database, Writing
from app.store.tables import referrals
from tests.deciding.conftest import FURTHER, ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, a_child, a_referral
from tests.support.deciding import HERE, OFFICER, do, held, moved_in
from tests.support.nights import a_workplace, solved_here, store, wanted

AGAIN = replace(REFERRAL, waiting_since=AS_OF + timedelta(days=1))
"""The referral with a search of its own, which began after the child moved in."""

LATER = replace(REFERRAL, waiting_since=AS_OF + timedelta(days=2))
"""And with one that is not known before the child leaves there."""


def _asked_for(database: Database) -> dict[str, list[str]]:
    """Whom the night looks for, by referral."""
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    return {referral.ref: [child.ref for child in referral.children] for referral in night.referrals}


def _sent_an_hour_ago(database: Database) -> None:
    """What stands now was sent well before whatever is decided next: SQLite tells decisions apart by the second."""

    def work(writing: Writing) -> None:
        writing.execute(update(referrals).values(changed_at=database_now(writing) - timedelta(hours=1)))

    database.transact(work)


def _ended(database: Database, placement: Placement, code: str = "CARPL") -> Placement:
    return do(database, end, OFFICER, placement, Why(code), ended_on=AS_OF, planned=True)


@pytest.mark.parametrize("code", ["CARPL", "CUSTOD", "E4A", "E9"])
def test_an_end_is_no_new_referral(database: Database, code: str) -> None:
    """From the old referral nobody is proposed again; from one that was sent anew the child is."""
    _sent_an_hour_ago(database)
    _ended(database, moved_in(database, held(database, "R1", ONE_PLACE.ref)), code)
    assert _asked_for(database) == {"R2": ["C2"]}
    with database.reading() as reading:
        assert answered.after_the_end(reading, HERE) == {"C1"}
        assert answered.after_the_end(reading, HERE, [ChildRef("C1")]) == {"C1"}
        assert answered.after_the_end(reading, HERE, [ChildRef("C2")]) == frozenset()
    store(database, [], [AGAIN])
    assert _asked_for(database) == {"R1": ["C1"], "R2": ["C2"]}


def test_a_move_that_was_begun_before_the_end(database: Database) -> None:
    """Who was referred anew while living there waits, and goes on waiting when the placement ends."""
    _sent_an_hour_ago(database)
    placed = moved_in(database, held(database, "R1", ONE_PLACE.ref))
    assert _asked_for(database) == {"R2": ["C2"]}
    store(database, [], [AGAIN])
    assert _asked_for(database)["R1"] == ["C1"]
    _ended(database, placed)
    assert _asked_for(database)["R1"] == ["C1"]


def test_the_same_search_is_over(database: Database) -> None:
    """However often it is sent while the child lives there, and whatever else of its record is another by then."""
    placed = moved_in(database, held(database, "R1", ONE_PLACE.ref))
    changed = replace(REFERRAL, children=(replace(REFERRAL.children[0], moves_last_year=1),), needed_by=AS_OF)
    for sent in (REFERRAL, changed):
        store(database, [], [sent])
        assert _asked_for(database) == {"R2": ["C2"]}
        with pytest.raises(ChildBeingPlaced):
            held(database, "R1", FURTHER.ref)
    _ended(database, placed)
    store(database, [], [changed])
    assert _asked_for(database) == {"R2": ["C2"]}
    store(database, [], [replace(REFERRAL, waiting_since=AS_OF)])
    assert _asked_for(database) == {"R1": ["C1"], "R2": ["C2"]}, "of the very day of the move, it was sent after it"


def test_who_left_care_moves_nowhere(database: Database) -> None:
    """Whatever was begun before that: only a search that nobody knew before it is looked at."""
    _sent_an_hour_ago(database)
    placed = moved_in(database, held(database, "R1", ONE_PLACE.ref))
    store(database, [], [AGAIN])
    _ended(database, placed, "E4A")
    assert _asked_for(database) == {"R2": ["C2"]}
    with database.reading() as reading:
        (one,) = answered.ended_for(reading, HERE, [ChildRef("C1")])
    assert (one.placement, one.reason, one.left_care, one.ended_on) == (placed.id, "E4A", True, AS_OF)
    store(database, [], [AGAIN])
    assert _asked_for(database) == {"R2": ["C2"]}, "sent once more, as every night"
    store(database, [], [LATER])
    assert _asked_for(database) == {"R1": ["C1"], "R2": ["C2"]}


def test_a_brother_who_still_waits(database: Database) -> None:
    """He is looked for alone, and nobody says that his sister lives where she no longer does."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R3", keep_together=KeepTogether.NOT_REQUIRED)
    store(database, [replace(ONE_PLACE, places=1), replace(FURTHER, places=1)], [both])
    _sent_an_hour_ago(database)
    _ended(database, moved_in(database, held(database, "R3", ONE_PLACE.ref, children=["S1"])))
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    (left,) = [referral for referral in night.referrals if referral.ref == "R3"]
    assert [(child.ref, child.placed_siblings) for child in left.children] == [("S2", ())]


def test_an_end_while_a_run_works(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publication looks at those at whom a run would look that begins now: nobody's answered brothers or sisters."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R3", keep_together=KeepTogether.NOT_REQUIRED)
    store(database, [replace(ONE_PLACE, places=1), replace(FURTHER, places=1)], [both])
    _sent_an_hour_ago(database)
    placed = moved_in(database, held(database, "R3", ONE_PLACE.ref, children=["S1"]))
    checked: list[Night] = []

    def ended_meanwhile(night: Night, *_rest: Any, **_more: Any) -> Outcome:
        found = solved_here(night)
        _ended(database, placed)
        return found

    def looked_at(night: Night, proposals: Sequence[Proposed]) -> tuple[Verdict, ...]:
        checked.append(night)
        return recheck(night, proposals)

    monkeypatch.setattr(publishing, "recheck", looked_at)
    place = a_workplace(database, ended_meanwhile)
    assert run_now(place, wanted()).status == RunStatus.PUBLISHED
    now = night_for(place, RunOptions(), AS_OF)
    assert checked
    assert all((night.referrals, night.under_way) == (now.referrals, now.under_way) for night in checked)
    assert [child.ref for referral in now.referrals for child in referral.children] == ["C1", "C2", "S2"]


def test_who_is_left_of_many() -> None:
    """Without the answered ones, and without referrals of which nobody is left; the others stay as they are."""
    one, two = a_referral(a_child(ref="A"), a_child(ref="B"), ref="R1"), a_referral(a_child(ref="C"), ref="R2")
    assert list(without_answered([one, two], frozenset())) == [one, two]
    (left,) = without_answered([one, two], {ChildRef("A"), ChildRef("C")})
    assert left == replace(one, children=one.children[1:])


def test_of_several_ends_the_last_is_told() -> None:
    """Whoever is refused is told when the child left care, and not when it moved before that."""
    first = {
        "child_ref": "C1",
        "id": "1" * 32,
        "ended_on": AS_OF,
        "end_reason": "CARPL",
        "moved_in_on": AS_OF,
        "number": 1,
    }
    last = first | {"number": 2, "id": "2" * 32, "ended_on": AS_OF + timedelta(days=9), "end_reason": "E2"}
    (told,) = answered.ends([first, last])
    assert (told.placement, told.ended_on, told.left_care) == ("2" * 32, AS_OF + timedelta(days=9), True)
