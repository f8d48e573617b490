"""A second look at a night's proposals from the raw records: every constraint and every figure, in plain Python.

Nothing of the optimiser is used: not its arrays, not its numbers. Whether one party may go to one home is
asked of the rules again, pair by pair; everything that concerns several parties is counted off the records, and so is
whatever a run tells of its proposals: see `night_count`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.matching.assess import judge_rules
from app.matching.batch import Night, Proposed, was_declined
from app.matching.codes import FOSTERING_KINDS, KeepTogether, LivingCompanions, Risk, RiskLevel
from app.matching.night_count import Counted, Counts, count_each, count_night, local_balance, target_charge, weekly_fees
from app.matching.night_look import Guest, GuestPairs, guests_of, pairs_of
from app.matching.referral import Child, ChildAsKnown, ChildRef, HomeRef, Referral, ReferralRef, Rest
from app.matching.unit import Level

USUAL_LIMIT = 3
"""Children Act 1989 Sch 7 para 2."""

MINDS_COMPANY = (LivingCompanions.SOLO, LivingCompanions.ONLY_OLDER, LivingCompanions.ONLY_YOUNGER)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run tells of its proposals, in their order, and of all together.

    local, total: as the target counts them. worth: before the local target; objective: after it, where the target is
    the night's own; None: not told. nearest: the balance that comes nearest to a hard floor said to be out of reach.
    """

    each: tuple[Counted, ...]
    local: int
    total: int
    worth: int | None = None
    objective: int | None = None
    nearest: int | None = None


def check_night(night: Night, proposals: Sequence[Proposed], told: Told | None = None) -> tuple[str, ...]:
    """What is wrong with the proposals; nothing where they keep every rule and limit, and what is told is true.

    The local target binds nobody who tells nothing: it is only the whole choice of a night that has to reach it.
    """
    try:
        guests = guests_of(night, proposals)
    except LookupError as error:
        return (str(error.args[0]),)
    by_home: dict[str, list[Guest]] = defaultdict(list)
    for guest in guests:
        by_home[guest.home.ref].append(guest)
    pairs = pairs_of(night, guests) if guests else None
    return (
        *_each_child_once(guests),
        *_left_over(night, guests),
        *(() if pairs is None else _rule_faults(night, guests, pairs)),
        *(fault for ref in sorted(by_home) for fault in _home_faults(night, by_home[ref])),
        *_fixed_faults(night, proposals),
        *_budget_faults(night, guests),
        *(() if told is None else _told_faults(night, proposals, count_night(night, guests, pairs), told)),
    )


def check_each(night: Night, proposals: Sequence[Proposed], told: Sequence[Counted]) -> tuple[str, ...]:
    """What is wrong with each by itself, whoever else goes where: its rules, and what is told of it."""
    guests = guests_of(night, proposals)
    if not guests:
        return ()
    pairs = pairs_of(night, guests)
    found = count_each(night, guests, pairs)
    return (*_rule_faults(night, guests, pairs), *_untrue_each(proposals, found, told))


def check_fees(night: Night, proposals: Sequence[Proposed], told: Sequence[tuple[int, bool]]) -> tuple[str, ...]:
    """Where the fees that are told, and whether they are known, are not what the records say."""
    found = weekly_fees(night, guests_of(night, proposals))
    each = zip(proposals, found, told, strict=True)
    return tuple(f"the fee of home {proposed.home} is not as told" for proposed, one, said in each if one != said)


def _each_child_once(guests: Sequence[Guest]) -> Iterator[str]:
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


def _left_over(night: Night, guests: Sequence[Guest]) -> Iterator[str]:
    """Who must stay with brothers and sisters of the same referral, and these have a place in another home."""
    if not night.policy.setting_of("siblings_together").enabled:
        return
    for guest in guests:
        referral = guest.referral
        if referral.keep_together is KeepTogether.REQUIRED and _others_at(night, referral) - {guest.home.ref}:
            yield f"referral {referral.ref} must stay together, and others of it have a place elsewhere"


def _others_at(night: Night, referral: Referral) -> set[HomeRef]:
    """Homes of those with whom the children of a referral are to stay; of one child alone the placed ones'."""
    if isinstance(referral, Rest):
        return set(referral.siblings_at)
    if len(referral.children) > 1:
        return set()
    child, found = referral.children[0], set[HomeRef]()
    moved = child.siblings_live_at if isinstance(child, ChildAsKnown) else {}
    for sibling in child.placed_siblings:
        if sibling.child in moved:
            found |= moved[sibling.child] & night.pool.row_of.keys()
            continue
        found |= night.pool.living_at.get(sibling.child, frozenset())
        if sibling.home is not None and sibling.home in night.pool.row_of:
            found.add(sibling.home)
    return found


