"""Placements as plain values, in the form that `placement_models` describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from app.access.principal import Principal
from app.api.placement_models import DecisionOut, PlacementOut
from app.deciding.life import steps_open_to
from app.store.placement_records import Decision, Placement

Plain: TypeAlias = dict[str, Any]


def placement_answer(placement: Placement, who: Principal) -> Plain:
    """A placement, with what this caller may do to it."""
    found = {name: getattr(placement, name) for name in PlacementOut.model_fields if name != "steps"}
    return found | {"steps": steps_open_to(who, placement)}


def history_answer(placement: Placement, found: Sequence[Decision]) -> Plain:
    """Every step of a placement."""
    decisions = [{name: getattr(one, name) for name in DecisionOut.model_fields} for one in found]
    return {"placement": placement.id, "decisions": decisions}
