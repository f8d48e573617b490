"""What somebody put into the trail may be of any kind; checking it tells so, and never falls over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.store import migrate
from app.store.audit import GENESIS
from app.store.audit_tables import audit_entries, audit_heads, audit_subjects, erasures
from app.store.audit_verify import Flaw, verify
from app.store.session import Database, Writing
from tests.support.tampering import AUTHORITY, fill, open_to_all, undone

COUNT, AT = 6, 3
WHERE = {audit_entries: "seq = 3", audit_heads: "1 = 1", audit_subjects: "number = 1"}
COLUMNS = [
    (table.name, column.name)
    for table in WHERE
    for column in table.columns
    if column.name not in {"authority", "subjects"}
]
COLUMNS.append(("audit_entries", "subjects"))
VALUES = (
    st.none()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.binary(max_size=40)
    | st.sampled_from(["zz", "abc", "[[]]", "[null]", '[["a", 1]]', "{}", "9999-12-31 23:59:59", b"", GENESIS])
)


@pytest.fixture
def tampered(lite: Database) -> Database:
    """A small trail on SQLite that its owner has opened."""
    fill(lite, COUNT)
    open_to_all(lite)
    return lite


def _set(writing: Writing, table: str, column: str, value: Any) -> bool:
    """Put this value there, past every check; whether anything is another than before."""
    where = {one.name: condition for one, condition in WHERE.items()}[table]
    read = text(f"SELECT typeof({column}) || quote({column}) FROM {table} WHERE {where}")
    before = writing.execute(read).scalar()
    writing.execute(text("PRAGMA ignore_check_constraints = ON"))
    key = text(f"SELECT rowid FROM {table} WHERE {where}")
    row = writing.execute(key).scalar()
    change = text(f"UPDATE OR IGNORE {table} SET {column} = :value WHERE rowid = :row")
    writing.execute(change, {"value": value, "row": row})
    after = text(f"SELECT typeof({column}) || quote({column}) FROM {table} WHERE rowid = :row")
    return bool(writing.execute(after, {"row": row}).scalar() != before)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(COLUMNS), value=VALUES)
@example(where=("audit_entries", "at"), value="zz")
@example(where=("audit_entries", "hash"), value="abc")
@example(where=("audit_entries", "sealed"), value="abc")
@example(where=("audit_entries", "seq"), value=-1)
@example(where=("audit_subjects", "secret"), value="abc")
@example(where=("audit_heads", "hash"), value="abc")
def test_any_value_in_any_column_is_found_and_told(tampered: Database, where: tuple[str, str], value: Any) -> None:
    """The check is made, and says which entry; nothing that was changed passes."""
    with undone(tampered) as writing:
        is_other = _set(writing, *where, value)
        verdict = verify(writing, AUTHORITY)
        assert verdict.is_whole is not is_other, (where, value, verdict)
        if is_other and where[0] == "audit_entries":
            assert AT in {finding.number for finding in verdict.findings} or where[1] == "seq"
    with tampered.reading() as reading:
        assert verify(reading, AUTHORITY).is_whole


def test_one_unreadable_entry_hides_no_other_flaw(tampered: Database) -> None:
    """Every later one is looked at as ever, and an unreadable one is told once."""
    with undone(tampered) as writing:
        _set(writing, "audit_entries", "at", "zz")
        writing.execute(text("UPDATE audit_entries SET actor = 'somebody-else' WHERE seq = 5"))
        told = [(finding.flaw, finding.number) for finding in verify(writing, AUTHORITY).findings]
    assert told == [(Flaw.CHANGED, AT), (Flaw.CHANGED, 5)]
    with undone(tampered) as writing:
        _set(writing, "audit_entries", "hash", "abc")
        told = [(finding.flaw, finding.number) for finding in verify(writing, AUTHORITY).findings]
    assert told == [(Flaw.CHANGED, AT)]


def test_a_time_that_python_does_not_know(postgres_url: str) -> None:
    """PostgreSQL does: it is told as any other change."""
    database = Database.open(postgres_url)
    migrate.upgrade(database)
    fill(database, COUNT)
    open_to_all(database)
    for time in ("infinity", "-infinity", "20000-01-01", "0044-03-15 BC"):
        with undone(database) as writing:
            writing.execute(text(f"UPDATE audit_entries SET at = '{time}' WHERE seq = {AT}"))
            told = [(finding.flaw, finding.number) for finding in verify(writing, AUTHORITY).findings]
        assert told == [(Flaw.CHANGED, AT)], time
    database.close()


def test_the_list_of_erasures_is_read_whatever_stands_there(tampered: Database) -> None:
    """A number that is none is an erasure of nothing."""
    with undone(tampered) as writing:
        row = {"authority": AUTHORITY, "salt": "s", "digest": "d", "audit_seq": 1}
        writing.execute(erasures.insert(), row)
        writing.execute(text("PRAGMA ignore_check_constraints = ON"))
        writing.execute(text("UPDATE erasures SET audit_seq = 'abc'"))
        assert [finding.flaw for finding in verify(writing, AUTHORITY).findings] == [Flaw.ERASURE_MISSING]
