"""Connections of the queue to tables that show each authority its own rows alone.

PostgreSQL keeps the details of a key that stands already from whoever may not see every row. Procrastinate reads
from them which lock it was, only to name it in a message, and gives up where they are missing. Here a second job of
a kind is told without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from procrastinate import PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import UniqueViolation


@contextmanager
def told_without_details() -> Iterator[None]:
    """Turn what Procrastinate makes of a violation without details into the violation that it is."""
    try:
        yield
    except (AssertionError, TypeError) as error:
        violation = error.__context__
        if not isinstance(violation, psycopg.errors.UniqueViolation):
            raise
        raise UniqueViolation(constraint_name=violation.diag.constraint_name, queueing_lock=None) from None


class Asking(SyncPsycopgConnector):
    """For a process that only says that there is work."""

    def execute_query_all(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """As above."""
        with told_without_details():
            return super().execute_query_all(query, **arguments)


class Working(PsycopgConnector):
    """For a worker."""

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """As above: a job of a dead worker is put back."""
        with told_without_details():
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """As above: a periodic job."""
        with told_without_details():
            found: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
        return found

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """As above: a job."""
        with told_without_details():
            found: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
        return found
