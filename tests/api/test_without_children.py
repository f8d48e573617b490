"""Who may not read a child's record meets none by another way, and cannot wipe out what they were not shown."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.access.permissions import PERMISSIONS, TELLS_OF_NOBODY, sees_children
from app.access.principal import Kind, Principal, Role
from app.documents.examples import A_HOME, A_RESIDENT
from app.settings import Settings
from tests.api.service import send
from tests.api.test_looks import CHILDREN, LIVES, World, _told, _world, readings
from tests.support.access import AUTHORITY, bearer

CASE_SYSTEM = bearer([Role.CASE_SYSTEM], kind=Kind.SYSTEM, subject="cases")
COMMISSIONER = bearer([Role.COMMISSIONER], subject="commissioner-1")
HOME = A_HOME["ref"]
LIVING = A_RESIDENT | {"ref": LIVES, "date_of_birth": "2012-12-21"}
OF_CHILDREN = {"named_children": ["KANARI-WAITS"], "exempt_children": ["KANARI-HELD"]}
WHOLE: dict[str, Any] = A_HOME | {"residents": [LIVING], "terms": A_HOME["terms"] | OF_CHILDREN}


def _only(role: Role) -> Principal:
    return Principal("x", Kind.PERSON, AUTHORITY, frozenset({role}))


def _sees(role: Role) -> bool:
    return sees_children(_only(role))


BLIND = [role for role in Role if not _sees(role)]


def test_who_they_are() -> None:
    """Commissioners and administrators; two roles together see what either does."""
    assert set(BLIND) == {Role.COMMISSIONER, Role.ADMIN}
    assert sees_children(Principal("x", Kind.PERSON, AUTHORITY, frozenset({Role.COMMISSIONER, Role.OFFICER})))


def test_no_reading_tells_them_of_a_child(settings: Settings) -> None:
    """Every address that lets them in, whichever there are: no reference and no date of birth of anybody."""
    with _world(settings) as world:
        _named_in_terms(world)
        for role in BLIND:
            told = {path for path in _open_to(role, world) if _told(_get(world, path, role))}
            assert told == set(), role
            assert "/runs/{id}" in set(_open_to(role, world))
        assert "/homes/{ref}" in set(_open_to(Role.COMMISSIONER, world))
        assert _told(_get(world, "/homes/{ref}", Role.OFFICER)) & CHILDREN
        assert _told(_get(world, "/runs/{id}", Role.OFFICER)) & CHILDREN


def _open_to(role: Role, world: World) -> list[str]:
    paths = (path for path in readings(world.app) if ("GET", path) in PERMISSIONS)
    open_to = [path for path in paths if role in PERMISSIONS["GET", path].roles]
    assert set(open_to) - TELLS_OF_NOBODY <= {"/homes", "/homes/{ref}", "/runs/{id}"}
    return open_to


def _get(world: World, template: str, role: Role) -> str:
    answer = world.client.get(world.path(template), headers=bearer([role], subject=f"blind-{role}"))
    assert answer.status_code == 200, (template, answer.text)
    text: str = answer.text
    return text


def _named_in_terms(world: World) -> None:
    changed = send(world.client, "PUT", f"/homes/{HOME}", WHOLE, If_Match="*", **CASE_SYSTEM)
    assert changed.status_code == 200, changed.text


def test_what_a_commissioner_reads_and_stores_again_keeps_who_lives_there(client: TestClient) -> None:
    """Read, changed and sent back as it was read: the children on record stay, and everything else is as sent."""
    assert send(client, "PUT", f"/homes/{HOME}", WHOLE, **CASE_SYSTEM).status_code == 201
    read = client.get(f"/homes/{HOME}", headers=COMMISSIONER)
    assert set(read.json()) == set(client.get(f"/homes/{HOME}", headers=CASE_SYSTEM).json()) - {"residents"}
    sent = read.json() | {"name": "Another name", "places": 5}
    stored = send(client, "PUT", f"/homes/{HOME}", sent, If_Match=read.headers["ETag"], **COMMISSIONER)
    assert (stored.status_code, stored.json()["version"]) == (200, 2), stored.text
    now = client.get(f"/homes/{HOME}", headers=CASE_SYSTEM).json()
    assert [one["ref"] for one in now["residents"]] == [LIVES]
    assert now["residents"][0]["risks"] == LIVING["risks"]
    assert {name: now["terms"][name] for name in OF_CHILDREN} == OF_CHILDREN
    assert (now["name"], now["places"]) == ("Another name", 5)
    listed = client.get("/homes", headers=COMMISSIONER).json()["homes"][0]["home"]
    assert listed == client.get(f"/homes/{HOME}", headers=COMMISSIONER).json()


@pytest.mark.parametrize("said", ["residents", "named_children", "exempt_children"])
def test_a_commissioner_cannot_say_who_lives_there(lite: TestClient, said: str) -> None:
    """Not even that nobody does: it is refused by name, and nothing is stored."""
    assert send(lite, "PUT", f"/homes/{HOME}", WHOLE, **CASE_SYSTEM).status_code == 201
    sent = lite.get(f"/homes/{HOME}", headers=COMMISSIONER).json()
    of_terms = sent["terms"] | ({said: []} if said != "residents" else {})
    body = sent | {"terms": of_terms} | ({"residents": []} if said == "residents" else {})
    refused = send(lite, "PUT", f"/homes/{HOME}", body, If_Match='"v1"', **COMMISSIONER)
    field = said if said == "residents" else f"terms.{said}"
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert lite.get(f"/homes/{HOME}", headers=CASE_SYSTEM).headers["ETag"] == '"v1"'


def test_a_new_home_and_a_whole_inventory(lite: TestClient) -> None:
    """A commissioner makes a home; an inventory says who lives where, so the calling system alone brings one."""
    new = {name: value for name, value in A_HOME.items() if name != "residents"}
    assert send(lite, "PUT", f"/homes/{HOME}", new, **COMMISSIONER).status_code == 201
    assert lite.get(f"/homes/{HOME}", headers=CASE_SYSTEM).json()["residents"] == []
    assert send(lite, "POST", "/homes/import", {"homes": [A_HOME]}, **COMMISSIONER).status_code == 403


def test_what_a_commissioner_is_not_shown_it_cannot_take_away(client: TestClient) -> None:
    """A home with somebody on record, in whichever of its lists, stays: nobody would live there once it is new."""
    plain = WHOLE | {"residents": [], "terms": A_HOME["terms"]}
    assert send(client, "PUT", f"/homes/{HOME}", plain, **CASE_SYSTEM).status_code == 201
    named = [{"terms": A_HOME["terms"] | {name: refs}} for name, refs in OF_CHILDREN.items()]
    for said in ({"residents": [LIVING]}, *named):
        stored = send(client, "PUT", f"/homes/{HOME}", plain | said, If_Match="*", **CASE_SYSTEM)
        assert stored.status_code == 200, stored.text
        read = client.get(f"/homes/{HOME}", headers=COMMISSIONER)
        refused = send(client, "DELETE", f"/homes/{HOME}", None, If_Match=read.headers["ETag"], **COMMISSIONER)
        assert (refused.status_code, refused.json()["code"]) == (409, "children_on_record"), said
        assert "case management system" in refused.json()["detail"]
        assert LIVES not in refused.text
    assert send(client, "PUT", f"/homes/{HOME}", plain, If_Match="*", **CASE_SYSTEM).status_code == 200
    gone = send(client, "DELETE", f"/homes/{HOME}", None, If_Match="*", **COMMISSIONER)
    assert gone.status_code == 204, gone.text


def test_where_those_who_see_no_child_may_write_homes() -> None:
    """At two addresses alone, and both keep who is on record; an inventory is not theirs to bring."""
    writing = {(method, path) for (method, path) in PERMISSIONS if method != "GET" and path.startswith("/homes")}
    theirs = {at for at in writing if set(BLIND) & PERMISSIONS[at].roles}
    assert theirs == {("PUT", "/homes/{ref}"), ("DELETE", "/homes/{ref}")}
    assert not {role for role in BLIND if PERMISSIONS["POST", "/homes/import"].allows(_only(role))}
