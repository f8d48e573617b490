"""What a run keeps of its proposals is what whoever decides finds: every rule, and the home with everybody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from app.deciding import kept
from app.matching.assess import Question
from app.matching.batch import Night
from app.matching.child_columns import ChildTable
from app.matching.explain import explain
from app.matching.home import Home
from app.matching.night_report import Proposal, WhyHere
from app.matching.party_columns import Party, PartyTable
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, Referral
from app.runs.grounds import grounds_of
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident, some_terms
from tests.support.deciding import policies

ONE, TWO = a_child(ref=ChildRef("S1")), a_child(ref=ChildRef("S2"))
THEIRS = a_referral(ONE, TWO, ref="R1")
HOME = a_home(ref=HomeRef("H1"), places=3, residents=(a_resident(ref=ChildRef("X")),))
POLICY = policies().pick(None, AS_OF)


def _proposed(referral: Referral, home: Home) -> Proposal:
    people = tuple(child.ref for child in referral.children)
    return Proposal(
        referral.ref, people, home.ref, 7, True, None, None, False, home.ref, 0, WhyHere.FIRST_CHOICE, (), None
    )


def _kept(referral: Referral, home: Home) -> dict[str, Any]:
    night = Night((referral,), Pool.build([home]), POLICY, AS_OF)
    (found,) = grounds_of("run", night, [_proposed(referral, home)]).values()
    return found


def _answers(referral: Referral, home: Home) -> dict[str, str]:
    """What each rule answers as everybody is told who looks at this home for all of them."""
    pool = Pool.build([home])
    table = ChildTable.build((referral,), pool, AS_OF)
    party = PartyTable.build([Party(referral, tuple(range(len(referral.children))))], table)
    (told,) = explain(Question(table, party, pool, POLICY), 0, np.array([0]))
    return {code: str(outcome) for code, outcome in kept.outcomes(told.rules).items()}


def test_rules_of_each_child_and_of_all_together() -> None:
    """There is one place for two; one of them must live apart from whoever lives there; all is as a list would say."""
    crowded = replace(HOME, places=2)
    apart = replace(THEIRS, children=(ONE, replace(TWO, live_apart_from=frozenset({ChildRef("X")}), risks={})))
    for referral, home in ((THEIRS, HOME), (THEIRS, crowded), (apart, HOME), (apart, crowded)):
        told = _kept(referral, home)["rules"]
        assert told == _answers(referral, home)
        assert (told["usable_places"] == "not_met") == (home is crowded)
        assert (told["live_apart"] == "not_met") == (referral is apart)
    unborn = replace(THEIRS, children=(ONE, replace(TWO, date_of_birth=None)))
    for referral, home in ((THEIRS, replace(HOME, terms=some_terms(age_max=5))), (unborn, HOME)):
        assert _kept(referral, home)["rules"] == _answers(referral, home)
        assert _answers(referral, home)["age_range"] != "met"


def test_who_is_proposed_is_not_in_their_own_way() -> None:
    """A provider that lists a child before it is there has told nothing that is another once somebody looks."""
    listed = replace(HOME, residents=(*HOME.residents, a_resident(ref=ONE.ref)))
    assert _kept(THEIRS, listed)["home"]["residents"] == _kept(THEIRS, HOME)["home"]["residents"]
    other = replace(HOME, residents=(*HOME.residents, a_resident(ref=ChildRef("Y"))))
    assert _kept(THEIRS, other)["home"]["residents"] != _kept(THEIRS, HOME)["home"]["residents"]
