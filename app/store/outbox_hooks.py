"""Where messages go, and what became of each: kept by administrators, read by auditors too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select

from app.errors import MessageNotFound, WebhookNotFound
from app.store.outbox_tables import deliveries, messages, webhooks
from app.store.save import upsert
from app.store.session import Reading, Writing
from app.store.versions import Precondition, Saved


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that wants messages. `secret`: the name of its key."""

    id: str
    url: str
    topics: tuple[str, ...]
    secret: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook and the version at which it stands."""

    record: Webhook
    version: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one message is on its way to one webhook."""

    webhook: str
    state: str
    attempts: int
    due_at: datetime
    outcome: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its deliveries."""

    seq: int
    id: str
    topic: str
    about: Mapping[str, Any]
    made_at: datetime
    deliveries: tuple[Delivery, ...]


def all_webhooks(reading: Reading, authority: str) -> list[StoredWebhook]:
    """Every webhook, in the order of the ids."""
    rows = reading.execute(select(webhooks).where(webhooks.c.authority == authority).order_by(webhooks.c.id))
    return [_webhook(row) for row in rows.mappings()]


def webhook(reading: Reading, authority: str, wanted: str) -> StoredWebhook:
    """One webhook. Raises `WebhookNotFound`."""
    which = webhooks.c.authority == authority, webhooks.c.id == wanted
    row = reading.execute(select(webhooks).where(*which)).mappings().one_or_none()
    if row is None:
        raise WebhookNotFound
    return _webhook(row)


def save_webhook(writing: Writing, authority: str, hook: Webhook, precondition: Precondition) -> Saved:
    """Store a webhook, new or changed. It gets what happens from now on. Raises as `Precondition.check`."""
    current = _version(writing, authority, hook.id)
    precondition.check(current)
    version = (current or 0) + 1
    row = {
        "authority": authority,
        "id": hook.id,
        "version": version,
        "url": hook.url,
        "topics": list(hook.topics),
        "secret": hook.secret,
        "active": hook.active,
    }
    upsert(writing, webhooks, ("authority", "id"), [row])
    return Saved(version, current is None)


def remove_webhook(writing: Writing, authority: str, wanted: str, precondition: Precondition) -> None:
    """Take a webhook away, with what waits for it. Raises `WebhookNotFound` or as `save_webhook`."""
    current = _version(writing, authority, wanted)
    if current is None:
        raise WebhookNotFound
    precondition.check(current)
    writing.execute(delete(webhooks).where(webhooks.c.authority == authority, webhooks.c.id == wanted))


def page(reading: Reading, authority: str, before: int | None, limit: int, state: str | None = None) -> list[Message]:
    """So many messages, the newest first; `state`: those with a delivery of that state."""
    wanted = select(messages).where(messages.c.authority == authority)
    if before is not None:
        wanted = wanted.where(messages.c.seq < before)
    if state is not None:
        of_message = deliveries.c.authority == messages.c.authority, deliveries.c.message_id == messages.c.id
        wanted = wanted.where(exists().where(*of_message, deliveries.c.state == state))
    rows = reading.execute(wanted.order_by(messages.c.seq.desc()).limit(limit)).mappings().all()
    return _messages(reading, authority, rows)


def message(reading: Reading, authority: str, wanted: str) -> Message:
    """One message. Raises `MessageNotFound`."""
    which = messages.c.authority == authority, messages.c.id == wanted
    rows = reading.execute(select(messages).where(*which)).mappings().all()
    if not rows:
        raise MessageNotFound
    return _messages(reading, authority, rows)[0]


def counts(reading: Reading, authority: str) -> dict[str, int]:
    """How many deliveries there are in each state."""
    state = deliveries.c.state
    found = reading.execute(select(state, func.count()).where(deliveries.c.authority == authority).group_by(state))
    return {row[0]: row[1] for row in found}


def _version(writing: Writing, authority: str, wanted: str) -> int | None:
    which = webhooks.c.authority == authority, webhooks.c.id == wanted
    return writing.execute(select(webhooks.c.version).where(*which).with_for_update()).scalar()


def _webhook(row: Mapping[Any, Any]) -> StoredWebhook:
    hook = Webhook(row["id"], row["url"], tuple(row["topics"]), row["secret"], row["active"])
    return StoredWebhook(hook, row["version"])


def _messages(reading: Reading, authority: str, rows: Sequence[Mapping[Any, Any]]) -> list[Message]:
    d, found = deliveries, defaultdict(list)
    which = d.c.authority == authority, d.c.message_id.in_([row["id"] for row in rows])
    for row in reading.execute(select(d).where(*which).order_by(d.c.webhook_id)):
        delivery = Delivery(row.webhook_id, row.state, row.attempts, row.due_at, row.outcome, row.settled_at)
        found[row.message_id].append(delivery)
    return [
        Message(row["seq"], row["id"], row["topic"], row["about"], row["made_at"], tuple(found[row["id"]]))
        for row in rows
    ]
