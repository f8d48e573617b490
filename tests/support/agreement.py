"""The engine and the plain second implementation asked the same questions, and where their answers differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from app.matching.assess import Block, Question, assess_all, counted
from app.matching.child_columns import ChildTable
from app.matching.explain import Part, explain
from app.matching.finding import FULL
from app.matching.pairs import child_grid
from app.matching.party_columns import Party, PartyTable, parts, whole_parties
from app.matching.policy import CriterionSetting, Policy
from app.matching.pool import Pool
from tests.reference.basics import Inventory
from tests.reference.judging import PlainPart, PlainResult, judge_pair
from tests.support.policies import random_policy
from tests.support.worlds import World, random_world

ASPECTS = ("applies", "known", "value", "points", "points_low", "points_high")
"""What is compared of one criterion, child and home."""

Said = tuple[bool, bool, int, int, int, int]


@dataclass(frozen=True)
class Inquiry:
    """Some parties of a world, each with every home, under a policy. Homes stand in the order of the pool."""

    world: World
    policy: Policy
    parties: tuple[Party, ...]

    @classmethod
    def drawn(cls, seed: int, referrals: int = 24, homes: int = 60, policy: Policy | None = None) -> Inquiry:
        """A random world, and a random policy or the one given; of each sibling group the whole and one part."""
        rng = Random(seed)
        world = random_world(rng, referrals, homes)
        children = ChildTable.build(world.referrals, Pool.build(world.homes), world.as_of)
        chosen: list[Party] = []
        for whole in whole_parties(children):
            *some, everybody = parts(whole)
            chosen += [everybody, rng.choice(some)] if some else [everybody]
        return cls(world, policy or random_policy(rng), tuple(chosen))

    @cached_property
    def pool(self) -> Pool:
        """The homes as the engine holds them."""
        return Pool.build(self.world.homes)

    @cached_property
    def children(self) -> ChildTable:
        """The children as the engine holds them."""
        return ChildTable.build(self.world.referrals, self.pool, self.world.as_of)

    def question(self, policy: Policy | None = None) -> Question:
        """The question put to the engine, under this policy or another."""
        table = PartyTable.build(self.parties, self.children)
        return Question(self.children, table, self.pool, policy or self.policy)

    @cached_property
    def plain(self) -> list[list[PlainResult]]:
        """The answers of the second implementation, by party and home."""
        inventory = Inventory.of(self.world.homes)
        return [
            [
                judge_pair(
                    party.referral,
                    [self.children.entries[row].child for row in party.members],
                    home,
                    inventory,
                    self.policy,
                    self.world.as_of,
                    points_always=True,
                )
                for home in self.pool.records
            ]
            for party in self.parties
        ]

    @property
    def results(self) -> Iterator[PlainResult]:
        """All plain answers in a row."""
        return (result for row in self.plain for result in row)

    @cached_property
    def masks(self) -> dict[str, Any]:
        """The plain answers about rules as the engine would give them: one array a kind, (parties, homes)."""
        bits = {setting.rule.code: setting.bit for setting in self.policy.rules}
        return {
            "failed": np.array([[sum(bits[c] for c in plain.failed) for plain in row] for row in self.plain]),
            "not known": np.array([[sum(bits[c] for c in plain.not_known) for plain in row] for row in self.plain]),
            "allowed": np.array([[plain.allowed for plain in row] for row in self.plain]),
            "points": np.array([[plain.points if plain.allowed else 0 for plain in row] for row in self.plain]),
        }

    @cached_property
    def said(self) -> dict[str, Any]:
        """The plain answers about each criterion: an array of `ASPECTS`, (aspects, children, homes)."""
        row_of = {entry.child.ref: row for row, entry in enumerate(self.children.entries)}
        found = {
            s.criterion.code: np.zeros((len(ASPECTS), len(row_of), len(self.pool)), int) for s in self.policy.criteria
        }
        for row in self.plain:
            for col, plain in enumerate(row):
                for part in plain.parts:
                    found[part.code][:, row_of[part.child], col] = plain_said(part)
        return found


def differences(inquiry: Inquiry) -> Counter[str]:
    """Where engine and second implementation differ, by what they differ in. Empty: they agree."""
    block = assess_all(inquiry.question())
    found = _masks_differ(inquiry, block)
    found["points"] += np.count_nonzero(block.points != inquiry.masks["points"])
    for setting in inquiry.policy.criteria:
        found.update(criterion_differs(inquiry, setting) if setting.enabled else ())
    return +found


def rules_differ(inquiry: Inquiry, policy: Policy) -> Counter[str]:
    """The same for the rules alone. `policy`: what the engine is asked under, so that a spoilt rule can be let in."""
    return _masks_differ(inquiry, assess_all(inquiry.question(replace(policy, criteria=()))))


def _masks_differ(inquiry: Inquiry, block: Block) -> Counter[str]:
    engine = {"failed": block.failed, "not known": block.not_known}
    found = Counter[str]()
    for kind, masks in engine.items():
        wrong = inquiry.masks[kind] ^ masks
        found.update({f"{s.rule.code} {kind}": np.count_nonzero(wrong & s.bit) for s in inquiry.policy.rules})
    found["allowed"] += np.count_nonzero(block.allowed != inquiry.masks["allowed"])
    return +found


def criterion_differs(inquiry: Inquiry, setting: CriterionSetting) -> Counter[str]:
    """The same for one criterion: for every child and home, allowed or not."""
    question, code = inquiry.question(), setting.criterion.code
    found = criterion_said(question, setting) != inquiry.said[code]
    return +Counter({f"{code} {aspect}": np.count_nonzero(found[i]) for i, aspect in enumerate(ASPECTS)})


def criterion_said(question: Question, setting: CriterionSetting) -> Any:
    """What the engine finds by one criterion for every child and home, as in `Inquiry.said`."""
    children, pool = question.children, question.pool
    pairs = child_grid(children, pool, question.policy.local, np.arange(len(children.entries)), np.arange(len(pool)))
    score = setting.criterion.judge(pairs, setting.params)
    value = counted(score, setting.stand_in)
    known = np.bool_(True) if score.not_known is None else ~score.not_known
    applies = np.bool_(True) if score.applies is None else score.applies
    most = np.int32(FULL) if score.most is None else score.most
    low = np.where(known, value, np.where(applies, score.value, 0))
    high = np.where(known, value, np.where(applies, most, 0))
    weight = setting.weight
    columns = (applies, known | ~applies, value, value * weight, low * weight, high * weight)
    return np.stack([np.broadcast_to(column, pairs.shape).astype(int) for column in columns])


def plain_said(part: PlainPart) -> Said:
    """The same of one part of the second implementation."""
    return part.applies, part.known, part.value, part.points, part.points_low, part.points_high


def explained_said(part: Part) -> Said:
    """The same of an explanation. Whether a criterion is known that does not apply says nothing."""
    known = part.known or not part.applies
    return part.applies, known, part.value, part.points, part.points_low, part.points_high


def explanations_differ(inquiry: Inquiry, rng: Random, others: int) -> Counter[str]:
    """The same for `explain`: for each party its allowed homes and a few more."""
    question, found = inquiry.question(), Counter[str]()
    for i, row in enumerate(inquiry.plain):
        cols = sorted({j for j, plain in enumerate(row) if plain.allowed} | set(rng.sample(range(len(row)), others)))
        for j, pair in zip(cols, explain(question, i, np.array(cols)), strict=True):
            found.update(_one_differs(row[j], pair))
            found["explained"] += 1
    return found


def _one_differs(plain: PlainResult, pair: Any) -> Iterable[str]:
    outcomes = {finding.code: set[str]() for finding in pair.rules}
    for finding in pair.rules:
        outcomes[finding.code].add(finding.outcome.value)
    failed = {code for code, found in outcomes.items() if "not_met" in found}
    not_known = {code for code, found in outcomes.items() if "not_known" in found} - failed
    if (failed, not_known) != (plain.failed, plain.not_known):
        yield "explained rules"
    if (not pair.blocked_by) != plain.allowed:
        yield "explained allowed"
    said = {(part.code, part.child): explained_said(part) for part in pair.parts}
    if said != {(part.code, part.child): plain_said(part) for part in plain.parts}:
        yield "explained parts"
    if pair.points != plain.points:
        yield "explained points"
