"""Webhooks and messages: where messages go, and what became of each."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import READ, errors, json_response, written
from app.api.paging import cursor
from app.api.permitting import SECOND_WALL
from app.api.recording import changed, saw
from app.api.run_models import Hex32
from app.api.runs import number_of
from app.api.service import Service, service_of
from app.api.strict import StrictRoute
from app.api.webhook_models import MessageOut, MessagesOut, MessagesPage, RetriedOut, WebhooksOut
from app.api.writes import (
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    Saved,
    answer,
    etag,
    is_current,
    precondition,
    write,
)
from app.documents.fields import Ref
from app.documents.webhook_models import WebhookIn
from app.errors import FieldProblem, Invalid
from app.messages.addresses import AddressRefused, target_of
from app.messages.signing import KeyMissing, keys_of
from app.store import outbox_hooks, outbox_sending
from app.store.idempotency import Answer
from app.store.outbox_hooks import Message, StoredWebhook, Webhook
from app.store.session import Writing

router = APIRouter(tags=["messages"], route_class=StrictRoute, dependencies=SECOND_WALL)

WebhookInPath = Annotated[Ref, Path(description="Id of the webhook, chosen by whoever registers it")]
MessageInPath = Annotated[Hex32, Path(description="Id of the message")]

REFUSED = {
    "url": ("This is not an address that messages can go to.", "Write https://host/path: no user, no number as host."),
    "scheme": ("Messages go over TLS alone.", "Use an address that begins with https://."),
    "host_not_listed": (
        "The host is not on the list.",
        "Ask whoever runs the service to add it to PLACEMENT_WEBHOOK_HOSTS.",
    ),
}


@router.get("/webhooks", response_model=WebhooksOut)
def list_webhooks(request: Request) -> Response:
    """Every webhook that there is."""
    service = service_of(request)
    with service.database.reading() as reading:
        found = outbox_hooks.all_webhooks(reading, service.authority)
    return json_response({"webhooks": [{"id": s.record.id, "version": s.version, "webhook": _out(s)} for s in found]})


@router.get("/webhooks/{id}", response_model=WebhookIn, responses={**READ, **errors(404)})
def get_webhook(
    request: Request, webhook_id: Annotated[WebhookInPath, Path(alias="id")], if_none_match: IfNoneMatch = None
) -> Response:
    """A webhook as it was registered, with its ETag. Its key is never shown."""
    service = service_of(request)
    with service.database.reading() as reading:
        stored = outbox_hooks.webhook(reading, service.authority, webhook_id)
    headers = {"ETag": etag(stored.version)}
    if is_current(if_none_match, stored.version):
        return Response(status_code=304, headers=headers)
    return json_response(_out(stored), headers)


@router.put("/webhooks/{id}", response_model=Saved, status_code=200, responses={**written(Saved), **errors(412, 428)})
def put_webhook(
    request: Request,
    webhook_id: Annotated[WebhookInPath, Path(alias="id")],
    body: WebhookIn,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Register a webhook, or change it. It gets what happens from now on, if its host is listed in the settings."""
    service = service_of(request)
    wanted = precondition(if_match, if_none_match)
    host = _check(service, body)
    hook = Webhook(webhook_id, body.url, tuple(body.topics), body.secret, body.active)

    def work(writing: Writing) -> Answer:
        saved = outbox_hooks.save_webhook(writing, service.authority, hook, wanted)
        changed(request, writing, "webhook.write", "webhook", webhook_id, host=host, version=saved.version)
        return answer(Saved(ref=webhook_id, version=saved.version), 201 if saved.is_new else 200, saved.version)

    return write(request, key, work)


