from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from app.messages.addresses import Target
from app.messages.delivering import Sender
from app.messages.options import MessageOptions
from app.messages.posting import Poster, PostFailed
from app.messages.signing import is_signed
from app.store import outbox_hooks, outbox_sending
from app.store.outbox import TOPICS, put
from app.store.outbox_hooks import Webhook, save_webhook
from app.store.outbox_tables import deliveries
from app.store.session import Database
from app.store.versions import Precondition
from tests.messages.receiver import receiving, status
from tests.support.tampering import undone

AUTHORITY = "E06000018"
KEY, OLD = "k" * 32, "o" * 32
OPTIONS = MessageOptions.model_construct(
    webhook_hosts=("cases.example.org",),
    webhook_secrets=None,
    webhook_keys={"cases": SecretStr(f"{KEY},{OLD}")},
    webhook_loopback=True,
)


class Posts(Poster):
    """Notes what would be sent, and answers as it is told: a status, or a code of what failed."""

    def __init__(self, *answers: int | str) -> None:
        super().__init__()
        object.__setattr__(self, "sent", [])
        object.__setattr__(self, "answers", list(answers))

    __slots__ = ("answers", "sent")

    def post(self, target: Target, number: str, headers: Mapping[str, str], body: bytes) -> int:
        """As the real one does."""
        self.sent.append((target, number, headers["Placement-Message-Id"], body))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, str):
            raise PostFailed(answer)
        return answer


def _hook(database: Database, hook_id: str = "one", url: str = "https://cases.example.org/", **changes: Any) -> None:
    hook = Webhook(**{"id": hook_id, "url": url, "topics": TOPICS, "secret": "cases"} | changes)
    database.transact(lambda writing: save_webhook(writing, AUTHORITY, hook, Precondition(exists=False)))


def _put(database: Database, placement: str = "p1", topic: str = "placement.held") -> str:
    return database.transact(lambda writing: put(writing, AUTHORITY, topic, {"placement": placement}))


def _sender(database: Database, poster: Poster, number: str = "93.184.215.14") -> Sender:
    return Sender(database, AUTHORITY, OPTIONS, lambda _h, _p: [number], poster)


def _states(database: Database) -> dict[str, tuple[str, int, str | None]]:
    with database.reading() as reading:
        found = outbox_hooks.page(reading, AUTHORITY, None, 100)
    return {m.id: (d.state, d.attempts, d.outcome) for m in found for d in m.deliveries}


def _make_due(database: Database) -> None:
    """As if the pauses were over."""
    past = datetime.now(UTC) - timedelta(days=1)
    with database.writing() as writing:
        waiting = deliveries.c.state == "waiting"
        writing.execute(update(deliveries).where(waiting).values(due_at=past, lease=None))


def test_a_message_arrives_signed_and_is_settled(database: Database) -> None:
    """Over a real connection to this machine; both keys sign; it is sent once."""
    with receiving() as receiver:
        _hook(database, url=receiver.url)
        message = _put(database)
        sender = Sender(database, AUTHORITY, OPTIONS)
        assert (sender.deliver_due().delivered, sender.deliver_due().delivered) == (1, 0)
    (request,) = receiver.got
    now = int(datetime.now(UTC).timestamp())
    for key in (KEY, OLD):
        assert is_signed(request.headers["placement-signature"], [key.encode()], request.body, now)
    told = request.message
    assert (told["id"], told["topic"], told["about"]) == (message, "placement.held", {"placement": "p1"})
    assert told["authority"] == AUTHORITY
    assert _states(database) == {message: ("delivered", 1, "status_204")}


def test_what_is_undone_is_never_told(lite: Database) -> None:
    """A message of a transaction that failed does not exist."""
    _hook(lite)
    with undone(lite) as writing:
        put(writing, AUTHORITY, "placement.held", {"placement": "p1"})
    assert _sender(lite, Posts()).deliver_due().delivered == 0
    assert _states(lite) == {}


@pytest.mark.parametrize(
    "about", [{"name": "Jo Bloggs"}, {"note": "a\nb"}, {"x": ["Ann Other"]}, {"x": "a" * 65}, {"x": ""}]
)
def test_a_message_takes_no_text(lite: Database, about: dict[str, Any]) -> None:
    """Ids and codes alone: nothing that could be a name or a sentence."""
    with pytest.raises(ValueError, match="ids and codes"), lite.writing() as writing:
        put(writing, AUTHORITY, "placement.held", about)
    with pytest.raises(ValueError, match="topic"), lite.writing() as writing:
        put(writing, AUTHORITY, "placement.renamed", {})


