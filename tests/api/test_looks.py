"""Nobody looks at a child's record unseen: a law over every address of the service that reads.

The addresses are those that the service has, whoever added them. One that is not named in `TELLS_OF_NOBODY` must
leave an entry that names every child of whom it tells; one that is named there must tell of nobody.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr
from starlette.requests import Request
from starlette.testclient import TestClient

from app import main
from app.access.permissions import PERMISSIONS, TELLS_OF_NOBODY
from app.api import permitting, policies, sign_in
from app.api.permitting import SECOND_WALL, addresses
from app.api.service import service_of
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL, A_RESIDENT
from app.jobs.threads import ThreadedJobs
from app.main import create_app
from app.settings import Settings
from app.store import audit_reading
from app.store.prepared import Wanted
from tests.api.desk import run_to_its_end
from tests.api.service import TODAY, send, settings_for
from tests.support.access import AUTHORITY, bearer, client_of
from tests.support.nights import solved_here

WAITS, NOWHERE, HELD, LIVES, PLACED = (f"KANARI-{word}" for word in ("WAITS", "NOWHERE", "HELD", "LIVES", "PLACED"))
CHILDREN = frozenset({WAITS, NOWHERE, HELD, LIVES, PLACED})
BORN = "2012-12-21"
"""A day that stands in no record but these children's."""

READER = bearer(subject="reader-1")


@dataclass
class World:
    """A service in which something is to be seen everywhere, and what stands for the names in its paths."""

    app: FastAPI
    client: TestClient
    named: dict[str, str] = field(default_factory=dict)

    def path(self, template: str) -> str:
        """The address of something that is there. A new kind of thing needs a line in `_world`."""
        kind = template.split("/")[1]
        for name in ("ref", "home", "id", "version", "name"):
            if "{" + name + "}" in template:
                known = self.named.get(f"{kind}.{name}") or self.named.get(name)
                assert known, f"{template}: nothing of this kind is in this world, so nobody knows what it tells"
                template = template.replace("{" + name + "}", known)
        return template

    def entries(self) -> list[tuple[str, frozenset[str]]]:
        """The looks of the reader, the newest first: what was done, and whose record it was."""
        with self.app.state.service.database.reading() as reading:
            found = audit_reading.page(reading, AUTHORITY, None, 500, child=None, actor="reader-1")
        return [(entry.action, frozenset(entry.subjects)) for entry in found]


def _child(ref: str) -> dict[str, Any]:
    return A_CHILD | {"ref": ref, "date_of_birth": BORN}


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """Homes, referrals, a caseload, a run that names a child, proposals, a hold, an import, a message."""
    with _world(settings) as made:
        yield made


class _world:  # noqa: N801 - a context like any other
    def __init__(self, settings: Settings) -> None:
        keys = {"webhook_hosts": ("cases.example.org",), "webhook_keys": {"cases": SecretStr("k" * 40)}}
        self.app = create_app(settings.model_copy(update=keys), lambda: TODAY)
        service = self.app.state.service
        duties = service.jobs._duties
        place = replace(duties.place, rematch=solved_here, solver=nullcontext)
        self.app.state.service = replace(service, jobs=ThreadedJobs(replace(duties, place=place)))
        self.client = client_of(self.app, bearer(subject="maker"), raise_server_exceptions=True)

    def __enter__(self) -> World:
        client = self.client.__enter__()
        world = World(self.app, client)
        home, other = A_HOME["ref"], "EXAMPLE-H2"
        lives = A_RESIDENT | {"ref": LIVES, "date_of_birth": BORN}
        _sent(client, "PUT", f"/homes/{home}", A_HOME | {"residents": [lives]})
        _sent(client, "PUT", f"/homes/{other}", A_HOME | {"ref": other, "residents": [], "location": "NG1 5DT"})
        for ref, child in (("R-WAITS", WAITS), ("R-NOWHERE", NOWHERE), ("R-HELD", HELD)):
            _sent(client, "PUT", f"/referrals/{ref}", A_REFERRAL | {"ref": ref, "children": [_child(child)]})
        _sent(client, "PUT", f"/caseload/{PLACED}", {"ref": PLACED, "home": home})
        hook = {"url": "https://cases.example.org/in", "topics": ["placement.held"], "secret": "cases"}
        _sent(client, "PUT", "/webhooks/cases", hook)
        shown = client.get("/referrals/R-HELD/shortlist").json()
        pick = shown["options"][0]["home"]
        held = _sent(
            client,
            "POST",
            "/holds",
            {"referral": "R-HELD", "home": pick, "seen": shown["seen"]},
            Idempotency_Key=uuid4().hex,
        )
        run = run_to_its_end(client, excluded=[{"children": [NOWHERE], "home": each} for each in (home, other)])
        proposed = client.get(f"/runs/{run['id']}/proposals").json()["proposals"]
        assert proposed
        brought = _sent(client, "POST", "/homes/import", {"homes": [A_HOME | {"ref": "H-3"}]}, Prefer="respond-async")
        message = client.get("/messages").json()["messages"][0]
        world.named = {
            "homes.ref": home,
            "home": home,
            "referrals.ref": "R-WAITS",
            "caseload.ref": PLACED,
            "children.ref": WAITS,
            "runs.id": run["id"],
            "proposals.id": proposed[0]["id"],
            "placements.id": held["id"],
            "imports.id": brought["id"],
            "messages.id": message["id"],
            "webhooks.id": "cases",
            "policies.version": "nottingham-2023",
            "docs.name": "swagger-ui.css",
        }
        return world

    def __exit__(self, *error: object) -> None:
        self.client.__exit__(*error)


