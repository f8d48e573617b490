"""Outgoing messages, stored in the transaction of what they tell: none is lost, and none tells what was undone.

Sending them is another part's work (`app.messages`). A message holds ids and codes: whoever receives it asks the
API for more, under its own rights.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
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
    "placement.left",
    "placement.ended",
)

ORDERED_BY = ("placement", "proposal", "run")
"""Messages that agree in the first of these arrive in the order in which they were stored."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:+-]{0,63}")


def put(writing: Writing, authority: str, topic: str, about: Mapping[str, JSON]) -> str:
    """Store a message for every address that wants its topic; its id. In the caller's transaction.

    `about`: ids, codes, dates and numbers. Raises `ValueError` for a topic that there is not and for anything
    that could be a name or a text.
    """
    return put_all(writing, authority, topic, [about])[0]


def put_all(writing: Writing, authority: str, topic: str, abouts: Sequence[Mapping[str, JSON]]) -> list[str]:
    """Store several messages of one topic, in this order; their ids. As `put`."""
    if topic not in TOPICS:
        raise ValueError("there is no such topic")
    rows = [_row(authority, topic, about) for about in abouts]
    if not rows:
        return []
    writing.execute(messages.insert(), rows)
    wanted = select(webhooks.c.id, webhooks.c.topics).where(webhooks.c.authority == authority, webhooks.c.active)
    to = [found.id for found in writing.execute(wanted) if topic in found.topics]
    if to:
        numbers = _numbers(writing, authority, [row["id"] for row in rows])
        about_each = [
            {
                "authority": authority,
                "message_id": row["id"],
                "webhook_id": webhook,
                "seq": numbers[row["id"]],
                "order_key": row["order_key"],
            }
            for row in rows
            for webhook in to
        ]
        writing.execute(deliveries.insert(), about_each)
    return [row["id"] for row in rows]


def _row(authority: str, topic: str, about: Mapping[str, JSON]) -> dict[str, Any]:
    for value in about.values():
        _check(value)
    message_id = secrets.token_hex(16)
    order_key = next((str(about[name]) for name in ORDERED_BY if about.get(name)), message_id)
    return {"authority": authority, "id": message_id, "topic": topic, "order_key": order_key, "about": dict(about)}


def _numbers(writing: Writing, authority: str, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(ids), 500):
        some = messages.c.id.in_(ids[start : start + 500])
        rows = writing.execute(select(messages.c.id, messages.c.seq).where(messages.c.authority == authority, some))
        found.update({row.id: row.seq for row in rows})
    return found


def _check(value: JSON) -> None:
    if value is None or isinstance(value, (bool, int)):
        return
    if isinstance(value, str):
        if not _CODE.fullmatch(value):
            raise ValueError("a message holds ids and codes alone")
        return
    for each in value.values() if isinstance(value, Mapping) else value:
        _check(each)
