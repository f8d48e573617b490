"""Whether anybody of a reference is on record: a slip of the pen in a list of people would be a rule met in silence."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, bindparam, func, select, true, union_all
from sqlalchemy.sql.selectable import CompoundSelect

from app.store.placement_tables import place_claims
from app.store.prepared import IsOne, of_refs
from app.store.run_tables import placed_children
from app.store.session import Reading
from app.store.tables import children, residents
from app.store.whereabouts import HAS_SIBLINGS, LISTS, OF_SIBLING

WHERE_PEOPLE_ARE = (residents.c.ref, children.c.ref, placed_children.c.ref, place_claims.c.child_ref)
"""Who lives in a home, waits in a referral, is in the caseload, or has or had a place by a placement.

And whoever is named as somebody's brother or sister who is placed: a referral may tell of their home.
"""


def nobodies(reading: Reading, authority: str, refs: Collection[str]) -> dict[str, bool]:
    """The references of which nobody is on record; true where one is that differs in capital letters alone."""
    if not refs:
        return {}
    known = {row["ref"] for row in _OF_REFS[reading.dialect.name].rows(reading, authority=authority, refs=sorted(refs))}
    missing = set(refs) - known
    if not missing:
        return {}
    letters = sorted({ref.lower() for ref in missing})
    alike = {
        row["ref"].lower() for row in _OF_LETTERS[reading.dialect.name].rows(reading, authority=authority, refs=letters)
    }
    return {ref: ref.lower() in alike for ref in missing}


def _people(dialect: str, of: Callable[[ColumnElement[str]], ColumnElement[str]], is_one: IsOne) -> CompoundSelect[Any]:
    def here(ref: Column[str]) -> Select[Any]:
        return select(ref.label("ref")).where(ref.table.c.authority == bindparam("authority"), is_one(of(ref)))

    listed, sibling = (
        LISTS[dialect]("placed_siblings").table_valued("value", name="named"),
        OF_SIBLING[dialect]("child"),
    )
    siblings = select(sibling.label("ref")).select_from(children.join(listed, true()))
    mine = children.c.authority == bindparam("authority"), HAS_SIBLINGS[dialect]
    return union_all(*map(here, WHERE_PEOPLE_ARE), siblings.where(*mine, is_one(of(sibling))))


_OF_REFS = {dialect: of_refs(partial(_people, dialect, lambda ref: ref)) for dialect in LISTS}
_OF_LETTERS = {dialect: of_refs(partial(_people, dialect, func.lower)) for dialect in LISTS}
