"""Sending what is due: one delivery after the other, each signed, to an address that is checked each time."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC

from app.errors import PlacementError
from app.messages.addresses import AddressRefused, Resolver, pin, system_resolver, target_of
from app.messages.options import MessageOptions
from app.messages.posting import Poster, PostFailed
from app.messages.signing import KeyMissing, keys_of, signature
from app.store import outbox_sending
from app.store.outbox_sending import Taken
from app.store.session import Database

log = logging.getLogger(__name__)

MOST_AT_ONCE = 1_000
"""Deliveries of one pass; whoever calls comes again soon."""


def never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True, slots=True)
class Sent:
    """What one pass did."""

    delivered: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends one authority's messages. `resolver`, `poster`, `clock`: the outside world, for tests to replace."""

    database: Database
    authority: str
    options: MessageOptions
    resolver: Resolver = system_resolver
    poster: Poster = field(default_factory=Poster)
    clock: Callable[[], float] = time.time

    def deliver_due(self, stopping: Callable[[], bool] = never, most: int = MOST_AT_ONCE) -> Sent:
        """Send what is due, until nothing is or somebody asks to stop. Several may do so at once, anywhere.

        A webhook that fails is left alone for the rest of the pass, so that it does not keep the others waiting.
        """
        delivered, resting = 0, set[str]()
        failed = 0
        for _ in range(most):
            if stopping() or not self._is_due():
                break
            taken = self.database.transact(lambda w: outbox_sending.take_up(w, self.authority, resting))
            if taken is None:
                break
            arrived, outcome = self._send(taken)
            self._settle(taken, outcome, arrived=arrived)
            delivered, failed = delivered + arrived, failed + (not arrived)
            if not arrived:
                resting.add(taken.webhook_id)
        return Sent(delivered, failed)

    def _is_due(self) -> bool:
        with self.database.reading() as reading:
            return outbox_sending.is_due(reading, self.authority)

    def _send(self, taken: Taken) -> tuple[bool, str]:
        """Whether it arrived, and a code that says what happened."""
        options, loopback = self.options, self.options.webhook_loopback
        try:
            target = target_of(taken.url, options.webhook_hosts, loopback=loopback)
            keys = keys_of(taken.secret, options.webhook_secrets, options.webhook_keys)
            body, now = body_of(self.authority, taken), int(self.clock())
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "placement",
                "Placement-Message-Id": taken.message_id,
                "Placement-Signature": signature(keys, now, body),
            }
            status = self.poster.post(target, pin(target, self.resolver, loopback=loopback), headers, body)
        except KeyMissing:
            return False, "key_missing"
        except (AddressRefused, PostFailed) as error:
            return False, error.code
        return 200 <= status < 300, f"status_{status}"

    def _settle(self, taken: Taken, outcome: str, *, arrived: bool) -> None:
        try:
            self.database.transact(lambda w: outbox_sending.settle(w, self.authority, taken, outcome, arrived=arrived))
        except PlacementError as error:  # it is sent again when its lease is over
            log.warning("a delivery could not be settled", extra={"code": error.code})
            raise
        if not arrived:
            log.warning("a message did not arrive", extra={"message_id": taken.message_id, "reason": outcome})


def body_of(authority: str, taken: Taken) -> bytes:
    """What is sent. The same bytes at each attempt."""
    document = {
        "id": taken.message_id,
        "topic": taken.topic,
        "authority": authority,
        "sequence": taken.seq,
        "made_at": taken.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "about": dict(taken.about),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
