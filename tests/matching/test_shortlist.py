"""What a shortlist says beside the homes themselves."""

from __future__ import annotations

from app.matching.codes import Disability, HomeKind, KeepTogether
from app.matching.finding import FULL
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import HomeRef, Referral
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


def _three() -> Referral:
    return a_referral(a_child(), a_child(), a_child(), keep_together=KeepTogether.REQUIRED)


def _with_places(name: str, places: int, held: int = 0) -> Home:
    return a_home(ref=HomeRef(name), kind=HomeKind.CHILDRENS_HOME, places=places, places_held=held)


def test_for_brothers_and_sisters_the_nearest_homes_lack_the_fewest_places() -> None:
    """Of homes out for want of room, the one that lacks one place comes before those that lack two or three."""
    homes = [_with_places("A", 1), _with_places("B", 0), _with_places("C", 3, 2), _with_places("D", 2)]
    found = shortlist(_three(), Pool.build(homes), a_policy(), AS_OF, misses=3)
    assert [miss.home for miss in found.near_misses] == ["D", "A", "C"]


def test_homes_registered_for_too_few_are_no_relaxation() -> None:
    """A home with one place does not open for three by relaxing the rule about free places; a full one may."""
    small, full = _with_places("A", 1), _with_places("B", 3, 1)
    assert shortlist(_three(), Pool.build([small]), a_policy(), AS_OF).relaxations == ()
    (relaxation,) = shortlist(_three(), Pool.build([small, full]), a_policy(), AS_OF).relaxations
    assert (relaxation.rule, relaxation.homes, relaxation.best_homes) == ("usable_places", 1, ("B",))
