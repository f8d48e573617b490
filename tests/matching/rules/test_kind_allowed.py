import pytest

from app.matching.codes import HomeKind, PlaceCode, Suitability
from app.matching.home import Home
from app.matching.rules.kind_allowed import KIND_ALLOWED
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, after_remedies, case_of, judge_one

HOMES = {
    "foster_suitability": [
        a_home(),
        a_home(kind=HomeKind.CONNECTED_PERSON),
        a_home(kind=HomeKind.PARENT_AND_CHILD, place_code=PlaceCode.U6),
    ],
    "residential_suitability": [
        a_home(kind=HomeKind.CHILDRENS_HOME),
        a_home(kind=HomeKind.RESIDENTIAL_SCHOOL),
        a_home(kind=HomeKind.PARENT_AND_CHILD, place_code=PlaceCode.R3),
    ],
    "supported_suitability": [
        a_home(kind=HomeKind.SUPPORTED_ACCOMMODATION),
        a_home(kind=HomeKind.SUPPORTED_LODGINGS),
    ],
}
ANSWERS = {
    Suitability.PREFERRED: PASSES,
    Suitability.SUITABLE: PASSES,
    Suitability.UNSUITABLE: FAILS,
    Suitability.NOT_SPECIFIED: NOT_KNOWN,
}
PAIRS = [(field, home) for field, homes in HOMES.items() for home in homes]


@pytest.mark.parametrize(("field", "home"), PAIRS)
@pytest.mark.parametrize("said", Suitability)
def test_the_plan_speaks_of_this_kind(field: str, home: Home, said: Suitability) -> None:
    """Each kind is judged by its own line of the plan, whatever the other lines say."""
    for others in Suitability:
        child = a_child(**dict.fromkeys(HOMES, others) | {field: said})
        assert judge_one(KIND_ALLOWED, child, home).answer == ANSWERS[said]
        if ANSWERS[said] != PASSES:
            assert after_remedies(KIND_ALLOWED, case_of(child, home)).answer == PASSES


@pytest.mark.parametrize("said", Suitability)
def test_a_secure_home_is_not_judged_here(said: Suitability) -> None:
    """The plan has no line for it, and it has a rule of its own."""
    child = a_child(**dict.fromkeys(HOMES, said))
    secure = a_home(kind=HomeKind.SECURE_HOME)
    found = judge_one(KIND_ALLOWED, child, secure)
    assert found.answer == PASSES
    assert found.facts["suitability"] is None
    assert after_remedies(KIND_ALLOWED, case_of(child, secure)) is None


def test_the_fact_is_the_line_that_was_read() -> None:
    """The reason gives the plan's word on this kind of home."""
    child = a_child(residential_suitability=Suitability.UNSUITABLE)
    facts = judge_one(KIND_ALLOWED, child, a_home(kind=HomeKind.CHILDRENS_HOME)).facts
    assert facts == {"kind": "childrens_home", "suitability": "Unsuitable"}
