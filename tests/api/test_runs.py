"""Runs and proposals over HTTP: begun, followed to their end, read, called off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.proposal_models import RunProposalsOut, RunUnplacedOut, StandingOut
from app.api.run_models import RunOut, RunsOut
from app.documents.examples import A_HOME, A_REFERRAL
from app.documents.run_models import MOST_BUDGET_PENCE, MOST_PRICES
from app.jobs.threads import ThreadedJobs
from app.main import create_app
from app.matching.batch import Night
from app.rematch.faults import RunCancelled, SolverHung
from app.rematch.run import Outcome
from app.settings import Settings
from tests.api.desk import followed_until, run_to_its_end
from tests.api.service import TODAY, send
from tests.support.access import client_of
from tests.support.nights import solved_here

CHILD = A_REFERRAL["children"][0]["ref"]
PAIR = {"children": [CHILD], "home": A_HOME["ref"]}


class Solver:
    """A rematch of which the test decides what becomes: `hold` makes it wait, `fails` makes it fail."""

    def __init__(self) -> None:
        self.go = Event()
        self.go.set()
        self.fails = False

    def __call__(self, night: Night, *_rest: Any, **more: Any) -> Outcome:
        """Solve, when the test lets it."""
        while not self.go.wait(0.01):
            if more["cancelled"]():
                raise RunCancelled
        if self.fails:
            raise SolverHung("1 s")
        return solved_here(night)


@pytest.fixture
def solver() -> Solver:
    """What solves the runs of `served`."""
    return Solver()


@pytest.fixture
def running(settings: Settings, solver: Solver) -> Iterator[TestClient]:
    """A service whose runs are solved in this process, with one child and one home."""
    app = create_app(settings, lambda: TODAY)
    service = app.state.service
    place = replace(service.jobs._duties.place, rematch=solver, solver=nullcontext)
    app.state.service = replace(service, jobs=ThreadedJobs.at(place))
    with client_of(app) as client:
        send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME)
        send(client, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL)
        yield client
        solver.go.set()


def _newest(client: TestClient, address: str) -> dict[str, str]:
    """For whoever changes what is there now."""
    return {"If-Match": client.get(address).headers["ETag"]}


def _holds(model: Any, value: Any) -> None:
    TypeAdapter(model).validate_python(value)


def test_a_run_from_its_beginning_to_its_proposals(running: TestClient) -> None:
    """202 with an address; there the run is followed until its proposals stand, with certificate and report."""
    begun = send(running, "POST", "/runs", {})
    assert begun.status_code == 202
    assert begun.json()["status"] == "queued"
    assert begun.headers["Location"] == f"/runs/{begun.json()['id']}"
    run = followed_until(running, begun.headers["Location"], "published")
    _holds(RunOut, run)
    assert (run["proposed"], run["dropped"], run["failure"], run["stale"]) == (1, 0, None, None)
    assert run["certificate"]["outcome"] == "proven"
    assert run["certificate"]["gap"] == 0
    assert run["report"]["children_placed"] == 1
    assert run["report"]["local"]["total_after"] == 1
    assert run["report"]["publication"]["proposed"] == 1
    assert (run["policy_version"], run["options"]["as_of"]) == ("nottingham-2023", "2026-03-02")
    page = running.get(f"/runs/{run['id']}/proposals").json()
    _holds(RunProposalsOut, page)
    (proposal,) = page["proposals"]
    assert (proposal["children"], proposal["home"], proposal["name"]) == ([CHILD], A_HOME["ref"], A_HOME["name"])
    assert (proposal["status"], proposal["why"], page["next"]) == ("proposed", "first_choice", None)
    assert proposal["sentence"] == "Their first choice: no home has more points for them"
    shown = running.get(f"/proposals/{proposal['id']}").json()
    as_made = proposal | {"changed_since": [], "gone": [], "notes": []}
    assert shown == as_made | {name: shown[name] for name in ("seen", "steps", "changes", "now")}
    assert (shown["steps"], shown["changes"]) == (["hold", "accept", "decline"], [])
    standing = running.get("/proposals").json()
    _holds(StandingOut, standing)
    assert (standing["from_run"], standing["is_old"], standing["proposals"]) == (run["id"], False, [as_made])
    assert CHILD.encode() in running.get(f"/runs/{run['id']}/snapshot").content


def test_what_no_longer_holds_says_so_at_once(running: TestClient) -> None:
    """In the list as in the single proposal: a home stored anew or deleted; with its referral the proposal goes too."""
    run_to_its_end(running)
    (proposal,) = running.get("/proposals").json()["proposals"]
    single = f"/proposals/{proposal['id']}"

    def told() -> list[tuple[list[str], list[str]]]:
        listed = [(one["changed_since"], one["gone"]) for one in running.get("/proposals").json()["proposals"]]
        shown = running.get(single).json()
        assert listed in ([], [(shown["changed_since"], shown["gone"])])
        _holds(StandingOut, running.get("/proposals").json())
        return listed

    assert told() == [([], [])]
    house, waiting = f"/homes/{A_HOME['ref']}", f"/referrals/{A_REFERRAL['ref']}"
    assert running.put(house, json=A_HOME | {"places": 0}, headers=_newest(running, house)).is_success
    assert told() == [(["home"], [])]
    assert running.delete(house, headers=_newest(running, house)).is_success
    assert told() == [(["home"], ["home"])]
    assert running.delete(waiting, headers=_newest(running, waiting)).is_success
    assert told() == []
    assert CHILD not in running.get("/proposals").text
    assert running.get(single).json()["gone"] == ["referral", "home"]


def test_a_fee_that_is_not_known_is_not_told_as_one(running: TestClient) -> None:
    """Null, what is assumed instead beside it, and how much of the night's cost that is."""
    (child,) = A_REFERRAL["children"]
    vague = {name: value for name, value in child.items() if name not in ("package", "needs")}
    address = f"/referrals/{A_REFERRAL['ref']}"
    sent = running.put(address, json=A_REFERRAL | {"children": [vague]}, headers=_newest(running, address))
    assert sent.is_success, sent.text
    run = run_to_its_end(running)
    (proposal,) = running.get("/proposals").json()["proposals"]
    dearest = max(A_HOME["weekly_fee_pence"].values())
    assert (proposal["weekly_fee_pence"], proposal["assumed_weekly_fee_pence"]) == (None, dearest)
    for part in (run["report"], run["report"]["publication"]):
        assert (part["weekly_cost_pence"], part["assumed_weekly_cost_pence"]) == (dearest, dearest)


