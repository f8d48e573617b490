import pytest

from app.matching.codes import Adaptation
from app.matching.rules.adaptations import ADAPTATIONS
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

Needs = frozenset[Adaptation] | None
NONE: Needs = frozenset()
HOIST, BOTH = frozenset({Adaptation.HOIST}), frozenset({Adaptation.HOIST, Adaptation.STEP_FREE})
ALL = frozenset(Adaptation)


@pytest.mark.parametrize(
    ("needs", "has", "answer"),
    [
        (NONE, NONE, PASSES),
        (NONE, None, PASSES),
        (HOIST, HOIST, PASSES),
        (HOIST, BOTH, PASSES),
        (BOTH, HOIST, FAILS),
        (HOIST, NONE, FAILS),
        (HOIST, None, NOT_KNOWN),
        (None, NONE, NOT_KNOWN),
        (None, BOTH, NOT_KNOWN),
        (None, None, NOT_KNOWN),
        (None, ALL, PASSES),
    ],
)
def test_everything_needed_is_there(needs: Needs, has: Needs, answer: Answer2) -> None:
    """What is lacking fails; what may be needed or may be lacking is not known."""
    child, home = a_child(adaptations=needs), a_home(adaptations=has)
    assert judge_one(ADAPTATIONS, child, home).answer == answer
    after = after_remedies(ADAPTATIONS, case_of(child, home))
    assert after is None if needs is None else after.answer == PASSES


@pytest.mark.parametrize("one", Adaptation)
def test_each_one_counts(one: Adaptation) -> None:
    """A child who needs two fails where one of them is lacking; the reason names that one alone."""
    other = Adaptation.STEP_FREE if one is Adaptation.HOIST else Adaptation.HOIST
    third = next(member for member in Adaptation if member not in {one, other})
    child, home = a_child(adaptations=frozenset({one, other})), a_home(adaptations=ALL - {one, third})
    found = judge_one(ADAPTATIONS, child, home)
    assert found.answer == FAILS
    assert found.facts == {"missing": (one.value,), "to_check": ()}
