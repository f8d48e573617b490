"""Homes and runs for callers who may not read a child's record: the same, without any child.

A commissioner keeps homes and their terms without knowing who lives there. What such a caller was not shown it
cannot change either: a home that it stores keeps the residents and the named children that are on record, and a home
that has any is not its own to take away. Otherwise whoever reads a home and stores it again, or takes it away and
stores it anew, would wipe out who lives there, and the next child would be judged beside nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from app.access.permissions import sees_children
from app.api.callers import caller_of
from app.documents.home_models import HomeIn
from app.documents.places import Note
from app.errors import ChildrenOnRecord, FieldProblem, Invalid
from app.matching.home import Home
from app.matching.referral import HomeRef
from app.store import load, save
from app.store.session import Writing

OF_A_HOME = ("residents",)
OF_ITS_TERMS = ("named_children", "exempt_children")
OF_A_RUN = ("pinned", "excluded")

NOBODY_ON_RECORD = Note(
    "residents",
    "Nobody is on record as living in this home, whether it is new, was taken away before or has another reference now."
    " Whoever lives there must be told by the case management system before a child is placed.",
)
"""Said where a home is stored for the first time, or comes back, by somebody who cannot say who lives there."""


def withholds(request: Request) -> bool:
    """Whether this caller is shown homes and runs without children."""
    return not sees_children(caller_of(request))


def home_without_children(written: Mapping[str, Any]) -> dict[str, Any]:
    """A home's document without who lives there and whom its terms name."""
    terms = {name: value for name, value in written["terms"].items() if name not in OF_ITS_TERMS}
    return {name: value for name, value in written.items() if name not in OF_A_HOME} | {"terms": terms}


def run_without_children(told: Mapping[str, Any]) -> dict[str, Any]:
    """A run's answer without whom it was asked to place, or not to place, somewhere."""
    options = {name: value for name, value in told["options"].items() if name not in OF_A_RUN}
    return {**told, "options": options}


def require_no_children(body: HomeIn) -> None:
    """Raise `Invalid` where a body says who lives in the home, or names children in its terms."""
    said = [name for name in OF_A_HOME if name in body.model_fields_set]
    said += [f"terms.{name}" for name in OF_ITS_TERMS if name in body.terms.model_fields_set]
    if said:
        problem = "Your roles do not see the children of a home, so they cannot say who they are."
        raise Invalid([FieldProblem(name, problem, "Leave it out: what is on record stays.") for name in said])


def with_children_on_record(writing: Writing, authority: str, home: Home) -> Home:
    """The home with the children that are on record for it; as it is where it is new.

    Nobody else changes a home from here to the end of the transaction: else whoever came to live there meanwhile
    would be wiped out.
    """
    save.next_seq(writing, authority)
    stored = load.home(writing, authority, home.ref)
    if stored is None:
        return home
    known = stored.record
    terms = replace(home.terms, **{name: getattr(known.terms, name) for name in OF_ITS_TERMS})
    return replace(home, residents=known.residents, terms=terms)


def require_nobody_on_record(writing: Writing, authority: str, ref: HomeRef) -> None:
    """Raise `ChildrenOnRecord` where somebody lives in the home, or its terms name anybody.

    Nobody comes to live there from here to the end of the transaction.
    """
    save.next_seq(writing, authority)
    stored = load.home(writing, authority, ref)
    if stored is None:
        return
    terms = stored.record.terms
    if stored.record.residents or any(getattr(terms, name) for name in OF_ITS_TERMS):
        raise ChildrenOnRecord