def test_before_the_first_run_nothing_stands(lite: TestClient) -> None:
    """There are no proposals and no runs, and both lists say so."""
    assert lite.get("/runs").json() == {"runs": [], "next": None}
    standing = lite.get("/proposals").json()
    assert (standing["from_run"], standing["proposals"], standing["is_old"]) == (None, [], False)
    _holds(StandingOut, standing)


def test_one_run_at_a_time(running: TestClient, solver: Solver) -> None:
    """While a run is at work another is refused with 409; afterwards it is not."""
    solver.go.clear()
    first = send(running, "POST", "/runs", {})
    second = send(running, "POST", "/runs", {})
    assert (second.status_code, second.json()["code"]) == (409, "run_already_made")
    (told,) = second.json()["errors"]
    assert (told["field"], first.json()["id"] in told["cure"]) == ("run", True)
    solver.go.set()
    followed_until(running, first.headers["Location"], "published")
    assert send(running, "POST", "/runs", {}).status_code == 202


def test_a_run_sent_twice_is_one_run(running: TestClient) -> None:
    """With the same key the second request gives the first answer and its address."""
    first = send(running, "POST", "/runs", {}, Idempotency_Key="k")
    followed_until(running, first.headers["Location"], "published")
    second = send(running, "POST", "/runs", {}, Idempotency_Key="k")
    assert (second.status_code, second.content) == (202, first.content)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(running.get("/runs").json()["runs"]) == 1


