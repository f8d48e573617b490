"""One party and one home, judged as things are now: the facts that a person decides on.

The same functions judge as everywhere (`app.matching`); only the pool is small: the home itself with everybody who
has a place there, and the homes where the children and their brothers and sisters live.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from app.deciding import kept
from app.deciding.desk import Desk
from app.matching.approval import ApprovalNeeded
from app.matching.approvals import approvals
from app.matching.assess import Question
from app.matching.child_columns import ChildTable
from app.matching.explain import PairExplanation, RuleFinding, explain
from app.matching.home import Home
from app.matching.living_apart import siblings_known
from app.matching.party_columns import Party, PartyTable
from app.matching.party_fees import party_fees
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Child, ChildRef, HomeRef, Referral
from app.matching.where import Where, where
from app.store import claims, living_apart, load, whereabouts
from app.store.load import StoredHome, StoredReferral
from app.store.session import Reading


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so now. `blocked_by`: codes of the rules that are in the way; `statutory`: those of them that are law.

    `lived_in`: the home with everybody else who has a place there; `explanation`: what every rule and criterion found;
    `spot`: where the home is. `weekly_fee_pence`: of the whole party; None where one child's is not known.
    """

    referral: StoredReferral
    home: StoredHome
    lived_in: Home
    children: tuple[Child, ...]
    policy: Policy
    explanation: PairExplanation
    blocked_by: tuple[str, ...]
    statutory: frozenset[str]
    spot: Where
    approval: ApprovalNeeded
    weekly_fee_pence: int | None

    @property
    def points(self) -> int:
        """What the home is worth to the party."""
        return self.explanation.points

    @property
    def findings(self) -> tuple[RuleFinding, ...]:
        """What every rule found."""
        return self.explanation.rules

    @property
    def beside(self) -> Home:
        """The home with everybody else, also where its document lists the children before they are there."""
        return _without_party(self.lived_in, [child.ref for child in self.children])

    def was_so(self, salt: str, day: date) -> dict[str, Any]:
        """What is kept of these facts, which are as of this day, so that what changes can be named."""
        return kept.was_so(salt, day, self.beside, self.referral.record, self.children, self.explanation)


def judge(
    reading: Reading,
    desk: Desk,
    referral: StoredReferral,
    home: StoredHome,
    children: Collection[ChildRef],
    policy: Policy,
    placement_id: str | None = None,
) -> Facts:
    """Every rule for this party and this home, on the desk's day."""
    (record,) = living_apart.as_judged(reading, desk.authority, [referral.record])
    referral = replace(referral, record=record)
    party = tuple(child for child in referral.record.children if child.ref in children)
    lived_in = _with_others(reading, desk, home.record, placement_id)
    if placement_id is not None:
        lived_in = _without_party(lived_in, children)
    pool = Pool.build([lived_in, *_other_homes(reading, desk, referral.record, home.record.ref)])
    question = _question(referral.record, children, pool, policy, desk)
    col = np.array([pool.row_of[home.record.ref]])
    (explanation,) = explain(question, 0, col)
    (spot,) = where(referral.record, pool, policy, col)
    measures = desk.policies.measures(desk.today)
    (approval,) = approvals(question, referral.record, col, [explanation], [spot], desk.today, measures)
    (fees,) = party_fees(question, col)
    known = [fee.weekly_fee_pence for fee in fees if fee.child in children and fee.weekly_fee_pence is not None]
    return Facts(
        referral=referral,
        home=home,
        lived_in=lived_in,
        children=party,
        policy=policy,
        explanation=explanation,
        blocked_by=explanation.blocked_by,
        statutory=frozenset(code for code in explanation.blocked_by if policy.setting_of(code).rule.statutory),
        spot=spot,
        approval=approval,
        weekly_fee_pence=sum(known) if len(known) == len(party) else None,
    )


def judge_pursued(
    reading: Reading,
    desk: Desk,
    referral: StoredReferral,
    home: StoredHome,
    children: Collection[ChildRef],
    policy: Policy,
    placement_id: str | None,
    as_of: date | None = None,
) -> Facts:
    """The same of a placement, by its own policy and by the one in effect: what either refuses is in the way.

    Another policy opens no home, neither when it is held nor at any step after that. `as_of`: another day than the
    desk's; the policies are those of the desk's.
    """
    in_effect = desk.in_effect
    desk = desk if as_of is None else replace(desk, today=as_of)
    found = judge(reading, desk, referral, home, children, policy, placement_id)
    if placement_id is None or in_effect is None or in_effect.sha256 == policy.sha256:
        return found
    return with_what_else_refuses(found, judge(reading, desk, referral, home, children, in_effect, placement_id))


def with_what_else_refuses(found: Facts, also: Facts) -> Facts:
    """The facts with the rules that are in the way by another policy alone."""
    codes = tuple(code for code in also.blocked_by if code not in found.blocked_by)
    told = tuple(finding for finding in found.findings if finding.code not in codes)
    new = tuple(finding for finding in also.findings if finding.code in codes)
    return replace(
        found,
        explanation=replace(found.explanation, rules=(*told, *new)),
        blocked_by=(*found.blocked_by, *codes),
        statutory=found.statutory | also.statutory,
    )


def on_day(reading: Reading, desk: Desk, found: Facts, day: date, placement_id: str | None) -> Facts:
    """The facts of now, judged as of another day."""
    if day == desk.today:
        return found
    party, at_that_day = [child.ref for child in found.children], replace(desk, today=day)
    return judge_pursued(reading, at_that_day, found.referral, found.home, party, found.policy, placement_id)


def _with_others(reading: Reading, desk: Desk, home: Home, placement_id: str | None) -> Home:
    (seen,) = claims.with_claims(reading, desk.authority, [home], without=placement_id)
    return seen


def _without_party(home: Home, children: Collection[ChildRef]) -> Home:
    """A provider may list children before they are accepted: nobody is in their own way."""
    others = tuple(resident for resident in home.residents if resident.ref not in children)
    return home if len(others) == len(home.residents) else replace(home, residents=others)


def _other_homes(reading: Reading, desk: Desk, referral: Referral, home: HomeRef) -> tuple[Home, ...]:
    """Where the children and their siblings live: education, moves and closeness are measured from there.

    By whatever a list is made of: the homes' own records, whoever has a place by a placement, the referral, and what
    is known of them from elsewhere. Those too who wait in the referral and are not of the party.
    """
    siblings = [sibling for child in referral.children for sibling in child.placed_siblings]
    people = {child.ref for child in referral.children} | {sibling.child for sibling in siblings}
    named = {child.current_home for child in referral.children} | {sibling.home for sibling in siblings}
    refs = {ref for ref in named if ref is not None} | whereabouts.in_homes(reading, desk.authority, people)
    refs.update(*(at for child in referral.children for at in siblings_known(child).values()))
    found = load.homes_named(reading, desk.authority, sorted(refs - {home}))
    return claims.with_claims(reading, desk.authority, [stored.record for stored in found])


def _question(referral: Referral, children: Collection[ChildRef], pool: Pool, policy: Policy, desk: Desk) -> Question:
    table = ChildTable.build((referral,), pool, desk.today)
    rows = tuple(row for row, child in enumerate(referral.children) if child.ref in children)
    return Question(table, PartyTable.build([Party(referral, rows)], table), pool, policy)
