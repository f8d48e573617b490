"""Law: in whatever order and company children leave, and whoever of them is erased, each who stays lives there."""

from __future__ import annotations

from itertools import count, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.deciding.desk import Why
from app.deciding.living import end
from app.matching.codes import KeepTogether
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store import claims, moving_out
from app.store.erasure import Erasure, erase
from app.store.placement_records import State
from app.store.session import Database
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import HERE, OFFICER, do, held, moved_in, now
from tests.support.nights import store

HOME = a_home(ref=HomeRef("H7"), places=4)
CODES = ("CARPL", "CREQB", "E11")
NUMBERS = count()

ORDERS = st.integers(1, 4).flatmap(lambda size: st.permutations(range(size)))
"""In which order they leave."""


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDERS, st.sets(st.integers(1, 3)), st.lists(st.sampled_from(CODES), min_size=4), st.data())
def test_each_who_stays_lives_there(
    database: Database, order: list[int], cuts: set[int], codes: list[str], data: st.DataObject
) -> None:
    """Places, residents, ends and the state are those of a set of children from which some go at a time."""
    name = f"L{next(NUMBERS)}"
    refs = [ChildRef(f"{name}-{n}") for n in range(len(order))]
    people = [a_child(ref=ref) for ref in refs]
    apart = KeepTogether.NOT_REQUIRED
    store(database, [HOME], [a_referral(*people, ref=ReferralRef(name), keep_together=apart)])
    placed = moved_in(database, held(database, name, HOME.ref))
    edges = [0, *sorted(cut for cut in cuts if cut < len(order)), len(order)]
    stays, told, version = set(refs), dict[str, tuple[str, int]](), placed.version
    for (start, stop), code in zip(pairwise(edges), codes, strict=False):
        gone = [refs[n] for n in order[start:stop]]
        by_name = stop < len(order) or data.draw(st.booleans())
        named = {"children": gone} if by_name else {}
        do(database, end, OFFICER, now(database, placed), Why(code), ended_on=AS_OF, planned=True, **named)
        stays, version = stays - set(gone), version + 1
        told |= dict.fromkeys(gone, (code, version))
        if data.draw(st.booleans()):
            erased = data.draw(st.sampled_from(gone))
            database.transact(lambda w, who=erased: erase(w, who, Erasure.of(HERE, who), ("admin", "person")))
            del told[erased]
        with database.reading() as reading:
            stands = now(database, placed)
            found = moving_out.left(reading, HERE, [stands]).get(placed.id, [])
            (home,) = claims.with_claims(reading, HERE, [HOME])
            assert claims.homes_of(reading, HERE) == dict.fromkeys(stays, HOME.ref)
            assert set(moving_out.living(reading, HERE, stands)) == stays
        assert {resident.ref for resident in home.residents} == stays
        assert {one.child: (one.end_reason, one.version) for one in found} == told
        assert stands.state is (State.PLACED if stays else State.ENDED)
        assert (stands.version, stands.children_left) == (version, start if not stays else stop)
