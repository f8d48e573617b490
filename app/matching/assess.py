"""Judge every party against every home: a failure mask, a not-known mask and points, block by block.

Children are judged one by one; a party fails where any of its children does, is not known where any is
and none fails, and has its children's points summed. Criteria are worked out only where no rule keeps the
pair out. `explain` runs the same functions on the few pairs that are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from app.matching.child_columns import ChildTable
from app.matching.columns import BoolArray, IntArray
from app.matching.finding import FULL, Score
from app.matching.members import Members
from app.matching.pairs import ChildPairs, Pairs, child_grid, child_list, party_grid
from app.matching.party_columns import PartyTable
from app.matching.policy import CriterionSetting, Policy, RuleSetting
from app.matching.pool import Pool
from app.matching.unit import Level

Found = TypeVar("Found")
PAIRS_A_BLOCK = 1 << 20
"""About so many child-home pairs are judged at a time: large enough for NumPy, small enough for the cache."""


@dataclass(frozen=True, slots=True)
class Block:
    """What was found for parties `start` up to `stop` and all homes of the pool.

    `failed` and `not_known` are uint32 masks over the policy's rules, `points` int32, each (parties, homes).
    `allowed`: no rule failed and none that blocks is not known. Points stand only where allowed.
    """

    start: int
    stop: int
    failed: IntArray
    not_known: IntArray
    allowed: BoolArray
    points: IntArray


@dataclass(frozen=True, slots=True)
class Question:
    """Who is judged against what, under which policy."""

    children: ChildTable
    parties: PartyTable
    pool: Pool
    policy: Policy


def assess(question: Question, threads: int = 1) -> Iterator[Block]:
    """Blocks of all parties in order; their union covers every pair once."""
    yield from each_range(question, threads, assess_block)


def each_range(question: Question, threads: int, judge: Callable[[Question, int, int], Found]) -> Iterator[Found]:
    """What is found for each range of parties, in order."""
    ranges = list(_ranges(question))
    if threads == 1 or len(ranges) == 1:
        yield from (judge(question, start, stop) for start, stop in ranges)
        return
    with ThreadPoolExecutor(threads) as workers:
        yield from workers.map(lambda bounds: judge(question, *bounds), ranges)


def assess_all(question: Question, threads: int = 1) -> Block:
    """Every pair in one block. For pools and batches that fit in memory: 13 bytes a pair."""
    blocks = list(assess(question, threads))
    if len(blocks) == 1:
        return blocks[0]
    if not blocks:
        nothing = np.zeros((0, len(question.pool)), dtype=np.uint32)
        return Block(0, 0, nothing, nothing, nothing.astype(np.bool_), nothing.astype(np.int32))
    return Block(
        0,
        len(question.parties),
        np.concatenate([block.failed for block in blocks]),
        np.concatenate([block.not_known for block in blocks]),
        np.concatenate([block.allowed for block in blocks]),
        np.concatenate([block.points for block in blocks]),
    )


def assess_block(question: Question, start: int, stop: int) -> Block:
    """Judge parties `start` up to `stop` against every home."""
    members = Members.of(question.parties, start, stop)
    failed, not_known = rule_masks(question, members, start, stop)
    allowed = (failed | (not_known & np.uint32(question.policy.blocking_bits))) == 0
    points = np.where(allowed, _party_points(question, members, allowed), 0).astype(np.int32)
    return Block(start, stop, failed, not_known, allowed, points)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the criteria said of one party in some homes, kept for whoever explains a few of them.

    `scores` by code, each for pairs of that shape: child by child (`rows`, ascending), each with all of `cols`.
    """

    rows: IntArray
    cols: IntArray
    shape: tuple[int, ...]
    scores: Mapping[str, Score]

    def places(self, rows: IntArray, cols: IntArray) -> IntArray:
        """Where the pairs of these children and homes stand, child by child. The homes must be among `cols`."""
        found: IntArray = np.searchsorted(self.rows, rows)[:, None] * len(self.cols) + np.searchsorted(self.cols, cols)
        return found.ravel()


def assess_one(question: Question, party: int, also: Callable[[IntArray], BoolArray]) -> tuple[Block, IntArray, Judged]:
    """One party against every home; and its points where allowed and where `also` wants them, 0 elsewhere.

    `also` is given the mask of the rules that keep each home out. Once for all: a call costs far more than a home.
    """
    members = Members.of(question.parties, party, party + 1)
    failed, not_known = rule_masks(question, members, party, party + 1)
    bits = failed | (not_known & np.uint32(question.policy.blocking_bits))
    allowed = bits == 0
    cols: IntArray = np.flatnonzero(allowed[0] | also(bits[0]))
    judged, found = _judged(question, members.rows, cols)
    worth = np.zeros(len(question.pool), dtype=np.int32)
    worth[cols] = found
    points = np.where(allowed, worth, 0).astype(np.int32)
    return Block(party, party + 1, failed, not_known, allowed, points), worth, judged


