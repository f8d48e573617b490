"""The facts of this moment, inside the transaction that decides, and what of them is not as it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from app.deciding import by_policy, cures, kept, left_care
from app.deciding.desk import Desk
from app.deciding.judging import Facts, judge_pursued, on_day
from app.deciding.kept import WasSo
from app.errors import (
    ApprovalMissing,
    ChildBeingPlaced,
    FactsChanged,
    FieldProblem,
    ReferralAnswered,
    RulesNotMet,
    SecondMissing,
)
from app.matching.approval import Approval
from app.matching.explain import Outcome
from app.matching.policy import Policy
from app.matching.referral import ChildRef, ReferralRef
from app.matching.rules.usable_places import USABLE_PLACES
from app.matching.under_way import whom_a_list_is_for
from app.store import comings, load, placements
from app.store.answered import ended_for
from app.store.load import StoredHome, StoredReferral
from app.store.placement_records import Placement, Seen, SeenOption, Step
from app.store.session import Reading
from app.store.under_way import with_a_place


def facts_now(
    reading: Reading, desk: Desk, shown: Seen, option: SeenOption, placement: Placement | None = None
) -> Facts:
    """The facts about what was shown, as they are now. Raises `FactsChanged`, which says what, where one is another.

    `placement`: the one that is judged, whose own places are not in its way.
    """
    policy = by_policy.of_shown(desk, shown) if placement is None else by_policy.to_decide(desk, shown, placement)
    placement_id = None if placement is None else placement.id
    cure = cures.LOOK_AGAIN if placement is None else cures.WITHDRAW
    referral = waiting_referral(reading, desk, shown.referral, placement_id, option.children)
    home = load.home(reading, desk.authority, option.home)
    if home is None:
        raise _changed(("home", "The home was taken away since you saw it."), cure=cure)
    changes = _versions((referral.version, home.version), (shown.referral_version, option.home_version))
    if not {child.ref for child in referral.record.children} >= set(option.children):
        changes.append(("children", "These are not all children of the referral any more."))
        raise _changed(*changes, cure=cure)
    found = judge_pursued(reading, desk, referral, home, option.children, policy, placement_id)
    told = [*_changed(*changes).problems, *_other_company(reading, desk, shown, option, placement_id)]
    then = shown.was_so
    if placement is not None and then is None and (told or shown.id == placement.seen_id):
        then = when_decided(reading, desk, placement)
    if then is not None:
        kept_for = None if shown.was_so is None else shown.placement_id or shown.proposal_id
        salt = kept_for or placement_id
        told += since(reading, desk, found, then, salt, placement_id, {problem.field for problem in told})
    if told:
        known = {*option.rules, *(() if placement is None else placement.overridden)}
        told += [rule_problem(code, found, cures.NOT_ANY_MORE) for code in found.blocked_by if code not in known]
        raise FactsChanged([*told, *(_not_known(found) if then is None else ())])
    return found


def _not_known(found: Facts) -> list[FieldProblem]:
    """With a list nobody keeps what each rule answered: what is not known now is told, whenever that came to be so."""
    codes = [code for code, outcome in kept.outcomes(found.findings).items() if outcome is Outcome.NOT_KNOWN]
    said = "The rule {} is not known as things are now: check it before you decide."
    return [
        FieldProblem(f"rules.{code}", said.format(code), cures.LOOK_AGAIN)
        for code in codes
        if code not in found.blocked_by
    ]


def _other_company(
    reading: Reading, desk: Desk, shown: Seen, option: SeenOption, placement_id: str | None
) -> list[FieldProblem]:
    """Whether others came to the home, or went, since it was shown in a list: its document tells only of some.

    What is kept with a look at a placement or a proposal tells of it too, and of no more than there is to tell.
    """
    if shown.was_so is not None:
        return []
    seq, whose = shown.inventory_seq, desk.authority
    is_other = not seq or comings.others_since(reading, whose, option.home, seq, placement_id, option.children)
    return [kept.company_changed(cures.LOOK_AGAIN)] if is_other else []


def when_decided(reading: Reading, desk: Desk, placement: Placement, step: Step = Step.HOLD) -> WasSo | None:
    """What was so when this step of a placement was taken."""
    agreed = placements.agreed(reading, desk.authority, placement.id).get(step)
    return None if agreed is None else agreed.get("was_so")


def as_then(
    reading: Reading, desk: Desk, found: Facts, then: WasSo, salt: str | None, placement_id: str | None
) -> dict[str, Any]:
    """What is so now, judged as of the day of `then`: that a day has passed changes no fact.

    `salt`: the placement, or the proposal, for which `then` was kept; `placement_id`: the one that is judged.
    """
    day = date.fromisoformat(then["as_of"])
    return on_day(reading, desk, found, day, placement_id).was_so(salt or "", day)


def since(
    reading: Reading,
    desk: Desk,
    found: Facts,
    then: WasSo,
    salt: str | None,
    placement_id: str | None,
    told: Collection[str],
) -> list[FieldProblem]:
    """Every kind of fact that is another than then, and every rule that answers worse."""
    now = as_then(reading, desk, found, then, salt, placement_id)
    facts = [problem for problem in kept.changed_facts(then, now, cures.LOOK_AGAIN) if problem.field not in told]
    return facts + kept.worse(then, now, cures.LOOK_AGAIN, without=found.blocked_by)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a placement found: the facts of now (None where a record is gone), and what has changed.

    `then`: what was so when it was held or accepted, as `kept` has it; None where nothing was kept. `anew`: what must
    be agreed to once more before the children move in, after it was accepted; `accepted_by`: by whom that was.
    """

    facts: Facts | None
    changed: tuple[FieldProblem, ...]
    then: WasSo | None = None
    anew: frozenset[Step] = frozenset()
    accepted_by: str | None = None


