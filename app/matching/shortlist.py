"""A referral's best homes with reasons, and why the others are out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

import numpy as np

from app.matching.approvals import approvals
from app.matching.assess import Block, Judged, Question, assess_block, assess_one, child_points
from app.matching.child_columns import ChildTable
from app.matching.codes import KeepTogether
from app.matching.columns import BoolArray, IntArray
from app.matching.considerations import considerations
from app.matching.explain import PairExplanation, explain
from app.matching.finding import FULL
from app.matching.gaps import gaps
from app.matching.listed import NearMiss, Option, Parted, Relaxation, Shortlist
from app.matching.pairs import child_list
from app.matching.party_columns import PartyTable, named_parties, others_rows
from app.matching.party_fees import party_fees
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Child, ChildRef, HomeRef, Referral, ReferralRef
from app.matching.room import more_places_missing, never_large_enough
from app.matching.splits import Split, best_splits, parts_of
from app.matching.where import where

SPLITS_SHOWN = 3
HOMES_OPENED_SHOWN = 5

Worth: TypeAlias = Callable[[IntArray], IntArray]
"""Points of the first party in homes (rows of the pool) as if no rule were in the way."""


def question_for(
    referral: Referral,
    pool: Pool,
    policy: Policy,
    as_of: date,
    *,
    parts: bool = False,
    named: Collection[ChildRef] | None = None,
) -> Question:
    """One referral's whole party against the pool; with `parts` also every part of it, behind the whole.

    `named`: these of its children instead of all.
    """
    children = ChildTable.build((referral,), pool, as_of)
    parties = named_parties(children, named)
    if parts:
        parties += parts_of(parties[0])
    return Question(children, PartyTable.build(parties, children), pool, policy)


def shortlist(
    referral: Referral,
    pool: Pool,
    policy: Policy,
    as_of: date,
    k: int = 20,
    misses: int = 5,
    measures: Sequence[Policy] = (),
    named: Collection[ChildRef] | None = None,
) -> Shortlist:
    """The k best homes for a referral on a day, under a policy, and why the others are out.

    `measures`: policies by which it is judged as well which approval is needed. `named`: the list is for these of the
    children, who are parted from the others by it; None: for all of them.
    """
    may_part = named is None and len(referral.children) > 1 and referral.keep_together is not KeepTogether.REQUIRED
    question = question_for(referral, pool, policy, as_of, parts=may_part, named=named)
    block, worth, judged = _assessed(question, misses)
    allowed: IntArray = np.flatnonzero(block.allowed[0])
    best, not_shown = best_rows(referral.ref, pool, allowed, block.points[0, allowed], k)
    near = _nearest(question, block, misses, worth)
    explained = explain(question, 0, np.concatenate([best, near]), _open_bits(block, best, near), judged)
    children = tuple(child.ref for child in first_party(question))
    return Shortlist(
        referral=referral.ref,
        children=children,
        as_of=as_of,
        moves_in=max(referral.needed_by, as_of),
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        most_points=_most_points(question, explained),
        homes=len(pool),
        allowed=len(allowed),
        options=_options(question, referral, best, block, explained[: len(best)], as_of, measures),
        ties_not_shown=not_shown,
        out_by_rule=_counts(policy, block.failed[0]),
        not_known_by_rule=_counts(policy, block.not_known[0] & np.uint32(policy.blocking_bits)),
        near_misses=_near_misses(question, block, near, explained[len(best) :]),
        relaxations=_relaxations(question, block, worth) if not len(allowed) else (),
        splits=_splits(question, block, referral) if may_part else (),
        splits_if_parted=_splits_if_parted(referral, pool, policy, as_of)
        if named is None and not may_part and not len(allowed)
        else (),
        parted=parted(referral, pool, policy, as_of, named),
    )


def first_party(question: Question) -> tuple[Child, ...]:
    """The children of the first party."""
    return tuple(question.children.entries[row].child for row in question.parties.parties[0].members)


def parted(
    referral: Referral, pool: Pool, policy: Policy, as_of: date, named: Collection[ChildRef] | None
) -> Parted | None:
    """What is to be said of a list for those who are `named`; None where it is for all."""
    if named is None:
        return None
    question = question_for(referral, pool, policy, as_of)
    together = assess_block(question, 0, 1)
    (party,) = named_parties(question.children, named)
    others_at = [pool.records[row].ref for row in others_rows(party, question.children)]
    return Parted(int(np.count_nonzero(together.allowed[0])), others_at[0] if others_at else None)


def rank_among(points: int, others: IntArray) -> int:
    """The rank that so many points would have among others: one more than how many have more."""
    return 1 + int(np.count_nonzero(others > points))


def _most_points(question: Question, explained: Sequence[PairExplanation]) -> int:
    """Points of a home where everything is full that applies to these children. What applies is the same everywhere."""
    if not explained:
        return question.policy.most_points * len(question.children.entries)
    return FULL * sum(part.weight for part in explained[0].parts if part.applies)


def best_rows(ref: ReferralRef, pool: Pool, allowed: IntArray, points: IntArray, k: int) -> tuple[IntArray, int]:
    """Rows of the k best, best first; ties in an order that favours nobody, the same every time."""
    if len(allowed) > k:
        last = np.partition(points, -k)[-k]
        keep = points >= last
        allowed, points = allowed[keep], points[keep]
    order = sorted(range(len(allowed)), key=lambda i: (-int(points[i]), _lot(ref, pool.records[allowed[i]].ref)))
    return allowed[order[:k]], max(0, len(order) - k)


def _lot(referral: ReferralRef, home: HomeRef) -> bytes:
    return hashlib.blake2b(f"{referral}\x00{home}".encode(), digest_size=8).digest()


def _open_bits(block: Block, best: IntArray, near: IntArray) -> int:
    """Rules that are failed or not known for one of the homes that will be shown."""
    bits = block.failed[0] | block.not_known[0]
    return int(np.bitwise_or.reduce(bits[best], initial=0) | np.bitwise_or.reduce(bits[near], initial=0))


def _options(
    question: Question,
    referral: Referral,
    cols: IntArray,
    block: Block,
    explained: Sequence[PairExplanation],
    as_of: date,
    measures: Sequence[Policy],
) -> tuple[Option, ...]:
    places = where(referral, question.pool, question.policy, cols)
    fees = party_fees(question, cols)
    allowed_points = block.points[0, block.allowed[0]]
    siblings, here = len(referral.children) > 1, {child.ref for child in first_party(question)}
    needed = approvals(question, referral, cols, explained, places, as_of, measures)
    return tuple(
        Option(
            rank=rank_among(explanation.points, allowed_points),
            explanation=explanation,
            considerations=considerations(explanation.parts, with_siblings=siblings),
            where=places[i],
            approval=needed[i],
            fees=tuple(fee for fee in fees[i] if fee.child in here),
            gaps=gaps(first_party(question), question.pool.records[cols[i]]),
        )
        for i, explanation in enumerate(explained)
    )


def _counts(policy: Policy, masks: IntArray) -> dict[str, int]:
    counted = {s.rule.code: int(np.count_nonzero(masks & np.uint32(s.bit))) for s in policy.rules}
    return {code: count for code, count in counted.items() if count}


def points_regardless(question: Question, party: int, cols: IntArray) -> IntArray:
    """Points of one party in these homes as if no rule were in the way."""
    table = question.parties
    members = table.member_rows[table.offsets[party] : table.offsets[party + 1]]
    rows = np.repeat(members, len(cols))
    pairs = child_list(question.children, question.pool, question.policy.local, rows, np.tile(cols, len(members)))
    each = child_points(pairs, question.policy.criteria).reshape(len(members), len(cols))
    total: IntArray = each.sum(axis=0)
    return total


def _assessed(question: Question, misses: int) -> tuple[Block, Worth, Judged | None]:
    """The parties against every home, how to tell what homes are worth that rules keep out, and what was judged."""
    if len(question.parties) > 1:
        block = assess_block(question, 0, len(question.parties))
        return block, lambda cols: points_regardless(question, 0, cols), None

    def asked_about(bits: IntArray) -> BoolArray:
        wanted: BoolArray = np.zeros(len(bits), dtype=np.bool_)
        for there in _out_by_fewest(question, bits, misses):
            wanted[there] = True
        return wanted if not bits.all() else wanted | (np.bitwise_count(bits) == 1)

    block, worth, judged = assess_one(question, 0, asked_about)
    return block, lambda cols: worth[cols], judged


def blocking(block: Block, policy: Policy) -> IntArray:
    """Mask of the rules that keep each home out of the first party's list."""
    bits: IntArray = block.failed[0] | (block.not_known[0] & np.uint32(policy.blocking_bits))
    return bits


