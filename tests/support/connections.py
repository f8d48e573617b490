"""Connections of a database that is in use: how a test makes sure that an old one is not met again."""

from typing import Any

from sqlalchemy import Engine, event


def renew_each_use(engine: Engine) -> None:
    """From now on close every connection after its use, so that each use makes one of its own.

    Disposing of the engine alone is not enough while the service's own threads look at their work: a connection
    that is out at that moment comes back to a pool that nobody closes.
    """
    event.listen(engine, "checkin", _close)
    engine.dispose()


def _close(_connection: Any, entry: Any) -> None:
    entry.invalidate()
