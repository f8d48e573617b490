"""What an officer or a provider declined is remembered: no run proposes it again until home or referral changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.deciding import seeing
from app.deciding.agreeing import send
from app.deciding.answering import decline, decline_proposal
from app.deciding.desk import Why
from app.matching.batch import Night
from app.matching.home import Home
from app.matching.recheck import Fallen
from app.matching.referral import HomeRef
from app.rematch.run import Outcome
from app.runs.working import run_now
from app.runs.workplace import night_for
from app.store import declined, load, proposals, runs, save
from app.store.clock import database_now
from app.store.placement_records import Placement
from app.store.placement_tables import placements
from app.store.run_records import RunOptions
from app.store.session import Database, Writing
from app.store.tables import homes, referrals
from tests.deciding.conftest import FURTHER, ONE_PLACE, OTHER_REFERRAL, REFERRAL
from tests.support.builders import AS_OF, a_resident
from tests.support.deciding import ANYTHING, HERE, OFFICER, a_desk, do, held
from tests.support.nights import a_workplace, solved_here, store, wanted


def _refused(database: Database, *, by_provider: bool, reason: str = "MATCH") -> Placement:
    placement = do(database, send, OFFICER, held(database, "R1", ONE_PLACE.ref))
    return do(database, decline, OFFICER, placement, Why(reason), by_provider=by_provider)


def _barred(database: Database) -> list[tuple[list[str], str]]:
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    return [(sorted(one.children), one.home) for one in night.declined]


def _proposed(database: Database) -> dict[str, str]:
    run = run_now(a_workplace(database), wanted())
    with database.reading() as reading:
        return {
            child: one.proposal.home
            for one in proposals.of_run(reading, HERE, run.id)
            for child in one.proposal.children
        }


@pytest.mark.parametrize("by_provider", [False, True])
def test_what_was_declined_is_told(database: Database, by_provider: bool) -> None:
    """When, for whom, by whose answer and why, of this referral alone; and only for those whom it concerns."""
    assert _barred(database) == []
    placement = _refused(database, by_provider=by_provider)
    with database.reading() as reading:
        told = declined.of_referrals(reading, HERE, [REFERRAL.ref, OTHER_REFERRAL.ref])
        assert declined.of_referrals(reading, HERE, []) == {}
    (one,) = told[REFERRAL.ref]
    assert (one.home, one.children, one.by_provider, one.reason) == (ONE_PLACE.ref, ("C1",), by_provider, "MATCH")
    assert abs((one.at - placement.changed_at).total_seconds()) < 2
    assert OTHER_REFERRAL.ref not in told
    assert declined.for_party([one], ONE_PLACE.ref, []) == []
    assert declined.for_party([one], ONE_PLACE.ref, [child.ref for child in REFERRAL.children]) == [one]
    assert declined.for_party([one], FURTHER.ref, [child.ref for child in REFERRAL.children]) == []
    assert _barred(database) == [(["C1"], ONE_PLACE.ref)]


def _a_while_ago(database: Database) -> None:
    """The refusal was an hour ago, and what it rests on another: SQLite tells a new home's age by the second."""

    def work(writing: Writing) -> None:
        now = database_now(writing)
        for table, hours in ((homes, 2), (referrals, 2), (placements, 1)):
            writing.execute(update(table).values(changed_at=now - timedelta(hours=hours)))

    database.transact(work)


def _the_home(database: Database) -> None:
    store(database, [replace(ONE_PLACE, residents=(a_resident(ref="X9"),), places=2)])


def _the_referral(database: Database) -> None:
    store(database, [], [REFERRAL])


def _gone_and_back(database: Database) -> None:
    database.transact(lambda w: save.remove_home(w, HERE, ONE_PLACE.ref, ANYTHING))
    assert _barred(database) == []
    store(database, [ONE_PLACE])


@pytest.mark.parametrize("change", [_the_home, _the_referral, _gone_and_back])
def test_a_record_that_changed_opens_it_again(database: Database, change: Callable[[Database], None]) -> None:
    """A home or referral that was stored anew since: somebody may have mended what spoke against it."""
    _refused(database, by_provider=True)
    _a_while_ago(database)
    store(database, [replace(FURTHER, places=2)], [OTHER_REFERRAL])  # another home, another referral
    assert _barred(database) == [(["C1"], ONE_PLACE.ref)]
    change(database)
    assert _barred(database) == []


def test_the_next_night_proposes_another_home(database: Database) -> None:
    """The officer declines what the run proposed: the next run leaves it out, and from a new referral it may come."""
    store(database, [replace(ONE_PLACE, places=2)])
    first = _proposed(database)["C1"]
    _decline_what_was_proposed(database)
    assert _barred(database) == [(["C1"], first)]
    assert _proposed(database)["C1"] != first
    store(database, [], [REFERRAL])
    assert _barred(database) == []


def _decline_what_was_proposed(database: Database, meanwhile: Callable[[], None] = lambda: None) -> None:
    desk = a_desk()
    with database.reading() as reading:
        run = runs.published(reading, HERE)
        assert run is not None
        (mine,) = [one for one in proposals.of_run(reading, HERE, run.id) if "C1" in one.proposal.children]
    seen = database.transact(lambda w: seeing.show_proposal(w, desk, OFFICER, mine, 1))
    assert seen is not None
    meanwhile()
    database.transact(lambda w: decline_proposal(w, desk, OFFICER, mine.id, seen, Why("CHILD")))


def _home(database: Database, ref: str) -> Home:
    with database.reading() as reading:
        stored = load.home(reading, HERE, HomeRef(ref))
    assert stored is not None
    return stored.record


def test_it_counts_for_what_was_seen(database: Database) -> None:
    """The home was mended between the look and the answer: nobody has declined the home that is there now."""
    store(database, [replace(ONE_PLACE, places=2)])
    home = _home(database, _proposed(database)["C1"])
    mended = replace(home, residents=(a_resident(ref="X9"),), places=home.places + 1)
    _decline_what_was_proposed(database, meanwhile=lambda: store(database, [mended]))
    assert _barred(database) == []


def test_a_hold_is_declined_as_it_was_held(database: Database) -> None:
    """What the provider or officer declines is what was held: who sends home or referral anew is asked anew."""
    placement = do(database, send, OFFICER, held(database, "R1", ONE_PLACE.ref))
    store(database, [replace(ONE_PLACE, places=2)])
    do(database, decline, OFFICER, placement, Why("MATCH"), by_provider=True)
    assert _barred(database) == []


def test_what_was_declined_while_a_run_works(database: Database) -> None:
    """The run had proposed it: the proposal does not stand, and the run says why."""
    database.transact(lambda w: save.remove_referral(w, HERE, OTHER_REFERRAL.ref, ANYTHING))

    def declined_meanwhile(night: Night, *_rest: Any, **_more: Any) -> Outcome:
        found = solved_here(night)
        _refused(database, by_provider=True)
        return found

    run = run_now(a_workplace(database, declined_meanwhile), wanted())
    with database.reading() as reading:
        told = proposals.of_run(reading, HERE, run.id)
    (mine,) = [one.proposal for one in told if "C1" in one.proposal.children]
    assert (mine.home, mine.dropped_because) == (ONE_PLACE.ref, str(Fallen.DECLINED))
