"""Each child has one end, told by a decision: what the database refuses, whoever sends it; and rows from before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from app.store import migrate
from app.store.placement_tables import decisions, place_claims, placements, seen
from app.store.save import save_home
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.store.test_placement_guards import (
    DECISION,
    HAS_PLACES,
    HERE,
    HOME,
    PLACEMENT,
    SEEN,
    _begin,
    _claim,
    _next,
)
from tests.support.builders import AS_OF
from tests.support.refusals import assert_refused

HAS_END = "who leaves a home has an end"
LEAVES = "a placement that goes on without some is left by them"

MINE = placements.c.id == "a" * 32
OF_C1 = update(place_claims).where(place_claims.c.child_ref == "C1")
OF_C2 = update(place_claims).where(place_claims.c.child_ref == "C2")
TOLD: dict[str, Any] = {"ended_on": AS_OF, "end_reason": "CARPL", "end_planned": True}
OUT: dict[str, Any] = {"live": False, "resident": None, "changed_seq": 9}


def _decided(step: str, version: int = 3, **changes: Any) -> Any:
    state = "ended" if step == "end" else "placed"
    row = {"version": version, "step": step, "from_state": "placed", "to_state": state, "reason_code": "CARPL"}
    return insert(decisions).values(DECISION | row | {"seen_id": None, "rank": None} | changes)


LEFT = update(placements).where(MINE).values(version=3, children_left=1)
ENDED = update(placements).where(MINE).values(version=3, state="ended", **TOLD)


@pytest.fixture
def lived(database: Database) -> Database:
    """Two children live in a home with two places, by one placement."""

    def work(writing: Writing) -> None:
        save_home(writing, HERE, HOME, Precondition())
        writing.execute(insert(seen), SEEN)
        _begin(writing, "a", 1, ("C1", "C2"))
        writing.execute(insert(place_claims), [_claim(), _claim("C2", 2)])
        _next(writing, "place", "placed")
        writing.execute(update(place_claims).values(lived_in=True))

    database.transact(work)
    return database


def _run(database: Database, *statements: Any) -> None:
    with database.writing() as writing:
        for statement in statements:
            writing.execute(statement)


def test_nobody_leaves_without_an_end(lived: Database) -> None:
    """Not without a decision, nor by another's, nor for another reason, nor with half of what is to be told."""
    assert_refused(lived, HAS_PLACES, OF_C1.values(OUT))
    with_end = OUT | TOLD | {"ended_version": 3}
    assert_refused(lived, HAS_END, OF_C1.values(with_end))
    assert_refused(lived, HAS_END, OF_C1.values(with_end | {"ended_version": 2}))
    assert_refused(lived, HAS_END, _decided("leave"), OF_C1.values(with_end | {"end_reason": "CREQB"}))
    assert_refused(lived, HAS_PLACES, _decided("leave"), OF_C1.values(OUT))
    whole = "ck_place_claims_ended_whole"
    assert_refused(lived, whole, _decided("leave"), OF_C1.values(with_end | {"ended_on": None}))
    assert_refused(lived, whole, _decided("leave"), OF_C1.values(TOLD | {"ended_version": 3}))
    assert_refused(lived, "ck_decisions_reason_of_end", _decided("leave", reason_code=None))
    _run(lived, _decided("leave", actor_kind="system"), OF_C1.values(with_end), LEFT)


def test_a_placement_goes_on_for_those_who_stay(lived: Database) -> None:
    """Who left is counted, with a step of its own; neither nobody nor everybody leaves by it, and none comes back."""
    gone = OF_C1.values(OUT | TOLD | {"ended_version": 3})
    assert_refused(lived, HAS_PLACES, _decided("leave"), LEFT)
    assert_refused(lived, LEAVES, _decided("leave"), gone, update(placements).where(MINE).values(version=3))
    both = update(place_claims).values(OUT | TOLD | {"ended_version": 3})
    assert_refused(lived, LEAVES, _decided("leave"), both, LEFT.values(children_left=2))
    assert_refused(lived, LEAVES, update(placements).where(MINE).values(children_left=1))
    assert_refused(lived, LEAVES, _decided("end"), ENDED.values(children_left=1))
    _run(lived, _decided("leave"), gone, LEFT)
    assert_refused(lived, LEAVES, update(placements).where(MINE).values(children_left=0))
    assert_refused(lived, HAS_END, OF_C1.values(ended_on=date(2020, 1, 1)))
    assert_refused(lived, HAS_END, OF_C1.values(dict.fromkeys((*TOLD, "ended_version"))))
    assert_refused(lived, HAS_END, _decided("end", 4), OF_C1.values(ended_version=4))
    begun = PLACEMENT | {"id": "d" * 32, "number": 9, "children": ["C3", "C4"], "children_left": 1}
    by = insert(decisions).values(DECISION | {"placement_id": "d" * 32})
    assert_refused(lived, "ck_placements_children_left_when", by, insert(placements).values(begun))
    _run(lived, _decided("end", 4), OF_C2.values(OUT | TOLD | {"ended_version": 4}), ENDED.values(version=4))


def test_a_release_before_ends_it_for_all(lived: Database) -> None:
    """While machines are replaced: it knows of no end of each, and the database tells it of them."""
    _run(lived, _decided("end"), ENDED, update(place_claims).values(OUT))
    assert _ends(lived) == [("C1", AS_OF, "CARPL", True, 3), ("C2", AS_OF, "CARPL", True, 3)]


def _ends(database: Database) -> list[tuple[Any, ...]]:
    columns = ("child_ref", "ended_on", "end_reason", "end_planned", "ended_version")
    with database.reading() as reading:
        wanted = select(*(place_claims.c[name] for name in columns)).order_by(place_claims.c.child_ref)
        return [tuple(row) for row in reading.execute(wanted)]


def test_down_and_up_with_rows(lived: Database) -> None:
    """An end that was told of all stays one, and becomes that of each; the guards are there again."""
    _run(lived, _decided("end"), update(place_claims).values(OUT | TOLD | {"ended_version": 3}), ENDED)
    told = _ends(lived)
    migrate.downgrade(lived, "0014")
    migrate.upgrade(lived)
    assert _ends(lived) == told == [("C1", AS_OF, "CARPL", True, 3), ("C2", AS_OF, "CARPL", True, 3)]
    assert_refused(lived, HAS_END, OF_C1.values(ended_on=date(2020, 1, 1)))


def test_those_who_live_there_go_down_and_up(lived: Database) -> None:
    """They live there, and one may leave; the layout before does not hold that, and says so rather than forget it."""
    migrate.downgrade(lived, "0014")
    migrate.upgrade(lived)
    _run(lived, _decided("leave"), OF_C1.values(OUT | TOLD | {"ended_version": 3}), LEFT)
    with pytest.raises(RuntimeError, match="restore the backup"):
        migrate.downgrade(lived, "0014")
    assert _ends(lived)[0] == ("C1", AS_OF, "CARPL", True, 3)
