"""An accepted placement whose referral is gone: what the claims keep is judged rule by rule, and nothing passed over.

A home that is another than it was accepted takes nobody in whatever the rules say; so here it is asked what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.deciding import without_referral
from app.deciding.accepting import accept
from app.deciding.living import place
from app.errors import PlacementError
from app.matching.codes import HomeKind, Judgement, LivingCompanions, Registration, Risk, SexAccepted, Vulnerability
from app.matching.home import Home
from app.matching.referral import Child, ChildRef
from app.store.placement_records import Placement
from app.store.placement_tables import place_claims
from app.store.session import Database
from app.store.tables import referrals
from app.store.versions import Precondition
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident, risks, some_terms
from tests.support.deciding import OFFICER, a_desk, do, held
from tests.support.nights import store

ENEMY = ChildRef("ENEMY")
CHILD = a_child(
    ref=ChildRef("C8"),
    risks=risks(Risk.TO_OTHERS_FIRE),
    vulnerabilities=frozenset({Vulnerability.BULLYING}),
    living_companions=LivingCompanions.ONLY_OLDER,
    live_apart_from=frozenset({ENEMY}),
)
OLDER = a_resident(ref=ChildRef("OLDER"), date_of_birth=date(2011, 1, 1))
TWO = a_home(ref="H3", places=2, residents=(OLDER,))
SEVENTEEN = a_child(ref=ChildRef("C8"), date_of_birth=date(AS_OF.year - 18, AS_OF.month, AS_OF.day) + timedelta(days=9))
BIRTHDAY = AS_OF + timedelta(days=9)
SUPPORTED = a_home(ref="H3", kind=HomeKind.SUPPORTED_ACCOMMODATION, terms=some_terms(age_min=16, age_max=25))


def _accepted(database: Database, child: Child = CHILD, home: Home = TWO) -> Placement:
    """A place in the home is accepted, and the referral is gone."""
    store(database, [home, replace(ONE_PLACE, places=0)], [a_referral(child, ref="R8")])
    accepted = do(database, accept, OFFICER, held(database, "R8", home.ref))
    database.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R8")))
    return accepted


def _refused(database: Database, placement: Placement, day: date = AS_OF) -> tuple[str, list[str]]:
    wanted = Precondition(versions=frozenset({placement.version}))
    with pytest.raises(PlacementError) as told:
        database.transact(lambda w: place(w, a_desk(day), OFFICER, placement.id, wanted, day))
    return told.value.code, [problem.field for problem in told.value.problems]


def _beside(**known: Any) -> Callable[[Home], Home]:
    return lambda home: replace(home, residents=(replace(OLDER, **known),))


IN_THE_WAY: dict[str, Callable[[Home], Home]] = {
    "age_range": lambda home: replace(home, terms=some_terms(age_max=5)),
    "live_apart": _beside(ref=ENEMY),
    "living_companions": _beside(date_of_birth=date(2020, 1, 1)),
    "ofsted_gateway": lambda home: replace(home, judgement=Judgement.INADEQUATE),
    "registered": lambda home: replace(home, registration=Registration.CANCELLED),
    "safe_for_residents": _beside(vulnerabilities=frozenset({Vulnerability.FIRE})),
    "safe_from_residents": _beside(risks=risks(Risk.TO_OTHERS_PHYSICAL)),
    "sex": lambda home: replace(home, terms=some_terms(sex=SexAccepted.MALE)),
    "usable_places": lambda home: replace(home, places=1),
    "supported_accommodation_age": lambda home: replace(home, kind=HomeKind.SUPPORTED_ACCOMMODATION),
}
"""For each rule that is judged without a referral, how the home comes to be one that it keeps the child out of."""


def test_each_rule_of_what_a_claim_keeps_is_told(lite: Database) -> None:
    """Each is in the way by its name: none is passed over as a change that is only to be looked at."""
    accepted = _accepted(lite)
    assert IN_THE_WAY.keys() == without_referral.JUDGED
    for rule, becomes in IN_THE_WAY.items():
        store(lite, [becomes(TWO)])
        code, fields = _refused(lite, accepted)
        assert (code, f"rules.{rule}" in fields) == ("rules_not_met", True), rule


@pytest.mark.parametrize(
    ("home", "rule"),
    [
        (SUPPORTED, "supported_accommodation_age"),
        (replace(TWO, terms=some_terms(age_max=17)), "age_range"),
        (replace(TWO, terms=some_terms(age_max=25), registered_to=BIRTHDAY - timedelta(days=1)), "registered"),
    ],
)
def test_a_day_that_comes_while_it_waits(lite: Database, home: Home, rule: str) -> None:
    """The home is what it was: only the child is eighteen by now, or the registration is over."""
    accepted = _accepted(lite, SEVENTEEN, home)
    assert _refused(lite, accepted, BIRTHDAY) == ("rules_not_met", [f"rules.{rule}"])


def test_a_claim_that_keeps_too_little(lite: Database) -> None:
    """Of whom nobody knows who they are nothing is judged: the referral must come back first."""
    accepted = _accepted(lite)
    kept = {"ref": "SOMEBODY", "date_of_birth": None, "sex": "U"}
    lite.transact(lambda w: w.execute(update(place_claims).values(resident=kept)))
    assert _refused(lite, accepted) == ("facts_changed", ["referral"])
