"""Nobody decides unseen: what a person was shown, and whether a choice stands in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from app.access.principal import Kind, Principal
from app.deciding import earlier_days, proposed, refusing
from app.deciding.desk import Desk
from app.deciding.facts import Looked
from app.deciding.judging import Facts
from app.errors import FieldProblem, NotSeen
from app.matching.listed import Shortlist, ranks_behind
from app.matching.referral import ChildRef, HomeRef
from app.store import load, runs, seen
from app.store.load import StoredReferral
from app.store.placement_records import Placement, Seen, SeenKind, SeenOption
from app.store.run_records import ProposalStatus, StoredProposal
from app.store.session import Writing

FIRST = 1


def options_of(found: Shortlist, versions: Mapping[HomeRef, int]) -> tuple[SeenOption, ...]:
    """Everything on a shortlist that a person may choose: what is offered, what overriding opens, and ways to part.

    Of a way to part siblings each part is an option of its own. Those of the best way come behind every home that
    could take them all: parting them needs a reason wherever they could live together. So does a list for some of
    them alone.
    """
    whole, behind = found.children, ranks_behind(found.parted)
    offered = [
        SeenOption(
            home=option.explanation.home,
            home_version=versions[option.explanation.home],
            children=whole,
            rank=behind + option.rank,
            points=option.explanation.points,
        )
        for option in found.options
    ]
    nearly = [
        SeenOption(
            home=miss.home,
            home_version=versions[miss.home],
            children=whole,
            rank=behind + miss.rank_if_met,
            points=miss.points_if_met,
            rules=tuple(dict.fromkeys(finding.code for finding in miss.findings)),
        )
        for miss in found.near_misses
        if miss.overridable
    ]
    parted = [
        SeenOption(part.home, versions[part.home], part.children, rank, part.points)
        for rank, split in enumerate(found.splits, found.allowed + FIRST)
        for part in split.parts
    ]
    return tuple(dict.fromkeys([*offered, *nearly, *parted]))


def show_shortlist(
    writing: Writing,
    desk: Desk,
    who: Principal,
    referral: StoredReferral,
    found: Shortlist,
    versions: Mapping[HomeRef, int],
    inventory_seq: int,
) -> str | None:
    """Store that this person is shown a shortlist; the id to decide with. None for a system: it decides nothing.

    `inventory_seq`: how often the inventory had changed when these homes were read.
    """
    if who.kind is not Kind.PERSON:
        return None
    shown = Seen(
        id=seen.new_id(),
        subject=who.subject,
        kind=SeenKind.SHORTLIST,
        referral=referral.record.ref,
        referral_version=referral.version,
        policy_version=found.policy_version,
        policy_sha256=found.policy_sha256,
        as_of=found.as_of,
        options=options_of(found, versions),
        inventory_seq=inventory_seq,
    )
    seen.add(writing, desk.authority, shown)
    return shown.id


def show_proposal(
    writing: Writing,
    desk: Desk,
    who: Principal,
    stored: StoredProposal,
    rank: int = FIRST,
    looked: Looked | None = None,
) -> str | None:
    """Store that this person is shown a proposal and what is so of it now.

    None for a system, and where it can no longer be decided. Where nothing can be judged, it can be declined and no
    more. `rank`: of the home on the list of these children alone (`app.placing.own_rank`): a night weighs all of them.
    `looked`: what they are shown; looked at here where it is left out.
    """
    proposal = stored.proposal
    seq = load.inventory_seq(writing, desk.authority)  # first: what comes after it is told as come since
    referral = load.referral(writing, desk.authority, proposal.referral)
    home = load.home(writing, desk.authority, proposal.home)
    run = runs.get(writing, desk.authority, stored.run_id)
    is_open = stored.status is ProposalStatus.PROPOSED and run.policy_version is not None
    if who.kind is not Kind.PERSON or not is_open or referral is None or home is None:
        return None
    found = (looked or proposed.look(writing, desk, stored)).facts
    option = SeenOption(proposal.home, home.version, proposal.children, rank, proposal.points)
    if found is not None:
        option = replace(option, home_version=found.home.version, points=found.points, rules=found.blocked_by)
    shown = Seen(
        id=seen.new_id(),
        subject=who.subject,
        kind=SeenKind.PROPOSAL,
        referral=proposal.referral,
        referral_version=referral.version if found is None else found.referral.version,
        policy_version=str(run.policy_version),
        policy_sha256=str(run.policy_sha256),
        as_of=run.as_of,
        options=(option,),
        proposal_id=stored.id,
        inventory_seq=seq,
        was_so=None if found is None else found.was_so(stored.id, desk.today),
    )
    seen.add(writing, desk.authority, shown)
    return shown.id


def show_placement(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement: Placement,
    found: Facts,
    told: Sequence[FieldProblem] = (),
) -> str | None:
    """Store that this person is shown a placement and what is so of it now. None for a system.

    `told`: what they are told with it; what that says of days that are past is kept too.
    """
    if who.kind is not Kind.PERSON:
        return None
    option = SeenOption(
        placement.home, found.home.version, placement.children, placement.rank or FIRST, found.points, found.blocked_by
    )
    shown = Seen(
        id=seen.new_id(),
        subject=who.subject,
        kind=SeenKind.PLACEMENT,
        referral=placement.referral,
        referral_version=found.referral.version,
        policy_version=found.policy.version,
        policy_sha256=found.policy.sha256,
        as_of=desk.today,
        options=(option,),
        placement_id=placement.id,
        was_so=found.was_so(placement.id, desk.today) | {earlier_days.FIELD: earlier_days.shown(told)},
    )
    seen.add(writing, desk.authority, shown)
    return shown.id


def of_placement(
    writing: Writing, desk: Desk, who: Principal, placement: Placement, seen_id: str | None, *, itself: bool = False
) -> Seen:
    """What this person saw of a placement: the placement `itself`, or, where that will do, what it was chosen from.

    Raises `NotSeen`.
    """
    shown = require(writing, desk, who, seen_id)
    if shown.placement_id != placement.id and (itself or shown.kind is SeenKind.PLACEMENT):
        raise refusing.of_something_else()
    return shown


def find(shown: Seen, home: HomeRef, children: Collection[ChildRef]) -> SeenOption:
    """The option that is chosen. Raises `NotSeen` where it is not among those that were shown."""
    wanted = frozenset(children)
    matching = [option for option in shown.options if option.home == home and frozenset(option.children) == wanted]
    if not matching:
        raise NotSeen
    return min(matching, key=lambda option: option.rank)


def require_grounds(shown: Seen) -> None:
    """Raise `NotSeen` where a proposal was shown without what was so of it then: that is enough to decline it alone."""
    if shown.kind is SeenKind.PROPOSAL and shown.was_so is None:
        raise refusing.without_grounds()


def require(writing: Writing, desk: Desk, who: Principal, seen_id: str | None) -> Seen:
    """What this very person was shown. Raises `NotSeen`."""
    shown = None if seen_id is None else seen.get(writing, desk.authority, seen_id)
    if shown is None:
        raise refusing.never_shown()
    if shown.subject != who.subject:
        raise refusing.shown_to_another()
    return shown
