"""Somebody is erased whom a child with a place is to live apart from: nothing of them is left in the claim."""

from __future__ import annotations

from sqlalchemy import String, cast, select

from app.deciding.desk import Why
from app.matching.referral import HomeRef
from app.store import erasure, save
from app.store.erasure import Erasure
from app.store.follower import PoolFollower
from app.store.placement_tables import decision_texts, place_claims
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import a_child, a_home, a_referral
from tests.support.deciding import ANYTHING, HERE, held, moved_in
from tests.support.nights import store


def _kept(database: Database) -> str:
    with database.reading() as reading:
        return str(reading.execute(select(cast(place_claims.c.resident, String))).scalar_one())


def _texts(database: Database) -> list[str]:
    with database.reading() as reading:
        return list(reading.execute(select(decision_texts.c.words).order_by(decision_texts.c.words)).scalars())


def test_what_was_written_of_others_names_nobody_who_was_erased(database: Database) -> None:
    """In words that stay, beside a decision about another child, the reference is exchanged; the rest is as it was."""
    long = "C2 " * 333
    words = ("Not beside C2, who knows the family; C22 may be there.", long, "The carers know the family.")
    store(
        database, [a_home(ref=HomeRef("H5"), places=3)], [a_referral(a_child(ref=f"C{n}"), ref=f"R{n}") for n in "78"]
    )
    for referral, why in zip(("R1", "R7", "R8"), words, strict=True):
        held(database, referral, "H5", why=Why("local_intelligence", why))
    name = database.transact(lambda w: erasure.erase(w, "C2", Erasure.of(HERE, "C2"), ("officer-1", "person")))
    left = [f"Not beside {name}, who knows the family; C22 may be there.", words[2], long.replace("C2", name)[:1_000]]
    assert _texts(database) == left


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
