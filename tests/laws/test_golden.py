"""Small cases that an officer can read and check: who comes first, and why the other homes are out."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.matching.pool import Pool
from app.matching.rules import RULES
from app.matching.shortlist import shortlist
from app.matching.why_not import why_not
from app.wording import rule_sentence
from tests.reference.listing import in_the_way, judge_all
from tests.support.golden import CASES, Expected, Golden, golden

MOST_HOMES = 6
MOST_CHILDREN = 4


@pytest.fixture(params=CASES, ids=lambda file: file.stem)
def case(request: pytest.FixtureRequest) -> Golden:
    """Each case in turn."""
    file: Path = request.param
    return golden(file)


def found(case: Golden) -> dict[str, Expected]:
    """What the engine says of each referral, in the form of the expectation."""
    pool, answers = Pool.build(case.homes), {}
    for referral in case.referrals:
        listed = shortlist(referral, pool, case.policy, case.as_of, k=MOST_HOMES)
        asked = [why_not(referral, home.ref, pool, case.policy, case.as_of) for home in case.homes]
        answers[referral.ref] = Expected(
            order=tuple(option.explanation.home for option in listed.options),
            out={each.explanation.home: frozenset(each.explanation.blocked_by) for each in asked if not each.allowed},
            to_check={
                option.explanation.home: frozenset(option.explanation.to_check)
                for option in listed.options
                if option.explanation.to_check
            },
        )
    return answers


def test_everybody_is_where_the_story_says(case: Golden) -> None:
    """The homes on each list in their order, what is to be checked, and the rules that keep each other home out."""
    assert found(case) == case.expected


def test_the_second_implementation_says_the_same(case: Golden) -> None:
    """The plain judging of the tests agrees with the story as well."""
    for referral in case.referrals:
        results = judge_all(referral, referral.children, case.homes, case.policy, case.as_of)
        expected = case.expected[referral.ref]
        best_first = sorted((r for r in results if results[r].allowed), key=lambda home: -results[home].points)
        assert tuple(best_first) == expected.order
        out = {home: in_the_way(result, case.policy) for home, result in results.items() if not result.allowed}
        assert out == expected.out


def test_nobody_shares_a_rank(case: Golden) -> None:
    """The order of a story never hangs on a lot."""
    pool = Pool.build(case.homes)
    for referral in case.referrals:
        ranks = [option.rank for option in shortlist(referral, pool, case.policy, case.as_of).options]
        assert ranks == sorted(set(ranks))


def test_every_reason_reads_as_a_sentence(case: Golden) -> None:
    """Every home that is out is out for a reason that can be said, without a hole in it."""
    pool = Pool.build(case.homes)
    for referral in case.referrals:
        listed = shortlist(referral, pool, case.policy, case.as_of, misses=MOST_HOMES)
        for miss in listed.near_misses:
            for finding in miss.findings:
                sentence = rule_sentence(finding)
                assert len(sentence) > 10
                assert "{" not in sentence


def test_a_case_is_small_enough_to_be_checked_by_hand(case: Golden) -> None:
    """Four children, six homes, a story, and every pair of them answered."""
    assert len(case.story.split()) > 20
    assert sum(len(referral.children) for referral in case.referrals) == MOST_CHILDREN
    assert len(case.homes) == MOST_HOMES
    assert {referral.ref for referral in case.referrals} == set(case.expected)
    for expected in case.expected.values():
        assert {*expected.order, *expected.out} == {home.ref for home in case.homes}


def test_there_is_a_case_for_every_statutory_rule() -> None:
    """Each law decides something in its own file."""
    for rule in RULES:
        if rule.statutory:
            case = golden(CASES[0].parent / f"{rule.code}.toml")
            assert any(codes == {rule.code} for e in case.expected.values() for codes in e.out.values())
