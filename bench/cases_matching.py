"""The cases of `make bench`. Worlds come from the synthetic country; day, seeds and sizes are fixed."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from app.demo.authority import Authority, Sizes, country, sizes_of, synthetic_authority
from app.geo.postcodes import PostcodeDirectory
from app.matching.assess import Question, assess, assess_block, child_points, judge_rules
from app.matching.child_columns import ChildTable
from app.matching.pairs import child_list, party_list
from app.matching.party_columns import PartyTable, whole_parties
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.shortlist import shortlist
from app.matching.unit import Level
from app.store.policies import load_policies
from bench.report import Result, at_least, at_most, percentile
from tests.reference.basics import Inventory
from tests.reference.judging import judge_pair

DAY = date(2026, 11, 21)
SEED = 7
ROOT = Path(__file__).parents[1]
THREADS = 2

Answer = dict[str, Any]


def one_in_process(command: str) -> list[Result]:
    """One referral against 20,000 homes, in process, explained top 20."""
    made = made_country(100, 20_000)
    pool, policy = Pool.build(made.homes), policy_in_use()
    for referral in made.referrals[:10]:
        shortlist(referral, pool, policy, DAY)
    times = []
    for referral in made.referrals:
        began = time.perf_counter()
        shortlist(referral, pool, policy, DAY)
        times.append((time.perf_counter() - began) * 1000)
    case = "one referral against 20,000 homes, in process, explained top 20"
    return [
        at_most(f"{case}, p95", percentile(times, 0.95), "ms", 20, command),
        Result(f"{case}, p50", round(percentile(times, 0.5), 3), "ms", "", None, command),
    ]


def all_pairs(command: str) -> list[Result]:
    """All pairs of 1,000 referrals and 16,000 homes, real rules and criteria."""
    made = made_country(1_000, 16_000)
    question = _question(made)
    for _ in assess(replace(question, parties=_whole(question.children, 20)), THREADS):
        pass
    before = _peak_mb()
    began = time.perf_counter()
    allowed = points = 0
    for block in assess(question, THREADS):
        allowed += int(np.count_nonzero(block.allowed))
        points += int(block.points.sum())
    took = time.perf_counter() - began
    pairs = len(question.parties) * len(question.pool)
    case = f"all pairs of {len(question.parties):,} referrals x {len(question.pool):,} homes"
    return [
        at_most(case, took, "s", 6, command),
        at_most(f"{case}, peak memory of the process", _peak_mb(), "MB", 600, command),
        Result(f"{case}, peak memory before", round(before), "MB", "", None, command),
        Result(f"{case}, pairs a second", round(pairs / took), "pairs/s", "", None, command),
        Result(f"{case}, allowed", allowed, "pairs", "", None, command),
    ]


def alone_and_in_a_crowd(command: str) -> list[Result]:
    """100,000 pairs alone against the same pairs in a crowd: masks and points identical."""
    made = made_country(250, 400)
    question = _question(made)
    blocks = assess_block(question, 0, len(question.parties))
    same = sum(
        _same(question, blocks, row, col) for row in range(len(question.parties)) for col in range(len(question.pool))
    )
    pairs = len(question.parties) * len(question.pool)
    case = f"pair alone against pair in a crowd, {pairs:,} pairs"
    return [Result(case, same, "identical", f"all {pairs}", same == pairs, command)]


def against_a_loop(command: str) -> list[Result]:
    """The same matching as the obvious per-pair Python loop, in the same run."""
    made = made_country(40, 400)
    question, policy = _question(made), policy_in_use()
    homes = Inventory.of(made.homes)

    def loop() -> int:
        total = 0
        for referral in made.referrals:
            for home in made.homes:
                found = judge_pair(referral, referral.children, home, homes, policy, DAY)
                total += found.points if found.allowed else 0
        return total

    def engine() -> int:
        return sum(int(block.points.sum()) for block in assess(question, THREADS))

    slow, expected = _timed(loop, 1)
    fast, found = _timed(engine, 20)
    case = f"the obvious loop's time over the engine's, {len(made.referrals)} referrals x {len(made.homes)} homes"
    big = _question(made_country(200, 4_000))
    large, _ = _timed(lambda: sum(int(block.points.sum()) for block in assess(big, THREADS)), 3)
    a_pair = slow / (len(made.referrals) * len(made.homes))
    scaled = a_pair * len(big.parties) * len(big.pool) / large
    return [
        Result(f"{case}, same total points", found, "points", f"{expected}", found == expected, command),
        at_least(case, slow / fast, "times", 100, command),
        at_least("the same, loop a pair against engine a pair at 200 x 4,000", scaled, "times", 100, command),
    ]


def nottingham() -> Authority:
    """The demo's authority, for the benchmark's day."""
    return synthetic_authority(Sizes(), SEED, DAY, directory())


def _timed(work: Callable[[], int], times: int) -> tuple[float, int]:
    best, value = float("inf"), 0
    for _ in range(times):
        began = time.perf_counter()
        value = work()
        best = min(best, time.perf_counter() - began)
    return best, value


def _same(question: Question, block: Any, row: int, col: int) -> bool:
    """Judge one pair by itself, child by child, and compare with the block."""
    table, policy = question.parties, question.policy
    members = table.member_rows[table.offsets[row] : table.offsets[row + 1]]
    one = np.array([col])
    failed = not_known = points = 0
    for member in members:
        pairs = child_list(question.children, question.pool, policy.local, np.array([member]), one)
        f, n = judge_rules(pairs, policy.rules_of(Level.CHILD))
        failed |= int(f[0])
        not_known |= int(n[0])
        if block.allowed[row, col]:
            points += int(child_points(pairs, policy.criteria)[0])
    party = party_list(table, question.pool, policy.local, np.array([row]), one)
    f, n = judge_rules(party, policy.rules_of(Level.PARTY))
    failed |= int(f[0])
    not_known = (not_known | int(n[0])) & ~failed
    return (failed, not_known, points) == (
        int(block.failed[row, col]),
        int(block.not_known[row, col]),
        int(block.points[row, col]),
    )


def _question(made: Authority) -> Question:
    pool = Pool.build(made.homes)
    children = ChildTable.build(made.referrals, pool, DAY)
    return Question(children, _whole(children), pool, policy_in_use())


def _whole(children: ChildTable, most: int | None = None) -> PartyTable:
    return PartyTable.build(whole_parties(children)[:most], children)


def made_country(referrals: int, homes: int) -> Authority:
    """England with so many referrals and homes, for the benchmark's day."""
    return country(SEED, DAY, directory(), sizes_of(referrals, homes))


def directory() -> PostcodeDirectory:
    """The baked postcodes of this checkout."""
    return PostcodeDirectory.open(ROOT / "var" / "geo")


def policy_in_use() -> Policy:
    """The default policy on the benchmark's day."""
    return load_policies(ROOT / "policies").pick(None, DAY)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
