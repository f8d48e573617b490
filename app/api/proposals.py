"""Proposals that stand: what officers look at. They propose; a person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api import moving_notes
from app.api.documented import errors, json_response
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.proposal_models import SeenProposalOut, StandingOut
from app.api.recording import saw
from app.api.run_answers import proposal_answer
from app.api.run_models import Hex32
from app.api.runs import children_of, number_of
from app.api.seeing import seen_proposal
from app.api.service import service_of
from app.api.shortlist_answers import notes_answer
from app.api.strict import StrictRoute
from app.matching.referral import ChildRef
from app.runs.publishing import POLICY_CHANGED, POLICY_NOT_READABLE
from app.store import declined, lived_in, moving_siblings, placements, proposals, runs
from app.store.lived_in import Lives
from app.store.moving_siblings import Leaving
from app.store.policies import PolicyBook
from app.store.run_records import ProposalStatus, Run, StoredProposal

router = APIRouter(tags=["proposals"], route_class=StrictRoute, dependencies=SECOND_WALL)


@router.get("/proposals", response_model=StandingOut)
def list_proposals(request: Request, page: Annotated[Page, Query()]) -> Response:
    """The proposals that stand, of the run published last, and whether they are old. A page at a time.

    Those of a referral that was deleted since are left out at once. What else was stored anew since the run stands in
    `changed_since`: look again before you rely on it.
    """
    service, after = service_of(request), number_of(page)
    position = -1 if after is None else after
    with service.database.reading() as reading:
        run = runs.published(reading, service.authority)
        failed = run is not None and runs.failed_since(reading, service.authority, run.number) is not None
        found = [] if run is None else proposals.of_run(reading, service.authority, run.id, position, page.limit)
        decided = placements.of_proposals(reading, service.authority, [stored.id for stored in found])
        since = proposals.changed_since(reading, service.authority, found)
        refused = declined.of_referrals(reading, service.authority, {one.proposal.referral for one in found})
        everybody = [child for one in found for child in one.proposal.children]
        lives = lived_in.by_placement(reading, service.authority, everybody)
        leaving = moving_siblings.of_children(reading, service.authority, everybody)
    pool, because = service.inventory.pool(), _old_because(run, service.policies, service.today(), failed=failed)
    proposed = ((one, now) for one, now in zip(found, since, strict=True) if one.status is ProposalStatus.PROPOSED)
    standing = [(one, now) for one, now in proposed if "referral" not in now.gone]
    shown = children_of(one for one, _ in standing)
    saw(request, "proposals.list", "proposals", "page", shown, shown=len(standing))
    return json_response(
        {
            "from_run": run.id if run else None,
            "business_date": run.business_date if run else None,
            "as_of": run.as_of if run else None,
            "published_at": run.finished_at if run else None,
            "is_old": bool(because),
            "old_because": because,
            "proposals": [
                proposal_answer(one, pool, decided.get(one.id), refused.get(one.proposal.referral, ()))
                | _since(now)
                | _notes(one, lives, leaving, is_open=one.id not in decided)
                for one, now in standing
            ],
            "next": cursor([str(stored.position) for stored in found], page.limit),
        }
    )


@router.get("/proposals/{id}", response_model=SeenProposalOut, responses=errors(404))
def get_proposal(
    request: Request, proposal_id: Annotated[Hex32, Path(alias="id", description="Id of the proposal")]
) -> Response:
    """A proposal as it was made, of whatever run, and while it stands what is so of it now, judged again.

    Its status says whether it stands. A person may decide on it.
    """
    service = service_of(request)
    with service.database.reading() as reading:
        found = proposals.get(reading, service.authority, proposal_id)
        decided = placements.of_proposals(reading, service.authority, [proposal_id]).get(proposal_id)
        (now,) = proposals.changed_since(reading, service.authority, [found])
        refused = declined.of_referrals(reading, service.authority, [found.proposal.referral])
        lives = lived_in.by_placement(reading, service.authority, found.proposal.children)
        leaving = moving_siblings.of_children(reading, service.authority, found.proposal.children)
    shown = seen_proposal(request, found, is_open=decided is None)
    saw(request, "proposal.read", "proposal", proposal_id, found.proposal.children)
    pool = service.inventory.pool()
    answer = proposal_answer(found, pool, decided, refused.get(found.proposal.referral, ()))
    notes = _notes(found, lives, leaving, is_open=decided is None)
    return json_response(answer | _since(now) | notes | shown)


def _since(now: proposals.Since) -> dict[str, object]:
    """What has changed under a proposal. What was to be checked then is told only as long as nothing has."""
    told: dict[str, object] = {"changed_since": now.changed, "gone": now.gone}
    return told | {"to_check": None} if now.changed else told


def _notes(
    stored: StoredProposal,
    lives: Mapping[ChildRef, Lives],
    leaving: Mapping[ChildRef, Sequence[Leaving]],
    *,
    is_open: bool,
) -> dict[str, object]:
    """What to know of a proposal on which somebody may still decide: for whom it would be a move, and who leaves."""
    if not is_open or stored.status is not ProposalStatus.PROPOSED:
        return {"notes": []}
    children, home = stored.proposal.children, stored.proposal.home
    moves, leave = moving_notes.notes_of(children, home, lives), moving_notes.leaving_notes(children, home, leaving)
    return {"notes": notes_answer([*moves, *leave])}


def _old_because(run: Run | None, policies: PolicyBook, today: date, *, failed: bool) -> list[str]:
    """Why the proposals of a run are old. By another policy than now, nobody accepts them."""
    if run is None:
        return []
    found = ["a_later_run_failed"] if failed else []
    found += [because for because in (run.stale, _policy_now(run, policies, today)) if because is not None]
    if run.business_date < today:
        found.append("not_from_today")
    return list(dict.fromkeys(found))


def _policy_now(run: Run, policies: PolicyBook, today: date) -> str | None:
    """Whether what a run judged by is still what it would judge by, and can be read."""
    try:
        read = policies.pick(run.policy_version, today)
        wanted = policies.pick(run.options.policy, max(today, run.as_of))
    except LookupError:
        return POLICY_NOT_READABLE
    return None if read.sha256 == wanted.sha256 == run.policy_sha256 else POLICY_CHANGED
