"""Where a placed brother or sister is, with whom a child must stay: by every record, and by what is newest of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.matching.assess import assess_block
from app.matching.codes import KeepTogether
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, PlacedSibling, Referral, ReferralRef
from app.matching.shortlist import blocking, question_for
from app.store import living_apart
from app.store.follower import PoolFollower
from app.store.session import Database
from app.store.under_way import waiting_referral
from tests.deciding.conftest import FIRST_CHILD, ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, a_child, a_referral, a_resident
from tests.support.deciding import HERE, a_desk, held, moved_in
from tests.support.nights import store

SISTER = ChildRef("C9")
HERS = ReferralRef("R9")
LEFT, NEW = (replace(ONE_PLACE, ref=HomeRef(ref), places=4) for ref in ("H-left", "H-new"))
EVERYWHERE = {ONE_PLACE.ref, "H2", LEFT.ref, NEW.ref}


def _brother(database: Database, **sister: Any) -> None:
    """He is sent alone, and must stay with her; his record says this of her."""
    brother = replace(FIRST_CHILD, placed_siblings=(PlacedSibling(SISTER, **sister),))
    store(database, [], [replace(REFERRAL, children=(brother,), keep_together=KeepTogether.REQUIRED)])


def _sister(database: Database, **known: Any) -> None:
    store(database, [], [a_referral(a_child(ref=SISTER, **known), ref=HERS)])


def _homes(database: Database, *, lists_her: Home | None = None) -> None:
    store(database, [LEFT, NEW])
    if lists_her is not None:
        store(database, [replace(lists_her, residents=(a_resident(ref=SISTER),))])


def _judged(database: Database) -> tuple[Referral, Pool]:
    with database.reading() as reading:
        waiting = waiting_referral(reading, HERE, REFERRAL.ref)
    assert waiting is not None
    pool = PoolFollower(database, HERE).pool()
    return living_apart.judged_alone(database, HERE, waiting.referral.record, waiting.feared_by), pool


def _open_to(database: Database, rule: str = "siblings_together") -> set[str]:
    """The homes out of which this rule does not keep him."""
    (referral, pool), desk = _judged(database), a_desk()
    policy = desk.policies.pick(None, desk.today)
    bits = blocking(assess_block(question_for(referral, pool, policy, AS_OF), 0, 1), policy)
    return {home.ref for at, home in enumerate(pool.records) if rule not in policy.rule_codes(int(bits[at]))}


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
