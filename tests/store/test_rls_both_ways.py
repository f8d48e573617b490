"""However statements reach PostgreSQL, a transaction is in the role of the service and for its authority.

There are two ways: straight through the driver, and, where somebody listens to the engine (as traces do), through
SQLAlchemy. What stands behind the wall must not depend on whether a service is traced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from app.errors import LoginMayNot
from app.matching.referral import HomeRef
from app.observing.traces import provider, trace_engine
from app.store import load, save
from app.store.driving import speaks_directly
from app.store.prepared import Prepared
from app.store.session import APP_ROLE, Database
from app.store.tables import homes
from app.store.versions import Precondition
from tests.store.walled import DERBY, with_two_authorities
from tests.support.builders import NOTTINGHAM, a_home
from tests.support.postgres import Postgres

WHO = text("SELECT current_user, current_setting('placement.authority', true)")
REFS = Prepared(homes.select().with_only_columns(homes.c.authority, homes.c.ref))


@pytest.fixture(scope="module")
def laid_out(postgres: Postgres) -> Iterator[str]:
    """The address of a database with one home of each of two authorities."""
    name = with_two_authorities(postgres)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["directly", "traced"])
def service(request: pytest.FixtureRequest, laid_out: str) -> Iterator[Database]:
    """Nottingham's service, whose login row-level security does not bind: only the role does."""
    opened = Database.open(laid_out, NOTTINGHAM)
    if request.param == "traced":
        trace_engine(opened.engine, provider(SimpleSpanProcessor(InMemorySpanExporter())))
    assert speaks_directly(opened.engine) is (request.param == "directly")
    yield opened
    opened.close()


TRANSACTIONS: dict[str, Callable[[Database], Any]] = {
    "reading": Database.reading,
    "writing": Database.writing,
}


@pytest.mark.parametrize("kind", TRANSACTIONS)
def test_each_transaction_takes_the_role(service: Database, kind: str) -> None:
    """From its first statement on, and the next one on the same connection again."""
    for _ in range(3):
        with TRANSACTIONS[kind](service) as transaction:
            assert tuple(transaction.execute(WHO).one()) == (APP_ROLE, NOTTINGHAM)


def test_a_question_asked_alone_takes_the_role(service: Database) -> None:
    """What begins, asks and ends in one exchange sees our own rows alone."""
    for _ in range(3):
        with service.asking() as reading:
            assert [tuple(row.values()) for row in REFS.rows(reading)] == [(NOTTINGHAM, "H")]


def test_rows_of_another_authority_are_nowhere(service: Database) -> None:
    """Neither read, nor counted, nor changed, nor written, whatever the statement says."""
    with service.reading() as reading:
        assert [tuple(row) for row in reading.execute(text("SELECT authority, ref FROM homes"))] == [(NOTTINGHAM, "H")]
        assert load.home(reading, DERBY, HomeRef("H")) is None
    with service.writing() as writing:
        changed = writing.execute(text("UPDATE homes SET places = 9 WHERE authority = :other"), {"other": DERBY})
        assert changed.rowcount == 0
    with pytest.raises(LoginMayNot), service.writing() as writing:
        save.save_home(writing, DERBY, a_home(ref=HomeRef("H2")), Precondition())


@pytest.mark.parametrize("statement", ["DELETE FROM audit_entries", "CREATE TABLE x (a int)", "DROP TABLE homes"])
def test_the_rights_are_those_of_the_role(service: Database, statement: str) -> None:
    """What the login may do and the role may not is refused."""
    with pytest.raises(LoginMayNot), service.writing() as writing:
        writing.execute(text(statement))
