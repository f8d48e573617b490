import pytest

from app.matching.codes import HomeKind, Judgement
from app.matching.rules.ofsted_gateway import OFSTED_GATEWAY, Params
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

PARAMS = Params((Judgement.INADEQUATE, Judgement.WEAK))
ANSWERS = {
    Judgement.OUTSTANDING: PASSES,
    Judgement.GOOD: PASSES,
    Judgement.REQUIRES_IMPROVEMENT: PASSES,
    Judgement.INADEQUATE: FAILS,
    Judgement.STRONG: PASSES,
    Judgement.INCONSISTENT: PASSES,
    Judgement.WEAK: FAILS,
    Judgement.NOT_YET_INSPECTED: PASSES,
    Judgement.NOT_JUDGED: NOT_KNOWN,
    Judgement.NOT_KNOWN: NOT_KNOWN,
}


@pytest.mark.parametrize(("judgement", "answer"), ANSWERS.items())
def test_every_judgement(judgement: Judgement, answer: Answer2) -> None:
    """Not yet inspected is allowed; nobody but Ofsted can mend a judgement."""
    home = a_home(kind=HomeKind.CHILDRENS_HOME, judgement=judgement)
    assert judge_one(OFSTED_GATEWAY, a_child(), home, params=PARAMS).answer == answer
    assert after_remedies(OFSTED_GATEWAY, case_of(a_child(), home), PARAMS) is None


def test_a_foster_household_has_no_judgement_of_its_own() -> None:
    """Not judged leaves nothing to ask there; not known does."""
    answers = {
        judgement: judge_one(OFSTED_GATEWAY, a_child(), a_home(judgement=judgement), params=PARAMS).answer
        for judgement in (Judgement.NOT_JUDGED, Judgement.NOT_KNOWN, Judgement.INADEQUATE)
    }
    assert list(answers.values()) == [PASSES, NOT_KNOWN, FAILS]


def test_the_policy_says_which() -> None:
    """What is refused is the policy's choice; refusing nothing refuses nobody."""
    home = a_home(judgement=Judgement.REQUIRES_IMPROVEMENT)
    strict = Params((Judgement.REQUIRES_IMPROVEMENT, Judgement.INADEQUATE))
    assert judge_one(OFSTED_GATEWAY, a_child(), home, params=strict).answer == FAILS
    weak = a_home(judgement=Judgement.INADEQUATE)
    assert judge_one(OFSTED_GATEWAY, a_child(), weak, params=Params(())).answer == PASSES


@pytest.mark.parametrize("word", [Judgement.NOT_YET_INSPECTED, Judgement.NOT_KNOWN, "Dreadful"])
def test_only_judgements_can_be_refused(word: Judgement) -> None:
    """A home that was never inspected is not judged by a policy."""
    with pytest.raises(ValueError, match=str(word)):
        Params((word,))
