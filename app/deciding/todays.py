"""The list of today under the policy in effect: only what stands first on that one is chosen without a word.

A list may be asked for as of any day and under any policy, to compare. Somewhere the wanted home stands first; so
whoever chooses from another list than today's says why, as for any other than the first. And another policy orders
the homes anew, but opens none: what the policy in effect forbids is overridden on its own list, by two persons.
"""

from __future__ import annotations

from app.deciding.desk import Desk, Why
from app.deciding.judging import Facts, judge
from app.errors import FieldProblem, Invalid, RulesNotMet
from app.matching.policy import Policy
from app.store.placement_records import Seen
from app.store.reasons import ChoiceReason
from app.store.session import Reading


def require(reading: Reading, desk: Desk, shown: Seen, now: Facts, why: Why) -> None:
    """Raise `Invalid` for a choice without reason from another list than today's, or `RulesNotMet`.

    `now`: the facts of the choice, judged by the policy of the list that was shown.
    """
    in_effect = desk.in_effect
    if is_todays(desk, shown, in_effect):
        return
    if why.code is None:
        problem = "This was not chosen from the list of today under the policy in effect."
        cure = "Send reason with a code and words, or look at today's list: without as_of and without policy."
        raise Invalid([FieldProblem("reason", problem, cure)])
    if why.code == ChoiceReason.PROPOSED_BY_RUN:
        problem = "This run judged as of a later day, or by another policy than the one in effect."
        raise Invalid([FieldProblem("reason.code", problem, "Send another code, with words that say why.")])
    if in_effect is not None and in_effect.sha256 != now.policy.sha256:
        _require_open(reading, desk, now, in_effect)


def is_todays(desk: Desk, shown: Seen, in_effect: Policy | None) -> bool:
    """Whether this was seen as of today, and under the policy in effect. A run of a day before still counts.

    A look at a placement does not: it shows one home, at the rank that it had when it was held.
    """
    if shown.placement_id is not None:
        return False
    is_of_today = shown.as_of == desk.today or (shown.proposal_id is not None and shown.as_of < desk.today)
    return is_of_today and in_effect is not None and shown.policy_sha256 == in_effect.sha256


def _require_open(reading: Reading, desk: Desk, now: Facts, in_effect: Policy) -> None:
    """Raise where a rule of the policy in effect is in the way of which the other policy says nothing."""
    children = [child.ref for child in now.children]
    judged = judge(reading, desk, now.referral, now.home, children, in_effect)
    hidden = [code for code in judged.blocked_by if code not in now.blocked_by]
    if hidden:
        cure = "Another policy opens no home: look at the list of the policy in effect, and decide on that."
        said = "The rule {} of the policy in effect is not met."
        raise RulesNotMet([FieldProblem(f"rules.{code}", said.format(code), cure) for code in hidden])
