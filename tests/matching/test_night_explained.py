"""Why a child does not get the home that suits best: the reason that binds first is the one that is told."""

from __future__ import annotations

import pytest

from app.matching.batch import Night, batch
from app.matching.night_explained import report
from app.matching.night_report import WhyHere
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.solve import solve
from tests.rematch.nights import FAR, NEAR, default_policy
from tests.support.builders import AS_OF, a_child, a_home, a_referral


def two_at_odds(places: int) -> Night:
    """Two children who must live apart, one home near by with so many free places, and one far away."""
    one = a_child(ref=ChildRef("C-1"))
    other = a_child(ref=ChildRef("C-2"), live_apart_from=frozenset({one.ref}))
    referrals = [a_referral(one, ref=ReferralRef("R-1")), a_referral(other, ref=ReferralRef("R-2"))]
    homes = [
        a_home(ref=HomeRef("H-near"), location=NEAR, places=places),
        a_home(ref=HomeRef("H-far"), location=FAR, places=1),
    ]
    return Night(tuple(referrals), Pool.build(homes), default_policy(), AS_OF)


@pytest.mark.parametrize(("places", "why"), [(1, WhyHere.PLACES), (2, WhyHere.MAY_NOT_SHARE)])
def test_a_home_that_is_full_is_said_to_be_full(places: int, why: WhyHere) -> None:
    """Whether two could share a home with one place is no matter; in a home with room for both it is."""
    posed = batch(two_at_odds(places))
    told = report(posed, solve(posed.problem)).proposals
    assert {one.home for one in told} == {"H-near", "H-far"}
    [away] = [one for one in told if one.home == "H-far"]
    assert (away.first_home, away.why, len(away.because_of)) == ("H-near", why, 1)
