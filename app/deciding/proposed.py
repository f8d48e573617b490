"""What is so now of a home that a run proposed, and what of it is not as the run read it.

A night's proposal is acted upon hours later. Whoever decides on it is shown the same grounds as for a placement: every
rule as it is answered now, where the home is, whose approval it needs, and each kind of fact that is another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.access.principal import Kind, Principal
from app.deciding import by_policy, cures, facts
from app.deciding.desk import Desk
from app.deciding.facts import Looked
from app.deciding.judging import Facts, judge
from app.deciding.life import is_for
from app.errors import ChildBeingPlaced, FactsChanged, FieldProblem, ReferralAnswered
from app.matching.approval import Approval
from app.matching.explain import Outcome
from app.store import load, proposals, runs
from app.store.placement_records import Step
from app.store.run_records import GROUNDS, StoredProposal
from app.store.session import Reading

WITHDRAWN = "The referral was withdrawn since it was proposed."
NOTHING_LEFT = "There is nothing left to decide."
TAKEN_AWAY = "The home was taken away since it was proposed."
ANEW = "The {name} was stored anew since it was proposed, and it is not known what was so then."
HAS_A_PLACE = "Each of these children has a place, or somebody pursues one for them."


def look(reading: Reading, desk: Desk, stored: StoredProposal) -> Looked:
    """The facts about a proposal as they are now, by the policy of its run; None where it can only be declined.

    Judged for the day of the desk, as whoever accepts is.
    """
    run, proposal = runs.get(reading, desk.authority, stored.run_id), stored.proposal
    home = load.home(reading, desk.authority, proposal.home)
    if load.referral(reading, desk.authority, proposal.referral) is None:
        return Looked(None, (FieldProblem("referral", WITHDRAWN, NOTHING_LEFT),))
    if home is None:
        return Looked(None, (FieldProblem("home", TAKEN_AWAY, cures.CHOOSE),))
    try:
        policy = by_policy.of_version(desk, str(run.policy_version), str(run.policy_sha256), cures.CHOOSE)
        referral = facts.waiting_referral(reading, desk, proposal.referral, None, proposal.children)
    except ChildBeingPlaced:
        return Looked(None, (FieldProblem("children", HAS_A_PLACE, cures.CHOOSE),))
    except (FactsChanged, ReferralAnswered) as error:
        return Looked(None, tuple(error.problems))
    waiting = {child.ref for child in referral.record.children}
    if not waiting >= set(proposal.children):
        said = "These are not all children of the referral any more, or one of them has a place."
        return Looked(None, (FieldProblem("children", said, cures.CHOOSE),))
    found = judge(reading, desk, referral, home, proposal.children, policy)
    then = was_so(stored)
    if then is None:
        (now,) = proposals.changed_since(reading, desk.authority, [stored])
        told = [FieldProblem(name, ANEW.format(name=name), cures.LOOK_AGAIN) for name in now.changed]
    else:
        told = facts.since(reading, desk, found, then, stored.id, None, ())
    in_the_way = [facts.rule_problem(code, found, cures.NOT_ANY_MORE) for code in found.blocked_by]
    return Looked(found, (*told, *in_the_way), then)


def was_so(stored: StoredProposal) -> Mapping[str, Any] | None:
    """What the run read of it, as `app.deciding.kept` has it; None of a run that kept nothing, and where erased."""
    grounds = stored.proposal.explanation.get(GROUNDS)
    return None if grounds is None else grounds["was_so"]


def to_check(stored: StoredProposal) -> list[str] | None:
    """Codes of the rules that were not known when the run read the records; None where nobody knows."""
    then = was_so(stored)
    return None if then is None else [code for code, said in then["rules"].items() if said == Outcome.NOT_KNOWN]


def steps_open(who: Principal, found: Facts | None) -> list[Step]:
    """What this caller may do to a proposal that stands. `found`: the facts of now, None where there are none.

    A rule of law that is in the way leaves nothing but to decline it.
    """
    if who.kind is not Kind.PERSON:
        return []
    steps = {Step.DECLINE}
    if found is not None and not found.statutory:
        steps.add(Step.HOLD)
        if not found.blocked_by and found.approval.level is Approval.NONE:
            steps.add(Step.ACCEPT)
    return _in_order(who, steps)


def _in_order(who: Principal, steps: Collection[Step]) -> list[Step]:
    return [step for step in Step if step in steps and is_for(step, who)]