class Standing(NamedTuple):
    """What a placement that is pursued is judged by: `other_policy`, where that is another; what was stored anew."""

    referral: StoredReferral
    home: StoredHome
    policy: Policy
    other_policy: tuple[FieldProblem, ...]
    changes: list[tuple[str, str]]


def standing(reading: Reading, desk: Desk, placement: Placement) -> Standing:
    """Raises `FactsChanged`, `ReferralAnswered` or `ChildBeingPlaced` where nothing can be judged any more."""
    home = load.home(reading, desk.authority, placement.home)
    policy, other_policy = by_policy.of_placement(desk, placement)
    referral = waiting_referral(reading, desk, placement.referral, placement.id, placement.children)
    if home is None:
        raise _changed(("home", "The home was taken away since you saw it."), cure=cures.WITHDRAW)
    versions = (placement.referral_version, placement.home_version)
    changes = _versions((referral.version, home.version), versions)
    if not {child.ref for child in referral.record.children} >= set(placement.children):
        changes.append(("children", "These are not all children of the referral any more."))
        raise _changed(*changes, cure=cures.WITHDRAW)
    return Standing(referral, home, policy, other_policy, changes)


def look(reading: Reading, desk: Desk, placement: Placement) -> Looked:
    """The facts about a placement as they are now, whatever has changed since it was decided."""
    try:
        referral, home, policy, other_policy, changes = standing(reading, desk, placement)
    except (FactsChanged, ReferralAnswered) as error:
        return Looked(None, tuple(error.problems))
    except ChildBeingPlaced:
        return Looked(None, (FieldProblem("children", cures.ELSEWHERE, cures.END_THAT),))
    found = judge_pursued(reading, desk, referral, home, placement.children, policy, placement.id)
    then = when_decided(reading, desk, placement)
    told = [*other_policy, *_changed(*changes).problems]
    if then is not None:
        told += since(reading, desk, found, then, placement.id, placement.id, ())
    new = [code for code in found.blocked_by if code not in placement.overridden]
    return Looked(found, (*told, *(rule_problem(code, found, cures.NOT_ANY_MORE) for code in new)), then)


def waiting_referral(
    reading: Reading,
    desk: Desk,
    ref: ReferralRef,
    placement_id: str | None = None,
    party: Sequence[ChildRef] = (),
) -> StoredReferral:
    """The referral with those of its children who have no place.

    `placement_id`: the placement that is judged, whose children count as having none. `party`: who is decided on; also
    where they left a home while brothers or sisters wait, as a home may be held for them meanwhile. Raises
    `FactsChanged`, `ChildBeingPlaced`, or `ReferralAnswered` where one of the party left care since it was sent.
    """
    stored = load.referral(reading, desk.authority, ref)
    if stored is None:
        cure = cures.LOOK_AGAIN if placement_id is None else cures.WITHDRAW
        raise _changed(("referral", "The referral was withdrawn since you saw it."), cure=cure)
    people = [child.ref for child in stored.record.children]
    places = with_a_place(reading, desk.authority, people, without=placement_id)
    ended = ended_for(reading, desk.authority, people, without=placement_id)
    cure = cures.SENT_AGAIN if placement_id is None else cures.BACK_IN_CARE
    if told := left_care.of_party(party, ended, cure):
        raise ReferralAnswered(told)
    gone = frozenset(one.child for one in ended if one.left_care)
    answered = frozenset(one.child for one in ended)
    left = whom_a_list_is_for(stored.record, answered, places, gone, answered & set(party))
    if left is None:
        raise ChildBeingPlaced
    return replace(stored, record=left)


def require_rules(facts: Facts, override: Collection[str], *, seen: Collection[str]) -> None:
    """Raise `RulesNotMet` unless every rule is met that is not overridden.

    Rules of law are never overridden. `seen`: rules that were in the way when the person looked; one that has come
    since cannot have been considered, so it is not overridden either and told as a change (`FactsChanged`).
    """
    considered = (set(override) & set(seen)) - facts.statutory
    missing = [code for code in facts.blocked_by if code not in considered]
    new = [code for code in missing if code not in seen]
    if new:
        raise FactsChanged([rule_problem(code, facts, cures.NOT_ANY_MORE) for code in new])
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


HELD_FOR_THEM = (
    " If a place is held for these very children, have the home stored with `places_held` without it: what waits by a"
    " placement is counted already."
)


def rule_problem(code: str, facts: Facts, said: str) -> FieldProblem:
    """What is to be said of a rule that is in the way."""
    law = code in facts.statutory
    cure = "It is law: nobody can override it." if law else cures.OVERRIDE
    if code == USABLE_PLACES.code and facts.lived_in.places_held:
        cure += HELD_FOR_THEM
    return FieldProblem(f"rules.{code}", f"The rule {code} {said}.", cure)


def stored_anew(placement: Placement, found: Facts) -> Sequence[FieldProblem]:
    """Which of referral and home was stored anew since the last step that judged them."""
    versions = (placement.referral_version, placement.home_version)
    return _changed(*_versions((found.referral.version, found.home.version), versions)).problems


def _versions(now: tuple[int, int], then: tuple[int, int]) -> list[tuple[str, str]]:
    """What is to be said of the versions of referral and home."""
    return [
        (name, f"The {name} changed from v{was} to v{is_now} since you saw it.")
        for name, was, is_now in zip(("referral", "home"), then, now, strict=True)
        if was != is_now
    ]


def _changed(*changes: tuple[str, str], cure: str = cures.LOOK_AGAIN) -> FactsChanged:
    return FactsChanged([FieldProblem(field, said, cure) for field, said in changes])
