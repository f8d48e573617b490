"""Whether the children may move in: what was accepted must still be so, or be looked at and agreed to once more.

A provider's message is a fact and is never refused, also where it leaves fewer places than were given. So it is
noticed here, before the child stands at the door, and told with the placement as soon as it is so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app.access.principal import Principal
from app.deciding import agreed, by_policy, earlier_days, facts, kept, left_care, seeing, true_day, without_referral
from app.deciding.desk import Desk
from app.deciding.facts import Fallen, Looked
from app.deciding.judging import Facts, on_day
from app.errors import FactsChanged, FieldProblem, RulesNotMet
from app.matching.approval import Approval
from app.store import load, placements
from app.store.placement_records import Placement, State, Step
from app.store.session import Reading, Writing

ANSWERED = frozenset({"vacancy_confirmed", "available_by"})
"""Rules that ask whether there will be a place on the day: moving in has answered them."""


@dataclass(frozen=True, slots=True)
class AtTheDoor:
    """What is so when the children are to move in. `facts`: None where they cannot be judged as a whole.

    `missing`: rules that are in the way and are not overridden; `changed`: what was accepted and is not so any more;
    `then`: what was so when it was accepted; `of_days`: of a day that is past, what must have been seen by whoever
    tells of it. That stands in `changed` too.
    """

    facts: Facts | None
    missing: tuple[FieldProblem, ...]
    changed: tuple[FieldProblem, ...]
    fallen: Fallen
    then: kept.WasSo | None = None
    of_days: tuple[FieldProblem, ...] = ()


def look(reading: Reading, desk: Desk, placement: Placement, day: date | None = None) -> AtTheDoor:
    """What stands between an accepted placement and the children's moving in, as things are now.

    `day`: that on which they move in, or did; today where it is left out.
    """
    told_for, day = day, day or desk.today
    then = placements.agreed(reading, desk.authority, placement.id).get(Step.ACCEPT)
    looked = facts.look(reading, desk, placement)
    found = looked.facts
    if found is None:
        return _unjudged(reading, desk, placement, then, looked, day)
    now = agreed.now_as_then(reading, desk, placement, found, then)
    found = _approved_on(reading, desk, placement, found, then, day)
    moving = true_day.judged(reading, desk, found, day, placement.id, ANSWERED)
    missing = true_day.missing(desk, placement, found, moving, day, set(moving.blocked_by) - ANSWERED)
    was_so = None if then is None else then.get("was_so")
    _, policy_changed = by_policy.of_placement(desk, placement)
    told = agreed.changes(Step.ACCEPT, then, now)
    open_days = earlier_days.doubts(reading, desk, placement, found, then, told_for)
    of_days = (*true_day.lapsed(desk, found, moving, day), *open_days)
    changed = (*policy_changed, *told, *_since(reading, desk, placement, found, was_so), *of_days)
    return AtTheDoor(moving, missing, changed, agreed.fallen(reading, desk, placement, found), was_so, of_days)


def _since(
    reading: Reading, desk: Desk, placement: Placement, found: Facts, then: kept.WasSo | None
) -> list[FieldProblem]:
    """Every kind of fact that is another than when it was accepted, and rules that were met, or known, and are not now.

    What is in the way is told by itself.
    """
    cure = agreed.ANEW[Step.ACCEPT]
    if then is None:  # accepted before all of it was kept
        return [replace(problem, cure=cure) for problem in facts.stored_anew(placement, found)]
    now = facts.as_then(reading, desk, found, then, placement.id, placement.id)
    told = [problem for problem in kept.changed_facts(then, now, cure) if problem.field not in kept.ANSWERED_BY_MOVE]
    return told + kept.worse(then, now, cure, without={*found.blocked_by, *ANSWERED})


def _approved_on(
    reading: Reading, desk: Desk, placement: Placement, found: Facts, then: agreed.AgreedOn | None, day: date
) -> Facts:
    """The facts of now with the approval that they needed on the day of the move, or of a later acceptance.

    What was accepted and put into effect in an emergency needed none, also where that is told days later; what was not
    put into effect then is no emergency any more. No later day needs less: what needs none now needed none then.
    """
    if found.approval.level is Approval.NONE:
        return found
    needed_on = desk.today if then is None else max(date.fromisoformat(then["as_of"]), day)
    return replace(found, approval=on_day(reading, desk, found, needed_on, placement.id).approval)


def looked_at(reading: Reading, desk: Desk, placement: Placement) -> Looked:
    """The facts about a placement that is pursued, None where a record is gone, and what is not so any more.

    Until it is accepted: of the records, and of what others agreed to. After that: what moving in is refused for.
    """
    if placement.state is State.ACCEPTED:
        by = placements.accepted_by(reading, desk.authority, placement.id)
        door = look(reading, desk, placement)
        told = (*door.missing, *door.changed, *_all(door.fallen))
        return Looked(door.facts, told, door.then, _asked_anew(placement, door), by)
    looked = facts.look(reading, desk, placement)
    if looked.facts is None:
        return looked
    fallen = _all(agreed.fallen(reading, desk, placement, looked.facts))
    return replace(looked, changed=(*looked.changed, *fallen))


def _asked_anew(placement: Placement, door: AtTheDoor) -> frozenset[Step]:
    """Who must agree anew before the children move in."""
    anew = set(door.fallen)
    if door.facts is not None and agreed.lacks_approval(placement, door.facts):
        anew.add(Step.APPROVE)
    return frozenset(anew)


def _all(fallen: Fallen) -> list[FieldProblem]:
    return [problem for problems in fallen.values() for problem in problems]


def require(
    writing: Writing, desk: Desk, who: Principal, placement: Placement, seen_id: str | None, day: date
) -> Mapping[str, Any] | None:
    """What is agreed to by whoever tells that the children moved in; None where that cannot be judged as a whole.

    `day`: that of the move. Raises `RulesNotMet`, and `FactsChanged` where something changed that this person has not
    looked at; as `facts.require_others` where others had agreed to something else.
    """
    found = look(writing, desk, placement, day)
    if found.missing:
        raise RulesNotMet(found.missing)
    if found.facts is not None:
        facts.require_others(
            found.facts,
            placement.overridden,
            second=placement.second_by,
            approved=placement.approved_level,
            fallen=found.fallen,
        )
    if found.changed and (seen_id is None or found.facts is None):
        raise FactsChanged(found.changed)
    if found.facts is None:
        return None
    if seen_id is not None:
        shown = seeing.of_placement(writing, desk, who, placement, seen_id, itself=True)
        option = seeing.find(shown, placement.home, placement.children)
        facts.facts_now(writing, desk, shown, option, placement)
        if unseen := earlier_days.unseen(found.of_days, shown, option):
            raise FactsChanged(unseen)
    return agreed.agreed_on(placement, found.facts, desk.today)


def _unjudged(
    reading: Reading, desk: Desk, placement: Placement, then: agreed.AgreedOn | None, looked: Looked, day: date
) -> AtTheDoor:
    """Where the referral is gone, and only then, what is left is judged; whatever else is gone must come back first."""
    if load.referral(reading, desk.authority, placement.referral) is not None:
        return AtTheDoor(None, (), looked.changed, {})
    missing, changed = without_referral.look(reading, desk, placement, then, day)
    return AtTheDoor(None, missing, (*left_care.of_placement(reading, desk, placement), *changed), {})
