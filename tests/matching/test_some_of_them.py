"""A list for some of the children of a referral: the same judgement as of a part of a sibling group anywhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations
from random import Random

import numpy as np

from app.deciding.seeing import options_of
from app.matching.assess import assess_all
from app.matching.codes import KeepTogether
from app.matching.pool import Pool
from app.matching.referral import ChildRef
from app.matching.shortlist import question_for, shortlist
from app.matching.why_not import why_not
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import policies
from tests.support.policies import random_policy
from tests.support.worlds import open_world


def test_a_list_for_some_is_the_list_of_that_part() -> None:
    """Which homes, with which points, whose fees and needs; one home by itself agrees; the others are not in it."""
    seen = 0
    for seed in range(30):
        rng = Random(seed)
        world, policy = open_world(rng, 3, 8), random_policy(rng)
        pool = Pool.build(world.homes)
        for referral in world.referrals:
            question = question_for(referral, pool, policy, world.as_of, parts=True)
            block = assess_all(question)
            refs = [child.ref for child in referral.children]
            for row, party in enumerate(question.parties.parties[1:], 1):
                named = [question.children.entries[member].child.ref for member in party.members]
                if len(named) == len(refs):
                    continue
                found = shortlist(referral, pool, policy, world.as_of, k=100, named=named)
                cols = np.flatnonzero(block.allowed[row])
                points = {pool.records[col].ref: int(block.points[row, col]) for col in cols}
                assert {one.explanation.home: one.explanation.points for one in found.options} == points
                assert found.parted is not None
                assert found.parted.open_to_all == np.count_nonzero(block.allowed[0])
                assert (found.children, found.splits, found.splits_if_parted) == (tuple(named), (), ())
                for option in found.options:
                    assert [fee.child for fee in option.fees] == named
                    assert {gap.child for gap in option.gaps} <= set(named)
                    assert {part.child for part in option.explanation.parts} <= set(named)
                for home in world.homes[:2]:
                    one = why_not(referral, home.ref, pool, policy, world.as_of, named)
                    assert (one.allowed, one.homes_allowed) == (home.ref in points, len(points))
                    assert one.explanation.children == tuple(named)
                    if one.allowed:
                        assert one.points_if_met == points[home.ref]
                seen += 1
    assert seen > 40


def test_who_is_parted_is_never_a_first_choice() -> None:
    """Each home of such a list stands behind those that could take all, so that parting them takes a reason."""
    seen = 0
    for seed in range(30):
        rng = Random(seed)
        world, policy = open_world(rng, 3, 8), random_policy(rng)
        pool, versions = Pool.build(world.homes), {home.ref: 1 for home in world.homes}
        for referral in world.referrals:
            for named in combinations([child.ref for child in referral.children], len(referral.children) - 1):
                if named:
                    whole = shortlist(referral, pool, policy, world.as_of)
                    options = options_of(shortlist(referral, pool, policy, world.as_of, named=named), versions)
                    assert all(option.rank > whole.allowed + 1 and option.children == named for option in options)
                    seen += len(options)
    assert seen > 40


def test_what_would_open_a_home_is_tried_for_those_who_are_named_alone() -> None:
    """An age and a place for one: not for a brother who is older, and whom nobody asked about."""
    one, older = a_child(ref=ChildRef("S1")), a_child(ref=ChildRef("S2"), date_of_birth=date(2009, 5, 1))
    both = replace(a_referral(one, older), keep_together=KeepTogether.NOT_REQUIRED)
    home, policy = a_home(), policies().pick(None, AS_OF)
    for closed, rule, field, value in (
        (replace(home, terms=replace(home.terms, age_max=5)), "age_range", "terms.age_max", 13),
        (replace(home, places_held=home.places), "usable_places", "places", home.places + 1),
    ):
        found = why_not(both, home.ref, Pool.build([closed]), policy, AS_OF, [one.ref])
        (opens,) = [found for found in found.counterfactuals if found.rules == (rule,)]
        assert [(needed.change.field, needed.change.value) for needed in opens.changes] == [(field, value)]
        assert opens.allowed == (found.explanation.blocked_by == (rule,))
