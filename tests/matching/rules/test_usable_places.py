import pytest

from app.matching.rules.usable_places import USABLE_PLACES
from tests.support.builders import a_child, a_home, a_resident
from tests.support.judging import FAILS, PASSES, Answer2, after_remedies, case_of, judge_one


@pytest.mark.parametrize(
    ("places", "residents", "held", "children", "answer"),
    [
        (1, 0, 0, 1, PASSES),
        (0, 0, 0, 1, FAILS),
        (3, 2, 0, 1, PASSES),
        (3, 3, 0, 1, FAILS),
        (3, 2, 1, 1, FAILS),
        (4, 1, 0, 3, PASSES),
        (4, 1, 1, 3, FAILS),
        (2, 3, 0, 1, FAILS),
    ],
)
def test_one_free_place_a_child(places: int, residents: int, held: int, children: int, answer: Answer2) -> None:
    """Places less residents and holds, against the size of the party; the remedy is just enough."""
    home = a_home(places=places, places_held=held, residents=tuple(a_resident() for _ in range(residents)))
    party = tuple(a_child() for _ in range(children))
    assert judge_one(USABLE_PLACES, party, home).answer == answer
    assert after_remedies(USABLE_PLACES, case_of(party, home)).answer == PASSES


def test_only_the_party_counts() -> None:
    """A home for one takes either of two children of a referral, not both."""
    children = (a_child(), a_child())
    home = a_home(places=1)
    assert judge_one(USABLE_PLACES, children, home).answer == FAILS
    assert judge_one(USABLE_PLACES, children, home, members=(1,)).answer == PASSES
