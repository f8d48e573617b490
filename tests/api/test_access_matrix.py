"""Every route by every role and every ownership: exactly what the table of permissions says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from app.access.permissions import PERMISSIONS
from app.access.principal import Role
from app.api import permitting, policies, sign_in
from app.api.permitting import RouteWithoutPermission, addresses, require_permissions, require_second_wall
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import EVERY_ROLE, bearer, client_of
from tests.support.access_matrix import (
    ANOTHER_AUTHORITY,
    Objects,
    askers,
    both,
    implied,
    of_every_kind,
    table,
    tried,
)
from tests.support.access_world import PERSON
from tests.support.postgres import Postgres

Matrix = tuple[str, FastAPI, Objects]
"""On which database, the service, and what is there."""

LEAST_CELLS = 800

LEAST_COMPARED = 35

ALL_OR_NOTHING = ("nobody", "every role person", "every role system", "another authority")
"""Callers for whom it is tried here whose the object is; the campaign tries all of them."""


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """The service under test."""
    return create_app(settings_for(f"sqlite:///{tmp_path / 'matrix.db'}"), lambda: TODAY)


@pytest.fixture
def ours(app: FastAPI) -> Iterator[TestClient]:
    """A client that carries nothing by itself."""
    with client_of(app, {}) as client:
        yield client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def matrix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """Two authorities with one of everything in each, on one database. Whatever is asked of them, nothing stays."""
    if request.param == "sqlite":
        yield from _open(request.param, f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'matrix.db'}")
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield from _open(request.param, server.url(name))
    server.drop(name)


def _open(kind: str, url: str) -> Iterator[Matrix]:
    app, objects = both(settings_for(url))
    yield kind, app, objects
    app.state.service.database.close()


def test_the_whole_matrix(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    """T-22: each cell is refused with the status that the table implies, or done; none is left out.

    Every route by every role; of others' objects and missing ones by those who may do all or nothing. Each request
    is one that is done where the caller may: with a right body, for the version that is there.
    """
    kind, app, objects = matrix
    callers = askers(short=True)
    if kind == "postgresql":  # which role may do what was tried; whose an object is depends on the database
        callers = [caller for caller in callers if caller.name in ALL_OR_NOTHING]
    with client_of(app, {}) as client:
        cells = tried(app, client, objects, callers, [caller for caller in callers if caller.name in ALL_OR_NOTHING])
    with capsys.disabled():
        print(f"\naccess matrix: {cells.done} cells, {dict(cells.counts)}")  # noqa: T201 - the count is the proof
    assert cells.wrong == []
    assert cells.done == implied(app, len(callers), len(ALL_OR_NOTHING))
    assert cells.done >= (LEAST_CELLS if len(callers) > len(ALL_OR_NOTHING) else LEAST_CELLS // 2)
    assert all(cells.counts[each] > 50 for each in ("401", "403", "404", "let in"))


def test_anothers_object_is_like_none(matrix: Matrix) -> None:
    """What another authority holds is answered exactly as what nobody holds, and a stranger learns nothing at all."""
    _, app, objects = matrix
    compared = 0
    with client_of(app, bearer(subject=PERSON)) as client:
        for address, of_another, of_nobody in of_every_kind(client, objects, app):
            assert of_another.status_code == of_nobody.status_code >= 400, address
            assert _without_number(of_another) == _without_number(of_nobody), address
            compared += 1
        assert compared >= LEAST_COMPARED
        client.headers.update(bearer(authority=ANOTHER_AUTHORITY))
        for method, template in addresses(app.routes):
            if "{" in template and not template.startswith("/docs"):
                asked = [objects.asked(method, template, whose) for whose in ("own", "other", "missing")]
                answers = [client.request(method, a.path, content=a.body, headers=a.headers) for a in asked]
                (told,) = {str(_without_number(answer)) for answer in answers}
                assert "another_authority" in told


def _without_number(answer: object) -> tuple[object, ...]:
    """An answer without what is new in each: its number."""
    problem = answer.json()  # type: ignore[attr-defined]
    number = problem.pop("correlation_id")
    headers = {name: value for name, value in answer.headers.items() if value != number}  # type: ignore[attr-defined]
    return problem, headers, len(number)


def test_every_route_has_a_row(app: FastAPI) -> None:
    """The table and the routes fit: no route without a row, and no row that no route has any more."""
    require_permissions(app.routes, PERMISSIONS)
    there_are = {*addresses(app.routes), *addresses(sign_in.browser.routes)}
    assert there_are == set(table())
    assert set(table()) == set(PERMISSIONS)


def test_a_route_without_a_row_stops_the_start() -> None:
    """Whoever adds a route and says nothing of who may use it cannot start the service."""
    router = APIRouter()
    router.add_api_route("/secrets/{id}", lambda: None, methods=["GET"])
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.router.routes += router.routes
    with pytest.raises(RouteWithoutPermission, match=r"GET /secrets/\{id\}"):
        require_permissions(app.routes, PERMISSIONS)
    app.mount("/files", APIRouter())
    with pytest.raises(RouteWithoutPermission, match="no plain address"):
        require_permissions(app.routes, PERMISSIONS)


def test_a_route_behind_one_wall_stops_the_start(app: FastAPI) -> None:
    """Whoever makes a router and does not give it the second wall cannot start the service either."""
    require_second_wall(app.routes)
    router = APIRouter()
    router.add_api_route("/me", lambda: None, methods=["GET"])
    for routes in (router.routes, [*app.routes, *router.routes], [APIRouter()]):
        with pytest.raises(RouteWithoutPermission, match="SECOND_WALL"):
            require_second_wall(routes)  # type: ignore[arg-type]


def test_the_service_does_not_start_with_such_a_route(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the service itself that looks, not only this test."""
    router = APIRouter()
    router.add_api_route("/secrets", lambda: None, methods=["GET"])
    monkeypatch.setattr(policies, "router", router)
    with pytest.raises(RouteWithoutPermission, match="GET /secrets"):
        create_app(settings_for(sqlite_url), lambda: TODAY)


