"""Webhooks and messages over HTTP: registered by an administrator, sent, given up, sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter
from sqlalchemy import update
from starlette.testclient import TestClient

from app.access.principal import Role
from app.api.webhook_models import MessageOut, MessagesOut, RetriedOut, WebhooksOut
from app.documents.webhook_models import Topic, WebhookIn
from app.main import create_app
from app.messages.delivering import Sender
from app.store.outbox import put
from app.store.outbox_tables import deliveries
from tests.api.desk import hold_first, run_to_its_end, take_step
from tests.api.service import TODAY, send, settings_for
from tests.messages.receiver import receiving, status
from tests.support.access import AUTHORITY, bearer, client_of

ADMIN = bearer([Role.ADMIN], subject="admin-1")
HOOK = {"url": "https://cases.example.org/hook", "topics": ["placement.held", "placement.ended"], "secret": "cases"}
KEY = "k" * 40


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[TestClient]:
    """A service that may send to one host and to this machine."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cases").write_text(KEY)
    changes = {"webhook_hosts": ("cases.example.org",), "webhook_secrets": tmp_path / "keys", "webhook_loopback": True}
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'placement.db'}", **changes), lambda: TODAY)
    with client_of(app, ADMIN) as opened:
        yield opened


def _put(client: TestClient, hook: dict[str, Any], **headers: str) -> Any:
    return send(client, "PUT", "/webhooks/cases", hook, **headers)


def test_a_webhook_is_registered_changed_and_taken_away(hooked: TestClient) -> None:
    """With versions as everything else; its key is never shown."""
    assert (_put(hooked, HOOK).status_code, _put(hooked, HOOK).status_code) == (201, 428)
    read = hooked.get("/webhooks/cases")
    TypeAdapter(WebhookIn).validate_python(read.json())
    assert (read.json(), read.headers["ETag"]) == ({**HOOK, "active": True}, '"v1"')
    assert hooked.get("/webhooks/cases", headers={"If-None-Match": '"v1"'}).status_code == 304
    assert _put(hooked, {**HOOK, "active": False}, If_Match='"v1"').status_code == 200
    every = hooked.get("/webhooks").json()
    TypeAdapter(WebhooksOut).validate_python(every)
    assert KEY not in str(every)
    assert hooked.delete("/webhooks/cases", headers={"If-Match": '"v1"'}).status_code == 412
    assert hooked.delete("/webhooks/cases", headers={"If-Match": '"v2"'}).status_code == 204
    assert hooked.get("/webhooks/cases").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "https://evil.example/"}, "url"),
        ({"url": "http://cases.example.org/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "https://cases.example.org@127.0.0.1/"}, "url"),
        ({"secret": "none"}, "secret"),
        ({"secret": "../keys/cases"}, "secret"),
        ({"topics": []}, "topics"),
        ({"topics": ["placement.held", "placement.held"]}, "topics"),
        ({"topics": ["everything"]}, "topics[0]"),
        ({"key": KEY}, "body"),
    ],
)
def test_what_will_not_do_is_named_and_not_repeated(hooked: TestClient, change: dict[str, Any], field: str) -> None:
    """A host that is not listed, no TLS, a number, a key that there is not."""
    answer = _put(hooked, {**HOOK, **change})
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert "evil" not in answer.text
    assert hooked.get("/webhooks/cases").status_code == 404


def test_nobody_but_an_administrator_registers_webhooks(hooked: TestClient) -> None:
    """An auditor may look."""
    others = bearer([role for role in Role if role is not Role.ADMIN])
    assert _put(hooked, HOOK, **others).status_code == 403
    assert hooked.get("/webhooks", headers=others).status_code == 200


def test_a_message_is_seen_dead_and_sent_again(hooked: TestClient) -> None:
    """Given up after its attempts, listed as dead, retried by a person, delivered."""
    service = hooked.app.state.service  # type: ignore[attr-defined]
    with receiving(status(503)) as receiver:
        assert _put(hooked, {**HOOK, "url": receiver.url}).status_code == 201
        message = service.database.transact(lambda w: put(w, AUTHORITY, "placement.held", {"placement": "p1"}))
        sender = Sender(service.database, AUTHORITY, service.messages)
        assert sender.deliver_due().failed == 1
        with service.database.writing() as writing:
            writing.execute(update(deliveries).values(state="dead"))
        page = hooked.get("/messages", params={"state": "dead"}).json()
        TypeAdapter(MessagesOut).validate_python(page)
        assert [(one["id"], one["deliveries"][0]["outcome"]) for one in page["messages"]] == [(message, "status_503")]
        retried = hooked.post(f"/messages/{message}/retry")
        TypeAdapter(RetriedOut).validate_python(retried.json())
        assert retried.json() == {"retried": 1, "waiting": 0, "delivered": 0, "note": None}
        again = hooked.post(f"/messages/{message}/retry").json()
        assert (again["retried"], again["waiting"], "not sooner" in again["note"]) == (0, 1, True)
        receiver.behave = status(200)
        assert sender.deliver_due().delivered == 1
        late = hooked.post(f"/messages/{message}/retry").json()
        assert (late["retried"], late["delivered"], "arrived already" in late["note"]) == (0, 1, True)
    found = hooked.get(f"/messages/{message}").json()
    TypeAdapter(MessageOut).validate_python(found)
    assert (found["about"], found["deliveries"][0]["state"]) == ({"placement": "p1"}, "delivered")
    assert hooked.get("/messages", params={"state": "dead"}).json()["messages"] == []
    assert hooked.post(f"/messages/{'0' * 32}/retry").status_code == 404
    unheard = service.database.transact(lambda w: put(w, AUTHORITY, "placement.sent", {"placement": "p2"}))
    assert "No webhook" in hooked.post(f"/messages/{unheard}/retry").json()["note"]


def _documented() -> dict[str, set[str]]:
    """The keys of `about` by topic, as the page has them."""
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`p[^|]*) \| ([^|]*) \|$", page, re.MULTILINE)
    return {
        first: set(re.findall(r"`(\w+)`", keys)) for topics, keys in rows for first in re.findall(r"`(\S+)`", topics)
    }


def test_what_messages_are_about_is_documented(served: TestClient) -> None:
    """Every key of every message that comes of a run and of a placement's life stands on the page, and no other."""
    run_to_its_end(served)
    held = hold_first(served).json()
    sent = take_step(served, held, "send", {"hours": 1}).json()
    assert take_step(served, sent, "withdraw", {"reason": {"code": "PLANS"}}).status_code == 200
    messages = served.get("/messages", headers=ADMIN).json()["messages"]
    found = {one["topic"]: set(one["about"]) for one in messages}
    assert set(found) == {"proposal.published", "placement.held", "placement.sent", "placement.withdrawn"}
    documented = _documented()
    topics = {topic if topic.startswith("p") else f"placement{topic}" for topic in documented}
    assert topics == set(get_args(Topic))
    for topic, keys in found.items():
        assert documented[topic if topic in documented else topic.removeprefix("placement")] == keys, topic