def test_a_run_is_called_off(running: TestClient, solver: Solver) -> None:
    """DELETE ends a run at work; what stood stands on. What has ended cannot be called off."""
    before = run_to_its_end(running)
    solver.go.clear()
    address = send(running, "POST", "/runs", {}).headers["Location"]
    followed_until(running, address, "running")
    assert running.delete(address).status_code == 204
    ended = running.get(address).json()
    assert (ended["status"], ended["stage"]) == ("cancelled", "cancelled")
    assert running.delete(address).status_code == 204
    assert running.delete(f"/runs/{before['id']}").json()["code"] == "run_is_over"
    standing = running.get("/proposals").json()
    assert (standing["from_run"], standing["is_old"]) == (before["id"], False)
    solver.go.set()
    assert run_to_its_end(running)["status"] == "published"


def test_after_a_failed_run_the_last_good_proposals_are_marked_old(running: TestClient, solver: Solver) -> None:
    """They stand, and say from which run they are and that a later one failed; the next good run ends that."""
    good = run_to_its_end(running)
    solver.fails = True
    failed = run_to_its_end(running)
    assert (failed["status"], failed["failure"], failed["certificate"]) == ("failed", "solver_hung", None)
    standing = running.get("/proposals").json()
    assert (standing["from_run"], len(standing["proposals"])) == (good["id"], 1)
    assert (standing["is_old"], standing["old_because"]) == (True, ["a_later_run_failed"])
    solver.fails = False
    better = run_to_its_end(running)
    standing = running.get("/proposals").json()
    assert (standing["from_run"], standing["is_old"]) == (better["id"], False)
    first = running.get(f"/runs/{good['id']}/proposals").json()["proposals"]
    assert [proposal["status"] for proposal in first] == ["superseded"]


def test_yesterdays_proposals_are_old(settings: Settings, running: TestClient) -> None:
    """On another day than their own the proposals say so."""
    run_to_its_end(running)
    app = create_app(settings, lambda: TODAY.replace(day=3))
    with client_of(app) as tomorrow:
        assert tomorrow.get("/proposals").json()["old_because"] == ["not_from_today"]


def test_what_may_be_asked_of_a_run(running: TestClient) -> None:
    """Pins, exclusions, budget, prices and day reach the run and are told with it."""
    asked = {
        "policy": "need-first",
        "as_of": "2026-03-03",
        "weekly_budget_pence": MOST_BUDGET_PENCE,
        "home_prices": {A_HOME["ref"]: 5},
    }
    run = run_to_its_end(running, pinned=[PAIR], **asked)
    assert run["status"] == "published", run
    assert {name: run["options"][name] for name in asked} == asked
    assert run["options"]["pinned"] == [PAIR]
    assert (run["policy_version"], run["as_of"], run["proposed"]) == ("need-first", "2026-03-03", 1)
    run = run_to_its_end(running, excluded=[PAIR])
    assert (run["proposed"], run["report"]["unplaced"]) == (0, 1)


