import pytest

from app.matching.codes import Answer, Pets
from app.matching.rules.pets import PETS
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, after_remedies, case_of, judge_one

TABLE = {
    (Pets.NO, Answer.YES): FAILS,
    (Pets.NO, Answer.NO): PASSES,
    (Pets.NO, Answer.NOT_KNOWN): NOT_KNOWN,
    (Pets.MUST, Answer.YES): PASSES,
    (Pets.MUST, Answer.NO): FAILS,
    (Pets.MUST, Answer.NOT_KNOWN): NOT_KNOWN,
    (Pets.CAN, Answer.YES): PASSES,
    (Pets.CAN, Answer.NO): PASSES,
    (Pets.CAN, Answer.NOT_KNOWN): PASSES,
    (Pets.NOT_KNOWN, Answer.YES): NOT_KNOWN,
    (Pets.NOT_KNOWN, Answer.NO): NOT_KNOWN,
    (Pets.NOT_KNOWN, Answer.NOT_KNOWN): NOT_KNOWN,
}


@pytest.mark.parametrize("child", Pets)
@pytest.mark.parametrize("home", Answer)
def test_every_pair(child: Pets, home: Answer) -> None:
    """Every answer of the child against every answer of the home; a dog is not given away for a match."""
    case = case_of(a_child(pets=child), a_home(pets=home))
    assert judge_one(PETS, case.referral, case.home).answer == TABLE[child, home]
    assert after_remedies(PETS, case) is None
