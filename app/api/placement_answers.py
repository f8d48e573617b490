"""Placements as plain values, in the form that `placement_models` describes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from app.access.principal import Principal
from app.api.placement_models import ChildEndOut, DecisionOut, PlacementOut
from app.api.shortlist_answers import finding_answer
from app.deciding import kept
from app.deciding.facts import Looked
from app.deciding.judging import Facts
from app.deciding.life import steps_open_to
from app.deciding.moving_in import ANSWERED
from app.matching.approval import Approval
from app.matching.considerations import considerations
from app.matching.explain import Outcome
from app.store.moving_out import Left
from app.store.placement_records import Decision, Placement, Step

Plain: TypeAlias = dict[str, Any]


GIVING_UP = frozenset({Step.DECLINE, Step.WITHDRAW})
"""What remains where nothing can be judged any more."""

STORED = tuple(name for name in PlacementOut.model_fields if name not in ("ends", "steps"))
"""Fields of the answer that stand with the placement itself."""


def placement_answer(
    placement: Placement,
    who: Principal,
    seconded_by: Collection[str] = (),
    looked: Looked | None = None,
    left: Collection[Left] = (),
) -> Plain:
    """A placement, with what this caller may do to it. `seconded_by`: all who agreed to what it overrides.

    `left`: the children who moved out of it.
    """
    found: Plain = {name: getattr(placement, name) for name in STORED}
    anew, accepted_by = (frozenset[Step](), None) if looked is None else (looked.anew, looked.accepted_by)
    ends = [{name: getattr(one, name) for name in ChildEndOut.model_fields} for one in left]
    return found | {"ends": ends, "steps": steps_open_to(who, placement, seconded_by, anew, accepted_by)}


def looked_answer(
    placement: Placement, looked: Looked, who: Principal, seconded_by: Collection[str], words: str | None
) -> Plain:
    """A placement that is pursued with what is so of it now, and what this caller may do now."""
    found = looked.facts
    changed = changes_answer(looked)
    told: Plain = {"changed": changed, "rules": [], "now": None, "reason_text": words}
    if found is None:
        left = [step for step in steps_open_to(who, placement, seconded_by) if not changed or step in GIVING_UP]
        return placement_answer(placement, who) | told | {"steps": left}
    because = tuple(map(str, found.approval.because))
    judged = replace(placement, approval_needed=found.approval.level, approval_because=because)
    rules = [code for code in found.blocked_by if code not in placement.overridden]
    now = now_answer(looked, found, placement.overridden)
    answer = placement_answer(judged, who, seconded_by, looked) | told | {"rules": rules, "now": now}
    refused = _refused_now(placement, looked, found, rules)
    return answer | {"steps": [step for step in answer["steps"] if step not in refused]}


def _refused_now(placement: Placement, looked: Looked, found: Facts, rules: Collection[str]) -> frozenset[Step]:
    """Of accepting and placing what would be refused even to whoever has looked: a rule or somebody's word is missing.

    A change that somebody else need not agree to is no bar: this look has shown it.
    """
    fallen = {each.field.partition(".")[0] for each in looked.changed}
    lacks_second = bool(placement.overridden) and (placement.second_by is None or Step.SECOND in fallen)
    levels, needed = tuple(Approval), found.approval.level
    lacks_approval = levels.index(placement.approved_level or Approval.NONE) < levels.index(needed)
    if lacks_second or lacks_approval or (needed is not Approval.NONE and Step.APPROVE in fallen):
        return frozenset({Step.ACCEPT, Step.PLACE})
    barred = {Step.ACCEPT} if rules else set()
    return frozenset(barred | ({Step.PLACE} if set(rules) - ANSWERED else set()))


def changes_answer(looked: Looked) -> list[Plain]:
    """What is not as it was, each with what to do about it."""
    return [{"field": each.field, "problem": each.problem, "cure": each.cure} for each in looked.changed]


def now_answer(looked: Looked, found: Facts, overridden: Collection[str] = ()) -> Plain:
    """What is so now, rule by rule, of a placement or of what a run proposed."""
    together = len(found.children) > 1 and len(found.children) == len(found.referral.record.children)
    answers = considerations(found.explanation.parts, with_siblings=together)
    told = [(finding, finding_answer(finding)) for finding in found.findings]
    blocks = [(finding, answer) for finding, answer in told if finding.blocks]
    outcomes = kept.outcomes(found.findings)
    return {
        "points": found.points,
        "overridden": [answer for finding, answer in told if finding.code in overridden],
        "in_the_way": [answer for finding, answer in blocks if finding.code not in overridden],
        "to_check": [answer for finding, answer in told if finding.outcome is Outcome.NOT_KNOWN and not finding.blocks],
        "met": [code for code, outcome in outcomes.items() if outcome is Outcome.MET],
        "turned": _turned(looked, found),
        "where": found.spot,
        "approval": found.approval,
        "considerations": {str(name): answer for name, answer in answers.items()},
        "weekly_fee_pence": found.weekly_fee_pence,
    }


def _turned(looked: Looked, found: Facts) -> list[Plain]:
    """The rules that answer otherwise than when it was decided or proposed, as of this day."""
    told = kept.outcomes(found.findings)
    turned = {} if looked.then is None else kept.turned(looked.then["rules"], told)
    return [
        {
            "code": code,
            "then": then,
            "now": now,
            "findings": [finding_answer(finding) for finding in found.findings if finding.code == code],
        }
        for code, (then, now) in turned.items()
    ]


def history_answer(placement: Placement, found: Sequence[Decision]) -> Plain:
    """Every step of a placement."""
    decisions = [{name: getattr(one, name) for name in DecisionOut.model_fields} for one in found]
    return {"placement": placement.id, "decisions": decisions}
