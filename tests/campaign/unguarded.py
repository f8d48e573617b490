"""The broken build of decisions: without the constraints on claims, and without the second look and its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from sqlalchemy import false, text

from app.deciding import facts, kept
from app.store import claims, placements, save
from app.store.session import Database
from tests.campaign.copies import Copies

INDEXES = ("uq_place_claims_place", "uq_place_claims_child", "uq_place_claims_lives")
TRIGGERS = ("guard_insert_place_claims", "guard_update_place_claims")
STEPS = {
    "decisions": ("guard_insert_decisions",),
    "placements": ("guard_update_placements", "guard_live_placements"),
    "place_claims": ("guard_keep_place_claims",),
}
"""Triggers that see to it that each step begins where the placement stands, by table."""


@contextmanager
def unguarded(made: Copies | None) -> Iterator[None]:
    """While this lasts, copies have no constraints on claims and nobody judges twice. None: all is as it should be."""
    if made is None:
        yield
        return
    address = f"sqlite:///{made.template}" if made.server is None else made.server.url(made.template)
    database = Database.open(address)
    database.transact(lambda writing: [writing.execute(text(each)) for each in _dropped(made.kind)])
    database.close()
    numbers = count(10_000)
    with (
        patch.object(facts, "require_rules", _nothing),
        patch.object(claims, "pursued_children", lambda *_all: frozenset()),
        patch.object(claims, "others_since", lambda *_all: False),
        patch.object(kept, "changed_facts", lambda *_all: []),
        patch.object(kept, "worse", lambda *_all, **_more: []),
        patch.object(facts, "with_a_place", lambda *_all, **_more: {}),
        patch.object(save, "next_seq", lambda *_all: next(numbers)),
        patch.object(placements, "is_over", _never),
    ):
        yield


def _dropped(kind: str) -> list[str]:
    found = [f"DROP INDEX {name}" for name in INDEXES]
    steps = [(name, table) for table, names in STEPS.items() for name in names]
    if kind == "sqlite":
        return found + [f"DROP TRIGGER {name}" for name in (*TRIGGERS, *(name for name, _ in steps))]
    return [*found, *(f"DROP TRIGGER {name} ON {table}" for name, table in (*steps, ("guarded", "place_claims")))]


def _nothing(*_all: Any, **_more: Any) -> None:
    """Everything is met."""


def _never(_now: Any) -> Any:
    """No time is ever over."""
    return false()
