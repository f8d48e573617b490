"""A run's proposals meet the facts of the moment, and those that are still possible stand from then on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.access.principal import Kind
from app.errors import ProposalsNotSound
from app.matching.batch import Night, Proposed, unless_pinned
from app.matching.night_check import check_fees, check_night
from app.matching.night_report import NightReport, Proposal
from app.matching.policy import Policy
from app.matching.policy_values import PolicyError
from app.matching.pool import Pool
from app.matching.recheck import Verdict, recheck
from app.matching.under_way import all_still_waiting, without_answered
from app.rematch.run import Outcome
from app.runs.grounds import Grounds, grounds_of
from app.runs.telling import changed_records, new_proposal, publication_told, told
from app.runs.workplace import Workplace
from app.store import answered, audit, declined, living_apart, load, outbox, runs
from app.store.audit import JSON, AuditEntry
from app.store.proposals import proposal_id
from app.store.run_records import Publication, Run
from app.store.session import Writing
from app.store.under_way import with_a_place

log = logging.getLogger(__name__)

POLICY_CHANGED = "policy_changed"
POLICY_NOT_READABLE = "policy_not_readable"


@dataclass(frozen=True, slots=True)
class _Now:
    """What is known when the transaction begins: the inventory up to a change, and the policy in force."""

    seq: int
    pool: Pool
    policy: Policy
    stale: str | None


def publish(place: Workplace, run: Run, outcome: Outcome) -> Run:
    """Check every proposal again and publish what is left, all in one transaction.

    Raises `RunOvertaken` where the run has no right to publish any more, `ProposalsNotSound` where what is left
    fails the independent check; then nothing was changed.
    """
    report = outcome.report
    if report is None:
        raise ProposalsNotSound
    place.database.transact(lambda writing: runs.begin_publishing(writing, place.authority, run))
    policy, stale = _policy_now(place, run, outcome.night.policy)
    homes = place.inventory.at()
    now = _Now(homes.seq, homes.pool, policy, stale)
    valuable = _by_worth(run, outcome.night, report.proposals)
    grounds = grounds_of(run.id, outcome.night, valuable)

    def work(writing: Writing) -> Run:
        runs.hold_fence(writing, place.authority, run)
        night = _night_now(writing, place.authority, outcome.night, now)
        made = _changed_last(valuable, outcome.night, night)
        verdicts = recheck(night, [_proposed(proposal) for proposal in made])
        _check(night, verdicts)
        kept = _kept(grounds, load.inventory_seq(writing, place.authority))
        publication = _publication(outcome, report, made, verdicts, night, now, kept)
        runs.publish(writing, place.authority, run, publication)
        _tell(writing, place.authority, run, publication)
        return runs.get(writing, place.authority, run.id)

    return place.database.transact(work)


def _tell(writing: Writing, authority: str, run: Run, publication: Publication) -> None:
    """Whoever wants to know of proposals is told; who is proposed for stands in the audit trail."""
    stand = [proposal for proposal in publication.proposals if proposal.dropped_because is None]
    abouts: list[dict[str, JSON]] = [
        {"proposal": proposal_id(run.id, proposal.children), "run": run.id, "home": proposal.home} for proposal in stand
    ]
    outbox.put_all(writing, authority, "proposal.published", abouts)
    children = tuple(sorted({child for proposal in stand for child in proposal.children}))
    entry = AuditEntry("run", str(Kind.SYSTEM), "run.publish", "run", run.id, children, {"proposed": len(stand)})
    audit.record(writing, authority, entry)


def _policy_now(place: Workplace, run: Run, used: Policy) -> tuple[Policy, str | None]:
    """The policy in force, by which proposals are checked; and why those of the run are stale, if they are."""
    try:
        policy = place.policies().pick(run.options.policy, run.as_of)
    except (PolicyError, LookupError, OSError) as error:
        log.warning("the policies cannot be read any more", extra={"run": run.id, "error": type(error).__name__})
        return used, POLICY_NOT_READABLE
    return policy, None if policy.sha256 == used.sha256 else POLICY_CHANGED


def _by_worth(run: Run, night: Night, made: Sequence[Proposal]) -> list[Proposal]:
    """The more valuable first: where not all can stand any more, these do."""
    referrals = {referral.ref: referral for referral in night.referrals}

    def worth(proposal: Proposal) -> int:
        referral = referrals[proposal.referral]
        needed, waiting = (referral.needed_by - night.as_of).days, (night.as_of - referral.waiting_since).days
        return proposal.points + len(proposal.children) * night.policy.placing.reward(needed, waiting)

    return sorted(made, key=lambda proposal: (-worth(proposal), proposal_id(run.id, proposal.children)))


def _changed_last(made: Sequence[Proposal], then: Night, now: Night) -> list[Proposal]:
    """Where not all can stand any more, what itself became dearer goes first, then whose own referral changed.

    Without those the others fit as they did, so no child loses a home by a change that concerns another child's.
    """
    verdicts = recheck(now, [_proposed(proposal) for proposal in made])
    fees = {id(one): verdict.weekly_fee_pence for one, verdict in zip(made, verdicts, strict=True)}
    changed = changed_records(then, now)

    def rank(one: Proposal) -> tuple[bool, bool]:
        told = one.assumed_weekly_fee_pence if one.weekly_fee_pence is None else one.weekly_fee_pence
        return fees[id(one)] > (told or 0), "referral" in changed(one)

    return sorted(made, key=rank)


def _night_now(writing: Writing, authority: str, then: Night, now: _Now) -> Night:
    """The facts inside the publishing transaction; the inventory cannot change until it ends."""
    seq = load.hold_inventory(writing, authority)
    pool = now.pool
    if seq != now.seq:
        changes = load.inventory_changes(writing, authority, now.seq)
        pool = pool.changed(changes.changed, changes.removed)
    everybody = (stored.record for stored in load.all_referrals(writing, authority))
    places = with_a_place(writing, authority)
    settled = answered.after_the_end(writing, authority)
    waiting = all_still_waiting(without_answered(everybody, settled), places)
    return replace(
        then,
        referrals=living_apart.as_judged(writing, authority, waiting),
        pool=pool,
        policy=now.policy,
        pinned=(),
        home_price={},
        under_way=settled | places.keys(),
        declined=unless_pinned(declined.standing(writing, authority), then.pinned),
    )


def _check(night: Night, verdicts: Sequence[Verdict]) -> None:
    """Once more, independently: what is to stand keeps every rule and limit."""
    standing = [verdict for verdict in verdicts if verdict.fallen is None]
    proposed = [verdict.proposed for verdict in standing]
    fees = [(verdict.weekly_fee_pence, verdict.fee_known) for verdict in standing]
    if faults := check_night(night, proposed) or check_fees(night, proposed, fees):
        log.error("publication refused", extra={"count": len(faults)})
        raise ProposalsNotSound


def _publication(
    outcome: Outcome,
    report: NightReport,
    made: Sequence[Proposal],
    verdicts: Sequence[Verdict],
    night: Night,
    now: _Now,
    grounds: Grounds,
) -> Publication:
    pairs, changed = zip(made, verdicts, strict=True), changed_records(outcome.night, night)
    return Publication(
        policy_version=outcome.night.policy.version,
        policy_sha256=outcome.night.policy.sha256,
        outcome=str(outcome.status),
        objective=report.objective,
        bound=report.bound,
        stale=now.stale,
        report=told(outcome) | {"publication": publication_told(made, verdicts, report)},
        proposals=tuple(
            new_proposal(proposal, verdict, changed(proposal), grounds.get(proposal.children))
            for proposal, verdict in pairs
        ),
    )


def _kept(grounds: Grounds, seq: int) -> Grounds:
    """What is kept of each proposal, with how often the inventory had changed by now."""
    return {children: {"inventory_seq": seq, "was_so": was_so} for children, was_so in grounds.items()}


def _proposed(proposal: Proposal) -> Proposed:
    return Proposed(frozenset(proposal.children), proposal.home)
