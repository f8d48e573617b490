"""What a person is shown is stored before it is shown, and named in the answer as `seen`.

A system is shown the same and gets no `seen`: it decides nothing. Neither does anybody while the service only
reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from app.access.principal import Kind
from app.api import moving_notes
from app.api.callers import caller_of
from app.api.decided import desk_of
from app.api.placement_answers import changes_answer, looked_answer, now_answer, placement_answer
from app.api.service import service_of
from app.api.shortlist_answers import notes_answer
from app.deciding import facts, moving_in, proposed, seeing
from app.errors import PlacementError, ReadOnly
from app.matching.listed import Shortlist
from app.placing import own_rank
from app.store import lived_in, living_apart, moving_out, placements, runs
from app.store.follower import Inventory
from app.store.load import StoredReferral
from app.store.placement_records import PURSUED, Placement
from app.store.run_records import ProposalStatus, StoredProposal
from app.store.session import Writing


def showing_shortlist(
    request: Request, referral: StoredReferral, found: Shortlist, homes: Inventory
) -> Callable[[Writing], str | None] | None:
    """What stores that the caller is shown a shortlist, and gives the id of that; None for a system."""
    desk, who = desk_of(request), caller_of(request)
    if who.kind is not Kind.PERSON:
        return None
    return lambda w: seeing.show_shortlist(w, desk, who, referral, found, homes.versions, homes.seq)


def seen_proposal(request: Request, stored: StoredProposal, *, is_open: bool) -> dict[str, Any]:
    """What is so now of what a run proposed, and the id under which the caller was shown that.

    `is_open`: nobody decided on it yet. Else, and where it does not stand any more, nothing is judged.
    """
    nothing: dict[str, Any] = {"seen": None, "steps": [], "changes": [], "now": None}
    if not is_open or stored.status is not ProposalStatus.PROPOSED:
        return nothing
    service, desk, who = service_of(request), desk_of(request), caller_of(request)
    with service.database.reading() as reading:
        looked = proposed.look(reading, desk, stored)
    found, rank = looked.facts, _own_rank(request, stored) if who.kind is Kind.PERSON else seeing.FIRST
    seen = _stored(request, lambda w: seeing.show_proposal(w, desk, who, stored, rank, looked))
    told = nothing | {"seen": seen, "changes": changes_answer(looked)}
    if found is None:
        return told | {"steps": [] if seen is None else proposed.steps_open(who, None)}
    now = {"to_check": list(found.explanation.to_check), "now": now_answer(looked, found)}
    return told | now | {"steps": proposed.steps_open(who, found)}


def _own_rank(request: Request, stored: StoredProposal) -> int:
    """The rank of a proposal on the list of its children alone; the first where nothing is left to decide."""
    service, desk, proposal = service_of(request), desk_of(request), stored.proposal
    pool = service.inventory.pool()
    with service.database.reading() as reading:
        try:
            waiting = facts.waiting_referral(reading, desk, proposal.referral).record
            (referral,) = living_apart.as_judged(reading, desk.authority, [waiting])
            policy = runs.get(reading, desk.authority, stored.run_id).policy_version
            return own_rank(
                referral, proposal.children, proposal.home, pool, desk.policies, desk.today, policy_version=policy
            )
        except (PlacementError, LookupError):
            return seeing.FIRST


def seen_placement(request: Request, placement: Placement) -> dict[str, Any]:
    """A placement with what is so of it now, and the id under which the caller was shown it.

    Whoever may ask for a placement may read the children's records (`tests/api/test_without_children.py`).
    """
    service, desk, who = service_of(request), desk_of(request), caller_of(request)
    with service.database.reading() as reading:
        words = placements.first_words(reading, service.authority, placement.id)
        seconded = placements.seconded_by(reading, service.authority, [placement]).get(placement.id, frozenset())
        looked = moving_in.looked_at(reading, desk, placement) if placement.state in PURSUED else None
        left = moving_out.left(reading, service.authority, [placement]).get(placement.id, [])
        lives = {} if looked is None else lived_in.by_placement(reading, service.authority, placement.children)
    if looked is None:
        nothing: dict[str, Any] = {"seen": None, "changed": [], "rules": [], "now": None, "notes": []}
        return placement_answer(placement, who, seconded, left=left) | nothing | {"reason_text": words}
    seen, found = None, looked.facts
    if found is not None:
        seen = _stored(request, lambda w: seeing.show_placement(w, desk, who, placement, found, looked.changed))
    notes = notes_answer(moving_notes.notes_of(placement.children, placement.home, lives))
    return looked_answer(placement, looked, who, seconded, words) | {"seen": seen, "notes": notes}


def _stored(request: Request, show: Callable[[Writing], str | None]) -> str | None:
    if caller_of(request).kind is not Kind.PERSON:
        return None
    try:
        return service_of(request).trail.share(show)
    except ReadOnly:
        return None
