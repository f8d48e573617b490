"""A key belongs to one request, in one transaction with what the request did."""

from threading import Barrier, Thread

import pytest

from app.errors import KeyUsedForAnother
from app.matching.referral import HomeRef
from app.store import load, save
from app.store.idempotency import Answer, Keyed, write_once
from app.store.session import Database, Writing
from tests.support.builders import a_home

HERE = "E06000018"
ANSWER = Answer(201, 1, b"{}")


def _write(database: Database, key: str, fingerprint: bytes, effects: list[str]) -> Answer:
    def work(writing: Writing) -> Answer:
        save.import_homes(writing, HERE, [a_home(ref=HomeRef("H"))])
        effects.append(key)
        return ANSWER

    return write_once(database, Keyed(HERE, key, fingerprint), work).answer


def test_the_second_time_gives_the_first_answer(database: Database) -> None:
    """The same request with the same key has one effect and one answer."""
    effects: list[str] = []
    assert _write(database, "k", b"same", effects) == ANSWER
    assert _write(database, "k", b"same", effects) == ANSWER
    assert effects == ["k"]


def test_a_key_does_for_one_request_only(database: Database) -> None:
    """The same key with another request is refused."""
    effects: list[str] = []
    _write(database, "k", b"one", effects)
    with pytest.raises(KeyUsedForAnother):
        _write(database, "k", b"another", effects)


def test_a_failed_write_keeps_no_key(database: Database) -> None:
    """What was undone may be tried again with its key."""

    def fails(writing: Writing) -> Answer:
        save.import_homes(writing, HERE, [a_home(ref=HomeRef("H"))])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_once(database, Keyed(HERE, "k", b"same"), fails)
    effects: list[str] = []
    _write(database, "k", b"same", effects)
    assert effects == ["k"]


def test_many_at_once_have_one_effect(database: Database) -> None:
    """Twenty identical requests at the same moment: one effect, twenty equal answers."""
    start, answers, effects = Barrier(20), [], []

    def attempt() -> None:
        start.wait()
        answers.append(_write(database, "k", b"same", effects))

    threads = [Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [ANSWER] * 20
    assert effects == ["k"]
    with database.reading() as reading:
        assert load.inventory_seq(reading, HERE) == 1
