"""Which role may do what: one table, read by people and by the service alike.

An address that does not stand here cannot be served: the service refuses to start. `yes` under a role lets its
holders in; one such role is enough. `kind` says whether a system may ask: a decision about a child is a
person's. `budget` says which of a caller's budgets the request is taken from (`app.api.rate`).

What each role is for:

* `case_system`: the case management system. Sends referrals, homes and the caseload, asks for matches, reads what
  is proposed and what became of it, and tells a provider's refusal and the end of a placement. It decides nothing.
* `officer`: a placement officer. Looks, compares, holds, decides.
* `approver`: a nominated officer. Reads as an officer does, seconds, gives the approvals of a nominated officer, and
  decides.
* `director`: the director of children's services. As an approver, and gives the director's own approvals.
* `commissioner`: keeps the homes and their terms. Sees no child's record, and a home without those who live there.
* `auditor`: reads everything, who did what above all, and changes nothing.
* `admin`: runs the service: messages, webhooks, erasure, metrics. Sees no child's record, and a run without the
  children whom it names; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.access.principal import Kind, Principal, Role


class Budget(StrEnum):
    """What a request is counted as. Nothing counts requests for the health of the service."""

    NONE = "none"
    OPEN = "open"
    READ = "read"
    WRITE = "write"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the table: who may send this method to this address (as the routes write it)."""

    method: str
    path: str
    roles: frozenset[Role]
    budget: Budget
    persons_only: bool

    @property
    def is_open(self) -> bool:
        """Whether anybody may ask, without a token."""
        return not self.roles

    def allows(self, principal: Principal) -> bool:
        """Whether the caller has a role that may; whether it must be a person is another question."""
        return not self.roles.isdisjoint(principal.roles)

    def wants_a_person(self, principal: Principal) -> bool:
        """Whether the caller is a system, and this is not for systems."""
        return self.persons_only and principal.kind is not Kind.PERSON


OPEN = """
GET     /health/live                        none
GET     /health/ready                       none
GET     /docs                               open
GET     /docs/start.js                      open
GET     /docs/{name}                        open
GET     /openapi.json                       open
GET     /signin                             open
GET     /signin/back                        open
"""
"""Addresses that need no token: method, path, budget. None of them tells anything about a child."""

TABLE = """
method  path                            case_system officer approver director commissioner auditor admin  budget  kind

GET     /me                             yes         yes     yes      yes      yes          yes     yes    read    any
POST    /signout                        yes         yes     yes      yes      yes          yes     yes    write   any

POST    /match                          yes         yes     yes      yes      .            .       .      match   any
GET     /referrals/{ref}/shortlist      yes         yes     yes      yes      .            yes     .      match   any
GET     /referrals/{ref}/why-not/{home} yes         yes     yes      yes      .            yes     .      match   any

GET     /referrals                      yes         yes     yes      yes      .            yes     .      read    any
GET     /referrals/{ref}                yes         yes     yes      yes      .            yes     .      read    any
PUT     /referrals/{ref}                yes         yes     .        .        .            .       .      write   any
DELETE  /referrals/{ref}                yes         yes     .        .        .            .       .      write   any

GET     /homes                          yes         yes     yes      yes      yes          yes     .      read    any
GET     /homes/{ref}                    yes         yes     yes      yes      yes          yes     .      read    any
PUT     /homes/{ref}                    yes         yes     .        .        yes          .       .      write   any
DELETE  /homes/{ref}                    yes         .       .        .        yes          .       .      write   any
POST    /homes/import                   yes         .       .        .        .            .       .      write   any

GET     /caseload                       yes         yes     yes      yes      .            yes     .      read    any
GET     /caseload/{ref}                 yes         yes     yes      yes      .            yes     .      read    any
PUT     /caseload/{ref}                 yes         yes     .        .        .            .       .      write   any
DELETE  /caseload/{ref}                 yes         yes     .        .        .            .       .      write   any
POST    /caseload/import                yes         .       .        .        .            .       .      write   any
GET     /imports/{id}                   yes         .       .        .        .            yes     .      read    any

POST    /runs                           .           yes     yes      yes      .            .       .      write   any
GET     /runs                           yes         yes     yes      yes      yes          yes     yes    read    any
GET     /runs/{id}                      yes         yes     yes      yes      yes          yes     yes    read    any
DELETE  /runs/{id}                      .           yes     yes      yes      .            .       yes    write   any
GET     /runs/{id}/proposals            yes         yes     yes      yes      .            yes     .      read    any
GET     /runs/{id}/unplaced             yes         yes     yes      yes      .            yes     .      read    any
GET     /runs/{id}/snapshot             .           .       .        .        .            yes     .      read    any

GET     /proposals                      yes         yes     yes      yes      .            yes     .      read    any
GET     /proposals/{id}                 yes         yes     yes      yes      .            yes     .      read    any
POST    /proposals/{id}/accept          .           yes     yes      yes      .            .       .      write   person
POST    /proposals/{id}/decline         .           yes     yes      yes      .            .       .      write   person

POST    /holds                          .           yes     yes      yes      .            .       .      write   person
DELETE  /holds/{id}                     .           yes     yes      yes      .            .       .      write   person
GET     /placements                     yes         yes     yes      yes      .            yes     .      read    any
GET     /placements/{id}                yes         yes     yes      yes      .            yes     .      read    any
GET     /placements/{id}/history        yes         yes     yes      yes      .            yes     .      read    any
POST    /placements/{id}/approve        .           .       yes      yes      .            .       .      write   person
POST    /placements/{id}/second         .           .       yes      yes      .            .       .      write   person
POST    /placements/{id}/send           .           yes     yes      yes      .            .       .      write   person
POST    /placements/{id}/accept         .           yes     yes      yes      .            .       .      write   person
POST    /placements/{id}/decline        yes         yes     yes      yes      .            .       .      write   any
POST    /placements/{id}/withdraw       .           yes     yes      yes      .            .       .      write   person
POST    /placements/{id}/place          .           yes     yes      yes      .            .       .      write   person
POST    /placements/{id}/end            yes         yes     yes      yes      .            .       .      write   any

GET     /policies                       yes         yes     yes      yes      yes          yes     yes    read    any
GET     /policies/{version}             yes         yes     yes      yes      yes          yes     yes    read    any

GET     /audit                          .           .       .        .        .            yes     .      read    any
GET     /audit/head                     .           .       .        .        .            yes     yes    read    any
GET     /children/{ref}/personal-data   .           .       .        .        .            yes     .      read    any
DELETE  /children/{ref}/personal-data   .           .       .        .        .            .       yes    write   person
GET     /webhooks                       .           .       .        .        .            yes     yes    read    any
GET     /webhooks/{id}                  .           .       .        .        .            yes     yes    read    any
PUT     /webhooks/{id}                  .           .       .        .        .            .       yes    write   any
DELETE  /webhooks/{id}                  .           .       .        .        .            .       yes    write   any
GET     /messages                       .           .       .        .        .            yes     yes    read    any
GET     /messages/{id}                  .           .       .        .        .            yes     yes    read    any
POST    /messages/{id}/retry            .           .       .        .        .            .       yes    write   any
GET     /metrics                        .           .       .        .        .            .       yes    read    any
"""