def test_only_who_wants_a_topic_gets_it(lite: Database) -> None:
    """Not the inactive, not those of another topic, not those of another authority."""
    _hook(lite, "wants")
    _hook(lite, "other", topics=("placement.ended",))
    _hook(lite, "asleep", active=False)
    _put(lite)
    with lite.reading() as reading:
        (message,) = outbox_hooks.page(reading, AUTHORITY, None, 10)
        assert [delivery.webhook for delivery in message.deliveries] == ["wants"]
        assert outbox_hooks.page(reading, "E10000024", None, 10) == []


def test_a_webhook_that_is_switched_off_gets_nothing_that_waits(database: Database) -> None:
    """Not even what was put for it before, which waits until it is switched on again: its receiver may be another's."""
    _hook(database, "one")
    _hook(database, "two")
    message, poster = _put(database), Posts()
    hook = Webhook(id="one", url="https://cases.example.org/", topics=TOPICS, secret="cases", active=False)
    database.transact(lambda writing: save_webhook(writing, AUTHORITY, hook, Precondition(exists=True)))
    assert _sender(database, poster).deliver_due().delivered == 1
    assert len(poster.sent) == 1
    assert sorted(state for state, _, _ in _states_of_each(database, message)) == ["delivered", "waiting"]
    on_again = replace(hook, active=True)
    database.transact(lambda writing: save_webhook(writing, AUTHORITY, on_again, Precondition(exists=True)))
    assert _sender(database, poster).deliver_due().delivered == 1
    assert [state for state, _, _ in _states_of_each(database, message)] == ["delivered", "delivered"]


def _states_of_each(database: Database, message_id: str) -> list[tuple[str, int, str | None]]:
    with database.reading() as reading:
        found = outbox_hooks.message(reading, AUTHORITY, message_id)
    return [(d.state, d.attempts, d.outcome) for d in found.deliveries]


def test_a_failure_is_tried_again_later_and_given_up_at_last(database: Database) -> None:
    """The pauses grow; after the last attempt it is dead, and a person can have it sent again."""
    _hook(database)
    message = _put(database)
    answers: list[int | str] = [500, "timeout", 301, *[503] * outbox_sending.MOST_ATTEMPTS]
    posts = Posts(*answers)
    for attempt in range(1, outbox_sending.MOST_ATTEMPTS + 1):
        assert _sender(database, posts).deliver_due().failed == 1
        assert _sender(database, posts).deliver_due().failed == 0, "not before its pause is over"
        state = "dead" if attempt == outbox_sending.MOST_ATTEMPTS else "waiting"
        assert _states(database)[message][:2] == (state, attempt)
        _make_due(database)
    assert _sender(database, posts).deliver_due().failed == 0
    with database.reading() as reading:
        assert [m.id for m in outbox_hooks.page(reading, AUTHORITY, None, 10, "dead")] == [message]
    assert database.transact(lambda writing: outbox_sending.retry(writing, AUTHORITY, message)) == 1
    posts.answers.clear()
    assert _sender(database, posts).deliver_due().delivered == 1
    assert len({body for _, _, _, body in posts.sent}) == 1, "the same bytes each time"


