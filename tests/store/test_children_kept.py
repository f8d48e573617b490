"""Whoever stores a home without being shown its children keeps those who live there at that very moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from app.api.withholding import require_nobody_on_record, with_children_on_record
from app.errors import ChildrenOnRecord
from app.matching.home import Home
from app.store import load, save
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.support.builders import a_home, a_resident
from tests.support.tampering import AUTHORITY

ANY = Precondition(exists=True)
EMPTY = a_home(ref="H-kept")
LIVED_IN = replace(EMPTY, residents=(a_resident(ref="KANARI-comes"),))


def _while_somebody_comes(database: Database, other: Callable[[Writing], None]) -> Home | None:
    """What stands after somebody else's change was begun while a child's coming was under way."""
    with database.writing() as writing:
        save.save_home(writing, AUTHORITY, EMPTY, Precondition())
    begun, go_on = threading.Event(), threading.Event()

    def comes() -> None:
        with database.writing() as writing:
            save.save_home(writing, AUTHORITY, LIVED_IN, ANY)
            load.home(writing, AUTHORITY, EMPTY.ref)
            begun.set()
            go_on.wait(20)

    def changes() -> None:
        with suppress(ChildrenOnRecord), database.writing() as writing:
            other(writing)

    first, second = threading.Thread(target=comes), threading.Thread(target=changes)
    first.start()
    assert begun.wait(20)
    second.start()
    second.join(0.3)
    go_on.set()
    first.join(20)
    second.join(20)
    with database.reading() as reading:
        stored = load.home(reading, AUTHORITY, EMPTY.ref)
    return None if stored is None else stored.record


def test_who_comes_to_live_there_meanwhile_is_not_wiped_out(database: Database) -> None:
    """A change of the residents that is under way is waited for, then kept: else nobody would be judged beside them."""

    def stores(writing: Writing) -> None:
        home = with_children_on_record(writing, AUTHORITY, replace(EMPTY, name="Another name"))
        save.save_home(writing, AUTHORITY, home, ANY)

    stored = _while_somebody_comes(database, stores)
    assert stored is not None
    assert ([one.ref for one in stored.residents], stored.name) == (["KANARI-comes"], "Another name")


def test_a_home_to_which_somebody_comes_meanwhile_is_not_taken_away(database: Database) -> None:
    """Nobody was on record when it was asked for, and somebody is when it would be done."""

    def takes_away(writing: Writing) -> None:
        require_nobody_on_record(writing, AUTHORITY, EMPTY.ref)
        save.remove_home(writing, AUTHORITY, EMPTY.ref, ANY)

    stored = _while_somebody_comes(database, takes_away)
    assert stored is not None
    assert [one.ref for one in stored.residents] == ["KANARI-comes"]
