"""Deliveries: taken up one by one under a lease, in the order of each placement's messages, and settled.

Whoever takes a delivery up has it for a while. If nothing is heard of it by then, somebody else takes it up, so a
message may arrive twice and is never lost; its id tells the receiver. A lease that ran out settles nothing.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, and_, exists, func, select, type_coerce, update

from app.store.outbox_tables import deliveries, messages, webhooks
from app.store.schema import UtcDateTime
from app.store.session import Reading, Writing

LEASE = timedelta(seconds=60)
"""Longer than any sending takes."""

FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 6 * 3_600
MOST_ATTEMPTS = 16
"""The pauses double: the last attempt is made some thirty hours after the first."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that somebody has taken up, with all that is sent."""

    message_id: str
    webhook_id: str
    lease: str
    attempts: int
    seq: int
    topic: str
    about: Mapping[str, Any]
    made_at: datetime
    url: str
    secret: str


def take_up(writing: Writing, authority: str, resting: Collection[str] = ()) -> Taken | None:
    """Take up the delivery that is due first; None where none is. `resting`: webhooks that are left alone."""
    d, m, w = deliveries, messages, webhooks
    now = _now(writing)
    of_message = and_(m.c.authority == d.c.authority, m.c.id == d.c.message_id)
    of_webhook = and_(w.c.authority == d.c.authority, w.c.id == d.c.webhook_id)
    wanted = (
        select(d, m.c.topic, m.c.about, m.c.made_at, w.c.url, w.c.secret)
        .join(m, of_message)
        .join(w, of_webhook)
        .where(d.c.authority == authority, d.c.state == "waiting", d.c.due_at <= now, w.c.active)
        .where(d.c.webhook_id.not_in(sorted(resting)), ~_waits_for_another(d))
        .order_by(d.c.seq, d.c.webhook_id)
        .limit(1)
        .with_for_update(skip_locked=True, of=d)
    )
    row = writing.execute(wanted).one_or_none()
    if row is None:
        return None
    lease = secrets.token_hex(16)
    values = {"lease": lease, "attempts": row.attempts + 1, "due_at": now + LEASE}
    writing.execute(update(d).where(*_is(authority, row.message_id, row.webhook_id)).values(values))
    known = {name: getattr(row, name) for name in Taken.__dataclass_fields__ if name not in values}
    return Taken(**known, lease=lease, attempts=row.attempts + 1)


def settle(writing: Writing, authority: str, taken: Taken, outcome: str, *, arrived: bool) -> bool:
    """Say what came of a delivery; False where somebody else has it by now. `outcome`: a short code."""
    now = _now(writing)
    values: dict[str, Any] = {"lease": None, "outcome": outcome[:40]}
    if arrived:
        values |= {"state": "delivered", "settled_at": now}
    elif taken.attempts >= MOST_ATTEMPTS:
        values |= {"state": "dead", "settled_at": now}
    else:
        values["due_at"] = now + pause(taken.attempts)
    mine = deliveries.c.lease == taken.lease
    settled = update(deliveries).where(*_is(authority, taken.message_id, taken.webhook_id), mine).values(values)
    return writing.execute(settled).rowcount == 1


def pause(attempts: int, chance: float | None = None) -> timedelta:
    """How long to wait after so many attempts: doubling, and between half and the whole of it by chance."""
    whole = min(FIRST_PAUSE_S * 2 ** min(attempts - 1, 30), LONGEST_PAUSE_S)
    part = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
    return timedelta(seconds=whole * (0.5 + part / 2))


def retry(writing: Writing, authority: str, message_id: str) -> int:
    """Send what was given up of a message once more, from the first attempt on; how many deliveries that are."""
    again = {"state": "waiting", "attempts": 0, "due_at": _now(writing), "settled_at": None, "lease": None}
    d = deliveries
    dead = d.c.authority == authority, d.c.message_id == message_id, d.c.state == "dead"
    return int(writing.execute(update(d).where(*dead).values(again)).rowcount)


def is_due(reading: Reading, authority: str) -> bool:
    """Whether anything may be taken up now: a look that locks nothing."""
    d = deliveries
    due = d.c.authority == authority, d.c.state == "waiting", d.c.due_at <= _now(reading)
    return reading.execute(select(d.c.seq).where(*due).limit(1)).first() is not None


def _waits_for_another(d: Table) -> Any:
    """An earlier message of the same placement has not arrived there yet."""
    earlier = d.alias("earlier")
    return exists().where(
        earlier.c.authority == d.c.authority,
        earlier.c.webhook_id == d.c.webhook_id,
        earlier.c.order_key == d.c.order_key,
        earlier.c.seq < d.c.seq,
        earlier.c.state == "waiting",
    )


def _is(authority: str, message_id: str, webhook_id: str) -> tuple[Any, ...]:
    d = deliveries
    return d.c.authority == authority, d.c.message_id == message_id, d.c.webhook_id == webhook_id


def _now(reading: Reading) -> datetime:
    return reading.execute(select(type_coerce(func.current_timestamp(), UtcDateTime))).scalar_one()
