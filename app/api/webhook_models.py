"""Webhooks and messages as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.api.paging import Page
from app.documents.webhook_models import Topic, WebhookIn

State = Literal["waiting", "delivered", "dead"]


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
    """How many deliveries of the message had been given up and are now made again, and why others are not."""

    retried: Annotated[int, Field(ge=0, description="Given up before, and sent again from now on")]
    waiting: Annotated[int, Field(ge=0, description="Not given up: sent by themselves when they are due, not sooner")]
    delivered: Annotated[int, Field(ge=0, description="Arrived already: not sent again")]
    note: Annotated[str | None, Field(description="What was not done, and why; null where all was sent again")]
