"""The broken build of decisions: without the constraints on claims, and without the second look and its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from sqlalchemy import false, text

from app.deciding import facts, free, kept
from app.store import comings, idempotency, placements, save
from app.store.session import Database
from tests.campaign.copies import Copies
from tests.campaign.counts import ALL

INDEXES = ("uq_place_claims_place", "uq_place_claims_child", "uq_place_claims_lives")
TRIGGERS = ("guard_insert_place_claims", "guard_update_place_claims")
STEPS = {
    "decisions": ("guard_insert_decisions",),
    "placements": ("guard_update_placements", "guard_live_placements"),
    "place_claims": ("guard_keep_place_claims",),
}
"""Triggers that see to it that each step begins where the placement stands, by table."""

ALONE = {
    "booking": ("one use of a key",),
    "expiry": ("time that is over",),
    "machine": ("who came or went",),
}
"""Guards behind which nothing else stands for what a part looks at: each of them taken away alone turns it red."""


@contextmanager
def unguarded(made: Copies | None, *names: str) -> Iterator[None]:
    """While this lasts, copies and product lack these guards, or all. None: all is as it should be."""
    if made is None:
        yield
        return
    wanted = {*names} or {ALL}
    guards = _guards()
    statements = [each for name, guard in _dropped(made.kind).items() if wanted & {ALL, name} for each in guard]
    address = f"sqlite:///{made.template}" if made.server is None else made.server.url(made.template)
    database = Database.open(address)
    database.transact(lambda writing: [writing.execute(text(each)) for each in statements])
    database.close()
    with ExitStack() as stack:
        for name, (owner, attribute, instead) in guards.items():
            if wanted & {ALL, name}:
                stack.enter_context(patch.object(owner, attribute, instead))
        yield


def _guards() -> dict[str, tuple[Any, str, Any]]:
    """What the product itself does, by name: where it stands, and what does nothing in its place."""
    numbers = count(10_000)
    return {
        "rules judged again": (facts, "require_rules", _nothing),
        "others who agree": (facts, "require_others", _nothing),
        "a child pursued once": (free, "places_of", lambda *_all: ()),
        "who came or went": (comings, "others_since", lambda *_all: False),
        "facts that changed": (kept, "changed_facts", lambda *_all: []),
        "findings that are worse": (kept, "worse", lambda *_all, **_more: []),
        "places taken counted": (facts, "with_a_place", lambda *_all, **_more: {}),
        "one writer at a time": (save, "next_seq", lambda *_all: next(numbers)),
        "time that is over": (placements, "is_over", _never),
        "one use of a key": (idempotency, "claim", _nothing),
    }


def _dropped(kind: str) -> dict[str, list[str]]:
    """What the database refuses, by name: the statements that let it."""
    indexes = {f"index {name}": [f"DROP INDEX {name}"] for name in INDEXES}
    steps = [(name, table) for table, names in STEPS.items() for name in names]
    if kind == "sqlite":
        claimed = [f"DROP TRIGGER {name}" for name in TRIGGERS]
        return indexes | {"triggers of places": claimed, "triggers of steps": [f"DROP TRIGGER {n}" for n, _ in steps]}
    claimed = ["DROP TRIGGER guarded ON place_claims"]
    return indexes | {
        "triggers of places": claimed,
        "triggers of steps": [f"DROP TRIGGER {name} ON {table}" for name, table in steps],
    }


def _nothing(*_all: Any, **_more: Any) -> None:
    """Everything is met."""


def _never(_now: Any) -> Any:
    """No time is ever over."""
    return false()
