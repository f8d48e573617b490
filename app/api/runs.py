"""Runs: all waiting referrals against all homes at once, worked out beside the requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import errors, json_response, plain_json
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.proposal_models import RunProposalsOut, RunUnplacedOut
from app.api.recording import changed, saw
from app.api.run_answers import proposal_answer, run_answer, summary, unplaced_answer
from app.api.run_models import Hex32, RunOut, RunsOut
from app.api.service import Service, service_of
from app.api.strict import StrictRoute
from app.api.withholding import run_without_children, withholds
from app.api.writes import IdempotencyKey, write
from app.documents.run_models import PairIn, RunIn
from app.errors import FieldProblem, Invalid, RunAlreadyMade
from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef
from app.runs.workplace import DAYS_AHEAD
from app.store import audit_whom, declined, load, proposals, runs
from app.store.idempotency import Answer
from app.store.run_records import Run, RunKind, RunOptions, StoredProposal, Wanted
from app.store.session import Writing

router = APIRouter(tags=["runs"], route_class=StrictRoute, dependencies=SECOND_WALL)

RunInPath = Annotated[Hex32, Path(description="Id of the run")]

LOCATION = {"headers": {"Location": {"description": "Address of the run", "schema": {"type": "string"}}}}
A_SNAPSHOT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}}, "description": "All that the run worked on, byte for byte"}
}


@router.post("/runs", status_code=202, response_model=RunOut, responses={202: LOCATION, **errors(409)})
def post_run(request: Request, body: RunIn, key: IdempotencyKey = None) -> Response:
    """Begin a run; it is worked on in the background. GET the address in `Location` until it is over.

    One run is at work at a time: 409 while there is another. What is pinned or excluded must be waiting and on the
    list; whether the rules allow it turns out in the run, which says so where they do not.
    """
    service = service_of(request)
    wanted = Wanted(RunKind.MANUAL, service.today(), _as_of(service, body), _options(service, body))

    def work(writing: Writing) -> Answer:
        runs.recover(writing, service.authority)
        run = _requested(writing, service.authority, wanted)
        changed(request, writing, "run.request", "run", run.id, _named(wanted.options))
        return Answer(202, None, plain_json(run_answer(run)))

    response = write(request, key, work)
    response.headers["Location"] = f"/runs/{orjson.loads(response.body)['id']}"
    service.jobs.wake()
    return response


@router.get("/runs", response_model=RunsOut)
def list_runs(request: Request, page: Annotated[Page, Query()]) -> Response:
    """Runs, the newest first, a page at a time."""
    service, before = service_of(request), number_of(page)
    with service.database.asking() as reading:
        found = runs.page(reading, service.authority, before, page.limit)
    following = cursor([str(run.number) for run in found], page.limit)
    return json_response({"runs": [summary(run) for run in found], "next": following})


@router.get("/runs/{id}", response_model=RunOut, responses=errors(404))
def get_run(request: Request, run_id: Annotated[RunInPath, Path(alias="id")]) -> Response:
    """A run: how far it is, and what came of it.

    Without `pinned` and `excluded` in its options for whoever may not read children's records.
    """
    service = service_of(request)
    with service.database.reading() as reading:
        run = runs.get(reading, service.authority, run_id)
    if withholds(request):
        return json_response(run_without_children(run_answer(run)))
    if named := _named(run.options):
        saw(request, "run.read", "run", run_id, named)
    return json_response(run_answer(run))


@router.delete("/runs/{id}", status_code=204, responses=errors(404, 409))
def cancel_run(
    request: Request, run_id: Annotated[RunInPath, Path(alias="id")], key: IdempotencyKey = None
) -> Response:
    """Call a run off. What was proposed before stands on. A run that has ended cannot be called off.

    There is no `If-Match`: a run changes by itself while it is at work, and how far it is makes no difference.
    """
    service = service_of(request)

    def work(writing: Writing) -> Answer:
        runs.cancel(writing, service.authority, run_id)
        changed(request, writing, "run.cancel", "run", run_id)
        return Answer(204, None, b"")

    return write(request, key, work)


@router.get("/runs/{id}/proposals", response_model=RunProposalsOut, responses=errors(404))
def get_run_proposals(
    request: Request, run_id: Annotated[RunInPath, Path(alias="id")], page: Annotated[Page, Query()]
) -> Response:
    """What a run proposed, dropped ones too, in the order of the referrals, a page at a time."""
    service, after = service_of(request), number_of(page)
    with service.database.reading() as reading:
        runs.get(reading, service.authority, run_id)
        position = -1 if after is None else after
        found = proposals.of_run(reading, service.authority, run_id, position, page.limit)
        refused = declined.of_referrals(reading, service.authority, {one.proposal.referral for one in found})
    saw(request, "run.proposals", "run", run_id, children_of(found), shown=len(found))
    pool = service.inventory.pool()
    answers = [proposal_answer(one, pool, refused=refused.get(one.proposal.referral, ())) for one in found]
    following = cursor([str(stored.position) for stored in found], page.limit)
    return json_response({"run": run_id, "proposals": answers, "next": following})


@router.get("/runs/{id}/unplaced", response_model=RunUnplacedOut, responses=errors(404))
def get_run_unplaced(
    request: Request, run_id: Annotated[RunInPath, Path(alias="id")], page: Annotated[Page, Query()]
) -> Response:
    """Children for whom a run had no proposal, and why, in the order of the referrals, a page at a time."""
    service, after = service_of(request), number_of(page)
    with service.database.reading() as reading:
        run = runs.get(reading, service.authority, run_id)
    everybody: Sequence[Any] = (run.report or {}).get("unplaced", ())
    first = 0 if after is None else after + 1
    pool = service.inventory.pool()
    shown = everybody[first : first + page.limit]
    saw(request, "run.unplaced", "run", run_id, {child for one in shown for child in one["children"]}, shown=len(shown))
    answers = [unplaced_answer(one, pool) for one in shown]
    following = cursor([str(first + n) for n in range(len(answers))], page.limit)
    return json_response({"run": run_id, "unplaced": answers, "next": following})


@router.get("/runs/{id}/snapshot", response_class=Response, responses={**A_SNAPSHOT, **errors(404, 409)})
def get_run_snapshot(request: Request, run_id: Annotated[RunInPath, Path(alias="id")]) -> Response:
    """All that the run worked on, as one file that `placement replay` takes. It holds personal data of children."""
    service = service_of(request)
    with service.database.reading() as reading:
        found = runs.snapshot(reading, service.authority, run_id)
    saw(request, "run.snapshot", "run", run_id, audit_whom.of_snapshot(found))
    headers = {"Content-Disposition": f'attachment; filename="run-{run_id}.json"'}
    return Response(found, 200, headers, "application/json")


def _named(options: RunOptions) -> set[str]:
    """The children whom a run was asked to place somewhere, or not to."""
    return {child for pair in (*options.pinned, *options.excluded) for child in pair.children}


def children_of(found: Iterable[StoredProposal]) -> set[str]:
    """Everybody whom these proposals are for."""
    return {child for stored in found for child in stored.proposal.children}


def number_of(page: Page) -> int | None:
    """The number behind which a page begins. Raises `Invalid` for a cursor of another list."""
    after = page.after()
    if after and not (after.isdecimal() and len(after) <= 12):
        cure = "Send next of the page before, or leave it out for the first page."
        raise Invalid([FieldProblem("query.cursor", "This is not a cursor of this list.", cure)])
    return int(after) if after else None


def _as_of(service: Service, body: RunIn) -> date:
    today = service.today()
    as_of = body.as_of or today
    if not today <= as_of <= today + timedelta(days=DAYS_AHEAD):
        problem = f"A run judges as of today or one of the next {DAYS_AHEAD} days."
        raise Invalid([FieldProblem("as_of", problem, "Leave it out for today.")])
    return as_of


def _options(service: Service, body: RunIn) -> RunOptions:
    """What is asked, in the engine's words. Raises `Invalid` for a policy, home or child that there is not."""
    problems: list[FieldProblem] = []
    if body.policy is not None and body.policy not in service.policies.policies:
        cure = "GET /policies lists the versions."
        problems.append(FieldProblem("policy", "There is no policy of this version.", cure))
    problems += _unknown_homes(service, body)
    problems += _unknown_children(service, body) + _pinned_twice(body)
    if problems:
        raise Invalid(problems)
    return RunOptions(
        policy=body.policy,
        weekly_budget_pence=body.weekly_budget_pence,
        pinned=_pairs(body.pinned),
        excluded=_pairs(body.excluded),
        home_prices={HomeRef(home): price for home, price in sorted(body.home_prices.items())},
        frontier=body.frontier,
    )


