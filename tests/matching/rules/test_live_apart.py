from app.matching.rules.live_apart import LIVE_APART
from tests.support.builders import a_child, a_home, a_resident
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
