"""A home that was declined for children is not given to a party with all of them; to fewer of them it may be."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from app.matching.batch import Night, Proposed, batch, unless_pinned
from app.matching.codes import KeepTogether
from app.matching.night_check import check_night
from app.matching.night_explained import proposed, report
from app.matching.night_report import NightReport, WhyHere, WhyNone
from app.matching.pool import Pool
from app.matching.recheck import Fallen, recheck
from app.matching.referral import ChildRef, HomeRef, Referral
from app.matching.solve import solve
from app.unplaced_wording import Waiting, why_none
from tests.matching.pairing import two_pairs
from tests.matching.test_night import choices, night_of
from tests.rematch.nights import default_policy
from tests.support.builders import AS_OF, a_child, a_home, a_referral

WORLDS = 40
A, B, C = (ChildRef(name) for name in "ABC")


def _again(night: Night, choice: tuple[Proposed, ...]) -> bool:
    """Whether children whom a home was declined for together get it together: the meaning of a refusal."""
    at = {child: one for one in choice for child in one.children}
    for one in night.declined:
        given = {at.get(child) for child in one.children}
        if len(given) == 1 and (same := given.pop()) is not None and same.home == one.home:
            return True
    return False


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_best_of_all_choices_that_repeat_no_refusal(seed: int) -> None:
    """Brute force over the records; and the check sees exactly the choices that repeat one."""
    rng = Random(seed)
    night = night_of(rng)
    if not night.referrals:
        return
    unaware = batch(night)
    before = proposed(unaware, solve(unaware.problem))
    refused = replace(night, declined=two_pairs(rng, night))
    posed = batch(refused)
    found = solve(posed.problem)
    assert not _again(refused, proposed(posed, found))
    assert found.objective == max(value for value, choice in choices(night) if not _again(refused, choice))
    assert any("declined" in fault for fault in check_night(refused, before)) == _again(refused, before)
    fallen = [verdict.fallen is Fallen.DECLINED for verdict in recheck(refused, before)]
    assert any(fallen) == _again(refused, before)


def _sisters(*declined: Proposed, homes: int = 2) -> Night:
    group = a_referral(*(a_child(ref=ref) for ref in (A, B)), keep_together=KeepTogether.PREFERRED)
    near, far = a_home(ref=HomeRef("H1"), places=4), a_home(ref=HomeRef("H2"), places=4, location=None)
    pool = Pool.build([near, far][:homes])
    return Night((group,), pool, default_policy(), AS_OF, declined=declined)


def _report(night: Night) -> NightReport:
    posed = batch(night)
    return report(posed, solve(posed.problem))


@pytest.mark.parametrize("named", [{A}, {A, B}])
def test_why_another_home_is_proposed(named: set[ChildRef]) -> None:
    """The refused home has the most points, and it is said that it was declined, not that a person excluded it."""
    made = _report(_sisters(Proposed(frozenset(named), HomeRef("H1"))))
    (proposal,) = made.proposals
    assert (proposal.home, proposal.first_home, proposal.why) == ("H2", "H1", WhyHere.DECLINED)


def test_who_has_no_other_home_is_told_so_by_name() -> None:
    """Counted and named, apart from what a person excluded; the sentence says what would change it."""
    refused = Proposed(frozenset({A}), HomeRef("H1")), Proposed(frozenset({B}), HomeRef("H1"))
    (one,) = _report(_sisters(*refused, homes=1)).unplaced
    assert (one.why, one.homes_declined, one.homes_excluded, one.homes_allowed) == (WhyNone.DECLINED, ("H1",), 0, 0)
    (said,) = why_none(Waiting.of(one))
    assert said == (
        "By the rules 1 home would do, and none is open. H1 was declined for them, and neither home nor referral has "
        "changed since."
    )
    both = replace(_sisters(*refused, homes=2), excluded=(Proposed(frozenset({A, B}), HomeRef("H2")),))
    (one,) = _report(both).unplaced
    assert (one.why, one.homes_declined, one.homes_excluded) == (WhyNone.EXCLUDED, ("H1",), 1)
    assert "A person excluded 1 home." in why_none(Waiting.of(one))[0]


def test_who_was_refused_together_may_go_there_alone() -> None:
    """The only home has one place and was declined for both: one of them still goes there."""
    group: Referral = _sisters().referrals[0]
    night = replace(
        _sisters(Proposed(frozenset({A, B}), HomeRef("H1"))),
        pool=Pool.build([a_home(ref=HomeRef("H1"), places=1)]),
        referrals=(replace(group, keep_together=KeepTogether.NOT_REQUIRED),),
    )
    posed = batch(night)
    (made,) = proposed(posed, solve(posed.problem))
    assert (len(made.children), made.home) == (1, "H1")


def test_a_pin_is_a_persons_word_too() -> None:
    """What a person pins is proposed though it was declined before: it is taken off the list of refusals."""
    refused, pin = Proposed(frozenset({A}), HomeRef("H1")), Proposed(frozenset({A, B}), HomeRef("H1"))
    other = Proposed(frozenset({C}), HomeRef("H1"))
    assert unless_pinned([refused, other], [pin]) == (other,)
    posed = batch(replace(_sisters(refused), pinned=(pin,)))
    assert proposed(posed, solve(posed.problem)) == (pin,)
