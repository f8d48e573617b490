"""Another person is one whose subject is another, however it is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.access.principal import Kind, Principal, Role, same_person
from app.deciding import moving_in
from app.deciding.accepting import accept
from app.deciding.agreeing import second
from app.deciding.life import is_another, steps_open_to
from app.errors import AnotherPersonNeeded, StepNotOpen
from app.matching.codes import Risk, Vulnerability
from app.matching.referral import HomeRef
from app.store import placements
from app.store.placement_records import Placement, State, Step
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import a_child, a_referral, a_resident, risks
from tests.support.deciding import APPROVER, DIRECTOR, HERE, OFFICER, a_desk, do, held, look_at, told
from tests.support.nights import store


@pytest.mark.parametrize("step", [Step.SECOND, Step.APPROVE])
def test_capital_letters_make_nobody_another_person(lite: Database, step: Step) -> None:
    """Who proposed it does not agree to it, nor does who seconded it accept it."""
    placement = held(lite, "R1", "H1")
    shouting = Principal(OFFICER.subject.upper(), Kind.PERSON, HERE, frozenset(Role))
    other = replace(shouting, subject="officer-2")
    assert not is_another(step, shouting, placement)
    assert is_another(step, other, placement)
    seconded = replace(placement, second_by="Second-1")
    assert not is_another(Step.ACCEPT, replace(other, subject="second-1"), seconded)
    assert not is_another(Step.ACCEPT, replace(other, subject="EARLIER"), seconded, {"earlier"})
    assert is_another(Step.ACCEPT, other, seconded)
    assert not same_person("a", None)


def test_who_accepted_does_not_second_anew(database: Database) -> None:
    """After the acceptance, too, the second person is one who neither proposed nor accepted it; and it is told so."""
    risky = replace(
        ONE_PLACE, ref=HomeRef("H3"), places=3, residents=(a_resident(risks=risks(Risk.TO_OTHERS_PHYSICAL)),)
    )
    child = a_child(ref="C8", vulnerabilities=frozenset(Vulnerability))
    store(
        database, [risky, replace(ONE_PLACE, places=0)], [a_referral(child, ref="R8"), a_referral(a_child(), ref="R7")]
    )
    first = held(database, "R8", risky.ref, override=("safe_from_residents",))
    seconded = do(database, second, APPROVER, first, look_at(database, first, APPROVER))
    accepted = do(database, accept, DIRECTOR, seconded, look_at(database, seconded, DIRECTOR))
    with pytest.raises(StepNotOpen):
        do(database, second, APPROVER, accepted, look_at(database, accepted, APPROVER))
    held(database, "R7", risky.ref)
    assert "second.company" in told(database, accepted)
    with pytest.raises(AnotherPersonNeeded):
        do(database, second, DIRECTOR, accepted, look_at(database, accepted, DIRECTOR))
    assert _offered(database, DIRECTOR, accepted) == _offered(database, OFFICER, accepted)
    assert _offered(database, APPROVER, accepted) == {*_offered(database, OFFICER, accepted), Step.SECOND}
    anew = do(database, second, APPROVER, accepted, look_at(database, accepted, APPROVER))
    assert (anew.state, "second.company" in told(database, anew)) == (State.ACCEPTED, False)


def _offered(database: Database, who: Principal, placement: Placement) -> set[Step]:
    with database.reading() as reading:
        looked = moving_in.looked_at(reading, a_desk(), placement)
        by = placements.seconded_by(reading, HERE, [placement])[placement.id]
    return set(steps_open_to(who, placement, by, looked.anew, looked.accepted_by))
