"""The table of who may do what is read strictly, and says what it must."""

import pytest

from app.access.permissions import PERMISSIONS, Budget, read_tables
from app.access.principal import Kind, Principal, Role

HEAD = "method path case_system officer approver director commissioner auditor admin budget kind\n"
NO_RECORDS = frozenset({Role.COMMISSIONER, Role.ADMIN})
"""Roles that see no child's record."""

OF_CHILDREN = ("/referrals", "/caseload", "/match", "/proposals", "/placements", "/holds")


@pytest.mark.parametrize(
    "row",
    [
        "GET /x yes . . . . . . read",
        "GET /x yes . . . . . . read any more",
        "GET /x yes no . . . . . read any",
        "GET /x . . . . . . . read any",
        "GET /x YES . . . . . . read any",
        "GET /x yes . . . . . . reads any",
        "GET /x yes . . . . . . read anyone",
        "GET /x yes . . . . . . read any\nGET /x yes . . . . . . read any",
    ],
)
def test_a_row_that_is_not_clear_is_refused(row: str) -> None:
    """Too little, too much, a word that means nothing, nobody at all, or the same address twice."""
    with pytest.raises(ValueError, match=r"."):
        read_tables("", HEAD + row)


def test_an_open_address_is_not_in_both_tables() -> None:
    """What is open cannot be closed by another row, nor the other way round."""
    with pytest.raises(ValueError, match="stands twice"):
        read_tables("GET /x open", HEAD + "GET /x yes . . . . . . read any")


def test_a_row_says_who() -> None:
    """Roles by their column, and whether it must be a person."""
    found = read_tables("", HEAD + "POST /x . yes . . . . yes write person")["POST", "/x"]
    assert (found.roles, found.budget) == ({Role.OFFICER, Role.ADMIN}, Budget.WRITE)
    person = Principal("ann", Kind.PERSON, "E06000018", frozenset({Role.OFFICER}))
    system = Principal("sys", Kind.SYSTEM, "E06000018", frozenset({Role.OFFICER}))
    assert found.allows(person)
    assert found.allows(system)
    assert found.wants_a_person(system)
    assert not found.wants_a_person(person)
    assert not found.allows(Principal("eve", Kind.PERSON, "E06000018", frozenset({Role.AUDITOR})))


TOLD_BY_PROVIDERS = {"/placements/{id}/decline", "/placements/{id}/end"}
"""What a provider did, which the case system passes on: no decision of the council's."""


def test_decisions_are_a_person_s_and_never_the_calling_system_s() -> None:
    """No row lets a system hold, send, accept, approve, withdraw or place; none lets the case system."""
    decisions = [
        permission
        for permission in PERMISSIONS.values()
        if permission.method != "GET"
        and (permission.path.startswith(("/holds", "/placements")) or "/proposals/{id}/" in permission.path)
        and permission.path not in TOLD_BY_PROVIDERS
    ]
    assert len(decisions) >= 5
    for permission in decisions:
        assert permission.persons_only, permission
        assert permission.roles <= {Role.OFFICER, Role.APPROVER, Role.DIRECTOR}, permission


def test_auditors_change_nothing() -> None:
    """The auditor's every row is a reading, but for signing out and asking about one child."""
    changes = {(p.method, p.path) for p in PERMISSIONS.values() if Role.AUDITOR in p.roles and p.method != "GET"}
    assert changes == {("POST", "/signout")}


def test_who_needs_no_record_sees_none() -> None:
    """Commissioners and administrators have no row for what tells of a child."""
    for permission in PERMISSIONS.values():
        if permission.path.startswith(OF_CHILDREN):
            assert not permission.roles & NO_RECORDS, permission
    assert {p.roles & NO_RECORDS for p in PERMISSIONS.values() if p.path.endswith("/snapshot")} == {frozenset()}


def test_only_what_tells_nothing_is_open() -> None:
    """Health, the description of the API, and the way in."""
    openly = {p.path for p in PERMISSIONS.values() if p.is_open}
    assert openly == {
        "/health/live",
        "/health/ready",
        "/docs",
        "/docs/start.js",
        "/docs/{name}",
        "/openapi.json",
        "/signin",
        "/signin/back",
    }
    assert all(p.budget is not Budget.NONE for p in PERMISSIONS.values() if not p.path.startswith("/health"))
