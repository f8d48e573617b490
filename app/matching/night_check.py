"""A second look at a night's proposals from the raw records: every constraint, in plain Python.

Nothing of the optimiser is used: not its arrays, not its numbers. Whether one party may go to one home is
asked of the rules again, pair by pair; everything that concerns several parties is counted off the records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.matching.assess import judge_rules
from app.matching.batch import Night, Proposed
from app.matching.child_columns import ChildTable
from app.matching.codes import FOSTERING_KINDS, KeepTogether, LivingCompanions, Risk, RiskLevel
from app.matching.home import Home
from app.matching.pairs import child_list, party_list
from app.matching.party_columns import Party, PartyTable
from app.matching.referral import Child, ChildRef, Referral, ReferralRef
from app.matching.unit import Level

USUAL_LIMIT = 3
"""Children Act 1989 Sch 7 para 2."""

MINDS_COMPANY = (LivingCompanions.SOLO, LivingCompanions.ONLY_OLDER, LivingCompanions.ONLY_YOUNGER)


@dataclass(frozen=True, slots=True)
class _Guest:
    """One proposal with its records."""

    referral: Referral
    children: tuple[Child, ...]
    home: Home


def check_night(night: Night, proposals: Sequence[Proposed], weekly_fees: Sequence[int] = ()) -> tuple[str, ...]:
    """What is wrong with the proposals; nothing where they keep every rule and limit.

    `weekly_fees`: pence a week of each proposal, needed only where there is a budget.
    """
    waiting = {child.ref: referral for referral in night.referrals for child in referral.children}
    try:
        guests = [_look_up(night, waiting, proposed) for proposed in proposals]
    except LookupError as error:
        return (str(error.args[0]),)
    by_home: dict[str, list[_Guest]] = defaultdict(list)
    for guest in guests:
        by_home[guest.home.ref].append(guest)
    return (
        *_each_child_once(guests),
        *_rule_faults(night, guests),
        *(fault for ref in sorted(by_home) for fault in _home_faults(night, by_home[ref])),
        *_fixed_faults(night, proposals),
        *_budget_faults(night, weekly_fees),
    )


def _look_up(night: Night, waiting: Mapping[ChildRef, Referral], proposed: Proposed) -> _Guest:
    referral = waiting.get(min(proposed.children, default=ChildRef("")))
    if referral is None:
        raise LookupError("a proposal names children who are not waiting")
    children = tuple(child for child in referral.children if child.ref in proposed.children)
    if len(children) != len(proposed.children):
        raise LookupError("a proposal names children of more than one referral")
    if proposed.home not in night.pool.row_of:
        raise LookupError("a proposal names a home that is not in the pool")
    return _Guest(referral, children, night.pool.record(proposed.home))


def _each_child_once(guests: Sequence[_Guest]) -> Iterator[str]:
    seen: set[ChildRef] = set()
    for guest in guests:
        for child in guest.children:
            if child.ref in seen:
                yield f"child {child.ref} is placed twice"
            seen.add(child.ref)
    at: set[tuple[ReferralRef, str]] = set()
    for guest in guests:
        if (guest.referral.ref, guest.home.ref) in at:
            yield f"home {guest.home.ref} receives two parties of referral {guest.referral.ref}"
        at.add((guest.referral.ref, guest.home.ref))
        whole = len(guest.children) == len(guest.referral.children)
        if guest.referral.keep_together is KeepTogether.REQUIRED and not whole:
            yield f"referral {guest.referral.ref} is parted though it must stay together"


def _rule_faults(night: Night, guests: Sequence[_Guest]) -> Iterator[str]:
    """Every rule again, for each party and its home and no other pair."""
    if not guests:
        return
    referrals = {guest.referral.ref: guest.referral for guest in guests}
    children = ChildTable.build(tuple(referrals.values()), night.pool, night.as_of)
    row_of = {entry.child.ref: row for row, entry in enumerate(children.entries)}
    parties = PartyTable.build(
        [Party(guest.referral, tuple(row_of[child.ref] for child in guest.children)) for guest in guests], children
    )
    homes = np.array([night.pool.row_of[guest.home.ref] for guest in guests])
    sizes = np.diff(parties.offsets)
    policy, pool = night.policy, night.pool
    pairs = child_list(children, pool, policy.local, parties.member_rows, np.repeat(homes, sizes))
    failed, not_known = judge_rules(pairs, policy.rules_of(Level.CHILD))
    whole = party_list(parties, pool, policy.local, np.arange(len(guests)), homes)
    party_failed, party_not_known = judge_rules(whole, policy.rules_of(Level.PARTY))
    for i, guest in enumerate(guests):
        members = slice(int(parties.offsets[i]), int(parties.offsets[i + 1]))
        bad = int(np.bitwise_or.reduce(failed[members])) | int(party_failed[i])
        unknown = int(np.bitwise_or.reduce(not_known[members])) | int(party_not_known[i])
        if in_the_way := bad | unknown & policy.blocking_bits:
            codes = ", ".join(policy.rule_codes(in_the_way))
            yield f"home {guest.home.ref} is not allowed for referral {guest.referral.ref}: {codes}"


def _home_faults(night: Night, guests: Sequence[_Guest]) -> Iterator[str]:
    home = guests[0].home
    newcomers = sum(len(guest.children) for guest in guests)
    if len(home.residents) + home.places_held + newcomers > home.places:
        yield f"home {home.ref} has more children than places"
    fostering = home.kind in FOSTERING_KINDS
    fostered = sum(resident.fostered for resident in home.residents)
    limited = fostering or home.place_code.startswith("U")
    if limited and len(guests) > 1 and fostered + newcomers > USUAL_LIMIT:
        yield f"home {home.ref} is over the usual fostering limit"
    arrivals = night.policy.arrivals.foster if fostering else night.policy.arrivals.residential
    if len(guests) > arrivals:
        yield f"home {home.ref} receives more referrals in one night than it may"
    for one, other in combinations(guests, 2):
        if must_not_meet(night, one.children, other.children):
            yield f"home {home.ref} receives referrals {one.referral.ref} and {other.referral.ref} who may not share it"


def must_not_meet(night: Night, ours: Sequence[Child], theirs: Sequence[Child]) -> bool:
    """Whether no home may receive these children together in one night."""
    companions = night.policy.setting_of("living_companions").enabled
    return any(
        a.ref in b.live_apart_from
        or b.ref in a.live_apart_from
        or (companions and (a.living_companions in MINDS_COMPANY or b.living_companions in MINDS_COMPANY))
        or _could_harm(night, a, b)
        or _could_harm(night, b, a)
        for a in ours
        for b in theirs
    )


def _could_harm(night: Night, one: Child, other: Child) -> bool:
    setting = night.policy.setting_of("safe_for_residents")
    if not setting.enabled:
        return False
    for risk in Risk:
        level = one.risks.get(risk, RiskLevel.NOT_KNOWN)
        present = level is RiskLevel.PRESENT or (setting.blocks and level is RiskLevel.NOT_KNOWN)
        if not present or not setting.params.table[risk]:
            continue
        if other.vulnerabilities is None:
            if setting.blocks:
                return True
        elif other.vulnerabilities & set(setting.params.table[risk]):
            return True
    return False


def _fixed_faults(night: Night, proposals: Sequence[Proposed]) -> Iterator[str]:
    made = set(proposals)
    for pinned in night.pinned:
        if pinned not in made:
            yield f"the pinned home {pinned.home} was not given to its children"
    for excluded in night.excluded:
        for one in proposals:
            if one.home == excluded.home and one.children & excluded.children:
                yield f"the excluded home {excluded.home} was given after all"


def _budget_faults(night: Night, weekly_fees: Sequence[int]) -> Iterator[str]:
    if night.weekly_budget_pence is not None and sum(weekly_fees) > night.weekly_budget_pence:
        yield "the weekly budget is overrun"
