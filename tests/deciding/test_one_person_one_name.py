"""Somebody who was erased, more than once, comes back and is named: by one name in all that is judged by."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete

from app.matching.referral import Child, ChildRef, HomeRef, Referral
from app.store import erased_named, load
from app.store.follower import PoolFollower
from app.store.session import Database
from app.store.tables import referrals
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import a_child, a_home, a_referral, a_resident
from tests.support.deciding import HERE, held, moved_in
from tests.support.erased import erase_as_before
from tests.support.nights import store

FEARED = ChildRef("FEARED")
LIVES = a_home(ref=HomeRef("H5"), places=4, residents=(a_resident(ref=FEARED),))
AFRAID = a_child(ref=ChildRef("Y-1"), live_apart_from=frozenset({FEARED}))
THEIRS = a_referral(AFRAID, ref="R9")


def _erased(database: Database) -> ChildRef:
    return ChildRef(erase_as_before(database, HERE, FEARED))


def _back(database: Database) -> None:
    database.transact(lambda w: erased_named.told_again(w, HERE, {FEARED}))


def _kept(database: Database, referral: Referral = THEIRS) -> frozenset[ChildRef]:
    """From whom the child must live apart, as the referral is kept that names them by their reference."""
    kept, _ = database.transact(lambda w: erased_named.as_kept(w, HERE, referral))
    child: Child
    (child,) = kept.children
    return child.live_apart_from


def _waiting(database: Database) -> frozenset[ChildRef]:
    with database.reading() as reading:
        stored = load.referral(reading, HERE, THEIRS.ref)
    assert stored is not None
    return stored.record.children[0].live_apart_from


def test_who_was_erased_twice_is_the_one_who_lives_there_now(lite: Database) -> None:
    """The home has the last word for them; whatever list still has the first is found by their reference again."""
    store(lite, [LIVES], [THEIRS])
    first = _erased(lite)
    store(lite, [LIVES])
    _back(lite)
    last = _erased(lite)
    assert first != last
    assert {one.ref for one in PoolFollower(lite, HERE).pool().record(LIVES.ref).residents} == {last}
    assert _kept(lite) == {last}
    for word in (first, last):
        store(lite, [LIVES], [replace(THEIRS, children=(replace(AFRAID, live_apart_from=frozenset({word})),))])
        _back(lite)
        assert _waiting(lite) == {FEARED}


def test_who_has_a_place_again_is_named_by_their_reference(lite: Database) -> None:
    """Nothing but the place tells of them: neither a home nor a referral does any more."""
    store(lite, [], [a_referral(a_child(ref=FEARED), ref="R8")])
    word = _erased(lite)
    assert _kept(lite) == {word}
    store(lite, [], [a_referral(a_child(ref=FEARED), ref="R8")])
    _back(lite)
    moved_in(lite, held(lite, "R8", ONE_PLACE.ref))
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R8")))
    assert _kept(lite) == {FEARED}


def test_who_stands_in_the_same_referral_is_named_by_their_reference(lite: Database) -> None:
    """Two who wait together and must live apart: the one who was erased before is told of again by this very record."""
    store(lite, [], [a_referral(a_child(ref=FEARED), ref="R8")])
    _erased(lite)
    both = replace(THEIRS, children=(AFRAID, a_child(ref=FEARED)))
    kept, exchanged = lite.transact(lambda w: erased_named.as_kept(w, HERE, both))
    assert (kept, exchanged) == (both, {})


def test_who_comes_back_is_kept_from_whom_a_place_alone_tells_of(lite: Database) -> None:
    """The child who must live apart from them has its place by now, and no referral."""
    store(lite, [], [a_referral(a_child(ref=FEARED), ref="R8"), THEIRS])
    moved_in(lite, held(lite, "R9", ONE_PLACE.ref))
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R9")))
    follower = PoolFollower(lite, HERE)
    word = _erased(lite)
    assert [one.live_apart_from for one in follower.pool().record(ONE_PLACE.ref).residents] == [{word}]
    _back(lite)
    assert [one.live_apart_from for one in follower.pool().record(ONE_PLACE.ref).residents] == [{FEARED}]
