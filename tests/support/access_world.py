"""An authority in which there is one of everything that an address can name, made over HTTP as it is in real life."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL
from app.documents.placed_models import A_PLACED_CHILD
from app.jobs.threads import ThreadedJobs
from app.main import create_app
from app.settings import Settings
from app.store import runs
from app.store.run_records import RunKind, RunOptions, Wanted
from tests.api.desk import run_to_its_end
from tests.api.service import TODAY
from tests.support.access import bearer, client_of
from tests.support.nights import solved_here

PERSON, MAKER = "matrix-person", "matrix-maker"
"""Who asks in the matrix, whatever their roles; and the colleague who made what is there."""

JSON = {"Content-Type": "application/json"}
HOOK = {"url": "https://cases.example.org/in", "topics": ["placement.held"], "secret": "cases"}
BECAUSE = {"code": "school", "text": "The child can walk to school from there."}
REFERRALS = ("WAITS", "SPARE", "HELD", "SENT", "ACCEPTED", "PLACED", "FAR", "RULE")

HERE = {**A_HOME, "residents": []}
HOMES: dict[str, dict[str, Any]] = {
    "NEAR": HERE,
    "HELD": HERE,
    "SENT": HERE,
    "ACCEPTED": HERE,
    "PLACED": HERE,
    "FAR": {**HERE, "location": "NG9 2AB"},
    "RULE": {**HERE, "available_from": "2026-05-01"},
}
"""By the placement that takes each; nobody takes the first."""

Thing = dict[str, Any]


@dataclass
class World:
    """One authority's own: `things` by name, each with its `id` and what an answer says of it."""

    app: FastAPI
    whose: str
    things: dict[str, Thing] = field(default_factory=dict)

    def ref(self, name: str) -> str:
        """A reference that nobody else uses."""
        return f"M-{name}-{self.whose}"


def made(settings: Settings, authority: str, whose: str) -> World:
    """A service of this authority with one of everything in it. Its jobs rest afterwards."""
    keys = {"webhook_hosts": ("cases.example.org",), "webhook_keys": {"cases": SecretStr("k" * 40)}}
    settings = settings.model_copy(update={**keys, "authority": authority})
    world = World(create_app(settings, lambda: TODAY), whose)
    app, service = world.app, world.app.state.service
    duties = service.jobs._duties
    place = replace(duties.place, rematch=solved_here, solver=nullcontext)
    app.state.service = replace(service, jobs=ThreadedJobs(replace(duties, place=place, send=None)))
    with client_of(app, bearer(subject=MAKER, authority=authority), raise_server_exceptions=True) as client:
        _fill(world, client)
        client.headers.update(bearer(subject=PERSON, authority=authority))
        _look(world, client)
    world.app = create_app(settings, lambda: TODAY)
    world.app.state.service = replace(world.app.state.service, jobs=_Resting())
    return world


class _Resting:
    """Jobs that do nothing, so that what is there stays as it is."""

    def start(self) -> None:
        """Nothing."""

    def wake(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""

    def is_well(self) -> bool:
        """There is nothing that could be ill."""
        return True


def _fill(world: World, client: TestClient) -> None:
    things = world.things
    for name, home in HOMES.items():
        things[name] = {"id": world.ref(f"H-{name}")}
        sent(client, "PUT", f"/homes/{world.ref(f'H-{name}')}", home | {"ref": world.ref(f"H-{name}")})
    for name in REFERRALS:
        child = A_CHILD | {"ref": world.ref(f"C-{name}")}
        things[f"R-{name}"] = {"id": world.ref(name), "child": child["ref"]}
        sent(client, "PUT", f"/referrals/{world.ref(name)}", A_REFERRAL | {"ref": world.ref(name), "children": [child]})
    things["hook"] = {"id": world.ref("hook")}
    sent(client, "PUT", f"/webhooks/{world.ref('hook')}", HOOK)
    things["cared for"], things["erased"] = {"id": world.ref("C-cared-for")}, {"id": world.ref("C-WAITS")}
    sent(client, "PUT", f"/caseload/{things['cared for']['id']}", cared_for(world))
    _place(world, client)
    asked = sent(client, "POST", "/homes/import", {"homes": [HERE | {"ref": world.ref("BROUGHT")}]}, Prefer=ASYNC)
    run = run_to_its_end(client)
    (proposal, *_) = client.get(f"/runs/{run['id']}/proposals").json()["proposals"]
    message = client.get("/messages").json()["messages"][0]
    things |= {"import": asked, "run": run, "proposal": proposal, "message": message}
    things["cancelled run"] = {"id": _cancelled(world)}


ASYNC = "respond-async"


def cared_for(world: World) -> dict[str, Any]:
    """A child of the caseload."""
    return A_PLACED_CHILD | {"ref": world.things["cared for"]["id"]}


def _place(world: World, client: TestClient) -> None:
    """A placement in each state from which there is a step."""
    for name in ("HELD", "SENT", "ACCEPTED", "PLACED", "FAR"):
        world.things[name] = _held(world, client, name)
    world.things["RULE"] = _held(world, client, "RULE", override=["available_by"])
    for name, *steps in (("SENT", "send"), ("ACCEPTED", "accept"), ("PLACED", "accept", "place")):
        for step in steps:
            body = {"moved_in_on": str(TODAY)} if step == "place" else {}
            version = {"If_Match": f'"v{world.things[name]["version"]}"'}
            world.things[name] = sent(client, "POST", f"/placements/{world.things[name]['id']}/{step}", body, **version)


def _held(world: World, client: TestClient, name: str, **more: Any) -> Thing:
    shown = client.get(f"/referrals/{world.ref(name)}/shortlist?k=50").json()
    body = {
        "referral": world.ref(name),
        "home": world.things[name]["id"],
        "seen": shown["seen"],
        "reason": BECAUSE,
        **more,
    }
    return sent(client, "POST", "/holds", body)


def _cancelled(world: World) -> str:
    service = world.app.state.service
    wanted = Wanted(RunKind.MANUAL, TODAY, TODAY, RunOptions())
    asked = service.database.transact(lambda writing: runs.request(writing, service.authority, wanted))
    cancelled = service.database.transact(lambda writing: runs.cancel(writing, service.authority, asked.id))
    return str(cancelled.id)


def _look(world: World, client: TestClient) -> None:
    """The one who asks has seen everything that they could decide on."""
    things = world.things
    for name in ("HELD", "SENT", "ACCEPTED", "FAR", "RULE"):
        things[name] |= client.get(f"/placements/{things[name]['id']}").json()
    things["proposal"] |= client.get(f"/proposals/{things['proposal']['id']}").json()
    things["R-WAITS"] |= client.get(f"/referrals/{world.ref('WAITS')}/shortlist?k=50").json()


def sent(client: TestClient, method: str, path: str, body: Mapping[str, Any], **headers: str) -> Thing:
    """Send it, which must work."""
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Idempotency-Key": uuid4().hex}
    answer = client.request(method, path, content=json.dumps(body), headers=JSON | named)
    assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    found: Thing = answer.json()
    return found