@router.delete("/webhooks/{id}", status_code=204, responses=errors(404, 412, 428))
def delete_webhook(
    request: Request,
    webhook_id: Annotated[WebhookInPath, Path(alias="id")],
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Take a webhook away, with all that waits for it. Needs `If-Match`."""
    service = service_of(request)
    wanted = precondition(if_match)

    def work(writing: Writing) -> Answer:
        outbox_hooks.remove_webhook(writing, service.authority, webhook_id, wanted)
        changed(request, writing, "webhook.delete", "webhook", webhook_id)
        return Answer(204, None, b"")

    return write(request, key, work)


@router.get("/messages", response_model=MessagesOut)
def list_messages(request: Request, page: Annotated[MessagesPage, Query()]) -> Response:
    """Messages, the newest first, a page at a time; `state=dead` for those that were given up."""
    service, before = service_of(request), number_of(page)
    with service.database.reading() as reading:
        found = outbox_hooks.page(reading, service.authority, before, page.limit, page.state)
    saw(request, "messages.list", "messages", "page", shown=len(found))
    following = cursor([str(message.seq) for message in found], page.limit)
    return json_response({"messages": [_message(message) for message in found], "next": following})


@router.get("/messages/{id}", response_model=MessageOut, responses=errors(404))
def get_message(request: Request, message_id: Annotated[MessageInPath, Path(alias="id")]) -> Response:
    """A message, and how far its deliveries are."""
    service = service_of(request)
    with service.database.reading() as reading:
        found = outbox_hooks.message(reading, service.authority, message_id)
    saw(request, "message.read", "message", message_id)
    return json_response(_message(found))


@router.post("/messages/{id}/retry", response_model=RetriedOut, responses=errors(404))
def retry_message(
    request: Request, message_id: Annotated[MessageInPath, Path(alias="id")], key: IdempotencyKey = None
) -> Response:
    """Send a message again to every webhook for which it was given up.

    There is no `If-Match`: the message stays as it is, and one that is not given up is not sent again, which `note`
    says: what waits is sent by itself at its `due_at`, and what arrived has arrived.
    """
    service = service_of(request)

    def work(writing: Writing) -> Answer:
        before = outbox_hooks.message(writing, service.authority, message_id)
        retried = outbox_sending.retry(writing, service.authority, message_id)
        changed(request, writing, "message.retry", "message", message_id, retried=retried)
        return answer(_retried(before, retried))

    return write(request, key, work)


def _retried(before: Message, retried: int) -> RetriedOut:
    """What came of a retry, from how the deliveries stood before it."""
    states = Counter(delivery.state for delivery in before.deliveries)
    said = [
        (states["waiting"], "{} still to come and sent at their `due_at`, not sooner"),
        (states["delivered"], "{} arrived already and not sent again"),
    ]
    told = "; ".join(words.format(number) for number, words in said if number)
    note = f"Deliveries that were left alone: {told}." if told else None
    if not before.deliveries:
        note = "No webhook took messages of this topic when it was made, so there is nothing to send."
    return RetriedOut(retried=retried, waiting=states["waiting"], delivered=states["delivered"], note=note)


def _check(service: Service, body: WebhookIn) -> str:
    """The host, if messages may go there and can be signed. Raises `Invalid`."""
    options, problems, host = service.messages, [], ""
    try:
        host = target_of(body.url, options.webhook_hosts, loopback=options.webhook_loopback).host
    except AddressRefused as error:
        problems.append(FieldProblem("url", *REFUSED[error.code]))
    try:
        keys_of(body.secret, options.webhook_secrets, options.webhook_keys)
    except KeyMissing:
        cure = "Ask whoever runs the service to put the key into a file of this name: see docs/webhooks.md."
        problems.append(FieldProblem("secret", "There is no usable key of this name.", cure))
    if len(set(body.topics)) != len(body.topics):
        problems.append(FieldProblem("topics", "A topic stands twice.", "Name each topic once."))
    if problems:
        raise Invalid(problems)
    return host


def _out(stored: StoredWebhook) -> dict[str, Any]:
    hook = stored.record
    return {"url": hook.url, "topics": list(hook.topics), "secret": hook.secret, "active": hook.active}


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "sequence": message.seq,
        "topic": message.topic,
        "about": dict(message.about),
        "made_at": message.made_at,
        "deliveries": list(message.deliveries),
    }
