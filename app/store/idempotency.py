"""Writes that may be sent twice: the second time gives the first answer and changes nothing.

The key is stored in the transaction of the change itself, so there is never one without the other, and it is
kept as long as what it wrote. Of two requests with one key at the same moment the second waits for the first.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import KeyUsedForAnother
from app.store.session import Database, Writing
from app.store.tables import idempotency_keys as keys


def key_of(subject: str, key: str) -> str:
    """A caller's key as it is stored: each caller has keys of their own, and none of them can be read back."""
    return hashlib.sha256(f"{subject}\n{key}".encode()).hexdigest()


def sealed(key: str, digest: bytes) -> bytes:
    """The digest of a request as it is stored: without the caller's key nobody finds a body by trying."""
    return hmac.new(key.encode(), digest, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered with: HTTP status, version of what it wrote, body. Nothing personal in it."""

    status: int
    version: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request by its key as it is stored. `fingerprint` stands for the whole request.

    `before`: what stood for it in the release before, which stored no `sealed` one.
    """

    authority: str
    key: str
    fingerprint: bytes
    before: bytes | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What a write came to. `is_replayed`: it had been done before, and this is the answer of then."""

    answer: Answer
    is_replayed: bool = False


def write_once(database: Database, keyed: Keyed | None, work: Callable[[Writing], Answer]) -> Done:
    """Do the work in one transaction, with its key and its answer: once for its key, however often it is asked for.

    Without a key it is done each time. Raises `KeyUsedForAnother` where the key came with another request.
    """

    def once(writing: Writing) -> Done:
        if keyed is None:
            return Done(work(writing))
        known = claim(writing, keyed.authority, keyed.key, keyed.fingerprint, keyed.before)
        if known is not None:
            return Done(known, is_replayed=True)
        answer = work(writing)
        settle(writing, keyed.authority, keyed.key, answer)
        return Done(answer)

    return database.transact(once)


def claim(writing: Writing, authority: str, key: str, fingerprint: bytes, before: bytes | None = None) -> Answer | None:
    """Take the key for this transaction, or give the answer that it already has.

    `fingerprint` stands for the whole request. Raises `KeyUsedForAnother` where the key came with another.
    """
    insert = sqlite.insert if writing.dialect.name == "sqlite" else postgresql.insert
    row = {"authority": authority, "key": key, "fingerprint": fingerprint}
    claimed = insert(keys).values(row).on_conflict_do_nothing().returning(keys.c.key)
    if writing.execute(claimed).scalar() is not None:
        return None
    found = writing.execute(select(keys).where(keys.c.authority == authority, keys.c.key == key)).one()
    if found.fingerprint not in (fingerprint, before):
        raise KeyUsedForAnother
    return Answer(found.status, found.version, found.body)


def settle(writing: Writing, authority: str, key: str, answer: Answer) -> None:
    """Store the answer with the key that this transaction claimed."""
    writing.execute(
        update(keys)
        .where(keys.c.authority == authority, keys.c.key == key)
        .values(status=answer.status, version=answer.version, body=answer.body)
    )
