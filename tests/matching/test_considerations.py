"""The five statutory considerations say what the law asks, no more and no less, under every policy."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.geo.grid import Location
from app.matching.codes import Communication, Disability
from app.matching.considerations import CRITERION_OF, Consideration, Met
from app.matching.criteria import CRITERIA
from app.matching.home import Home
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import PlacedSibling, Referral
from app.matching.shortlist import shortlist
from tests.support.builders import AS_OF, CITY_CENTRE, NOTTINGHAMSHIRE, a_child, a_home, a_referral
from tests.support.policies import real_policies

NEXT_DOOR = Location(458_800, 336_000, NOTTINGHAMSHIRE)
FAR_AWAY = Location(530_000, 180_000, "E09000033")


def answers(referral: Referral, home: Home, policy: Policy | None = None) -> Mapping[Consideration, Met]:
    """Those of the only option."""
    found = shortlist(referral, Pool.build([home]), policy or real_policies()[0], AS_OF)
    return found.options[0].considerations


def test_they_rest_on_the_statutory_criteria() -> None:
    """The criteria that no policy can leave out are just these."""
    assert {criterion.code for criterion in CRITERIA if criterion.statutory} == set(CRITERION_OF.values())


@pytest.mark.parametrize("policy", real_policies(), ids=lambda policy: policy.version)
def test_every_policy_answers_them(policy: Policy) -> None:
    """A policy that does not score nearness still says whether the home is near."""
    child = a_child(disabilities=frozenset({Disability.HEARING}), placed_siblings=(_placed(CITY_CENTRE),))
    found = answers(a_referral(child), a_home(), policy)
    assert Met.DOES_NOT_APPLY not in found.values()


def test_next_to_the_area_is_not_in_it() -> None:
    """Section 22C(9) knows no degrees, however near and however local."""
    assert answers(a_referral(), a_home(location=CITY_CENTRE))[Consideration.IN_AREA] is Met.YES
    assert answers(a_referral(), a_home(location=NEXT_DOOR))[Consideration.IN_AREA] is Met.NO
    assert answers(a_referral(), a_home(location=None))[Consideration.IN_AREA] is Met.NOT_KNOWN


def test_a_language_is_no_disability() -> None:
    """A child who needs English lessons and has no disability is not asked about; a disabled child is."""
    which = Consideration.SUITABLE_IF_DISABLED
    learner = a_child(communication=frozenset({Communication.ESOL}))
    assert answers(a_referral(learner), a_home(communication=frozenset()))[which] is Met.DOES_NOT_APPLY
    nobody_knows = a_child(disabilities=None)
    assert answers(a_referral(nobody_knows), a_home())[which] is Met.NOT_KNOWN
    deaf = a_child(disabilities=frozenset({Disability.HEARING}))
    assert answers(a_referral(deaf), a_home(disabilities_supported=frozenset()))[which] is Met.NO


def test_with_some_of_the_siblings_is_partly_with_siblings() -> None:
    """Two who stay together are not alone because a third lives far away; one who goes alone is."""
    which, far = Consideration.WITH_SIBLINGS, (_placed(FAR_AWAY),)
    alone = a_referral(a_child(placed_siblings=far))
    pair = a_referral(a_child(placed_siblings=far), a_child(placed_siblings=far))
    assert answers(alone, a_home(places=3))[which] is Met.NO
    assert answers(pair, a_home(places=3))[which] is Met.PARTLY
    assert answers(a_referral(a_child(), a_child()), a_home(places=3))[which] is Met.YES


def _placed(place: Location) -> PlacedSibling:
    return PlacedSibling(a_child().ref, location=place)