TELLS_OF_NOBODY = frozenset(
    """
    /health/live /health/ready /docs /docs/start.js /docs/{name} /openapi.json /signin /signin/back /me
    /policies /policies/{version} /runs /imports/{id} /webhooks /webhooks/{id} /messages /messages/{id} /metrics
    /audit/head
    """.split()
)
"""Addresses whose reading (GET) tells nothing of any child. Every other one leaves an entry in the audit trail that
names those of whom it told, or a test is red: `tests/api/test_looks.py`."""


def _rows(text: str) -> Iterator[list[str]]:
    return (line.split() for line in text.strip().splitlines() if line.strip())


def _open(words: list[str]) -> Permission:
    method, path, budget = words
    return Permission(method, path, frozenset(), Budget(budget), persons_only=False)


def _permission(head: list[str], words: list[str]) -> Permission:
    """A row of the table. Raises `ValueError` for a row that does not say everything, or says it otherwise."""
    told = dict(zip(head, words, strict=True))
    given = {role: told.pop(role) for role in Role}
    if not set(given.values()) <= {"yes", "."} or told["kind"] not in {"any", "person"} or "yes" not in given.values():
        raise ValueError(f"{words[0]} {words[1]}: each role says yes or ., one of them yes, and kind any or person.")
    roles = frozenset(role for role, said in given.items() if said == "yes")
    return Permission(told["method"], told["path"], roles, Budget(told["budget"]), told["kind"] == "person")


def _by_address(permissions: Iterable[Permission]) -> Mapping[tuple[str, str], Permission]:
    found: dict[tuple[str, str], Permission] = {}
    for permission in permissions:
        if (permission.method, permission.path) in found:
            raise ValueError(f"{permission.method} {permission.path} stands twice in the table.")
        found[permission.method, permission.path] = permission
    return MappingProxyType(found)


def read_tables(openly: str, table: str) -> Mapping[tuple[str, str], Permission]:
    """Both tables by method and path. Raises `ValueError` where a row is not clear."""
    head, *rows = _rows(table)
    return _by_address([*map(_open, _rows(openly)), *(_permission(head, row) for row in rows)])


PERMISSIONS: Mapping[tuple[str, str], Permission] = read_tables(OPEN, TABLE)
"""Every row, by method and path template."""


def sees_children(principal: Principal) -> bool:
    """Whether the caller may read children's records. Whoever may not is shown homes and runs without children."""
    return PERMISSIONS["GET", "/referrals"].allows(principal)
