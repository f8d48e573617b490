"""What others' placements kept goes wherever somebody who is erased may be in it: kind by kind, and place by place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.living import end
from app.matching.codes import LivingCompanions
from app.matching.referral import ChildRef, HomeRef, PlacedSibling
from app.store import erasure
from app.store.clock import database_now
from app.store.erasure import Erasure
from app.store.placement_records import Placement
from app.store.placement_tables import decisions, seen
from app.store.session import Database
from app.store.tables import homes, referrals
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, do, held, look_at, moved_in, told
from tests.support.nights import store

GONE = ChildRef("X-4711")
THEIRS = a_referral(a_child(ref=GONE), ref="R8")
SHARED = a_home(ref=HomeRef("H5"), places=4)
DAY = timedelta(days=1)


def _erased(database: Database) -> None:
    database.transact(lambda w: erasure.erase(w, GONE, Erasure.of(HERE, GONE), ("officer-1", "person")))


def _kept(database: Database, placement: Placement) -> dict[str, Any]:
    """What is kept with the hold."""
    with database.reading() as reading:
        wanted = select(decisions.c.agreed_on).where(decisions.c.placement_id == placement.id, decisions.c.version == 1)
        found: dict[str, Any] = reading.execute(wanted).scalar_one()
    return found


def _stored(database: Database, before: timedelta) -> None:
    """Every record was stored so long ago."""
    with database.writing() as writing:
        for table in (homes, referrals):
            writing.execute(update(table).values(changed_at=database_now(writing) - before))


def test_whom_a_child_must_live_apart_from_and_its_sister(lite: Database) -> None:
    """Two kinds of facts about a child are made of references of other children; what else is known of it stays."""
    child = a_child(ref="Y-1", live_apart_from=frozenset({GONE}), placed_siblings=(PlacedSibling(GONE),))
    store(lite, [SHARED], [THEIRS, a_referral(child, ref="R9")])
    pursued = held(lite, "R9", SHARED.ref)
    _stored(lite, DAY)
    (before,) = _kept(lite, pursued)["was_so"]["children"]
    _erased(lite)
    (after,) = _kept(lite, pursued)["was_so"]["children"]
    assert before.keys() - after.keys() == {"safety", "living"}
    assert after.items() <= before.items()
    assert {"children.safety", "children.living"} <= set(told(lite, pursued))


def test_what_an_overridden_rule_found_of_those_who_live_there(lite: Database) -> None:
    """Neither its digest nor that of the company stays; that it was agreed to is asked about anew."""
    alone = a_child(ref="Y-1", living_companions=LivingCompanions.SOLO)
    store(lite, [SHARED], [THEIRS, a_referral(alone, ref="R9")])
    gone = moved_in(lite, held(lite, "R8", SHARED.ref))
    beside = held(lite, "R9", SHARED.ref, override=("living_companions",), why=BECAUSE)
    _stored(lite, DAY)
    before = _kept(lite, beside)
    assert before["rules"].keys() == {"living_companions"}
    assert before["company"]
    do(lite, end, OFFICER, gone, Why("CARPL"), ended_on=AS_OF, planned=True)
    _erased(lite)
    after = _kept(lite, beside)
    assert (after["rules"], "company" in after) == ({}, False)
    assert after["home"] == before["home"]


@pytest.mark.parametrize(("before", "stays"), [(timedelta(minutes=30), False), (timedelta(minutes=90), True)])
def test_what_was_stored_just_before_may_have_been_stored_beside(
    lite: Database, before: timedelta, stays: bool
) -> None:
    """By a transaction that began earlier: what was read then may be the record of before, with the child in it."""
    store(lite, [SHARED], [THEIRS])
    pursued = held(lite, "R1", SHARED.ref)
    _stored(lite, before)
    _erased(lite)
    assert ("residents" in _kept(lite, pursued)["was_so"]["home"]) is stays
    assert ("home.residents" not in told(lite, pursued)) is stays


def test_beside_somebody_who_must_live_apart_from_the_child(lite: Database) -> None:
    """Who lives there, and from whom they must live apart, is in the digest of each who is held there."""
    apart = a_referral(a_child(ref="Y-1", live_apart_from=frozenset({GONE})), ref="R9")
    store(lite, [SHARED], [THEIRS, apart])
    moved_in(lite, held(lite, "R9", SHARED.ref))
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R9")))
    beside = held(lite, "R1", SHARED.ref)
    elsewhere = held(lite, "R2", "H2")
    _stored(lite, DAY)
    _erased(lite)
    assert "residents" not in _kept(lite, beside)["was_so"]["home"]
    assert "residents" in _kept(lite, elsewhere)["was_so"]["home"]


def test_a_home_or_a_referral_that_is_gone(lite: Database) -> None:
    """Nobody knows who stood in it when it was stored last."""
    store(lite, [SHARED], [THEIRS])
    pursued = held(lite, "R1", SHARED.ref)
    _stored(lite, DAY)
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R1")))
    _erased(lite)
    assert "residents" not in _kept(lite, pursued)["was_so"]["home"]


def test_of_what_is_over_no_digest_is_left(lite: Database) -> None:
    """Nobody compares it again, so it goes whoever is erased, wherever; what stays is what the rules answered."""
    store(lite, [SHARED], [THEIRS])
    over = held(lite, "R1", SHARED.ref)
    look_at(lite, over)
    do(lite, withdraw, OFFICER, over, Why("PLANS"))
    pursued = held(lite, "R2", "H2")
    look_at(lite, pursued)
    _stored(lite, DAY)
    before = _kept(lite, over)["was_so"]
    _erased(lite)
    assert _kept(lite, over)["was_so"] == before | {"home": {}, "referral": {}, "children": []}
    with lite.reading() as reading:
        looks = select(seen.c.placement_id).where(seen.c.placement_id.is_not(None), seen.c.was_so.is_not(None))
        assert reading.execute(looks).scalars().all() == [pursued.id]
