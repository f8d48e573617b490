"""How a night's choice is read against its problem, and put into the words of a `NightReport`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.matching.batch import Batch, Proposed
from app.matching.certify import price_of_a_place
from app.matching.codes import HomeKind
from app.matching.night_reading import Reading
from app.matching.night_report import LocalShare, NightReport, Proposal, Scarce, ScarceKind, Siblings, WhyHere
from app.matching.night_unplaced import unplaced
from app.matching.party_fees import fees_known
from app.matching.problem import PRICE_SCALE, Solution
from app.matching.referral import ReferralRef

MOST_SCARCE = 20


def report(batch: Batch, solution: Solution) -> NightReport:
    """Read a choice and explain it. The choice must have been verified."""
    reading = Reading.of(batch, solution)
    known = fees_known(batch.question, reading.party, reading.home).tolist()
    proposals = tuple(_proposal(reading, i, fee_known=known[i]) for i in range(len(solution.chosen)))
    scarce = _scarce(reading)
    return NightReport(
        status=solution.status,
        objective=solution.objective,
        bound=solution.bound,
        children=batch.problem.children,
        children_placed=int(reading.size.sum()),
        proposals=tuple(sorted(proposals, key=lambda proposal: (proposal.referral, sorted(proposal.children)))),
        unplaced=unplaced(reading),
        siblings=_siblings(reading),
        local=_local(reading),
        weekly_cost_pence=int(batch.problem.pairs.weekly_fee_pence[solution.chosen].sum(dtype=np.int64)),
        assumed_weekly_cost_pence=sum(one.assumed_weekly_fee_pence or 0 for one in proposals),
        scarce=scarce[:MOST_SCARCE],
        scarce_kinds=_scarce_kinds(scarce),
    )


def proposed(batch: Batch, solution: Solution) -> tuple[Proposed, ...]:
    """The choice by names, as `check_night` takes it, in the order of the chosen pairs."""
    return tuple(batch.proposed(int(pair)) for pair in solution.chosen)


def _proposal(reading: Reading, i: int, *, fee_known: bool) -> Proposal:
    problem, pair, party = reading.batch.problem, int(reading.solution.chosen[i]), int(reading.party[i])
    first = _first_choice(reading, party, pair)
    why, others = _why_here(reading, i, first)
    fee = int(problem.pairs.weekly_fee_pence[pair])
    return Proposal(
        referral=reading.referral(party),
        children=reading.names(party),
        home=reading.home_ref(int(reading.home[i])),
        points=int(problem.pairs.points[pair]),
        local=bool(problem.pairs.local_children[pair]),
        weekly_fee_pence=fee if fee_known else None,
        assumed_weekly_fee_pence=None if fee_known else fee,
        unchanged=int(problem.unchanged_home[party]) == int(reading.home[i]),
        first_home=reading.home_ref(int(problem.pairs.home[first])),
        behind_first=int(problem.pairs.points[first] - problem.pairs.points[pair]),
        why=why,
        because_of=tuple(sorted({reading.referral(int(reading.party[j])) for j in others})),
        others_would_lose=_others_would_lose(reading, i, others),
    )


def _first_choice(reading: Reading, party: int, pair: int) -> int:
    """The pair with the most points; among equals the one that was chosen, and then one that nobody excluded."""
    own, points = reading.by_rules(party), reading.batch.problem.pairs.points
    best = own[points[own] == points[own].max()]
    open_ = best[~reading.excluded(best)]
    return pair if pair in best else int((open_ if len(open_) else best)[0])


def _why_here(reading: Reading, i: int, first: int) -> tuple[WhyHere, list[int]]:
    """What stands between the party and its first choice, given where everybody else goes."""
    problem, pair, party = reading.batch.problem, int(reading.solution.chosen[i]), int(reading.party[i])
    if pair in problem.pinned:
        return WhyHere.PINNED, []
    if first == pair:
        return WhyHere.FIRST_CHOICE, []
    if first in problem.excluded:
        return WhyHere.EXCLUDED, []
    bar = reading.bar(party, int(problem.pairs.home[first]), (i,))
    if bar is None:
        return _trade_off(reading, pair, party, first), []
    why, others = bar
    return why, [] if why is WhyHere.SIBLINGS else others


def _trade_off(reading: Reading, pair: int, party: int, first: int) -> WhyHere:
    """The first choice is free: something that counts for the night as a whole speaks against it."""
    problem = reading.batch.problem
    pairs = problem.pairs
    if problem.weekly_budget_pence is not None:
        spent = int(pairs.weekly_fee_pence[reading.solution.chosen].sum())
        change = int(pairs.weekly_fee_pence[first]) - int(pairs.weekly_fee_pence[pair])
        if spent + change > problem.weekly_budget_pence:
            return WhyHere.BUDGET
    if pairs.local_children[first] < pairs.local_children[pair]:
        return WhyHere.LOCAL_TARGET
    if problem.home_price[pairs.home[first]] > problem.home_price[pairs.home[pair]]:
        return WhyHere.RESERVED
    if problem.unchanged_home[party] == pairs.home[pair]:
        return WhyHere.UNCHANGED
    return WhyHere.TRADE_OFF


def _others_would_lose(reading: Reading, i: int, others: Sequence[int]) -> int | None:
    """The least that one of the others would give up by leaving; None: none of them could go anywhere else.

    It could go where room is left tonight, and where this party would leave a place by coming instead.
    """
    points, losses = reading.batch.problem.pairs.points, []
    for j in others:
        own = reading.own_pairs(int(reading.party[j]))
        elsewhere = own[reading.batch.problem.pairs.home[own] != reading.home[j]]
        best_first = elsewhere[np.argsort(-points[elsewhere], kind="stable")]
        next_best = next(reading.with_room(best_first, (i, j)), None)
        if next_best is not None:
            losses.append(max(0, int(points[reading.solution.chosen[j]]) - int(points[next_best])))
    return min(losses, default=None)


def _siblings(reading: Reading) -> Siblings:
    homes: dict[ReferralRef, list[tuple[int, int]]] = {}
    for party, size, home in zip(reading.party, reading.size, reading.home, strict=True):
        homes.setdefault(reading.referral(int(party)), []).append((int(size), int(home)))
    counts = {"together": 0, "apart": 0, "partly_placed": 0, "not_placed": 0}
    for referral in reading.batch.night.referrals:
        if len(referral.children) == 1:
            continue
        parts = homes.get(referral.ref, [])
        placed = sum(size for size, _ in parts)
        if not placed:
            counts["not_placed"] += 1
        elif placed < len(referral.children):
            counts["partly_placed"] += 1
        else:
            counts["together" if len(parts) == 1 else "apart"] += 1
    return Siblings(**counts)


def _local(reading: Reading) -> LocalShare:
    night, target = reading.batch.night, reading.batch.night.policy.target
    local = night.local_placed + int(reading.batch.problem.pairs.local_children[reading.solution.chosen].sum())
    total = night.total_placed + int(reading.size.sum())
    counted_local, counted_total = local, total
    if target.counts == "batch":
        counted_local, counted_total = local - night.local_placed, total - night.total_placed
    return LocalShare(
        local_before=night.local_placed,
        total_before=night.total_placed,
        local_after=local,
        total_after=total,
        floor_permille=target.floor_permille,
        ambition_permille=target.ambition_permille,
        short_of_floor=max(0, -(-target.floor_permille * counted_total // 1000) - counted_local),
        short_of_ambition=max(0, -(-target.ambition_permille * counted_total // 1000) - counted_local),
        price_points=reading.solution.prices.local // PRICE_SCALE,
    )


def _scarce(reading: Reading) -> tuple[Scarce, ...]:
    """Every contested home, the dearest first."""
    price = price_of_a_place(reading.batch.problem, reading.solution.prices)
    records = reading.batch.night.pool.records
    wanted = np.flatnonzero(price > 0)
    order = sorted(wanted.tolist(), key=lambda home: (-int(price[home]), records[home].ref))
    return tuple(Scarce(records[home].ref, records[home].kind, int(price[home])) for home in order)


def _scarce_kinds(scarce: Sequence[Scarce]) -> tuple[ScarceKind, ...]:
    """The kinds of the contested homes, that with the dearest place first."""
    prices: dict[HomeKind, list[int]] = {}
    for one in scarce:
        prices.setdefault(one.kind, []).append(one.price_points)
    kinds = [ScarceKind(kind, len(each), max(each), sum(each) // len(each)) for kind, each in prices.items()]
    return tuple(sorted(kinds, key=lambda one: (-one.dearest_points, one.kind)))
