"""An accept for the campaign, through the very function by which the API writes once for a key."""

from __future__ import annotations

from app.deciding.accepting import accept as accept_step
from app.deciding.holding import accept_at_once
from app.store.idempotency import Answer, Keyed, write_once
from app.store.outbox_hooks import Webhook, save_webhook
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.deciding.conftest import FURTHER, ONE_PLACE, OTHER_REFERRAL, REFERRAL
from tests.support.builders import NOTTINGHAM
from tests.support.deciding import BECAUSE, OFFICER, a_choice, a_desk, held, see
from tests.support.nights import store

FINGERPRINT = bytes(32)


def fill(database: Database) -> None:
    """A small authority: two children, two homes."""
    store(database, [ONE_PLACE, FURTHER], [REFERRAL, OTHER_REFERRAL])
    global SEEN  # noqa: PLW0603 - what the officer saw is part of the database that is copied
    SEEN = see(database, REFERRAL.ref)


SEEN = ""


def fill_held(database: Database) -> None:
    """The same; the place is held for the child, and a webhook listens to what becomes of it."""
    fill(database)
    hook = Webhook("cases", "https://cases.example.org/", ("placement.accepted",), "cases")
    database.transact(lambda writing: save_webhook(writing, NOTTINGHAM, hook, Precondition()))
    global HELD  # noqa: PLW0603 - it is part of the database that is copied
    HELD = held(database, REFERRAL.ref, ONE_PLACE.ref).id


HELD = ""


def accept_held(database: Database, key: str = "the-same-key") -> str:
    """Accept what is held: its row is changed, and a message goes out; the id of the placement."""

    def work(writing: Writing) -> Answer:
        made = accept_step(writing, a_desk(), OFFICER, HELD, Precondition(versions=frozenset({1})))
        return Answer(200, made.version, made.id.encode())

    return write_once(database, Keyed(NOTTINGHAM, key, FINGERPRINT), work).answer.body.decode()


def accept(database: Database, key: str = "the-same-key") -> str:
    """Accept the one place for the one child; the id of the placement."""

    def work(writing: Writing) -> Answer:
        choice = a_choice(SEEN, REFERRAL.ref, ONE_PLACE.ref, why=BECAUSE)
        made = accept_at_once(writing, a_desk(), OFFICER, choice)
        return Answer(201, made.version, made.id.encode())

    return write_once(database, Keyed(NOTTINGHAM, key, FINGERPRINT), work).answer.body.decode()
