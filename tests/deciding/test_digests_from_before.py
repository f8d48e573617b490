"""What a release before left of somebody who was erased, in what others' placements keep, goes with the upgrade."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import String, cast, select, text

from app.deciding import kept
from app.deciding.accepting import accept
from app.deciding.desk import Why
from app.deciding.living import end
from app.matching.referral import Child, ChildRef, HomeRef
from app.runs.working import run_now
from app.store import erasure, erasure_tables, migrate
from app.store.erasure import Erasure
from app.store.erasure_kept import forget_beside
from app.store.placement_records import Placement
from app.store.placement_tables import decisions, seen
from app.store.run_tables import proposals
from app.store.session import Database
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import HERE, OFFICER, do, held, look_at, moved_in, told
from tests.support.nights import a_workplace, store, wanted

GONE = ChildRef("X-4711")
APART = frozenset({GONE})
AFRAID = a_child(ref=ChildRef("Y-1"), live_apart_from=APART)
THEIRS = a_referral(AFRAID, ref="R9")
HOME = a_home(ref=HomeRef("H5"), places=4)
PURSUED = a_referral(a_child(ref=ChildRef("Z-1"), live_apart_from=APART), ref="R7")


def _erased_as_before(database: Database, monkeypatch: pytest.MonkeyPatch, ago: timedelta = timedelta()) -> None:
    everywhere = tuple(one for one in erasure_tables.EVERYWHERE if one is not forget_beside)
    mine = Erasure.of(HERE, GONE)
    mine = replace(mine, erased_at=mine.erased_at - ago)
    with monkeypatch.context() as before:
        before.setattr(erasure_tables, "EVERYWHERE", everywhere)
        database.transact(lambda w: erasure.erase(w, GONE, mine, ("officer-1", "person")))


def _kept(database: Database, placement: Placement) -> list[dict[str, Any]]:
    with database.reading() as reading:
        wanted = select(decisions.c.agreed_on).where(decisions.c.placement_id == placement.id)
        return [found for found in reading.execute(wanted).scalars() if found is not None]


def _everything(database: Database) -> str:
    with database.reading() as reading:
        return repr(
            [list(row) for table in (decisions, seen, proposals) for row in reading.execute(select(table)).all()]
        )


def _grounds(database: Database) -> str:
    with database.reading() as reading:
        return " ".join(reading.execute(select(cast(proposals.c.explanation, String))).scalars())


def _digest(placement: Placement, child: Child) -> str:
    """What somebody finds who tries references: the digest of risks to and from the child."""
    (kind,) = (kind for kind in kept.CHILDREN if kind.name == "safety")
    return kept._digest(placement.id, kind, child)


def _guards(database: Database) -> list[Any]:
    """Every trigger, as the database has it."""
    listed = "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 3"
    if database.engine.dialect.name == "sqlite":
        listed = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
    with database.reading() as reading:
        return [tuple(row) for row in reading.execute(text(listed))]


def _again(database: Database) -> None:
    """The layout before, and the one that cleans up."""
    migrate.downgrade(database, "0015")
    migrate.upgrade(database)


def test_it_goes_with_the_upgrade(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a placement that is over, of one that is pursued, of looks and proposals; whoever pursues one looks again."""
    store(database, [HOME], [a_referral(a_child(ref=GONE), ref="R8"), THEIRS, PURSUED])
    run_now(a_workplace(database), wanted())
    over = moved_in(database, held(database, "R9", HOME.ref))
    over = do(database, end, OFFICER, over, Why("CARPL"), ended_on=AS_OF, planned=True)
    pursued = held(database, PURSUED.ref, HOME.ref)
    look_at(database, pursued)
    digests = {_digest(one, child) for one, child in ((over, AFRAID), (pursued, PURSUED.children[0]))}
    _erased_as_before(database, monkeypatch)
    before = _everything(database)
    assert all(digest in before for digest in digests), "the attack must work before"
    assert '"was_so"' in _grounds(database)
    guards = _guards(database)
    _again(database)
    after = _everything(database)
    assert not any(digest in after for digest in digests)
    assert '"was_so"' not in _grounds(database)
    assert _guards(database) == guards
    assert [one["was_so"]["children"] for one in _kept(database, over) if "was_so" in one] == [[], []]
    assert {"children.safety", "home.residents"} <= set(told(database, pursued))
    do(database, accept, OFFICER, pursued, look_at(database, pursued))


def test_what_was_decided_since_stays(lite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who was erased before can be in it: nobody is asked to look again for nothing."""
    store(lite, [HOME], [a_referral(a_child(ref=GONE), ref="R8")])
    _erased_as_before(lite, monkeypatch, timedelta(hours=2))
    pursued = held(lite, "R1", HOME.ref)
    before = _kept(lite, pursued)
    _again(lite)
    assert _kept(lite, pursued) == before
    assert told(lite, pursued) == []