def test_who_has_no_proposal_and_why(running: TestClient) -> None:
    """The unplaced are told with near misses in words, as a shortlist tells them."""
    read = running.get(f"/homes/{A_HOME['ref']}").json()
    send(running, "PUT", f"/homes/{A_HOME['ref']}", read | {"places": 0, "residents": []}, If_Match="*")
    run = run_to_its_end(running)
    page = running.get(f"/runs/{run['id']}/unplaced").json()
    _holds(RunUnplacedOut, page)
    (unplaced,) = page["unplaced"]
    assert (unplaced["referral"], unplaced["homes_allowed"]) == (A_REFERRAL["ref"], 0)
    assert unplaced["near_misses"][0]["home"] == A_HOME["ref"]
    assert all(finding["sentence"] for finding in unplaced["near_misses"][0]["findings"])
    assert unplaced["why"] == "no_home_meets_the_rules"
    assert unplaced["sentence"].startswith("No home meets every rule. Nearest: ")
    assert A_HOME["ref"] in unplaced["sentence"]
    rules = {each["code"] for each in unplaced["near_misses"][0]["findings"]}
    assert rules <= unplaced["out_by_rule"].keys() | unplaced["not_known_by_rule"].keys()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"policy": "no-such"}, "policy"),
        ({"as_of": "2026-03-01"}, "as_of"),
        ({"as_of": "2026-03-17"}, "as_of"),
        ({"weekly_budget_pence": -1}, "weekly_budget_pence"),
        ({"weekly_budget_pence": 1.5}, "weekly_budget_pence"),
        ({"weekly_budget_pence": MOST_BUDGET_PENCE + 1}, "weekly_budget_pence"),
        ({"home_prices": {f"NONE-{n}": 5 for n in range(MOST_PRICES)}}, "home_prices"),
        ({"pinned": [PAIR, PAIR]}, "pinned[1].children"),
        ({"pinned": [PAIR], "excluded": [PAIR]}, "excluded[0]"),
        ({"pinned": [{**PAIR, "home": "NONE"}]}, "pinned[0].home"),
        ({"pinned": [{**PAIR, "children": ["NOBODY"]}]}, "pinned[0].children"),
        ({"excluded": [{**PAIR, "children": []}]}, "excluded[0].children"),
        ({"excluded": [{**PAIR, "children": [CHILD, CHILD]}]}, "excluded[0].children"),
        ({"home_prices": {"NONE": 5}}, "home_prices"),
        ({"home_prices": {A_HOME["ref"]: -5}}, "home_prices"),
        ({"frontier": 1}, "frontier"),
        ({"solver": "x"}, "body"),
    ],
)
def test_what_cannot_be_asked_is_refused(running: TestClient, body: dict[str, Any], field: str) -> None:
    """An unknown policy, home or child, a day out of range, a wrong type: 422 naming the field; no run is begun."""
    answer = send(running, "POST", "/runs", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert running.get("/runs").json()["runs"] == []


@pytest.mark.parametrize("path", ["", "/proposals", "/unplaced", "/snapshot"])
def test_a_run_that_is_not_there(lite: TestClient, path: str) -> None:
    """404 for an id that there is not, 422 for what is no id."""
    answer = lite.get(f"/runs/{'0' * 32}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
    assert lite.get(f"/runs/latest{path}").status_code == 422
    assert lite.get(f"/proposals/{'0' * 32}").json()["code"] == "proposal_not_found"


def test_a_snapshot_that_is_not_there_yet(lite: TestClient) -> None:
    """A run that was called off before it began has nothing to export: 409."""
    lite.app.state.service.jobs.stop()  # type: ignore[attr-defined]
    address = send(lite, "POST", "/runs", {}).headers["Location"]
    lite.delete(address)
    assert lite.get(f"{address}/snapshot").json()["code"] == "run_not_at_work"


def test_pages_of_runs(running: TestClient) -> None:
    """The newest first, each once; a cursor of another list is refused."""
    numbers = [run_to_its_end(running)["number"] for _ in range(3)]
    first = running.get("/runs?limit=2").json()
    _holds(RunsOut, first)
    second = running.get(f"/runs?limit=2&cursor={first['next']}").json()
    assert [run["number"] for run in first["runs"] + second["runs"]] == numbers[::-1]
    assert second["next"] is None
    cursor = running.get("/homes?limit=1").json()["next"]
    assert running.get(f"/runs?cursor={cursor}").status_code == 422


def test_the_end_of_the_service_ends_its_run(settings: Settings, running: TestClient, solver: Solver) -> None:
    """A service that stops gives its run up cleanly, and says why."""
    solver.go.clear()
    address = send(running, "POST", "/runs", {}).headers["Location"]
    followed_until(running, address, "running")
    running.app.state.service.jobs.stop()  # type: ignore[attr-defined]
    run = running.get(address).json()
    assert (run["status"], run["failure"]) == ("failed", "service_stopped")


@pytest.mark.slow
def test_the_real_solver_behind_the_api(client: TestClient) -> None:
    """The whole way: HTTP, thread, child process, publication; with the frontier of the local target."""
    send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME)
    send(client, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL)
    run = run_to_its_end(client, frontier=True)
    assert run["status"] == "published", run
    _holds(RunOut, run)
    assert len(run["report"]["frontier"]) == 6
