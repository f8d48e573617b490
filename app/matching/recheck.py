"""Proposals against the facts as they are when they are published: which have become impossible, and why.

While a run works, homes fill, referrals are withdrawn, the policy changes. Each proposal is judged again by every
rule, and those that share a home are counted again, the more valuable first. What is left keeps every rule
and limit; `night_check` says so once more, independently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np

from app.matching.assess import judge_rules
from app.matching.batch import Night, Proposed, was_declined
from app.matching.child_columns import ChildTable
from app.matching.codes import FOSTERING_KINDS, KeepTogether
from app.matching.fees import counted_fee, dearest_of_kind
from app.matching.home import Home
from app.matching.night_check import USUAL_LIMIT, must_not_meet
from app.matching.pairs import child_list, party_list
from app.matching.party_columns import Party, PartyTable
from app.matching.referral import Child, Referral
from app.matching.unit import Level


class Fallen(StrEnum):
    """Why a proposal that was possible is so no more."""

    BEING_PLACED = "being_placed"
    REFERRAL_WITHDRAWN = "referral_withdrawn"
    CHILDREN_CHANGED = "children_changed"
    MUST_STAY_TOGETHER = "must_stay_together"
    HOME_GONE = "home_gone"
    EXCLUDED = "excluded_by_a_person"
    DECLINED = "declined_before"
    RULES_NOT_MET = "rules_not_met"
    NO_PLACE_LEFT = "no_place_left"
    FOSTERING_LIMIT = "fostering_limit"
    TOO_MANY_ARRIVALS = "too_many_arrivals"
    MAY_NOT_SHARE = "may_not_share"
    OVER_BUDGET = "over_budget"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one proposal. `fallen` None: it stands. `rules`: codes of those that are not met.

    `weekly_fee_pence`: what it counts with now (see `counted_fee`); `fee_known`: whether that is what it costs.
    """

    proposed: Proposed
    fallen: Fallen | None = None
    rules: tuple[str, ...] = ()
    weekly_fee_pence: int = 0
    fee_known: bool = True


@dataclass(frozen=True, slots=True)
class _Guest:
    at: int
    referral: Referral
    children: tuple[Child, ...]
    home: Home
    fee: int
    fee_known: bool


def recheck(night: Night, proposals: Sequence[Proposed]) -> tuple[Verdict, ...]:
    """A verdict for each proposal, in their order. `night` holds the facts of now.

    Where several cannot all stand any more, those that come first in `proposals` do.
    """
    verdicts = {at: verdict for at, verdict in enumerate(_records_gone(night, proposals)) if verdict is not None}
    guests, broken = _judged(night, proposals, [at for at in range(len(proposals)) if at not in verdicts])
    for at, rules in broken.items():
        verdicts[at] = Verdict(proposals[at], Fallen.RULES_NOT_MET, rules)
    staying: dict[str, list[_Guest]] = {}
    spent = 0
    for guest in guests:
        there = staying.setdefault(guest.home.ref, [])
        fallen = _crowded(night, there, guest)
        if fallen is None and night.weekly_budget_pence is not None and spent + guest.fee > night.weekly_budget_pence:
            fallen = Fallen.OVER_BUDGET
        if fallen is None:
            there.append(guest)
            spent += guest.fee
        verdicts[guest.at] = Verdict(proposals[guest.at], fallen, weekly_fee_pence=guest.fee, fee_known=guest.fee_known)
    return tuple(verdicts[at] for at in range(len(proposals)))


def _records_gone(night: Night, proposals: Sequence[Proposed]) -> Iterable[Verdict | None]:
    """What the records alone rule out: the referral, its children or the home are not what they were."""
    waiting = {child.ref: referral for referral in night.referrals for child in referral.children}
    taken: set[str] = set()
    for proposed in proposals:
        found = {waiting[child].ref if child in waiting else None for child in proposed.children}
        referral = waiting.get(min(proposed.children))
        if proposed.children & night.under_way:
            yield Verdict(proposed, Fallen.BEING_PLACED)
        elif found == {None}:
            yield Verdict(proposed, Fallen.REFERRAL_WITHDRAWN)
        elif len(found) > 1 or referral is None or taken & proposed.children:
            yield Verdict(proposed, Fallen.CHILDREN_CHANGED)
        elif len(proposed.children) < len(referral.children) and referral.keep_together is KeepTogether.REQUIRED:
            yield Verdict(proposed, Fallen.MUST_STAY_TOGETHER)
        elif proposed.home not in night.pool.row_of:
            yield Verdict(proposed, Fallen.HOME_GONE)
        elif (ruled_out := _ruled_out(night, proposed)) is not None:
            yield Verdict(proposed, ruled_out)
        else:
            taken |= proposed.children
            yield None


