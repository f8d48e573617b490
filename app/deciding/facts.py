"""The facts of this moment, inside the transaction that decides: every rule again, for one party and one home.

The same functions judge as everywhere (`app.matching`); only the pool is small: the home itself with everybody who
has a place there, and the homes where the children and their brothers and sisters live.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from sqlalchemy import select

from app.deciding.desk import Desk
from app.errors import ApprovalMissing, ChildBeingPlaced, FactsChanged, FieldProblem, RulesNotMet, SecondMissing
from app.matching.approval import Approval, ApprovalNeeded, approval_needed
from app.matching.assess import Question
from app.matching.child_columns import ChildTable
from app.matching.explain import RuleFinding, explain
from app.matching.home import Home
from app.matching.party_columns import Party, PartyTable
from app.matching.party_fees import party_fees
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Child, ChildRef, HomeRef, Referral, ReferralRef
from app.matching.under_way import still_waiting
from app.matching.where import Where, where
from app.store import claims, load
from app.store.load import StoredHome, StoredReferral
from app.store.placement_records import Placement, Seen, SeenOption, Step
from app.store.session import Reading
from app.store.tables import residents
from app.store.under_way import with_a_place

LOOK_AGAIN = "Look again, and decide on what is so now."
OVERRIDE = (
    "It can be overridden with a reason and a second person, by holding with `override`; "
    "where it is held already, withdraw that placement first and hold it anew."
)
HOLD_ANEW = "Withdraw this placement, look at the shortlist, and hold anew: to look at it again does not help."


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so now. `blocked_by`: codes of the rules that are in the way; `statutory`: those of them that are law.

    `findings`: what every rule found; `spot`: where the home is.
    `weekly_fee_pence`: of the whole party; None where one child's is not known.
    """

    referral: StoredReferral
    home: StoredHome
    children: tuple[Child, ...]
    policy: Policy
    points: int
    blocked_by: tuple[str, ...]
    statutory: frozenset[str]
    findings: tuple[RuleFinding, ...]
    spot: Where
    approval: ApprovalNeeded
    weekly_fee_pence: int | None


