"""Carry out on the records what a counterfactual says would have to be different. Shares nothing with the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from app.matching.home import Home
from app.matching.referral import Referral
from app.matching.unit import Subject
from app.matching.why_not import Needed


def changed(referral: Referral, home: Home, needed: Iterable[Needed]) -> tuple[Referral, Home]:
    """Referral and home after these changes. The records that were given stay as they are."""
    for each in needed:
        path, value = each.change.field.split("."), each.change.value
        if each.change.subject is Subject.HOME:
            assert each.child is None
            home = _with(home, path, value)
        elif each.change.subject is Subject.REFERRAL:
            assert each.child is None
            referral = _with(referral, path, value)
        else:
            assert each.child in {child.ref for child in referral.children}
            children = tuple(_with(c, path, value) if c.ref == each.child else c for c in referral.children)
            referral = _with(referral, ["children"], children)
    return referral, home


def _with(record: Any, path: list[str], value: Any) -> Any:
    """A copy of the record in which the field at the end of the path has another value."""
    first, rest = path[0], path[1:]
    if isinstance(record, Mapping):
        keys = {str(key): key for key in record}
        return {**record, keys[first]: value}
    twin = copy(record)
    object.__setattr__(twin, first, _with(getattr(record, first), rest, value) if rest else value)
    return twin
