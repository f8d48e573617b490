"""Somebody of whom nothing is known lives in a home: whom a release before erased, or a backup still listed."""

from __future__ import annotations

from app.store import erasure
from app.store.erasure import Erasure
from app.store.session import Database


def erase_as_before(database: Database, authority: str, child: str) -> str:
    """Erase somebody who lives in a home by its record, which is refused now; the word that stands for them."""
    wanted = Erasure.of(authority, child)
    return database.transact(lambda w: erasure.erase(w, child, wanted, ("admin-1", "person"), anew=True))
