"""The inventory in memory is that of the database, after every change by anybody."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from threading import Event, Thread
from typing import Any

import pytest

from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.store import load, save
from app.store.follower import Inventory, PoolFollower
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import a_home, a_resident

HERE, THERE = "E06000018", "E10000024"
ANYTHING = Precondition(exists=True)


def _import(database: Database, homes: Sequence[Home], authority: str = HERE) -> None:
    database.transact(lambda w: save.import_homes(w, authority, homes))


def test_each_change_is_in_the_next_pool(database: Database) -> None:
    """New, changed, removed and back again: the next look shows it."""
    follower, home = PoolFollower(database, HERE), a_home(ref=HomeRef("H"), residents=(a_resident(),))
    assert len(follower.pool()) == 0
    _import(database, [home])
    assert follower.pool().record(home.ref) == home
    _import(database, [replace(home, places=9, residents=())])
    assert follower.pool().record(home.ref) == replace(home, places=9, residents=())
    database.transact(lambda w: save.remove_home(w, HERE, home.ref, ANYTHING))
    assert len(follower.pool()) == 0
    _import(database, [home])
    assert follower.pool().record(home.ref) == home


def test_changes_of_another_process_are_followed(database: Database, database_url: str) -> None:
    """A follower sees what was written through another connection altogether."""
    follower, other = PoolFollower(database, HERE), Database.open(database_url)
    _import(other, [a_home(ref=HomeRef("H"))])
    assert list(follower.pool().row_of) == ["H"]
    other.close()


def test_another_authority_is_not_followed(database: Database) -> None:
    """Homes of another authority never come into the pool."""
    follower = PoolFollower(database, HERE)
    _import(database, [a_home()], THERE)
    assert len(follower.pool()) == 0


def test_without_a_change_nothing_is_read_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool is the same object as long as nothing changes, and the homes are not read."""
    follower = PoolFollower(database, HERE)
    _import(database, [a_home()])
    pool = follower.pool()
    monkeypatch.setattr(load, "inventory_changes", lambda *_: pytest.fail("read again"))
    assert follower.pool() is pool


def test_only_what_changed_is_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of one home among many, one home is read."""
    many = [a_home(ref=HomeRef(f"H-{n}")) for n in range(20)]
    _import(database, many)
    follower = PoolFollower(database, HERE)
    follower.pool()
    _import(database, [replace(many[3], places=9), *many[4:]])
    read, whole = [], load.inventory_changes

    def counted(*arguments: object) -> load.Changes:
        changes = whole(*arguments)  # type: ignore[arg-type]
        read.extend(changes.changed)
        return changes

    monkeypatch.setattr(load, "inventory_changes", counted)
    assert follower.pool().record(HomeRef("H-3")).places == 9
    assert [home.ref for home in read] == ["H-3"]


def test_who_looked_before_others_followed_reads_nothing_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that read the clock before the latest changes does not take them for a clock put back."""
    _import(database, [a_home(ref=HomeRef("A"))])
    follower = PoolFollower(database, HERE)
    follower.pool()
    turn, changes_of = follower._lock, load.inventory_changes

    def nothing_new(*arguments: Any) -> load.Changes:
        found = changes_of(*arguments)
        assert not found.changed, "read again"
        return found

    @contextmanager
    def late() -> Iterator[None]:
        """Between its look and its turn another thread follows two changes more."""
        monkeypatch.setattr(follower, "_lock", turn)
        for ref in ("B", "C"):
            _import(database, [a_home(ref=HomeRef(ref))])
        follower.pool()
        monkeypatch.setattr(load, "inventory_changes", nothing_new)
        with turn:
            yield

    monkeypatch.setattr(follower, "_lock", late())
    _import(database, [a_home(ref=HomeRef("A"), places=9)])
    assert list(follower.pool().row_of) == ["A", "B", "C"]


def test_a_match_in_progress_keeps_its_pool(database: Database) -> None:
    """A pool that was handed out does not change under the one who holds it."""
    follower, home = PoolFollower(database, HERE), a_home(ref=HomeRef("H"), places=2)
    _import(database, [home])
    held = follower.pool()
    _import(database, [replace(home, places=7)])
    assert follower.pool().record(home.ref).places == 7
    assert held.record(home.ref).places == 2


def test_a_restored_database_is_read_anew(database: Database) -> None:
    """Where the clock has gone back, the whole inventory is read again, be it an empty one."""
    after = Inventory(99, Pool.build([a_home(ref=HomeRef("A"), places=9), a_home(ref=HomeRef("B"))]), {})
    follower = PoolFollower(database, HERE)
    follower._state = after
    assert list(follower.pool().row_of) == []
    _import(database, [a_home(ref=HomeRef("A"))])
    follower._state = after
    assert follower.pool().records == (a_home(ref=HomeRef("A")),)


def test_following_equals_reading_all(database: Database) -> None:
    """After any number of random changes the followed pool is the one built from everything at once."""
    random, follower = Random(7), PoolFollower(database, HERE)
    for _ in range(40):
        refs = random.sample([HomeRef(f"H-{n}") for n in range(12)], random.randint(1, 4))
        _import(database, [a_home(ref=ref, places=random.randint(0, 9)) for ref in refs])
        if random.random() < 0.4:
            ref = random.choice(list(follower.pool().row_of))
            database.transact(lambda w, ref=ref: save.remove_home(w, HERE, ref, ANYTHING))  # type: ignore[misc]
        with database.reading() as reading:
            every = load.inventory_changes(reading, HERE, 0).changed
        assert follower.pool().records == Pool.build(every).records


def test_many_threads_see_only_whole_moments(database: Database) -> None:
    """While one thread moves a place between two homes, others never see a place too many or too few."""
    pair = [a_home(ref=HomeRef("A"), places=5), a_home(ref=HomeRef("B"), places=5)]
    _import(database, pair)
    follower, over, wrong = PoolFollower(database, HERE), Event(), []

    def watch() -> None:
        while not over.is_set():
            records = follower.pool().records
            if sum(home.places for home in records) != 10:
                wrong.append(records)

    watchers = [Thread(target=watch) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    for turn in range(30):
        _import(database, [replace(pair[0], places=turn % 10), replace(pair[1], places=10 - turn % 10)])
    over.set()
    for watcher in watchers:
        watcher.join()
    assert not wrong
    assert follower.pool().record(HomeRef("A")).places == 9
