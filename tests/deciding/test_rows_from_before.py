"""What a release before took goes on being worked with: withdrawn, ended, let expire; one row hinders no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app.access.principal import Kind, Principal, Role
from app.deciding import agreed, life
from app.deciding.accepting import accept
from app.deciding.agreeing import second
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.expiring import expire_overdue
from app.deciding.holding import hold
from app.deciding.living import end, place
from app.errors import FactsChanged, SecondMissing
from app.matching.referral import HomeRef
from app.store import claims, comings, load, migrate
from app.store.placement_records import Placement, State
from app.store.placement_tables import place_claims
from app.store.session import Database
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, look_at, now, overdue, see
from tests.support.nights import store

LATE = a_home(ref=HomeRef("H9"), places=1, available_from=AS_OF + timedelta(days=3))
PROPOSER = Principal("Anna", Kind.PERSON, HERE, frozenset({Role.OFFICER}))
THE_SAME = Principal("anna", Kind.PERSON, HERE, frozenset({Role.APPROVER}))


def _seconded_by_itself(database: Database, address: str, monkeypatch: pytest.MonkeyPatch, goes_on: bool) -> Placement:
    """A placement whose proposer agreed to it too, in other letters, as releases before 0010 took it."""
    store(database, [LATE])
    first = held(database, "R1", LATE.ref, PROPOSER, override=("available_by",))
    owner = Database.open(address)
    with _without("agreed_by_another", owner), monkeypatch.context() as before:
        for module in (life, agreed):
            before.setattr(module, "same_person", lambda one, other: one == other)
        found = do(database, second, THE_SAME, first, look_at(database, first, THE_SAME))
        if goes_on:
            found = do(database, accept, OFFICER, found, look_at(database, found))
            found = do(database, place, OFFICER, found, AS_OF)
    migrate.downgrade(owner, "0009")
    migrate.upgrade(owner)
    owner.close()
    return found


@contextmanager
def _without(guard: str, owner: Database) -> Iterator[None]:
    """While this lasts, the database lacks a guard of placements."""
    told = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = :name"
    if owner.engine.dialect.name == "sqlite":
        told = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"
    with owner.writing() as writing:
        made = writing.execute(text(told), {"name": guard}).scalar_one()
        writing.execute(text(f"DROP TRIGGER {guard}" + (" ON placements" if "EXECUTE FUNCTION" in made else "")))
    yield
    with owner.writing() as writing:
        writing.connection.cursor().execute(made)


@pytest.mark.parametrize("how", [State.WITHDRAWN, State.EXPIRED, State.ENDED])
def test_what_agreed_in_other_letters_ends(
    database: Database, address: str, monkeypatch: pytest.MonkeyPatch, how: State
) -> None:
    """It is not accepted so; but it can be withdrawn, its time can be over, and where children live in it, it ends."""
    found = _seconded_by_itself(database, address, monkeypatch, goes_on=how is State.ENDED)
    if how is State.WITHDRAWN:
        with pytest.raises(SecondMissing) as told:
            do(database, accept, OFFICER, found, look_at(database, found))
        assert [problem.field for problem in told.value.problems] == ["second.person"]
        do(database, withdraw, OFFICER, found, Why("PLANS"))
    elif how is State.EXPIRED:
        overdue(database, found)
        assert expire_overdue(database, HERE) == 1
    else:
        do(database, end, OFFICER, found, Why("CARPL"), ended_on=AS_OF, planned=True)
    assert now(database, found).state is how


def _never_expires(database: Database, placement: Placement) -> None:
    """Let the database refuse to let one hold expire."""
    when = f"NEW.state = 'expired' AND NEW.id = '{placement.id}'"
    with database.writing() as writing:
        if writing.dialect.name == "sqlite":
            refuse = "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            writing.execute(text(f"CREATE TRIGGER zz BEFORE UPDATE ON placements WHEN {when} {refuse}"))
        else:
            how = f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION guard_refuse('not this one')"
            writing.execute(text(f"CREATE TRIGGER zz BEFORE UPDATE ON placements {how}"))


def test_one_that_does_not_expire_hinders_no_other(database: Database) -> None:
    """Neither the others whose time is over, however many are asked for at once, nor whoever decides next."""
    store(database, [], [a_referral(a_child(ref="C3"), ref="R3")])
    stuck, second_one, third = (held(database, f"R{i}", FURTHER.ref) for i in (1, 2, 3))
    _never_expires(database, stuck)
    for i, one in enumerate((stuck, second_one, third)):
        overdue(database, one, timedelta(seconds=9 - i))
    assert expire_overdue(database, HERE, most=1) == 2
    assert expire_overdue(database, HERE, most=1) == 0
    assert [now(database, one).state for one in (stuck, second_one, third)] == [State.HELD, *[State.EXPIRED] * 2]


def _number(database: Database) -> tuple[int, int]:
    """The number of the only claim, and that of the last change of the inventory."""
    with database.reading() as reading:
        return reading.execute(select(place_claims.c.changed_seq)).scalar_one(), load.inventory_seq(reading, HERE)


def _as_before(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A release that knows of no numbers of claims, and writes none."""
    real = claims.with_meaning

    def older(writing: Any, statement: Any, rows: Any) -> None:
        real(writing, statement, rows and [{k: v for k, v in row.items() if k != "changed_seq"} for row in rows])

    monkeypatch.setattr(claims, "with_meaning", older)
    return monkeypatch


def test_who_came_by_the_release_before_is_noticed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While releases are exchanged machine by machine the database counts for the one that does not."""
    shown = see(database, "R2")
    with monkeypatch.context() as before:
        _as_before(before)
        held(database, "R1", FURTHER.ref)
    number, last = _number(database)
    assert number == last > 0
    with pytest.raises(FactsChanged) as told:
        database.transact(lambda w: hold(w, a_desk(), OFFICER, a_choice(shown, "R2", FURTHER.ref, why=BECAUSE)))
    assert "home.residents" in [problem.field for problem in told.value.problems]


def test_who_went_by_the_release_before_is_noticed(database: Database) -> None:
    """A claim that ends without a number gets one as well."""
    placement = held(database, "R1", ONE_PLACE.ref)
    with database.writing() as writing:
        load.hold_inventory(writing, HERE)
        writing.execute(text("UPDATE inventory_clock SET seq = seq + 1"))
        changed = update(place_claims).where(place_claims.c.placement_id == placement.id)
        writing.execute(changed.values(resident={"ref": "C1"}))
    number, last = _number(database)
    assert number == last


def test_a_claim_without_a_number_is_not_known(database: Database) -> None:
    """Whoever looked before is told; the migration gives each the number of the day, so that it is told once."""
    held(database, "R1", FURTHER.ref)
    with database.writing() as writing:
        writing.execute(update(place_claims).values(changed_seq=0))
        assert comings.others_since(writing, HERE, FURTHER.ref, 10**6, None, ())
    migrate.downgrade(database, "0012")
    migrate.upgrade(database)
    number, last = _number(database)
    assert number == last > 0
    with database.reading() as reading:
        assert not comings.others_since(reading, HERE, FURTHER.ref, last, None, ())
