"""Which constraint or trigger of the database refused a statement, told alike on both databases."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError

from app.store.session import Database
from app.store.tables import metadata

FOREIGN_KEY = "FOREIGN KEY constraint failed"
"""All that SQLite tells of a foreign key."""


def refused_by(error: DBAPIError) -> frozenset[str]:
    """Names of the constraints that may have refused (SQLite does not always say which one), or a trigger's words."""
    raised = error.orig
    if isinstance(raised, psycopg.Error):
        return frozenset({raised.diag.constraint_name or str(raised.diag.message_primary)})
    said = str(raised)
    if said == FOREIGN_KEY:
        return frozenset({said})
    if found := re.fullmatch(r"CHECK constraint failed: (\w+)", said):
        return frozenset({found[1]})
    if found := re.fullmatch(r"UNIQUE constraint failed: (.+)", said):
        return _unique(found[1].split(", "))
    return frozenset({said})


def _unique(columns: list[str]) -> frozenset[str]:
    """Everything that is unique over these columns."""
    table = metadata.tables[columns[0].partition(".")[0]]
    names = [column.partition(".")[2] for column in columns]
    unique = [one for one in table.constraints if isinstance(one, (PrimaryKeyConstraint, UniqueConstraint))]
    those: list[Index | PrimaryKeyConstraint | UniqueConstraint] = [*unique, *(i for i in table.indexes if i.unique)]
    return frozenset(str(one.name) for one in those if [column.name for column in one.columns] == names)


def assert_refused(database: Database, by: str, *statements: Any) -> None:
    """The database itself refuses these statements in one transaction, and by just this constraint or trigger.

    `by`: a constraint's or index's name, or how a trigger's words begin.
    """

    def work() -> None:
        with database.writing() as writing:
            for statement in statements:
                writing.execute(statement)

    assert_refuses(work, by)


def assert_refuses(work: Any, by: str) -> None:
    """This is refused by just this constraint or trigger."""
    with pytest.raises(DBAPIError) as caught:
        work()
    found = refused_by(caught.value)
    if by.startswith("fk_") and found == {FOREIGN_KEY}:
        return
    assert any(one == by or (" " in by and one.startswith(by)) for one in found), f"refused by {sorted(found)}"
