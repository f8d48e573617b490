"""Laying out a database for a test."""

from __future__ import annotations

from app.store import migrate
from app.store.session import Database


def lay_out(url: str) -> None:
    """Bring the database at this address to the newest revision, and leave it with nobody connected."""
    database = Database.open(url)
    migrate.upgrade(database)
    database.close()
