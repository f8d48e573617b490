import pytest

from app.matching.codes import Sex, SexAccepted
from app.matching.rules.sex import SEX
from tests.support.builders import a_child, a_home, some_terms
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, after_remedies, case_of, judge_one

TABLE = {
    (Sex.MALE, SexAccepted.ANY): PASSES,
    (Sex.MALE, SexAccepted.MALE): PASSES,
    (Sex.MALE, SexAccepted.FEMALE): FAILS,
    (Sex.MALE, SexAccepted.NOT_KNOWN): NOT_KNOWN,
    (Sex.FEMALE, SexAccepted.ANY): PASSES,
    (Sex.FEMALE, SexAccepted.MALE): FAILS,
    (Sex.FEMALE, SexAccepted.FEMALE): PASSES,
    (Sex.FEMALE, SexAccepted.NOT_KNOWN): NOT_KNOWN,
    (Sex.UNKNOWN, SexAccepted.ANY): PASSES,
    (Sex.UNKNOWN, SexAccepted.MALE): NOT_KNOWN,
    (Sex.UNKNOWN, SexAccepted.FEMALE): NOT_KNOWN,
    (Sex.UNKNOWN, SexAccepted.NOT_KNOWN): NOT_KNOWN,
}


@pytest.mark.parametrize("sex", Sex)
@pytest.mark.parametrize("accepted", SexAccepted)
def test_every_pair(sex: Sex, accepted: SexAccepted) -> None:
    """Every child with every home, from a table written by hand; the remedy helps wherever needed."""
    child, home = a_child(sex=sex), a_home(terms=some_terms(sex=accepted))
    assert judge_one(SEX, child, home).answer == TABLE[sex, accepted]
    assert after_remedies(SEX, case_of(child, home)).answer == PASSES


def test_facts_say_both_sides() -> None:
    """The reason names the child's recorded sex and what the home takes."""
    facts = judge_one(SEX, a_child(sex=Sex.MALE), a_home(terms=some_terms(sex=SexAccepted.FEMALE))).facts
    assert facts == {"sex": "M", "sex_accepted": "F"}
