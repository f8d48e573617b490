"""Make a change on copies of the records of a case, so that it can be judged again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.matching.unit import Case, Change, Subject


def apply(case: Case, change: Change) -> Case:
    """The case after the change. A change to the child reaches the party and the referral as well."""
    path = change.field.split(".")
    match change.subject:
        case Subject.HOME:
            return replace(case, home=_changed(case.home, path, change.value))
        case Subject.REFERRAL:
            return replace(case, referral=_changed(case.referral, path, change.value))
        case Subject.CHILD:
            new = _changed(case.child, path, change.value)
            children = tuple(new if child.ref == new.ref else child for child in case.children)
            everybody = tuple(new if child.ref == new.ref else child for child in case.referral.children)
            referral = replace(case.referral, children=everybody)
            return replace(case, child=new, children=children, referral=referral)


def _changed(record: Any, path: Sequence[str], value: Any) -> Any:
    name, *rest = path
    return replace(record, **{name: _changed(getattr(record, name), rest, value) if rest else value})