def test_the_second_wall(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A route that the first wall took for another one answers nothing: both must agree on what is reached."""
    home = PERMISSIONS["GET", "/homes"]
    monkeypatch.setattr(permitting.Permitting, "_permission", lambda *_: replace(home, roles=frozenset(Role)))
    with client_of(app, raise_server_exceptions=False) as client:
        assert client.get("/homes").status_code == 200
        for path in ("/referrals", "/me", "/homes/H", "/runs"):
            assert client.get(path).status_code == 500, path


def test_nobody_slips_past_the_first_wall(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first wall finds no row, what is reached all the same is refused by the second."""
    monkeypatch.setattr(permitting.Permitting, "_permission", lambda *_: None)
    with client_of(app, raise_server_exceptions=False) as client:
        assert [client.get(path).status_code for path in ("/homes", "/referrals", "/health/live")] == [500] * 3


def test_roles_add_up(app: FastAPI, ours: TestClient) -> None:
    """Two roles may do what either may; none takes anything away."""
    for roles, homes, referrals in (
        ([Role.COMMISSIONER], 200, 403),
        ([Role.OFFICER], 200, 200),
        ([Role.ADMIN], 403, 403),
        ([Role.ADMIN, Role.OFFICER], 200, 200),
        (EVERY_ROLE, 200, 200),
    ):
        headers = bearer(roles)
        assert ours.get("/homes", headers=headers).status_code == homes
        assert ours.get("/referrals", headers=headers).status_code == referrals


@pytest.mark.parametrize("path", ["/referrals/{ref}", "/homes/{ref}", "/caseload/{ref}"])
def test_what_is_not_theirs_to_set_is_refused(app: FastAPI, ours: TestClient, path: str) -> None:
    """No body takes a field that the service alone decides, and nothing of such a body is stored."""
    schemas = app.openapi()["components"]["schemas"]
    operation = app.openapi()["paths"][path]["put"]
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    (body,) = schemas[name]["examples"]
    for field in ("status", "authority", "la_id", "score", "approved_by", "version", "accepted_by", "shown_at"):
        answer = ours.put(path.replace("{ref}", body["ref"]), json=body | {field: 1}, headers=bearer())
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), field
    assert ours.get(path.replace("{ref}", body["ref"]), headers=bearer()).status_code == 404


def test_the_service_does_not_start_with_a_route_behind_one_wall(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row in the table is not enough, and again it is the service that looks."""
    router = APIRouter()
    router.add_api_route("/policies", lambda: None, methods=["GET"])
    monkeypatch.setattr(policies, "router", router)
    with pytest.raises(RouteWithoutPermission, match="SECOND_WALL"):
        create_app(settings_for(sqlite_url), lambda: TODAY)
