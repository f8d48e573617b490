import pytest

from app.matching.codes import Answer, HomeKind
from app.matching.rules.parent_and_child import PARENT_AND_CHILD
from tests.support.builders import a_child, a_home, some_terms
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, after_remedies, case_of, judge_one

BY_TERMS = {
    (Answer.YES, Answer.YES): PASSES,
    (Answer.YES, Answer.NO): FAILS,
    (Answer.YES, Answer.NOT_KNOWN): NOT_KNOWN,
    (Answer.NO, Answer.YES): PASSES,
    (Answer.NO, Answer.NO): PASSES,
    (Answer.NO, Answer.NOT_KNOWN): PASSES,
    (Answer.NOT_KNOWN, Answer.YES): PASSES,
    (Answer.NOT_KNOWN, Answer.NO): NOT_KNOWN,
    (Answer.NOT_KNOWN, Answer.NOT_KNOWN): NOT_KNOWN,
}
OWN_KIND = {Answer.YES: PASSES, Answer.NO: FAILS, Answer.NOT_KNOWN: NOT_KNOWN}


@pytest.mark.parametrize("needs", Answer)
@pytest.mark.parametrize("terms", Answer)
def test_every_pair(needs: Answer, terms: Answer) -> None:
    """Other homes by their terms; a home of that kind only for such a child, whatever its terms."""
    child = a_child(needs_parent_and_child=needs)
    foster = a_home(terms=some_terms(parent_and_child=terms))
    unit = a_home(kind=HomeKind.PARENT_AND_CHILD, terms=some_terms(parent_and_child=terms))
    assert judge_one(PARENT_AND_CHILD, child, foster).answer == BY_TERMS[needs, terms]
    assert judge_one(PARENT_AND_CHILD, child, unit).answer == OWN_KIND[needs]
    assert after_remedies(PARENT_AND_CHILD, case_of(child, foster)).answer == PASSES
    assert after_remedies(PARENT_AND_CHILD, case_of(child, unit)) is None