def _judged(question: Question, rows: IntArray, cols: IntArray) -> tuple[Judged, IntArray]:
    """What the criteria say of these children in these homes, and the points of all of them together."""
    local, criteria = question.policy.local, question.policy.criteria
    everyone, everywhere = np.repeat(rows, len(cols)), np.tile(cols, len(rows))
    pairs = child_list(question.children, question.pool, local, everyone, everywhere)
    settings = [setting for setting in criteria if setting.weight] if len(cols) else []
    scores = {setting.criterion.code: setting.criterion.judge(pairs, setting.params) for setting in settings}
    total = np.zeros(pairs.shape, dtype=np.int32)
    for setting in settings:
        total += counted(scores[setting.criterion.code], setting.stand_in) * np.int32(setting.weight)
    return Judged(rows, cols, pairs.shape, scores), total.reshape(len(rows), len(cols)).sum(axis=0, dtype=np.int32)


def rule_masks(question: Question, members: Members, start: int, stop: int) -> tuple[IntArray, IntArray]:
    """Failure and not-known masks of a block, uint32 (parties, homes)."""
    policy, pool = question.policy, question.pool
    cols = np.arange(len(pool))
    child_pairs = child_grid(question.children, pool, policy.local, members.rows, cols)
    failed, not_known = judge_rules(child_pairs, policy.rules_of(Level.CHILD))
    failed, not_known = members.together(np.bitwise_or, failed), members.together(np.bitwise_or, not_known)
    pairs = party_grid(question.parties, pool, policy.local, np.arange(start, stop), cols)
    party_failed, party_not_known = judge_rules(pairs, policy.rules_of(Level.PARTY))
    failed |= party_failed
    not_known |= party_not_known
    not_known &= ~failed
    return failed, not_known


def judge_rules(pairs: Pairs, settings: Iterable[RuleSetting]) -> tuple[IntArray, IntArray]:
    """Masks of these rules over the pairs. Answers that broadcast are gathered before they are spread out."""
    failed, not_known = _Masks(), _Masks()
    for setting in settings:
        finding = setting.rule.judge(pairs, setting.params)
        failed.add(finding.fails, setting.bit)
        if finding.not_known is not None:
            not_known.add(finding.not_known, setting.bit)
    return failed.over(pairs.shape), not_known.over(pairs.shape)


class _Masks:
    """Bit masks gathered by shape: a rule about homes alone costs one row, not a block."""

    def __init__(self) -> None:
        self._by_shape: dict[tuple[int, ...], IntArray] = {}

    def add(self, found: BoolArray, bit: int) -> None:
        """Set a bit where `found`."""
        bits = np.multiply(found, np.uint32(bit), dtype=np.uint32)
        have = self._by_shape.get(found.shape)
        if have is None:
            self._by_shape[found.shape] = bits
        else:
            np.bitwise_or(have, bits, out=have)

    def over(self, shape: tuple[int, ...]) -> IntArray:
        """All bits together, spread over the pairs."""
        total = self._by_shape.pop(shape, None)
        if total is None:
            total = np.zeros(shape, dtype=np.uint32)
        for bits in self._by_shape.values():
            np.bitwise_or(total, bits, out=total)
        return total


def _party_points(question: Question, members: Members, allowed: BoolArray) -> IntArray:
    wanted = members.wanted(allowed)
    rows, cols = np.nonzero(wanted)
    if not len(rows):
        return np.zeros(allowed.shape, dtype=np.int32)
    pairs = child_list(question.children, question.pool, question.policy.local, members.rows[rows], cols)
    points = np.zeros(wanted.shape, dtype=np.int32)
    points[wanted] = child_points(pairs, question.policy.criteria)
    return members.together(np.add, points)


def child_points(pairs: ChildPairs, settings: Sequence[CriterionSetting]) -> IntArray:
    """Points of each pair: the sum of weight times value, what stands in counted where not known."""
    total = np.zeros(pairs.shape, dtype=np.int32)
    for setting in settings:
        if setting.weight:
            total += counted(setting.criterion.judge(pairs, setting.params), setting.stand_in) * np.int32(
                setting.weight
            )
    return total


def counted(score: Score, stand_in: int) -> IntArray:
    """The value that counts before the weight.

    Where not known: the stand-in, kept between the least and the most that the value could be. Where the
    criterion does not apply: 0.
    """
    value = score.value.astype(np.int32, copy=False)
    if score.not_known is not None:
        most = np.int32(FULL) if score.most is None else score.most
        value = np.where(score.not_known, np.minimum(np.maximum(np.int32(stand_in), value), most), value)
    if score.applies is not None:
        value = np.where(score.applies, value, np.int32(0))
    return value


def _ranges(question: Question) -> Iterator[tuple[int, int]]:
    parties, homes = question.parties, max(1, len(question.pool))
    most = max(1, PAIRS_A_BLOCK // homes)
    start = 0
    while start < len(parties):
        stop = int(np.searchsorted(parties.offsets, parties.offsets[start] + most, side="right")) - 1
        stop = min(max(stop, start + 1), len(parties))
        yield start, stop
        start = stop
