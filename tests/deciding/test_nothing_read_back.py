"""After an erasure nothing lets where the family lives, or the legal status, be found by trying: the attack itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import select, update

from app.deciding import agreed, kept
from app.deciding.desk import Why
from app.deciding.living import end
from app.geo.postcodes import PostcodeDirectory
from app.matching.codes import KeepTogether, LegalStatus
from app.matching.referral import Child, ChildRef, HomeRef, Referral
from app.store import erasure
from app.store.clock import database_now
from app.store.erasure import Erasure
from app.store.placement_records import Placement
from app.store.placement_tables import decisions, placements, seen
from app.store.schema import metadata
from app.store.session import Database
from app.store.tables import homes
from app.store.tables import referrals as referral_rows
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral, some_terms
from tests.support.deciding import HERE, OFFICER, do, held, look_at, moved_in, told
from tests.support.nights import store

CHILD = a_child(ref="C9", legal_status=LegalStatus.C2)
FARTHEST = 60_000
TRIED = ("NG1 5DT", "NG2 5FJ", "NG7 2RD", "NG9 2AB")


@pytest.fixture(scope="module")
def referrals() -> list[Referral]:
    """What somebody tries: the referral as it is, with each of some postcodes; the first is the true one."""
    directory = PostcodeDirectory.open()
    return [replace(a_referral(CHILD, ref="R9"), family_home=directory.locate(postcode)) for postcode in TRIED]


def _erased(database: Database) -> str:
    return database.transact(lambda w: erasure.erase(w, "C9", Erasure.of(HERE, "C9"), ("officer-1", "person")))


def _everything(database: Database) -> str:
    """Every value of every row of every table, as text."""
    with database.reading() as reading:
        rows = chain.from_iterable(reading.execute(select(table)).all() for table in metadata.sorted_tables)
        return repr([list(row) for row in rows])


def _tried(salt: str, referral: Referral, child: Child) -> Iterator[str]:
    """Each digest that is kept of a party's facts, worked out from what is tried."""
    yield from kept._digests(salt, kept.REFERRAL, referral).values()
    yield from kept._digests(salt, kept.CHILDREN, child).values()


def _found(text: str, salts: Iterable[str], tries: Iterable[tuple[Referral, Child]]) -> set[str]:
    told = {digest for salt in salts for referral, child in tries for digest in _tried(salt, referral, child)}
    return {digest for digest in told if digest in text}


def test_nothing_is_found_by_trying(database: Database, referrals: list[Referral]) -> None:
    """Digests, points, the order of homes: what is left of a placement that was lived is who decided what, and when."""
    store(database, [], [referrals[0]])
    first = held(database, "R9", ONE_PLACE.ref)
    look_at(database, first)
    placement = do(database, end, OFFICER, moved_in(database, first), Why("CARPL"), ended_on=AS_OF, planned=True)
    tries = [(referral, replace(CHILD, legal_status=one)) for referral in referrals for one in LegalStatus]
    with database.reading() as reading:
        salts = [placement.id, *reading.execute(select(seen.c.id)).scalars()]
    before = _everything(database)
    assert len(_found(before, salts, tries)) > 1, "the attack must work on what was not erased"
    assert not _distances(placement).isdisjoint(_words(before))
    _erased(database)
    after = _everything(database)
    assert _found(after, salts, tries) == set()
    assert _distances(placement).isdisjoint(_words(after))
    assert _left(database, placement) == {"agreed_on": {None}, "was_so": {None}, "options": {"[]"}, "points": {0}}


def _distances(placement: Placement) -> set[str]:
    """The digest of every distance that there can be between a family and the home."""
    return {agreed._digest(placement, metres) for metres in range(FARTHEST)}


def _words(text: str) -> set[str]:
    return set(text.replace("'", '"').split('"'))


