"""The allowed pairs of a night as arrays: with points, local children and fee."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from app.matching.alike import Answers
from app.matching.assess import Question
from app.matching.assess_open import Open, crowd_of_children, each_open
from app.matching.columns import IntArray
from app.matching.fees import counted_fee, dearest_of_kind
from app.matching.local import LocalMeasure
from app.matching.pairs import ChildPairs
from app.matching.problem import AllowedPairs
from app.matching.where import counts_as_local


def allowed_pairs(question: Question, threads: int) -> AllowedPairs:
    """Every allowed pair with its points, local children and fee, gathered block by block."""
    costs = _fees(question)
    count, homes, points, local, fees = (list[IntArray]() for _ in range(5))

    def worked_out(block: Open) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
        fee = block.members.summed(costs.table, costs.alike.group[block.members.rows], block.count, block.home)
        here = _local_children(question, block)
        return block.count, block.home.astype(np.int32), block.points, here, fee

    for found in each_open(question, worked_out, threads):
        for pieces, piece in zip((count, homes, points, local, fees), found, strict=True):
            pieces.append(piece)
    with ThreadPoolExecutor(threads) as workers:
        home, point, here, fee = workers.map(
            _joined, (homes, points, local, fees), (np.int32, np.int32, np.uint8, np.int32)
        )
    return AllowedPairs(
        start=np.concatenate([[0], np.cumsum(_joined(count, np.int64), dtype=np.int64)]),
        home=home,
        points=point,
        local_children=here,
        weekly_fee_pence=fee,
    )


def _joined(pieces: list[IntArray], dtype: type) -> IntArray:
    """All pieces as one array. They are let go of, so that on a large night nothing is held twice."""
    whole: IntArray = np.empty(sum(len(piece) for piece in pieces), dtype=dtype)
    end = len(whole)
    while pieces:
        piece = pieces.pop()
        whole[end - len(piece) : end] = piece
        end -= len(piece)
    return whole


def _local_children(question: Question, block: Open) -> IntArray:
    """How many children of each pair's party would count as local there."""
    pool, policy = question.pool, question.policy
    size: IntArray = block.members.sizes.astype(np.uint8)
    if policy.local.measure is not LocalMeasure.HOME_POSTCODE:
        everywhere = counts_as_local(None, pool, policy, np.arange(len(pool)))
        here: IntArray = np.multiply(np.repeat(size, block.count), everywhere[block.home])
        return here
    stops = np.cumsum(block.count)
    found = np.zeros(len(block.home), dtype=np.uint8)
    for party, begin, end, children in zip(
        question.parties.parties[block.start : block.stop], stops - block.count, stops, size, strict=True
    ):
        cols = block.home[begin:end]
        found[begin:end] = children * counts_as_local(party.referral.family_home, pool, policy, cols)
    return found


def _fees(question: Question) -> Answers:
    """Pence a week that every child counts with in every home."""
    of_kind = dearest_of_kind(question.pool.columns)

    def judge(pairs: ChildPairs) -> IntArray:
        fee, _ = counted_fee(pairs, of_kind)
        return fee

    return crowd_of_children(question).answered(judge)
