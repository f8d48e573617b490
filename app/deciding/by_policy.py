"""By which policy somebody was shown something, and by which a placement is judged: still the same, or it is told."""

from __future__ import annotations

from dataclasses import replace

from app.deciding import cures
from app.deciding.desk import Desk
from app.errors import FactsChanged, FieldProblem
from app.matching.policy import Policy
from app.store.placement_records import Placement, Seen, State


def of_shown(desk: Desk, shown: Seen) -> Policy:
    """The policy by which it was shown, if it is still the same."""
    look_again = cures.LOOK_AGAIN if shown.proposal_id is None else cures.CHOOSE
    cure = look_again if shown.placement_id is None else cures.HOLD_ANEW
    return of_version(desk, shown.policy_version, shown.policy_sha256, cure)


def of_placement(desk: Desk, placement: Placement) -> tuple[Policy, tuple[FieldProblem, ...]]:
    """The policy by which a placement is judged, and what is to be said where that is not the one of its decision.

    What is held is judged by the policy of its hold for good, so with another one it can only be held anew. What was
    accepted is judged by the policy in effect then, which is a change to be looked at: never by none, because the law
    does not depend on the council's document. Raises `FactsChanged`.
    """
    is_accepted = placement.state is State.ACCEPTED
    cure = cures.SEND_SEEN if is_accepted else cures.HOLD_ANEW
    try:
        return of_version(desk, placement.policy_version, placement.policy_sha256, cure), ()
    except FactsChanged as changed:
        if not is_accepted:
            raise
        if desk.in_effect is None:
            raise FactsChanged([replace(problem, cure=cures.NO_POLICY) for problem in changed.problems]) from None
        return desk.in_effect, tuple(changed.problems)


def to_decide(desk: Desk, shown: Seen, placement: Placement) -> Policy:
    """The policy of a placement, whichever the look named; both must still be what they were at the look."""
    policy, changed = of_placement(desk, placement)
    if changed and shown.policy_sha256 != policy.sha256:
        raise FactsChanged(changed)
    of_shown(desk, shown)
    return policy


def of_version(desk: Desk, version: str, sha256: str, cure: str) -> Policy:
    """The policy of this version, if it is still the same. Raises `FactsChanged` with this cure."""
    try:
        policy = desk.policies.pick(version, desk.today)
    except LookupError:
        raise FactsChanged([FieldProblem("policy", "The policy is not in use any more.", cure)]) from None
    if policy.sha256 != sha256:
        raise FactsChanged([FieldProblem("policy", "The policy was changed since you saw it.", cure)])
    return policy