def _sent(client: TestClient, method: str, path: str, body: Any, **headers: str) -> dict[str, Any]:
    answer = send(client, method, path, body, **headers)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _told(text: str) -> frozenset[str]:
    """Of whom an answer tells: by reference, or by what stands in no other record."""
    return frozenset(word for word in CHILDREN | {BORN} if word in text)


def readings(app: FastAPI) -> list[str]:
    """Every address that answers to GET, those for browsers too."""
    found = {*addresses(app.routes), *addresses(sign_in.browser.routes)}
    return sorted(path for method, path in found if method == "GET")


def unrecorded(world: World, marked: frozenset[str] = TELLS_OF_NOBODY) -> dict[str, str]:
    """Addresses whose reading leaves no entry though it should, or that tell of somebody though they should not."""
    served = {path for method, path in addresses(world.app.routes) if method == "GET"}
    found = {path: _wrong(world, path, is_marked=path in marked) for path in readings(world.app) if path in served}
    return {path: wrong for path, wrong in found.items() if wrong}


def _wrong(world: World, template: str, *, is_marked: bool) -> str:
    before = len(world.entries())
    answer = world.client.get(world.path(template), headers=READER)
    told, entries = _told(answer.text), world.entries()
    if is_marked:
        return f"is marked as telling of nobody and tells {sorted(told)}" if told else ""
    if answer.status_code != 200:
        return f"answered {answer.status_code}, so nobody knows what it tells"
    if len(entries) != before + 1:
        return f"left {len(entries) - before} entries"
    if missing := (told & CHILDREN) - entries[0][1]:
        return f"told of {sorted(missing)}, whom its entry does not name"
    if "ETag" in answer.headers and not _same_again(world, template, answer.headers):
        return "left no entry where nothing had changed"
    return ""


def _same_again(world: World, template: str, headers: Mapping[str, str]) -> bool:
    before = len(world.entries())
    asked = {**READER, "If-None-Match": headers["ETag"]}
    world.client.get(world.path(template), headers=asked)
    return len(world.entries()) == before + 1


def test_every_reading_is_recorded_or_tells_of_nobody(world: World) -> None:
    """On both databases, whatever routes there are. Nearly all that are not marked told of one of these children."""
    assert unrecorded(world) == {}
    others = [path for path in readings(world.app) if path not in TELLS_OF_NOBODY]
    told = {path for path in others if _told(world.client.get(world.path(path), headers=READER).text)}
    assert set(others) - told == {"/placements/{id}/history", "/children/{ref}/personal-data"}, "by a number"


def test_a_reading_that_stops_recording_is_found(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the seam to the trail each address that is not marked is red, whichever module it is in."""
    with _world(settings_for(sqlite_url)) as world:
        for name, module in list(sys.modules.items()):
            if name.startswith("app.api.") and hasattr(module, "saw"):
                monkeypatch.setattr(module, "saw", lambda *_args, **_more: None)
            if name.startswith("app.api.") and hasattr(module, "look"):
                monkeypatch.setattr(module, "look", _read_alone)
        others = {path for path in readings(world.app) if path not in TELLS_OF_NOBODY}
        assert others == set(unrecorded(world))


def _read_alone(request: Request, _action: str, _kind: str, _ref: str, wanted: Wanted[Any], *_: Any) -> Any:
    with service_of(request).database.asking() as reading:
        return wanted.read(reading)


def test_a_new_reading_is_red_until_somebody_says_what_it_tells(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A route that is neither marked nor recording; and one that is marked and tells of a child all the same."""
    with_news = APIRouter(dependencies=SECOND_WALL)
    with_news.routes += policies.router.routes
    with_news.add_api_route("/news", lambda: {"about": WAITS}, methods=["GET"])
    rows = {**PERMISSIONS, ("GET", "/news"): replace(PERMISSIONS["GET", "/policies"], path="/news")}
    monkeypatch.setattr(policies, "router", with_news)
    monkeypatch.setattr(permitting, "PERMISSIONS", rows)
    monkeypatch.setattr(main, "PERMISSIONS", rows)
    with _world(settings_for(sqlite_url)) as world:
        assert unrecorded(world) == {"/news": "left 0 entries"}
        assert set(unrecorded(world, TELLS_OF_NOBODY | {"/news"})) == {"/news"}


def test_what_is_marked_is_there() -> None:
    """No mark outlives its address, and what needs no token tells of nobody."""
    assert {("GET", path) for path in TELLS_OF_NOBODY} <= set(PERMISSIONS)
    assert {p.path for p in PERMISSIONS.values() if p.is_open} <= TELLS_OF_NOBODY
