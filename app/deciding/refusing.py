"""Which mistake it was, when a choice is refused: each told in its own sentence, with the field that it is about.

Whoever is told here may decide, and so may read every referral, home and placement of the authority. Still no child
and no home is named by what was sent: a child is told by its place in the list. What somebody else was shown is told
to nobody; only that it was not for this person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.deciding.desk import Choice, Desk
from app.errors import FieldProblem, Invalid, NotSeen, ProposalNotStanding
from app.matching.codes import KeepTogether
from app.matching.rules import RULES
from app.matching.unit import Rule
from app.store import load
from app.store.load import StoredReferral
from app.store.placement_records import Placement, Seen, State
from app.store.run_records import ProposalStatus, StoredProposal
from app.store.session import Reading

RULE_OF: Mapping[str, Rule] = {rule.code: rule for rule in RULES}


def require_overridable(codes: Sequence[str]) -> None:
    """Raise `Invalid` unless each of these is a rule that a person may override: known, and not law."""
    problems = [problem for n, code in enumerate(codes) if (problem := _not_overridable(n, code)) is not None]
    if problems:
        raise Invalid(problems)


def require_in_the_way(codes: Sequence[str], blocked_by: Collection[str]) -> None:
    """Raise `Invalid` where one of these does not keep the home out: there is nothing to override, nor to agree to."""
    problems = [
        FieldProblem(f"override[{n}]", f"The rule {code} does not keep this home out.", "Take it out of the list.")
        for n, code in enumerate(codes)
        if code not in blocked_by
    ]
    if problems:
        raise Invalid(problems)


def _not_overridable(n: int, code: str) -> FieldProblem | None:
    rule = RULE_OF.get(code)
    if rule is None:
        cure = "Send codes of rules as the shortlist and GET /policies have them."
        return FieldProblem(f"override[{n}]", "There is no rule of this code.", cure)
    if rule.statutory:
        cure = "Choose another home, or have the record corrected if it is wrong."
        return FieldProblem(f"override[{n}]", f"The rule {code} is law: nobody can override it.", cure)
    return None


def never_shown() -> NotSeen:
    """Nothing of this id was shown in this authority, or nobody remembers it."""
    cure = "Read the shortlist, the proposal or the placement, and send the `seen` that comes with it."
    return NotSeen([FieldProblem("seen", "Nothing of this id was shown, or so long ago that it is forgotten.", cure)])


def shown_to_another() -> NotSeen:
    """It was shown, but not to this person. Nobody is told to whom, nor what."""
    cure = "Look for yourself, and send the `seen` that you are given."
    return NotSeen([FieldProblem("seen", "This was shown to somebody else.", cure)])


def of_something_else() -> NotSeen:
    """What this person was shown is another placement, or not the placement itself."""
    cure = "Read the placement itself, and send the `seen` of that answer."
    return NotSeen([FieldProblem("seen", "What you were shown is not this placement.", cure)])


def without_grounds() -> NotSeen:
    """What this person was shown of a proposal did not say what was so of it at that time."""
    cure = "Read the proposal again, and send the `seen` of that answer."
    return NotSeen([FieldProblem("seen", "You were not shown what is so of this proposal.", cure)])


def of_another_referral(reading: Reading, desk: Desk, choice: Choice) -> NotSeen:
    """What this person was shown is of another referral than the one that is named."""
    if load.referral(reading, desk.authority, choice.referral) is None:
        cure = "Check the reference, or send the referral first."
        return NotSeen([FieldProblem("referral", "There is no referral of this reference.", cure)])
    cure = "Send the `seen` of this very referral's shortlist."
    return NotSeen([FieldProblem("referral", "What you were shown is of another referral.", cure)])


def not_offered(reading: Reading, desk: Desk, shown: Seen, choice: Choice) -> NotSeen:
    """What of a choice does not stand in what this person was shown: a child, the home, or the two together."""
    referral = load.referral(reading, desk.authority, choice.referral)
    if referral is None:
        cure = "Read the list of referrals again."
        return NotSeen([FieldProblem("referral", "The referral was withdrawn since you saw it.", cure)])
    known = {child.ref for child in referral.record.children}
    problems = [
        FieldProblem(f"children[{n}]", "There is no such child in this referral.", "Check the reference.")
        for n, child in enumerate(choice.children)
        if child not in known
    ]
    if load.home(reading, desk.authority, choice.home) is None:
        problems.append(FieldProblem("home", "There is no home of this reference.", "Check the reference."))
    elif all(option.home != choice.home for option in shown.options):
        cure = "GET /referrals/{ref}/why-not/{home} says what is in the way; unless that is law, hold with its `seen`."
        problems.append(FieldProblem("home", "This home is not among those that you were offered.", cure))
    return NotSeen(problems or [_another_party(referral, choice)])


def _another_party(referral: StoredReferral, choice: Choice) -> FieldProblem:
    """The home was offered, and the children are there, but not the two together."""
    record = referral.record
    if record.keep_together is KeepTogether.REQUIRED and 0 < len(choice.children) < len(record.children):
        problem = "These children must share a home with their brothers and sisters (`keep_together` is `required`)."
        return FieldProblem("children", problem, "Hold for all of them, or have the referral changed first.")
    cure = "Name children who were offered this home together, as an option or as part of a split."
    return FieldProblem("children", "This home was not offered to these children together.", cure)


def not_standing(stored: StoredProposal, before: Placement | None) -> ProposalNotStanding:
    """Why a proposal does not stand: a placement of it is over, it was dropped at publication, or a later run came."""
    if before is not None:
        became = "Its hold is over" if before.state is State.EXPIRED else f"It was {before.state}"
        said, cure = f"{became}: placement {before.id}.", "Choose from the shortlist instead."
    elif stored.status is ProposalStatus.DROPPED:
        because = stored.proposal.dropped_because
        said = f"It had become impossible by the time the run was published ({because}), so it was dropped."
        cure = "Choose from the shortlist instead."
    else:
        said, cure = "A later run was published in place of this one.", "Look at what that run proposes."
    return ProposalNotStanding([FieldProblem("proposal", said, cure)])
