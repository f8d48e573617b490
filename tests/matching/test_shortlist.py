"""What a shortlist says beside the homes themselves."""

from __future__ import annotations

from app.matching.codes import Disability
from app.matching.finding import FULL
from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.matching.shortlist import shortlist
from app.matching.why_not import why_not
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.policies import a_policy


def test_the_most_points_are_those_of_what_applies() -> None:
    """A child is not measured against points that no home could earn: what does not apply is left out."""
    policy, pool = a_policy(), Pool.build([a_home()])
    deaf = a_child(disabilities=frozenset({Disability.HEARING}))
    usual, more = (shortlist(a_referral(child), pool, policy, AS_OF).most_points for child in (a_child(), deaf))
    assert more - usual == 10 * FULL
    assert more < policy.most_points


def test_among_equals_the_same_home_is_first_everywhere() -> None:
    """The shortlist and every why-not name the same first home where several have the same points."""
    pool = Pool.build([a_home(ref=HomeRef(f"H-{number}")) for number in range(6)])
    for _ in range(5):
        referral = a_referral()
        first = shortlist(referral, pool, a_policy(), AS_OF, k=1).options[0].explanation.home
        assert why_not(referral, HomeRef("H-5"), pool, a_policy(), AS_OF).first_home == first


def test_an_empty_inventory_is_an_empty_answer() -> None:
    """No homes, no options, nothing left out, and no mistake."""
    found = shortlist(a_referral(a_child(), a_child()), Pool.build([]), a_policy(), AS_OF)
    assert (found.homes, found.allowed, found.options, found.near_misses, found.splits) == (0, 0, (), (), ())
