import pytest

from app.matching.codes import Answer, HomeKind, PlaceCode
from app.matching.rules.deprivation_of_liberty import DEPRIVATION_OF_LIBERTY
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, after_remedies, case_of, judge_one

EXCLUDED = [HomeKind.SECURE_HOME, HomeKind.SUPPORTED_ACCOMMODATION, HomeKind.SUPPORTED_LODGINGS]


@pytest.mark.parametrize("kind", HomeKind)
def test_which_homes_are_excluded(kind: HomeKind) -> None:
    """Secure homes and supported accommodation, for a child under an order alone."""
    excluded = kind in EXCLUDED
    for order, answer in ((Answer.YES, FAILS), (Answer.NOT_KNOWN, NOT_KNOWN), (Answer.NO, PASSES)):
        child = a_child(deprivation_of_liberty=order)
        wanted = answer if excluded else PASSES
        assert judge_one(DEPRIVATION_OF_LIBERTY, child, a_home(kind=kind)).answer == wanted


@pytest.mark.parametrize("code", [PlaceCode.K1, PlaceCode.K3, PlaceCode.R5])
def test_the_placement_code_is_enough(code: PlaceCode) -> None:
    """A home recorded under an excluded code is out whatever its kind says."""
    child = a_child(deprivation_of_liberty=Answer.YES)
    home = a_home(kind=HomeKind.CHILDRENS_HOME, place_code=code)
    assert judge_one(DEPRIVATION_OF_LIBERTY, child, home).answer == FAILS
    assert after_remedies(DEPRIVATION_OF_LIBERTY, case_of(child, home)) is None


@pytest.mark.parametrize("kind", EXCLUDED)
def test_the_kind_is_enough(kind: HomeKind) -> None:
    """An excluded kind is out under whatever code it is recorded."""
    child = a_child(deprivation_of_liberty=Answer.YES)
    assert judge_one(DEPRIVATION_OF_LIBERTY, child, a_home(kind=kind, place_code=PlaceCode.K2)).answer == FAILS