def _ruled_out(night: Night, proposed: Proposed) -> Fallen | None:
    """What persons said of this home for these children."""
    if any(one.home == proposed.home and one.children & proposed.children for one in night.excluded):
        return Fallen.EXCLUDED
    return Fallen.DECLINED if was_declined(night, proposed) else None


def _judged(
    night: Night, proposals: Sequence[Proposed], rows: Sequence[int]
) -> tuple[list[_Guest], dict[int, tuple[str, ...]]]:
    """Every rule again for each of these proposals: those that keep all, and the codes of what others break."""
    if not rows:
        return [], {}
    waiting = {child.ref: referral for referral in night.referrals for child in referral.children}
    mine = [waiting[min(proposals[at].children)] for at in rows]
    referrals = {referral.ref: referral for referral in mine}
    children = ChildTable.build(tuple(referrals.values()), night.pool, night.as_of)
    row_of = {entry.child.ref: row for row, entry in enumerate(children.entries)}
    groups = [
        tuple(row_of[child.ref] for child in referral.children if child.ref in proposals[at].children)
        for at, referral in zip(rows, mine, strict=True)
    ]
    parties = PartyTable.build([Party(r, group) for r, group in zip(mine, groups, strict=True)], children)
    homes = np.array([night.pool.row_of[proposals[at].home] for at in rows])
    members = np.array(list(chain.from_iterable(groups)))
    sizes, starts = np.diff(parties.offsets), parties.offsets[:-1]
    policy, pool = night.policy, night.pool
    pairs = child_list(children, pool, policy.local, members, np.repeat(homes, sizes))
    whole = party_list(parties, pool, policy.local, np.arange(len(rows)), homes)
    child_failed, child_open = judge_rules(pairs, policy.rules_of(Level.CHILD))
    party_failed, party_open = judge_rules(whole, policy.rules_of(Level.PARTY))
    failed = np.bitwise_or.reduceat(child_failed, starts) | party_failed
    not_known = np.bitwise_or.reduceat(child_open, starts) | party_open
    fees, known = counted_fee(pairs, dearest_of_kind(pool.columns))
    cost, sure = np.add.reduceat(fees.astype(np.int64), starts), np.logical_and.reduceat(known, starts)
    guests, broken = [], {}
    for i, at in enumerate(rows):
        if bits := int(failed[i]) | int(not_known[i]) & policy.blocking_bits:
            broken[at] = policy.rule_codes(bits)
            continue
        people = tuple(children.entries[row].child for row in groups[i])
        guests.append(_Guest(at, mine[i], people, pool.records[int(homes[i])], int(cost[i]), bool(sure[i])))
    return guests, broken


def _crowded(night: Night, there: Sequence[_Guest], guest: _Guest) -> Fallen | None:
    """Why a further guest does not fit into a home beside those who stay."""
    home = guest.home
    newcomers = len(guest.children) + sum(len(other.children) for other in there)
    fostering = home.kind in FOSTERING_KINDS
    arrivals = night.policy.arrivals.foster if fostering else night.policy.arrivals.residential
    if len(home.residents) + home.places_held + newcomers > home.places:
        return Fallen.NO_PLACE_LEFT
    if any(other.referral.ref == guest.referral.ref for other in there):
        return Fallen.CHILDREN_CHANGED
    limited = fostering or home.place_code.startswith("U")
    if limited and there and home.places_held + sum(r.fostered for r in home.residents) + newcomers > USUAL_LIMIT:
        return Fallen.FOSTERING_LIMIT
    if len(there) + 1 > arrivals:
        return Fallen.TOO_MANY_ARRIVALS
    if any(must_not_meet(night, guest.children, other.children) for other in there):
        return Fallen.MAY_NOT_SHARE
    return None