def _pairs(pairs: Sequence[PairIn]) -> tuple[Proposed, ...]:
    return tuple(Proposed(frozenset(map(ChildRef, pair.children)), HomeRef(pair.home)) for pair in pairs)


def _unknown_homes(service: Service, body: RunIn) -> list[FieldProblem]:
    known = service.inventory.pool().row_of
    fields = [
        (f"{name}[{n}].home", pair.home)
        for name, pairs in (("pinned", body.pinned), ("excluded", body.excluded))
        for n, pair in enumerate(pairs)
    ] + [("home_prices", home) for home in body.home_prices]
    said, cure = "There is no home with this reference.", "Check the reference, or send the home first."
    return list(dict.fromkeys(FieldProblem(field, said, cure) for field, home in fields if home not in known))


def _requested(writing: Writing, authority: str, wanted: Wanted) -> Run:
    """The run that is asked for. Raises `RunAlreadyMade`, which says the id of the one at work."""
    try:
        return runs.request(writing, authority, wanted)
    except RunAlreadyMade:
        newest = runs.page(writing, authority, None, 1)
        told = [
            FieldProblem(
                "run", f"Run {run.number} is at work.", f"See GET /runs/{run.id}, or DELETE it to call it off."
            )
            for run in newest
            if not run.status.is_over
        ]
        raise RunAlreadyMade(told) from None


def _pinned_twice(body: RunIn) -> list[FieldProblem]:
    """A child can live in one home, and a home cannot be both wanted and ruled out for the same children."""
    found: list[FieldProblem] = []
    seen: set[str] = set()
    for n, pair in enumerate(body.pinned):
        if seen & set(pair.children):
            cure = "Pin each child once, brothers and sisters for one home together."
            found.append(FieldProblem(f"pinned[{n}].children", "A child is pinned twice.", cure))
        seen.update(pair.children)
    for n, one in enumerate(body.excluded):
        if any(pair.home == one.home and set(pair.children) & set(one.children) for pair in body.pinned):
            found.append(FieldProblem(f"excluded[{n}]", "A child is pinned to this home.", "Leave one of the two out."))
    return found


def _unknown_children(service: Service, body: RunIn) -> list[FieldProblem]:
    if not body.pinned and not body.excluded:
        return []
    with service.database.reading() as reading:
        waiting = load.referral_of_children(reading, service.authority)
    found = []
    for name, pairs in (("pinned", body.pinned), ("excluded", body.excluded)):
        for n, pair in enumerate(pairs):
            referrals = {waiting.get(ChildRef(child)) for child in pair.children}
            if len(referrals) != 1 or None in referrals:
                said = "These are not children of one waiting referral."
                found.append(FieldProblem(f"{name}[{n}].children", said, "Check the references of the children."))
    return found