def _nearest(question: Question, block: Block, most: int, worth: Worth) -> IntArray:
    """Rows of the homes out by the fewest rules, each place that is missing beyond the first counted as one more.

    Among those, homes that a person may let in by overriding come first, then those with the most points.
    """
    cols: IntArray = np.zeros(0, dtype=np.int64)
    for there in _out_by_fewest(question, blocking(block, question.policy), most):
        order = np.argsort(-worth(there), kind="stable")
        cols = np.concatenate([cols, there[order][: most - len(cols)]])
    return cols


def _out_by_fewest(question: Question, bits: IntArray, most: int) -> Iterator[IntArray]:
    """Rows of homes that are out, from those by the fewest rules on, until there are so many.

    A home without room for three children is not as near as one without room for one: each place missing beyond
    the first counts as a rule more. Homes out by a rule that must not name them are never among them.
    """
    policy = question.policy
    unnamed = sum(setting.bit for setting in policy.rules if setting.rule.names_no_home)
    shown = (bits != 0) & ((bits & np.uint32(unnamed)) == 0)
    by_law = (bits & np.uint32(policy.statutory_bits)) != 0
    distance = 2 * (np.bitwise_count(bits).astype(np.int64) + more_places_missing(question, bits)) + by_law
    found = 0
    for level in np.unique(distance[shown]):
        if found >= most:
            return
        there: IntArray = np.flatnonzero((distance == level) & shown)
        found += len(there)
        yield there


