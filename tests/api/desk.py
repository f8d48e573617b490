"""What an officer and the case management system do over HTTP, as several files of tests need it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.access.principal import Kind, Role
from app.api.placement_models import SeenPlacementOut
from app.api.shortlist_models import ShortlistOut
from app.documents.examples import A_HOME, A_REFERRAL
from app.jobs.threads import ThreadedJobs
from app.main import create_app
from app.settings import Settings
from tests.api.service import TODAY, send
from tests.support.access import bearer, client_of
from tests.support.nights import solved_here

R1, H1 = A_REFERRAL["ref"], A_HOME["ref"]
CHILD = A_REFERRAL["children"][0]["ref"]
OTHER_HOME = {
    **A_HOME,
    "ref": "EXAMPLE-H2",
    "location": "NG1 5DT",
    "residents": [],
    "weekly_fee_pence": {"Core": 99_000},
}
FAR_HOME = {**OTHER_HOME, "ref": "EXAMPLE-H3", "location": "DE1 2QY"}

OFFICER = bearer([Role.OFFICER], subject="officer-1")
COLLEAGUE = bearer([Role.OFFICER], subject="officer-2")
APPROVER = bearer([Role.APPROVER], subject="approver-1")
DIRECTOR = bearer([Role.DIRECTOR], subject="director-1")
CASE_SYSTEM = bearer([Role.CASE_SYSTEM], kind=Kind.SYSTEM, subject="case-system")
REASON = {"code": "school", "text": "The child can walk to school from there."}


SEARCHED_BEFORE = {**A_REFERRAL, "waiting_since": "2026-02-20"}
"""The referral with a search that began days before; sent as it is elsewhere, it is a new one."""

TOLD_NEXT_DAY = {"moved_in_on": "2026-03-01", "why_before": "Moved in by night, with the duty team."}
"""The day of a move that was told on the next: a search of today is then another."""


@contextmanager
def opened(settings: Settings) -> Iterator[TestClient]:
    """Runs are solved in this process."""
    app = create_app(settings, lambda: TODAY)
    service = app.state.service
    duties = service.jobs._duties
    place = replace(duties.place, rematch=solved_here, solver=nullcontext)
    app.state.service = replace(service, jobs=ThreadedJobs(replace(duties, place=place)))
    with client_of(app, OFFICER, raise_server_exceptions=True) as client:
        for home in (A_HOME, OTHER_HOME):
            assert send(client, "PUT", f"/homes/{home['ref']}", home, **CASE_SYSTEM).status_code == 201
        assert send(client, "PUT", f"/referrals/{R1}", A_REFERRAL).status_code == 201
        yield client


def posted(client: TestClient, path: str, body: Any = None, who: dict[str, str] = OFFICER, **headers: str) -> Any:
    """A decision with a key of its own; `If_Match` where a version is changed."""
    named = {"Idempotency_Key": uuid4().hex, **headers}
    if body is None:
        plain = {name.replace("_", "-"): value for name, value in named.items()}
        return client.post(path, headers=plain | who)
    return send(client, "POST", path, body, **named, **who)


def store_anew(client: TestClient, kind: str, document: dict[str, Any]) -> None:
    """Store a home (as the case system) or a referral, whether it is there or not: `kind` is the address."""
    path = f"/{kind}/{document['ref']}"
    who = CASE_SYSTEM if kind == "homes" else {}
    is_there = client.get(path).status_code == 200
    answer = send(client, "PUT", path, document, **({"If_Match": "*"} if is_there else {}), **who)
    assert answer.status_code in (200, 201), answer.text


def shortlist_of(client: TestClient, who: dict[str, str] = OFFICER) -> dict[str, Any]:
    """What the officer is shown for the child, of the documented form."""
    found: dict[str, Any] = client.get(f"/referrals/{R1}/shortlist", headers=who).json()
    TypeAdapter(ShortlistOut).validate_python(found)
    return found


def hold_first(client: TestClient, home: str | None = None, **more: Any) -> Any:
    """Hold the first home of the shortlist, or a named one."""
    shown = shortlist_of(client)
    body = {"referral": R1, "home": home or shown["options"][0]["home"], "seen": shown["seen"], **more}
    return posted(client, "/holds", body)


def take_step(client: TestClient, held: Any, step: str, body: Any = None, who: dict[str, str] = OFFICER) -> Any:
    """The next step of a placement, for the version that is there."""
    return posted(client, f"/placements/{held['id']}/{step}", body, who, If_Match=f'"v{held["version"]}"')


def placement_of(client: TestClient, held: Any, who: dict[str, str] = OFFICER) -> dict[str, Any]:
    """A placement as it is shown, of the documented form and with its version."""
    answer = client.get(f"/placements/{held['id']}", headers=who)
    found: dict[str, Any] = answer.json()
    TypeAdapter(SeenPlacementOut).validate_python(found)
    assert answer.headers["ETag"] == f'"v{found["version"]}"'
    return found


def followed_until(client: TestClient, address: str, *statuses: str) -> dict[str, Any]:
    """A run, followed until it has one of these statuses."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        run: dict[str, Any] = client.get(address).json()
        if run["status"] in statuses:
            return run
        time.sleep(0.02)
    raise AssertionError(f"the run did not come to {statuses}: {run['status']}, {run['failure']}")


def run_to_its_end(client: TestClient, **options: Any) -> dict[str, Any]:
    """A run that is asked for and followed to its end."""
    answer = send(client, "POST", "/runs", options)
    assert answer.status_code == 202, answer.text
    return followed_until(client, answer.headers["Location"], "published", "failed", "cancelled")
