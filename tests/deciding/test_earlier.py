"""What happened to a referral before, in one statement: refusals and what is under way, on both databases."""

from __future__ import annotations

from app.deciding.accepting import accept
from app.deciding.answering import decline
from app.deciding.desk import Why
from app.store import earlier
from app.store.earlier import Earlier
from app.store.session import Database
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.deciding import HERE, OFFICER, do, held, moved_in


def _of(database: Database, ref: str) -> Earlier:
    with database.asking() as reading:
        return earlier.earlier(earlier.OF_REFERRAL.rows(reading, authority=HERE, referral=ref))


def test_one_statement_tells_both(database: Database) -> None:
    """What was declined and what is held, sent or accepted; nothing of others, and nothing once they moved in."""
    assert _of(database, "R1") == earlier.NOTHING
    first = held(database, "R1", FURTHER.ref)
    do(database, decline, OFFICER, first, Why("MATCH"), by_provider=True)
    second = held(database, "R1", ONE_PLACE.ref)
    found = _of(database, "R1")
    assert [(one.home, one.children, one.by_provider, one.reason) for one in found.declined] == [
        (FURTHER.ref, ("C1",), True, "MATCH")
    ]
    assert [(one.placement, one.home, one.state) for one in found.under_way] == [(second.id, ONE_PLACE.ref, "held")]
    assert found.waits_for("C1", ONE_PLACE.ref) is found.under_way[0]
    assert found.waits_for("C1", FURTHER.ref) is found.waits_for("C2", ONE_PLACE.ref) is found.waits_for(None, "H1")
    assert _of(database, "R2") == earlier.NOTHING
    do(database, accept, OFFICER, second)
    assert [one.state for one in _of(database, "R1").under_way] == ["accepted"]


def test_who_moved_in_is_under_way_no_more(database: Database) -> None:
    """The child lives there: that is what lists say then."""
    moved_in(database, held(database, "R1", ONE_PLACE.ref))
    assert _of(database, "R1") == earlier.NOTHING
