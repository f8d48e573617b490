from dataclasses import replace

from app.matching.living_apart import whose_home_matters, with_homes
from app.matching.referral import ChildRef, PlacedSibling, Referral
from app.matching.rules.live_apart import LIVE_APART
from app.store.codec import encoder
from tests.support.builders import a_child, a_home, a_referral, a_resident
from tests.support.judging import FAILS, PASSES, after_remedies, case_of, judge_one

ADA, BEN = a_child(), a_child()


def test_whoever_asks_for_it() -> None:
    """The child from a resident, or a resident from the child; a stranger is no matter."""
    resident = a_resident()
    home = a_home(residents=(a_resident(), resident))
    asking = a_child(live_apart_from=frozenset({resident.ref}))
    assert judge_one(LIVE_APART, asking, home).answer == FAILS
    assert judge_one(LIVE_APART, ADA, home).answer == PASSES
    wary = a_home(residents=(a_resident(live_apart_from=frozenset({ADA.ref})),))
    assert judge_one(LIVE_APART, ADA, wary).answer == FAILS
    assert judge_one(LIVE_APART, BEN, wary).answer == PASSES


def test_only_where_that_person_lives() -> None:
    """The person's home is out; the next one is not."""
    resident = a_resident()
    theirs, other = a_home(residents=(resident,)), a_home(residents=(a_resident(),))
    child = a_child(live_apart_from=frozenset({resident.ref}))
    assert judge_one(LIVE_APART, child, theirs, others=(other,)).answer == FAILS
    assert judge_one(LIVE_APART, child, other, others=(theirs,)).answer == PASSES


def test_one_of_the_party_is_enough() -> None:
    """What one child must keep away from, the party does."""
    resident = a_resident()
    child = a_child(live_apart_from=frozenset({resident.ref}))
    home = a_home(residents=(resident,))
    assert judge_one(LIVE_APART, (ADA, child), home).answer == FAILS
    assert judge_one(LIVE_APART, (ADA, child), home, members=(0,)).answer == PASSES


def test_children_of_one_referral_can_have_to_part() -> None:
    """Together they fail everywhere, each alone passes."""
    ben = a_child(live_apart_from=frozenset({ADA.ref}))
    for pair in ((ADA, ben), (ben, ADA)):
        found = judge_one(LIVE_APART, pair, a_home())
        assert found.answer == FAILS
        assert found.facts == {"resident": False, "within": True}
        assert judge_one(LIVE_APART, pair, a_home(), members=(0,)).answer == PASSES
        assert judge_one(LIVE_APART, pair, a_home(), members=(1,)).answer == PASSES


def test_there_is_no_remedy() -> None:
    """Nobody is told to lift a measure of protection."""
    resident = a_resident()
    child = a_child(live_apart_from=frozenset({resident.ref}))
    assert after_remedies(LIVE_APART, case_of(child, a_home(residents=(resident,)))) is None


def test_where_the_referral_says_that_they_live() -> None:
    """Whether the home lists them or not: a brother who is placed there, or one who waits too and lives there now."""
    home, other = a_home(), a_home()
    sibling = PlacedSibling(ChildRef("placed-before"), home.ref)
    apart = frozenset({sibling.child})
    asking = a_child(live_apart_from=apart, placed_siblings=(sibling,))
    assert judge_one(LIVE_APART, asking, home, others=(other,)).answer == FAILS
    assert judge_one(LIVE_APART, asking, home, others=(other,)).facts == {"resident": True, "within": False}
    assert judge_one(LIVE_APART, asking, other, others=(home,)).answer == PASSES
    assert judge_one(LIVE_APART, a_child(placed_siblings=(sibling,)), home).answer == PASSES
    told_by_sister = (a_child(live_apart_from=apart), a_child(placed_siblings=(sibling,)))
    assert judge_one(LIVE_APART, told_by_sister, home, members=(0,)).answer == FAILS
    lives_there = a_child(current_home=home.ref)
    for pair in (
        (a_child(live_apart_from=frozenset({lives_there.ref})), lives_there),
        (BEN, replace(lives_there, live_apart_from=frozenset({BEN.ref}))),
    ):
        assert judge_one(LIVE_APART, pair, home, others=(other,), members=(0,)).answer == FAILS
        assert judge_one(LIVE_APART, pair, other, others=(home,), members=(0,)).answer == PASSES


def test_where_others_know_that_they_live() -> None:
    """As the caseload has it, or another referral, whoever of the two asks; strangers are left as they are."""
    home, other = a_home(), a_home()
    asking, feared = a_child(live_apart_from=frozenset({ADA.ref})), a_referral(ADA)
    referrals = (a_referral(asking), feared, a_referral(BEN))
    assert whose_home_matters(referrals) == {asking.ref, ADA.ref}
    assert with_homes(referrals, {}) == referrals
    near_ada, _, stranger = with_homes(referrals, {ADA.ref: {home.ref}})
    assert stranger is referrals[2]
    assert judge_one(LIVE_APART, near_ada, home, others=(other,)).answer == FAILS
    assert judge_one(LIVE_APART, near_ada, other, others=(home,)).answer == PASSES
    _, near_asking, _ = with_homes(referrals, {asking.ref: {home.ref}})
    assert judge_one(LIVE_APART, near_asking, home, others=(other,)).answer == FAILS
    assert encoder(Referral)(near_ada) == encoder(Referral)(referrals[0])