def facts_now(reading: Reading, desk: Desk, shown: Seen, option: SeenOption, placement_id: str | None = None) -> Facts:
    """The facts about what was shown, as they are now. Raises `FactsChanged` where any of them is another.

    `placement_id`: the placement that is judged, whose own places are not in its way.
    """
    policy = _policy(desk, shown)
    referral = waiting_referral(reading, desk, shown.referral, placement_id)
    home = load.home(reading, desk.authority, option.home)
    if home is None:
        raise _changed(("home", "The home was taken away since you saw it."))
    changes = _versions((referral.version, home.version), (shown.referral_version, option.home_version))
    if not {child.ref for child in referral.record.children} >= set(option.children):
        changes.append(("children", "These are not all children of the referral any more."))
    if changes:
        raise _changed(*changes)
    return judge(reading, desk, referral, home, option.children, policy, placement_id)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a placement found: the facts of now (None where a record is gone), and what has changed."""

    facts: Facts | None
    changed: tuple[FieldProblem, ...]


def look(reading: Reading, desk: Desk, placement: Placement) -> Looked:
    """The facts about a placement as they are now, whatever has changed since it was decided."""
    home = load.home(reading, desk.authority, placement.home)
    try:
        policy = _policy(desk, placement)
        referral = waiting_referral(reading, desk, placement.referral, placement.id)
        if home is None:
            raise _changed(("home", "The home was taken away since you saw it."))
    except FactsChanged as error:
        return Looked(None, error.problems)
    then = (placement.referral_version, placement.home_version)
    changed = _changed(*_versions((referral.version, home.version), then))
    found = judge(reading, desk, referral, home, placement.children, policy, placement.id)
    return Looked(found if len(found.children) == len(placement.children) else None, changed.problems)


def waiting_referral(reading: Reading, desk: Desk, ref: ReferralRef, placement_id: str | None = None) -> StoredReferral:
    """The referral with those of its children who have no place yet. Raises `FactsChanged` or `ChildBeingPlaced`.

    `placement_id`: the placement that is judged, whose children count as having none.
    """
    stored = load.referral(reading, desk.authority, ref)
    if stored is None:
        raise _changed(("referral", "The referral was withdrawn since you saw it."))
    people = [child.ref for child in stored.record.children]
    places = with_a_place(reading, desk.authority, people, without=placement_id)
    left = still_waiting(stored.record, places)
    if left is None:
        raise ChildBeingPlaced
    return replace(stored, record=left)


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
    party = tuple(child for child in referral.record.children if child.ref in children)
    lived_in = _with_others(reading, desk, home.record, placement_id)
    if placement_id is not None:
        lived_in = _without_party(lived_in, children)
    pool = Pool.build([lived_in, *_other_homes(reading, desk, party, home.record.ref)])
    question = _question(referral.record, children, pool, policy, desk)
    col = np.array([pool.row_of[home.record.ref]])
    (explanation,) = explain(question, 0, col)
    (spot,) = where(referral.record, pool, policy, col)
    emergency = referral.record.needed_by <= desk.today
    (fees,) = party_fees(question, col)
    known = [fee.weekly_fee_pence for fee in fees if fee.child in children and fee.weekly_fee_pence is not None]
    return Facts(
        referral=referral,
        home=home,
        children=party,
        policy=policy,
        points=explanation.points,
        blocked_by=explanation.blocked_by,
        statutory=frozenset(code for code in explanation.blocked_by if policy.setting_of(code).rule.statutory),
        findings=explanation.rules,
        spot=spot,
        approval=approval_needed(lived_in, spot.area, explanation.parts, emergency=emergency),
        weekly_fee_pence=sum(known) if len(known) == len(party) else None,
    )


def require_rules(facts: Facts, override: Collection[str], *, seen: Collection[str]) -> None:
    """Raise `RulesNotMet` unless every rule is met that is not overridden.

    Rules of law are never overridden. `seen`: rules that were in the way when the person looked; one that has come
    since cannot have been considered, so it is not overridden either and told as a change (`FactsChanged`).
    """
    considered = (set(override) & set(seen)) - facts.statutory
    missing = [code for code in facts.blocked_by if code not in considered]
    new = [code for code in missing if code not in seen]
    if new:
        raise FactsChanged([rule_problem(code, facts, "is not met any more") for code in new])
    if missing:
        raise RulesNotMet([rule_problem(code, facts, "is not met") for code in missing])


Fallen: TypeAlias = Mapping[Step, Sequence[FieldProblem]]


def require_others(
    facts: Facts,
    overridden: Collection[str],
    *,
    second: str | None,
    approved: Approval | None,
    fallen: Fallen = MappingProxyType({}),
    cure: str = "It must be approved by: {level}.",
) -> None:
    """Raise `SecondMissing` or `ApprovalMissing` unless everybody has agreed who must.

    `second`: who agreed to the overriding; `approved`: the highest approval that was given; `fallen`: which of the
    two was given for facts that are others now, and what changed; `cure`: what to do about an approval.
    """
    if overridden and (second is None or Step.SECOND in fallen):
        raise SecondMissing(fallen.get(Step.SECOND, ()))
    order = tuple(Approval)
    if order.index(approved or Approval.NONE) < order.index(facts.approval.level):
        whose = cure.format(level=facts.approval.level)
        raise ApprovalMissing([FieldProblem("approval", "This placement needs an approval.", whose)])
    if facts.approval.level is not Approval.NONE and Step.APPROVE in fallen:
        raise ApprovalMissing(fallen[Step.APPROVE])


def rule_problem(code: str, facts: Facts, said: str) -> FieldProblem:
    """What is to be said of a rule that is in the way."""
    law = code in facts.statutory
    cure = "It is law: nobody can override it." if law else OVERRIDE
    return FieldProblem(f"rules.{code}", f"The rule {code} {said}.", cure)


def _policy(desk: Desk, shown: Seen | Placement) -> Policy:
    """The policy by which it was shown, if it is still the same.

    What is held is judged by the policy of its hold for good, so with another one it can only be held anew.
    """
    is_held = isinstance(shown, Placement) or shown.placement_id is not None
    cure = HOLD_ANEW if is_held else LOOK_AGAIN
    try:
        policy = desk.policies.pick(shown.policy_version, desk.today)
    except LookupError:
        raise FactsChanged([FieldProblem("policy", "The policy is not in use any more.", cure)]) from None
    if policy.sha256 != shown.policy_sha256:
        raise FactsChanged([FieldProblem("policy", "The policy was changed since you saw it.", cure)])
    return policy


def _versions(now: tuple[int, int], then: tuple[int, int]) -> list[tuple[str, str]]:
    """What is to be said of the versions of referral and home."""
    return [
        (name, f"The {name} changed from v{was} to v{is_now} since you saw it.")
        for name, was, is_now in zip(("referral", "home"), then, now, strict=True)
        if was != is_now
    ]


def _changed(*changes: tuple[str, str]) -> FactsChanged:
    return FactsChanged([FieldProblem(field, said, LOOK_AGAIN) for field, said in changes])


def _with_others(reading: Reading, desk: Desk, home: Home, placement_id: str | None) -> Home:
    (seen,) = claims.with_claims(reading, desk.authority, [home], without=placement_id)
    return seen


def _without_party(home: Home, children: Collection[ChildRef]) -> Home:
    """A provider may list children before they are accepted: nobody is in their own way."""
    others = tuple(resident for resident in home.residents if resident.ref not in children)
    return home if len(others) == len(home.residents) else replace(home, residents=others)


def _other_homes(reading: Reading, desk: Desk, party: Sequence[Child], home: HomeRef) -> tuple[Home, ...]:
    """Where the children and their siblings live: education, moves and closeness are measured from there."""
    siblings = [sibling for child in party for sibling in child.placed_siblings]
    people = {child.ref for child in party} | {sibling.child for sibling in siblings}
    named = {child.current_home for child in party} | {sibling.home for sibling in siblings}
    living = select(residents.c.home_ref).where(residents.c.authority == desk.authority, residents.c.ref.in_(people))
    refs = {ref for ref in named if ref is not None} | set(reading.execute(living).scalars())
    found = load.homes_named(reading, desk.authority, sorted(refs - {home}))
    return claims.with_claims(reading, desk.authority, [stored.record for stored in found])


def _question(referral: Referral, children: Collection[ChildRef], pool: Pool, policy: Policy, desk: Desk) -> Question:
    table = ChildTable.build((referral,), pool, desk.today)
    rows = tuple(row for row, child in enumerate(referral.children) if child.ref in children)
    return Question(table, PartyTable.build([Party(referral, rows)], table), pool, policy)
