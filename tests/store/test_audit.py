from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.store import audit_reading
from app.store.audit import GENESIS, AuditEntry, Head, record, record_all
from app.store.audit_tables import audit_entries, audit_heads, audit_subjects
from app.store.audit_trail import Trail
from app.store.audit_verify import Flaw, verify
from app.store.session import Database, Writing
from tests.support.tampering import (
    AUTHORITY,
    COLUMNS,
    change,
    cut_off,
    entries,
    fill,
    head_of,
    open_to_all,
    rewrite,
    rows,
    swap,
    take_out,
    undone,
)

READ = AuditEntry("user-1", "person", "referral.read", "referral", "R-1", ("C-1", "C-2"), {"version": 3})
PLAIN = AuditEntry("job", "system", "policy.read", "policy", "p-1", (), {"version": 1})


def _verdict(database: Database, *heads: Head) -> Any:
    with database.reading() as reading:
        return verify(reading, AUTHORITY, heads)


def test_an_entry_is_stored_with_what_it_tells(database: Database) -> None:
    """Number, actor, object, children and facts come back as they were given."""
    assert database.transact(lambda writing: record_all(writing, AUTHORITY, [READ, PLAIN])) == 2
    with database.reading() as reading:
        plain, read = audit_reading.page(reading, AUTHORITY, None, 10)
    assert (read.seq, read.actor, read.action, read.object_ref) == (1, "user-1", "referral.read", "R-1")
    assert (sorted(read.subjects), read.facts) == (["C-1", "C-2"], {"version": 3})
    assert (plain.object_ref, plain.subjects, plain.facts) == ("p-1", (), {"version": 1})
    assert _verdict(database).is_whole


def test_entries_of_one_child_or_actor_are_found(database: Database) -> None:
    """A page of one child holds its entries alone: number 1 is not found in 11."""
    fill(database, 60)
    with database.reading() as reading:
        everything = audit_reading.page(reading, AUTHORITY, None, 100)
        for child in ("C-1", "C-6"):
            found = audit_reading.page(reading, AUTHORITY, None, 100, child=child)
            assert [e.seq for e in found] == [e.seq for e in everything if child in e.subjects]
        assert audit_reading.page(reading, AUTHORITY, None, 100, child="nobody") == []
        assert {e.actor for e in audit_reading.page(reading, AUTHORITY, 50, 5, actor="user-2")} == {"user-2"}


def test_a_child_needs_to_be_named(lite: Database) -> None:
    """An entry about a referral that does not say whose it is cannot be erased later, so it is refused."""
    nameless = AuditEntry("user-1", "person", "referral.read", "referral", "R-1")
    with pytest.raises(ValueError, match="subjects"), lite.writing() as writing:
        record(writing, AUTHORITY, nameless)
    with pytest.raises(ValueError, match="subjects"):
        Trail(lite, AUTHORITY).record(nameless)
    assert _verdict(lite).entries == 0


def test_what_is_undone_leaves_no_entry(lite: Database) -> None:
    """The entry stands and falls with the transaction of what it tells."""
    with undone(lite) as writing:
        record(writing, AUTHORITY, READ)
    fill(lite, 3)
    found = _verdict(lite)
    assert (found.entries, found.is_whole) == (3, True)


def test_authorities_have_chains_of_their_own(lite: Database) -> None:
    """Each begins at one and is whole by itself."""
    for authority in ("E06000018", "E10000024"):
        assert lite.transact(lambda writing, to=authority: record(writing, to, READ)) == 1  # type: ignore[misc]
    with lite.reading() as reading:
        assert verify(reading, "E10000024").is_whole
        assert audit_reading.head(reading, "E06000018").seq == 1
        assert audit_reading.head(reading, "E08000001") == Head(0, GENESIS)


