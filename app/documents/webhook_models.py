"""The JSON form of a webhook."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from app.documents.fields import Document, Truth

MOST_LETTERS = 1_000

Topic = Literal[
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
]
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
    topics: Annotated[list[Topic], Field(min_length=1, max_length=10, json_schema_extra={"uniqueItems": True})]
    secret: Annotated[KeyName, Field(description="Name of the key, as its file is called")]
    active: Truth = True
