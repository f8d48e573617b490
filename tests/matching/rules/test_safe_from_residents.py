import pytest

from app.matching.codes import Answer, Risk, Vulnerability
from app.matching.home import Home
from app.matching.rules.safe_from_residents import SAFE_FROM_RESIDENTS
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

FIRE = Risk.TO_OTHERS_FIRE


def judged(vulnerabilities: frozenset[Vulnerability] | None, home: Home) -> Judged:
    """A child with these vulnerabilities and a home."""
    return judge_one(SAFE_FROM_RESIDENTS, a_child(vulnerabilities=vulnerabilities), home, params=HARM)


def home_with(*present: Risk, not_known: tuple[Risk, ...] = ()) -> Home:
    """A resident without risks, and one with these."""
    return a_home(residents=(a_resident(), a_resident(risks=risks(*present, not_known=not_known))))


@pytest.mark.parametrize("risk", Risk)
@pytest.mark.parametrize("vulnerability", sorted(set(Vulnerability) - {Vulnerability.ANIMALS_IN_HOME}))
def test_the_table_decides(risk: Risk, vulnerability: Vulnerability) -> None:
    """A resident's risk meets the child's vulnerability exactly where the table says so."""
    harms = vulnerability in HARM.table[risk]
    child = frozenset({vulnerability})
    assert judged(child, home_with(risk)).answer == (FAILS if harms else PASSES)
    assert judged(child, home_with(not_known=(risk,))).answer == (NOT_KNOWN if harms else PASSES)


@pytest.mark.parametrize(
    ("vulnerabilities", "present", "doubted", "none"),
    [
        (frozenset({Vulnerability.FIRE}), FAILS, NOT_KNOWN, PASSES),
        (frozenset(), PASSES, PASSES, PASSES),
        (None, NOT_KNOWN, NOT_KNOWN, PASSES),
    ],
)
def test_three_answers_on_either_side(
    vulnerabilities: frozenset[Vulnerability] | None, present: Answer2, doubted: Answer2, none: Answer2
) -> None:
    """A child who is, is not and may be vulnerable against a resident's risk: present, not known, none."""
    assert judged(vulnerabilities, home_with(FIRE)).answer == present
    assert judged(vulnerabilities, home_with(not_known=(FIRE,))).answer == doubted
    assert judged(vulnerabilities, home_with()).answer == none


def test_present_with_one_outweighs_a_doubt_about_another() -> None:
    """The same risk is known of one resident and not known of another: it fails."""
    home = a_home(residents=(a_resident(risks={}), a_resident(risks=risks(FIRE))))
    assert judged(frozenset({Vulnerability.FIRE}), home).answer == FAILS


def test_an_empty_home_is_safe() -> None:
    """Nobody lives there, so nobody has a risk, whatever of the child is not known."""
    assert judged(None, a_home()).answer == PASSES
    assert judged(frozenset(Vulnerability), a_home(pets=Answer.YES)).answer == PASSES


def test_animals_are_the_homes_and_never_a_child() -> None:
    """A resident's risk to animals is none to a child, even to one recorded as if a pet."""
    home = home_with(Risk.TO_OTHERS_ANIMALS)
    assert judged(frozenset({Vulnerability.ANIMALS_IN_HOME}), home).answer == PASSES
    assert judged(None, home).answer == PASSES


def test_the_facts_are_the_childs_own() -> None:
    """All of the child's vulnerabilities that the table knows are named, so none tells a risk of anybody."""
    child = frozenset({Vulnerability.FIRE, Vulnerability.BULLYING, Vulnerability.SELF_HARM})
    found = judged(child, home_with(FIRE, not_known=(Risk.TO_OTHERS_PHYSICAL,)))
    other = judged(child, home_with(Risk.SELF_HARM))
    assert found.facts == {"vulnerabilities": ("self_harm", "fire", "bullying"), "to_check": ()}
    assert other.facts == found.facts


def test_there_is_no_remedy() -> None:
    """A vulnerability is not argued away."""
    child = a_child(vulnerabilities=frozenset({Vulnerability.FIRE}))
    assert after_remedies(SAFE_FROM_RESIDENTS, case_of(child, home_with(FIRE)), HARM) is None
