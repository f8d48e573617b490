"""Every route by every caller and every ownership of what it names: what the table of permissions promises.

What is expected is worked out here from the table's text by other means than the service uses, so that a mistake
in reading the table is found too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from app.access.permissions import OPEN, TABLE
from app.access.principal import Kind, Role
from app.api.permitting import addresses
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL
from app.documents.placed_models import A_PLACED_CHILD
from tests.support.access import AUTHORITY, EVERY_ROLE, bearer

ANOTHER_AUTHORITY = "E06000015"
NOBODY: dict[str, str] = {}
JSON = {"Content-Type": "application/json"}
OWNERSHIPS = ("own", "other", "missing")

WITHOUT_A_BODY = frozenset({"GET", "DELETE"})


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
    return Asking(name, bearer(roles, kind=kind, subject=f"matrix-{name.replace(' ', '-')}"), roles, kind)


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
class Objects:
    """References by ownership, for the names that stand in braces in a path."""

    of: dict[str, dict[str, str]] = field(default_factory=dict)

    def path(self, template: str, ownership: str) -> str:
        """The template with references put in."""
        kind = template.split("/")[1]
        named = {"ref": self.of.get(kind, {}).get(ownership), "home": self.of["homes"][ownership]}
        path = template
        for name in ("ref", "home", "id", "version", "name"):
            value = named.get(name) or self.of.get(f"{kind}.{name}", {}).get(ownership) or _made_up(ownership)
            path = path.replace("{" + name + "}", value)
        return path


def _made_up(ownership: str) -> str:
    return {"own": "0a" * 16, "other": "0b" * 16, "missing": "0c" * 16}[ownership]


def stored(ours: TestClient, theirs: TestClient) -> Objects:
    """Objects of ours and of another authority, sent over HTTP: a home, a referral, a placed child, a run."""
    objects = Objects()
    for kind in ("homes", "referrals", "caseload"):
        objects.of[kind] = {"own": f"M-{kind}-own", "other": f"M-{kind}-other", "missing": f"M-{kind}-none"}
    objects.of["runs.id"] = {}
    objects.of["policies.version"] = {
        "own": "nottingham-2023",
        "other": "nottingham-2016",
        "missing": "nottingham-1999",
    }
    for client, whose in ((ours, "own"), (theirs, "other")):
        home, referral, placed = (objects.of[kind][whose] for kind in ("homes", "referrals", "caseload"))
        _put(client, f"/homes/{home}", A_HOME | {"ref": home})
        child = A_CHILD | {"ref": f"M-child-{whose}"}
        _put(client, f"/referrals/{referral}", A_REFERRAL | {"ref": referral, "children": [child]})
        _put(client, f"/caseload/{placed}", placed_child(placed))
    return objects


def placed_child(ref: str) -> dict[str, Any]:
    """A child of the caseload."""
    return A_PLACED_CHILD | {"ref": ref}


def _put(client: TestClient, path: str, body: Mapping[str, Any]) -> None:
    answer = client.put(path, content=json.dumps(body), headers=JSON)
    assert answer.status_code == 201, answer.text


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
    """Every route by every caller; what others own or nobody does by every one of `of_others`."""
    cells, lines = Cells(), table()
    for method, template in addresses(app.routes):
        for ownership in OWNERSHIPS if "{" in template else OWNERSHIPS[:1]:
            path = objects.path(template, ownership)
            for caller in callers if ownership == OWNERSHIPS[0] else of_others:
                _try(cells, client, (method, template, path), caller, wanted(lines[method, template], caller))
    return cells


def _try(
    cells: Cells,
    client: TestClient,
    address: tuple[str, str, str],
    caller: Asking,
    promised: tuple[int, str] | None,
) -> None:
    method, template, path = address
    body = None if method in WITHOUT_A_BODY else b'{"not": "a body of this address"}'
    answer = client.request(method, path, content=body, headers={**caller.headers, **JSON}, follow_redirects=False)
    found = answer.status_code, _code(answer)
    cells.counts[str(promised[0] if promised else "let in")] += 1
    good = found == promised if promised else answer.status_code not in {401, 403} and answer.status_code < 500
    if not good:
        cells.wrong.append(f"{method} {template} by {caller.name}: wanted {promised or 'to be let in'}, got {found}")


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
    """For every address that reads something named: the answer for another authority's, and for what is nowhere."""
    for method, template in addresses(app.routes):
        if method == "GET" and "{" in template and not template.startswith(("/policies", "/docs")):
            yield (
                f"{method} {template}",
                client.get(objects.path(template, "other")),
                client.get(objects.path(template, "missing")),
            )
