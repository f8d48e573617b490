"""Webhooks and messages as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.api.paging import Page
from app.documents.fields import Document, Truth
from app.messages.addresses import MOST_LETTERS
from app.store.outbox import TOPICS

Topic = Literal[
    "proposal.published",
    "placement.held",
    "placement.sent",
    "placement.accepted",
    "placement.declined",
    "placement.withdrawn",
    "placement.expired",
    "placement.placed",
    "placement.ended",
]
State = Literal["waiting", "delivered", "dead"]
KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class WebhookIn(Document):
    """Where messages go: to a host that the settings list, signed with the key of this name. Never the key itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": "https://cases.example.org/placements", "topics": ["placement.accepted"], "secret": "cases"}
            ]
        }
    )

    url: Annotated[str, Field(strict=True, min_length=1, max_length=MOST_LETTERS)]
    topics: Annotated[list[Topic], Field(min_length=1, max_length=len(TOPICS), json_schema_extra={"uniqueItems": True})]
    secret: Annotated[KeyName, Field(description="Name of the key, as its file is called")]
    active: Truth = True


class StoredWebhookOut(BaseModel):
    """A webhook and the version at which it stands."""

    id: str
    version: Annotated[int, Field(ge=1)]
    webhook: WebhookIn


class WebhooksOut(BaseModel):
    """Every webhook that there is, in the order of the ids."""

    webhooks: list[StoredWebhookOut]


class DeliveryOut(BaseModel):
    """How far a message is on its way to one webhook. `dead`: given up; `outcome` says why it failed last."""

    webhook: str
    state: State
    attempts: int
    due_at: Annotated[datetime, Field(description="When it is sent next, where it waits")]
    outcome: str | None
    settled_at: datetime | None


class MessageOut(BaseModel):
    """A message as it is sent, and its deliveries."""

    id: str
    sequence: int
    topic: Topic
    about: dict[str, Any]
    made_at: datetime
    deliveries: list[DeliveryOut]


class MessagesOut(BaseModel):
    """A page of messages, the newest first. `next` is null on the last page."""

    messages: list[MessageOut]
    next: str | None


class MessagesPage(Page):
    """Which part of the messages."""

    state: Annotated[State, Field(description="Those with a delivery of this state")] | None = None


class RetriedOut(BaseModel):
    """How many deliveries of the message had been given up and are now made again."""

    retried: int