def test_pauses_double_up_to_a_limit_and_differ_by_chance() -> None:
    """Between half and the whole of 5 s, 10 s, 20 s ... six hours."""
    assert [outbox_sending.pause(n, 1.0).total_seconds() for n in (1, 2, 3, 20)] == [5, 10, 20, 21_600]
    assert outbox_sending.pause(1, 0.0).total_seconds() == 2.5
    assert len({outbox_sending.pause(5) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("number", "url", "hosts", "outcome"),
    [
        ("10.0.0.1", "https://cases.example.org/", ("cases.example.org",), "address_not_public"),
        ("93.184.215.14", "https://cases.example.org/", (), "host_not_listed"),
        ("93.184.215.14", "http://cases.example.org/", ("cases.example.org",), "scheme"),
    ],
)
def test_an_address_is_checked_each_time(
    lite: Database, number: str, url: str, hosts: tuple[str, ...], outcome: str
) -> None:
    """Whatever stood there when it was registered: nothing is sent, and the reason is seen."""
    _hook(lite, url=url)
    message, posts = _put(lite), Posts()
    options = OPTIONS.model_copy(update={"webhook_hosts": hosts})
    Sender(lite, AUTHORITY, options, lambda _h, _p: [number], posts).deliver_due()
    assert posts.sent == []
    assert _states(lite)[message] == ("waiting", 1, outcome)


def test_the_connection_goes_to_the_number_that_was_judged(lite: Database) -> None:
    """A name that leads elsewhere the second time gains nothing: it is asked once."""
    _hook(lite)
    _put(lite)
    answers, posts = iter([["93.184.215.14"], ["127.0.0.1"]]), Posts()
    Sender(lite, AUTHORITY, OPTIONS, lambda _h, _p: next(answers), posts).deliver_due()
    assert [number for _, number, _, _ in posts.sent] == ["93.184.215.14"]


def test_a_missing_key_sends_nothing(lite: Database) -> None:
    """Unsigned is not sent."""
    _hook(lite, secret="gone")
    message, posts = _put(lite), Posts()
    _sender(lite, posts).deliver_due()
    assert (posts.sent, _states(lite)[message][2]) == ([], "key_missing")


def test_messages_of_a_placement_keep_their_order(database: Database) -> None:
    """While the first is not there, the second waits, and those of other placements do not."""
    _hook(database)
    first, second, other = _put(database), _put(database, topic="placement.sent"), _put(database, "p2")
    posts = Posts(500)
    for _ in range(2):
        _sender(database, posts).deliver_due()
    _make_due(database)
    _sender(database, posts).deliver_due()
    sent = [message for _, _, message, _ in posts.sent]
    assert sent == [first, other, first, second]


def test_a_webhook_that_fails_does_not_keep_others_waiting(lite: Database) -> None:
    """Of one that does not answer a pass tries one message; the other webhook gets all of its own."""
    _hook(lite, "bad", url="https://cases.example.org/bad")
    _hook(lite, "good", url="https://cases.example.org/good")
    for n in range(5):
        _put(lite, f"p{n}")

    class Half(Posts):
        def post(self, target: Target, number: str, headers: Mapping[str, str], body: bytes) -> int:
            """As the real one does."""
            super().post(target, number, headers, body)
            return 503 if target.path == "/bad" else 204

    posts = Half()
    _sender(lite, posts).deliver_due()
    paths = [target.path for target, _, _, _ in posts.sent]
    assert (paths.count("/bad"), paths.count("/good")) == (1, 5)


def test_killed_between_sending_and_settling_it_is_sent_again(database: Database) -> None:
    """At least once: nothing is lost, the second arrival has the same id, and the late one settles nothing."""
    _hook(database)
    message = _put(database)

    class Killed(Posts):
        def post(self, target: Target, number: str, headers: Mapping[str, str], body: bytes) -> int:
            """As the real one does."""
            super().post(target, number, headers, body)
            raise SystemExit

    posts = Killed()
    with pytest.raises(SystemExit):
        _sender(database, posts).deliver_due()
    assert _states(database)[message][0] == "waiting"
    late = _taken(database, message)
    assert _sender(database, Posts()).deliver_due().delivered == 0, "its lease is not over yet"
    _make_due(database)
    again = Posts()
    assert _sender(database, again).deliver_due().delivered == 1
    assert again.sent[0][2:] == posts.sent[0][2:]
    assert not database.transact(
        lambda writing: outbox_sending.settle(writing, AUTHORITY, late, "timeout", arrived=False)
    )
    assert _states(database)[message][0] == "delivered"


def _taken(database: Database, message: str) -> outbox_sending.Taken:
    now = datetime.now(UTC)
    return outbox_sending.Taken(message, "one", "a lease of before", 1, 1, "placement.held", {}, now, "", "cases")


def test_many_senders_send_each_message_once(database: Database) -> None:
    """Four senders at once on 40 messages: no message twice while nobody dies."""
    _hook(database)
    wanted = {_put(database, f"p{n}") for n in range(40)}
    posts = Posts()
    threads = [threading.Thread(target=_sender(database, posts).deliver_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sent = [message for _, _, message, _ in posts.sent]
    assert (len(sent), set(sent)) == (40, wanted)
    assert {state for state, _, _ in _states(database).values()} == {"delivered"}


def test_a_refusing_receiver_over_a_real_connection(lite: Database) -> None:
    """What it says is a status in the record, and nothing of its text."""
    with receiving(status(410)) as receiver:
        _hook(lite, url=receiver.url)
        message = _put(lite)
        assert Sender(lite, AUTHORITY, OPTIONS).deliver_due().failed == 1
    assert _states(lite)[message] == ("waiting", 1, "status_410")
