"""For every address: of which thing it is asked, and a request that is done where the caller may."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from app.documents.examples import A_CHILD, A_REFERRAL
from tests.api.service import TODAY
from tests.support.access_world import BECAUSE, HERE, HOOK, JSON, World, cared_for

NOWHERE = "0c" * 16
"""What nobody holds: the form of every id and of every reference."""

FOR_ALL = {"/policies/{version}": {"version": "nottingham-2023"}, "/docs/{name}": {"name": "swagger-ui.css"}}
"""What belongs to no authority: whoever may read it reads it."""

Body = Callable[[World], Any]


@dataclass(frozen=True)
class Asked:
    """A request that is done, where the object is its authority's and the caller may."""

    path: str
    body: bytes | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _Wanted:
    """The thing that an address names, the body that is right for it, and whether it is changed by version."""

    of: str = ""
    body: Body | None = None
    versioned: bool = False


def _step(of: str, body: Body) -> _Wanted:
    return _Wanted(of, body, versioned=True)


def _seen(of: str, **more: Any) -> Body:
    return lambda world: {"seen": world.things[of]["seen"], **more}


def _referral(world: World) -> dict[str, Any]:
    spare = world.things["R-SPARE"]["id"]
    return A_REFERRAL | {"ref": spare, "children": [A_CHILD | {"ref": world.ref("C-SPARE")}]}


def _home(world: World) -> dict[str, Any]:
    """Without those who live there: a commissioner, who may not see them, says nothing of them."""
    said = {name: value for name, value in HERE.items() if name != "residents"}
    return said | {"ref": world.things["NEAR"]["id"]}


def _choice(world: World) -> dict[str, Any]:
    seen = world.things["R-WAITS"]["seen"]
    return {"referral": world.ref("WAITS"), "home": world.things["NEAR"]["id"], "seen": seen, "reason": BECAUSE}


OF_A_KIND = {
    "referrals": "R-WAITS",
    "homes": "NEAR",
    "caseload": "cared for",
    "children": "erased",
    "imports": "import",
    "runs": "run",
    "proposals": "proposal",
    "placements": "HELD",
    "webhooks": "hook",
    "messages": "message",
}

REQUESTS: Mapping[str, _Wanted] = {
    "POST /match": _Wanted(body=lambda world: {"referral_ref": world.ref("WAITS")}),
    "PUT /referrals/{ref}": _step("R-SPARE", _referral),
    "DELETE /referrals/{ref}": _Wanted("R-SPARE", versioned=True),
    "PUT /homes/{ref}": _step("NEAR", _home),
    "DELETE /homes/{ref}": _Wanted("NEAR", versioned=True),
    "POST /homes/import": _Wanted(body=lambda world: {"homes": [HERE | {"ref": world.things["NEAR"]["id"]}]}),
    "PUT /caseload/{ref}": _step("cared for", cared_for),
    "DELETE /caseload/{ref}": _Wanted("cared for", versioned=True),
    "POST /caseload/import": _Wanted(body=lambda world: {"children": [cared_for(world)]}),
    "POST /runs": _Wanted(body=lambda _world: {}),
    "DELETE /runs/{id}": _Wanted("cancelled run"),
    "POST /proposals/{id}/accept": _Wanted("proposal", _seen("proposal", reason=BECAUSE)),
    "POST /proposals/{id}/decline": _Wanted("proposal", _seen("proposal", reason={"code": "BETTR"})),
    "POST /holds": _Wanted(body=_choice),
    "DELETE /holds/{id}": _Wanted("HELD", versioned=True),
    "POST /placements/{id}/approve": _step("FAR", _seen("FAR", level="nominated_officer")),
    "POST /placements/{id}/second": _step("RULE", _seen("RULE")),
    "POST /placements/{id}/send": _step("HELD", lambda _world: {}),
    "POST /placements/{id}/accept": _step("HELD", _seen("HELD")),
    "POST /placements/{id}/decline": _step("SENT", lambda _world: {"by": "provider", "reason": {"code": "MATCH"}}),
    "POST /placements/{id}/withdraw": _step("HELD", lambda _world: {"reason": {"code": "PLANS"}}),
    "POST /placements/{id}/place": _step("ACCEPTED", lambda _world: {"moved_in_on": str(TODAY)}),
    "POST /placements/{id}/end": _step(
        "PLACED", lambda _world: {"ended_on": str(TODAY), "planned": True, "reason": {"code": "CARPL", "text": None}}
    ),
    "PUT /webhooks/{id}": _step("hook", lambda _world: HOOK),
    "DELETE /webhooks/{id}": _Wanted("hook", versioned=True),
    "POST /messages/{id}/retry": _Wanted("message"),
}


@dataclass(frozen=True)
class Objects:
    """One of everything in each of two authorities."""

    own: World
    other: World

    def asked(self, method: str, template: str, ownership: str) -> Asked:
        """The request for an address, of what our own authority, another one, or nobody holds."""
        wanted = REQUESTS.get(f"{method} {template}", _Wanted())
        of = wanted.of or OF_A_KIND.get(template.split("/")[1], "")
        world = {"own": self.own, "other": self.other, "missing": _without(self.own, of)}[ownership]
        thing = world.things.get(of, {})
        named = {} if ownership == "missing" else FOR_ALL.get(template, {})
        named = {"ref": thing.get("id"), "id": thing.get("id"), "home": world.things["NEAR"]["id"], **named}
        path = template
        for name in ("ref", "home", "id", "version", "name"):
            path = path.replace("{" + name + "}", named.get(name) or NOWHERE)
        version = {"If-Match": f'"v{thing.get("version", 1)}"'} if wanted.versioned else {}
        body = None if wanted.body is None else json.dumps(wanted.body(world)).encode()
        return Asked(path, body, {**JSON, **version, "Idempotency-Key": uuid4().hex})


def _without(world: World, of: str) -> World:
    """The same, but that the thing and the home that nobody takes are nowhere."""
    nowhere = {name: world.things.get(name, {}) | {"id": NOWHERE} for name in (of, "NEAR")}
    return World(world.app, world.whose, world.things | nowhere)
