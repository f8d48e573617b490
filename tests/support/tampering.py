"""What somebody with every right to the database could do to an audit trail, tried in transactions that are undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import delete, select, text, update

from app.store.audit import GENESIS, AuditEntry, Head, hashed, record_all
from app.store.audit_tables import audit_entries, audit_heads, audit_subjects, erasures
from app.store.session import Database, Writing

AUTHORITY = "E06000018"

TAMPERED_TABLES = (audit_entries, audit_heads, audit_subjects, erasures)

COLUMNS = tuple(column.name for column in audit_entries.c if column.name not in {"authority", "seq"})


class _Undo(Exception):
    pass


def _leave() -> None:
    raise _Undo


@contextmanager
def undone(database: Database) -> Iterator[Writing]:
    """A transaction of which nothing stays."""
    with suppress(_Undo), database.writing() as writing:
        yield writing
        _leave()


def open_to_all(database: Database) -> None:
    """Take away the triggers that refuse every change, as an owner of the database can."""
    with database.writing() as writing:
        if writing.dialect.name == "postgresql":
            for table in TAMPERED_TABLES:
                writing.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
            return
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN "
        tables = ", ".join(f"'{table.name}'" for table in TAMPERED_TABLES)
        for name in writing.execute(text(f"{named} ({tables})")).scalars().all():
            writing.execute(text(f"DROP TRIGGER {name}"))


def entries(count: int) -> list[AuditEntry]:
    """Invented entries: every third about nobody, the others about one or two of seven children."""
    made = []
    for n in range(count):
        children = () if n % 3 == 0 else (f"C-{n % 7}", f"C-{n % 5}")[: n % 3]
        kind, ref = ("policy", "p-1") if not children else ("referral", f"R-{n}")
        made.append(AuditEntry(f"user-{n % 4}", "person", "referral.read", kind, ref, children, {"version": n}))
    return made


def fill(database: Database, count: int, at_once: int = 1_000) -> None:
    """A trail of so many entries."""
    everything = entries(count)
    for start in range(0, count, at_once):
        some = everything[start : start + at_once]
        database.transact(lambda writing, some=some: record_all(writing, AUTHORITY, some))  # type: ignore[misc]


def rows(writing: Writing) -> list[dict[Any, Any]]:
    """The trail as it is stored."""
    table = audit_entries
    found = writing.execute(select(table).where(table.c.authority == AUTHORITY).order_by(table.c.seq))
    return [dict(row) for row in found.mappings()]


def head_of(writing: Writing) -> Head:
    """The end of the trail as the database has it."""
    found = writing.execute(select(audit_heads).where(audit_heads.c.authority == AUTHORITY)).one()
    return Head(found.seq, found.hash)


def other(value: Any) -> Any:
    """A value of the same kind that differs in as little as can be."""
    if value is None:
        return "1"
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    return value.replace(microsecond=value.microsecond ^ 1)


def change(writing: Writing, row: Mapping[Any, Any], column: str) -> None:
    """One column of one entry is something else."""
    value = other(row[column]) if column != "sealed" or row[column] is not None else b"1"
    value = "system" if column == "actor_kind" else value
    writing.execute(_at(row["seq"]).values({column: value}))


def take_out(writing: Writing, seq: int) -> None:
    """One entry is gone."""
    table = audit_entries
    writing.execute(delete(table).where(table.c.authority == AUTHORITY, table.c.seq == seq))


def swap(writing: Writing, seq: int) -> None:
    """An entry and the next have changed places."""
    for before, after in ((seq, 10**9), (seq + 1, seq), (10**9, seq + 1)):
        writing.execute(_at(before).values(seq=after))


def cut_off(writing: Writing, seq: int, kept: Mapping[Any, Any] | None) -> None:
    """Every entry from this one on is gone, and the end says so too. `kept`: the entry before."""
    table, heads = audit_entries, audit_heads
    writing.execute(delete(table).where(table.c.authority == AUTHORITY, table.c.seq >= seq))
    if kept is not None:
        values = {"seq": seq - 1, "hash": kept["hash"]}
        writing.execute(update(heads).where(heads.c.authority == AUTHORITY).values(values))


def rewrite(writing: Writing, all_rows: Iterable[Mapping[Any, Any]], seq: int) -> None:
    """One entry is something else, and every hash from there on, the end too, was worked out anew."""
    previous = GENESIS
    for row in all_rows:
        if row["seq"] >= seq:
            forged = dict(row) | ({"actor": "somebody-else"} if row["seq"] == seq else {})
            forged["hash"] = hashed(previous, forged)
            writing.execute(_at(row["seq"]).values(actor=forged["actor"], hash=forged["hash"]))
            previous = forged["hash"]
        else:
            previous = row["hash"]
    heads = audit_heads
    writing.execute(update(heads).where(heads.c.authority == AUTHORITY).values(hash=previous))


def _at(seq: int) -> Any:
    table = audit_entries
    return update(table).where(table.c.authority == AUTHORITY, table.c.seq == seq)
