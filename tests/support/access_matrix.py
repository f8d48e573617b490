"""Every route by every caller and every ownership of what it names: what the table of permissions promises.

What is expected is worked out here from the table's text by other means than the service uses, so that a mistake
in reading the table is found too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from fastapi import FastAPI
from sqlalchemy import Connection
from starlette.testclient import TestClient

from app.access.permissions import OPEN, TABLE
from app.access.principal import Kind, Role
from app.api.permitting import addresses
from app.settings import Settings
from app.store import driving, session
from tests.support.access import AUTHORITY, EVERY_ROLE, bearer
from tests.support.access_requests import FOR_ALL, Asked, Objects
from tests.support.access_world import PERSON, made

ANOTHER_AUTHORITY = "E06000015"
NOBODY: dict[str, str] = {}
OWNERSHIPS = ("own", "other", "missing")

WITHOUT_A_BODY = frozenset({"GET", "DELETE"})


def both(settings: Settings) -> tuple[FastAPI, Objects]:
    """A service and, on the same database, one of another authority, with one of everything in each."""
    own, other = made(settings, AUTHORITY, "own"), made(settings, ANOTHER_AUTHORITY, "other")
    other.app.state.service.database.close()
    return own.app, Objects(own, other)


@dataclass(frozen=True)
class Asking:
    """A caller of the matrix: how it signs in, and what it is."""

    name: str
    headers: Mapping[str, str]
    roles: frozenset[Role] = frozenset()
    kind: Kind = Kind.PERSON
    authority: str = AUTHORITY


def askers(*, short: bool = False) -> list[Asking]:
    """Nobody; each role as a person and as a system; no role; all roles; and all roles of another authority.

    `short`: a role as a system only where a system is likely to have it.
    """
    found = [Asking("nobody", NOBODY)]
    for kind in Kind:
        roles = (Role.CASE_SYSTEM,) if short and kind is Kind.SYSTEM else tuple(Role)
        found += [_asking(f"{role} {kind}", frozenset({role}), kind) for role in roles]
        found.append(_asking(f"every role {kind}", frozenset(Role), kind))
    found += [_asking("no role", frozenset(), Kind.PERSON)]
    stranger = bearer(EVERY_ROLE, authority=ANOTHER_AUTHORITY)
    found += [Asking("another authority", stranger, frozenset(Role), Kind.PERSON, ANOTHER_AUTHORITY)]
    return found


def _asking(name: str, roles: frozenset[Role], kind: Kind) -> Asking:
    """All persons are one, who has seen everything there is: what they may do is for their roles to say."""
    subject = PERSON if kind is Kind.PERSON else f"matrix-{name.replace(' ', '-')}"
    return Asking(name, bearer(roles, kind=kind, subject=subject), roles, kind)


@dataclass(frozen=True)
class Said:
    """A line of the table, as it is written."""

    roles: frozenset[Role]
    is_open: bool
    persons_only: bool


def table() -> dict[tuple[str, str], Said]:
    """Every line of the table's text."""
    head = TABLE.split("\n")[1].split()
    found = {}
    for line in OPEN.split("\n"):
        words = line.split()
        if words:
            found[words[0], words[1]] = Said(frozenset(), is_open=True, persons_only=False)
    for line in TABLE.split("\n")[2:]:
        words = line.split()
        if words:
            roles = frozenset(Role(head[n]) for n, word in enumerate(words) if word == "yes")
            found[words[0], words[1]] = Said(roles, is_open=False, persons_only=words[-1] == "person")
    return found


def wanted(said: Said, caller: Asking) -> tuple[int, str] | None:
    """Status and code of the refusal that the table promises; None where the caller is to be let in."""
    if said.is_open:
        return None
    if not caller.headers:
        return 401, "not_signed_in"
    if caller.authority != AUTHORITY:
        return 403, "another_authority"
    if not caller.roles & said.roles:
        return 403, "not_permitted"
    if said.persons_only and caller.kind is not Kind.PERSON:
        return 403, "person_needed"
    return None


@dataclass
class Cells:
    """What came of the matrix."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Cells that were tried."""
        return self.counts.total()


def tried(
    app: FastAPI, client: TestClient, objects: Objects, callers: Sequence[Asking], of_others: Sequence[Asking]
) -> Cells:
    """Every route by every caller; what others own or nobody does by every one of `of_others`. Nothing stays."""
    cells, lines = Cells(), table()
    with nothing_stays():
        for method, template in addresses(app.routes):
            for ownership in OWNERSHIPS if "{" in template else OWNERSHIPS[:1]:
                for caller in callers if ownership == OWNERSHIPS[0] else of_others:
                    asked = objects.asked(method, template, ownership)
                    promised = wanted(lines[method, template], caller) or _found(method, template, ownership)
                    _try(cells, client, (method, template, ownership), asked, caller, promised)
    return cells


@contextmanager
def nothing_stays() -> Iterator[None]:
    """Whatever is changed meanwhile is undone where it would be committed, so that each cell finds the same."""

    def undone(connection: Connection) -> None:
        if not (driving.speaks_directly(connection.engine) and connection.info.get(driving._ENDS)):
            driving.send(connection)
            connection.rollback()

    with mock.patch.object(session, "_commit", undone):
        yield


def _found(method: str, template: str, ownership: str) -> tuple[int, str] | None:
    """None where it is there; what another authority holds is nowhere for us, and has no version to be changed."""
    if ownership == "own" or (ownership == "other" and template in FOR_ALL):
        return None
    return (412, "nothing_to_match") if method == "PUT" else (404, "")


def _try(
    cells: Cells,
    client: TestClient,
    address: tuple[str, str, str],
    asked: Asked,
    caller: Asking,
    promised: tuple[int, str] | None,
) -> None:
    method, template, ownership = address
    headers = {**caller.headers, **asked.headers}
    answer = client.request(method, asked.path, content=asked.body, headers=headers, follow_redirects=False)
    found = answer.status_code, _code(answer)
    cells.counts[str(promised[0] if promised else "let in")] += 1
    good = 200 <= answer.status_code < 300
    if promised:
        good = found == promised or found[0] == promised[0] == 404
    if not good:
        told = f"{method} {template} by {caller.name}, {ownership}"
        cells.wrong.append(f"{told}: wanted {promised or 'to be let in'}, got {found}")


def _code(answer: Any) -> str:
    try:
        found = answer.json()
    except ValueError:
        return ""
    return str(found.get("code", "")) if isinstance(found, dict) else ""


def implied(app: FastAPI, callers: int, of_others: int) -> int:
    """Cells that the table implies for the routes that there are and so many callers."""
    templates = [template for _, template in addresses(app.routes)]
    named = sum("{" in template for template in templates)
    return len(templates) * callers + named * (len(OWNERSHIPS) - 1) * of_others


def of_every_kind(client: TestClient, objects: Objects, app: FastAPI) -> Iterator[tuple[str, Any, Any]]:
    """For every address of something named, changes too: the answer for another authority's, and for what is nowhere.

    Nothing stays of it, should a change be done after all.
    """
    with nothing_stays():
        for method, template in addresses(app.routes):
            if "{" in template and template not in FOR_ALL:
                answers = []
                for ownership in ("other", "missing"):
                    asked = objects.asked(method, template, ownership)
                    answers.append(client.request(method, asked.path, content=asked.body, headers=asked.headers))
                yield f"{method} {template}", answers[0], answers[1]
