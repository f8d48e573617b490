import pytest

from app.matching.codes import NeedDomain
from app.matching.rules.essential_needs import ESSENTIAL_NEEDS, Params
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, after_remedies, case_of, judge_one

NO_NEEDS = dict.fromkeys(NeedDomain, 0)
ANY_SHORTFALL = dict.fromkeys(NeedDomain, 3)
LEVELS = (None, 0, 1, 2, 3)


def one(domain: NeedDomain, level: int | None, rest: dict[NeedDomain, int]) -> dict[NeedDomain, int]:
    """These levels with that of one domain changed, or not known."""
    others = {name: value for name, value in rest.items() if name is not domain}
    return others if level is None else others | {domain: level}


@pytest.mark.parametrize("domain", NeedDomain)
@pytest.mark.parametrize("allowed", range(4))
def test_every_level_of_need_and_capability(domain: NeedDomain, allowed: int) -> None:
    """Need less capability against the limit, for all levels; what is not known could be the worst."""
    params = Params(ANY_SHORTFALL | {domain: allowed})
    for need in LEVELS:
        for can in LEVELS:
            child = a_child(needs=one(domain, need, NO_NEEDS))
            home = a_home(capability=one(domain, can, NO_NEEDS))
            worst = (3 if need is None else need) - (0 if can is None else can) > allowed
            certain = need is not None and can is not None
            wanted = PASSES if not worst else FAILS if certain else NOT_KNOWN
            assert judge_one(ESSENTIAL_NEEDS, child, home, params=params).answer == wanted, (need, can)
            after = after_remedies(ESSENTIAL_NEEDS, case_of(child, home), params)
            assert after.answer == PASSES if wanted != PASSES else after is None, (need, can)


def test_one_domain_too_far_is_enough() -> None:
    """Strength elsewhere does not make up for it, and a doubt elsewhere does not hide it."""
    params = Params(dict.fromkeys(NeedDomain, 0))
    needs = NO_NEEDS | {NeedDomain.MENTAL_HEALTH: 3, NeedDomain.EDUCATION: 1, NeedDomain.IDENTITY: 1}
    capability = dict.fromkeys(NeedDomain, 1) | {NeedDomain.MENTAL_HEALTH: 2}
    del capability[NeedDomain.EDUCATION]
    found = judge_one(ESSENTIAL_NEEDS, a_child(needs=needs), a_home(capability=capability), params=params)
    assert found.answer == FAILS
    assert found.facts == {"domains": ("mental_health",), "to_check": ("education",)}


def test_the_remedy_is_just_enough() -> None:
    """Only the domains that fall short are raised, and only to the limit."""
    params = Params(dict.fromkeys(NeedDomain, 1))
    child = a_child(needs=NO_NEEDS | {NeedDomain.BEHAVIOUR: 3, NeedDomain.IDENTITY: 1})
    change = ESSENTIAL_NEEDS.remedies(case_of(child, a_home(capability=NO_NEEDS)), params)[0]
    assert change.value == NO_NEEDS | {NeedDomain.BEHAVIOUR: 2}


@pytest.mark.parametrize(
    "limits", [{}, {NeedDomain.BEHAVIOUR: 1}, ANY_SHORTFALL | {"charm": 1}, dict.fromkeys(NeedDomain, 4)]
)
def test_limits_must_be_complete_and_possible(limits: dict[NeedDomain, int]) -> None:
    """A domain left out, an unknown one and a level off the scale are refused by name."""
    with pytest.raises(ValueError, match="max_shortfall"):
        Params(limits)
