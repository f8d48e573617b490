import pytest

from app.matching.codes import Answer, Risk, Vulnerability
from app.matching.home import Home
from app.matching.rules.safe_for_residents import SAFE_FOR_RESIDENTS
from tests.support.builders import a_child, a_home, a_resident, risks
from tests.support.judging import (
    FAILS,
    NOT_KNOWN,
    PASSES,
    Answer2,
    Judged,
    after_remedies,
    case_of,
    judge_one,
)
from tests.support.params import HARM

FIRE, ANIMALS = Risk.TO_OTHERS_FIRE, Risk.TO_OTHERS_ANIMALS


def judged(home: Home, *present: Risk, not_known: tuple[Risk, ...] = ()) -> Judged:
    """A child with these risks and a home."""
    return judge_one(SAFE_FOR_RESIDENTS, a_child(risks=risks(*present, not_known=not_known)), home, params=HARM)


def home_with(*vulnerabilities: frozenset[Vulnerability] | None) -> Home:
    """One resident for each set of vulnerabilities."""
    return a_home(residents=tuple(a_resident(vulnerabilities=these) for these in vulnerabilities))


@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("vulnerability", sorted(set(Vulnerability) - {Vulnerability.ANIMALS_IN_HOME}))
def test_the_table_decides(risk: Risk, vulnerability: Vulnerability) -> None:
    """A risk meets a vulnerability exactly where the policy's table says so; a doubt stays a doubt."""
    harms = vulnerability in HARM.table[risk]
    home = home_with(frozenset(), frozenset({vulnerability}))
    assert judged(home, risk).answer == (FAILS if harms else PASSES)
    assert judged(home, not_known=(risk,)).answer == (NOT_KNOWN if harms else PASSES)


@pytest.mark.parametrize(
    ("vulnerabilities", "present", "doubted", "answer"),
    [
        (frozenset({Vulnerability.FIRE}), FAILS, NOT_KNOWN, PASSES),
        (frozenset(), PASSES, PASSES, PASSES),
        (None, NOT_KNOWN, NOT_KNOWN, PASSES),
    ],
)
def test_three_answers_on_either_side(
    vulnerabilities: frozenset[Vulnerability] | None, present: Answer2, doubted: Answer2, answer: Answer2
) -> None:
    """Present, not known and no risk of fire against a resident who is, is not, and may be vulnerable."""
    home = home_with(vulnerabilities)
    assert judged(home, FIRE).answer == present
    assert judged(home, not_known=(FIRE,)).answer == doubted
    assert judged(home).answer == answer


def test_a_certain_harm_is_not_hidden_by_a_doubt() -> None:
    """One resident is known to be vulnerable, another is not known: it fails."""
    assert judged(home_with(None, frozenset({Vulnerability.FIRE})), FIRE).answer == FAILS


def test_no_risk_recorded_is_not_known() -> None:
    """An empty record of risks is silence, not safety."""
    child = a_child(risks={})
    assert judge_one(SAFE_FOR_RESIDENTS, child, home_with(None), params=HARM).answer == NOT_KNOWN


@pytest.mark.parametrize(
    ("pets", "present", "doubted"),
    [(Answer.YES, FAILS, NOT_KNOWN), (Answer.NO, PASSES, PASSES), (Answer.NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)],
)
def test_animals_of_the_home(pets: Answer, present: Answer2, doubted: Answer2) -> None:
    """A risk to animals is judged by the home's pets, also where no child lives."""
    assert judged(a_home(pets=pets), ANIMALS).answer == present
    assert judged(a_home(pets=pets), not_known=(ANIMALS,)).answer == doubted


def test_an_empty_home_is_safe() -> None:
    """All risks but that to animals, and nobody there."""
    assert judged(a_home(), *(set(Risk) - {ANIMALS})).answer == PASSES


def test_the_facts_are_the_childs_own() -> None:
    """All of the child's risks that the table knows are named, so none tells what somebody there is open to."""
    home = home_with(frozenset({Vulnerability.FIRE, Vulnerability.BULLYING}))
    found = judged(home, FIRE, Risk.MISSING, not_known=(Risk.TO_OTHERS_PHYSICAL,))
    other = judged(home_with(frozenset({Vulnerability.GOING_MISSING})), FIRE, Risk.MISSING)
    assert found.facts == {"risks": ("riskMissing", "riskToOthersFire"), "to_check": ("riskToOthersPhysical",)}
    assert other.facts["risks"] == found.facts["risks"]


def test_there_is_no_remedy() -> None:
    """A risk is not argued away."""
    child = a_child(risks=risks(FIRE))
    case = case_of(child, home_with(frozenset({Vulnerability.FIRE})))
    assert after_remedies(SAFE_FOR_RESIDENTS, case, HARM) is None
