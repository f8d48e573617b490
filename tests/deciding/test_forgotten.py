"""Somebody is erased whom a child with a place is to live apart from: nothing of them is left in the claim."""

from __future__ import annotations

import pytest
from sqlalchemy import String, cast, select

from app.deciding.desk import Why
from app.deciding.living import end
from app.errors import ChildStillPlaced
from app.matching.referral import HomeRef
from app.store import erasure, save
from app.store.erasure import Erasure
from app.store.follower import PoolFollower
from app.store.placement_tables import decision_texts, place_claims
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import ANYTHING, HERE, OFFICER, do, held, moved_in
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


def test_a_backup_in_which_an_erased_child_has_a_place_says_where(database: Database) -> None:
    """All others are erased anew; once somebody told the backup that the placement ended, that child is too."""
    placement = moved_in(database, held(database, "R1", ONE_PLACE.ref))
    lines = [Erasure.of(HERE, "C1"), Erasure.of(HERE, "C2")]
    actor = ("officer-1", "person")
    for _ in range(2):
        with pytest.raises(ChildStillPlaced) as refused:
            erasure.replay(database, HERE, lines, actor)
        assert [problem.problem for problem in refused.value.problems] == [f"Placement {placement.id} is placed."]
        with database.reading() as reading:
            assert erasure.known_children(reading, HERE) == ["C1"]
    do(database, end, OFFICER, placement, Why("CARPL"), ended_on=AS_OF, planned=True)
    assert [erasure.replay(database, HERE, lines, actor) for _ in range(2)] == [1, 0]


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