def _left(database: Database, placement: Placement) -> dict[str, set[Any]]:
    with database.reading() as reading:
        steps = reading.execute(select(decisions.c.agreed_on).where(decisions.c.placement_id == placement.id))
        looks = reading.execute(select(seen.c.was_so, seen.c.options)).all()
        points = reading.execute(select(placements.c.points).where(placements.c.id == placement.id)).scalars()
        return {
            "agreed_on": set(steps.scalars()),
            "was_so": {row.was_so for row in looks},
            "options": {str(row.options) for row in looks},
            "points": set(points),
        }


def _apart_in_time(database: Database) -> None:
    """Records that were stored long before anything was decided on them."""
    with database.writing() as writing:
        for table in (homes, referral_rows):
            writing.execute(update(table).values(changed_at=database_now(writing) - timedelta(days=1)))


def _company(database: Database, placement: Placement) -> str:
    """The digest of who lives in the home, as it is kept with a hold."""
    with database.reading() as reading:
        wanted = select(decisions.c.agreed_on).where(decisions.c.placement_id == placement.id)
        digest: str = reading.execute(wanted).scalar_one()["was_so"]["home"]["residents"]
    return digest


def test_nor_from_what_was_kept_of_others(database: Database, referrals: list[Referral]) -> None:
    """Who lived beside the child is asked about anew, who is held elsewhere is not; neither tells who it was."""
    shared, apart = a_home(ref=HomeRef("H5"), places=3), FURTHER.ref
    store(database, [shared], [referrals[0]])
    gone = moved_in(database, held(database, "R9", shared.ref))
    beside, elsewhere = held(database, "R1", shared.ref), held(database, "R2", apart)
    look_at(database, beside)
    _apart_in_time(database)
    digest = _company(database, beside)
    do(database, end, OFFICER, gone, Why("CARPL"), ended_on=AS_OF, planned=True)
    assert digest in _everything(database)
    _erased(database)
    assert digest not in _everything(database)
    assert "home.residents" in told(database, beside)
    assert "home.residents" not in told(database, elsewhere)


def _agreed_on(database: Database, placement: Placement) -> dict[str, Any]:
    """What was so of home and referral, as it is kept with a hold: digests by kind."""
    with database.reading() as reading:
        wanted = select(decisions.c.agreed_on).where(decisions.c.placement_id == placement.id)
        found = reading.execute(wanted).scalar_one()["was_so"]
    return {name: found[name] for name in ("home", "referral")}


def test_nor_who_was_sought_for_together(database: Database) -> None:
    """A brother or sister who is erased is in the digest of the party: it goes, and the others are looked at again."""
    party = a_referral(a_child(ref="C8"), CHILD, ref="R9", keep_together=KeepTogether.PREFERRED)
    store(database, [replace(FURTHER, places=1), a_home(ref=HomeRef("H5"), places=1)], [party])
    alone = held(database, "R9", ONE_PLACE.ref, children=["C8"])
    (kind,) = (kind for kind in kept.REFERRAL if kind.name == kept.SIBLINGS)
    tried = {kept._told(alone.id, kind, sorted(("C8", f"C{n}"))) for n in range(10)}
    assert _agreed_on(database, alone)["referral"][kept.SIBLINGS] in tried, "the attack must work before"
    _erased(database)
    assert kept.SIBLINGS not in _agreed_on(database, alone)["referral"]
    assert "referral.siblings" in told(database, alone)


def test_nor_whom_the_terms_of_a_home_name(database: Database) -> None:
    """The children whom a registration names or exempts are in the digest of its terms."""
    terms = some_terms(exempt_children=frozenset({ChildRef("C9"), ChildRef("C1")}))
    home = a_home(ref=HomeRef("H5"), terms=terms)
    store(database, [home], [a_referral(CHILD, ref="R9")])
    beside = held(database, "R1", "H5")
    (kind,) = (kind for kind in kept.HOME if kind.name == "terms")
    tried = {kept._digest(beside.id, kind, home)}
    assert _agreed_on(database, beside)["home"]["terms"] in tried, "the attack must work before"
    _erased(database)
    assert "terms" not in _agreed_on(database, beside)["home"]
    assert "home.terms" in told(database, beside)
