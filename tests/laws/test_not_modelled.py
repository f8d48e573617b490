"""What is not modelled (docs/adr/0019) blocks, asks for an approval, or counts as not known; it never lets pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from app.matching.approval import Approval, ApprovalReason
from app.matching.codes import Answer, LegalStatus
from app.matching.considerations import Consideration, Met
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Child, HomeRef
from app.matching.shortlist import shortlist
from tests.support.answers import answers, worlds_and_policies
from tests.support.builders import AS_OF, CITY_CENTRE, a_child, a_home, a_referral, some_terms
from tests.support.policies import real_policies

every_policy = pytest.mark.parametrize("policy", real_policies(), ids=lambda policy: policy.version)

UNREAD: dict[str, Callable[[Child, Random], Child]] = {
    "sdq": lambda child, rng: replace(child, sdq=rng.choice((None, 0, 17, 40))),
    "legal_status": lambda child, rng: replace(child, legal_status=rng.choice(tuple(LegalStatus))),
    "uasc": lambda child, rng: replace(child, uasc=rng.choice(tuple(Answer))),
}


@every_policy
def test_terms_of_approval_hold_in_an_emergency_too(policy: Policy) -> None:
    """Regulation 23: six working days outside the terms are for a person, who finds the home among the misses."""
    home = a_home(terms=some_terms(age_min=0, age_max=4))
    found = shortlist(a_referral(needed_by=AS_OF), Pool.build([home]), policy, AS_OF)
    assert found.options == ()
    [miss] = found.near_misses
    assert [(finding.code, finding.statutory) for finding in miss.findings] == [("age_range", True)]


def test_key_stage_4_asks_for_approval_of_newcomers_too() -> None:
    """Regulation 10 speaks of a change of placement; a record without a home may be one not filled in."""
    for lives_at in (None, HomeRef("H-other")):
        child = a_child(key_stage_4=Answer.YES, school=None, current_home=lives_at)
        found = shortlist(
            a_referral(child, needed_by=AS_OF + timedelta(days=7)),
            Pool.build([a_home(location=CITY_CENTRE)]),
            real_policies()[0],
            AS_OF,
        )
        approval = found.options[0].approval
        assert (approval.level, approval.because) == (Approval.NOMINATED_OFFICER, (ApprovalReason.KEY_STAGE_4,))


@every_policy
def test_without_a_family_home_near_home_is_not_known(policy: Policy) -> None:
    """Of an unaccompanied child as of any other: neither a yes nor "does not apply"."""
    child = a_child(uasc=Answer.YES)
    found = shortlist(a_referral(child, family_home=None), Pool.build([a_home()]), policy, AS_OF)
    assert found.options[0].considerations[Consideration.NEAR_HOME] is Met.NOT_KNOWN


@pytest.mark.parametrize("field", UNREAD)
def test_what_no_rule_reads_changes_nothing(field: str) -> None:
    """Failed, not known, allowed and points are the same whatever is written there."""
    rng = Random(5)
    for world, policy in worlds_and_policies(3, referrals=5, homes=15):
        referrals = [
            replace(referral, children=tuple(UNREAD[field](child, rng) for child in referral.children))
            for referral in world.referrals
        ]
        other = replace(world, referrals=tuple(referrals))
        assert other != world
        assert answers(other, policy) == answers(world, policy)