def test_the_database_refuses_to_change_what_the_trail_is_made_of(database: Database) -> None:
    """Whatever the code does: no entry changed or deleted, no head, key or erasure deleted, no key emptied."""
    fill(database, 2)
    with database.writing() as writing:
        record_erasure(writing)
    refused = [
        "UPDATE audit_entries SET actor = 'x'",
        "UPDATE erasures SET digest = 'x'",
        "UPDATE audit_subjects SET ref = NULL, secret = NULL",
        *(f"DELETE FROM {table}" for table in ("audit_entries", "audit_heads", "audit_subjects", "erasures")),
    ]
    for statement in refused:
        with pytest.raises(DBAPIError, match="never changed"), database.writing() as writing:
            writing.execute(text(statement))


def record_erasure(writing: Writing) -> None:
    """A row of the log of erasures, without an erasure."""
    row = f"('{AUTHORITY}', 'salt', 'digest', 1)"
    writing.execute(text(f"INSERT INTO erasures (authority, salt, digest, audit_seq) VALUES {row}"))


def test_every_tampering_with_every_record_is_found(database: Database) -> None:
    """T-24: any change, deletion, swap, cut or rewriting of each of 24 records, with a head kept elsewhere."""
    count = 24
    fill(database, count)
    open_to_all(database)
    with undone(database) as writing:
        before, head = rows(writing), head_of(writing)
    tried = 0
    for row in before:
        for column in COLUMNS:
            with undone(database) as writing:
                change(writing, row, column)
                found = verify(writing, AUTHORITY, [head])
                assert row["seq"] in {f.number for f in found.findings if f.flaw is Flaw.CHANGED}, (row["seq"], column)
            tried += 1
        tried += _gone_moved_and_rewritten(database, before, head, row["seq"])
    assert tried == count * (len(COLUMNS) + 4) - 1
    assert _verdict(database, head).is_whole


def _gone_moved_and_rewritten(database: Database, before: list[dict[Any, Any]], head: Head, seq: int) -> int:
    tried = 0
    with undone(database) as writing:
        take_out(writing, seq)
        found = verify(writing, AUTHORITY, [head])
        wanted = Flaw.CUT_OFF if seq == head.seq else Flaw.MISSING
        assert seq in {f.number for f in found.findings if f.flaw is wanted}
        tried += 1
    with undone(database) as writing:
        cut_off(writing, seq, before[seq - 2] if seq > 1 else {"hash": GENESIS})
        found = verify(writing, AUTHORITY, [head])
        assert head.seq in {f.number for f in found.findings if f.flaw is Flaw.HEAD_BEYOND}
        tried += 1
    with undone(database) as writing:
        rewrite(writing, before, seq)
        assert verify(writing, AUTHORITY).is_whole, "without a head from elsewhere nobody can tell"
        found = verify(writing, AUTHORITY, [head])
        assert [(f.flaw, f.number) for f in found.findings] == [(Flaw.HEAD_DIFFERS, head.seq)]
        tried += 1
    if seq < head.seq:
        with undone(database) as writing:
            swap(writing, seq)
            found = verify(writing, AUTHORITY, [head])
            assert {seq, seq + 1} <= {f.number for f in found.findings if f.flaw is Flaw.CHANGED}
            tried += 1
    return tried


def test_tampering_with_subjects_is_found(lite: Database) -> None:
    """A number given to another child, another key, a key gone without an erasure, a number gone."""
    fill(lite, 12)
    open_to_all(lite)
    one = (audit_subjects.c.authority == AUTHORITY, audit_subjects.c.number == 1)
    for values, flaw in (
        ({"ref": "C-other"}, Flaw.SUBJECT_CHANGED),
        ({"secret": b"k" * 32}, Flaw.SUBJECT_CHANGED),
        ({"ref": None, "secret": None}, Flaw.SUBJECT_MISSING),
    ):
        with undone(lite) as writing:
            writing.execute(update(audit_subjects).where(*one).values(values))
            assert [f.flaw for f in verify(writing, AUTHORITY).findings] == [flaw]
    with undone(lite) as writing:
        writing.execute(audit_subjects.delete().where(*one))
        assert [f.flaw for f in verify(writing, AUTHORITY).findings] == [Flaw.SUBJECT_MISSING]
    with undone(lite) as writing:
        record_erasure(writing)
        assert [f.flaw for f in verify(writing, AUTHORITY).findings] == [Flaw.ERASURE_MISSING]


