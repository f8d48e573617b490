"""How a night's choice is read against its problem, and put into the words of a `NightReport`."""

from __future__ import annotations

import numpy as np

from app.matching.batch import Batch, Proposed
from app.matching.night_moves import why_here
from app.matching.night_reading import Reading
from app.matching.night_report import LocalShare, NightReport, Proposal, Siblings, WhyHere
from app.matching.night_scarce import scarce, scarce_kinds
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
    homes = scarce(reading)
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
        scarce=homes[:MOST_SCARCE],
        scarce_kinds=scarce_kinds(homes),
    )


def proposed(batch: Batch, solution: Solution) -> tuple[Proposed, ...]:
    """The choice by names, as `check_night` takes it, in the order of the chosen pairs."""
    return tuple(batch.proposed(int(pair)) for pair in solution.chosen)


def _proposal(reading: Reading, i: int, *, fee_known: bool) -> Proposal:
    problem, pair, party = reading.batch.problem, int(reading.solution.chosen[i]), int(reading.party[i])
    first = _first_choice(reading, party, pair)
    why = why_here(reading, i, first)
    declined = why.code is WhyHere.EXCLUDED and bool(reading.declined(np.array([first]))[0])
    others = {reading.referral(int(reading.party[j])) for j in why.others}
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
        why=WhyHere.DECLINED if declined else why.code,
        because_of=tuple(sorted(others - {reading.referral(party)})),
        others_would_lose=why.loss,
        must_leave=why.must_leave,
        besides=why.besides,
    )


def _first_choice(reading: Reading, party: int, pair: int) -> int:
    """The pair with the most points; among equals the one that was chosen, and then one that nobody excluded."""
    own, points = reading.by_rules(party), reading.batch.problem.pairs.points
    best = own[points[own] == points[own].max()]
    open_ = best[~reading.excluded(best)]
    return pair if pair in best else int((open_ if len(open_) else best)[0])


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
