"""Everything the engine says about a world, by who and where."""

from __future__ import annotations

from random import Random

from app.matching.assess import Question, assess_all
from app.matching.child_columns import ChildTable
from app.matching.party_columns import PartyTable, parts, whole_parties
from app.matching.policy import Policy
from app.matching.pool import Pool
from tests.support.policies import random_policy
from tests.support.worlds import World, random_world

Key = tuple[frozenset[str], str]
Answer = tuple[frozenset[str], frozenset[str], bool, int]


def question(world: World, policy: Policy) -> Question:
    """Every part of every referral against every home."""
    pool = Pool.build(world.homes)
    children = ChildTable.build(world.referrals, pool, world.as_of)
    parties = [part for whole in whole_parties(children) for part in parts(whole)]
    return Question(children, PartyTable.build(parties, children), pool, policy)


def answers(world: World, policy: Policy) -> dict[Key, Answer]:
    """Everything the engine says, by who and where: rules failed, not known, allowed, points."""
    asked = question(world, policy)
    block = assess_all(asked)
    found: dict[Key, Answer] = {}
    for i, party in enumerate(asked.parties.parties):
        who = frozenset(asked.children.entries[row].child.ref for row in party.members)
        for j, home in enumerate(asked.pool.records):
            failed, not_known = (frozenset(policy.rule_codes(int(m[i, j]))) for m in (block.failed, block.not_known))
            found[who, home.ref] = (failed, not_known, bool(block.allowed[i, j]), int(block.points[i, j]))
    return found


def worlds_and_policies(count: int, **size: int) -> list[tuple[World, Policy]]:
    """Random ones, the same every time."""
    return [(random_world(rng, **size), random_policy(rng)) for rng in map(Random, range(500, 500 + count))]
