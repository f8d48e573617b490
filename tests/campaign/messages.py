"""Senders that are killed, and a receiver that fails: `python -m tests.campaign.messages [--rounds N]`.

`rounds` are kills (SIGKILL) on each database. Two senders at a time send to a receiver that refuses every tenth
message and hangs up on every twelfth. In the end each message has arrived at least once, signed; what arrived twice
has the same id and bytes; and of each placement what is taken is taken in order. `--broken`: later messages of a
placement do not wait for earlier ones.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest import mock

from pydantic import SecretStr
from sqlalchemy import false, func, select

from app.messages.delivering import Sender
from app.messages.options import MessageOptions
from app.messages.posting import Poster
from app.messages.signing import is_signed
from app.store import migrate, outbox_sending
from app.store.outbox import TOPICS, put
from app.store.outbox_hooks import Webhook, save_webhook
from app.store.outbox_tables import deliveries
from app.store.session import Database
from app.store.versions import Precondition
from tests.campaign.counts import Counts, run
from tests.messages.receiver import OK, Behaviour, Receiver, Request, receiving
from tests.support.postgres import running_postgres

KILLS = 100
PLACEMENTS = 3
A_KILL = 6
"""Messages that are stored for each kill, so that senders always have something to do."""

AUTHORITY = "E06000018"
KEY = "k" * 32
OPTIONS = MessageOptions.model_construct(webhook_keys={"key": SecretStr(KEY)}, webhook_loopback=True)
QUICK = {"LEASE": timedelta(seconds=1), "FIRST_PAUSE_S": 0.05, "LONGEST_PAUSE_S": 0.2, "MOST_ATTEMPTS": 1_000}
"""Leases and pauses as short as a test needs them; the database's clock may count whole seconds."""


def main(rounds: int = KILLS, *, broken: bool = False) -> Counts:
    """Kill senders so often on each database, and account for every message."""
    counts = Counts("messages: senders killed, every message accounted for", 2 * rounds)
    for name, url in _urls():
        database = Database.open(url)
        migrate.upgrade(database)
        taken: list[str] = []
        with receiving(_failing(taken)) as receiver, _quick(broken=broken):
            wanted = _store(database, receiver.url, rounds * A_KILL)
            database.close()
            for _ in range(rounds):
                _send_and_kill(url)
                counts.done += 1
            _send_the_rest(url)
            _account(counts, name, receiver, taken, wanted)
    return counts


def _failing(taken: list[str]) -> Behaviour:
    """Notes the ids of what it takes."""
    chance = random.Random(7)

    def behave(connection: socket.socket, request: Request) -> None:
        drawn = chance.random()
        if drawn < 0.1:
            connection.sendall(b"HTTP/1.1 503 X\r\n\r\n")
        elif drawn > 0.1 + 1 / 12:
            taken.append(request.headers["placement-message-id"])
            connection.sendall(OK)

    return behave


@contextmanager
def _quick(*, broken: bool) -> Iterator[None]:
    with mock.patch.multiple(outbox_sending, **QUICK):
        if not broken:
            yield
            return
        with mock.patch.object(outbox_sending, "_waits_for_another", return_value=false()):
            yield


def _store(database: Database, url: str, count: int) -> dict[str, tuple[str, int]]:
    """So many messages of a few placements: id to placement and number."""
    hook = Webhook("one", url, TOPICS, "key")
    database.transact(lambda writing: save_webhook(writing, AUTHORITY, hook, Precondition()))
    stored = {}
    for number in range(count):
        placement = f"p{number % PLACEMENTS}"
        about = {"placement": placement}
        message = database.transact(lambda w, about=about: put(w, AUTHORITY, "placement.held", about))  # type: ignore[misc]
        stored[message] = (placement, number)
    return stored


def _send(url: str) -> None:
    """What a worker does, for ever."""
    database = Database.open(url)
    sender = Sender(database, AUTHORITY, OPTIONS, poster=Poster(2))
    while True:
        sender.deliver_due()
        time.sleep(0.01)


def _send_and_kill(url: str) -> None:
    fork = multiprocessing.get_context("fork")
    senders = [fork.Process(target=_send, args=(url,), daemon=True) for _ in range(2)]
    for sender in senders:
        sender.start()
    time.sleep(random.uniform(0.05, 0.6))
    for sender in senders:
        os.kill(sender.pid or 0, signal.SIGKILL)
        sender.join()


def _send_the_rest(url: str) -> None:
    database = Database.open(url)
    sender = Sender(database, AUTHORITY, OPTIONS, poster=Poster(2))
    until = time.monotonic() + 300
    waiting = select(func.count()).where(deliveries.c.state == "waiting")
    while time.monotonic() < until:
        sender.deliver_due()
        with database.reading() as reading:
            if reading.execute(waiting).scalar_one() == 0:
                break
        time.sleep(0.02)
    database.close()


def _account(
    counts: Counts, name: str, receiver: Receiver, taken: list[str], wanted: dict[str, tuple[str, int]]
) -> None:
    bodies: dict[str, set[bytes]] = defaultdict(set)
    now = int(time.time())
    for request in receiver.got:
        message = request.headers["placement-message-id"]
        counts.check(message in wanted, f"{name}: a message arrived that nobody stored")
        signature = request.headers["placement-signature"]
        counts.check(is_signed(signature, [KEY.encode()], request.body, now, 10_000), f"{name}: not signed")
        bodies[message].add(request.body)
    order: dict[str, list[int]] = defaultdict(list)
    for message in dict.fromkeys(taken):
        placement, number = wanted[message]
        order[placement].append(number)
    lost = set(wanted) - set(taken)
    counts.check(not lost, f"{name}: {len(lost)} messages were never taken")
    counts.check(all(len(each) == 1 for each in bodies.values()), f"{name}: a message was not the same twice")
    for placement, numbers in order.items():
        counts.check(numbers == sorted(numbers), f"{name}: the messages of {placement} came out of order")
    counts.notes |= {f"stored_{name}": len(wanted), f"arrived_{name}": len(receiver.got)}


def _urls() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="placement-messages-") as folder:
        yield "sqlite", f"sqlite:///{Path(folder) / 'messages.db'}"
    with running_postgres() as server:
        yield "postgresql", server.url(server.create())


if __name__ == "__main__":
    sys.exit(0 if run(main, KILLS)["is_whole"] else 1)
