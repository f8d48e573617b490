"""Whoever is alike in all that is read is judged once, and nobody gets another answer for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.matching.alike import Alike, Answers, in_few_tables
from app.matching.assess import Question, child_points
from app.matching.assess_open import crowd_of_children, crowd_of_parties
from app.matching.columns import Array
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs, Pairs
from app.matching.policy import CriterionSetting, RuleSetting
from app.matching.unit import Level
from tests.support.answers import question, worlds_and_policies


def asked_questions() -> list[Question]:
    """Enough children for some to be alike in one thing or another."""
    return [question(world, policy) for world, policy in worlds_and_policies(3, referrals=12, homes=9)]


def _fails(setting: RuleSetting) -> Callable[[Any], Array]:
    return lambda pairs: setting.rule.judge(pairs, setting.params).fails


def _points(setting: CriterionSetting) -> Callable[[Any], Array]:
    return lambda pairs: child_points(pairs, (setting,))


def test_every_rule_and_criterion_says_of_one_what_it_says_of_all_who_are_alike() -> None:
    """Judged once for each group, and judged for everybody: the same, and not because all are judged anyway."""
    fewer = 0
    for asked in asked_questions():
        children, parties = crowd_of_children(asked), crowd_of_parties(asked)
        units = [
            (children if setting.rule.level is Level.CHILD else parties, _fails(setting))
            for setting in asked.policy.rules
            if setting.enabled
        ]
        units += [(children, _points(setting)) for setting in asked.policy.criteria]
        for crowd, judge in units:
            everybody = np.arange(len(crowd.lists))
            pairs: Pairs = crowd.grid(everybody, np.arange(crowd.homes))
            found = crowd.answered(judge)
            assert np.array_equal(found.of(everybody), np.broadcast_to(judge(pairs), pairs.shape))
            fewer += len(found.alike.one_of) < len(everybody)
    assert fewer > 40


def test_what_is_read_of_some_only_parts_those_too() -> None:
    """A column that is looked at for the sake of a few, and a list that is: seen with the first child or not."""

    def by_sex_and_then_by_age(pairs: ChildPairs) -> Array:
        first = pairs.child.sex == 0
        return np.where(first, pairs.child.age, -1) if first.any() else first * 0 - 1

    def by_list(pairs: ChildPairs) -> Array:
        def count(row: int, _: Homes) -> Array:
            return np.array(len(pairs.lists[row].contacts))

        return pairs.each_row(pairs.children.has_contacts, count, np.int64)

    for asked in asked_questions():
        crowd = crowd_of_children(asked)
        everybody = np.arange(len(crowd.lists))
        for judge in (by_sex_and_then_by_age, by_list):
            pairs: Any = crowd.grid(everybody, np.arange(crowd.homes))
            assert np.array_equal(crowd.answered(judge).of(everybody), np.broadcast_to(judge(pairs), pairs.shape)), (
                judge.__name__
            )


def test_too_many_groups_are_not_judged() -> None:
    """The caller judges pair by pair instead."""
    [asked, *_] = asked_questions()
    crowd = crowd_of_children(asked)
    ages = len(np.unique(asked.children.columns.age))

    def judge(pairs: ChildPairs) -> Array:
        return pairs.child.age

    def by_list(pairs: ChildPairs) -> Array:
        return np.array([[len(pairs.lists[row].contacts)] for row in pairs.rows])

    assert crowd.judged(judge, ages - 1) is None
    assert crowd.judged(by_list, 1) is None
    found = crowd.judged(judge, ages)
    assert found is not None
    assert len(found.alike.one_of) == ages


@pytest.mark.parametrize("most", [1, 4, 1_000])
def test_tables_joined_say_what_each_said(most: int) -> None:
    """However many groups a table may have; and none has more, unless it has them by itself."""
    chance = np.random.default_rng(0)
    answers = []
    for groups in (1, 2, 3, 5, 5):
        group = np.concatenate([np.arange(groups), chance.integers(0, groups, 30)])[:30]
        answers.append(Answers(Alike.everybody(30).apart(group), chance.integers(0, 100, (groups, 7))))
    everybody = np.arange(30)
    joined = in_few_tables(answers, np.add, most)
    assert np.array_equal(sum(a.of(everybody) for a in joined), sum(a.of(everybody) for a in answers))
    assert all(len(a.alike.one_of) <= max(most, 5) for a in joined)
    assert (most < 1_000) or len(joined) == 1
