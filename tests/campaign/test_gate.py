"""The parts of the release gate that are long, in short form: T-07, T-09 and T-12, on both databases."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import NoReturn

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from app.errors import PlacementError
from app.store import driving
from app.store.session import Database
from tests.campaign import accepting, histories, officer_and_run
from tests.campaign.copies import Copies, census, copies
from tests.campaign.counts import Counts
from tests.campaign.histories import Done, in_one_line
from tests.campaign.points import Points, chosen
from tests.support.builders import NOTTINGHAM
from tests.support.postgres import Postgres

SQLITE_AND_POSTGRESQL = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def _whole(counts: Counts) -> None:
    assert counts.failures == []
    assert counts.done >= counts.promised > 0


@SQLITE_AND_POSTGRESQL
def test_histories_have_one_linear_order(kind: str, postgres: Postgres) -> None:
    """T-07: eight clients hold, give back and look at one place; their answers fit one line that respects time."""
    counts = histories.main(rounds=2, server=postgres, kinds=[kind])
    _whole(counts)
    assert counts.notes["holds"] >= 2
    assert counts.notes["refused"] >= 2, "clients were in each other's way"


def test_a_history_in_no_order_is_found() -> None:
    """T-07: two who hold the one place at once; a look at nobody between a hold and its end; and one that is right."""
    hold_0, hold_1 = Done("hold", 0, 0, 1, worked=True), Done("hold", 1, 2, 3, worked=True)
    seen = Done("look", 2, 4, 5, worked=True)
    assert not in_one_line([hold_0, hold_1])
    assert not in_one_line([hold_0, seen])
    assert in_one_line([hold_0, Done("withdraw", 0, 1.5, 2.5, worked=True), hold_1, Done("look", 2, 0, 9, worked=True)])


@SQLITE_AND_POSTGRESQL
def test_an_officer_and_a_run(kind: str, postgres: Postgres) -> None:
    """T-09: held, accepted, given back and accepted as proposed, at moments all through a run: the officer wins."""
    counts = officer_and_run.main(rounds=8, every=7, server=postgres, kinds=[kind])
    _whole(counts)
    assert counts.notes["decided"] >= 4


def test_without_a_second_look_the_run_wins(postgres: Postgres) -> None:
    """T-09: a run that believes what it read proposes what an officer took meanwhile, and the same test sees it."""
    assert officer_and_run.main(rounds=2, every=7, broken=True, server=postgres, kinds=["sqlite"]).failures


@SQLITE_AND_POSTGRESQL
def test_each_call_of_the_database_fails_once(kind: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-12: wherever an accept is broken off, all of it counts or nothing, and done again with its key it is done."""
    monkeypatch.setattr(driving, "exchanged", driving.exchanged)  # what is wrapped here is put back afterwards
    with copies(kind, accepting.fill, postgres if kind == "postgresql" else None) as made:
        with made.copy() as url:
            names, whole = _accepted(url), census(url)
        assert len(names) >= 6
        found = {at: _broken_off(made, at) for at in chosen(names, 8)}
    assert {at: after for at, (_, after) in found.items()} == dict.fromkeys(found, whole)
    assert {first == whole for first, _ in found.values()} == {True, False}, "before and after the commit"


def _accepted(url: str) -> list[str]:
    database = Database.open(url, NOTTINGHAM)
    points = Points(database.engine)
    accepting.accept(database)
    database.close()
    return points.names


def _broken_off(made: Copies, at: int) -> tuple[dict[str, int], dict[str, int]]:
    """What is there after a failure at this point, and after the same request once more."""

    def fails() -> NoReturn:
        if made.kind == "sqlite":
            raise sqlite3.OperationalError("disk I/O error")
        raise psycopg.OperationalError("the server ended the conversation")

    with made.copy() as url:
        before, database = census(url), Database.open(url, NOTTINGHAM)
        Points(database.engine, at, fails)
        with suppress(PlacementError, DBAPIError, sqlite3.Error):
            accepting.accept(database)
        first = census(url)
        accepting.accept(database)
        database.close()
        second = census(url)
    assert first in (before, second), f"point {at} left something half done"
    return first, second