def _near_misses(
    question: Question, block: Block, cols: IntArray, explained: Sequence[PairExplanation]
) -> tuple[NearMiss, ...]:
    bits = blocking(block, question.policy)
    others = block.points[0, block.allowed[0]]
    return tuple(
        NearMiss(
            home=explanation.home,
            findings=tuple(finding for finding in explanation.rules if finding.blocks),
            overridable=not int(bits[col]) & question.policy.statutory_bits,
            points_if_met=explanation.points,
            rank_if_met=rank_among(explanation.points, others),
        )
        for col, explanation in zip(cols, explained, strict=True)
    )


def _relaxations(question: Question, block: Block, worth_of: Worth) -> tuple[Relaxation, ...]:
    """Single rules that would open homes, the one that would open most first.

    The rule about free places is relaxed when somebody moves out; homes registered for fewer children than there
    are would not be open even then.
    """
    bits = blocking(block, question.policy)
    alone: IntArray = np.flatnonzero((np.bitwise_count(bits) == 1) & ~never_large_enough(question, bits))
    worth = worth_of(alone)
    found = []
    for setting in question.policy.rules:
        mine = bits[alone] == setting.bit
        cols = alone[mine]
        if len(cols) and not setting.rule.names_no_home:
            order = np.argsort(-worth[mine], kind="stable")[:HOMES_OPENED_SHOWN]
            best = tuple(question.pool.records[col].ref for col in cols[order])
            found.append(Relaxation(setting.rule.code, setting.rule.statutory, len(cols), best))
    return tuple(sorted(found, key=lambda relaxation: -relaxation.homes))


def _splits(question: Question, block: Block, referral: Referral) -> tuple[Split, ...]:
    preferred = referral.keep_together is KeepTogether.PREFERRED
    if not preferred and block.allowed[0].any():
        return ()
    return best_splits(question, block, question.policy.separated_pair if preferred else 0, SPLITS_SHOWN)


def _splits_if_parted(referral: Referral, pool: Pool, policy: Policy, as_of: date) -> tuple[Split, ...]:
    """What parting a group would open that must stay together: judged as if that were preferred."""
    if len(referral.children) == 1:
        return ()
    parted = replace(referral, keep_together=KeepTogether.PREFERRED)
    question = question_for(parted, pool, policy, as_of, parts=True)
    return best_splits(question, assess_block(question, 0, len(question.parties)), policy.separated_pair, SPLITS_SHOWN)
