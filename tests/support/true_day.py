"""Moves that are told on a later day, and who lived in a home before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.deciding.accepting import accept
from app.deciding.desk import Why
from app.deciding.living import end, place
from app.errors import PlacementError
from app.store.placement_records import Placement
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import AS_OF
from tests.support.deciding import OFFICER, a_desk, do, held

BY_NIGHT = "The duty team moved the child in late in the evening."


def in_days(days: int) -> date:
    """So many days from now; before it with less than none."""
    return AS_OF + timedelta(days=days)


def moves_in(
    database: Database, placement: Placement, day: date, seen: str | None = None, today: date = AS_OF
) -> Placement:
    """Told today, with why where that is later."""
    wanted, why = Precondition(versions=frozenset({placement.version})), BY_NIGHT if day < today else None
    desk = a_desk(today)
    return database.transact(lambda w: place(w, desk, OFFICER, placement.id, wanted, day, seen, why))


def refused(
    database: Database, placement: Placement, day: date, seen: str | None = None, today: date = AS_OF
) -> tuple[type[PlacementError], str, str, str]:
    """How it is refused, where that is for one thing alone: by which field, what is said, and what can be done."""
    with pytest.raises(PlacementError) as refusal:
        moves_in(database, placement, day, seen, today)
    (problem,) = refusal.value.problems
    return type(refusal.value), problem.field, problem.problem, problem.cure


def accepted(database: Database, referral: str, home: str, *children: str) -> Placement:
    """What is held and accepted in this home, for all of a referral or for some."""
    return do(database, accept, OFFICER, held(database, referral, home, children=children))


def ended(database: Database, lives: Placement, day: date, *children: str) -> Placement:
    """All who live there moved out, or these children."""
    some = children or None
    return do(database, end, OFFICER, lives, Why("CARPL"), ended_on=day, planned=True, children=some)


def lived(database: Database, referral: str, home: str, day: date, until: date) -> Placement:
    """Somebody who lived there by a placement."""
    return ended(database, moves_in(database, accepted(database, referral, home), day), until)
