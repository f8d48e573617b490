"""Where a placed brother or sister is, with whom a child must stay: by every record, and by what is newest of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.api.moving_notes import LEAVES, LEAVES_SOON, leaving_notes
from app.deciding.desk import Why
from app.deciding.living import end
from app.geo.grid import Location
from app.matching.assess import assess_block
from app.matching.child_columns import ChildTable
from app.matching.codes import KeepTogether
from app.matching.home import Home
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef, PlacedSibling, Referral, ReferralRef
from app.matching.shortlist import blocking, question_for
from app.store import caseload, living_apart, moving_siblings
from app.store.follower import PoolFollower
from app.store.session import Database
from app.store.under_way import waiting_referral
from app.store.versions import Precondition
from tests.deciding.conftest import FIRST_CHILD, ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, NOTTINGHAM, a_child, a_referral, a_resident
from tests.support.deciding import HERE, OFFICER, a_desk, do, held, moved_in
from tests.support.nights import store

SISTER = ChildRef("C9")
HERS = ReferralRef("R9")
LEFT, NEW = (replace(ONE_PLACE, ref=HomeRef(ref), places=4) for ref in ("H-left", "H-new"))
EVERYWHERE = {ONE_PLACE.ref, "H2", LEFT.ref, NEW.ref}


def _brother(database: Database, *, afraid: bool = False, **sister: Any) -> None:
    """He is sent alone, and must stay with her, or live apart from her; his record says this of her."""
    together = KeepTogether.NOT_REQUIRED if afraid else KeepTogether.REQUIRED
    feared = frozenset({SISTER} if afraid else ())
    brother = replace(FIRST_CHILD, placed_siblings=(PlacedSibling(SISTER, **sister),), live_apart_from=feared)
    store(database, [], [replace(REFERRAL, children=(brother,), keep_together=together)])


def _sister(database: Database, **known: Any) -> None:
    store(database, [], [a_referral(a_child(ref=SISTER, **known), ref=HERS)])


def _homes(database: Database, *, lists_her: Home | None = None) -> None:
    store(database, [LEFT, NEW])
    if lists_her is not None:
        store(database, [replace(lists_her, residents=(a_resident(ref=SISTER),))])


def _stored(database: Database) -> Referral:
    with database.reading() as reading:
        waiting = waiting_referral(reading, HERE, REFERRAL.ref)
    assert waiting is not None
    return waiting.referral.record


def _judged(database: Database) -> Referral:
    with database.reading() as reading:
        (judged,) = living_apart.as_judged(reading, HERE, [_stored(database)])
    return judged


def _open_to(database: Database, rule: str = "siblings_together") -> set[str]:
    """The homes out of which this rule does not keep him."""
    return _open_for(database, _judged(database), rule)


def _open_for(database: Database, referral: Referral, rule: str) -> set[str]:
    pool, desk = PoolFollower(database, HERE).pool(), a_desk()
    policy = desk.policies.pick(None, desk.today)
    asked = question_for(referral, pool, policy, AS_OF, named=[FIRST_CHILD.ref])
    bits = blocking(assess_block(asked, 0, 1), policy)
    return {home.ref for at, home in enumerate(pool.records) if rule not in policy.rule_codes(int(bits[at]))}


def _sisters(database: Database) -> tuple[ChildRef, ...]:
    return tuple(one.child for one in _judged(database).children[0].placed_siblings)


def _places(database: Database) -> tuple[Location | None, ...]:
    """From where it is measured how near he would be."""
    pool = PoolFollower(database, HERE).pool()
    return ChildTable.build((_judged(database),), pool, AS_OF).lists[0].sibling_places


def _said_beside(database: Database, home: Home) -> list[str]:
    """What is said beside a proposal of this home for him, of who leaves it."""
    with database.reading() as reading:
        leaving = moving_siblings.of_children(reading, HERE, [FIRST_CHILD.ref])
    return [one.note for one in leaving_notes([FIRST_CHILD.ref], home.ref, leaving)]


def test_she_is_where_a_place_is_held_for_her(lite: Database) -> None:
    """Not where she lives until then: he goes with her, as if both stood in one referral."""
    _homes(lite, lists_her=LEFT)
    _brother(lite)
    _sister(lite, current_home=LEFT.ref)
    assert _open_to(lite) == {LEFT.ref}
    placement = held(lite, HERS, NEW.ref)
    assert _open_to(lite) == {NEW.ref}
    moved_in(lite, placement)
    store(lite, [], [replace(a_referral(a_child(ref=SISTER), ref=HERS), waiting_since=AS_OF)])
    assert _open_to(lite) == {NEW.ref}


def test_his_own_record_still_names_the_home_that_she_left(lite: Database) -> None:
    """From whom he must live apart: by what it said before the move he is kept out no more, and by what it says since.

    What is sent along is said now.
    """
    _homes(lite)
    _brother(lite, afraid=True, home=LEFT.ref)
    _sister(lite)
    assert EVERYWHERE - _open_to(lite, "live_apart") == {LEFT.ref}
    placement = held(lite, HERS, NEW.ref)
    assert EVERYWHERE - _open_to(lite, "live_apart") == {LEFT.ref, NEW.ref}
    moved_in(lite, placement)
    assert EVERYWHERE - _open_to(lite, "live_apart") == {NEW.ref}
    sent = living_apart.judged_alone(lite, HERE, _stored(lite))
    assert EVERYWHERE - _open_for(lite, sent, "live_apart") == {LEFT.ref, NEW.ref}
    _brother(lite, afraid=True, home=LEFT.ref)
    assert EVERYWHERE - _open_to(lite, "live_apart") == {LEFT.ref, NEW.ref}


def test_her_own_referral_or_that_of_another_tells_where_she_lives(lite: Database) -> None:
    """Where neither his record, nor a home, nor the caseload does: and none of these is contradicted by it."""
    _homes(lite)
    _brother(lite)
    _sister(lite)
    assert _open_to(lite) == EVERYWHERE
    _sister(lite, current_home=LEFT.ref)
    assert _open_to(lite) == {LEFT.ref}
    _sister(lite)
    other = a_child(ref=ChildRef("C8"), placed_siblings=(PlacedSibling(SISTER, NEW.ref),))
    store(lite, [], [a_referral(other, ref=ReferralRef("R8"))])
    assert _open_to(lite) == {NEW.ref}
    _brother(lite, home=LEFT.ref)
    assert _open_to(lite) == {LEFT.ref}


def test_what_was_said_before_a_stay_that_is_over(database: Database) -> None:
    """Of where she lives by now nobody knows: not where she was before she came, nor where she left, until it is told.

    Who must live apart from her is kept from every home of which a record tells.
    """
    _homes(database, lists_her=LEFT)
    _brother(database, home=LEFT.ref)
    _sister(database)
    placement = moved_in(database, held(database, HERS, NEW.ref))
    third = a_child(ref=ChildRef("C8"), placed_siblings=(PlacedSibling(SISTER, NEW.ref),))
    store(database, [], [a_referral(third, ref=ReferralRef("R8"))])
    assert _open_to(database) == {NEW.ref}
    do(database, end, OFFICER, placement, Why("CARPL"), ended_on=AS_OF, planned=True)
    assert _open_to(database) == EVERYWHERE
    (child,) = _judged(database).children
    assert child.placed_siblings == (PlacedSibling(SISTER, LEFT.ref),), "a list says that nobody knows where"
    _brother(database, afraid=True, home=LEFT.ref)
    assert EVERYWHERE - _open_to(database, "live_apart") == {LEFT.ref, NEW.ref}
    _brother(database, home=LEFT.ref)
    assert _open_to(database) == {LEFT.ref}


def test_who_left_care_is_nobody_with_whom_to_stay(lite: Database) -> None:
    """Unless a home lists her or a record that was sent since says where she lives; then she is their sister still."""
    _homes(lite)
    _brother(lite, home=LEFT.ref)
    _sister(lite)
    placement = moved_in(lite, held(lite, HERS, NEW.ref))
    _brother(lite, home=NEW.ref)
    do(lite, end, OFFICER, placement, Why("E4A"), ended_on=AS_OF, planned=True)
    assert (_open_to(lite), _sisters(lite)) == (EVERYWHERE, ())
    _homes(lite, lists_her=NEW)
    assert (_open_to(lite), _sisters(lite)) == ({NEW.ref}, (SISTER,))
    _homes(lite)
    _brother(lite, home=NEW.ref)
    assert (_open_to(lite), _sisters(lite)) == ({NEW.ref}, (SISTER,))


def test_who_is_named_since_she_left_care_may_be_back(lite: Database) -> None:
    """Also without a home: then nobody knows where she lives, and where his record says that she is counts."""
    _homes(lite)
    _sister(lite)
    placement = moved_in(lite, held(lite, HERS, NEW.ref))
    do(lite, end, OFFICER, placement, Why("E4A"), ended_on=AS_OF, planned=True)
    away = Location(461000, 345000, NOTTINGHAM)
    _brother(lite, location=away)
    assert (_sisters(lite), _places(lite)) == ((SISTER,), (away,))


def test_how_near_she_is_is_told_by_where_she_moved(lite: Database) -> None:
    """A place without a home, sent before her move, is where she was: until it is sent once more."""
    away, old = Location(461000, 345000, NOTTINGHAM), Location(455000, 335000, NOTTINGHAM)
    store(lite, [LEFT, replace(NEW, location=away)])
    _brother(lite, location=old)
    _sister(lite)
    assert _places(lite) == (old,)
    placement = held(lite, HERS, NEW.ref)
    assert _places(lite) == (away,)
    placement = moved_in(lite, placement)
    assert _places(lite) == (away,)
    do(lite, end, OFFICER, placement, Why("CARPL"), ended_on=AS_OF, planned=True)
    assert _places(lite) == (None,)
    _brother(lite, location=old)
    assert _places(lite) == (old,)


def test_a_proposal_of_the_home_that_she_leaves(lite: Database) -> None:
    """Whichever record has her there; not where she has left, and where a home is held for her it is said too."""
    _homes(lite)
    _brother(lite, home=LEFT.ref)
    _sister(lite)
    assert [_said_beside(lite, home) for home in (LEFT, NEW)] == [[LEAVES], []]
    placement = held(lite, HERS, NEW.ref)
    assert [_said_beside(lite, home) for home in (LEFT, NEW)] == [[LEAVES_SOON], []]
    moved_in(lite, placement)
    assert [_said_beside(lite, home) for home in (LEFT, NEW)] == [[], []]
    later = a_referral(a_child(ref=SISTER), ref=HERS, waiting_since=AS_OF + timedelta(days=1))
    store(lite, [], [later])
    assert [_said_beside(lite, home) for home in (LEFT, NEW)] == [[], [LEAVES]]


def test_a_proposal_of_a_home_in_which_the_caseload_or_she_herself_has_her(lite: Database) -> None:
    """Of which neither the home nor his own record tells."""
    _homes(lite)
    _brother(lite)
    _sister(lite, current_home=LEFT.ref)
    assert [_said_beside(lite, home) for home in (LEFT, NEW)] == [[LEAVES], []]
    with lite.writing() as writing:
        caseload.save_placed(writing, HERE, Placed(SISTER, home=NEW.ref), Precondition())
    assert [_said_beside(lite, home) for home in (LEFT, NEW)] == [[], [LEAVES]]
