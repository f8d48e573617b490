"""Every name that a document or request may have: what an error may say, and what may stand where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from app.documents.decision_models import DECISIONS
from app.documents.home_models import HomeIn
from app.documents.placed_models import PlacedIn
from app.documents.referral_models import ReferralIn
from app.documents.run_models import RunIn
from app.documents.snapshot_models import SnapshotIn
from app.documents.webhook_models import WebhookIn


@cache
def names() -> frozenset[str]:
    """Every field name and code of the documents, and the names that requests add."""
    found = {"body", "query", "path", "header", "homes", "home", "referral", "inventory", "policy", "k"}
    found |= {"Idempotency-Key", "If-Match", "If-None-Match"}
    codes = {str(word) for part in _objects() for word in part.get("enum", ())}
    return frozenset(found | codes | fields())


@cache
def fields() -> frozenset[str]:
    """The names of all fields of all documents."""
    return frozenset(name for part in _objects() for name in part.get("properties", ()))


@cache
def may_be_null() -> frozenset[str]:
    """Fields that must be sent, and may be sent as null. Each name means the same in every document."""
    return frozenset(
        name
        for part in _objects()
        for name in part.get("required", ())
        if {"type": "null"} in part["properties"][name].get("anyOf", ())
    )


def fields_at(document: type[BaseModel], where: Sequence[str | int]) -> tuple[str, ...]:
    """The names that may stand in this object of a document, in its order; empty where that cannot be told."""
    schema = _schema(document)
    here = [schema]
    for step in where:  # a step that leads nowhere names one of several forms, which are looked at together
        here = [inner for part in here for inner in _inside(part, step, schema)] or here
    return tuple(dict.fromkeys(name for part in here for form in _forms(part, schema) for name in _own(form)))


def _inside(part: dict[str, Any], step: str | int, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What stands under a name, or at a position, of a part of a schema."""
    for form in _forms(part, schema):
        inner = form.get("items") if isinstance(step, int) else _own(form).get(step, form.get("additionalProperties"))
        if isinstance(inner, dict):
            yield inner


def _forms(part: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The part itself, or each of the forms that it may have."""
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    several = [one for kind in ("anyOf", "oneOf", "allOf") for one in part.get(kind, ())]
    if not several:
        yield part
    for one in several:
        yield from _forms(one, schema)


def _own(form: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = form.get("properties", {})
    return found


@cache
def _schema(document: type[BaseModel]) -> dict[str, Any]:
    return document.model_json_schema()


def _objects() -> Iterator[dict[str, Any]]:
    """Every part of the schema of every document."""
    for model in (ReferralIn, HomeIn, PlacedIn, RunIn, SnapshotIn, WebhookIn, *DECISIONS):
        schema = _schema(model)
        yield schema
        yield from schema.get("$defs", {}).values()
