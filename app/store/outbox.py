"""Outgoing messages, stored in the transaction of what they tell: none is lost, and none tells what was undone.

Sending them is another part's work (`app.messages`). A message holds ids and codes: whoever receives it asks the
API for more, under its own rights.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.store.audit import JSON
from app.store.outbox_tables import deliveries, messages, webhooks
from app.store.session import Writing

TOPICS = (
    "proposal.published",
    "placement.held",
    "placement.sent",
    "placement.accepted",
    "placement.declined",
    "placement.withdrawn",
    "placement.expired",
    "placement.placed",
    "placement.ended",
)

ORDERED_BY = ("placement", "proposal", "run")
"""Messages that agree in the first of these arrive in the order in which they were stored."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}")


def put(writing: Writing, authority: str, topic: str, about: Mapping[str, JSON]) -> str:
    """Store a message for every address that wants its topic; its id. In the caller's transaction.

    `about`: ids, codes, dates and numbers. Raises `ValueError` for a topic that there is not and for anything
    that could be a name or a text.
    """
    if topic not in TOPICS:
        raise ValueError("there is no such topic")
    for value in about.values():
        _check(value)
    message_id = secrets.token_hex(16)
    order_key = next((str(about[name]) for name in ORDERED_BY if about.get(name)), message_id)
    row = {"authority": authority, "id": message_id, "topic": topic, "order_key": order_key, "about": dict(about)}
    seq = writing.execute(messages.insert().values(row).returning(messages.c.seq)).scalar_one()
    wanted = select(webhooks.c.id, webhooks.c.topics).where(webhooks.c.authority == authority, webhooks.c.active)
    to = [found.id for found in writing.execute(wanted) if topic in found.topics]
    common: dict[str, Any] = {"authority": authority, "message_id": message_id, "seq": seq, "order_key": order_key}
    if to:
        writing.execute(deliveries.insert(), [common | {"webhook_id": webhook} for webhook in to])
    return message_id


def _check(value: JSON) -> None:
    if value is None or isinstance(value, (bool, int)):
        return
    if isinstance(value, str):
        if not _CODE.fullmatch(value):
            raise ValueError("a message holds ids and codes alone")
        return
    for each in value.values() if isinstance(value, Mapping) else value:
        _check(each)
