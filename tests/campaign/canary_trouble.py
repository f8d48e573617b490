"""What may go wrong while requests come, each with names in its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.testclient import TestClient

from app.api import callers, recording
from app.store import audit, load
from tests.campaign.canary_requests import NAME, REF

ATTEMPTS = 10

TEXT = f"could not handle {NAME} of {REF}"


@contextmanager
def all_goes_well(_client: TestClient) -> Iterator[None]:
    """Nothing is wrong but what callers send."""
    yield


@contextmanager
def the_code_fails(_client: TestClient) -> Iterator[None]:
    """Reading and recording raise an error of ours with a name in its text and in that of its cause."""

    def fails(*_arguments: Any, **_named: Any) -> None:
        try:
            {}[TEXT]
        except KeyError as error:
            raise ValueError(TEXT) from error

    homes, referrals = ("home", "home_document", "homes_page"), ("referral", "referral_document", "referrals_page")
    names = (*homes, *referrals, "all_referrals", "inventory_seq")
    patches = [mock.patch.object(load, name, fails) for name in names]
    patches += [mock.patch.object(audit, "record", fails), mock.patch.object(recording, "record_last", fails)]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


@contextmanager
def the_database_fails(client: TestClient) -> Iterator[None]:
    """Each statement is refused with a message that repeats names, as databases do (`DETAIL: Key (ref)=(...)`)."""
    engine = _engine(client)

    def refuses(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if "set_config" not in statement:
            raise SQLAlchemyError(TEXT)

    event.listen(engine, "before_cursor_execute", refuses)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", refuses)


@contextmanager
def a_statement_is_wrong(client: TestClient) -> Iterator[None]:
    """Statements fail in the database itself, with the parameters that were sent along."""
    engine = _engine(client)

    def spoils(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> tuple[str, Any]:
        return (statement.replace(" WHERE ", f" WHERE '{NAME}' = made_up_{REF} AND ", 1), parameters)

    event.listen(engine, "before_cursor_execute", spoils, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", spoils)


@contextmanager
def nobody_is_let_in(_client: TestClient) -> Iterator[None]:
    """Finding out who calls fails with a name in the error."""

    async def fails(*_arguments: Any) -> None:
        raise RuntimeError(TEXT)

    with mock.patch.object(callers.Callers, "of", fails):
        yield


@contextmanager
def the_tables_are_gone(client: TestClient) -> Iterator[None]:
    """The last trouble of all: somebody took the tables away."""
    engine = _engine(client)
    cascade = " CASCADE" if engine.dialect.name == "postgresql" else ""
    for table in ("residents", "children", "inventory_clock", "audit_heads"):
        _drop(engine, f"DROP TABLE {table}{cascade}")
    yield


def _drop(engine: Any, statement: str) -> None:
    """Drop a table, again where the service stood in the way: one of two that wait for each other has to give up."""
    for attempt in range(ATTEMPTS):
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        except OperationalError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


Trouble = Callable[[TestClient], AbstractContextManager[None]]

TROUBLES: tuple[Trouble, ...] = (
    all_goes_well,
    the_code_fails,
    the_database_fails,
    a_statement_is_wrong,
    nobody_is_let_in,
    the_tables_are_gone,
)


def _engine(client: TestClient) -> Any:
    return client.app.state.service.database.engine  # type: ignore[attr-defined]