def _rule_faults(night: Night, guests: Sequence[Guest], pairs: GuestPairs) -> Iterator[str]:
    """Every rule again, for each party and its home and no other pair."""
    policy = night.policy
    failed, not_known = judge_rules(pairs.children, policy.rules_of(Level.CHILD))
    party_failed, party_not_known = judge_rules(pairs.parties, policy.rules_of(Level.PARTY))
    for i, guest in enumerate(guests):
        members = slice(int(pairs.offsets[i]), int(pairs.offsets[i + 1]))
        bad = int(np.bitwise_or.reduce(failed[members])) | int(party_failed[i])
        unknown = int(np.bitwise_or.reduce(not_known[members])) | int(party_not_known[i])
        if in_the_way := bad | unknown & policy.blocking_bits:
            codes = ", ".join(policy.rule_codes(in_the_way))
            yield f"home {guest.home.ref} is not allowed for referral {guest.referral.ref}: {codes}"


def _home_faults(night: Night, guests: Sequence[Guest]) -> Iterator[str]:
    home = guests[0].home
    newcomers = sum(len(guest.children) for guest in guests)
    if len(home.residents) + home.places_held + newcomers > home.places:
        yield f"home {home.ref} has more children than places"
    fostering = home.kind in FOSTERING_KINDS
    fostered = sum(resident.fostered for resident in home.residents) + home.places_held  # for a child to come
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
    """What persons decided. What is both pinned and excluded is a contradiction of their own, not of the choice."""
    made = set(proposals)
    for pinned in night.pinned:
        both = sorted({child for one in night.excluded if one.home == pinned.home for child in one.children})
        if who := [child for child in both if child in pinned.children]:
            yield f"home {pinned.home} is both pinned and excluded for {', '.join(who)}; take one of the two back"
        elif pinned not in made:
            yield f"the pinned home {pinned.home} was not given to its children"
    for excluded in night.excluded:
        for one in made.difference(night.pinned):
            if one.home == excluded.home and one.children & excluded.children:
                yield f"the excluded home {excluded.home} was given after all"
    yield from (
        f"the home {one.home}, which was declined for these children, was given after all"
        for one in made.difference(night.pinned)
        if was_declined(night, one)
    )


def _budget_faults(night: Night, guests: Sequence[Guest]) -> Iterator[str]:
    if night.weekly_budget_pence is not None:
        cost = sum(fee for fee, _ in weekly_fees(night, guests))
        if cost > night.weekly_budget_pence:
            yield "the weekly budget is overrun"


def _told_faults(night: Night, proposals: Sequence[Proposed], counts: Counts, told: Told) -> Iterator[str]:
    """Where what is told is not what the records say."""
    yield from _untrue_each(proposals, counts.each, told.each)
    for name in ("worth", "local", "total"):
        if getattr(told, name) not in (None, getattr(counts, name)):
            yield f"{name} is {getattr(counts, name)} by the records"
    if told.objective is not None:
        yield from _target_faults(night, counts, told)


def _untrue_each(proposals: Sequence[Proposed], found: Sequence[Counted], told: Sequence[Counted]) -> Iterator[str]:
    for proposed, one, said in zip(proposals, found, told, strict=True):
        for name in ("weekly_fee_pence", "fee_known", "local", "points"):
            if getattr(one, name) != getattr(said, name):
                who = ", ".join(sorted(proposed.children))
                yield f"{name} of {who} in home {proposed.home} is {getattr(one, name)} by the records"


def _target_faults(night: Night, counts: Counts, told: Told) -> Iterator[str]:
    """The night's own target: a hard floor is reached or said to be out of reach, and the rest has its price."""
    balance = local_balance(night, counts.local, counts.total)
    if told.nearest is None:
        if night.policy.target.hard and balance < 0:
            yield "the hard local target is missed"
        charge = target_charge(night, counts.local, counts.total)
    else:
        if not night.policy.target.hard or balance != told.nearest or balance >= 0:
            yield "the local target is not out of reach as it is told to be"
        charge = 0
    if told.objective != counts.worth - charge:
        yield f"the objective is {counts.worth - charge} by the records"