def test_many_readers_share_transactions_and_lose_no_entry(database: Database) -> None:
    """Each of 160 readings by 16 threads is stored when it returns, in fewer transactions than readings."""
    trail, transactions, missing = Trail(database, AUTHORITY), [], []
    transact = database.transact

    def counted(work: Any) -> Any:
        transactions.append(1)
        return transact(work)

    object.__setattr__(trail, "_database", _Counting(counted))

    def read(reader: int) -> None:
        for n in range(10):
            trail.record(AuditEntry(f"reader-{reader}-{n}", "person", "x.read", "referral", "R-1", ("C-1",)))
            with database.reading() as reading:
                stored = select(func.count()).where(audit_entries.c.actor == f"reader-{reader}-{n}")
                if reading.execute(stored).scalar_one() != 1:
                    missing.append((reader, n))

    threads = [threading.Thread(target=read, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = _verdict(database)
    assert (found.entries, found.is_whole, missing) == (160, True, [])
    assert len(transactions) <= 160


def test_who_waits_for_another_s_commit_steps_aside(database: Database) -> None:
    """The one who stores does not; those who leave their entries with it do, once, and all are stored."""
    trail, aside, begun, go_on = Trail(database, AUTHORITY), [], threading.Event(), threading.Event()

    def slowly(_writing: Writing) -> None:
        begun.set()
        go_on.wait(20)

    def read(name: str, also: Any = None) -> threading.Thread:
        entry = AuditEntry(name, "person", "x.read", "referral", "R-1", ("C-1",))
        thread = threading.Thread(target=trail.record, args=(entry, also, lambda: aside.append(name)))
        thread.start()
        return thread

    threads = [read("first", slowly)]
    assert begun.wait(20)
    threads += [read(name) for name in ("second", "third")]
    while len(aside) < 2 and any(thread.is_alive() for thread in threads[1:]):
        threading.Event().wait(0.01)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert sorted(aside) == ["second", "third"]
    assert (_verdict(database).entries, _verdict(database).is_whole) == (3, True)


class _Counting:
    def __init__(self, transact: Any) -> None:
        self.transact = transact


def test_a_failed_transaction_fails_each_reader_and_the_next_goes_on() -> None:
    """Whoever shared a transaction that failed is told so; nobody waits for ever."""
    failing = [True]

    def transact(_work: Any) -> list[None]:
        if failing[0]:
            raise OSError(28)
        return [None]

    trail = Trail(_Counting(transact), AUTHORITY)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(OSError, match="28"):
            trail.record(READ)
    failing[0] = False
    trail.record(READ)


def test_writers_at_once_make_one_chain(database: Database) -> None:
    """Transactions of 8 threads that each record 10 entries follow one another."""

    def write(_: int) -> None:
        for entry in entries(10):
            database.transact(lambda writing, entry=entry: record(writing, AUTHORITY, entry))  # type: ignore[misc]

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = _verdict(database)
    assert (found.entries, found.is_whole) == (80, True)
    with database.reading() as reading:
        assert reading.execute(select(audit_heads.c.subjects)).scalar_one() == 6


def test_what_else_is_stored_of_a_reading_stands_and_falls_with_its_entry(database: Database) -> None:
    """In one transaction; whoever fails does not fail the others who share it."""
    trail = Trail(database, AUTHORITY)
    assert trail.record(READ, lambda writing: record(writing, AUTHORITY, PLAIN)) == 1
    assert trail.share(lambda writing: record(writing, AUTHORITY, PLAIN)) == 3

    def fails(writing: Writing) -> int:
        record(writing, AUTHORITY, PLAIN)
        raise LookupError("no")

    results: list[object] = []

    def read(also: Any) -> None:
        try:
            results.append(trail.record(READ, also))
        except LookupError as error:
            results.append(str(error))

    threads = [threading.Thread(target=read, args=(fails if n % 4 == 0 else (lambda _w: "good"),)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(str, results)) == ["good"] * 9 + ["no"] * 3
    found = _verdict(database)
    assert (found.entries, found.is_whole) == (3 + 9, True)
