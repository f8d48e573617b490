"""Somebody is erased whom a child with a place is to live apart from: nothing of them is left in the claim."""

from __future__ import annotations

from sqlalchemy import String, cast, select

from app.store import erasure, save
from app.store.erasure import Erasure
from app.store.follower import PoolFollower
from app.store.placement_tables import place_claims
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import a_child, a_referral
from tests.support.deciding import ANYTHING, HERE, held, moved_in
from tests.support.nights import store


def _kept(database: Database) -> str:
    with database.reading() as reading:
        return str(reading.execute(select(cast(place_claims.c.resident, String))).scalar_one())


def test_whom_a_claim_names_is_forgotten(database: Database) -> None:
    """The referral that said so is gone; the claim and the homes in memory name nobody who can be known."""
    apart = a_referral(a_child(ref="C7", live_apart_from=frozenset({"C2"})), ref="R7")
    store(database, [], [apart])
    moved_in(database, held(database, "R7", ONE_PLACE.ref))
    database.transact(lambda w: save.remove_referral(w, HERE, apart.ref, ANYTHING))
    follower = PoolFollower(database, HERE)
    assert follower.pool().record(ONE_PLACE.ref).residents[0].live_apart_from == {"C2"}
    assert '"C2"' in _kept(database)
    name = database.transact(lambda w: erasure.erase(w, "C2", Erasure.of(HERE, "C2"), ("officer-1", "person")))
    assert '"C2"' not in _kept(database)
    assert follower.pool().record(ONE_PLACE.ref).residents[0].live_apart_from == {name}
