"""Refusals as plain values, in the form of `DeclinedOut`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.store.declined import Declined


def declined_answer(refused: Iterable[Declined]) -> list[dict[str, Any]]:
    """Each refusal: for whom, when, by whose answer, and the code of why. No words: these are kept apart."""
    return [
        {
            "children": one.children,
            "at": one.at,
            "by": "provider" if one.by_provider else "officer",
            "reason": one.reason,
        }
        for one in refused
    ]
