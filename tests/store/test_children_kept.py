"""Whoever stores a home without being shown its children keeps those who live there at that very moment."""

from __future__ import annotations

import threading
from dataclasses import replace

from app.api.withholding import with_children_on_record
from app.store import load, save
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import a_home, a_resident
from tests.support.tampering import AUTHORITY

ANY = Precondition(exists=True)
EMPTY = a_home(ref="H-kept")
LIVED_IN = replace(EMPTY, residents=(a_resident(ref="KANARI-comes"),))


def test_who_comes_to_live_there_meanwhile_is_not_wiped_out(database: Database) -> None:
    """A change of the residents that is under way is waited for, then kept: else nobody would be judged beside them."""
    with database.writing() as writing:
        save.save_home(writing, AUTHORITY, EMPTY, Precondition())
    begun, go_on = threading.Event(), threading.Event()

    def comes() -> None:
        with database.writing() as writing:
            save.save_home(writing, AUTHORITY, LIVED_IN, ANY)
            load.home(writing, AUTHORITY, EMPTY.ref)
            begun.set()
            go_on.wait(20)

    def stores() -> None:
        with database.writing() as writing:
            home = with_children_on_record(writing, AUTHORITY, replace(EMPTY, name="Another name"))
            save.save_home(writing, AUTHORITY, home, ANY)

    first, second = threading.Thread(target=comes), threading.Thread(target=stores)
    first.start()
    assert begun.wait(20)
    second.start()
    second.join(0.3)
    go_on.set()
    first.join(20)
    second.join(20)
    with database.reading() as reading:
        stored = load.home(reading, AUTHORITY, EMPTY.ref)
    assert stored is not None
    assert ([one.ref for one in stored.record.residents], stored.record.name) == (["KANARI-comes"], "Another name")
